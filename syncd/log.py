"""Logging for people who read a terminal or the journal: plain sentences, and nobody's address in them.

Every e-mail address, wherever in a record it stands, becomes p:xxxx; other libraries speak only when they warn.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
from contextlib import suppress
from typing import TextIO

HOUSE = ("syncd", "connectors")
"""The loggers that follow the configured level; all others are held at WARNING."""

TALKATIVE = ("imapclient", "urllib3", "requests", "alembic", "sqlalchemy", "icalendar", "asyncio", "stamina")
"""Libraries that set levels of their own, or print what a server sent when asked to debug."""

_RETRIES = "stamina"
"""Warns of every second try; whether a source is in trouble is known once all of them failed."""

_ADDRESS = re.compile(
    r"""
    (?: "[^"\n@]{1,64}" | [^\s"<>()\[\],;:@\\]{1,128} )
    (?: @ | %40 )
    (?: \[[^\]\s]{1,64}\] | [^\s"'<>()\[\]{},;:=@|/\\?&]{1,255} )
    """,
    re.VERBOSE,
)
_BEFORE = "'`*{|/=?&"
"""What may begin an address (RFC 5322 atext), but hardly ever does: quotes and brackets of the sentence around it."""
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "?")
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))


def configure(level: str, *, names: bool = False) -> None:
    """Send the log to stderr from `level` on ("debug", "info", "warning", "error"); again and again if need be.

    People appear as p:xxxx unless `names`. Under systemd lines carry their priority (sd-daemon(3)) and no time of their
    own, since the journal has both.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name(__name__)
    handler.setFormatter(_JournalFormatter(names=names) if _is_journal(sys.stderr) else _TerminalFormatter(names=names))
    root = logging.getLogger()
    for old in [old for old in root.handlers if old.get_name() == __name__]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR if name == _RETRIES else logging.WARNING)
    for name in HOUSE:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(capture=True)


def redact(text: str) -> str:
    """The text with p:xxxx in the place of every e-mail address; one address always gives one mark."""
    return _ADDRESS.sub(_mark, text) if "@" in text or "%40" in text else text


def _mark(found: re.Match[str]) -> str:
    address = found[0].lstrip(_BEFORE)
    before = found[0][: len(found[0]) - len(address)]
    address = address.rstrip(".!?")
    after = found[0][len(before) + len(address) :]
    digest = hashlib.blake2b(address.replace("%40", "@").casefold().encode(), digest_size=2).hexdigest()
    return f"{before}p:{digest}{after}"


class _Formatter(logging.Formatter):
    """Redacts what a record has become, so that nothing (arguments, exception, stack) slips past.

    Nor does anything that a terminal would obey: control characters become "?".
    """

    def __init__(self, layout: str, *, names: bool, times: str | None = None) -> None:
        super().__init__(layout, times, style="{")
        self._names = names

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).translate(_CONTROLS)
        return text if self._names else redact(text)


class _TerminalFormatter(_Formatter):
    """`07:00:12 sentence`; the level only when it is worth a word."""

    def __init__(self, *, names: bool) -> None:
        super().__init__("{asctime} {message}", names=names, times="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        if record.levelno >= logging.WARNING:
            record.message = f"{record.levelname.lower()}: {record.message}"
        return super().formatMessage(record)


class _JournalFormatter(_Formatter):
    """Every line with its priority, so that a traceback is as urgent as its sentence."""

    def __init__(self, *, names: bool) -> None:
        super().__init__("{message}", names=names)

    def format(self, record: logging.LogRecord) -> str:
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).split("\n"))


def _is_journal(stream: TextIO) -> bool:
    """Whether the stream goes to the journal (systemd.exec(5), JOURNAL_STREAM=device:inode)."""
    with suppress(OSError, ValueError):
        there = os.fstat(stream.fileno())
        return os.environ.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"
    return False

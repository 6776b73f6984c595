"""Messages out of the measuring data, read as the connectors read them: mbox files, single files, whole mailboxes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors._mail import read_message
from syncd.model import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SEPARATOR = re.compile(rb"(?m)^From MAILER-DAEMON [^\n]*\n")
_SENT = re.compile(r"_?sent(?:_items|_mail)?", re.IGNORECASE)
ARRIVED = datetime(2026, 1, 1, tzinfo=UTC)


def from_mbox(path: Path, *, sent: bool | None = None) -> Iterator[Message]:
    """Every readable message of an mbox file; `sent` None: a folder called sent is one."""
    in_sent = bool(_SENT.fullmatch(path.stem)) if sent is None else sent
    for number, raw in enumerate(_SEPARATOR.split(path.read_bytes())[1:], 1):
        found = read_message(f"{path.stem}:{number}", raw, None, sent=in_sent)
        if isinstance(found, Message):
            yield found


def from_files(folder: Path, pattern: str = "*") -> Iterator[Message]:
    """Every readable message of a folder of single files, by name."""
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            raw = path.read_bytes().replace(b"\r\n", b"\n")
            start = raw.find(b"\n") + 1 if raw.startswith(b"From ") else 0
            found = read_message(str(path.relative_to(folder)), raw[start:], ARRIVED)
            if isinstance(found, Message):
                yield found

"""Where the messages of an mbox begin, and their header blocks (RFC 4155, and its mboxo, mboxrd and CRLF relatives).

The file streams past in large pieces: bodies are skipped by a search for the next separator, so that memory does not
grow with the mailbox and an attachment costs what reading it from disk costs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

LONGEST_HEADER: Final = 1 << 20
"""A header block is cut after so many bytes; five thousand recipients need a fifth of it."""

_PIECE: Final = 1 << 20
_KEPT: Final = 8
_LONGEST_SEPARATOR: Final = 500
_SEPARATOR: Final = b"\nFrom "
_END_OF_HEADER: Final = re.compile(rb"\n(?:\r?\n|From )")
_FIELD: Final = re.compile(rb"[!-9;-~]+[ \t]*:|>From ")
_UNDATED: Final = re.compile(rb"From [^\s:]\S*[ \t]*\r?$|From [^\s:].*\d:\d\d")
_DATE: Final = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d\d?)"
    rb" +(\d\d):(\d\d)(?::(\d\d))?(?: +(?:([-+]\d{4})|[A-Z]\S*)){0,2} +(\d{4})\b"
)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}
_VOLATILE: Final = re.compile(
    rb"^(?:X-)?(?:Status|UID|IMAP|IMAPbase|Keywords|Mozilla-Status2?|Mozilla-Keys|Evolution)[ \t]*:"
    rb".*(?:\n[ \t].*)*\n?"
    rb"|^(?:Content-Length|Lines)[ \t]*:.*\n?",
    re.MULTILINE | re.IGNORECASE,
)
_VOLATILE_HINT: Final = re.compile(
    rb"^(?:X-)?(?:Sta|UID|IMA|Key|Moz|Evo)|^(?:Content-Le|Lines)", re.MULTILINE | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One message: the offset of its separator, that line, and its header block.

    `ended` is False when the file stops inside the header block: somebody may still be writing it.
    """

    start: int
    separator: bytes
    header: bytes
    ended: bool


def entries(file: BinaryIO, start: int, stopping: Callable[[], bool]) -> Iterator[Entry]:
    """The messages from `start` on, which is 0 or the start of a message; an early end when `stopping`.

    A line `From ` begins a message when it holds a ctime date; or when it holds some other time, or a lone sender, a
    blank line is before it and a header field after it. Any other is text that nobody quoted. Raises OSError.
    """
    file.seek(start)
    window = file.read(_PIECE)
    base = start
    position = 0 if window.startswith(_SEPARATOR[1:]) else window.find(_SEPARATOR) + 1 or -1
    while not stopping():
        if position < 0:
            dropped = max(0, len(window) - _KEPT)
            piece = file.read(_PIECE)
            if not piece:
                return
            window, base = window[dropped:] + piece, base + dropped
            position = window.find(_SEPARATOR) + 1 or -1
            continue
        line_end = window.find(b"\n", position)
        finish = _header_end(window, line_end) if line_end >= 0 else -1
        if finish < 0 and len(window) - position < LONGEST_HEADER:
            dropped = max(0, position - _KEPT)
            piece = file.read(_PIECE)
            if piece:
                window, base, position = window[dropped:] + piece, base + dropped, position - dropped
                continue
        if not (base + position == start or _begins_message(window, position, line_end)):
            position = window.find(_SEPARATOR, position) + 1 or -1
            continue
        ended = finish >= 0 or len(window) - position >= LONGEST_HEADER
        finish = finish if finish >= 0 else min(len(window), position + LONGEST_HEADER)
        line_end = line_end if line_end >= 0 else finish
        yield Entry(base + position, window[position:line_end], window[line_end + 1 : finish], ended)
        after = max(line_end, finish - 1)
        position = window.find(_SEPARATOR, after) + 1 or -1
        if position < 0:
            window, base = window[after:], base + after


def _begins_message(window: bytes, position: int, line_end: int) -> bool:
    if _is_dated(window, position, line_end):
        return True
    if line_end < 0 or not _UNDATED.match(window, position, line_end):
        return False
    after_blank = window[max(0, position - 2) : position] in (b"\n", b"\n\n") or window.endswith(b"\n\r\n", 0, position)
    return after_blank and _FIELD.match(window, line_end + 1) is not None


def _is_dated(window: bytes, position: int, line_end: int) -> bool:
    finish = min(line_end if line_end >= 0 else len(window), position + _LONGEST_SEPARATOR)
    return _DATE.search(window, position, finish) is not None


def _header_end(window: bytes, line_end: int) -> int:
    """Where the header after `line_end` ends: at a blank line or at a dated separator; -1 when neither is in sight."""
    position = line_end
    while match := _END_OF_HEADER.search(window, position):
        if match[0].endswith(b"\n"):
            return match.start() + 1
        position = window.find(b"\n", match.end())
        if position < 0:
            return -1
        if _is_dated(window, match.start() + 1, position):
            return match.start() + 1
    return -1


def arrival(separator: bytes) -> datetime | None:
    """When the separator says that the message arrived (UTC unless it names an offset); None when it does not say."""
    match = _DATE.search(separator)
    if match is None:
        return None
    month, day, hour, minute, second, offset, year = match.groups()
    try:
        moment = datetime(
            int(year), _MONTHS[month], int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC
        )
        if offset:
            ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
            moment = moment + ahead if offset.startswith(b"-") else moment - ahead
    except (ValueError, OverflowError):
        return None
    return moment


def identity(entry: Entry) -> str:
    """What stays the same about a message while mail programs note in its header that it was read, moved or tagged.

    Two messages whose header blocks are equal are one; only without a Message-ID does the separator tell them apart.
    """
    header = entry.header
    if _VOLATILE_HINT.search(header):
        header = _VOLATILE.sub(b"", header)
    digest = blake2b(header, digest_size=9)
    if b"essage-" not in header:
        digest.update(entry.separator.rstrip())
    return digest.hexdigest()

"""Real mail for the proofs, from any folder of mboxes and single messages, as the mailbox of one of its writers.

The owner is whoever wrote most of what lies in boxes called sent, or most of everything where there are none; their own
mail comes first, what they wrote as sent, the rest spread over four folders.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SENT = "Sent"
FOLDERS = ("INBOX", "Archive", "Projects", "All documents")

_SEPARATOR = re.compile(rb"^From \S+ +(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})[^\n]*\n", re.MULTILINE)
_FROM = re.compile(rb"^From:[^\n]*?([\w.+'-]+@[\w.-]+)", re.MULTILINE | re.IGNORECASE)
_DATE = re.compile(rb"^Date:[ \t]*([^\n]*)", re.MULTILINE | re.IGNORECASE)
_LONG_AGO = "Mon Jan  1 00:00:00 2001"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message: the folder it lies in, when it arrived (asctime), its bytes."""

    folder: str
    arrived: str
    message: bytes

    @property
    def entry(self) -> bytes:
        """As an mbox has it."""
        return f"From MAILER-DAEMON {self.arrived}\n".encode() + self.message.rstrip(b"\n") + b"\n\n"


@dataclass(frozen=True, slots=True)
class RealMail:
    """The mailbox of `address`, whose messages lie in `boxes`."""

    address: str
    boxes: tuple[Path, ...]
    named: bool  # whether sent mail lies in boxes called so

    @classmethod
    def of(cls, data: Path) -> RealMail:
        """The mail below `data`; ends the program when there is none."""
        boxes = [path for path in sorted(data.rglob("*")) if path.is_file() and _holds_mail(path)]
        sent = [box for box in boxes if "sent" in box.name.lower()]
        writers: Counter[bytes] = Counter()
        for box in sent or boxes:
            writers.update(writer for _, message in _entries(box) if (writer := _writer(message)))
        if not writers:
            sys.exit(f"There is no mail below {data}: give a folder of mboxes or single messages.")
        owner = writers.most_common(1)[0][0]
        own = {box.parent for box in sent if any(_writer(message) == owner for _, message in _entries(box))}
        return cls(owner.decode(), tuple(sorted(boxes, key=lambda box: (box.parent not in own, box))), bool(sent))

    def __iter__(self) -> Iterator[Mail]:
        owner, elsewhere = self.address.encode(), cycle(FOLDERS)
        for box in self.boxes:
            folder = next(elsewhere)
            may_be_sent = "sent" in box.name.lower() or not self.named
            for arrived, message in _entries(box):
                yield Mail(SENT if may_be_sent and _writer(message) == owner else folder, arrived, message)


def _holds_mail(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096)
    return bool(_SEPARATOR.match(start) or (path.suffix in {".eml", ""} and _FROM.search(start)))


def _entries(box: Path) -> Iterator[tuple[str, bytes]]:
    """The messages of a file and when they arrived: of an mbox each of its entries, otherwise the one that it is."""
    content = box.read_bytes()
    starts = list(_SEPARATOR.finditer(content))
    if not starts or starts[0].start():
        yield _sent_at(content), content
        return
    ends = [start.start() for start in starts[1:]] + [len(content)]
    for start, end in zip(starts, ends, strict=True):
        yield start[1].decode(), content[start.end() : end]


def _sent_at(message: bytes) -> str:
    date = _DATE.search(message)
    try:
        return parsedate_to_datetime(date[1].decode("ascii", "replace")).ctime() if date else _LONG_AGO
    except (ValueError, OverflowError):
        return _LONG_AGO


def _writer(message: bytes) -> bytes:
    header = message.partition(b"\n\n")[0]
    found = _FROM.search(header)
    return found[1].lower() if found else b""

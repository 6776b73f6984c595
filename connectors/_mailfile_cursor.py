"""The cursor of `mailfile`: how far each mbox was read, and which single messages.

It grows with the number of files, by six bytes a message that has a file of its own, and not with their size.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, BinaryIO, Final

from connectors._mbox import entries, identity
from syncd.errors import CursorExpired

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors._mail_places import Box
    from connectors._mbox import Entry

VERSION: Final = 1

_MARK: Final = 6


@dataclass(slots=True)
class BoxState:
    """How far an mbox was read: its size and time when it was read to the end (-1 before), and its last message."""

    size: int = -1
    modified: int = -1
    last: int = -1
    check: str = ""

    def covers(self, box: Box) -> bool:
        """Whether the mbox is still the one that was read to its end."""
        return (self.size, self.modified) == (box.size, box.modified)

    def holds(self, file: BinaryIO) -> bool:
        """Whether the message that was read last still stands where it stood: what follows it is new."""
        if self.last < 0:
            return True
        entry = next(entries(file, self.last, lambda: False), None)
        return entry is not None and entry.start == self.last and identity(entry) == self.check

    def advance(self, entry: Entry) -> None:
        """`entry` was read."""
        self.size, self.modified, self.last, self.check = -1, -1, entry.start, identity(entry)


@dataclass(slots=True)
class Place:
    """A cursor, opened: for every mbox how far it was read; of single messages, the marks of those that were read.

    While single messages are being read, in the order of their marks, `upto` is the last mark and `below` sums up the
    marks up to it; when these are no longer the same files, that part is read again.
    """

    of: str
    boxes: dict[str, BoxState] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    upto: int = -1
    below: int = 0
    packed: str = ""

    def cursor(self) -> str:
        """The text a store keeps."""
        boxes = {name: [box.size, box.modified, box.last, box.check] for name, box in self.boxes.items()}
        files = [self.packed, self.upto, self.below]
        return json.dumps({"version": VERSION, "of": self.of, "boxes": boxes, "files": files}, separators=(",", ":"))

    def check_resumed(self, marks: Iterable[int]) -> None:
        """Go back to the first single message when those that were passed by are no longer the same."""
        if reduce(xor, (mark for mark in marks if mark <= self.upto), 0) != self.below:
            self.upto, self.below = -1, 0

    def pass_by(self, mark: int, *, counted: bool) -> None:
        """The single message with this mark was read, now or before; or, not `counted`, it has to be tried again."""
        self.upto = mark
        if counted:
            self.below ^= mark

    def remember(self, marks: set[int]) -> None:
        """Every single message there is was read."""
        if marks != self.read:
            self.read = marks
            self.packed = b64encode(b"".join(mark.to_bytes(_MARK) for mark in sorted(marks))).decode()
        self.upto, self.below = -1, 0

    @classmethod
    def opened(cls, cursor: str | None, of: str) -> Place:
        """The place that `cursor` names; CursorExpired when it was written for other settings, or by somebody else."""
        if cursor is None:
            return cls(of)
        try:
            value = json.loads(cursor)
            if value["version"] != VERSION or value["of"] != of:
                raise CursorExpired("The settings of this account changed since it was last read.")
            packed, upto, below = value["files"]
            raw = b64decode(packed, validate=True)
            read = {int.from_bytes(raw[start : start + _MARK]) for start in range(0, len(raw), _MARK)}
            boxes = {str(name): BoxState(*box) for name, box in value["boxes"].items()}
            return cls(of, boxes, read, int(upto), int(below), packed)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CursorExpired("The place where reading stopped is not known any more.") from error

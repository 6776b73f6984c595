"""The ids that wait to be read, kept as notes: newest first, each once, through crashes and expired cursors.

Beside them, ids that need not be read again (`passed`) and those that deserve another try some day (`doubtful`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from syncd.connector import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from syncd.connector import Memory

MOST_AUDITS: Final = 5
"""A message that could not be read is asked for so many times more, a day apart."""

_WAITING: Final = "queue/"
_PASSED: Final = "passed/"
_DOUBTFUL: Final = "doubtful/"
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,200}")
_NUMBER: Final = re.compile(r"[0-9a-f]{1,16}")
_LARGEST: Final = (1 << 64) - 1
_NO_NUMBER: Final = "g" * 16


@dataclass(frozen=True, slots=True)
class Times:
    """When a message was sent, and when it arrived, in seconds since 1970."""

    sent: int
    arrived: int


def _key(message: str) -> str:
    """Where a message stands in the queue: Gmail's ids are numbers that grow with time, and the largest comes first."""
    number = f"{_LARGEST - int(message, 16):016x}" if _NUMBER.fullmatch(message) else _NO_NUMBER
    return f"{_WAITING}{number}/{message}"


class Queue:
    """What waits, as of the last page and the notes handed out since.

    It is read once for each poll, about 200 bytes for each id that waits.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        start = len(_WAITING) + len(_NO_NUMBER) + 1
        self._failures = {key[start:]: _count(text) for key, text in memory.notes(_WAITING).items()}
        self._order: list[str] = []
        self._passed: dict[str, str] | None = None
        self._doubtful = {key[len(_DOUBTFUL) :]: _count(text) for key, text in memory.notes(_DOUBTFUL).items()}

    def __len__(self) -> int:
        return len(self._failures)

    def unknown(self, messages: Iterable[str], since: float) -> list[str]:
        """Those that neither wait nor were read, and were not passed over for more than their age."""
        candidates = [
            message
            for message in dict.fromkeys(messages)
            if message not in self._failures and _ID.fullmatch(message) and not self._is_passed(message, since)
        ]
        known = self._memory.known(candidates)
        return [message for message in candidates if message not in known]

    def admit(self, messages: Iterable[str]) -> tuple[Note, ...]:
        """Let these wait; the notes that say so."""
        fresh = [message for message in dict.fromkeys(messages) if message not in self._failures]
        self._failures.update(dict.fromkeys(fresh, 0))
        self._order.clear()
        return tuple(Note(_key(message), "0") for message in fresh)

    def head(self, count: int) -> Sequence[str]:
        """The next ones to read: the newest, and those that failed before come last."""
        while self._order and self._order[-1] not in self._failures:
            self._order.pop()
        if len(self._order) < count:
            self._order = sorted(self._failures, key=lambda each: (self._failures[each], _key(each)), reverse=True)
        found = [message for message in reversed(self._order[-2 * count :]) if message in self._failures]
        return found[:count]

    def failures(self, message: str) -> int:
        """How often reading it failed."""
        return self._failures.get(message, 0)

    def fail(self, message: str) -> Note:
        """It could not be read this time, and moves to the end; the note that says so."""
        failures = self._failures[message] = self._failures.get(message, 0) + 1
        self._order.clear()
        return Note(_key(message), str(failures))

    def settle(self, message: str) -> tuple[Note, ...]:
        """It need not be read any more; the notes that go."""
        doubtful = self._doubtful.pop(message, None)
        gone = (Note(f"{_DOUBTFUL}{message}", None),) if doubtful is not None else ()
        if self._failures.pop(message, None) is None:
            return gone
        return (Note(_key(message), None), *gone)

    def pass_over(self, message: str, times: Times | None = None) -> tuple[Note, ...]:
        """It is not to be reported, and not to be read again: for its age, when `times` are given, or for good."""
        text = f"{times.sent} {times.arrived}" if times else "-"
        if self._passed is not None:
            self._passed[message] = text
        return (*self.settle(message), Note(f"{_PASSED}{message}", text))

    def doubt(self, message: str) -> tuple[Note, ...]:
        """It could not be read at all, for a reason that may pass."""
        audits = self._doubtful.get(message, 0)
        settled = tuple(note for note in self.settle(message) if not note.key.startswith(_DOUBTFUL))
        self._doubtful[message] = audits
        return (*settled, Note(f"{_DOUBTFUL}{message}", str(audits)))

    def try_again(self) -> tuple[Note, ...]:
        """Let all that is doubtful wait once more; what was tried often enough is left as it is."""
        told: list[Note] = []
        for message, audits in list(self._doubtful.items()):
            if audits >= MOST_AUDITS:
                del self._doubtful[message]
                told.append(Note(f"{_DOUBTFUL}{message}", None))
                continue
            self._doubtful[message] = audits + 1
            told += (Note(f"{_DOUBTFUL}{message}", str(audits + 1)), *self.admit([message]))
        return tuple(told)

    def arrival(self, message: str) -> int | None:
        """When a message that was passed over for its age arrived; None when it was not."""
        times = _times(self._passed_over().get(message, ""))
        return times.arrived if times else None

    def _is_passed(self, message: str, since: float) -> bool:
        text = self._passed_over().get(message)
        if text is None:
            return False
        times = _times(text)
        return times is None or times.sent < since

    def _passed_over(self) -> dict[str, str]:
        if self._passed is None:
            self._passed = {key[len(_PASSED) :]: text for key, text in self._memory.notes(_PASSED).items()}
        return self._passed


def _count(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _times(text: str) -> Times | None:
    match = re.fullmatch(r"(-?\d{1,15}) (-?\d{1,15})", text)
    return Times(int(match[1]), int(match[2])) if match else None

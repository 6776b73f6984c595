"""What was reported of a calendar's window, kept as notes: only so can be told what is new, different, or gone.

A deleted occurrence leaves no word in change tracking; it is the one that a whole listing of the window lacks.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from connectors._outlook_calendar_event import MASTER, Instance, times_of
from syncd.connector import Note
from syncd.model import Meeting, Removal, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from connectors._outlook_calendar_event import Json
    from syncd.connector import Memory

_SEEN: Final = "seen "
_NEVER: Final = (0.0, 0.0)
_EARLIEST: Final = float("-inf")
_LATEST: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Found:
    """What one event of a listing amounts to (None: nothing to report), its id, and its series (empty without one)."""

    record: Meeting | Unreadable | None
    event: str
    series: str

    @property
    def times(self) -> tuple[float, float]:
        """When it is, in seconds since 1970; never, unless it is a meeting."""
        if isinstance(self.record, Meeting):
            return self.record.start.timestamp(), self.record.end.timestamp()
        return _NEVER

    def note(self) -> str:
        """What is remembered of it: when it is, where it came from, and a digest of everything it says."""
        digest = blake2b(repr(self.record).encode("utf-8", "replace"), digest_size=8).hexdigest()
        return json.dumps([*self.times, self.event, self.series, digest], separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything a span of time holds: what is to be reported, by its id, and all events by theirs."""

    records: Mapping[str, Found]
    events: Mapping[str, Found]

    @classmethod
    def of(cls, found: Iterable[Found]) -> Listing:
        """These events."""
        events = list(found)
        return cls(
            {one.record.remote_id: one for one in events if one.record is not None},
            {one.event: one for one in events if one.event},
        )


@dataclass(frozen=True, slots=True)
class Reported:
    """One record as its note remembers it; times in seconds since 1970."""

    remote_id: str
    start: float
    end: float
    event: str
    series: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What a listing holds that was not reported yet, and what became of the rest.

    `absent` is not in it at all; `over` is, but no longer as this record; `behind` the window left behind.
    """

    news: tuple[Found, ...]
    absent: tuple[Reported, ...]
    over: tuple[Reported, ...]
    behind: tuple[Reported, ...]


class Window:
    """The records of one calendar that lie between `since` and `until`, as far as they were reported."""

    def __init__(self, mark: str, since: datetime, until: datetime, memory: Memory) -> None:
        self._span = since.timestamp(), until.timestamp()
        self._reported = {one.remote_id: one for one in _remembered(mark, memory)}

    def touched_by(self, items: Iterable[Json]) -> tuple[float, float] | None:
        """The span that holds whatever these changes speak of, as it is and as it was; None when that may be anything.

        A span that ends before it begins holds nothing. What is removed and was never reported was outside the window
        (event-delta page). A series speaks through its occurrences, which come with it: its own time is the very first;
        and of one occurrence that comes, all others may have changed, or be gone without a word.
        """
        known: defaultdict[str, list[Reported]] = defaultdict(list)
        for one in self._reported.values():
            for name in filter(None, (one.event, one.series)):
                known[name].append(one)
        spans = [(_LATEST, _EARLIEST)]
        for item in items:
            instance = Instance.of(item)
            before = [(one.start, one.end) for name in (instance.id, instance.series) for one in known.get(name, ())]
            now = times_of(item)
            is_only_named = "@removed" in item or item.get("type") == MASTER
            if _NEVER in before or (now is None and not before and not is_only_named):
                return None
            spans += before
            spans += [now] if now is not None and not is_only_named else []
        return min(start for start, _ in spans), max(end for _, end in spans)

    def compare(self, listing: Listing, covered: tuple[float, float] | None = None) -> Difference:
        """`listing` holds the `covered` part of the window (None: all of it) and somewhat more.

        What differs and lies in the window is news. What is known and went back in time, before the window, is news for
        the last time; what went ahead of it is over for now: a first reading would not find it yet either.
        """
        news = []
        for remote_id, found in listing.records.items():
            known = self._reported.get(remote_id)
            inside = self._holds(found.times) or (known is not None and self.is_before(found))
            if inside and (known is None or known.text != found.note()):
                news.append(found)
        absent: list[Reported] = []
        over: list[Reported] = []
        behind: list[Reported] = []
        for remote_id, known in self._reported.items():
            same, event = listing.records.get(remote_id), listing.events.get(known.event)
            if same is not None:
                (over if self.is_after(same) else behind if self.is_before(same) else []).append(known)
            elif not self._holds((known.start, known.end)):
                behind.append(known)
            elif event is None:
                absent += [known] if covered is None or _touches((known.start, known.end), covered) else []
            elif not isinstance(event.record, Unreadable):
                over.append(known)
        return Difference(tuple(sorted(news, key=_newest_first)), tuple(absent), tuple(over), tuple(behind))

    def is_before(self, found: Found) -> bool:
        """Whether it is a meeting that was over when the window began."""
        return found.times != _NEVER and not self._holds(found.times) and not self.is_after(found)

    def is_after(self, found: Found) -> bool:
        """Whether it is a meeting that begins when the window is over."""
        return found.times[0] >= self._span[1]

    def _holds(self, times: tuple[float, float]) -> bool:
        return times == _NEVER or _touches(times, self._span)


def _touches(times: tuple[float, float], span: tuple[float, float]) -> bool:
    (start, end), (since, until) = times, span
    return start < until and (end > since or start >= since)


def remembered(found: Iterable[Found]) -> tuple[Note, ...]:
    """Their notes."""
    return tuple(Note(_SEEN + one.record.remote_id, one.note()) for one in found if one.record is not None)


def forgotten(records: Iterable[Reported]) -> tuple[Note, ...]:
    """Their notes, torn up."""
    return tuple(Note(_SEEN + one.remote_id, None) for one in records)


def removals(records: Iterable[Reported]) -> tuple[Removal, ...]:
    """They are gone at the source."""
    return tuple(Removal(one.remote_id) for one in records)


def _remembered(mark: str, memory: Memory) -> list[Reported]:
    found = []
    for key, text in memory.notes(f"{_SEEN}{mark}/").items():
        start, end, event, series, _ = json.loads(text)
        found.append(Reported(key.removeprefix(_SEEN), start, end, event, series, text))
    return found


def _newest_first(found: Found) -> tuple[float, str]:
    return -found.times[0], found.record.remote_id if found.record else ""

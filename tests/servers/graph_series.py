"""Recurring events of the calendar double: which occurrences a pattern has, and how Exchange names each of them.

Written from the pages on recurrencePattern and recurrenceRange, and from MS-OXOCAL section 2.2.1.27 (GlobalObjectId).
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.graph_contract import Resource

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKS: Final = ("first", "second", "third", "fourth", "last")

_CLASS_OF_IDS: Final = "040000008200E00074C5B7101A82E008"
_FURTHEST: Final = 20_000
_NEAR: Final = 1_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """How an event recurs: a `kind` of Graph's recurrencePatternType, and until when.

    `days` are for weekly patterns (default: the weekday it starts on); `week` for relative ones, with the weekday it
    starts on. Neither `count` nor `until` means that it never ends.
    """

    kind: Literal["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly"]
    interval: int = 1
    days: tuple[str, ...] = ()
    week: Literal["first", "second", "third", "fourth", "last"] = "first"
    count: int | None = None
    until: date | None = None

    def dates(self, first: date) -> Iterator[date]:
        """The days of its occurrences, in order; the first one is where it starts."""
        near = _near(self, first)
        yield from near
        if len(near) == _NEAR:
            yield from islice(self.counted(first), _NEAR, None)

    def counted(self, first: date) -> Iterator[date]:
        """The same, worked out anew."""
        for number, day in enumerate(self._endless(first)):
            if (self.count is not None and number >= self.count) or (self.until is not None and day > self.until):
                return
            yield day

    def _endless(self, first: date) -> Iterator[date]:
        if self.kind == "daily":
            yield from (first + timedelta(days=step * self.interval) for step in range(_FURTHEST))
        elif self.kind == "weekly":
            wanted = sorted(DAYS.index(day) for day in self.days or (DAYS[first.weekday()],))
            monday = first - timedelta(days=first.weekday())
            for step in range(_FURTHEST):
                week = monday + timedelta(weeks=step * self.interval)
                yield from (day for day in (week + timedelta(days=each) for each in wanted) if day >= first)
        else:
            months = self.interval * (12 if self.kind == "absoluteYearly" else 1)
            for step in range(_FURTHEST):
                year, month = divmod(first.year * 12 + first.month - 1 + step * months, 12)
                if year > 9000:
                    return
                day = self._in_month(year, month + 1, first)
                if day >= first:
                    yield day

    def _in_month(self, year: int, month: int, first: date) -> date:
        begins_on, length = monthrange(year, month)
        if self.kind != "relativeMonthly":
            return date(year, month, min(first.day, length))
        earliest = 1 + (first.weekday() - begins_on) % 7
        weeks = (length - earliest) // 7 if self.week == "last" else WEEKS.index(self.week)
        return date(year, month, earliest + 7 * weeks)

    def written(self, first: date, zone: str) -> Resource:
        """The pattern and range, as a patternedRecurrence."""
        weekly = self.kind == "weekly"
        relative = self.kind == "relativeMonthly"
        days = list(self.days) or [DAYS[first.weekday()]]
        kind = "numbered" if self.count is not None else "endDate" if self.until else "noEnd"
        return {
            "pattern": {
                "type": self.kind,
                "interval": self.interval,
                "month": first.month if self.kind == "absoluteYearly" else 0,
                "dayOfMonth": first.day if self.kind.startswith("absolute") else 0,
                "daysOfWeek": days if weekly or relative else [],
                "firstDayOfWeek": "monday" if weekly else "sunday",
                "index": self.week,
            },
            "range": {
                "type": kind,
                "startDate": first.isoformat(),
                "endDate": (self.until or date.min).isoformat(),
                "recurrenceTimeZone": zone,
                "numberOfOccurrences": self.count or 0,
            },
        }


@dataclass(slots=True)
class Entry:
    """An event that stands alone, or a series with what was done to single occurrences (by original start, UTC).

    `fields` are Graph's own; `start` and `end` are aware, in the zone in which a series keeps its time of day.
    """

    id: str
    number: int
    start: datetime
    end: datetime
    fields: Resource
    pattern: Pattern | None = None
    third_party: str | None = None
    exceptions: dict[datetime, Resource] = field(default_factory=dict)
    deleted: set[datetime] = field(default_factory=set)
    changed: int = 0
    _starts: dict[datetime, tuple[datetime, datetime]] = field(default_factory=dict)

    def occurrences(self, until: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
        """(original start, start, end) in UTC of every occurrence that was not deleted and begins before `until`."""
        if self.pattern is None:
            return
        length = self.end - self.start
        for day in self.pattern.dates(self.start.date()):
            local = datetime.combine(day, self.start.timetz())
            original = local.astimezone(UTC)
            if original >= until and not any(moved < until for moved, _ in self._starts.values()):
                return
            if original in self.deleted:
                continue
            start, end = self._starts.get(original, (original, original + length))
            if original < until or start < until:
                yield original, start, end
            elif original > until + timedelta(days=400):
                return

    def occurrence_id(self, original: datetime) -> str:
        """What the occurrence of this original start is called."""
        return f"{self.id}.{original:%Y%m%dT%H%M%S}"

    def move(self, original: datetime, start: datetime, end: datetime) -> None:
        """An occurrence takes place at another time."""
        self._starts[original] = (start.astimezone(UTC), end.astimezone(UTC))
        self.exceptions.setdefault(original, {})


@lru_cache(maxsize=4096)
def _near(pattern: Pattern, first: date) -> tuple[date, ...]:
    """The first dates of a pattern: every listing of a calendar asks for them again."""
    return tuple(islice(pattern.counted(first), _NEAR))


def global_object_id(number: int, instance: date | None = None, third_party: str | None = None) -> str:
    """An iCalUId as Exchange writes it: with the date of the instance in it, zero for single events and masters.

    A meeting that came from another system carries that system's UID, wrapped (MS-OXOCAL section 2.2.1.27).
    """
    day = instance.year.to_bytes(2, "big") + bytes((instance.month, instance.day)) if instance else bytes(4)
    if third_party is None:
        created = (0x01DA_0000_0000_0000 + number).to_bytes(8, "little")
        data = number.to_bytes(16, "big")
    else:
        created = bytes(8)
        data = b"vCal-Uid\x01\0\0\0" + third_party.encode() + b"\0"
    rest = day + created + bytes(8) + len(data).to_bytes(4, "little") + data
    return _CLASS_OF_IDS + rest.hex().upper()


def stamp(moment: datetime) -> str:
    """A moment as Graph writes it in dateTimeTimeZone: seven digits of a second and no zone."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}0"

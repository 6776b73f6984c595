"""When an event takes place, occurrence by occurrence: what every calendar connector shares, whatever format it reads.

A series, and what is different about some of its occurrences, become meetings in a window (RFC 5545 section 3.8.5,
RFC 5546); nothing here knows where they came from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from syncd.model import Meeting, MeetingStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from connectors._recurrence import Moment, Series
    from syncd.model import Participant

_LONGEST_ID: Final = 300
_DAY: Final = timedelta(days=1)
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)


class UnreadableEvent(ValueError):
    """The event cannot be understood; the text is the sentence that says why."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A single event, a series, or (with `instance`) what is different about one of its occurrences.

    `stamp` tells two editions of one SEQUENCE apart, the later one greater. Records are called by `record`, else by the
    UID.
    """

    uid: str
    series: Series
    instance: Moment | None
    onwards: bool  # it also speaks for all later occurrences (RANGE=THISANDFUTURE)
    sequence: int
    stamp: str
    status: MeetingStatus
    title: str
    participants: tuple[Participant, ...]
    home: tzinfo  # where an all-day event begins at midnight
    record: str = ""

    @property
    def repeats(self) -> bool:
        """Whether it takes place more than once."""
        return bool(self.series.rules or self.series.dates)

    def instant(self, moment: Moment) -> datetime:
        """A moment of this event in UTC; an all-day one begins at midnight at `home`. Raises OverflowError."""
        if isinstance(moment, datetime):
            return moment.astimezone(UTC)
        return datetime.combine(moment, time(), self.home).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Occurrences that begin before `until` and end after `since` (both UTC) are reported."""

    since: datetime
    until: datetime


def occurrences(events: Sequence[CalendarEvent], window: Window) -> Iterator[Meeting]:
    """The occurrences of one UID: of its series, save where another event speaks for one of them.

    Of several editions the newest holds. Raises UnreadableRule when the series cannot be followed.
    """
    master = _newest([event for event in events if event.instance is None])
    changes: dict[datetime, CalendarEvent] = {}
    for event in sorted((event for event in events if event.instance is not None), key=_age):
        change = _aligned(event, master)
        changes[change.instant(change.instance or change.series.start)] = change
    if master is not None and master.repeats:
        yield from _series(master, changes, window)
    elif master is not None and master.instant(master.series.start) not in changes:
        yield from _within(window, _meeting(master, "", master.instant(master.series.start), master.series.length))
    gone = {master.instant(moment) for moment in master.series.exceptions} if master else set()
    for original, change in changes.items():
        if original not in gone and change.instance is not None:
            start = change.instant(change.series.start)
            yield from _within(window, _meeting(change, original_start(change.instance), start, change.series.length))


def lasting(start: Moment, end: Moment | None) -> timedelta:
    """How long it takes to `end`: without one a whole day or no time, and never less than that."""
    if not isinstance(start, datetime):
        days = ((end.date() if isinstance(end, datetime) else end) - start).days if end else 1
        return max(_DAY, timedelta(days=days))
    if end is None:
        return timedelta()
    stop = end if isinstance(end, datetime) else datetime.combine(end, time(), start.tzinfo)
    return max(timedelta(), stop.astimezone(UTC) - start.astimezone(UTC))


def _aligned(change: CalendarEvent, master: CalendarEvent | None) -> CalendarEvent:
    """A change whose RECURRENCE-ID is a date, or a time, as the series has it: some programs write the other kind."""
    if master is None or change.instance is None:
        return change
    instance = aligned(change.instance, master.series.start)
    return change if instance is change.instance else replace(change, instance=instance)


def aligned(moment: Moment, start: Moment) -> Moment:
    """The same day, as a date or a time of day, whichever `start` is."""
    if isinstance(moment, datetime):
        return moment if isinstance(start, datetime) else moment.date()
    return datetime.combine(moment, start.timetz()) if isinstance(start, datetime) else moment


def _series(master: CalendarEvent, changes: dict[datetime, CalendarEvent], window: Window) -> Iterator[Meeting]:
    """The occurrences that no change speaks for; a change of an older edition, for none of them, is dropped."""
    onwards = [(original, change) for original, change in sorted(changes.items()) if change.onwards]
    shifts = [abs(change.instant(change.series.start) - original) for original, change in onwards]
    margin = max([_DAY, *shifts]) + _DAY
    since = max(window.since, _EARLIEST) - margin - master.series.length
    stale = {original for original, change in changes.items() if change.sequence < master.sequence}
    for moment, length in master.series.starts(since, window.until + margin):
        original = master.instant(moment)
        stale.discard(original)
        if original in changes:
            continue
        start, source = original, master
        for begin, change in onwards:
            if begin < original:
                start = original + (change.instant(change.series.start) - begin)
                source, length = change, change.series.length  # noqa: PLW2901 - the change says how long
        yield from _within(window, _meeting(source, original_start(moment), start, length))
    for original in stale:
        if since < original < window.until:
            del changes[original]


def _meeting(event: CalendarEvent, instance: str, start: datetime, length: timedelta) -> Meeting:
    all_day = not isinstance(event.series.start, datetime)
    end = start + length
    if all_day:
        end = event.instant((start.astimezone(event.home) + length).date())
    return Meeting(
        remote_id=record_id(event.record or event.uid, instance),
        start=start,
        end=end,
        participants=event.participants,
        uid=event.uid,
        recurrence_id=instance,
        status=event.status,
        title=event.title,
        all_day=all_day,
        sequence=event.sequence,
    )


def _within(window: Window, meeting: Meeting) -> Iterator[Meeting]:
    if meeting.start < window.until and meeting.end >= window.since:
        yield meeting


def _newest(events: list[CalendarEvent]) -> CalendarEvent | None:
    """The edition that holds; a cancellation that does not repeat the rule cancels the whole series."""
    if not events:
        return None
    newest = max(events, key=_age)
    repeating = [event for event in events if event.repeats]
    if newest.status is MeetingStatus.CANCELLED and not newest.repeats and repeating:
        return replace(max(repeating, key=_age), status=newest.status, sequence=newest.sequence)
    return newest


def _age(event: CalendarEvent) -> tuple[int, bool, str]:
    """Later editions are greater (RFC 5546 section 2.1.4); of two equal ones the cancellation holds."""
    return event.sequence, event.status is MeetingStatus.CANCELLED, event.stamp


def original_start(moment: Moment) -> str:
    """The original start of an occurrence as `Meeting.recurrence_id` has it: a UTC instant, or a date.

    Raises OverflowError.
    """
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    return moment.isoformat()


def record_id(name: str, instance: str = "") -> str:
    """The id of an event's record, or that of one of its occurrences; names too long for an id are hashed."""
    if len(name) > _LONGEST_ID:
        name = blake2b(name.encode(), digest_size=16).hexdigest()
    return f"{name}#{instance}" if instance else name

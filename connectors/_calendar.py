"""A calendar file or feed becomes meetings, one for each occurrence: what every calendar connector shares.

Events are put together by their UID, from however many VCALENDARs; each series is worked out on its own, so that
whatever is wrong with one loses none of the others.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from time import monotonic
from typing import TYPE_CHECKING, Final

from connectors._calendar_events import LONGEST_UID, UnreadableEvent, read_event, synthetic_uid
from connectors._calendar_text import content_line
from connectors._mail_words import tidy
from connectors._recurrence import UnreadableRule
from connectors._timezones import Zones
from syncd.model import Meeting, MeetingStatus, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from connectors._calendar_events import CalendarEvent
    from connectors._calendar_text import Block, CalendarText
    from connectors._recurrence import Moment

PATIENCE: Final = 60.0
"""Seconds for working out all series of one calendar; what is left then is Unreadable."""

_LONGEST_ID: Final = 300
_DAY: Final = timedelta(days=1)
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Occurrences that begin before `until` and end after `since` are reported; `home` is the owner's time zone."""

    since: datetime
    until: datetime
    home: tzinfo


@dataclass(frozen=True, slots=True)
class CalendarReading:
    """What a calendar holds: meetings by their start, then what could not be read.

    `events` counts its components, `peopled` those that name somebody; `unknown_zones` are names nobody knows. When it
    is not `whole`, what is missing from it may still be there.
    """

    meetings: tuple[Meeting, ...]
    unreadable: tuple[Unreadable, ...]
    events: int
    peopled: int
    unknown_zones: frozenset[str]
    whole: bool = True


def read_calendar(text: CalendarText, window: Window, stopping: Callable[[], bool]) -> CalendarReading | None:
    """Every occurrence of every event in the window; None when it was told to stop. Never raises."""
    zones = {id(head): Zones(head.zones, head.zone, window.home) for head in text.headers}
    groups: defaultdict[str, list[CalendarEvent]] = defaultdict(list)
    unreadable: list[Unreadable] = []
    peopled = 0
    for block in text.blocks:
        if stopping():
            return None
        event = _read(block, zones[id(block.header)], unreadable)
        if event is not None:
            peopled += bool(event.people)
            uid = event.uid or _unused(synthetic_uid(event), groups)
            groups[uid].append(event if event.uid else replace(event, uid=uid))
    meetings: dict[str, Meeting] = {}
    deadline = monotonic() + PATIENCE
    for uid, events in groups.items():
        if stopping():
            return None
        try:
            for meeting in _occurrences(events, window, in_time=monotonic() < deadline):
                meetings[meeting.remote_id] = meeting
        except (UnreadableRule, UnreadableEvent) as error:
            unreadable.append(Unreadable(_record_id(uid), str(error)))
        except Exception as error:  # noqa: BLE001 - promise 7: the other events are read, whatever this one holds
            unreadable.append(Unreadable(_record_id(uid), f"It could not be read ({type(error).__name__}: {error})."))
    return CalendarReading(
        tuple(sorted(meetings.values(), key=lambda meeting: (meeting.start, meeting.remote_id))),
        tuple(seen for seen in unreadable if seen.remote_id not in meetings),
        len(text.blocks),
        peopled,
        frozenset().union(*(zone.unknown for zone in zones.values())),
    )


def _read(block: Block, zones: Zones, unreadable: list[Unreadable]) -> CalendarEvent | None:
    try:
        return read_event(block, zones)
    except UnreadableEvent as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - promise 7: the other events are read, whatever this one holds
        reason = f"It could not be read ({type(error).__name__}: {error})."
    unreadable.append(Unreadable(_block_id(block), reason))
    return None


def _block_id(block: Block) -> str:
    """The id the event would have had, as far as it can be known."""
    named = {line.name: line.value for line in map(content_line, block.lines) if line is not None}
    uid = tidy(named.get("UID", ""), LONGEST_UID)
    return _record_id(uid, block.mark if "RECURRENCE-ID" in named else "") if uid else f"event {block.mark}"


def _occurrences(events: list[CalendarEvent], window: Window, *, in_time: bool) -> Iterator[Meeting]:
    """The occurrences of one UID: of its series, save where another component speaks for one of them."""
    master = _newest([event for event in events if event.instance is None])
    changes: dict[datetime, CalendarEvent] = {}
    for event in sorted((event for event in events if event.instance is not None), key=_age):
        change = _aligned(event, master)
        changes[change.instant(change.instance or change.series.start)] = change
    if master is not None and master.repeats:
        if not in_time:
            raise UnreadableRule("There was no time left to work out when it repeats.")
        yield from _series(master, changes, window)
    elif master is not None and master.instant(master.series.start) not in changes:
        yield from _within(window, _meeting(master, "", master.instant(master.series.start), master.series.length))
    gone = {master.instant(moment) for moment in master.series.exceptions} if master else set()
    for original, change in changes.items():
        if original not in gone and change.instance is not None:
            start = change.instant(change.series.start)
            yield from _within(window, _meeting(change, _name(change, change.instance), start, change.series.length))


def _aligned(change: CalendarEvent, master: CalendarEvent | None) -> CalendarEvent:
    """A change whose RECURRENCE-ID is a date, or a time, as the series has it: some programs write the other kind."""
    instance = change.instance
    if (
        master is None
        or instance is None
        or isinstance(instance, datetime) is isinstance(master.series.start, datetime)
    ):
        return change
    if isinstance(instance, datetime):
        return replace(change, instance=instance.date())
    if isinstance(master.series.start, datetime):
        return replace(change, instance=datetime.combine(instance, master.series.start.timetz()))
    return change


def _series(master: CalendarEvent, changes: dict[datetime, CalendarEvent], window: Window) -> Iterator[Meeting]:
    """The occurrences that no component speaks for; a change of an older edition, for none of them, is dropped."""
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
        yield from _within(window, _meeting(source, _name(master, moment), start, length))
    for original in stale:
        if since < original < window.until:
            del changes[original]


def _meeting(event: CalendarEvent, instance: str, start: datetime, length: timedelta) -> Meeting:
    all_day = not isinstance(event.series.start, datetime)
    end = start + length
    if all_day:
        end = event.instant((start.astimezone(event.home) + length).date())
    return Meeting(
        remote_id=_record_id(event.uid, instance),
        start=start,
        end=end,
        participants=event.participants(),
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


def _name(event: CalendarEvent, moment: Moment) -> str:
    """The original start of an occurrence as `Meeting.recurrence_id` has it."""
    if isinstance(moment, datetime):
        return f"{event.instant(moment).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    return moment.isoformat()


def _record_id(uid: str, instance: str = "") -> str:
    if len(uid) > _LONGEST_ID:
        uid = blake2b(uid.encode(), digest_size=16).hexdigest()
    return f"{uid}#{instance}" if instance else uid


def _unused(uid: str, groups: defaultdict[str, list[CalendarEvent]]) -> str:
    """`uid`, or the next free one like it: two events without a name are two events."""
    number, name = 1, uid
    while name in groups:
        number += 1
        name = f"{number}.{uid}"
    return name

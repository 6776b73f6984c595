"""A calendar file or feed becomes meetings, one for each occurrence.

Events are put together by their UID, from however many VCALENDARs; each series is worked out on its own, so that
whatever is wrong with one loses none of the others.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Final

from connectors._calendar_events import LONGEST_UID, read_event, synthetic_uid
from connectors._calendar_text import content_line
from connectors._mail_words import tidy
from connectors._occurrences import UnreadableEvent, occurrences, record_id
from connectors._recurrence import UnreadableRule
from connectors._timezones import Zones
from syncd.model import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import tzinfo

    from connectors._calendar_text import Block, CalendarText
    from connectors._occurrences import CalendarEvent, Window
    from syncd.model import Meeting

PATIENCE: Final = 60.0
"""Seconds for working out all series of one calendar; what is left then is Unreadable."""


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


def read_calendar(
    text: CalendarText, window: Window, home: tzinfo, stopping: Callable[[], bool]
) -> CalendarReading | None:
    """Every occurrence of every event in the window, floating times in the zone `home`; None when told to stop.

    Never raises.
    """
    zones = {id(head): Zones(head.zones, head.zone, home) for head in text.headers}
    groups: defaultdict[str, list[CalendarEvent]] = defaultdict(list)
    unreadable: list[Unreadable] = []
    peopled = 0
    for block in text.blocks:
        if stopping():
            return None
        event = _read(block, zones[id(block.header)], unreadable)
        if event is not None:
            peopled += bool(event.participants)
            uid = event.uid or _unused(synthetic_uid(event), groups)
            groups[uid].append(event if event.uid else replace(event, uid=uid))
    meetings: dict[str, Meeting] = {}
    deadline = monotonic() + PATIENCE
    for uid, events in groups.items():
        if stopping():
            return None
        try:
            meetings.update((meeting.remote_id, meeting) for meeting in _in_time(events, window, deadline))
        except (UnreadableRule, UnreadableEvent) as error:
            unreadable.append(Unreadable(record_id(uid), str(error)))
        except Exception as error:  # noqa: BLE001 - promise 7: the other events are read, whatever this one holds
            unreadable.append(Unreadable(record_id(uid), f"It could not be read ({type(error).__name__}: {error})."))
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


def _in_time(events: Sequence[CalendarEvent], window: Window, deadline: float) -> Iterator[Meeting]:
    if monotonic() >= deadline and any(event.repeats for event in events):
        raise UnreadableRule("There was no time left to work out when it repeats.")
    yield from occurrences(events, window)


def _block_id(block: Block) -> str:
    """The id the event would have had, as far as it can be known."""
    named = {line.name: line.value for line in map(content_line, block.lines) if line is not None}
    uid = tidy(named.get("UID", ""), LONGEST_UID)
    return record_id(uid, block.mark if "RECURRENCE-ID" in named else "") if uid else f"event {block.mark}"


def _unused(uid: str, groups: defaultdict[str, list[CalendarEvent]]) -> str:
    """`uid`, or the next free one like it: two events without a name are two events."""
    number, name = 1, uid
    while name in groups:
        number += 1
        name = f"{number}.{uid}"
    return name

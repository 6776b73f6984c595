"""What stands of one event after a listing, and what that says: the notes of a series, and its meetings.

A *group* is one event of one calendar with all that speaks for its occurrences: its notes by the original start of what
they are about (empty for the event itself), behind a `!` those that could not be read. Everything here is a function of
notes and a window, so that edits read one by one lead where reading everything anew does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors._google_calendar_events import (
    GONE,
    MEETINGS,
    GoogleEvent,
    calendar_event,
    named_occurrence,
    noted_event,
    occurrence,
    read_event,
)
from connectors._occurrences import UnreadableEvent, Window, aligned, occurrences, original_start, record_id
from connectors._recurrence import UnreadableRule
from syncd.model import Meeting, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors._google_calendar_events import Home, KeptEvent
    from connectors._occurrences import CalendarEvent

UNREAD: Final = "!"
"""Before the original start: the reason why that could not be read."""

_REPEATS: Final = '"recurrence":'
_NAMING: Final = ("id", "recurringEventId", "originalStartTime")
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class Listing(Enum):
    """What a calendar answered: nothing of this group, what changed since, or everything it holds."""

    NONE = auto()
    CHANGES = auto()
    WHOLE = auto()


@dataclass(frozen=True, slots=True)
class Span:
    """Occurrences from `since` on; those before `reported` were reported, those before `until` are to be (all UTC)."""

    since: datetime
    reported: datetime
    until: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """One item of an answer: the event it belongs to, which of its notes it becomes, and the note.

    `passed_over` is its type, when that is not one of meetings.
    """

    event_id: str
    name: str
    text: str
    passed_over: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a listing comes to: notes that change, what there is to report, and ids that are no more."""

    notes: Mapping[str, str | None]
    reported: tuple[Meeting | Unreadable, ...]
    gone: tuple[str, ...]


class _Identity(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1)


def arrivals(item: object, home: Home) -> Iterator[Arrival]:
    """What to note of one item of an answer. Never raises: what nobody can read is noted as that.

    Of a cancelled occurrence Google sometimes gives the id and nothing else: then it is told by the id, too.
    """
    came = _arrival(item, home)
    yield came
    if came.text == GONE and not came.name:
        series, name = named_occurrence(came.event_id)
        if series:
            yield Arrival(series, name, GONE)


def _arrival(item: object, home: Home) -> Arrival:
    try:
        event = read_event(item)
        name = event.original(home.zones)
        if event.is_cancelled or event.event_type != MEETINGS:
            return Arrival(event.series_id, name, GONE, event.event_type if event.event_type != MEETINGS else "")
        calendar_event(event, name, event.id, home)
        return Arrival(event.series_id, name, event.text())
    except UnreadableEvent as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - promise 7: the other events are read, whatever this one holds
        reason = f"It could not be read ({type(error).__name__})."
    event_id, name = _identity(item, home)
    return Arrival(event_id, UNREAD + name, reason)


def _identity(item: object, home: Home) -> tuple[str, str]:
    """Which event it would have been, as far as can be known."""
    try:
        event = GoogleEvent.model_validate(
            {name: item.get(name) for name in _NAMING} if isinstance(item, dict) else item
        )
        return event.series_id, event.original(home.zones)
    except (ValidationError, UnreadableEvent):
        pass
    try:
        return _Identity.model_validate(item).id, ""
    except ValidationError:
        return blake2b(repr(item).encode("utf-8", "backslashreplace"), digest_size=12).hexdigest(), ""


def meetings(record: str, notes: Mapping[str, str], window: Window, home: Home) -> dict[str, Meeting | Unreadable]:
    """What the notes of a group say, by the ids of the records. Never raises.

    A single event is reported however far ahead it is; an event that says neither what nor who is nothing.
    """
    found: dict[str, Meeting | Unreadable] = {}
    try:
        events, silent = _understood(record, notes, home)
        if len(events) == 1 and events[0].instance is None and not events[0].repeats:
            window = replace(window, until=_FOREVER)
        for meeting in occurrences(events, window):
            if meeting.recurrence_id not in silent and (meeting.participants or meeting.title):
                found[meeting.remote_id] = meeting
    except (UnreadableRule, UnreadableEvent) as error:
        found[record] = Unreadable(record, str(error))
    except Exception as error:  # noqa: BLE001 - promise 7: the other events are read, whatever this one holds
        found[record] = Unreadable(record, f"It could not be read ({type(error).__name__}: {error}).")
    for name, reason in notes.items():
        if name.startswith(UNREAD):
            unread = record_id(record, name.removeprefix(UNREAD))
            found.setdefault(unread, Unreadable(unread, reason))
    return found


def _understood(record: str, notes: Mapping[str, str], home: Home) -> tuple[list[CalendarEvent], set[str]]:
    """The events, and the original starts of occurrences that do not take place, or of which nobody can tell."""
    kept = {name: noted_event(text) for name, text in notes.items() if not name.startswith(UNREAD)}
    events = [calendar_event(event, name, record, home) for name, event in kept.items() if not event.is_cancelled]
    silent = {name for name, event in kept.items() if event.is_cancelled}
    silent |= {name[1:] for name in notes if name.startswith(UNREAD) and name[1:] not in notes}
    master = next((event for event in events if event.instance is None), None)
    if master is not None:
        start = master.series.start
        zone = start.tzinfo if isinstance(start, datetime) and start.tzinfo is not None else master.home
        silent = {original_start(aligned(occurrence(name, zone), start)) for name in silent if name}
        events = [event if event.uid != record else replace(event, uid=master.uid) for event in events]
    return events, silent


def settle(
    record: str, known: Mapping[str, str], arrived: Mapping[str, str], listing: Listing, span: Span, home: Home
) -> Settled:
    """What `arrived` changes about a group of which `known` was noted. Never raises.

    What the calendar says of a series holds for its past as well: an occurrence that is explicitly no longer in it is
    gone. What a whole listing merely lacks is gone only when it lies ahead.
    """
    if listing is Listing.NONE or (listing is Listing.CHANGES and not arrived):
        if span.reported >= span.until or (known.keys() == {""} and _REPEATS not in known[""]):
            return Settled({}, (), ())
        entered = meetings(record, known, Window(max(span.since, span.reported), span.until), home).values()
        return Settled({}, tuple(seen for seen in entered if _enters(seen, span)), ())
    whole = listing is Listing.WHOLE
    before = meetings(record, known, Window(span.since, span.until if whole else span.reported), home)
    window = Window(span.since, span.until)
    standing = _standing(known, arrived, span.now if whole else None, home)
    found = meetings(record, standing, window, home)
    failure = found.get(record)
    if isinstance(failure, Unreadable) and "" in arrived:
        doubtful = {**{name: text for name, text in arrived.items() if name}, UNREAD: failure.reason}
        standing = _standing(known, doubtful, span.now if whole else None, home)
        found = meetings(record, standing, window, home)
    explicit = not whole or "" in arrived
    return Settled(
        {name: standing.get(name) for name in known.keys() | standing.keys() if known.get(name) != standing.get(name)},
        tuple(seen for name, seen in found.items() if whole or before.get(name) != seen),
        tuple(name for name, seen in before.items() if name not in found and (explicit or _lies_ahead(seen, span.now))),
    )


def _enters(seen: Meeting | Unreadable, span: Span) -> bool:
    return isinstance(seen, Meeting) and span.reported <= seen.start < span.until


def _lies_ahead(seen: Meeting | Unreadable, now: datetime) -> bool:
    return isinstance(seen, Unreadable) or seen.start > now


def _standing(
    known: Mapping[str, str], arrived: Mapping[str, str], complete: datetime | None, home: Home
) -> dict[str, str]:
    """The notes of a group after a listing; `complete` is when everything was listed, None when only changes were.

    Cancelled occurrences are kept as long as their series is. A series that is cancelled takes with it whatever was
    known of its occurrences.
    """
    standing = dict(known)
    if complete is not None:
        series = any(name in arrived for name in ("", UNREAD))
        for name in known.keys() - arrived.keys():
            if not (series and _is_past(name, known[name], complete, home)):
                del standing[name]
    ended = "" in arrived and noted_event(arrived[""]).is_cancelled
    if ended:
        standing.clear()
    for name, text in arrived.items():
        standing.pop(UNREAD + name, None)
        if not (ended and text == GONE):
            standing[name] = text if name.startswith(UNREAD) else _completed(name, text, known)
    return standing


def _is_past(name: str, text: str, now: datetime, home: Home) -> bool:
    """Whether a listing that begins at a horizon may lack this change of an occurrence: what it changes is over."""
    if not name or name.startswith(UNREAD):
        return not name
    change = noted_event(text)
    moments = [occurrence(name, home.zones.find(""))]
    if change.start is not None:
        moments.append(change.start.moment(home.zones))
    return all(original_start(moment) < original_start(now) for moment in moments)


def _completed(name: str, text: str, known: Mapping[str, str]) -> str:
    """The note, with the people whom Google left out this time and had named before."""
    event = noted_event(text)
    if not event.attendees_omitted:
        return text
    before = _earlier(name, known)
    return event.with_people_of(before).text() if before is not None else text


def _earlier(name: str, known: Mapping[str, str]) -> KeptEvent | None:
    """What was known of this occurrence; failing that, of its series."""
    texts = [known[other] for other in (name, "") if other in known]
    return next((event for event in map(noted_event, texts) if not event.is_cancelled), None)

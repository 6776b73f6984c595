"""One event as Google Calendar writes it (the schema `Event` of its API, version 3), understood.

What is kept of it is Google's own JSON, cut down to what says who met whom and when; so a note that was written long
ago is read by the same code as an answer that just came in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from connectors._attendees import distinct, participant
from connectors._calendar_events import LONGEST_TITLE, LONGEST_UID, repeating
from connectors._calendar_text import content_line
from connectors._mail_words import tidy
from connectors._occurrences import CalendarEvent, UnreadableEvent, lasting, original_start
from connectors._timezones import Zones
from syncd.model import MeetingStatus, Participant, Response, Role

if TYPE_CHECKING:
    from datetime import tzinfo

    from connectors._recurrence import Moment

MEETINGS: Final = "default"
"""The type of event that is a meeting; the others are birthdays, absences, places of work, bookings read from mail."""

WANTED: Final = (
    "id,status,eventType,iCalUID,sequence,recurrence,recurringEventId,originalStartTime,start,end,attendeesOmitted,"
    "organizer(email,displayName,self),attendees(email,displayName,self,resource,responseStatus)"
)
TITLE: Final = "summary"
"""The fields of an event that are asked for; descriptions, places and links never leave Google."""

MOST_LINES: Final = 1000
HIGHEST_SEQUENCE: Final = 10**9

_INSTANCE: Final = re.compile(r"(.+)_(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z)?", re.ASCII | re.DOTALL)
_RESPONSES: Final = {
    "accepted": Response.ACCEPTED,
    "tentative": Response.TENTATIVE,
    "declined": Response.DECLINED,
    "needsAction": Response.NEEDS_ACTION,
}
_STATUSES: Final = {"cancelled": MeetingStatus.CANCELLED, "tentative": MeetingStatus.TENTATIVE}


@dataclass(frozen=True, slots=True)
class Home:
    """What an event has from the calendar it is in: the time zones, and who `self` is there.

    Google calls those `self` who correspond to the calendar on which the event appears. So `owner`, the account's
    address, belongs to the account's own primary calendar, where people are `self` by whatever alias they were invited;
    it is empty for every other one: there it is the calendar itself, or a colleague.
    """

    zones: Zones
    owner: str = ""


class _Google(BaseModel):
    model_config = ConfigDict(
        extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )


class When(_Google):
    """A date, or a time with its offset from UTC and the zone it was meant in (the schema `EventDateTime`)."""

    date: str | None = None
    date_time: str | None = None
    time_zone: str | None = None

    def moment(self, home: Zones) -> Moment:
        """The moment it names; a time without an offset or a zone is one of the calendar's. Raises UnreadableEvent."""
        try:
            if self.date is not None:
                return date.fromisoformat(self.date)
            at = datetime.fromisoformat(self.date_time or "")
            zone = home.find(self.time_zone or "")
            return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
        except (ValueError, OverflowError) as error:
            raise UnreadableEvent(f"{(self.date or self.date_time or '')[:60]!r} is no date.") from error


class Person(_Google):
    """An attendee, or the organizer; Google sometimes names people without an address."""

    email: str = ""
    display_name: str = ""
    is_self: Annotated[bool, Field(alias="self")] = False
    resource: bool = False
    response_status: str = ""

    def participant(self, role: Role, owner: str) -> Participant | None:
        """Who it is; None for a room, a calendar, and somebody without an address. `owner` is who is `self`, if any."""
        if self.resource:
            return None
        address = (owner if self.is_self else "") or self.email
        return participant(address, self.display_name, role, _RESPONSES.get(self.response_status))


class KeptEvent(_Google):
    """A single event, a series, or what is different about one of its occurrences: as much as a note keeps."""

    status: str = "confirmed"
    i_cal_uid: Annotated[str, Field(alias="iCalUID")] = ""
    sequence: int = 0
    recurrence: Annotated[tuple[str, ...], Field(max_length=MOST_LINES)] = ()
    start: When | None = None
    end: When | None = None
    summary: str = ""
    organizer: Person | None = None
    attendees: tuple[Person, ...] = ()
    attendees_omitted: bool = False

    @property
    def is_cancelled(self) -> bool:
        """Whether it was deleted, or called off: Google does not say which."""
        return self.status == "cancelled"

    def people(self, owner: str) -> tuple[Participant, ...]:
        """The organizer and the attendees that have an address; who only keeps a date for themselves is nobody.

        Of two answers of the `owner` the one that Google marks as theirs counts.
        """
        organizer = self.organizer
        if organizer is not None and organizer.is_self and not self.attendees:
            organizer = None
        answering = sorted(self.attendees, key=lambda person: not person.is_self) if owner else self.attendees
        return distinct(
            (
                organizer.participant(Role.ORGANIZER, owner) if organizer is not None else None,
                *(person.participant(Role.ATTENDEE, owner) for person in answering),
            )
        )

    def with_people_of(self, before: KeptEvent) -> KeptEvent:
        """The same event, and whoever was in it before and is not named now: Google left somebody out."""
        named = {person.email.lower() for person in self.attendees}
        answered = any(person.is_self for person in self.attendees)
        missing = tuple(
            person
            for person in before.attendees
            if person.email.lower() not in named and not (person.is_self and answered)
        )
        return self.model_copy(update={"attendees": self.attendees + missing}) if missing else self

    def text(self) -> str:
        """The note that keeps it."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True, include=_KEPT)


def named_occurrence(event_id: str) -> tuple[str, str]:
    """The series and the original start that the id of an occurrence is made of; both empty when it is of another make.

    The start is planned, so it is right as long as the series was not changed from times to days or back.
    """
    match = _INSTANCE.fullmatch(event_id)
    if match is None:
        return "", ""
    series, year, month, day, *clock = match.groups()
    return series, f"{year}-{month}-{day}" + (f"T{':'.join(clock)}Z" if clock[0] else "")


_KEPT: Final = set(KeptEvent.model_fields)


class GoogleEvent(KeptEvent):
    """An event as it comes in: also which one it is."""

    id: Annotated[str, Field(min_length=1)]
    event_type: str = MEETINGS
    recurring_event_id: str = ""
    original_start_time: When | None = None

    @property
    def series_id(self) -> str:
        """The event whose occurrence it is, or else its own id."""
        return self.recurring_event_id or self.id

    def original(self, home: Zones) -> str:
        """The original start of the occurrence it speaks for, as records have it; empty for all of an event.

        Raises UnreadableEvent.
        """
        if not self.recurring_event_id:
            return ""
        if self.original_start_time is not None:
            return original_start(self.original_start_time.moment(home))
        name = named_occurrence(self.id)[1]
        if not name:
            raise UnreadableEvent("It does not say which occurrence it changes.")
        return name


GONE: Final = KeptEvent(status="cancelled").text()
"""The note of what was deleted."""


def read_event(item: object) -> GoogleEvent:
    """One item of an answer. Raises UnreadableEvent with the sentence that says which field is wrong."""
    try:
        return GoogleEvent.model_validate(item)
    except ValidationError as error:
        raise UnreadableEvent(_fault(error)) from error


def noted_event(text: str) -> KeptEvent:
    """The event that a note keeps. Raises UnreadableEvent."""
    try:
        return KeptEvent.model_validate_json(text)
    except ValidationError as error:
        raise UnreadableEvent(_fault(error)) from error


def calendar_event(event: KeptEvent, original: str, record: str, home: Home) -> CalendarEvent:
    """What `event` says, in the words of every calendar connector; `original` names the occurrence it speaks for.

    `home` is the calendar it is in. Raises UnreadableEvent.
    """
    if event.start is None:
        raise UnreadableEvent("It has no start.")
    start = event.start.moment(home.zones)
    end = event.end.moment(home.zones) if event.end is not None else None
    midnight = home.zones.find("")
    own = start.tzinfo if isinstance(start, datetime) and start.tzinfo is not None else midnight
    try:
        series = repeating(
            start,
            lasting(start, end),
            [line for line in map(content_line, event.recurrence) if line is not None],
            Zones({}, "", own),
        )
        instance = occurrence(original, own) if original else None
    except (ValueError, OverflowError) as error:
        raise UnreadableEvent("It takes place outside of the calendar.") from error
    return CalendarEvent(
        uid=tidy(event.i_cal_uid, LONGEST_UID) or record,
        series=series,
        instance=instance,
        onwards=False,
        sequence=min(max(0, event.sequence), HIGHEST_SEQUENCE),
        stamp="",
        status=_STATUSES.get(event.status, MeetingStatus.CONFIRMED),
        title=tidy(event.summary, LONGEST_TITLE),
        participants=event.people(home.owner),
        home=midnight,
        record=record,
    )


def occurrence(original: str, zone: tzinfo) -> Moment:
    """The original start that a record names, a time in `zone`. Raises ValueError, OverflowError."""
    return datetime.fromisoformat(original).astimezone(zone) if "T" in original else date.fromisoformat(original)


def _fault(error: ValidationError) -> str:
    """Which field is wrong, and never what stands in it."""
    where = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
    return f"Its {where} cannot be read." if where else "It is no event."

"""One event of an Outlook calendar becomes a Meeting (learn.microsoft.com/graph/api/resources/event).

Graph expands every series itself; what is left to decide is which occurrence this is, whose answer it holds, and what
its dates mean: years 1 and 9999, days that look like midnight in UTC, and the day that Exchange hides in an id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from connectors._attendees import LONGEST_NAME, MOST_PARTICIPANTS
from connectors._mail_words import tidy
from syncd.model import Meeting, MeetingStatus, Participant, Response, Role, Unreadable

if TYPE_CHECKING:
    from datetime import tzinfo

Json = Mapping[str, object]
"""An object that came over the wire: nothing is sure about what it holds."""

FIELDS: Final = (
    "id", "type", "seriesMasterId", "originalStart", "iCalUId", "start", "end", "isAllDay", "isCancelled", "isDraft",
    "isOrganizer", "organizer", "attendees", "responseStatus",
)  # fmt: skip
"""What is asked for of each event; `originalStart` comes only when it is."""

TITLE: Final = "subject"
"""Asked for as well, unless titles must not be read."""

MASTER: Final = "seriesMaster"
"""The type of what is no event, but says what its occurrences have in common."""

LONGEST_TITLE: Final = 500
LONGEST_UID: Final = 998

_LONGEST_ADDRESS: Final = 320
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_GLOBAL_ID: Final = re.compile(
    r"040000008200e00074c5b7101a82e008([0-9a-f]{4})([0-9a-f]{2})([0-9a-f]{2})[0-9a-f]{40,}", re.IGNORECASE
)
_UTC_NAMES: Final = frozenset({"", "utc", "etc/utc", "etc/gmt", "gmt", "z", "tzone://microsoft/utc"})
_EARLIEST: Final = 1900
_LATEST: Final = 2200
_DAY: Final = timedelta(days=1)
_NOON: Final = timedelta(hours=12)
_LONGEST_ID: Final = 400
_ANSWERS: Final = {
    "accepted": Response.ACCEPTED,
    "organizer": Response.ACCEPTED,
    "tentativelyAccepted": Response.TENTATIVE,
    "declined": Response.DECLINED,
    "notResponded": Response.NEEDS_ACTION,
}
"""`none` is left out: in an invited person's copy it says only that nobody told them (responseStatus resource)."""


class UnreadableEvent(ValueError):
    """The event cannot be understood; the text is the sentence that says why."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose calendar it is, and how it is read.

    `mark` stands for the calendar in the ids of its records; `addresses` are those of whoever's answer `responseStatus`
    is, the one to call them by first; `home` is the zone whose midnight an all-day event begins at.
    """

    mark: str
    addresses: tuple[str, ...]
    home: tzinfo


@dataclass(frozen=True, slots=True)
class Instance:
    """Where one event of a listing belongs: its own id, and that of its series (empty when it has none)."""

    id: str
    series: str
    changed: bool

    @classmethod
    def of(cls, item: Json) -> Instance:
        """What `item` says about itself, whatever else is wrong with it."""
        return cls(_text(item.get("id")), _text(item.get("seriesMasterId")), item.get("type") == "exception")


def is_bare(item: Json) -> bool:
    """Whether it is an occurrence that comes without what its series says of it (graph-docs issue 7632)."""
    return bool(_text(item.get("seriesMasterId"))) and "attendees" not in item and "organizer" not in item


def is_all_day(item: Json) -> bool:
    """Whether it lasts whole days."""
    return item.get("isAllDay") is True


def completed(bare: Json, master: Json) -> Json:
    """The occurrence, with what it left to its series."""
    return {**master, "type": "occurrence", **{name: value for name, value in bare.items() if value is not None}}


def times_of(item: Json) -> tuple[float, float] | None:
    """When it is, about a day more or less, in seconds since 1970; None when it does not say."""
    try:
        start, _, end, _ = _times(item)
    except UnreadableEvent:
        return None
    return start.timestamp(), end.timestamp()


def incomplete(bare: Json, owner: Owner) -> Unreadable:
    """An occurrence whose series is not shown: who takes part in it, nobody says."""
    return Unreadable(_record_id(owner, _text(bare.get("id"))), "It belongs to a series that is not shown.")


def read_event(
    item: object, owner: Owner, *, of_days: bool | None = None, series: Json | None = None
) -> Meeting | Unreadable | None:
    """The meeting that an item of a calendarView shows; None where there is none to report. Never raises.

    That is a draft, what only stands for its occurrences, and an event in which nobody is named. `of_days` says whether
    the series of an exception lasts whole days, and `series` is its master, where that is known.
    """
    if not isinstance(item, dict):
        return Unreadable(_strange_id(owner, item), "It is no event.")
    try:
        return _meeting(item, owner, of_days=of_days, series=series)
    except UnreadableEvent as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - promise 7: the other events are read, whatever this one holds
        reason = f"It could not be read ({type(error).__name__}: {error})."
    own = _text(item.get("id"))
    return Unreadable(_record_id(owner, own) if own else _strange_id(owner, item), reason)


def _meeting(item: Json, owner: Owner, *, of_days: bool | None, series: Json | None) -> Meeting | None:
    instance = Instance.of(item)
    if not instance.id:
        raise UnreadableEvent("It has no id.")
    people = _people(item, owner)
    if item.get("isDraft") is True or item.get("type") == MASTER or not people:
        return None
    start, first, end, last = _times(item)
    if instance.changed and series is not None and not item.get("originalStart"):
        item = {**item, "originalStart": _original_start(item, series, owner.home)}
    recurrence_id = _recurrence_id(item, instance, (start, first), owner, of_days=of_days)
    if is_all_day(item):
        start, end = _midnight(first, owner.home), _midnight(max(last, first + _DAY), owner.home)
    return Meeting(
        remote_id=_record_id(owner, instance.series or instance.id, recurrence_id if instance.series else ""),
        start=start,
        end=max(start, end),
        participants=people,
        uid=tidy(_text(item.get("iCalUId")), LONGEST_UID) or tidy(instance.series or instance.id, LONGEST_UID),
        recurrence_id=recurrence_id,
        status=MeetingStatus.CANCELLED if item.get("isCancelled") is True else MeetingStatus.CONFIRMED,
        title=tidy(_text(item.get(TITLE)), LONGEST_TITLE),
        all_day=is_all_day(item),
    )


# --------------------------------------------------------------------------- which occurrence


def _recurrence_id(
    item: Json, instance: Instance, begins: tuple[datetime, date], owner: Owner, *, of_days: bool | None
) -> str:
    """The original start, as `Meeting.recurrence_id` has it; an occurrence that did not change still `begins` then."""
    start, day = begins
    named = _instance_day(_text(item.get("iCalUId")))
    if not instance.series:
        return _of_one_that_stands_alone(start, day, named, all_day=is_all_day(item))
    original = _text(item.get("originalStart"))
    if not (is_all_day(item) if of_days is None or not instance.changed else of_days):
        return _stamp(_utc(_moment(original)) if original else start)
    if not instance.changed:
        return day.isoformat()
    return (named or (_day_near_midnight(_utc(_moment(original)), owner.home) if original else day)).isoformat()


def _original_start(item: Json, series: Json, home: tzinfo) -> str:
    """When an occurrence was that does not say it: on the day in its id, at its series' hour where the owner lives.

    Empty where that is not known.
    """
    day = _instance_day(_text(item.get("iCalUId")))
    if day is None or not _EARLIEST <= day.year <= _LATEST:
        return ""
    try:
        begin = _utc(_local(series.get("start"), "start")).astimezone(home)
    except UnreadableEvent:
        return ""
    return datetime.combine(day, begin.time(), home).astimezone(UTC).isoformat()


def _of_one_that_stands_alone(start: datetime, day: date, named: date | None, *, all_day: bool) -> str:
    """Empty, unless it is one occurrence of a series whose others I was not invited to: its id then names the day.

    A day near its start means that it was never moved; of one that was, only the day is known.
    """
    if named is None:
        return ""
    return named.isoformat() if all_day or abs(day - named) > _DAY else _stamp(start)


def _instance_day(uid: str) -> date | None:
    """The day of the occurrence in an Exchange id: bytes 16 to 19 of a GlobalObjectId (MS-OXOCAL section 2.2.1.27)."""
    match = _GLOBAL_ID.match(uid)
    if match is None:
        return None
    try:
        return date(*(int(part, 16) for part in match.groups()))  # year, month, day
    except ValueError:
        return None


def _day_near_midnight(moment: datetime, home: tzinfo) -> date:
    """The day that began at `moment`: where the owner lives, else in whichever zone it is nearest to midnight.

    `originalStart` of an all-day series is midnight in the zone it was made in, which is not told (graph-docs 2804).
    """
    local = moment.astimezone(home)
    return local.date() if local.time() == time() else _day(moment)


# --------------------------------------------------------------------------- when


def _times(item: Json) -> tuple[datetime, date, datetime, date]:
    """Start and end in UTC, each with the day that it is on where it was written down.

    An end that is missing, or is the end of time, is the start.
    """
    begin = _local(item.get("start"), "start")
    try:
        finish = _local(item.get("end"), "end")
    except UnreadableEvent:
        finish = begin
    return _utc(begin), _day(begin), _utc(finish), _day(finish)


def _local(value: object, name: str) -> datetime:
    """A dateTimeTimeZone; UTC, which every request asks for, is naive, and so is a zone that nobody knows."""
    text = _text(value.get("dateTime")) if isinstance(value, dict) else ""
    if not isinstance(value, dict) or not text:
        raise UnreadableEvent(f"It has no {name}.")
    local, zone = _moment(text), _text(value.get("timeZone"))
    if local.tzinfo is None and zone.lower() not in _UTC_NAMES:
        from connectors._timezones import guessed_zone, named_zone  # noqa: PLC0415 - Graph hardly ever needs icalendar

        return local.replace(tzinfo=named_zone(zone) or guessed_zone(zone))
    return local


def _moment(text: str) -> datetime:
    """A date and time of ISO 8601 with up to seven digits of a second, naive where it names no offset."""
    try:
        moment = datetime.fromisoformat(text[:60])
    except ValueError as error:
        raise UnreadableEvent(f"{text[:60]!r} is no date.") from error
    if not _EARLIEST <= moment.year <= _LATEST:
        raise UnreadableEvent(f"The year {moment.year} is outside of any calendar.")
    return moment


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(moment: datetime) -> date:
    """The day of an all-day event: midnight in whatever zone, so the nearest one."""
    return (moment + _NOON).date()


def _midnight(day: date, home: tzinfo) -> datetime:
    return datetime.combine(day, time(), home).astimezone(UTC)


def _stamp(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}Z"


# --------------------------------------------------------------------------- who


def _people(item: Json, owner: Owner) -> tuple[Participant, ...]:
    """Organizer and attendees with an address, the organizer first, each once in each role; no rooms, no equipment.

    An event its owner called is theirs by whatever alias Exchange wrote; their answer is the one the event itself
    holds, since a copy's list of attendees is that of the day it was sent.
    """
    mine = item.get("isOrganizer") is True
    organizer = _person(item.get("organizer"), Role.ORGANIZER)
    if organizer and mine and owner.addresses:
        organizer = replace(organizer, address=owner.addresses[0])
    attendees = item.get("attendees")
    listed = attendees[:MOST_PARTICIPANTS] if isinstance(attendees, Sequence) and not isinstance(attendees, str) else ()
    found: dict[tuple[str, Role], Participant] = {}
    for person in (organizer, *(_person(one, Role.ATTENDEE) for one in listed)):
        if person is not None:
            found.setdefault((person.address.lower(), person.role), person)
    return _answered(found, item, owner) if found and not mine else tuple(found.values())


def _answered(found: dict[tuple[str, Role], Participant], item: Json, owner: Owner) -> tuple[Participant, ...]:
    """The people, with the owner's own answer; somebody invited through a group stands in no list, but did answer."""
    answer = _ANSWERS.get(_response(item.get("responseStatus")))
    own = [key for key in found if key[0] in {address.lower() for address in owner.addresses}]
    for key in own:
        if key[1] is Role.ATTENDEE:
            found[key] = replace(found[key], response=answer or found[key].response or Response.NEEDS_ACTION)
    if answer and not own and owner.addresses:
        me = Participant(owner.addresses[0], "", Role.ATTENDEE, answer)
        found[me.address.lower(), me.role] = me
    return tuple(found.values())


def _person(value: object, role: Role) -> Participant | None:
    """A recipient or attendee; None when it is a room, or has no address (an X.500 name is none)."""
    mailbox = value.get("emailAddress") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(mailbox, dict) or value.get("type") == "resource":
        return None
    answer = _response(value.get("status")) if role is Role.ATTENDEE else ""
    return _participant(_text(mailbox.get("address")), _text(mailbox.get("name")), role, _ANSWERS.get(answer))


@lru_cache(4096)
def _participant(address: str, name: str, role: Role, response: Response | None) -> Participant | None:
    """One person; the same ones meet again and again."""
    match = None if address.startswith("/") else _ADDRESS.search(address[:_LONGEST_ADDRESS])
    if match is None:
        return None
    address = tidy(match[0].strip("'"), _LONGEST_ADDRESS)
    name = tidy(name, LONGEST_NAME)
    return Participant(address, "" if name.lower() == address.lower() else name, role, response)


def _response(status: object) -> str:
    return _text(status.get("response")) if isinstance(status, dict) else ""


# --------------------------------------------------------------------------- ids


def _record_id(owner: Owner, event: str, instance: str = "") -> str:
    """Ids are case-sensitive and unique in a mailbox; the calendar is part of it, as an event may change calendars."""
    if len(event) > _LONGEST_ID or not (event.isascii() and event.isprintable()):
        event = blake2b(event.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"{owner.mark}/{event}#{instance}" if instance else f"{owner.mark}/{event}"


def _strange_id(owner: Owner, item: object) -> str:
    return f"{owner.mark}/?{blake2b(repr(item)[:10_000].encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

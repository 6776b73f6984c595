"""One VEVENT, understood: when it is, how it repeats, who is in it (RFC 5545 section 3.6.1).

Feeds write dates that are half local and half not, ends before starts, and events without a name; what can be meant is
decided here.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from connectors._attendees import participants
from connectors._calendar_text import TITLE, content_line
from connectors._mail_words import tidy
from connectors._occurrences import CalendarEvent, UnreadableEvent, lasting
from connectors._recurrence import Series
from syncd.model import MeetingStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors._calendar_text import Block, Line
    from connectors._recurrence import Moment
    from connectors._timezones import Zones

LONGEST_TITLE: Final = 500
LONGEST_UID: Final = 998

_MOMENT: Final = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?", re.IGNORECASE
)
_DURATION: Final = re.compile(
    r"([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE | re.ASCII
)
_ESCAPED: Final = re.compile(r"\\([\\;,nN])")
_STATUSES: Final = {
    "CANCELLED": MeetingStatus.CANCELLED,
    "CANCELED": MeetingStatus.CANCELLED,
    "TENTATIVE": MeetingStatus.TENTATIVE,
}


def read_event(block: Block, zones: Zones) -> CalendarEvent:
    """The event in `block`, its times in the zones they name. Raises UnreadableEvent with the sentence to show."""
    lines = [line for line in map(content_line, block.lines) if line is not None]
    first = {line.name: line for line in reversed(lines)}
    if "DTSTART" not in first:
        raise UnreadableEvent("It has no start." if block.whole else "It breaks off before its start.")
    if not block.whole and "DTEND" not in first and "DURATION" not in first:
        raise UnreadableEvent("It breaks off in the middle.")
    try:
        start = _one(first["DTSTART"], zones)
        instance = _one(first["RECURRENCE-ID"], zones) if "RECURRENCE-ID" in first else None
        series = repeating(start, lasting(start, _end(start, first, zones)), lines, zones)
    except OverflowError as error:
        raise UnreadableEvent("It takes place outside of the calendar.") from error
    return CalendarEvent(
        uid=tidy(first["UID"].value, LONGEST_UID) if "UID" in first else "",
        series=series,
        instance=instance,
        onwards=instance is not None and first["RECURRENCE-ID"].parameters.get("RANGE", "").upper() == "THISANDFUTURE",
        sequence=_number(first.get("SEQUENCE")),
        stamp=first["DTSTAMP"].value if "DTSTAMP" in first else "",
        status=_status(first.get("STATUS"), block.header.method),
        title=tidy(_ESCAPED.sub(_unescape, first[TITLE].value), LONGEST_TITLE) if TITLE in first else "",
        participants=participants(block.people),
        home=zones.find(""),
    )


def repeating(start: Moment, length: timedelta, lines: Sequence[Line], zones: Zones) -> Series:
    """The series that begins so and repeats as the RRULE, RDATE and EXDATE among `lines` say."""
    return Series(
        start,
        length,
        tuple(line.value for line in lines if line.name == "RRULE" and line.value),
        tuple(moment for line in lines if line.name == "RDATE" for moment in _dates(line, zones)),
        tuple(moment for line in lines if line.name == "EXDATE" for moment in _moments(line, zones)),
    )


def synthetic_uid(event: CalendarEvent) -> str:
    """A name for an event that has none: the same as long as its time and its people are."""
    people = "\n".join(sorted(person.address.lower() for person in event.participants))
    digest = blake2b(f"{event.instant(event.series.start)}\n{event.series.length}\n{people}".encode(), digest_size=12)
    return f"{digest.hexdigest()}@no-uid.invalid"


def _one(line: Line, zones: Zones) -> Moment:
    moment = _moment(line.value, line, zones)
    if moment is None:
        raise UnreadableEvent(f"Its {line.name} {line.value[:60]!r} is no date.")
    return moment


def _moments(line: Line, zones: Zones) -> list[Moment]:
    """Every date of a list; what is none is left out."""
    found = (_moment(value, line, zones) for value in line.value.split(","))
    return [moment for moment in found if moment is not None]


def _dates(line: Line, zones: Zones) -> list[Moment | tuple[Moment, Moment]]:
    """The dates and periods of an RDATE."""
    found: list[Moment | tuple[Moment, Moment]] = []
    for value in line.value.split(","):
        begin, _, end = value.partition("/")
        start = _moment(begin, line, zones)
        if start is None:
            continue
        stop = _moment(end, line, zones) if end[:1].isdigit() else _added(start, end) if end else None
        found.append((start, stop) if stop is not None and type(stop) is type(start) and stop > start else start)
    return found


def _moment(value: str, line: Line, zones: Zones) -> Moment | None:
    """A DATE or DATE-TIME value; local times in the zone that the line names, else in the owner's."""
    match = _MOMENT.fullmatch(value.strip(' "'))
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        on = date(int(year), int(month), int(day))
        if hour is None or line.parameters.get("VALUE", "").upper() == "DATE":
            return on
        at = datetime.combine(on, time()) + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
    except (ValueError, OverflowError):
        return None
    if zone is None:
        return at.replace(tzinfo=zones.find(line.parameters.get("TZID", "")))
    if zone in "Zz":
        return at.replace(tzinfo=UTC)
    return at.replace(tzinfo=zones.find(f"UTC{zone}"))


def _end(start: Moment, first: dict[str, Line], zones: Zones) -> Moment | None:
    if "DTEND" in first:
        return _moment(first["DTEND"].value, first["DTEND"], zones)
    return _added(start, first["DURATION"].value) if "DURATION" in first else None


def _added(start: Moment, duration: str) -> Moment | None:
    try:
        return start + _duration(duration)
    except (ValueError, OverflowError):
        return None


def _duration(value: str) -> timedelta:
    """RFC 5545 section 3.3.6. Raises ValueError, OverflowError."""
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueError(value)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if match[1] == "-" else length


def _number(line: Line | None) -> int:
    digits = line.value[:9] if line else ""
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _status(line: Line | None, method: str) -> MeetingStatus:
    if method == "CANCEL":
        return MeetingStatus.CANCELLED
    return _STATUSES.get(line.value.upper(), MeetingStatus.CONFIRMED) if line else MeetingStatus.CONFIRMED


def _unescape(match: re.Match[str]) -> str:
    return " " if match[1] in "nN" else match[1]

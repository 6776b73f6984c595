"""When a message was sent: its Date header where that can be believed, else when it arrived.

Dates in real mail lack a zone, name impossible ones, come from clocks that restarted in 1970 or run in 2043. Each of
those gives a plain answer here, never an exception and never a naive datetime.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Final

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""A date before this is the zero of some clock (1601, 1904, 1970, 1980), not a day on which mail was written."""

_AHEAD: Final = timedelta(days=1)
_USUAL: Final = re.compile(
    r"\s*(?:[A-Z][a-z]{2},? ?)? ?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d)(?::(\d\d))? "
    r"([+-]\d{4}|GMT|UTC|UT|Z)\b",
    re.ASCII,
)
_ISO: Final = re.compile(r"\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)[\d.,]* ?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_MONTHS: Final = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
_FIRST_FULL_YEAR: Final = "1000"
_COMMENT: Final = re.compile(r"\([^()]*\)")
_LOOSE_COLON: Final = re.compile(r" *: *")
_FARTHEST_ZONE: Final = timedelta(hours=16)
_LAST_SECOND: Final = 59
_INTERNAL_DAY: Final = len("17-Jul-1996")
_MOST_DAYS: Final = 20_000
_MINUTES: Final = {f" {hour:02}:{minute:02}": 60 * (60 * hour + minute) for hour in range(24) for minute in range(60)}
_SECONDS: Final = {f":{second:02} ": second for second in range(60)}
_midnights: Final[dict[str, datetime]] = {}
_offsets: Final[dict[str, timedelta]] = {zone: timedelta() for zone in ("GMT", "UTC", "UT", "Z")}


def sent_at(value: str, arrived: datetime | None, now: datetime | None = None) -> datetime | None:
    """When the message whose Date header is `value` was sent, in UTC; None when nothing usable is known.

    A Date before 1990, or more than a day after it arrived (after `now`, when that is unknown), is not believed, and
    `arrived` stands in its place. A Date long *before* arrival is believed: mail that moved house carries the day of
    the move as its arrival, and dating it there would make every old tie look fresh. An `arrived` before 1990 or after
    `now` is itself not believed.
    """
    if arrived is not None and (arrived < EARLIEST or (now is not None and arrived > now + _AHEAD)):
        arrived = None
    date = parse_date(value) if value else None
    if date is None or date < EARLIEST:
        return arrived
    latest = arrived or now
    if latest is not None and date > latest + _AHEAD:
        return arrived
    return date


def parse_date(value: str) -> datetime | None:
    """The instant an RFC 5322 date names, in UTC; None when it names none.

    An unknown, absent or impossible zone is read as UTC (RFC 5322 section 4.3), a leap second as the one before it, and
    a year of two digits (also 0001) by RFC 5322 section 4.3. ISO 8601 and ctime forms are read as well.
    """
    day_ends = 15 if value[6:7] == " " else 16
    try:
        return _at_once(value, day_ends)
    except (KeyError, OverflowError):
        pass
    match = _USUAL.match(value)
    if match is None:
        return _parse_unusual(value)
    day, month, year, clock, second, zone = match.groups()
    try:
        midnight = datetime(int(year), _MONTHS[month], int(day), tzinfo=UTC)
        at = midnight + timedelta(seconds=_MINUTES[f" {clock}"] + int(second or 0)) - _offset(zone)
    except (KeyError, ValueError, OverflowError):
        return _parse_unusual(value)
    if int(second or 0) > _LAST_SECOND or year < _FIRST_FULL_YEAR:
        return _parse_unusual(value)
    _remember(value[:day_ends], midnight)
    return at


def _at_once(value: str, day_ends: int) -> datetime:
    """The instant of "DAY HH:MM:SS ZONE" when its day and zone were met before; else KeyError."""
    if value[day_ends + 15 : day_ends + 16].isalnum():
        raise KeyError(value)
    seconds = _MINUTES[value[day_ends : day_ends + 6]] + _SECONDS[value[day_ends + 6 : day_ends + 10]]
    return _midnights[value[:day_ends]] + timedelta(0, seconds) - _offsets[value[day_ends + 10 : day_ends + 15]]


def _remember(day: str, midnight: datetime) -> None:
    if len(_midnights) >= _MOST_DAYS:
        _midnights.clear()
    _midnights[day] = midnight


def _offset(zone: str) -> timedelta:
    """How far a numeric zone is ahead of UTC; an impossible one counts as UTC."""
    known = _offsets.get(zone)
    if known is None:
        known = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
        known = -known if zone[0] == "-" else known
        known = _offsets[zone] = known if abs(known) < _FARTHEST_ZONE else timedelta()
    return known


def _parse_unusual(value: str) -> datetime | None:
    try:
        iso = _ISO.match(value)
        if iso:
            zone = (iso[3] or "Z").replace(":", "")
            return datetime.fromisoformat(f"{iso[1]}T{iso[2]}").replace(tzinfo=UTC) - _offset(zone)
        fields = parsedate_tz(_LOOSE_COLON.sub(":", _COMMENT.sub("", value[:200])))
        if fields is None:
            return None
        year, month, day, hour, minute, second = fields[:6]
        local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        ahead = timedelta(seconds=fields[9] or 0)
        return local - ahead if abs(ahead) < _FARTHEST_ZONE else local
    except (ValueError, OverflowError, IndexError, TypeError, AttributeError):
        return None


def parse_internal_date(value: str) -> datetime | None:
    """The instant of an IMAP date-time, "17-Jul-1996 02:44:25 -0700" (RFC 3501 section 9), in UTC; else None."""
    try:
        return _at_once(value, _INTERNAL_DAY)
    except (KeyError, OverflowError):
        pass
    day = value[:_INTERNAL_DAY]
    try:
        _remember(day, datetime(int(day[7:]), _MONTHS[day[3:6]], int(day[:2]), tzinfo=UTC))
        _offset(value[_INTERNAL_DAY + 10 : _INTERNAL_DAY + 15])
        return _at_once(value, _INTERNAL_DAY)
    except (KeyError, ValueError, OverflowError):
        return None

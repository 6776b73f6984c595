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
_COMMENT: Final = re.compile(r"\([^()]*\)")
_LOOSE_COLON: Final = re.compile(r" *: *")
_FARTHEST_ZONE: Final = timedelta(hours=16)
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
    match = _USUAL.match(value)
    if match is None:
        return _parse_unusual(value)
    day, month, year, clock, second, zone = match.groups()
    try:
        local = datetime(
            int(year), _MONTHS[month], int(day), int(clock[:2]), int(clock[3:]), int(second or 0), tzinfo=UTC
        )
        return local - (_offsets.get(zone) or _offset(zone)) if year >= "1000" else _parse_unusual(value)
    except (KeyError, ValueError, OverflowError):
        return _parse_unusual(value)


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
        local = datetime(
            int(value[7:11]), _MONTHS[value[3:6]], int(value[:2]), int(value[12:14]), int(value[15:17]),
            int(value[18:20]), tzinfo=UTC,
        )  # fmt: skip
        return local - _offset(value[21:26])
    except (KeyError, ValueError, OverflowError):
        return None

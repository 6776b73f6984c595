"""What a single value of the configuration may be: a zone, a day, an address, a pattern, a rhythm.

Each kind is an annotated type whose refusal is the whole sentence shown to the owner; `settings.py` puts them together
into tables. The values keep the shape of the file, so that `syncd config show` can write them back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema

from syncd.config.nearest import ask, nearest
from syncd.config.sentences import written
from syncd.connector import parse_span

NEVER = "never"
FOREVER = "forever"
SPAN_PATTERN = r"^\s*\d+(\.\d+)?\s*[A-Za-z]+\s*$"

_TIME = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_DASHES = "\u2013-"
"""The one of typographers, and the one on the keyboard."""

_SPAN_UNITS = (
    ("year", timedelta(days=365.25)),
    ("month", timedelta(days=30.4375)),
    ("week", timedelta(weeks=1)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _zone(value: str) -> str:
    """A name of the IANA time zone database."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown; not a zone's name; a folder or too long for a file's name
        zones = available_timezones()
        cities = {zone.rpartition("/")[2]: zone for zone in sorted(zones, reverse=True)}
        meant = nearest(value, zones) if "/" in value else ()
        meant = meant or tuple(cities[city] for city in nearest(value.rpartition("/")[2], cities))
        hint = ask(meant[:1]) or '; write it like "Europe/Rome"'
        raise ValueError(f'unknown time zone "{value}"{hint}') from None
    return value


def _address(value: str) -> str:
    """One mail address, and nothing else."""
    if named := re.search(r"<\s*([^<>\s]+@[^<>\s]+)\s*>", value):
        raise ValueError(f'write only the address: "{named[1]}"')
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;*]+", value):
        raise ValueError(f'"{value}" is not a mail address; write it like "anna@example.org"')
    return value


def _check_regex(value: str) -> bool:
    """Whether the value is written as a regex; ValueError when it is one that cannot be read."""
    if not (len(value) > 1 and value.startswith("/") and value.endswith("/")):
        return False
    try:
        re.compile(value[1:-1])
    except re.error as error:
        raise ValueError(f"the regex {value} cannot be read: {error}") from None
    return True


def _address_pattern(value: str) -> str:
    """An address, a glob with * or a /regex/."""
    if _check_regex(value):
        return value
    if re.fullmatch(r"[\w-]+(\.[\w-]+)+", value):
        raise ValueError(f'"{value}" is a domain; for everybody there write "*@{value}"')
    if not re.fullmatch(r"[^\s<>,;]*[@*][^\s<>,;]*", value):
        raise ValueError(f'"{value}" is not an address or a pattern like "*@example.org" or "/^ceo@/"')
    return value


def _domain_pattern(value: str) -> str:
    """A domain, a glob with * or a /regex/."""
    if _check_regex(value):
        return value
    if "@" in value:
        raise ValueError(f'this wants a domain, not an address: "{value.rpartition("@")[2]}"')
    if not re.fullmatch(r"[^\s<>,;/]+", value):
        raise ValueError(f'"{value}" is not a domain; write it like "example.org" or "*.example.org"')
    return value


def _time_of_day(value: object) -> time:
    """A wall-clock time, in quotes as in every example."""
    if isinstance(value, time):
        raise ValueError(f'a time of day stands in quotes: "{value:%H:%M}"')  # noqa: TRY004 - pydantic wants ValueError
    if isinstance(value, str) and re.fullmatch(_TIME, value):
        hour, minute = value.split(":")
        return time(int(hour), int(minute))
    shown = f'"{value}"' if isinstance(value, str) else value
    raise ValueError(f'{shown} is not a time of day; write it like "07:00"')


def _day(value: object) -> date:
    """A calendar day: a TOML date, or the same in quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == len("2025-10-13") else "")
    except ValueError:
        shown = f'"{value}"' if isinstance(value, str) else value
        raise ValueError(f"{shown} is not a day; write it like 2025-10-13") from None


def _birthday(value: object) -> str:
    """MM-DD, or a full date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else ""
    try:
        if re.fullmatch(r"\d\d-\d\d", text):
            date.fromisoformat(f"2000-{text}")  # a leap year: 02-29 is a birthday too
            return text
        return date.fromisoformat(text if len(text) == len("1980-03-14") else "").isoformat()
    except ValueError:
        raise ValueError(f'"{value}" is not a birthday; write it like "03-14" or "1980-03-14"') from None


@dataclass(frozen=True, slots=True)
class Pause:
    """Days without a digest, the first and the last included."""

    first: date
    last: date

    def __str__(self) -> str:
        return self.first.isoformat() if self.first == self.last else f"{self.first}..{self.last}"


def _pause(value: object) -> Pause:
    """A range of days in quotes, or one day."""
    if isinstance(value, Pause):
        return value
    first, dots, last = str(value).partition("..")
    try:
        pause = Pause(_day(first.strip()), _day(last.strip() if dots else first.strip()))
    except ValueError:
        raise ValueError(f'"{value}" is not a range of days; write it like "2026-12-23..2027-01-06"') from None
    if pause.last < pause.first:
        raise ValueError(f'this pause ends before it begins; write "{pause.last}..{pause.first}"')
    return pause


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From a time of day to another, which belongs to the next day when it is the earlier one."""

    first: time
    last: time

    def __str__(self) -> str:
        return f"{self.first:%H:%M}-{self.last:%H:%M}"


def _quiet_hours(value: object) -> QuietHours | None:
    """Two times of day with a dash between them; the file has no None, the default is one."""
    if value is None or isinstance(value, QuietHours):
        return value
    ends = (
        re.fullmatch(rf"\s*([^\s{_DASHES}]+)\s*[{_DASHES}]\s*([^\s{_DASHES}]+)\s*", value)
        if isinstance(value, str)
        else None
    )
    if not ends:
        raise ValueError(_no_quiet_hours(value))
    if ends[2] == "24:00":
        raise ValueError(f'midnight is written "00:00": "{ends[1]}-00:00"')
    quiet = QuietHours(_time_of_day(ends[1]), _time_of_day(ends[2]))
    if quiet.first == quiet.last:
        raise ValueError("quiet hours that end when they begin are none, or the whole day; name two different times")
    return quiet


def _no_quiet_hours(value: object) -> str:
    """What to write in place of something without two ends and a dash; the times that are in it are taken over."""
    words = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    match re.findall(rf"(?<![\d:])({_TIME})(?::\d\d)?(?![\d:])", words):
        case [first]:
            return f'quiet hours have a beginning and an end; write both, like "{first}-06:00"'
        case [first, last]:
            return f'two times of day stand in one text, with a dash between them: "{first}-{last}"'
    return f'{written(value)} is not a pair of times; write it like "22:30-06:00"'


def positive_span(value: object) -> timedelta:
    """A length of time that is longer than nothing."""
    span = parse_span(value)
    if not span:
        raise ValueError('this must be longer than nothing; write it like "6 weeks"')
    return span


def _rhythm(value: object) -> timedelta | None:
    """How often: a length of time, or never."""
    return None if value in (None, NEVER) else positive_span(value)


def _history(value: object) -> timedelta | None:
    """How long exchanges are kept one by one: a length of time, or forever."""
    if value in (None, FOREVER):
        return None
    try:
        span = parse_span(value)
    except ValueError as refusal:
        kept = str(refusal).partition("; ")[0]
        raise ValueError(f'{kept}; write it like "5 years", or "{FOREVER}"') from None
    if span < timedelta(days=365):
        raise ValueError(
            "history is 1 year at least, since how often you speak with somebody cannot be told from less; "
            f'write "1 year" or longer, or "{FOREVER}"'
        )
    return span


def _own_rhythm(value: object) -> timedelta | None:
    """How often, for one person; "never" has a clearer word there."""
    if value == NEVER:
        raise ValueError("for one person write mute = true instead")
    return None if value is None else positive_span(value)


def _one_or_many(value: object) -> object:
    """A single text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


def _store_url(value: str) -> str:
    """A database URL that carries no password."""
    if not re.match(r"[a-z0-9]+(\+[a-z0-9_]+)?://", value):
        raise ValueError('this is not a database URL; write it like "sqlite:///syncd.db" or "postgresql:///syncd"')
    if re.search(r"^[^/]+://[^/@]*:[^/@]+@|[?&]password=", value):
        raise ValueError(
            "a password must not stand in this file; leave it out of the URL "
            "and put it in ~/.pgpass, where PostgreSQL looks for it"
        )
    return value


def span_text(span: timedelta) -> str:
    """The shortest way to write a span; `parse_span` reads it back unchanged."""
    for unit, length in _SPAN_UNITS:
        if span and not span % length:
            count = span // length
            return f"{count} {unit}{'s' if count > 1 and unit != 'min' else ''}"
    return f"{span.total_seconds():f}".rstrip("0").rstrip(".") + " s"


_SPAN_SCHEMA = WithJsonSchema({"type": "string", "pattern": SPAN_PATTERN})
_ONE_OR_MANY_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})

Zone = Annotated[str, AfterValidator(_zone)]
Address = Annotated[str, AfterValidator(_address)]
AddressPattern = Annotated[str, AfterValidator(_address_pattern)]
DomainPattern = Annotated[str, AfterValidator(_domain_pattern)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), WithJsonSchema({"type": "string", "pattern": f"^{_TIME}$"})]
Day = Annotated[date, BeforeValidator(_day)]
Birthday = Annotated[
    str, BeforeValidator(_birthday), WithJsonSchema({"type": "string", "pattern": r"^(\d{4}-)?\d\d-\d\d$"})
]
PauseDays = Annotated[
    Pause,
    BeforeValidator(_pause),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d(\.\.\d{4}-\d\d-\d\d)?$"}),
]
Quiet = Annotated[
    QuietHours | None,
    BeforeValidator(_quiet_hours),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_TIME}\s*[{_DASHES}]\s*{_TIME}\s*$"}),
]
LongerThanNothing = Annotated[timedelta, BeforeValidator(positive_span), _SPAN_SCHEMA]
Rhythm = Annotated[
    timedelta | None,
    BeforeValidator(_rhythm),
    WithJsonSchema({"anyOf": [{"const": NEVER}, {"type": "string", "pattern": SPAN_PATTERN}]}),
]
History = Annotated[
    timedelta | None,
    BeforeValidator(_history),
    WithJsonSchema({"anyOf": [{"const": FOREVER}, {"type": "string", "pattern": SPAN_PATTERN}]}),
]
OwnRhythm = Annotated[timedelta | None, BeforeValidator(_own_rhythm), _SPAN_SCHEMA]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_many), _ONE_OR_MANY_SCHEMA]
DomainPatterns = Annotated[tuple[DomainPattern, ...], BeforeValidator(_one_or_many), _ONE_OR_MANY_SCHEMA]
StoreUrl = Annotated[str, AfterValidator(_store_url)]

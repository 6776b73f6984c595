"""When an event repeats: the library works it out, one series at a time, after the rule was found to be affordable.

A rule can ask for more work than there are seconds in a day ("every minute since 1970"), and nothing can interrupt the
library once it has begun; so what a rule costs is reckoned first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import prod
from typing import TYPE_CHECKING, Final

import recurring_ical_events
from icalendar import Calendar, Event
from icalendar.prop import vDDDLists, vDDDTypes, vRecur

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Moment = datetime | date
"""An aware datetime, or the date of an all-day event."""

MOST_OCCURRENCES: Final = 20_000
"""A series with more occurrences than this between the horizon and the end of the window is no series of meetings."""

_MOST_STEPS: Final = 100_000
_BULK: Final = 0.1  # a week, a month or a year costs a tenth of what its days would cost one by one
_SECONDS: Final = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600}
_SET_SIZE: Final = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
_LONGEST: Final = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_STRAY: Final = re.compile(r"[\s\\]")
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY: Final = timedelta(days=1)
_KNOWN: Final = frozenset(
    ("FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY")
) | {"BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST"}
_OF_DAYS: Final = ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH")
_OF_TIMES: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")


class UnreadableRule(ValueError):
    """The rule cannot be followed; the text is the sentence that says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """What a repeating event says about when it takes place; periods are pairs of a start and an end."""

    start: Moment
    length: timedelta
    rules: tuple[str, ...] = ()
    dates: tuple[Moment | tuple[Moment, Moment], ...] = ()
    exceptions: tuple[Moment, ...] = ()

    def starts(self, since: datetime, until: datetime) -> Iterator[tuple[Moment, timedelta]]:
        """The start and the length of every occurrence that touches the window, exceptions left out.

        Raises UnreadableRule when the rule is broken, or asks for more than a calendar of meetings would.
        """
        event = Event()
        event["UID"] = "series"
        event["DTSTART"] = vDDDTypes(self.start)
        event["DTEND"] = vDDDTypes(self.start + self.length)
        event["RRULE"] = [_affordable(rule, self.start, until) for rule in self.rules]
        event["RDATE"] = [vDDDLists([moment]) for moment in self.dates]
        event["EXDATE"] = [vDDDLists([moment]) for moment in self.exceptions]
        calendar = Calendar()
        calendar.add_component(event)
        try:
            query = recurring_ical_events.of(calendar)
            found = [occurrence for series in query.series for occurrence in series.between(since, until)]
        except Exception as error:
            rules = " ".join(self.rules)[:200]
            raise UnreadableRule(f"Its rule {rules!r} cannot be followed ({type(error).__name__}: {error}).") from error
        if len(found) > MOST_OCCURRENCES:
            raise UnreadableRule(f"It takes place {len(found)} times; no meeting does.")
        for occurrence in found:
            yield occurrence.start, occurrence.end - occurrence.start


def _affordable(text: str, start: Moment, until: datetime) -> vRecur:
    """The rule, when following it up to `until` is a matter of moments."""
    try:
        rule: vRecur = vRecur.from_ical(_STRAY.sub("", text))
        frequency = str(rule["FREQ"][0]).upper()
        interval = int(rule.get("INTERVAL", [1])[0])
        ends = rule.get("UNTIL", [None])[0]
        span = max(timedelta(), (min(until, _instant(ends)) if ends else until) - _instant(start))
    except (ValueError, KeyError, TypeError, OverflowError, IndexError) as error:
        raise UnreadableRule(f"Its rule {text[:200]!r} cannot be read.") from error
    if interval < 1 or str(rule.get("RSCALE", ["GREGORIAN"])[0]).upper() != "GREGORIAN" or _never(rule, frequency):
        raise UnreadableRule(f"Its rule {text[:200]!r} cannot be followed.")
    if frequency in _SECONDS:
        if not ends and "COUNT" not in rule:
            raise UnreadableRule(f"It repeats {frequency.lower()} without an end; no meeting does.")
        steps = span.total_seconds() / (_SECONDS[frequency] * interval)
        if "COUNT" in rule and not any(name in rule for name in _OF_DAYS):
            steps = min(steps, int(rule["COUNT"][0]) * (_DAY.total_seconds() / _SECONDS[frequency]))
        steps *= _MOST_STEPS / MOST_OCCURRENCES  # each may be one
    else:
        steps = span / _DAY * _times_a_day(rule) * (1 / interval if frequency == "DAILY" else _BULK)
    if steps > _MOST_STEPS:
        raise UnreadableRule(f"Its rule {text[:200]!r} asks for too many steps to be followed.")
    return _completed(rule, start)


def _completed(rule: vRecur, start: Moment) -> vRecur:
    """The rule without what does not apply, and with what it leaves open taken from `start` (RFC 5545, 3.3.10).

    The library would otherwise read "yearly, on the 29th" as every month, and "yearly, in week 1" as every day of it.
    """
    for name in set(rule) - (_KNOWN if isinstance(start, datetime) else _KNOWN.difference(_OF_TIMES)):
        del rule[name]
    if str(rule["FREQ"][0]).upper() == "YEARLY" and sum(name in rule for name in _OF_DAYS) == 1:
        if "BYWEEKNO" in rule:
            rule["BYDAY"] = [_WEEKDAYS[start.weekday()]]
        elif "BYMONTHDAY" in rule:
            rule["BYMONTH"] = [start.month]
    return rule


def _never(rule: Mapping[str, Sequence[int]], frequency: str) -> bool:
    """Whether the rule may go on to the year 9999 without finding a single day."""
    if frequency in _SECONDS:
        return "BYSETPOS" in rule or sum(name in rule for name in _OF_DAYS) > 1
    days = [abs(int(day)) for day in rule.get("BYMONTHDAY", ())]
    months = [int(month) for month in rule.get("BYMONTH", ())]
    if days and months and not any(day <= _LONGEST[month % 13] for day in days for month in months):
        return True
    places = [abs(int(place)) for place in rule.get("BYSETPOS", ())]
    if places and min(places) > _SET_SIZE[frequency] * _times_a_day(rule):
        return True
    rare = any(name in rule for name in ("BYYEARDAY", "BYWEEKNO"))
    return frequency != "YEARLY" and rare and sum(name in rule for name in _OF_DAYS) > 1


def _times_a_day(rule: Mapping[str, Sequence[int]]) -> int:
    return prod(max(1, len(rule.get(name, ()))) for name in _OF_TIMES)


def _instant(moment: Moment) -> datetime:
    """A moment near enough for reckoning with."""
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)

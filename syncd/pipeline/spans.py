"""Lengths of time as a person says them: 13 weeks, 5 months, every 2 months.

A digest speaks of gaps and rhythms; the words for them are decided here, once, so that no two sentences disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

MONTH_DAYS = 30.4375
"""The mean month of the Gregorian calendar, in days: what "2 months" means in a configuration."""

_WORDED_IN_DAYS = 14
_WORDED_IN_WEEKS = 20 * 7
_WORDED_IN_MONTHS = 24
_RHYTHM_IN_DAYS = 10
_RHYTHM_IN_WEEKS = 12 * 7
_ROUNDING = 1e-6


class Unit(StrEnum):
    """What a length of time is counted in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as a person says it: 13 weeks, 5 months."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def elapsed(days: float) -> Span:
    """Time that has passed, rounded down: days below 14, weeks below 20, months below 24, then years."""
    if days < _WORDED_IN_DAYS:
        return Span(max(0, int(days)), Unit.DAY)
    if days < _WORDED_IN_WEEKS:
        return Span(int(days // 7), Unit.WEEK)
    months = int(days // MONTH_DAYS)
    return Span(months, Unit.MONTH) if months < _WORDED_IN_MONTHS else Span(months // 12, Unit.YEAR)


def usual(rhythm: timedelta) -> Span:
    """A learned gap, rounded to what it is worth: days below 10, weeks below 12, then months."""
    days = rhythm.total_seconds() / 86400
    if days < _RHYTHM_IN_DAYS:
        return Span(max(1, round(days)), Unit.DAY)
    if days < _RHYTHM_IN_WEEKS:
        return Span(round(days / 7), Unit.WEEK)
    return Span(round(days / MONTH_DAYS), Unit.MONTH)


def wanted(cadence: timedelta) -> Span:
    """A configured gap in the unit it was written in: 2 months, 6 weeks, 10 days; a learned one as `usual` words it."""
    days = cadence.total_seconds() / 86400
    for unit, length in ((Unit.YEAR, 12 * MONTH_DAYS), (Unit.MONTH, MONTH_DAYS), (Unit.WEEK, 7.0), (Unit.DAY, 1.0)):
        count = days / length
        if count >= 1 and abs(count - round(count)) < _ROUNDING:
            return Span(round(count), unit)
    return usual(cadence)

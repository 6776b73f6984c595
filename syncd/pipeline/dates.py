"""Dates that return every year: birthdays, years at a company, years since a job ended or a first exchange."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from syncd.model import Relationship
    from syncd.pipeline.policy import Job

WEEK_AHEAD = 7
"""How many days ahead, today not counted, a date is news."""


class Occasion(Enum):
    """What a date is about."""

    BIRTHDAY = "birthday"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Coming:
    """A date of somebody within the coming week; `years` since it began, 0 for a birthday."""

    occasion: Occasion
    day: date
    years: int = 0


def coming_dates(one: Relationship, today: date) -> Iterator[Coming]:
    """The birthday and the work anniversary that fall on today or within a week."""
    if (birthday := next_birthday(one.birthday, today)) and within(birthday, today):
        yield Coming(Occasion.BIRTHDAY, birthday)
    if one.company_since:
        day, years = next_anniversary(one.company_since, today)
        if years and within(day, today):
            yield Coming(Occasion.WORK, day, years)


@dataclass(frozen=True, slots=True)
class EndedJob:
    """A job that ended some years before a day of the coming week."""

    job: str
    left_on: date
    day: date
    years: int


def ended_jobs(jobs: Iterable[Job], today: date) -> Iterator[EndedJob]:
    """The jobs of the owner that ended on a day which returns today or within a week."""
    for job in jobs:
        if job.until is not None and job.until < today:
            day, years = next_anniversary(job.until, today)
            if years and within(day, today):
                yield EndedJob(job.name, job.until, day, years)


def next_anniversary(origin: date, today: date) -> tuple[date, int]:
    """The next day, today included, on which `origin` returns, and how many years it will be.

    29 February returns on the 28th in a year that has no such day.
    """
    this_year = _in_year(origin, today.year)
    day = this_year if this_year >= today else _in_year(origin, today.year + 1)
    return day, day.year - origin.year


def next_birthday(birthday: str, today: date) -> date | None:
    """The next day, today included, of a birthday written MM-DD or YYYY-MM-DD; None when it is neither."""
    try:
        origin = date.fromisoformat(birthday if len(birthday) > len("MM-DD") else f"2000-{birthday}")
    except ValueError:
        return None
    return next_anniversary(origin, today)[0]


def _in_year(origin: date, year: int) -> date:
    try:
        return origin.replace(year=year)
    except ValueError:
        return date(year, origin.month, origin.day - 1)


def within(day: date, today: date, days: int = WEEK_AHEAD) -> bool:
    """Whether `day` is today or at most `days` ahead."""
    return 0 <= (day - today).days <= days

"""Dates that return every year."""

from __future__ import annotations

from datetime import date

import pytest

from syncd.pipeline.dates import ended_jobs, next_anniversary, next_birthday, within
from syncd.pipeline.policy import Job
from tests.pipeline.diary import TODAY


@pytest.mark.parametrize(
    ("origin", "today", "following"),
    [
        (date(2021, 10, 9), date(2026, 10, 6), (date(2026, 10, 9), 5)),
        (date(2021, 10, 6), date(2026, 10, 6), (date(2026, 10, 6), 5)),
        (date(2021, 10, 5), date(2026, 10, 6), (date(2027, 10, 5), 6)),
        (date(2026, 10, 6), date(2026, 10, 6), (date(2026, 10, 6), 0)),
        (date(2020, 1, 2), date(2026, 12, 30), (date(2027, 1, 2), 7)),
        (date(2024, 2, 29), date(2026, 2, 20), (date(2026, 2, 28), 2)),
        (date(2024, 2, 29), date(2028, 2, 20), (date(2028, 2, 29), 4)),
        (date(2024, 2, 29), date(2028, 3, 1), (date(2029, 2, 28), 5)),
    ],
)
def test_an_anniversary_returns_every_year(origin: date, today: date, following: tuple[date, int]) -> None:
    assert next_anniversary(origin, today) == following


@pytest.mark.parametrize(
    ("birthday", "day"),
    [
        ("10-08", date(2026, 10, 8)),
        ("1980-10-08", date(2026, 10, 8)),
        ("10-05", date(2027, 10, 5)),
        ("02-29", date(2027, 2, 28)),
        ("", None),
        ("13-45", None),
        ("in spring", None),
    ],
)
def test_a_birthday_needs_no_year(birthday: str, day: date | None) -> None:
    assert next_birthday(birthday, TODAY) == day


def test_a_week_ahead_is_today_to_the_same_weekday() -> None:
    inside = [within(date(2026, 10, day), TODAY) for day in (5, 6, 13, 14)]
    assert inside == [False, True, True, False]


def test_jobs_that_ended_return_with_their_years() -> None:
    left = Job("Tokosawah", ("tokosawah.example",), until=date(2025, 10, 11))
    (ended,) = ended_jobs((left, Job("Now", ("now.example",))), TODAY)
    assert (ended.job, ended.left_on, ended.day, ended.years) == (
        "Tokosawah", date(2025, 10, 11), date(2026, 10, 11), 1,
    )  # fmt: skip
    assert not list(ended_jobs((left,), date(2025, 10, 11)))
    assert not list(ended_jobs((left,), date(2026, 10, 1)))

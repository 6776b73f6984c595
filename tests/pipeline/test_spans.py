"""Lengths of time as a person says them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.pipeline.spans import MONTH_DAYS, Span, Unit, elapsed, usual, wanted


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "0 days"), (1, "1 day"), (6, "6 days"), (11, "11 days"), (13.9, "13 days"), (14, "2 weeks"),
        (25, "3 weeks"), (49, "7 weeks"), (91, "13 weeks"), (119, "17 weeks"), (139, "19 weeks"),
        (154, "5 months"), (585, "19 months"), (800, "2 years"), (-3, "0 days"),
    ],
)  # fmt: skip
def test_time_that_passed_is_rounded_down(days: float, words: str) -> None:
    assert str(elapsed(days)) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [(0.2, "1 day"), (3, "3 days"), (10, "1 week"), (40, "6 weeks"), (44, "6 weeks"), (85, "3 months")],
)
def test_a_rhythm_is_rounded_to_what_it_is_worth(days: float, words: str) -> None:
    assert str(usual(timedelta(days=days))) == words


@pytest.mark.parametrize(
    ("cadence", "words"),
    [
        (timedelta(weeks=6), "6 weeks"), (timedelta(days=MONTH_DAYS), "1 month"),
        (timedelta(days=2 * MONTH_DAYS), "2 months"), (timedelta(days=365.25), "1 year"),
        (timedelta(days=10), "10 days"), (timedelta(days=45), "45 days"), (timedelta(days=33.4), "5 weeks"),
    ],
)  # fmt: skip
def test_a_cadence_is_said_in_the_unit_it_was_written_in(cadence: timedelta, words: str) -> None:
    assert str(wanted(cadence)) == words


@given(st.floats(0, 20_000))
def test_words_never_claim_more_time_than_passed(days: float) -> None:
    span = elapsed(days)
    length = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: MONTH_DAYS, Unit.YEAR: 12 * MONTH_DAYS}[span.unit]
    assert span.count * length <= days + 1e-6


def test_a_span_of_one_is_singular() -> None:
    assert str(Span(1, Unit.WEEK)) == "1 week"

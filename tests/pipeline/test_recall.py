"""Days of a folded year are as many, in as many weeks and months, as there were, and the ends are the true ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syncd.model import Tally
from syncd.pipeline.recall import likely_days, recalled
from syncd.pipeline.score import History

EPOCH = date(1970, 1, 1).toordinal()
NEW_YEAR = date(2023, 1, 1).toordinal() - EPOCH


def instant(day: int) -> datetime:
    return datetime(1970, 1, 1, 9, tzinfo=UTC) + timedelta(days=day)


def month_of(day: int) -> int:
    return date.fromordinal(EPOCH + day).month


def tally_of(days: set[int], address: str = "anna@arup.example") -> Tally:
    """A letter on each of these days."""
    months = sum(1 << month - 1 for month in {month_of(day) for day in days})
    return Tally(
        address=address,
        year=2023,
        sent=len(days),
        received=0,
        met=0,
        first=instant(min(days)),
        last=instant(max(days)),
        months=months,
        days=len(days),
        weeks=len({day // 7 for day in days}),
        weight=float(len(days)),
    )


DAYS = st.sets(st.integers(NEW_YEAR, NEW_YEAR + 364), min_size=1, max_size=80)


@given(DAYS)
def test_days_lie_between_the_true_ends_in_months_that_had_some(days: set[int]) -> None:
    likely = likely_days(tally_of(days))

    assert (likely[0], likely[-1]) == (min(days), max(days))
    assert len(likely) == len(set(likely)) <= len(days)
    assert {month_of(day) for day in likely} <= {month_of(day) for day in days}


@given(DAYS)
def test_no_day_and_no_week_is_made_up(days: set[int]) -> None:
    likely = likely_days(tally_of(days))

    assert len(likely) >= min(len(days), 2)
    assert len({day // 7 for day in likely}) <= len({day // 7 for day in days}) + 1


@given(st.sets(st.integers(0, 11), min_size=2), st.integers(1, 4))
def test_days_that_lay_evenly_are_all_there(months: set[int], each: int) -> None:
    days = {date(2023, month + 1, 1 + 7 * place).toordinal() - EPOCH for month in months for place in range(each)}

    assert len(likely_days(tally_of(days))) == len(days)


@given(DAYS, DAYS)
def test_a_history_recalls_counts_months_and_ends(first: set[int], second: set[int]) -> None:
    history = recalled(History(), [tally_of(first), tally_of(second, "anna@home.example")])

    assert history.sent == history.exchanges == sum(history.months.values()) == len(first) + len(second)
    assert {month % 12 + 1 for month in history.months} == {month_of(day) for day in first | second}
    assert history.first == instant(min(first | second)).timestamp()
    assert history.last == history.quiet_since == instant(max(first | second)).timestamp()
    assert list(history.days) == sorted(history.days)


def test_without_tallies_a_history_is_itself() -> None:
    empty = Tally("anna@arup.example", 2023, 0, 0, 0, instant(NEW_YEAR), instant(NEW_YEAR))
    history = History(sent=1, first=5.0, last=5.0)

    assert recalled(history, ()) is history
    assert recalled(history, (empty,)) is history

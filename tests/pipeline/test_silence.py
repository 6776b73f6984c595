"""The chance of a silence: what it grows with, and what it may never do."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from syncd.pipeline.silence import DAY, Owner, away, chance_of_silence
from tests.pipeline.strategies import law

TODAY = 20_000

_ages = st.sets(st.integers(0, 4000), min_size=1, max_size=40)
_whiles = st.floats(0, 3000, allow_nan=False)


def chance(*ages: int, owner: Owner | None = None, after: float = 0.0, horizon: int = 60) -> float:
    days = sorted(TODAY - age for age in ages)
    return chance_of_silence(days, (TODAY + after) * DAY, owner or Owner(), timedelta(days=horizon))


def test_who_never_wrote_stays_quiet() -> None:
    assert chance_of_silence((), TODAY * DAY, Owner()) == 1.0


@given(_ages, _whiles, _whiles, st.lists(st.integers(0, 4000)), st.floats(-3, 3), st.integers(1, 120))
@law
def test_while_nobody_exchanges_anything_no_chance_of_a_silence_falls(
    ages: set[int], sooner: float, more: float, active: list[int], lean: float, horizon: int
) -> None:
    owner = Owner(sorted({TODAY - age for age in active}), lean)
    later = chance(*ages, owner=owner, after=sooner + more, horizon=horizon)
    assert 0.0 < chance(*ages, owner=owner, after=sooner, horizon=horizon) <= later < 1.0


@given(_ages, st.integers(0, 4000), st.integers(14, 120))
@law
def test_an_exchange_of_today_makes_a_silence_less_likely(ages: set[int], youngest: int, horizon: int) -> None:
    assume(0 not in ages and youngest)
    assert chance(*ages, 0, horizon=horizon) < chance(*ages, horizon=horizon)


@given(_ages, st.integers(1, 119))
@law
def test_a_shorter_silence_is_likelier_than_a_longer_one(ages: set[int], horizon: int) -> None:
    assert chance(*ages, horizon=horizon) > chance(*ages, horizon=horizon + 1)


def test_contact_spread_over_weeks_lasts_longer_than_as_many_days_of_one() -> None:
    assert chance(20, 34, 48, 62, 76) < chance(72, 73, 74, 75, 76)


def test_a_silence_says_more_of_a_lively_tie_than_of_a_slow_one() -> None:
    lively, slow = range(0, 400, 4), range(0, 400, 40)
    grown = [chance(*(age + 150 for age in pace)) / chance(*pace) for pace in (lively, slow)]
    assert grown[0] > grown[1]


def test_an_owner_who_is_away_from_everybody_hears_from_fewer() -> None:
    there, gone = Owner((TODAY - 1,)), Owner((TODAY - 40,))
    assert chance(40, 60, 80, owner=there) < chance(40, 60, 80, owner=gone)


def test_an_owner_is_away_since_the_last_day_before_and_not_at_all_when_nothing_is_known() -> None:
    assert away((3, 10, 20), 15.5) == 5.5
    assert away((3, 10, 20), 10.25) == 0.25
    assert away((20,), 15.0) == away((), 15.0) == 0.0


def test_ten_years_of_daily_mail_and_ten_of_silence_can_be_reckoned() -> None:
    assert chance(*range(3650), after=3650) > 0.5
    assert chance(*range(3650)) < 0.1

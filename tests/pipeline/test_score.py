"""Strength, rhythm, the chance of a return, and the state of a tie."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.model import Role, Tie, TieState, Touch, VerdictKind
from syncd.pipeline.score import (
    FOLLOWED_FOR,
    HARDLY_BACK,
    History,
    Pace,
    history_of,
    measure,
    rhythm_of,
    strength_of,
)
from syncd.pipeline.silence import Owner, chance_of_silence
from tests.pipeline.diary import NOW, at, both_wrote, days_ago, heard, met, wrote

if TYPE_CHECKING:
    from collections.abc import Sequence

HALF_A_YEAR = timedelta(days=180)
MONTHLY = Pace(timedelta(days=30), placed=True)


def strength(*touches: Touch) -> float:
    return strength_of(history_of(touches), NOW.timestamp())


def tie(*touches: Touch, pace: Pace = MONTHLY) -> Tie:
    return measure("p:1", history_of(touches), pace, NOW, Owner())


def exchange(*days: float) -> list[Touch]:
    """A letter of mine and an answer on the same day, so many days ago."""
    return [
        touch
        for day in sorted(days, reverse=True)
        for touch in (wrote(days_ago(day)), heard(days_ago(day) + timedelta(hours=1)))
    ]


# --------------------------------------------------------------------------- history


def test_a_history_counts_both_sides_and_meetings() -> None:
    history = history_of([wrote("2026-01-01"), heard("2026-01-02"), heard("2026-03-01"), met("2026-03-05")])
    assert (history.sent, history.received, history.met, history.exchanges) == (1, 2, 1, 4)


def test_letters_two_days_apart_are_one_conversation() -> None:
    history = history_of([heard("2026-01-01"), heard("2026-01-03"), heard("2026-01-05"), heard("2026-02-01")])
    assert history.conversations == 2
    assert history.gaps == (27 * 86400,)


def test_months_are_counted_once_each_with_their_exchanges() -> None:
    history = history_of([heard("2025-12-31"), heard("2026-01-01"), heard("2026-01-20")])
    assert history.months == {2025 * 12 + 11: 1, 2026 * 12: 2}


def test_a_streak_counts_the_days_i_wrote_since_their_last_sign_of_life() -> None:
    unanswered = [wrote("2026-05-22"), wrote("2026-06-01"), wrote(at("2026-06-01", 18)), wrote("2026-07-01")]
    assert history_of([heard("2026-05-01"), *unanswered]).unanswered == 3
    assert history_of([heard("2026-05-01"), *unanswered, heard("2026-07-02")]).unanswered == 0
    assert history_of([heard("2026-05-01"), *unanswered, met("2026-07-02")]).unanswered == 0


def test_my_answer_to_them_is_not_left_unanswered() -> None:
    assert history_of([heard("2026-05-01"), wrote("2026-05-02")]).unanswered == 0
    assert history_of([heard("2026-05-01"), wrote("2026-05-02"), wrote("2026-05-04")]).unanswered == 1
    assert history_of([heard("2026-05-01"), wrote("2026-05-12")]).unanswered == 1


def test_a_copy_asks_for_no_answer() -> None:
    assert history_of([heard("2026-05-01"), wrote("2026-05-02", role=Role.CC)]).unanswered == 0


def test_one_unanswered_letter_resets_the_clock_a_second_one_does_not() -> None:
    answered = [heard("2026-05-01"), wrote("2026-05-02")]
    once = history_of([*answered, wrote("2026-06-01")])
    twice = history_of([*answered, wrote("2026-06-01"), wrote("2026-07-01")])
    assert once.quiet_since == at("2026-06-01", 9).timestamp()
    assert twice.quiet_since == at("2026-05-02", 9).timestamp()
    assert twice.last == at("2026-07-01", 9).timestamp()


# --------------------------------------------------------------------------- strength


def test_nothing_has_no_strength() -> None:
    assert strength() == 0.0


def test_recent_contact_is_stronger_than_old_contact() -> None:
    assert strength(*exchange(10)) > strength(*exchange(100)) > strength(*exchange(1000)) > 0.0


def test_more_days_of_contact_are_stronger() -> None:
    assert strength(*exchange(10, 40, 70)) > strength(*exchange(10, 40)) > strength(*exchange(10))


def test_ten_letters_of_one_day_are_one_day_of_contact() -> None:
    burst = [touch for minute in range(5) for touch in (wrote(days_ago(9 - minute / 1440)), heard(days_ago(9)))]
    assert strength(*sorted(burst, key=lambda touch: touch.at)) == pytest.approx(strength(*exchange(9)), rel=0.02)


def test_a_meeting_weighs_more_than_a_letter() -> None:
    assert strength(*exchange(100), met(days_ago(30))) > strength(*exchange(100), *exchange(30))


def test_a_copy_and_a_mail_through_a_list_weigh_less_than_a_letter() -> None:
    letter = strength(*exchange(50), wrote(days_ago(10)))
    assert strength(*exchange(50), wrote(days_ago(10), role=Role.CC)) < letter
    through_list = heard(days_ago(10), verdict=VerdictKind.LIST)
    assert strength(*exchange(50), through_list) < strength(*exchange(50), heard(days_ago(10)))


def test_give_and_take_is_stronger_than_one_side_writing() -> None:
    both = [wrote(days_ago(40)), heard(days_ago(30)), wrote(days_ago(20)), heard(days_ago(10))]
    mostly_me = [wrote(days_ago(40)), wrote(days_ago(30)), wrote(days_ago(20)), heard(days_ago(10))]
    only_me = [wrote(days_ago(40)), wrote(days_ago(30)), wrote(days_ago(20)), wrote(days_ago(10))]
    assert strength(*both) > strength(*mostly_me) > 2 * strength(*only_me)


def test_a_conversation_a_week_for_a_year_is_strong_and_one_a_year_ago_is_not() -> None:
    assert strength(*exchange(*range(1, 365, 7))) > 0.75
    assert strength(*exchange(365)) < 0.05


# --------------------------------------------------------------------------- the chance of a return


def chance(*touches: Touch) -> float:
    return 1.0 - chance_of_silence(history_of(touches).days, NOW.timestamp(), Owner())


def test_without_any_exchange_there_is_no_chance_of_a_return() -> None:
    assert chance() == 0.0


def test_the_longer_the_silence_the_smaller_the_chance() -> None:
    chances = [chance(*exchange(400, 300, 200 + days, days)) for days in (1, 10, 100)]
    assert chances == sorted(chances, reverse=True)


def test_a_long_lively_tie_survives_a_silence_that_ends_a_young_one() -> None:
    assert chance(*exchange(*range(90, 800, 14))) > 0.5
    assert chance(*exchange(90)) < 0.1


def test_a_chance_is_never_certain() -> None:
    assert 0.0 < chance(*exchange(*range(0, 1000, 3))) < 1.0


# --------------------------------------------------------------------------- rhythm


def test_four_silences_teach_a_rhythm_and_three_do_not() -> None:
    assert rhythm_of(history_of(both_wrote("2026-01-01", "2026-02-12", 14))) is None
    assert rhythm_of(history_of(both_wrote("2026-01-01", "2026-02-26", 14))) == pytest.approx(
        timedelta(days=14), abs=timedelta(hours=1)
    )


def test_one_long_silence_does_not_spoil_the_rhythm() -> None:
    touches = both_wrote("2024-01-01", "2024-06-01", 21) + both_wrote("2026-01-01", "2026-06-01", 21)
    assert rhythm_of(history_of(touches)) == pytest.approx(timedelta(days=21), abs=timedelta(hours=1))


def test_a_burst_of_letters_is_one_conversation_to_the_rhythm() -> None:
    days = ("2026-01-01", "2026-02-12", "2026-03-26", "2026-05-07", "2026-06-18")
    bursts = [heard(at(day, hour)) for day in days for hour in range(8, 20)]
    assert rhythm_of(history_of(bursts)) == pytest.approx(timedelta(weeks=6), abs=timedelta(days=1))


def test_between_two_middle_silences_the_rhythm_is_their_geometric_mean() -> None:
    gaps = tuple(days * 86400.0 for days in (5, 10, 40, 90))
    assert rhythm_of(History(gaps=gaps)) == timedelta(days=20)


# --------------------------------------------------------------------------- states


@pytest.mark.parametrize(
    ("days", "state"),
    [(1, TieState.WARM), (22, TieState.WARM), (24, TieState.COOLING), (31, TieState.COLD), (170, TieState.COLD)],
)
def test_a_tie_cools_towards_its_cadence_and_is_cold_beyond_it(days: int, state: TieState) -> None:
    assert tie(*exchange(days + 300, days + 150, days)).state is state


def test_a_tie_is_lost_when_it_is_far_beyond_its_cadence_and_unlikely_to_revive() -> None:
    assert tie(*exchange(400, 190)).state is TieState.LOST


def test_a_lively_tie_is_not_lost_after_half_a_year_but_after_a_year() -> None:
    assert tie(*exchange(*range(190, 1000, 5))).state is TieState.COLD
    assert tie(*exchange(*range(370, 1200, 5))).state is TieState.LOST


def test_letters_into_silence_keep_a_tie_from_being_lost_but_not_from_being_cold() -> None:
    mine = [wrote(days_ago(day)) for day in (500, 400, 300, 100, 20)]
    assert tie(*exchange(800, 700, 600), *mine).state is TieState.COLD


FOLLOW = Pace(HALF_A_YEAR, follow=True, placed=True)
WEEKLY = tuple(range(0, 700, 7))


def ended(days_ago: int, every: Sequence[int], pace: Pace = FOLLOW) -> TieState:
    return tie(*exchange(*(day + days_ago for day in every)), pace=pace).state


def test_where_the_own_past_counts_a_tie_that_will_hardly_revive_is_cold_after_a_month() -> None:
    for days, state in ((29, TieState.WARM), (40, TieState.COLD)):
        assert tie(*exchange(days), pace=FOLLOW).state is state
    assert tie(*exchange(40), pace=FOLLOW).p_alive <= HARDLY_BACK


def test_where_the_own_past_counts_a_lively_tie_is_left_alone_for_45_days() -> None:
    assert [ended(days, WEEKLY) for days in (33, 44, 46)] == [TieState.WARM, TieState.COOLING, TieState.COLD]
    assert tie(*exchange(*WEEKLY), pace=FOLLOW).cadence == FOLLOWED_FOR


def test_a_shorter_cadence_outranks_the_own_past() -> None:
    sooner = Pace(timedelta(days=20), follow=True, placed=True)
    assert [ended(days, WEEKLY, sooner) for days in (19, 21)] == [TieState.COOLING, TieState.COLD]


def test_a_tie_that_is_judged_by_its_past_is_lost_after_three_of_its_cadences() -> None:
    assert [ended(days, (0, 100, 200)) for days in (540, 560)] == [TieState.COLD, TieState.LOST]


def test_a_circle_without_a_cadence_is_never_cold() -> None:
    for days in (1, 100, 1000):
        assert tie(*exchange(days), pace=Pace(placed=True)).state in (TieState.WARM, TieState.COOLING)


def test_of_somebody_in_no_circle_the_chance_of_a_return_tells_how_it_stands() -> None:
    assert tie(*exchange(*range(1, 200, 10)), pace=Pace()).state is TieState.WARM
    assert tie(*exchange(500), pace=Pace()).state is TieState.LOST


def test_without_any_exchange_a_tie_has_no_last_contact() -> None:
    never = tie()
    assert (never.last, never.strength, never.p_alive, never.state) == (None, 0.0, 0.0, TieState.COLD)


def test_the_reason_is_a_sentence_with_the_numbers() -> None:
    assert tie(heard("2026-05-01"), wrote("2026-06-30"), wrote("2026-07-07")).reason == (
        "3 exchanges (2 sent, 1 received, 0 met) in 3 months since May; 2 of yours unanswered, the last 12 weeks ago; "
        "quiet for 5 months; none of the 2 silences before lasted as long; held against 30 days; "
        "15% chance of another within 60 days."
    )

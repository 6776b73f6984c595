"""Circles: the owner's word, then the rules in their order, and always the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest

from syncd.model import DecisionKind
from syncd.pipeline.careers import SharedJob
from syncd.pipeline.circles import Candidate, Placement, Words, assign, settings_of, words_of
from syncd.pipeline.policy import PersonPolicy, Policy, Rule, When
from syncd.pipeline.score import History, history_of
from tests.pipeline.diary import both_wrote, days_ago, said

ANNA = "anna@rossi.example"
COLLEAGUE = SharedJob("Northwind", "anna@northwind.example is at Northwind")
FORMER = SharedJob("Northwind", "you left Northwind on 2025-01-01", date(2025, 1, 1))
LIVELY = history_of(both_wrote("2026-01-01", "2026-09-30", 10))


def placed(
    *rules: Rule,
    history: History = LIVELY,
    job: SharedJob | None = None,
    words: Words | None = None,
    settings: PersonPolicy | None = None,
) -> Placement:
    policy = Policy(rules=rules) if rules else Policy()
    return assign(Candidate((ANNA,), history, job), words or Words(), settings, policy)


# --------------------------------------------------------------------------- rules


def test_the_first_rule_that_matches_decides_and_is_named_with_its_line() -> None:
    rules = (
        Rule("nobody", When(domain=("elsewhere.example",)), "mentors", "my.toml:3"),
        Rule("clients", When(domain=("rossi.example",)), "clients", "my.toml:7"),
        Rule("everybody", When(), "vendors", "my.toml:11"),
    )
    placement = placed(*rules)
    assert placement.circle == "clients"
    assert placement.because == 'Rule "clients" (my.toml:7): anna@rossi.example.'


def test_all_conditions_of_a_rule_must_hold() -> None:
    rule = Rule("clients", When(domain=("rossi.example",), min_exchanges=100), "clients", "my.toml:7")
    placement = placed(rule)
    assert placement.circle == ""
    assert placement.because == 'No rule matches: "clients" wants 100 exchanges (72 more).'


def test_whom_no_rule_matches_is_told_what_each_rule_misses() -> None:
    because = placed(history=History()).because
    assert '"mentors" wants the tag mentor' in because
    assert '"current colleagues" wants an address at any of your jobs' in because
    assert "6 exchanges (6 more) and 1 mails from them (1 more) and 2 months with an exchange (2 more)" in because


def test_the_default_rules_follow_whom_i_really_talk_to() -> None:
    placement = placed()
    assert placement.circle == "friends-of-the-trade"
    assert placement.pace.follow


def test_a_tag_puts_somebody_in_the_circle_of_its_rule() -> None:
    placement = placed(words=Words(tags=("mentor",)))
    assert (placement.circle, placement.because) == ("mentors", 'Rule "mentors" (built in): tag mentor.')


def test_a_colleague_is_in_a_circle_without_a_cadence() -> None:
    placement = placed(job=COLLEAGUE)
    assert placement.circle == "colleagues"
    assert placement.pace.cadence is None
    assert placement.pace.placed


def test_a_former_colleague_has_the_clock_of_the_first_note() -> None:
    placement = placed(job=FORMER)
    assert placement.circle == "former-colleagues"
    assert placement.first == timedelta(weeks=4)
    assert "you left Northwind on 2025-01-01" in placement.because


@pytest.mark.parametrize(
    ("when", "circle"),
    [
        (When(job=("Northwind",)), "clients"),
        (When(job=("Tokosawah",)), ""),
        (When(former=True), "clients"),
        (When(former=False), ""),
        (When(job=("Tokosawah", "Northwind"), former=True), "clients"),
    ],
)
def test_a_rule_can_name_the_job_and_whether_it_is_over(when: When, circle: str) -> None:
    assert placed(Rule("rule", when, "clients"), job=FORMER).circle == circle


def test_who_shares_no_job_is_neither_colleague_nor_former() -> None:
    for former in (True, False):
        assert placed(Rule("rule", When(former=former), "clients")).circle == ""


@pytest.mark.parametrize(
    ("when", "enough"),
    [
        (When(min_exchanges=28), True),
        (When(min_exchanges=29), False),
        (When(min_replies_from_them=14), True),
        (When(min_replies_from_them=15), False),
        (When(min_months=9), True),
        (When(min_months=10), False),
    ],
)
def test_minimums_are_counts_of_what_counts(when: When, *, enough: bool) -> None:
    assert bool(placed(Rule("rule", when, "clients")).circle) is enough


# --------------------------------------------------------------------------- the owner's word


def test_my_word_outranks_people_and_people_outrank_rules() -> None:
    settings = PersonPolicy(ANNA, circle="vendors", place="my.toml:40")
    by_people = placed(settings=settings)
    assert (by_people.circle, by_people.because) == ("vendors", "[people] says so (my.toml:40).")
    by_word = placed(settings=settings, words=Words(circle="mentors"))
    assert (by_word.circle, by_word.because) == ("mentors", "You put them there.")


def test_a_circle_that_is_gone_gives_way_and_is_named() -> None:
    placement = placed(words=Words(circle="poets"))
    assert placement.circle == "friends-of-the-trade"
    assert placement.because.startswith('There is no circle "poets". Rule "anyone')


def test_a_cadence_of_ones_own_outranks_the_circles_and_needs_no_circle() -> None:
    settings = PersonPolicy(ANNA, cadence=timedelta(days=120), place="my.toml:40")
    with_circle = placed(settings=settings)
    assert with_circle.circle == "friends-of-the-trade"
    assert (with_circle.pace.cadence, with_circle.pace.follow) == (timedelta(days=120), False)
    assert "my.toml:40" in with_circle.because
    without = placed(settings=settings, history=History())
    assert (without.circle, without.pace.cadence) == ("", timedelta(days=120))


def test_mute_is_overruled_by_a_later_unmute_and_the_other_way_round() -> None:
    settings = PersonPolicy(ANNA, mute=True)
    assert placed(settings=settings).muted
    assert not placed(settings=settings, words=Words(muted=False)).muted
    assert placed(words=Words(muted=True)).because.startswith("You let them go.")


def test_who_is_ignored_is_so_whatever_else_was_said() -> None:
    placement = placed(words=Words(ignored=True, circle="mentors"))
    assert placement.ignored
    assert placement.because == "You said to ignore them."


# --------------------------------------------------------------------------- words and settings


def test_the_last_word_of_each_kind_stands_in_whatever_order_they_are_read() -> None:
    spoken = [
        said(DecisionKind.MUTE, when=days_ago(9)),
        said(DecisionKind.UNMUTE, when=days_ago(8)),
        said(DecisionKind.CIRCLE, "vendors", days_ago(7)),
        said(DecisionKind.CIRCLE, "mentors", days_ago(6)),
    ]
    for order in permutations(spoken):
        words = words_of(order)
        assert (words.muted, words.circle) == (False, "mentors")


def test_tags_add_up_and_talks_are_days() -> None:
    words = words_of(
        [
            said(DecisionKind.TAG, "mentor", days_ago(3)),
            said(DecisionKind.TAG, "jazz", days_ago(2)),
            said(DecisionKind.TALKED, "2026-10-01"),
            said(DecisionKind.TALKED, "2026-09-01"),
            said(DecisionKind.SNOOZE, "2026-11-01"),
        ]
    )
    assert words.tags == ("mentor", "jazz")
    assert words.talked == (date(2026, 9, 1), date(2026, 10, 1))
    assert words.snoozed_until == date(2026, 11, 1)


def test_a_word_that_holds_no_date_is_passed_over() -> None:
    assert words_of([said(DecisionKind.TALKED, "yesterday"), said(DecisionKind.SNOOZE, "soon")]) == Words()


def test_any_address_of_theirs_will_do_as_the_key_of_people() -> None:
    marta = PersonPolicy("Marta@Bianchi.example", also=("m@work.example",))
    other = PersonPolicy("x@x.example")
    assert settings_of(("marta@bianchi.example",), (other, marta)) is marta
    assert settings_of(("m@work.example",), (other, marta)) is marta
    assert settings_of((ANNA,), (other, marta)) is None


def test_a_rule_for_a_circle_that_is_not_there_puts_nobody_anywhere() -> None:
    rule = replace(Policy().rules[0], when=When(), circle="poets")
    assert placed(rule).circle == ""

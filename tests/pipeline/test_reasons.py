"""What is said about one person, and only what headers and configuration can support."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.model import DecisionKind, SectionKind, VerdictKind
from syncd.pipeline.edition import first_name
from syncd.pipeline.phrases import persons
from syncd.pipeline.policy import Circle, Job, PersonPolicy, Policy, Rule, When
from syncd.pipeline.spans import Span, Unit
from tests.pipeline.diary import (
    CLIENTS_ONLY,
    ME,
    NOW,
    POLICY,
    both_wrote,
    days_ago,
    heard,
    how_it_stands,
    met,
    said,
    wrote,
)
from tests.pipeline.morning import cold, digest, letters

if TYPE_CHECKING:
    from syncd.model import Entry, Relationship, Touch

WORK, NEW = "tom@northwind.example", "tom@helio.example"


def shown(one: Relationship, policy: Policy = CLIENTS_ONLY, *others: Relationship) -> Entry:
    written = digest(one, *others, policy=policy)
    return next(entry for entry in written.section(SectionKind.QUIET) if entry.person == one.person.id)


def about(*touches: Touch, policy: Policy = CLIENTS_ONLY) -> Entry:
    return shown(how_it_stands(touches, policy=policy), policy)


# --------------------------------------------------------------------------- names and roles


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Marta Bianchi", "Marta"),
        ("Dr. Marta Bianchi", "Marta"),
        ("J. R. Smith", "J. R. Smith"),
        ("marta@arup.example", "marta@arup.example"),
        ("Prince", "Prince"),
        ("", ""),
    ],
)
def test_somebody_is_called_by_the_first_word_of_the_name_that_is_one(name: str, first: str) -> None:
    assert first_name(name) == first


def test_the_second_line_is_the_circle_and_the_company() -> None:
    assert shown(cold()).role == persons.role_alone("clients")
    policy = replace(CLIENTS_ONLY, people=(PersonPolicy("anna@rossi.example", company="Arup"),))
    assert shown(cold(policy=policy), policy).role == persons.role_at("clients", "Arup")


def test_a_letter_goes_to_the_address_they_wrote_from_last() -> None:
    old, new = "anna@old.example", "anna@new.example"
    touches = [heard("2026-01-01", address=new), heard("2026-07-01", address=old), wrote("2026-07-02", address=new)]
    assert shown(how_it_stands(touches, policy=CLIENTS_ONLY, addresses=(new, old))).address == old


# --------------------------------------------------------------------------- why now


def test_the_gap_is_held_against_the_circle() -> None:
    assert about(*letters(49, 300)).why[0] == persons.quiet_circle(Span(7, Unit.WEEK), "clients", Span(1, Unit.MONTH))


def test_the_gap_is_held_against_the_rhythm_when_that_is_about_the_cadence() -> None:
    mentors = replace(POLICY, rules=(Rule("all", When(), "mentors"),))
    entry = about(*letters(91, 133, 175, 217, 259, 301), policy=mentors)
    assert entry.why[0] == persons.quiet_rhythm(Span(13, Unit.WEEK), Span(6, Unit.WEEK))


def test_the_gap_is_held_against_the_rhythm_where_the_circle_follows_it() -> None:
    friends = replace(POLICY, rules=(Rule("all", When(), "friends-of-the-trade"),))
    entry = about(*letters(91, 133, 175, 217, 259, 301), policy=friends)
    assert entry.why[0] == persons.quiet_rhythm(Span(13, Unit.WEEK), Span(6, Unit.WEEK))


def test_the_gap_is_held_against_what_the_owner_wants_of_this_person() -> None:
    policy = replace(POLICY, people=(PersonPolicy("anna@rossi.example", cadence=timedelta(weeks=8)),))
    assert about(*letters(70), policy=policy).why[0] == persons.quiet_person(Span(10, Unit.WEEK), Span(8, Unit.WEEK))


def test_how_it_ended_names_who_wrote_last_and_the_subject() -> None:
    mine, theirs = wrote("2026-07-07", "Samples"), heard("2026-07-07", "Re: Lisbon talk")
    earlier = letters(200)
    assert about(*earlier, mine).why[1] == persons.you_wrote_last(date(2026, 7, 7), "Samples")
    assert about(*earlier, theirs).why[1] == persons.they_wrote_last("Anna", date(2026, 7, 7), "Re: Lisbon talk")
    assert about(*earlier, met("2026-06-09", "Lunch")).why[1] == persons.met_last(date(2026, 6, 9), "Lunch")
    talked = how_it_stands(earlier, said(DecisionKind.TALKED, "2026-06-09"), policy=CLIENTS_ONLY)
    assert shown(talked).why[1] == persons.talked_last(date(2026, 6, 9))


def test_two_letters_without_an_answer_are_told_and_the_gap_runs_from_their_last_sign_of_life() -> None:
    entry = about(*letters(300), heard(days_ago(49)), wrote(days_ago(41)), wrote(days_ago(26)))
    assert entry.why == (
        persons.quiet_circle(Span(7, Unit.WEEK), "clients", Span(1, Unit.MONTH)),
        persons.unanswered(2),
    )


# --------------------------------------------------------------------------- goodbye


def left(policy: Policy = POLICY, *more: Touch) -> Relationship:
    touches = [*both_wrote("2026-01-01", "2026-09-05", 9, WORK), heard("2026-09-11", address=WORK), *more]
    return how_it_stands(touches, policy=policy, name="Tom Okafor", addresses=(WORK, NEW))


def test_who_left_the_job_is_written_to_within_the_first_month() -> None:
    entry = shown(left(POLICY, heard("2026-10-02", address=NEW)), POLICY)
    assert entry.why == (persons.they_left("Tom", "Northwind", date(2026, 9, 11)), persons.first_month())
    assert entry.reason_to_write == persons.reason_new_address("helio.example", date(2026, 10, 2))
    assert entry.role == persons.role_at("former-colleagues", "Northwind")
    assert entry.address == NEW


def test_a_goodbye_mail_is_told_as_one() -> None:
    goodbye = heard("2026-09-12", "My last day", verdict=VerdictKind.WIDE, address=WORK)
    assert shown(left(POLICY, goodbye), POLICY).why[0] == persons.said_goodbye("Tom", date(2026, 9, 12))


def test_a_job_that_the_owner_left_starts_the_same_clock() -> None:
    policy = replace(POLICY, me=replace(ME, jobs=(Job("Northwind", ("northwind.example",), until=date(2026, 9, 16)),)))
    assert shown(left(policy), policy).why == (
        persons.you_left("Tom", "Northwind", date(2026, 9, 16)),
        persons.first_month(),
    )


def test_the_first_note_is_not_asked_for_before_half_its_time_nor_once_it_is_written() -> None:
    policy = replace(POLICY, me=replace(ME, jobs=(Job("Northwind", ("northwind.example",), until=date(2026, 9, 25)),)))
    assert not digest(left(policy), policy=policy).section(SectionKind.QUIET)
    earlier = replace(POLICY, me=replace(ME, jobs=(Job("Northwind", ("northwind.example",), until=date(2026, 9, 16)),)))
    assert digest(left(earlier), policy=earlier).section(SectionKind.QUIET)
    assert not digest(left(earlier, wrote("2026-09-20")), policy=earlier).section(SectionKind.QUIET)


def test_a_farewell_comes_before_any_other_silence() -> None:
    tom = left(POLICY, heard("2026-10-02", address=NEW))
    marta = how_it_stands(letters(*range(90, 800, 40)), policy=POLICY, name="Marta Bianchi")
    written = digest(marta, tom, policy=POLICY)
    assert [entry.name for entry in written.section(SectionKind.QUIET)] == ["Tom Okafor", "Marta Bianchi"]


# --------------------------------------------------------------------------- a reason to write


def test_without_a_real_reason_there_is_none() -> None:
    assert about(*letters(50, 300)).reason_to_write is None


def test_a_call_is_suggested_after_two_letters_or_one_where_a_meeting_is_preferred() -> None:
    plain = replace(CLIENTS_ONLY, circles=(Circle("clients", timedelta(days=30)),))
    one_letter = [*letters(300), heard(days_ago(49)), wrote(days_ago(40))]
    assert about(*one_letter).reason_to_write == persons.reason_call(2)
    assert about(*one_letter, policy=plain).reason_to_write is None
    assert about(*one_letter, wrote(days_ago(30)), policy=plain).reason_to_write == persons.reason_call(3)


def test_after_many_letters_into_silence_no_call_is_suggested() -> None:
    many = [wrote(days_ago(day)) for day in (280, 250, 200, 150, 100, 50)]
    assert about(*letters(300), *many).reason_to_write is None


@pytest.mark.parametrize(
    ("settings", "phrase"),
    [
        (PersonPolicy("", birthday="10-09"), persons.reason_birthday("Anna", date(2026, 10, 9))),
        (
            PersonPolicy("", company="Arup", company_since=date(2021, 10, 9)),
            persons.reason_work_anniversary(5, "Arup", date(2026, 10, 9)),
        ),
        (PersonPolicy("", birthday="10-29"), None),
    ],
)
def test_a_date_within_a_week_is_a_reason(settings: PersonPolicy, phrase: object) -> None:
    policy = replace(CLIENTS_ONLY, people=(replace(settings, address="anna@rossi.example"),))
    assert shown(cold(policy=policy), policy).reason_to_write == phrase


def test_years_since_the_first_exchange_are_a_reason_when_reading_goes_back_further() -> None:
    anna = how_it_stands([heard("2024-10-14"), *letters(60)], policy=CLIENTS_ONLY)
    older = how_it_stands(letters(900), policy=CLIENTS_ONLY, name="Old Friend")
    assert shown(anna, CLIENTS_ONLY, older).reason_to_write == persons.reason_first_exchange(2, date(2026, 10, 14))
    assert shown(anna).reason_to_write is None, "nothing older was read: it need not have been the first"


def test_years_since_the_owner_left_are_a_reason() -> None:
    policy = replace(POLICY, me=replace(ME, jobs=(Job("Northwind", ("northwind.example",), until=date(2025, 10, 11)),)))
    budi = how_it_stands(letters(100, 120, 140), policy=policy, addresses=("budi@northwind.example",))
    assert shown(budi, policy).reason_to_write == persons.reason_job_ended("Northwind", 1, date(2026, 10, 11))


def test_a_meeting_of_many_and_a_meeting_far_ahead_are_reasons() -> None:
    fair = met("2026-09-03", "Supplier day", verdict=VerdictKind.WIDE)
    assert about(*letters(60), fair).reason_to_write == persons.reason_both_at("Supplier day", date(2026, 9, 3))
    ahead = met(NOW + timedelta(days=10))
    assert about(*letters(60), ahead).reason_to_write == persons.reason_meeting_ahead(date(2026, 10, 16))

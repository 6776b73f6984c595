"""The headline and the human sentence that come first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from syncd.pipeline.phrases import opening
from syncd.pipeline.policy import DigestPolicy, PersonPolicy, Rule, When
from syncd.pipeline.spans import Span, Unit
from tests.pipeline.diary import CLIENTS_ONLY, POLICY, both_wrote, days_ago, heard, how_it_stands
from tests.pipeline.morning import appointment, cold, digest, letters

OWED = how_it_stands([*letters(200), heard(days_ago(10))], policy=CLIENTS_ONLY, name="Dewi Lestari")


def test_the_two_first_and_who_waits_are_told() -> None:
    written = digest(cold("Anna Rossi", days=50), cold("Budi Santoso", days=60), cold("Cy Young", days=40), OWED)
    assert written.headline == opening.headline_quiet(3)
    assert written.lead == (
        opening.lead_quiet("Budi", Span(8, Unit.WEEK)),
        opening.lead_quiet("Anna", Span(7, Unit.WEEK)),
        opening.lead_owed_also("Dewi"),
    )


def test_who_is_far_beyond_the_rhythm_is_told_so() -> None:
    mentors = replace(POLICY, rules=(Rule("all", When(), "mentors"),))
    marta = how_it_stands(letters(91, 133, 175, 217, 259, 301), policy=mentors, name="Marta Bianchi")
    assert digest(marta, policy=mentors).lead == (opening.lead_rhythm("Marta", 2),)


def test_of_a_rhythm_passed_many_times_the_silence_is_told_instead() -> None:
    policy = replace(POLICY, rules=(Rule("all", When(), "friends-of-the-trade"),))
    lively = how_it_stands(letters(*range(60, 200, 5)), policy=policy, name="Ida Berg")
    assert digest(lively, policy=policy).lead == (opening.lead_quiet("Ida", Span(8, Unit.WEEK)),)


def test_a_farewell_is_told_as_one() -> None:
    work, new = "tom@northwind.example", "tom@helio.example"
    goodbye, hello = heard("2026-09-11", address=work), heard("2026-10-02", address=new)
    touches = [*both_wrote("2026-01-01", "2026-09-05", 9, work), goodbye, hello]
    tom = how_it_stands(touches, name="Tom Okafor", addresses=(work, new))
    assert digest(tom, policy=POLICY).lead[0].code == "lead_they_left"


def test_without_anybody_quiet_it_is_about_who_waits() -> None:
    written = digest(OWED)
    assert (written.headline, written.lead) == (opening.headline_owed(1), (opening.lead_owed("Dewi"),))


def test_then_about_the_next_meeting() -> None:
    luca = how_it_stands(letters(20), name="Luca Ferri")
    titled = digest(luca, agenda=[appointment(luca, title="Coffee")], policy=POLICY)
    assert titled.headline == opening.headline_today(1)
    assert titled.lead[0].code == "lead_meeting"
    assert titled.lead[0].value("title") == "Coffee"
    assert digest(luca, agenda=[appointment(luca)], policy=POLICY).lead[0].code == "lead_meeting_with"


def test_then_about_the_first_date() -> None:
    policy = replace(CLIENTS_ONLY, people=(PersonPolicy("anna@rossi.example", birthday="10-08"),))
    written = digest(how_it_stands(letters(20), policy=policy), policy=policy)
    assert written.headline == opening.headline_week(1)
    assert written.lead == (opening.lead_birthday("Anna", date(2026, 10, 8)),)


def test_then_about_who_was_lost() -> None:
    lost = how_it_stands(letters(*(580 + 20 * n for n in range(12))), policy=CLIENTS_ONLY, name="Samuel Adeyemi")
    assert digest(lost).lead == (opening.lead_lost("Samuel", Span(19, Unit.MONTH)),)


def test_a_quiet_day_that_is_mailed_all_the_same_says_so() -> None:
    policy = replace(CLIENTS_ONLY, digest=DigestPolicy(empty="send"))
    written = digest(policy=policy)
    assert (written.headline, written.lead) == (opening.headline_nothing(), (opening.lead_nothing(),))

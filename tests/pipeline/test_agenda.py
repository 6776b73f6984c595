"""Today's meetings and the dates of the week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.model import DecisionKind, SectionKind, VerdictKind
from syncd.pipeline.phrases import occasions, persons
from syncd.pipeline.policy import Job, PersonPolicy
from syncd.pipeline.spans import Span, Unit
from tests.pipeline.diary import CLIENTS_ONLY, ME, NOW, POLICY, days_ago, heard, how_it_stands, met, said, wrote
from tests.pipeline.morning import appointment, cold, digest, letters

if TYPE_CHECKING:
    from syncd.model import Appointment, Decision, Entry, Relationship

TODAY, WEEK = SectionKind.TODAY, SectionKind.WEEK

LUCA = how_it_stands([met("2026-03-11"), *letters(20)], name="Luca Ferri")
HANA = how_it_stands([], name="Hana Kim")
PRIYA = how_it_stands([*letters(10, 20, 30), met("2026-09-20", "Review")], name="Priya Raman")


def meeting(one: Appointment, *people: Relationship) -> Entry:
    (entry,) = digest(*people, agenda=[one], policy=POLICY).section(TODAY)
    return entry


# --------------------------------------------------------------------------- today


def test_a_meeting_has_its_title_its_hour_in_the_owners_zone_and_the_last_contact() -> None:
    entry = meeting(appointment(LUCA, title="Coffee with Luca Ferri"), LUCA)
    assert entry.title == "Coffee with Luca Ferri"
    assert str(entry.at) == "2026-10-06 10:00:00+02:00"
    assert entry.why == (occasions.first_meeting_since("Luca", date(2026, 3, 11)),)
    assert (entry.person, entry.name) == (LUCA.person.id, "Luca Ferri")


def test_who_is_in_it_is_said_unless_the_title_does() -> None:
    assert meeting(appointment(LUCA, title="Coffee"), LUCA).why[0] == occasions.with_one("Luca Ferri")
    assert meeting(appointment(LUCA, title="Luca / Davide"), LUCA).why[0].code != "with_one"
    assert meeting(appointment(LUCA, PRIYA, title="Review"), LUCA, PRIYA).why[0].code == "with_two"
    others = meeting(appointment(LUCA, PRIYA, HANA, title="Review"), LUCA, PRIYA, HANA)
    assert others.why[0] == occasions.with_others("Priya Raman", 2)


def test_a_meeting_without_a_title_is_called_by_its_people() -> None:
    assert meeting(appointment(LUCA), LUCA).title == "Luca Ferri"
    assert meeting(appointment(LUCA, PRIYA), LUCA, PRIYA).title == "Priya Raman, Luca Ferri"


def test_somebody_without_any_exchange_is_new_to_you() -> None:
    why = meeting(appointment(HANA, PRIYA, title="Review"), HANA, PRIYA).why
    assert occasions.new_to_you("Hana Kim") in why


def test_somebody_known_by_letters_only_is_met_for_the_first_time() -> None:
    pen_friend = how_it_stands([heard("2026-03-01"), wrote("2026-09-01")], name="Pia Penna")
    assert meeting(appointment(pen_friend, title="Lunch with Pia"), pen_friend).why == (
        occasions.first_meeting("Pia", date(2026, 3, 1)),
    )


def test_of_somebody_met_lately_the_last_contact_is_told() -> None:
    assert meeting(appointment(PRIYA, title="Priya"), PRIYA).why == (persons.you_wrote_last(date(2026, 9, 26), ""),)


def test_a_letter_that_waits_is_told_before_they_sit_across() -> None:
    owed = how_it_stands([met("2026-03-11"), *letters(200), heard("2026-05-03", "Re: Sara")], name="Luca Ferri")
    why = meeting(appointment(owed, title="Luca"), owed).why
    assert why[-1] == occasions.waits_for_you("Luca", "Re: Sara", date(2026, 5, 3))


@pytest.mark.parametrize("verdict", [VerdictKind.DECLINED, VerdictKind.WIDE, VerdictKind.SELF])
def test_a_meeting_that_brings_nobody_together_is_not_told(verdict: VerdictKind) -> None:
    assert digest(LUCA, agenda=[appointment(LUCA, verdict=verdict)]).section(TODAY) == ()


def test_only_meetings_of_today_that_are_not_over_are_told_in_their_order() -> None:
    hours = (30, 5, 3, -0.5, -2)
    agenda = [appointment(LUCA, title=f"in {hour}", start=timedelta(hours=hour)) for hour in hours]
    entries = digest(LUCA, agenda=agenda, policy=POLICY).section(TODAY)
    assert [entry.title for entry in entries] == ["in -0.5", "in 3", "in 5"]


@pytest.mark.parametrize("word", [said(DecisionKind.MUTE), said(DecisionKind.SNOOZE, "2026-11-01")])
def test_somebody_hidden_is_not_named_by_a_meeting_either(word: Decision) -> None:
    hidden = how_it_stands(letters(20), word, name="Luca Ferri")
    alone = appointment(hidden, title="Coffee with Luca")
    assert digest(hidden, agenda=[alone]).section(TODAY) == ()
    (entry,) = digest(
        hidden, PRIYA, agenda=[appointment(hidden, PRIYA, title="Luca and Priya")], policy=POLICY
    ).section(TODAY)
    assert entry.title == "Priya Raman"
    assert "Luca" not in repr(entry)


# --------------------------------------------------------------------------- this week


def on(*settings: PersonPolicy, people: tuple[Relationship, ...] | None = None) -> tuple[Entry, ...]:
    policy = replace(CLIENTS_ONLY, people=settings)
    anna = how_it_stands(letters(20), policy=policy)
    return digest(*(people or (anna,)), policy=policy).section(WEEK)


@pytest.mark.parametrize(
    ("birthday", "told"), [("10-06", True), ("10-13", True), ("1980-10-08", True), ("10-14", False), ("10-05", False)]
)
def test_a_birthday_is_told_from_a_week_ahead_to_the_day(birthday: str, *, told: bool) -> None:
    assert bool(on(PersonPolicy("anna@rossi.example", birthday=birthday))) is told


def test_a_birthday_comes_with_the_last_contact() -> None:
    (entry,) = on(PersonPolicy("anna@rossi.example", birthday="10-08"))
    assert entry.at == date(2026, 10, 8)
    assert entry.why == (occasions.week_birthday("Anna Rossi"), occasions.week_last_contact(Span(2, Unit.WEEK)))


def test_a_work_anniversary_is_told_from_the_first_year_on() -> None:
    (entry,) = on(PersonPolicy("anna@rossi.example", company="Arup", company_since=date(2021, 10, 9)))
    assert entry.why[0] == occasions.week_work_anniversary("Anna Rossi", 5, "Arup")
    assert on(PersonPolicy("anna@rossi.example", company="Arup", company_since=date(2026, 10, 7))) == ()


def test_dates_stand_in_their_order() -> None:
    both = PersonPolicy("anna@rossi.example", birthday="10-10", company="Arup", company_since=date(2021, 10, 9))
    assert [entry.at for entry in on(both)] == [date(2026, 10, 9), date(2026, 10, 10)]


def test_somebody_on_todays_list_is_said_to_be() -> None:
    policy = replace(CLIENTS_ONLY, people=(PersonPolicy("anna@rossi.example", birthday="10-08"),))
    (entry,) = digest(cold(policy=policy), policy=policy).section(WEEK)
    assert entry.why[1] == occasions.week_on_list()


def test_the_birthday_of_somebody_let_go_is_not_told() -> None:
    assert on(PersonPolicy("anna@rossi.example", birthday="10-08", mute=True)) == ()


def test_years_since_a_job_ended_come_with_how_many_were_not_written_to() -> None:
    left = Job("Tokosawah", ("tokosawah.example",), until=date(2025, 10, 11))
    policy = replace(POLICY, me=replace(ME, jobs=(left,)))

    def colleague(name: str, *since: float) -> Relationship:
        touches = letters(500, *since)
        return how_it_stands(touches, policy=policy, name=name, addresses=(f"{name[0].lower()}@tokosawah.example",))

    people = [colleague("Budi S"), colleague("Citra P"), colleague("Dewi L", 100)]
    (entry,) = digest(*people, policy=policy).section(WEEK)
    assert entry.at == date(2026, 10, 11)
    assert entry.why == (occasions.week_job_ended("Tokosawah", 1), occasions.week_unwritten(2))
    assert digest(people[2], policy=policy).section(WEEK) == (), "everybody was written to"


def test_a_meeting_under_way_still_stands_in_the_agenda() -> None:
    started = appointment(LUCA, title="Luca", start=timedelta(minutes=-10))
    assert digest(LUCA, agenda=[started], policy=POLICY, now=NOW).section(TODAY)
    assert how_it_stands([*letters(20), met(days_ago(0.01))]).next_meeting

"""Whom the digest shows, whom it spares, and what it does not say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.model import DecisionKind, SectionKind, Source, TieState, VerdictKind
from syncd.pipeline.digest import people_shown
from syncd.pipeline.phrases import caveats, opening, persons
from syncd.pipeline.policy import DigestPolicy, Policy, Rule, When
from syncd.pipeline.score import HARDLY_BACK
from syncd.pipeline.spans import Span, Unit
from tests.pipeline.diary import (
    CLIENTS_ONLY,
    NOW,
    POLICY,
    TODAY,
    both_wrote,
    days_ago,
    heard,
    how_it_stands,
    met,
    said,
    wrote,
)
from tests.pipeline.morning import FRESH, appointment, codes, cold, digest, letters, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.model import Decision, Relationship

QUIET, OWED, LOST = SectionKind.QUIET, SectionKind.OWED, SectionKind.LOST


def at_most(people: int = 5, lost: int = 1) -> Policy:
    return replace(CLIENTS_ONLY, digest=DigestPolicy(people=people, lost=lost))


def gone(name: str, *words: Decision) -> Relationship:
    """A strong tie that ended 580 days ago."""
    return how_it_stands(letters(*(580 + 20 * n for n in range(12))), *words, policy=CLIENTS_ONLY, name=name)


# --------------------------------------------------------------------------- going quiet


def test_a_quiet_day_gives_an_empty_digest() -> None:
    written = digest(how_it_stands(letters(5), policy=CLIENTS_ONLY))
    assert written.empty
    assert written.headline == opening.headline_nothing()
    assert written.lead == (opening.lead_nothing(),)
    assert written.back_on is None


def test_somebody_beyond_the_cadence_is_going_quiet() -> None:
    written = digest(cold())
    (entry,) = written.section(QUIET)
    assert (entry.name, entry.address) == ("Anna Rossi", "anna@rossi.example")
    assert entry.months == cold().months
    assert written.headline == opening.headline_quiet(1)


def test_at_most_five_are_going_quiet_and_the_others_wait_their_turn() -> None:
    people = [cold(f"Anna R{letter}") for letter in "abcdefg"]
    written = digest(*people)
    assert len(named(written, QUIET)) == 5
    assert [one.why for one in written.withheld] == [caveats.waits_turn()] * 2
    assert {*named(written, QUIET), *(one.name for one in written.withheld)} == {one.person.name for one in people}


def test_the_number_of_people_is_the_owners() -> None:
    people = [cold(f"Anna R{letter}") for letter in "abc"]
    assert len(named(digest(*people, policy=at_most(people=2)), QUIET)) == 2


def test_the_strongest_and_most_overdue_come_first() -> None:
    weak = how_it_stands(letters(50), policy=CLIENTS_ONLY, name="Weak Tie")
    strong = how_it_stands(letters(*range(50, 400, 7)), policy=CLIENTS_ONLY, name="Strong Tie")
    assert named(digest(weak, strong), QUIET) == ["Strong Tie", "Weak Tie"]


def test_nobody_comes_back_before_repeat_after_is_over() -> None:
    anna = cold()
    for days, back in ((0, False), (1, False), (13, False), (14, True), (30, True)):
        written = digest(anna, shown={anna.person.id: TODAY - timedelta(days=days)})
        assert bool(named(written, QUIET)) is back
        if not back:
            seen = TODAY - timedelta(days=days)
            assert written.withheld[0].why == caveats.shown_lately(seen, seen + timedelta(days=14))


def test_who_was_shown_before_gives_way_to_who_never_was() -> None:
    old, new = cold("Old Name"), cold("New Name")
    written = digest(old, new, shown={old.person.id: TODAY - timedelta(days=20)}, policy=at_most(people=1))
    assert named(written, QUIET) == ["New Name"]


def test_within_two_weeks_of_mornings_nobody_is_shown_twice() -> None:
    people = [cold(f"Anna R{number}", days=50 + number) for number in range(40)]
    shown: dict[str, date] = {}
    for day in range(30):
        now = NOW + timedelta(days=day)
        written = digest(*people, now=now, shown=shown, sources=[replace(source, last_sync=now) for source in FRESH])
        for person in people_shown(written):
            assert person not in shown or (written.day - shown[person]).days >= 14
            shown[person] = written.day
    assert len(shown) == 40


@pytest.mark.parametrize("days", [0.1, 1, 2.9])
def test_nobody_is_named_whom_i_just_talked_to(days: float) -> None:
    anxious = replace(CLIENTS_ONLY, circles=(replace(CLIENTS_ONLY.circles[1], cadence=timedelta(hours=1)),))
    for touch in (heard(days_ago(days)), wrote(days_ago(days)), met(days_ago(days + 0.05))):
        one = how_it_stands([*letters(60), touch], policy=anxious)
        assert named(digest(one, policy=anxious), QUIET) == []


def test_nobody_is_named_whom_i_meet_within_three_days() -> None:
    for hours, spared in ((3, True), (71, True), (73, False)):
        ahead = met(NOW + timedelta(hours=hours))
        one = how_it_stands([*letters(50), ahead], policy=CLIENTS_ONLY)
        written = digest(one)
        assert (named(written, QUIET) == []) is spared
        if spared:
            assert written.withheld[0].why.code == "meets_soon"


def test_nobody_is_named_who_stands_in_todays_agenda() -> None:
    anna = cold()
    written = digest(anna, agenda=[appointment(anna)])
    assert named(written, QUIET) == []
    assert written.withheld[0].why == caveats.meets_soon(TODAY)
    not_together = digest(anna, agenda=[appointment(anna, verdict=VerdictKind.WIDE)])
    assert named(not_together, QUIET) == ["Anna Rossi"]


def test_real_contact_through_any_channel_resets_the_clock() -> None:
    for touch in (heard(days_ago(10)), wrote(days_ago(10)), met(days_ago(10))):
        assert digest(how_it_stands([*letters(80), touch], policy=CLIENTS_ONLY)).section(QUIET) == ()
    talked = said(DecisionKind.TALKED, "2026-09-26")
    assert digest(how_it_stands(letters(80), talked, policy=CLIENTS_ONLY)).empty


def test_what_a_machine_sends_in_their_name_does_not_reset_it() -> None:
    newsletter = heard(days_ago(1), verdict=VerdictKind.BULK)
    assert named(digest(how_it_stands([*letters(50), newsletter], policy=CLIENTS_ONLY)), QUIET) == ["Anna Rossi"]


def test_strangers_and_one_sided_contacts_are_never_going_quiet() -> None:
    stranger = how_it_stands([heard(days_ago(60))], policy=CLIENTS_ONLY)
    ignoring_me = how_it_stands([wrote(days_ago(day)) for day in (90, 80, 70)], policy=CLIENTS_ONLY, name="Ig Nora")
    assert digest(stranger, ignoring_me).empty


def test_somebody_lost_is_not_going_quiet() -> None:
    one = how_it_stands(letters(*range(400, 800, 20)), policy=CLIENTS_ONLY)
    assert one.tie.state is TieState.LOST
    assert named(digest(one), QUIET) == []


def test_a_second_letter_into_silence_is_given_time_before_its_author_is_reminded() -> None:
    for days, reminded in ((5, False), (20, True)):
        one = how_it_stands([*letters(90), wrote(days_ago(60)), wrote(days_ago(days))], policy=CLIENTS_ONLY)
        written = digest(one)
        assert bool(named(written, QUIET)) is reminded
        assert [held.why for held in written.withheld] == (
            [] if reminded else [caveats.may_be_answered(date(2026, 10, 1))]
        )


# --------------------------------------------------------------------------- hidden


@pytest.mark.parametrize(
    "word",
    [said(DecisionKind.MUTE), said(DecisionKind.IGNORE), said(DecisionKind.SNOOZE, "2026-10-07")],
    ids=lambda word: word.kind,
)
def test_who_is_let_go_ignored_or_snoozed_is_named_nowhere(word: Decision) -> None:
    owed = [*letters(90), heard(days_ago(10))]
    hidden = digest(
        cold("Quiet One", word),
        how_it_stands(owed, word, policy=CLIENTS_ONLY, name="Owed One"),
        gone("Lost One", word),
    )
    assert not hidden.sections
    assert not hidden.withheld
    seen = digest(cold("Quiet One"), how_it_stands(owed, policy=CLIENTS_ONLY, name="Owed One"), gone("Lost One"))
    assert [section.kind for section in seen.sections] == [QUIET, OWED, LOST]


# --------------------------------------------------------------------------- waiting for your reply


def test_a_letter_that_waits_for_four_days_is_owed() -> None:
    for days, waits in ((3.9, False), (4, True), (11, True), (60, True), (60.1, False)):
        one = how_it_stands([*letters(200), heard(days_ago(days), "A reference?")], policy=POLICY)
        assert bool(named(digest(one, policy=POLICY), OWED)) is waits


def test_an_owed_entry_holds_what_an_answer_needs() -> None:
    letter = heard(days_ago(11), "A reference?", address="james@work.example")
    (entry,) = digest(how_it_stands([*letters(200), letter], policy=POLICY), policy=POLICY).section(OWED)
    assert entry.why == (persons.waiting_for(Span(11, Unit.DAY)),)
    assert (entry.subject, entry.message_id, entry.address) == ("A reference?", letter.message_id, "james@work.example")


def test_my_letter_or_a_meeting_after_theirs_settles_it() -> None:
    for answer in (wrote(days_ago(5)), met(days_ago(5))):
        one = how_it_stands([*letters(200), heard(days_ago(10)), answer], policy=POLICY)
        assert digest(one, policy=POLICY).section(OWED) == ()


def test_a_stranger_is_owed_nothing() -> None:
    assert digest(how_it_stands([heard(days_ago(10))], policy=POLICY), policy=POLICY).empty


def test_bulk_and_list_mail_and_copies_are_owed_nothing() -> None:
    for verdict in (VerdictKind.BULK, VerdictKind.LIST, VerdictKind.WIDE):
        one = how_it_stands([*letters(200), heard(days_ago(10), verdict=verdict)], policy=POLICY)
        assert digest(one, policy=POLICY).section(OWED) == ()


def test_at_most_five_wait_and_the_longest_comes_first() -> None:
    people = [
        how_it_stands([*letters(100), heard(days_ago(5 + number))], policy=POLICY, name=f"Name {number}")
        for number in range(7)
    ]
    written = digest(*people, policy=POLICY)
    waits = [int(str(entry.why[0].value("wait"))) for entry in written.section(OWED)]
    assert len(waits) == 5
    assert waits == sorted(waits, reverse=True)
    assert len(written.withheld) == 2


def test_who_waits_for_an_answer_is_not_going_quiet_as_well() -> None:
    one = how_it_stands([*letters(100), heard(days_ago(50))], policy=CLIENTS_ONLY)
    written = digest(one)
    assert (named(written, OWED), named(written, QUIET)) == (["Anna Rossi"], [])


def test_an_owed_letter_rests_after_it_was_shown_and_a_newer_one_is_news() -> None:
    old = how_it_stands([*letters(200), heard(days_ago(10))], policy=POLICY)
    shown = {old.person.id: TODAY - timedelta(days=5)}
    assert digest(old, policy=POLICY, shown=shown).section(OWED) == ()
    new = how_it_stands([*letters(200), heard(days_ago(4.2))], policy=POLICY)
    assert named(digest(new, policy=POLICY, shown=shown), OWED) == ["Anna Rossi"]


# --------------------------------------------------------------------------- lost touch


def test_one_who_was_lost_is_shown_a_day() -> None:
    people = [gone("Samuel A"), gone("Hiro M")]
    written = digest(*people)
    assert len(named(written, LOST)) == 1
    assert written.headline == opening.headline_lost(1)
    assert not written.withheld, "the others are not due"
    none_wanted = digest(*people, policy=at_most(lost=0))
    assert none_wanted.section(LOST) == ()


def test_a_tie_that_never_was_strong_is_not_missed() -> None:
    brief = how_it_stands(letters(580, 600), policy=CLIENTS_ONLY)
    one_project = how_it_stands(letters(*(580 + n for n in range(20))), policy=CLIENTS_ONLY, name="One Project")
    assert digest(brief, one_project).section(LOST) == ()


def test_lost_ties_take_turns() -> None:
    people = [gone("Samuel A"), gone("Hiro M")]
    first = named(digest(*people), LOST)
    shown = {one.person.id: TODAY - timedelta(days=20) for one in people if one.person.name in first}
    assert named(digest(*people, shown=shown), LOST) != first


def test_what_was_and_since_when_there_is_nothing() -> None:
    one = how_it_stands(both_wrote("2023-06-01", "2025-03-01", 31), policy=CLIENTS_ONLY)
    (entry,) = digest(one).section(LOST)
    assert entry.why == (persons.lost_years(21, 2023, 2025, Span(19, Unit.MONTH)),)
    assert entry.reason_to_write == persons.reason_old_tie()


# --------------------------------------------------------------------------- the whole


def test_sections_stand_in_their_order_and_only_those_that_are_wanted() -> None:
    people = (
        cold("Quiet One"),
        how_it_stands([*letters(200), heard(days_ago(10))], policy=CLIENTS_ONLY, name="Owed One"),
        gone("Lost One"),
    )
    written = digest(*people, sources=[*FRESH, Source("old", "imap", NOW - timedelta(days=9))])
    assert [section.kind for section in written.sections] == [SectionKind.NOTICE, QUIET, OWED, LOST]
    for kind in (QUIET, OWED, LOST):
        policy = replace(CLIENTS_ONLY, digest=DigestPolicy(sections=(kind,)))
        assert [section.kind for section in digest(*people, policy=policy).sections] == [kind]


def test_nobody_stands_in_two_sections_that_ask_for_a_letter() -> None:
    written = digest(cold("Quiet One"), how_it_stands([*letters(50), heard(days_ago(9))], policy=CLIENTS_ONLY))
    shown = people_shown(written)
    assert len(shown) == len(set(shown)) == 2


def test_nobody_above_comes_back_before_two_weeks_are_over() -> None:
    assert digest(cold()).back_on == date(2026, 10, 20)


def test_the_order_of_people_changes_nothing() -> None:
    people = [cold(f"Anna R{letter}") for letter in "abcdefg"]
    assert digest(*people) == digest(*reversed(people))


def test_the_day_is_the_owners() -> None:
    assert digest(now=NOW.replace(hour=23)).day == date(2026, 10, 7)


def test_a_digest_of_an_earlier_day_needs_no_fresh_source() -> None:
    assert codes(digest(cold(), now=NOW), SectionKind.NOTICE) == []
    later = [replace(source, last_sync=NOW + timedelta(days=300)) for source in FRESH]
    assert digest(cold(), sources=later).section(SectionKind.NOTICE) == ()


# --------------------------------------------------------------------------- judged by their own past

FRIENDS = replace(POLICY, rules=(Rule("all", When(), "friends-of-the-trade"),))
BUSY = tuple(range(0, 400, 3))


def friend(silent: int, before: Sequence[int] = (0, 20, 60, 150)) -> Relationship:
    return how_it_stands(letters(*(silent + day for day in before)), policy=FRIENDS)


def among_friends(one: Relationship, shown: int | None = None) -> list[str]:
    """Who is going quiet, when this one was shown so many days ago."""
    before = {one.person.id: TODAY - timedelta(days=shown)} if shown is not None else {}
    return named(digest(one, policy=FRIENDS, shown=before), QUIET)


def test_a_friend_is_named_after_45_days_and_not_after_half_a_year() -> None:
    assert [among_friends(friend(days, BUSY)) for days in (44, 46)] == [[], ["Anna Rossi"]]


def test_a_friend_shown_in_this_silence_comes_back_when_it_has_grown_by_three_quarters() -> None:
    assert friend(300).tie.p_alive <= HARDLY_BACK
    assert not among_friends(friend(300), shown=120)
    assert among_friends(friend(300), shown=140) == ["Anna Rossi"]


def test_a_friend_who_may_be_back_by_themselves_is_told_of_once_in_a_silence() -> None:
    lively = friend(100, BUSY)
    assert lively.tie.p_alive > HARDLY_BACK
    assert among_friends(lively) == ["Anna Rossi"]
    assert not among_friends(lively, shown=50)
    assert among_friends(lively, shown=120) == ["Anna Rossi"]


def test_a_friend_silent_for_less_than_usual_and_less_than_the_cadence_is_only_quiet() -> None:
    (entry,) = digest(friend(50, (0, 90, 180, 270, 360)), policy=FRIENDS).section(QUIET)
    assert entry.why[0] == persons.quiet_for(Span(7, Unit.WEEK))


def test_who_was_shown_in_this_silence_gives_way_to_who_was_not() -> None:
    both = (cold("Anna Strong", days=100), cold("Anna Weak", days=45))
    (first,) = digest(*both, policy=at_most(people=1)).section(QUIET)
    shown = {first.person: TODAY - timedelta(days=15)}
    (second,) = digest(*both, policy=at_most(people=1), shown=shown).section(QUIET)
    assert first.person != second.person

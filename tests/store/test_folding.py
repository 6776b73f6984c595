"""What is older than is kept becomes a count: nobody's total changes, and nothing is ever counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.keeping import fold as fold_daily
from syncd.model import Decision, DecisionKind, Meeting, Message, Participant, Role
from syncd.store.folding import tallies
from syncd.sync import derive, rebuild
from tests.store.records import ANNA, BOB, LAWS, ME, NOON, fill, mail, meeting
from tests.store.years import CARLA, HISTORY, NOW, POLICY, YOUNG, all_totals, fold, kept, letters, ties, totals

if TYPE_CHECKING:
    from syncd.model import Observation
    from syncd.store import Store


# --------------------------------------------------------------------------- what goes, and what remains


def test_old_exchanges_become_counts_by_year_and_their_records_go(store: Store) -> None:
    fill(store, "work", *letters(0, 40, 300, 990))
    derive(store, POLICY)
    before = ties(store)[ANNA]
    gone = fold(store, POLICY, HISTORY, NOW)
    after = ties(store)[ANNA]

    assert gone == 6
    assert store.counts().observations == 2
    assert totals(after) == totals(before)
    assert [(one.year, one.sent, one.received) for one in tallies(store)[after.person.id]] == [
        (2024, 2, 2),
        (2025, 1, 1),
    ]
    assert [exchange.at >= NOW - HISTORY for exchange in store.exchanges(after.person.id, 99)] == [True, True]


def test_a_person_of_whom_only_counts_are_left_is_still_there(store: Store) -> None:
    old = letters(0, 30, 60, 90, 120, 150)
    named = [replace(one, participants=tuple(_named(other) for other in one.participants)) for one in old]
    fill(store, "work", *named)
    derive(store, POLICY)
    before = ties(store)[ANNA]
    fold(store, POLICY, HISTORY, NOW)
    after = ties(store)[ANNA]

    assert after.person == before.person
    assert after.person.name == "Anna Rossi"
    assert totals(after) == totals(before)
    assert after.tie.state == before.tie.state
    assert after.quiet_since == after.tie.last == before.quiet_since
    assert after.tie.strength == pytest.approx(before.tie.strength, rel=0.05)
    assert after.tie.p_alive == pytest.approx(before.tie.p_alive, abs=0.005)
    assert "12 exchanges (6 sent, 6 received, 0 met) in 6 months" in after.tie.reason
    assert after.last_touch is None


def _named(one: Participant) -> Participant:
    return replace(one, name="Anna Rossi") if one.address == ANNA else one


def test_an_address_that_only_stood_beside_another_of_the_same_person_stays_theirs(store: Store) -> None:
    second = "anna.rossi@other.example"
    people = (
        Participant(ME, "", Role.FROM),
        Participant(ANNA, "Anna Rossi", Role.TO),
        Participant(second, "", Role.CC),
    )
    fill(store, "work", replace(mail(0, author=ME, sent=True), participants=people), *letters(3))
    store.decide(Decision(DecisionKind.SAME, ANNA, second, NOON))
    derive(store, POLICY)
    before = all_totals(store)
    fold(store, POLICY, HISTORY, NOW)

    assert all_totals(store) == before
    assert [one.addresses for one in store.people()] == [(second, ANNA) if second < ANNA else (ANNA, second)]


def test_strangers_and_newsletters_leave_nothing(store: Store) -> None:
    fill(store, "work", *letters(0), mail(5, author="no-reply@shop.example"), mail(6, author=ME, to=(ME,)))
    derive(store, POLICY)
    assert len(store.people()) == 2
    fold(store, POLICY, HISTORY, NOW)

    assert [one.addresses for one in store.people()] == [(ANNA,)]
    assert store.counts().observations == 0


def test_without_an_end_of_history_everything_stays(store: Store) -> None:
    fill(store, "work", *letters(0))
    for day in range(3):
        assert fold_daily(store, POLICY, None, NOW + timedelta(day)) == 0
    assert fold(store, POLICY, timedelta(days=1001), NOW) == 0
    assert store.counts().observations == 2


def test_a_meeting_counts_from_its_end(store: Store) -> None:
    edge = NOON + timedelta(hours=1, minutes=30)
    fill(store, "work", replace(meeting(0), end=edge + timedelta(minutes=1)), meeting(1000))
    assert fold(store, POLICY, NOW - edge, NOW) == 0
    assert fold(store, POLICY, NOW - edge - timedelta(minutes=2), NOW) == 1
    assert ties(store)[ANNA].tie.met == 2


def test_what_hangs_together_with_something_younger_waits_for_it(store: Store) -> None:
    young = mail(YOUNG + 1, "INBOX/young", message_id="<0@mail.example>")
    fill(store, "work", mail(0), young, mail(1))
    assert fold(store, POLICY, HISTORY, NOW) == 1
    assert store.counts().observations == 2
    assert fold(store, POLICY, HISTORY, NOW + timedelta(days=2)) == 2
    assert ties(store)[ANNA].tie.received == 3


def test_a_clock_is_believed_when_it_went_on_for_half_a_day(store: Store) -> None:
    fill(store, "work", *letters(0))
    for hours in (0, 5, 11):
        assert fold_daily(store, POLICY, HISTORY, NOW + timedelta(hours=hours)) == 0
    assert fold_daily(store, POLICY, HISTORY, NOW + timedelta(hours=12)) == 2


def test_a_clock_that_jumps_folds_nothing_away(store: Store) -> None:
    young = letters(990)
    fill(store, "work", *young)
    for hours in (0, 24, 48):
        assert fold_daily(store, POLICY, HISTORY, NOW + timedelta(hours=hours)) == 0
    ahead = NOW + timedelta(days=7300)
    for minutes in (0, 1, 60):
        assert fold_daily(store, POLICY, HISTORY, ahead + timedelta(minutes=minutes)) == 0
    for hours in (49, 60):
        assert fold_daily(store, POLICY, HISTORY, NOW + timedelta(hours=hours)) == 0
    assert store.counts().observations == len(young)


def test_a_machine_that_slept_for_weeks_is_believed_at_once(store: Store) -> None:
    fill(store, "work", *letters(0))
    derive(store, POLICY)
    at = NOON + HISTORY
    assert fold_daily(store, POLICY, HISTORY, at - timedelta(hours=1)) == 0
    assert fold_daily(store, POLICY, HISTORY, at + timedelta(days=40)) == 2


# --------------------------------------------------------------------------- laws

_DAYS = st.integers(0, 999)
_WHO = st.sampled_from((ANNA, BOB, CARLA))


def _letter(day: int, who: str, mine: bool, place: int) -> Message:  # noqa: FBT001 - hypothesis draws it
    to, author = ((who,), ME) if mine else ((ME,), who)
    return mail(
        24 * day, f"INBOX/{day}/{who}/{mine}/{place}", author=author, to=to, message_id=f"<{day}{who}{mine}>", sent=mine
    )


_LETTERS = st.builds(_letter, _DAYS, _WHO, st.booleans(), st.integers(0, 1))
_MEETINGS = st.builds(
    lambda day, place, who: meeting(24 * day, f"event/{day}/{place}", with_whom=tuple(who)),
    _DAYS,
    st.integers(0, 1),
    st.lists(_WHO, min_size=1, unique=True),
)
_RECORDS = st.lists(_LETTERS | _MEETINGS, max_size=25, unique_by=lambda one: one.remote_id)
_HISTORIES = st.integers(1, 999).map(lambda days: timedelta(days=days, hours=1))


@LAWS
@given(_RECORDS, _HISTORIES)
def test_nobodys_total_changes(store: Store, records: list[Observation], history: timedelta) -> None:
    with store.rehearse() as trial:
        fill(trial, "work", *records)
        derive(trial, POLICY)
        before = all_totals(trial)
        fold(trial, POLICY, history, NOW)

        assert all_totals(trial) == before


@LAWS
@given(_RECORDS, _HISTORIES)
def test_twice_is_once_and_a_rebuild_changes_nothing(
    store: Store, records: list[Observation], history: timedelta
) -> None:
    with store.rehearse() as trial:
        fill(trial, "work", *records)
        fold(trial, POLICY, history, NOW)
        once = kept(trial)
        assert fold(trial, POLICY, history, NOW) == 0
        assert kept(trial) == once
        rebuild(trial, POLICY)
        assert kept(trial) == once


@LAWS
@given(_RECORDS, _HISTORIES, st.sampled_from(("work", "home")))
def test_reading_everything_again_changes_nothing(
    store: Store, records: list[Message | Meeting], history: timedelta, account: str
) -> None:
    with store.rehearse() as trial:
        fill(trial, "work", *records)
        fold(trial, POLICY, history, NOW)
        before = all_totals(trial)
        fill(trial, account, *(replace(one, remote_id=f"again/{one.remote_id}") for one in records))
        derive(trial, POLICY)
        fold(trial, POLICY, history, NOW)
        again = {address: counts[:6] for address, counts in all_totals(trial).items()}

        assert again == {address: counts[:6] for address, counts in before.items()}


@LAWS
@given(_RECORDS, _HISTORIES, _HISTORIES)
def test_in_two_steps_is_in_one(store: Store, records: list[Observation], first: timedelta, second: timedelta) -> None:
    dumps = []
    for steps in ((max(first, second), min(first, second)), (min(first, second),)):
        with store.rehearse() as trial:
            fill(trial, "work", *records)
            for history in steps:
                fold(trial, POLICY, history, NOW)
            dumps.append((all_totals(trial), [line for line in trial.dump() if not line.startswith("tally")]))

    assert dumps[0] == dumps[1]


@LAWS
@given(_RECORDS, st.integers(0, 25), _HISTORIES)
def test_it_does_not_matter_whether_it_was_derived_before(
    store: Store, records: list[Observation], after: int, history: timedelta
) -> None:
    dumps = []
    for early in (True, False):
        with store.rehearse() as trial:
            for part in (records[:after], records[after:]):
                fill(trial, "work", *part)
                if early:
                    derive(trial, POLICY)
            fold(trial, POLICY, history, NOW)
            dumps.append(kept(trial))

    assert dumps[0] == dumps[1]

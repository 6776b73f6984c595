"""What is older than is kept becomes a count: nobody's total changes, and nothing is ever counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.keeping import fold as fold_daily
from syncd.keeping import fold_before
from syncd.model import Decision, DecisionKind, Meeting, Message, Participant, Removal, Role, Signal, SignalName
from syncd.pipeline.policy import Job, Me, Policy
from syncd.review import relationships
from syncd.store import Store
from syncd.store.backup import back_up
from syncd.store.folding import put_tallies, ripe, tallies
from syncd.store.forgetting import forget
from syncd.store.restore import open_backup, put_back
from syncd.store.schema import metadata
from syncd.sync import derive, rebuild
from tests.store.records import ANNA, BOB, ME, NOON, OWN, fill, mail, meeting

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.model import Observation, Relationship
    from tests.store.conftest import NewUrl

LAWS = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
POLICY = Policy(me=Me("The Owner", (ME,)))
HISTORY = timedelta(days=365)
CARLA = "carla@neri.example"
NOW = NOON + timedelta(days=1000)
"""Letter 0 is a thousand days old; what has a number above 24 * 635 is younger than a year."""
YOUNG = 24 * 635


def fold(store: Store, policy: Policy, history: timedelta, now: datetime) -> int:
    return fold_before(store, policy, now - history, now)


def letters(*days: int, who: str = ANNA, remote: str = "INBOX") -> list[Message]:
    """On each of these days a letter of mine, and the next hour an answer."""
    return [
        one
        for day in days
        for one in (
            mail(24 * day, f"Sent/{remote}/{day}/{who}", author=ME, to=(who,), message_id=f"<s{day}.{who}>", sent=True),
            mail(24 * day + 1, f"{remote}/{day}/{who}", author=who, message_id=f"<r{day}.{who}>"),
        )
    ]


def ties(store: Store, now: datetime = NOW) -> dict[str, Relationship]:
    return {one.person.addresses[0]: one for one in relationships(store, POLICY, now) if one.tie.interactions}


def totals(one: Relationship) -> tuple[object, ...]:
    """What of a relationship no folding may change."""
    tie = one.tie
    counts = tie.sent, tie.received, tie.met, tie.months_active, tie.last
    return one.person.id, one.person.addresses, one.person.name, counts, one.yearly, one.first, one.accounts, one.circle


def all_totals(store: Store) -> dict[str, tuple[object, ...]]:
    return {address: totals(one) for address, one in ties(store).items()}


def kept(store: Store) -> list[str]:
    """Everything that stands in a store but for how its rows are numbered."""
    with store.transactions.reading() as connection:
        rows = [
            f"{name} {list(row)}"
            for name in ("tally", "folded", "person", "alias", "namesake")
            for row in connection.execute(metadata.tables[name].select())
        ]
    return [*store.dump(), *sorted(rows)]


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


# --------------------------------------------------------------------------- what goes on


def test_a_copy_in_another_account_or_under_another_name_of_its_place_is_known_again(store: Store) -> None:
    fill(store, "work", *letters(0, 10), meeting(3))
    fold(store, POLICY, HISTORY, NOW)
    fill(store, "home", *letters(0, 10, remote="Archive"), replace(meeting(3), remote_id="other/3"))
    fill(store, "work", replace(mail(0, author=ME, to=(ANNA,)), message_id="<rewritten>", subject="Matter 0"))
    to_bob_too = mail(24 * 10, author=ME, to=(ANNA, BOB), message_id=f"<s10.{ANNA}>", sent=True)
    fill(store, "home", replace(to_bob_too, subject="Another subject"))
    derive(store, POLICY)

    assert store.counts().observations == 0
    assert (ties(store)[ANNA].tie.sent, ties(store)[ANNA].tie.received, ties(store)[ANNA].tie.met) == (2, 2, 1)


def test_an_old_letter_that_was_never_seen_is_counted_with_the_next_folding(store: Store) -> None:
    fill(store, "work", *letters(0))
    fold(store, POLICY, HISTORY, NOW)
    fill(store, "work", *letters(0, 20))
    assert store.counts().observations == 2
    assert fold(store, POLICY, HISTORY, NOW) == 2
    assert [(one.sent, one.received, one.days, one.weeks) for one in tallies(store)[ties(store)[ANNA].person.id]] == [
        (2, 2, 2, 2)
    ]


def test_removing_what_was_counted_takes_nothing_back(store: Store) -> None:
    fill(store, "work", *letters(0))
    fold(store, POLICY, HISTORY, NOW)
    fill(store, "work", *(Removal(one.remote_id) for one in letters(0)))
    derive(store, POLICY)

    assert ties(store)[ANNA].tie.interactions == 2


def test_whoever_was_written_to_long_ago_is_no_stranger_on_a_list_today(store: Store) -> None:
    posted = replace(mail(YOUNG + 10), signals=(Signal(SignalName.LIST_ID, "club.lists.example"),))
    posted = replace(
        posted, participants=(Participant(ANNA, "", Role.FROM), Participant("club@lists.example", "", Role.TO))
    )
    fill(store, "work", *letters(0), posted)
    derive(store, POLICY)
    before = totals(ties(store)[ANNA])
    fold(store, POLICY, HISTORY, NOW)

    assert totals(ties(store)[ANNA]) == before


def test_two_of_one_name_stay_two_when_the_record_that_showed_it_is_folded(store: Store) -> None:
    anna, other = (Participant(one, "Anna Rossi", Role.TO) for one in (ANNA, "anna.rossi@other.example"))
    both = replace(mail(0, author=ME, sent=True), participants=(Participant(ME, "", Role.FROM), anna, other))
    fill(store, "work", both)
    for fact in (both, replace(both, remote_id="2", at=both.at + timedelta(days=990), message_id="<2>")):
        fill(
            store,
            "work",
            replace(fact, participants=(Participant(ME, "", Role.FROM), anna), remote_id="x", message_id="<x>"),
        )
    derive(store, POLICY)
    before = sorted(one.addresses for one in store.people())
    fold(store, POLICY, HISTORY, NOW)
    rebuild(store, POLICY)

    assert sorted(one.addresses for one in store.people()) == before
    assert len(before) == 2


def test_who_is_forgotten_after_a_folding_leaves_no_count_either(store: Store) -> None:
    anna, other = (Participant(one, "Anna Rossi", Role.TO) for one in (ANNA, "anna.rossi@other.example"))
    both = replace(mail(0, author=ME, sent=True), participants=(Participant(ME, "", Role.FROM), anna, other))
    fill(store, "work", both, *letters(5, 400), *letters(7, who=BOB))
    derive(store, POLICY)
    fold(store, POLICY, HISTORY, NOW)
    (her,) = (one for one in store.people() if ANNA in one.addresses)
    erased = forget(store, her, OWN)
    derive(store, POLICY)

    assert erased.years == 2
    assert not [line for line in kept(store) if ANNA in line]
    assert {one.name for one in store.people()} == {"bob", "Anna Rossi"}


def test_a_backup_brings_back_what_was_folded_when_it_was_made(store: Store, new_url: NewUrl, tmp_path: Path) -> None:
    anna, other = (Participant(one, "Anna Rossi", Role.TO) for one in (ANNA, "anna.rossi@other.example"))
    both = replace(mail(0, author=ME, sent=True), participants=(Participant(ME, "", Role.FROM), anna, other))
    fill(store, "work", both, *letters(5, 400, 990), *letters(7, who=BOB))
    fold(store, POLICY, HISTORY, NOW)
    truth = kept(store)
    back_up(store.transactions, tmp_path / "backup.db", replace=False)
    url = new_url()
    with open_backup(tmp_path / "backup.db", tmp_path) as held:
        put_back(url, held, tmp_path, NOW, None)
    with Store.open(url) as restored:
        derive(restored, POLICY)
        assert kept(restored) == truth
        fill(restored, "work", both, *letters(5, 400))
        assert kept(restored) == truth


def test_own_addresses_that_old_letters_taught_stay_known(store: Store) -> None:
    mine = "the.owner@old-job.example"
    sent = [mail(24 * day, f"Sent/{day}", author=mine, to=(ANNA,), sent=True) for day in range(3)]
    fill(store, "work", *sent)
    derive(store, POLICY)
    fold(store, POLICY, HISTORY, NOW)
    fill(store, "work", mail(YOUNG + 9, to=(mine,)), mail(YOUNG + 10, author=mine, to=(BOB,)))
    derive(store, POLICY)

    assert {one for person in store.people() for one in person.addresses} == {ANNA, BOB}


def test_who_left_a_job_and_writes_from_elsewhere_has_still_left(store: Store) -> None:
    at_work, at_home = "anna.rossi@job.example", "anna@rossi.example"
    policy = replace(POLICY, me=replace(POLICY.me, jobs=(Job("job", ("job.example",)),)))

    def from_(address: str, *days: int) -> list[Message]:
        return [
            replace(
                one,
                participants=tuple(replace(each, name="Anna Rossi") for each in one.participants if each.address != ME)
                + tuple(each for each in one.participants if each.address == ME),
            )
            for one in letters(*days, who=address)
        ]

    fill(store, "work", *from_(at_work, 0, 10, 20, 30), *from_(at_home, 60, 70))
    derive(store, policy)
    before = relationships(store, policy, NOW)
    fold(store, policy, HISTORY, NOW)
    after = relationships(store, policy, NOW)

    assert [(one.former, one.left_on, one.they_left, one.circle) for one in after] == [
        (one.former, one.left_on, one.they_left, one.circle) for one in before
    ]
    assert [one.former for one in after] == ["job"]


def test_what_changed_meanwhile_is_left_for_the_next_time(new_url: NewUrl) -> None:
    url = new_url()
    with Store.open(url) as store, Store.open(url) as other:
        fill(store, "work", *letters(0, 10))
        assert ripe(store, NOW - HISTORY) is None
        derive(store, POLICY)
        what = ripe(store, NOW - HISTORY)
        assert what
        fill(other, "work", *letters(20))
        before = kept(store)

        assert not put_tallies(store, what, ())
        assert kept(store) == before
        derive(other, POLICY)
        assert not put_tallies(store, what, ())
        assert fold(store, POLICY, HISTORY, NOW) == 6


def test_as_of_a_day_long_ago_later_counts_are_not_there_yet(store: Store) -> None:
    fill(store, "work", *letters(0, 300))
    fold(store, POLICY, HISTORY, NOW)

    assert ties(store, datetime(2024, 12, 31, tzinfo=UTC))[ANNA].yearly == ((2024, 2),)

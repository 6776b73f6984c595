"""What was folded stays known and counted once, whatever is read, forgotten, restored or decided afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from syncd.model import Message, Participant, Removal, Role, Signal, SignalName
from syncd.pipeline.policy import Job
from syncd.review import relationships
from syncd.store import Store
from syncd.store.backup import back_up
from syncd.store.folding import put_tallies, ripe, tallies
from syncd.store.forgetting import forget
from syncd.store.restore import open_backup, put_back
from syncd.sync import derive, rebuild
from tests.store.records import ANNA, BOB, ME, OWN, fill, mail, meeting
from tests.store.years import HISTORY, NOW, POLICY, YOUNG, fold, kept, letters, ties, totals

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.conftest import NewUrl


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

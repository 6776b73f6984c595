"""The page rule: a page and its cursor stand together or not at all, and reading twice changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.errors import CursorMoved
from syncd.model import Meeting, Message, PageReceipt, Removal, Unreadable
from syncd.store import Store
from syncd.store.codec import clean, clean_id
from tests.store.records import ANNA, ANY_RECORD, BOB, ME, derive, fill, mail, meeting, page

POOR = Unreadable("INBOX/1/1", "It has no date.")


@pytest.fixture
def work(store: Store) -> Store:
    """A store with one account that was never read."""
    store.enrol("work", "imap")
    return store


def facts(store: Store) -> list[str]:
    return [line for line in store.dump() if line.startswith("fact")]


def test_a_page_brings_its_facts_and_its_cursor(work: Store) -> None:
    receipt = work.commit_page("work", page("1", mail(1), meeting(2), replace(POOR, remote_id="INBOX/1/3")), None)

    assert receipt == PageReceipt(new=2, changed=0, unreadable=1)
    account = work.account("work")
    assert account
    assert (account.cursor, account.observations, account.unreadable) == ("1", 2, 1)
    assert len(facts(work)) == 3


def test_an_empty_page_moves_the_cursor(work: Store) -> None:
    assert work.commit_page("work", page("1"), None) == PageReceipt()
    account = work.account("work")
    assert account
    assert account.cursor == "1"


def test_a_page_after_another_cursor_is_refused_whole(work: Store) -> None:
    work.commit_page("work", page("1", mail(1)), None)
    before = list(work.dump())

    with pytest.raises(CursorMoved):
        work.commit_page("work", page("2", mail(2)), None)
    with pytest.raises(CursorMoved):
        work.commit_page("work", page("2", mail(2)), "0")
    assert list(work.dump()) == before
    account = work.account("work")
    assert account
    assert account.cursor == "1"


def test_of_two_stores_that_read_the_same_page_one_writes_it(url: str) -> None:
    with Store.open(url) as ours, Store.open(url) as theirs:
        ours.enrol("work", "imap")
        theirs.commit_page("work", page("1", mail(1)), None)
        with pytest.raises(CursorMoved, match="Another sync of work"):
            ours.commit_page("work", page("1", mail(1)), None)
        assert ours.counts().observations == 1


def test_a_page_of_an_account_that_was_never_enrolled_is_a_mistake_of_the_caller(store: Store) -> None:
    with pytest.raises(KeyError):
        store.commit_page("nobody", page("1"), None)


def test_an_equal_repeat_changes_nothing_and_calls_for_no_derivation(work: Store) -> None:
    fill(work, "work", mail(1), POOR, meeting(1))
    derive(work)
    before = list(work.dump())

    assert work.commit_page("work", page("2", mail(1), POOR, meeting(1)), "1") == PageReceipt()
    assert list(work.dump()) == before
    assert work.pending() is None


def test_a_record_that_changed_is_counted_and_derived_again(work: Store) -> None:
    fill(work, "work", meeting(1))
    derive(work)

    assert work.commit_page("work", page("2", meeting(1, moved=2)), "1") == PageReceipt(changed=1)
    assert len(facts(work)) == 1
    assert work.pending()


def test_a_removed_record_is_as_if_it_had_never_been(work: Store) -> None:
    fill(work, "work", mail(1))
    before = facts(work)
    fill(work, "work", mail(2))

    assert work.commit_page("work", page("3", Removal("INBOX/1/2")), "2") == PageReceipt(changed=1)
    assert facts(work) == before
    assert work.counts().observations == 1


def test_removing_what_was_never_there_changes_nothing(work: Store) -> None:
    assert work.commit_page("work", page("1", Removal("INBOX/1/9")), None) == PageReceipt()


def test_a_removed_record_may_come_back(work: Store) -> None:
    fill(work, "work", mail(1))
    before = facts(work)
    fill(work, "work", Removal("INBOX/1/1"))

    assert work.commit_page("work", page("3", mail(1)), "2") == PageReceipt(new=1)
    assert facts(work) == before


def test_within_a_page_the_last_word_about_a_record_holds(work: Store) -> None:
    fill(work, "work", mail(1), Removal("INBOX/1/1"), meeting(1), meeting(1, moved=1))
    once = facts(work)
    fill(work, "work", meeting(1, moved=1))

    assert facts(work) == once
    assert work.counts().observations == 1


def test_an_unreadable_record_is_kept_with_its_reason(work: Store) -> None:
    fill(work, "work", POOR)

    assert list(work.unreadable("work")) == [POOR]
    assert list(work.unreadable("home")) == []


def test_an_unreadable_record_is_replaced_once_it_can_be_read(work: Store) -> None:
    fill(work, "work", POOR)

    assert work.commit_page("work", page("2", mail(1)), "1") == PageReceipt(new=1)
    assert list(work.unreadable("work")) == []
    assert (work.counts().observations, work.counts().unreadable) == (1, 0)


def test_what_was_read_once_is_not_lost_to_a_reading_that_failed(work: Store) -> None:
    fill(work, "work", mail(1))
    before = facts(work)

    assert work.commit_page("work", page("2", POOR), "1") == PageReceipt()
    assert facts(work) == before


def test_one_remote_id_in_two_accounts_is_two_records(work: Store) -> None:
    fill(work, "work", mail(1))
    fill(work, "home", mail(1))

    assert work.counts().observations == 2


def test_text_that_no_database_holds_is_cleaned_not_refused(work: Store) -> None:
    fill(work, "work", replace(mail(1), subject="Jos\udce9 \0"), replace(mail(2), remote_id="cur/\udce9"))
    batch = work.pending()

    assert batch
    subjects = {one.observation.subject for one in batch.facts if isinstance(one.observation, Message)}
    assert subjects == {"Jos\ufffd ", "Matter 2"}
    fill(work, "work", Removal("cur/\udce9"))
    assert work.counts().observations == 1


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANY_RECORD, max_size=5, unique_by=lambda one: one.remote_id))
def test_whatever_is_reported_comes_back_as_it_was_but_for_nul(
    store: Store, records: list[Message | Meeting | Unreadable]
) -> None:
    with store.rehearse() as trial:
        fill(trial, "work", *records)
        batch = trial.pending()
        seen = [*(one.observation for one in (batch.facts if batch else ())), *trial.unreadable("work")]

    expected = [replace(clean(one), remote_id=clean_id(one.remote_id)) for one in records]
    assert sorted(map(repr, seen)) == sorted(repr(in_utc(one)) for one in expected)


def in_utc(record: Message | Meeting | Unreadable) -> Message | Meeting | Unreadable:
    if isinstance(record, Message):
        return replace(record, at=record.at.astimezone(UTC))
    if isinstance(record, Meeting):
        return replace(record, start=record.start.astimezone(UTC), end=record.end.astimezone(UTC))
    return record


def test_a_page_larger_than_any_statement_is_taken_whole(work: Store) -> None:
    letters = [mail(number) for number in range(1200)]
    fill(work, "work", *letters)

    assert work.commit_page("work", page("2", *letters), "1") == PageReceipt()
    assert work.commit_page("work", page("3", *(Removal(one.remote_id) for one in letters)), "2").changed == 1200
    assert work.counts().observations == 0


def test_senders_are_counted_in_sent_folders_only(work: Store) -> None:
    fill(
        work,
        "work",
        mail(1, author="Owner@Home.example", to=(ANNA,), sent=True),
        mail(2, author=ME, to=(BOB,), sent=True),
        mail(3, author=ANNA),
        mail(4, author="not an address", sent=True),
    )

    assert work.sent_senders() == {ME: 2}

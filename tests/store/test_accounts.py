"""What the store knows of an account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.errors import CursorMoved
from syncd.model import Account, AccountStatus, Reading
from tests.store.records import NOON, fill, mail, page

if TYPE_CHECKING:
    from syncd.store import Store


def of(store: Store, name: str) -> Account:
    account = store.account(name)
    assert account
    return account


def test_nobody_knows_an_account_before_it_is_enrolled(store: Store) -> None:
    assert store.account("work") is None
    assert store.accounts() == ()


def test_an_enrolled_account_is_new_and_has_no_cursor(store: Store) -> None:
    assert store.enrol("work", "imap") == Account("work", "imap", None, AccountStatus.NEW)
    assert store.account("work") == Account("work", "imap", None, AccountStatus.NEW)


def test_accounts_come_by_name(store: Store) -> None:
    for name in ("work", "Home", "archive"):
        store.enrol(name, "imap")
    assert [account.name for account in store.accounts()] == ["Home", "archive", "work"]


def test_enrolling_again_changes_nothing(store: Store) -> None:
    fill(store, "work", mail(1))
    before = store.accounts()
    assert store.enrol("work", "imap") == before[0]
    assert store.accounts() == before


def test_an_account_that_another_connector_takes_over_starts_at_the_horizon_and_keeps_its_facts(store: Store) -> None:
    fill(store, "work", mail(1))
    account = store.enrol("work", "mailfile")
    assert (account.connector, account.cursor, account.status) == ("mailfile", None, AccountStatus.NEW)
    assert store.counts().observations == 1


def test_a_forgotten_cursor_lets_the_account_be_read_again(store: Store) -> None:
    fill(store, "work", mail(1))
    store.forget_cursor("work")
    assert of(store, "work").cursor is None
    assert store.commit_page("work", page("1", mail(1), mail(2)), None).new == 1


def test_a_pass_that_went_through_says_when(store: Store) -> None:
    store.enrol("work", "imap")
    store.record_outcome("work", NOON, AccountStatus.OK)
    assert (of(store, "work").status, of(store, "work").last_sync) == (AccountStatus.OK, NOON)


@pytest.mark.parametrize("status", [AccountStatus.FAILING, AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED])
def test_failures_in_a_row_are_counted_from_the_first(store: Store, status: AccountStatus) -> None:
    store.enrol("work", "imap")
    store.record_outcome("work", NOON, AccountStatus.OK)
    store.record_outcome("work", NOON + timedelta(hours=1), status, ("Out of reach.", "Wait."))
    store.record_outcome("work", NOON + timedelta(hours=2), status, ("Still out of reach.", "Wait."))

    account = of(store, "work")
    assert (account.last_sync, account.failing_since) == (NOON, NOON + timedelta(hours=1))
    assert (account.status, account.error, account.hint) == (status, "Still out of reach.", "Wait.")


def test_a_pass_that_went_through_ends_the_failures(store: Store) -> None:
    store.enrol("work", "imap")
    store.record_outcome("work", NOON, AccountStatus.FAILING, ("Out of reach.", "Wait."))
    store.record_outcome("work", NOON + timedelta(hours=1), AccountStatus.OK)

    account = of(store, "work")
    assert (account.error, account.hint, account.failing_since) == ("", "", None)


# ------------------------------------------------------------------------------- a long first sync

FAR = Reading(done=300, total=1000, at=NOON, since=NOON - timedelta(minutes=2), start=100, reader="host:1")


def read_some(store: Store, reading: Reading = FAR) -> None:
    """Commit one page of a reading that goes on."""
    cursor = store.enrol("work", "gmail").cursor
    store.commit_page("work", page(f"{cursor or ''}+"), cursor, reading)


def test_a_page_says_how_far_a_first_sync_is(store: Store) -> None:
    read_some(store)
    assert (of(store, "work").status, of(store, "work").reading) == (AccountStatus.FIRST_SYNC, FAR)
    further = replace(FAR, done=400, total=None)
    read_some(store, further)
    assert of(store, "work").reading == further


def test_a_page_without_word_of_it_leaves_it(store: Store) -> None:
    read_some(store)
    store.commit_page("work", page("x"), of(store, "work").cursor)
    assert of(store, "work").reading == FAR


def test_a_page_that_another_sync_was_ahead_of_says_nothing(store: Store) -> None:
    read_some(store)
    with pytest.raises(CursorMoved):
        store.commit_page("work", page("x"), "elsewhere", replace(FAR, done=999))
    assert of(store, "work").reading == FAR


def test_a_first_sync_that_failed_says_how_far_it_came_and_that_nobody_reads(store: Store) -> None:
    read_some(store)
    store.record_outcome("work", NOON, AccountStatus.FAILING, ("Out of reach.", "Wait."))
    assert (of(store, "work").status, of(store, "work").reading) == (AccountStatus.FAILING, replace(FAR, reader=""))


def test_a_page_of_a_first_sync_ends_the_error_of_the_pass_before(store: Store) -> None:
    store.enrol("work", "gmail")
    store.record_outcome("work", NOON, AccountStatus.FAILING, ("Out of reach.", "Wait."))
    read_some(store)
    account = of(store, "work")
    assert (account.status, account.error, account.hint) == (AccountStatus.FIRST_SYNC, "", "")


def test_a_pass_that_went_through_ends_the_reading(store: Store) -> None:
    read_some(store)
    store.record_outcome("work", NOON, AccountStatus.OK)
    assert (of(store, "work").status, of(store, "work").reading) == (AccountStatus.OK, None)


def test_an_account_that_was_read_once_is_never_in_its_first_sync_again(store: Store) -> None:
    store.enrol("work", "gmail")
    store.record_outcome("work", NOON, AccountStatus.OK)
    read_some(store)
    assert (of(store, "work").status, of(store, "work").reading) == (AccountStatus.OK, FAR)


def test_an_account_that_another_connector_takes_over_forgets_how_far_it_was(store: Store) -> None:
    read_some(store)
    assert store.enrol("work", "imap").reading is None


# ------------------------------------------------------------------------------- signing in again


@pytest.mark.parametrize("read", [False, True])
def test_an_account_whose_owner_signed_in_again_is_ready(store: Store, read: bool) -> None:  # noqa: FBT001 - a case
    store.enrol("work", "gmail")
    if read:
        store.record_outcome("work", NOON, AccountStatus.OK)
    store.record_outcome("work", NOON, AccountStatus.SIGN_IN, ("Google no longer honours the sign-in.", "Sign in."))
    store.signed_in("work")

    account = of(store, "work")
    assert account.status is (AccountStatus.OK if read else AccountStatus.NEW)
    assert (account.error, account.hint, account.failing_since) == ("", "", None)


def test_signing_in_mends_nothing_else(store: Store) -> None:
    store.enrol("work", "gmail")
    store.record_outcome("work", NOON, AccountStatus.FAILING, ("Out of reach.", "Wait."))
    before = of(store, "work")
    store.signed_in("work")
    store.signed_in("nobody")
    assert of(store, "work") == before

"""What the store knows of an account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.model import Account, AccountStatus
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
    store.record_outcome("work", NOON + timedelta(hours=1), status, "Out of reach.", "Wait.")
    store.record_outcome("work", NOON + timedelta(hours=2), status, "Still out of reach.", "Wait.")

    account = of(store, "work")
    assert (account.last_sync, account.failing_since) == (NOON, NOON + timedelta(hours=1))
    assert (account.status, account.error, account.hint) == (status, "Still out of reach.", "Wait.")


def test_a_pass_that_went_through_ends_the_failures(store: Store) -> None:
    store.enrol("work", "imap")
    store.record_outcome("work", NOON, AccountStatus.FAILING, "Out of reach.", "Wait.")
    store.record_outcome("work", NOON + timedelta(hours=1), AccountStatus.OK)

    account = of(store, "work")
    assert (account.error, account.hint, account.failing_since) == ("", "", None)

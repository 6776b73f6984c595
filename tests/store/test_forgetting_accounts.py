"""An account goes with all that was read from it, and with whoever was only there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.connector import Note, Page
from syncd.model import Person, Unreadable
from syncd.store.forgetting import forget, forget_account
from tests.store.anna import NAME, of_anna, resolved, traces
from tests.store.records import ANNA, BOB, ME, OWN, fill, mail

if TYPE_CHECKING:
    from syncd.store import Store


def test_an_account_goes_with_all_that_was_read_from_it(store: Store) -> None:
    fill(store, "work", mail(1), mail(2, author=BOB), Unreadable("INBOX/1/9", "It has no date."))
    fill(store, "home", mail(2, author=BOB))
    store.commit_page("work", Page((), "7", notes=(Note("a", "b"),)), "1")
    resolved(store)
    erased = forget_account(store, "work")
    resolved(store)

    assert (erased.records, erased.notes) == (3, 1)
    assert [one.name for one in store.accounts()] == ["home"]
    assert [one.addresses for one in store.people()] == [(BOB,)]
    (letter,) = store.exchanges(store.people()[0].id, 9)
    assert [seen.account for seen in letter.evidence] == ["home"]
    with pytest.raises(KeyError):
        forget_account(store, "work")


def test_nobody_who_was_only_in_an_account_is_left_when_it_goes(store: Store) -> None:
    fill(store, "work", of_anna(mail(1)))
    fill(store, "home", mail(2, author=BOB))
    resolved(store)
    forget_account(store, "work")
    resolved(store)

    assert not traces(store)
    assert [one.addresses for one in store.people()] == [(BOB,)]


def test_own_addresses_learned_from_an_account_stay_known(store: Store) -> None:
    fill(store, "work", *(mail(number, author=ME, to=(ANNA,), sent=True) for number in range(3)))
    fill(store, "home", mail(9, author=ME, to=(BOB,), sent=True))
    forget_account(store, "work")

    assert store.sent_senders() == {ME: 4}
    forget(store, Person("p:1", "Bob", (BOB,)), OWN)
    assert store.sent_senders() == {ME: 4}


def test_she_is_not_remembered_as_one_who_wrote_from_a_sent_folder(store: Store) -> None:
    fill(store, "work", of_anna(mail(1, to=(BOB,), sent=True)), mail(2, author=ME, to=(BOB,), sent=True))
    resolved(store)
    forget_account(store, "work")
    forget(store, Person("p:0", NAME, (ANNA,)), OWN)

    assert store.sent_senders() == {ME: 1}

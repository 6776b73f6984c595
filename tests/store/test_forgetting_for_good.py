"""Nothing brings back whoever was forgotten: no backup, no file, and no process that was at work meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from syncd.model import Person, Removal
from syncd.pipeline.identity import resolve
from syncd.pipeline.reconcile import reconcile
from syncd.store import Store
from syncd.store.engine import open_database
from syncd.store.forgetting import Erased, compact, erase_forgotten, forget, forget_account
from syncd.store.schema import forgotten
from tests.store.anna import NAME, WORDS, anna, forget_her, of_anna, resolved, three, traces
from tests.store.records import ANNA, BOB, IGNORE, OWN, derive, fill, mail

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection

    from syncd.store.engine import Transactions
    from tests.store.conftest import NewUrl


def test_a_backup_that_brings_her_back_is_erased_by_the_marks(store: Store, new_url: NewUrl) -> None:
    fill(store, "work", of_anna(mail(1)), mail(2, author=BOB))
    resolved(store)
    forget_her(store)
    with store.transactions.reading() as connection:
        marks = [tuple(row) for row in connection.execute(forgotten.select())]
    with Store.open(new_url()) as older:
        fill(older, "work", of_anna(mail(1)), mail(2, author=BOB))
        resolved(older)
        forget(older, Person("p:2", "Carla Neri", ("carla@neri.example",)), OWN)
        with older.transactions.writing() as connection:
            connection.execute(forgotten.insert(), [{"mark": mark} for (mark,) in marks])
        erased = erase_forgotten(older)
        resolved(older)

        assert erased.records == 1
        assert [one.addresses for one in older.people()] == [(BOB,)]
        assert erase_forgotten(older) == Erased()


def test_marks_say_nothing_without_their_salt_and_no_two_stores_share_one(new_url: NewUrl) -> None:
    marks = []
    for _ in range(2):
        with Store.open(new_url()) as store:
            forget(store, Person("p:1", NAME, (ANNA, "a.rossi@home.example")), OWN)
            forget(store, Person("p:2", "Carla Neri", ("carla@neri.example",)), OWN)
            with store.transactions.reading() as connection:
                marks.append(set(connection.execute(forgotten.select()).scalars()))

    assert not marks[0] & marks[1]
    assert [len({mark.partition("$")[0] for mark in each}) for each in marks] == [1, 1]
    assert not any(word in mark for each in marks for mark in each for word in WORDS)


def test_the_files_hold_nothing_of_her(sqlite: Path) -> None:
    with Store.open(f"sqlite:///{sqlite}") as store:
        for number in range(200):
            fill(store, "work", of_anna(mail(number)), of_anna(mail(number, f"Archive/{number}")), three(number + 500))
            if number % 50 == 0:
                resolved(store)
        fill(store, "work", *(Removal(f"Archive/{number}") for number in range(200)))
        resolved(store)
        leave_in_free_pages(sqlite, NAME)
        assert NAME.encode() in raw(sqlite)
        forget_her(store)
        compact(store)
        resolved(store)
        found = raw(sqlite).lower()

    assert not [word for word in WORDS if word.encode() in found]
    assert b"bob@brunel" in found


class Interrupted:
    """A store's transactions, with something that happens before the next one that writes."""

    def __init__(self, inside: Transactions, happens: Callable[[], None]) -> None:
        self._inside = inside
        self._happens: list[Callable[[], None]] = [happens]

    def reading(self) -> AbstractContextManager[Connection]:
        return self._inside.reading()

    def writing(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        while self._happens:
            self._happens.pop()()
        return self._inside.writing(durable=durable)


def test_what_comes_in_while_she_is_looked_for_is_erased_too(url: str) -> None:
    with closing(open_database(url)) as database, Store.open(url) as other:
        fill(other, "work", of_anna(mail(1)), mail(2, author=BOB))
        resolved(other)
        store = Store(Interrupted(database, lambda: fill(other, "work", of_anna(mail(3)))), database)
        erased = forget(store, anna(store), OWN)
        resolved(other)

        assert erased.records == 2
        assert [one.addresses for one in other.people()] == [(BOB,)]


@pytest.mark.parametrize(
    "erase", [lambda store: forget(store, anna(store), OWN), lambda it: forget_account(it, "work")]
)
def test_whoever_was_deriving_meanwhile_does_not_bring_her_back(store: Store, erase: Callable[[Store], object]) -> None:
    fill(store, "work", of_anna(mail(1)))
    resolved(store)
    fill(store, "work", of_anna(mail(2)))
    batch = store.pending()
    assert batch
    erase(store)

    assert not store.apply(reconcile(batch.facts, OWN, IGNORE, batch.gone), batch.through)
    resolved(store)
    assert not traces(store)


def test_whoever_was_saying_who_is_who_meanwhile_does_not_bring_her_back(store: Store) -> None:
    fill(store, "work", of_anna(mail(1)))
    derive(store)
    found = resolve(store.sightings(), store.namesakes(), store.decisions(), (), OWN)
    forget(store, Person("p:0", NAME, (ANNA,)), OWN)
    store.apply_identities(found, "the rules of the day")

    assert store.identity_key() == ""
    assert not traces(store)


def leave_in_free_pages(path: Path, text: str) -> None:
    """Write and delete it as a SQLite does that does not overwrite what it deletes."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("INSERT INTO meta VALUES ('passing', ?)", (text * 1000,))
        connection.commit()
        connection.execute("DELETE FROM meta WHERE name = 'passing'")


def raw(path: Path) -> bytes:
    """Every byte of a database and of its logs."""
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


def test_compacting_leaves_everything_where_it_is(store: Store) -> None:
    fill(store, "work", mail(1), mail(2, author=BOB))
    resolved(store)
    before = list(store.dump())
    compact(store)

    assert list(store.dump()) == before
    fill(store, "work", mail(3))
    assert store.counts().observations == 3

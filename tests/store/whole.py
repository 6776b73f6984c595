"""A store with something of everything in it, and what there is to compare of two stores."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import LargeBinary, Text, insert, select

from syncd.connector import Note, Page
from syncd.model import Decision, DecisionKind, Letter, LetterState
from syncd.store import Store
from syncd.store.restore import Restored, open_backup, put_back
from syncd.store.schema import metadata
from tests.store.records import ANNA, BOB, ME, NOON, derive, fill, mail, meeting

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2024, 5, 6)
LETTER = Letter(TODAY, "<digest@syncd>", ME, b"Subject: Two people\r\n\r\n\xff\x00", LetterState.SENT)

on_sqlite = pytest.mark.parametrize("new_url", ["sqlite"], indirect=True)
"""For what is decided above the database: once is enough."""


def populate(store: Store) -> None:
    """Mail of two accounts with a note, conclusions, a word of the owner, a digest that was sent."""
    fill(store, "work", *(mail(number) for number in range(20)), meeting(1), mail(30, author=BOB))
    fill(store, "home", mail(3, "Archive/3"))
    account = store.account("work")
    assert account
    store.commit_page("work", Page((), "9", notes=(Note("a", "text"),)), account.cursor)
    derive(store)
    store.decide(Decision(DecisionKind.MUTE, ANNA, "", NOON))
    store.post(LETTER, ["p:1", "p:2"])
    store.digest_key()


def fill_what_is_empty(store: Store) -> None:
    """A row of anything in each table that has none."""
    with store.transactions.writing() as connection:
        for table in metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is None:
                values = {
                    column.name: "text"
                    if isinstance(column.type, Text)
                    else b""
                    if isinstance(column.type, LargeBinary)
                    else 7
                    for column in table.columns
                }
                connection.execute(insert(table).values(values))


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with store.transactions.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def truth(store: Store) -> tuple[object, ...]:
    """What nothing else can be derived from, and what is derived from it."""
    derive(store)
    facts = list(store.dump())
    accounts = [(one.name, one.cursor, dict(store.notes(one.name))) for one in store.accounts()]
    return facts, accounts, store.decisions(), store.letters(), store.shown(), store.digest_key()


def opened(path: Path) -> Store:
    """The SQLite store in a file."""
    return Store.open(f"sqlite:///{path}")


def restore(url: str, file: Path, folder: Path, now: datetime = NOON, due: date | None = None) -> Restored:
    """Put back a backup as the command does."""
    with open_backup(file, folder) as held:
        return put_back(url, held, folder, now, due)

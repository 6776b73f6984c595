"""What a connector remembers beside its cursor: written with a page, read back by the beginning of a key.

Keys come in the order of code points on every database, so a prefix is a range of the primary key.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select

from syncd.store.codec import clean_id, clean_text, storable
from syncd.store.engine import batches, put_in_place
from syncd.store.schema import account, fact, note

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection, ScalarSelect

    from syncd.connector import Note
    from syncd.store import Store

Notes = dict[str, str | None]
"""The last word of a page on each key, with text that a database can hold."""

_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class StoredMemory:
    """What stands in `store` of the account called `account`; a `connector.Memory`."""

    store: Store
    account: str

    def notes(self, prefix: str = "", limit: int | None = None) -> Mapping[str, str]:
        """See `Memory.notes`."""
        return self.store.notes(self.account, prefix, limit)

    def known(self, remote_ids: Collection[str]) -> frozenset[str]:
        """See `Memory.known`."""
        return self.store.known(self.account, remote_ids)


def encode(notes: Iterable[Note]) -> Notes:
    """The notes of a page as they are written."""
    return {_key(one.key): _text(one.text) for one in notes}


def write(connection: Connection, number: int, notes: Notes) -> None:
    """Let these notes of an account stand, in place of those with the same keys."""
    put_in_place(connection, note, [(number, key, text) for key, text in notes.items() if text is not None])
    torn = [{"torn": key} for key, text in notes.items() if text is None]
    if torn:
        connection.execute(delete(note).where(note.c.account == number, note.c.key == bindparam("torn")), torn)


def tear_up(connection: Connection, name: str) -> None:
    """Keep no note of an account."""
    connection.execute(delete(note).where(note.c.account == _number(name)))


def read(connection: Connection, name: str, prefix: str, limit: int | None) -> dict[str, str]:
    """The first `limit` notes of an account whose keys begin with `prefix`, in the order of keys."""
    rows = select(note.c.key, note.c.text).where(note.c.account == _number(name))
    first = _key(prefix)
    following = _successor(first)
    rows = rows.where(note.c.key >= first)
    if following is not None:
        rows = rows.where(note.c.key < following)
    return dict(iter(connection.execute(rows.order_by(note.c.key).limit(limit))))


def known(connection: Connection, name: str, remote_ids: Collection[str]) -> frozenset[str]:
    """Those of these records that stand, read or unreadable."""
    keys = {one: _key(one) for one in remote_ids}
    rows = select(fact.c.remote_id).where(fact.c.account == _number(name))
    standing = {
        key
        for batch in batches(list(keys.values()))
        for key in connection.execute(rows.where(fact.c.remote_id.in_(batch))).scalars()
    }
    return frozenset(one for one, key in keys.items() if key in standing)


def _number(name: str) -> ScalarSelect[int]:
    """The account's number, as a value: joined with it, PostgreSQL would sort all notes to find the first ones."""
    return select(account.c.id).where(account.c.name == name).scalar_subquery()


def _key(key: str) -> str:
    """As remote ids are cleaned: different keys stay different, and a cleaned prefix begins the cleaned key."""
    return key if storable(key) else clean_id(key)


def _text(text: str | None) -> str | None:
    return text if text is None or storable(text) else clean_text(text)


def _successor(prefix: str) -> str | None:
    """The least text, by code point, behind everything that begins with `prefix`; None when there is none."""
    kept = prefix.rstrip(chr(sys.maxunicode))
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)

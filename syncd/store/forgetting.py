"""Erasing a person, or all that was read from an account, so that neither the tables nor the files hold them any more.

Of a person only salted hashes stay, by which `admission` knows them when a source shows them again, and
`erase_forgotten` when a backup does. Conclusions go with what they were drawn from; deriving afterwards draws the rest.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as modern
from glob import escape
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from syncd.model import LetterState
from syncd.pipeline.veil import SALT_BYTES, is_somebodys, marks_of, salt_of, veil_of
from syncd.store import admission, derived, facts, identities
from syncd.store.backup import place_beside
from syncd.store.codec import decode_observation
from syncd.store.engine import Database, batches, put, put_in_place, shred
from syncd.store.facts import Change, Record
from syncd.store.meta import write
from syncd.store.schema import (
    account,
    alias,
    appearance,
    contact,
    decision,
    fact,
    forgotten,
    letter,
    namesake,
    note,
    person,
    shown,
    tally,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from sqlalchemy import Column, ColumnElement, Connection, Table

    from syncd.model import Person
    from syncd.pipeline.own_addresses import OwnAddresses
    from syncd.pipeline.veil import Veil
    from syncd.store import Store

_FETCHED_AT_ONCE = 1000
_HELD_BACK = "Somebody whom it names was forgotten; it is not sent."
_ON_ITS_WAY = "Somebody whom it names was forgotten while it was on its way; nobody looks any more where it got to."


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased: records that are gone, records that somebody was taken out of, and what hung on them."""

    records: int = 0
    changed: int = 0
    notes: int = 0
    decisions: int = 0
    letters: int = 0
    years: int = 0  # of counts that folding had left


def forget(store: Store, who: Person, own: OwnAddresses) -> Erased:
    """Erase a person for good: whatever is only between them and the owner, and themselves in everything else.

    `own` tells the owner from everybody else. The addresses of theirs are let in no more, under any plus-tag; nor are
    their full names, where they are not beside somebody's address. Raises StoreError.
    """
    with store.transactions.reading() as connection:
        known = frozenset(connection.execute(select(forgotten.c.mark)).scalars())
        others = connection.execute(select(alias.c.address).where(alias.c.person != who.id)).scalars().all()
        rows = select(appearance.c.name).distinct().where(appearance.c.address.in_(who.addresses))
        names = [who.name, *connection.execute(rows).scalars()]
    salt = min(map(salt_of, known), default="") or secrets.token_hex(SALT_BYTES)
    marks = marks_of(who.addresses, names, others, salt)
    return _erase(store, known | marks, own)


def is_forgotten(store: Store, address: str) -> bool:
    """Whether this is an address of somebody who was forgotten."""
    with store.transactions.reading() as connection:
        hidden = admission.veil(connection)
    return hidden is not None and hidden.covers(address)


def erase_forgotten(store: Store) -> Erased:
    """Erase whomever the marks of this store name, as a backup that was put back brings them. Raises StoreError."""
    with store.transactions.reading() as connection:
        hidden = admission.veil(connection)
    return _erase(store, hidden.marks, hidden.own) if hidden else Erased()


def forget_account(store: Store, name: str) -> Erased:
    """Erase an account and everything that was read from it; counts that were folded know no account, and stay.

    Raises KeyError when there is no such account, StoreError.
    """
    with store.transactions.writing() as connection:
        number = connection.execute(select(account.c.id).where(account.c.name == name)).scalar_one_or_none()
        if number is None:
            raise KeyError(name)
        shred(connection)
        erased = 0
        own_sent: Counter[str] = Counter()
        rows = select(fact.c.seq, *(fact.c[each] for each in Record._fields)).where(fact.c.account == number)
        while found := connection.execute(rows.order_by(fact.c.seq).limit(_FETCHED_AT_ONCE)).all():
            changes = [Change(seq, Record(*record), None) for seq, *record in found]
            own_sent.update(change.old.sender for change in changes if change.old and change.old.sender)
            _replace(connection, number, changes)
            erased += len(changes)
        facts.keep_senders(connection, own_sent)
        notes = connection.execute(delete(note).where(note.c.account == number)).rowcount
        connection.execute(delete(account).where(account.c.id == number))
        _conclude_again(connection)
    return Erased(records=erased, notes=notes)


def compact(store: Store) -> None:
    """Write the database anew, so that its files hold nothing of what was erased. Raises StoreError, StoreBusy."""
    if isinstance(store.transactions, Database):
        store.transactions.compact()


def copies_put_aside(store: Store, aside: Path) -> tuple[Path, ...]:
    """The copies that syncd made by itself, before a migration or a restoration or of what was damaged.

    They hold who was forgotten since; so do the backups of the owner. `aside` is where those of PostgreSQL lie.
    """
    if not isinstance(store.transactions, Database):
        return ()
    beside = place_beside(store.transactions.engine.url, aside, "")
    names = (f"{escape(beside.name)}{kind}-*" for kind in ("before", "damaged"))
    return tuple(sorted(path for name in names for path in beside.parent.glob(name)))


def _erase(store: Store, marks: frozenset[str], own: OwnAddresses) -> Erased:
    """Look for whom the marks name while others may write, then erase in one transaction what was found, and is new."""
    hidden = veil_of(marks, own)
    with store.transactions.reading() as connection:
        newest = connection.execute(select(func.max(fact.c.seq))).scalar_one() or 0
        concerned = [seq for _, change in _changes(connection, hidden, fact.c.seq <= newest) if (seq := change.seq)]
    with store.transactions.writing() as connection:
        shred(connection)
        known = set(connection.execute(select(forgotten.c.mark)).scalars())
        put(connection, forgotten, [(mark,) for mark in sorted(marks - known)])
        admission.keep_own(connection, own)
        records = _erase_facts(connection, hidden, concerned, newest)
        people = [one.id for one in identities.people(connection) if _is_hidden(hidden, one.name, one.addresses)]
        letters = _erase_letters(connection, hidden, people)
        erased = Erased(
            records=records["gone"],
            changed=records["changed"],
            notes=_erase_notes(connection, hidden),
            decisions=_delete_covered(connection, decision, hidden, decision.c.subject, decision.c.object),
            letters=letters,
            years=_delete_covered(connection, tally, hidden, tally.c.address),
        )
        _erase_conclusions(connection, hidden, people)
    return erased


# --------------------------------------------------------------------------- what was observed


def _erase_facts(connection: Connection, hidden: Veil, concerned: Collection[int], newest: int) -> Counter[str]:
    """Replace the facts that concern them; those with one of these numbers, and those that came meanwhile."""
    found: defaultdict[int, list[Change]] = defaultdict(list)
    wanted = [fact.c.seq.in_(batch) for batch in batches(list(concerned))]
    for where in (*wanted, fact.c.seq > newest):
        for number, change in _changes(connection, hidden, where):
            found[number].append(change)
    count: Counter[str] = Counter()
    own_sent: Counter[str] = Counter()
    for number, changes in found.items():
        _replace(connection, number, changes)
        for change in changes:
            count["changed" if change.new else "gone"] += 1
            if change.old and change.old.sender and change.old.sender in hidden.own and not change.new:
                own_sent[change.old.sender] += 1
    facts.keep_senders(connection, own_sent)
    facts.drop_senders(connection, hidden.covers)
    return count


def _changes(connection: Connection, hidden: Veil, where: ColumnElement[bool]) -> Iterator[tuple[int, Change]]:
    """What changes under the veil: the number of the account, what stands, and what may."""
    rows = select(fact.c.account, fact.c.seq, *(fact.c[name] for name in Record._fields)).where(where)
    with connection.execute(rows.execution_options(yield_per=_FETCHED_AT_ONCE)) as streamed:
        for number, seq, *columns in streamed:
            old = Record(*columns)
            observation = decode_observation(old.kind, old.remote_id, old.payload)
            kept = hidden.over(observation)
            if kept is not observation:
                yield number, Change(seq, old, None if kept is None else facts.encode(kept)[1])


def _replace(connection: Connection, number: int, changes: list[Change]) -> None:
    """Write the changes of one account, and let nothing stand that was concluded from what stood there."""
    facts.put_changes(connection, number, changes)
    old = (change.old for change in changes)
    derived.void(connection, {facts.identity_of_record(one) for one in old if one and one.readable})


def _erase_notes(connection: Connection, hidden: Veil) -> int:
    with connection.execute(select(note).execution_options(yield_per=_FETCHED_AT_ONCE)) as streamed:
        changed = [
            (number, key, bare)
            for number, key, text in streamed
            if (bare := admission.note_without(hidden, text)) != text
        ]
    put_in_place(connection, note, changed)
    return len(changed)


# --------------------------------------------------------------------------- what was concluded, said and mailed


def _erase_conclusions(connection: Connection, hidden: Veil, people: Collection[str]) -> None:
    """Nobody of that address or name is left; who is who is to be said again."""
    looks = [
        number
        for number, address, name in connection.execute(select(appearance))
        if _is_hidden(hidden, name, [address])
    ]
    for batch in batches(looks):
        connection.execute(delete(contact).where(contact.c.appearance.in_(batch)))
        connection.execute(delete(appearance).where(appearance.c.id.in_(batch)))
    _delete_covered(connection, namesake, hidden, namesake.c.first, namesake.c.second)
    for batch in batches(list(people)):
        connection.execute(delete(alias).where(alias.c.person.in_(batch)))
        connection.execute(delete(person).where(person.c.id.in_(batch)))
    _conclude_again(connection)


def _conclude_again(connection: Connection) -> None:
    """Who is who is to be said again, and by nobody who began before: what they hold in memory was erased."""
    derived.drop_unseen(connection)
    derived.overtake(connection)
    write(connection, "identity", "")


def _is_hidden(hidden: Veil, name: str, addresses: Collection[str]) -> bool:
    """Whether this is one of them, or a machine that goes by their name."""
    if any(map(hidden.covers, addresses)):
        return True
    return not any(map(is_somebodys, addresses)) and hidden.text(name) != name


def _delete_covered(connection: Connection, table: Table, hidden: Veil, *columns: Column[str]) -> int:
    """Delete the rows of a table in which an address of theirs stands; how many."""
    found = connection.execute(select(*columns).distinct()).all()
    return sum(
        connection.execute(
            delete(table).where(*(column == value for column, value in zip(columns, row, strict=True)))
        ).rowcount
        for row in found
        if any(hidden.covers(value) for value in row)
    )


def _erase_letters(connection: Connection, hidden: Veil, people: Collection[str]) -> int:
    """Blank the letters that name them; one that is still to be sent is sent no more."""
    days = set(connection.execute(select(shown.c.day).where(shown.c.person.in_(people))).scalars())
    connection.execute(delete(shown).where(shown.c.person.in_(people)))
    rows = connection.execute(select(letter.c.day, letter.c.content, letter.c.state).where(letter.c.content != b""))
    naming = [(day, state) for day, content, state in rows if day in days or _names(hidden, content)]
    for day, state in naming:
        blank: dict[str, object] = {"content": b""}
        if state in {LetterState.PLANNED.value, LetterState.RENDERED.value}:
            blank |= {"state": LetterState.FAILED.value, "error": _HELD_BACK, "retry_at": None}
        elif state == LetterState.SENDING.value:
            blank |= {"state": LetterState.SENT.value, "error": _ON_ITS_WAY, "retry_at": None}
        connection.execute(update(letter).where(letter.c.day == day).values(blank))
    return len(naming)


def _names(hidden: Veil, content: bytes) -> bool:
    """Whether they stand in the plain text of a letter, which says whatever its other parts do."""
    body = message_from_bytes(content, policy=modern).get_body(("plain",))
    text = body.get_content() if body else content.decode("utf-8", "replace")
    return hidden.text(" ".join(text.split())) != " ".join(text.split())

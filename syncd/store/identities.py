"""Who is who: what identity is resolved from, what came of it, and the owner's decisions, which outrank it."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from heapq import merge
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import case, delete, func, insert, select

from syncd.model import Alias, Decision, DecisionKind, Person, Sighting, VerdictKind
from syncd.pipeline.folding import by_frequency
from syncd.store.codec import decode_names, decode_strings, encode_strings, from_micros, to_micros
from syncd.store.engine import batches, put
from syncd.store.meta import write
from syncd.store.schema import alias, appearance, contact, decision, interaction, namesake, person, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row, Table

    from syncd.model import Identities

_HUMAN = (VerdictKind.HUMAN, VerdictKind.LIST)


def sightings(connection: Connection) -> Iterator[Sighting]:
    """What all interactions together say about each address, and what was folded of it; in the order of addresses."""
    by_address = attrgetter("address")
    for _, both in groupby(merge(_standing(connection), _folded(connection), key=by_address), key=by_address):
        yield reduce(_together, both)


def _standing(connection: Connection) -> Iterator[Sighting]:
    seen = (
        select(
            contact.c.appearance,
            func.count().label("times"),
            func.min(interaction.c.at).label("first"),
            func.max(interaction.c.at).label("last"),
            func.sum(case((interaction.c.verdict.in_(_HUMAN), 1), else_=0)).label("human"),
        )
        .join(interaction, interaction.c.row == contact.c.interaction)
        .group_by(contact.c.appearance)
        .subquery()
    )
    rows = connection.execute(
        select(appearance.c.address, appearance.c.name, seen.c.times, seen.c.first, seen.c.last, seen.c.human)
        .join(seen, seen.c.appearance == appearance.c.id)
        .order_by(appearance.c.address, seen.c.times.desc(), appearance.c.name)
    )
    for address, looks in groupby(rows, key=itemgetter(0)):
        _, names, times, first, last, human = zip(*looks, strict=True)
        yield Sighting(
            address,
            tuple((name, count) for name, count in zip(names, times, strict=True) if name),
            from_micros(min(first)),
            from_micros(max(last)),
            sum(human),
        )


def _folded(connection: Connection) -> Iterator[Sighting]:
    """What was folded is human: nothing else is counted. An address that nothing came of was beside one that counts."""
    rows = select(
        tally.c.address, tally.c.names, tally.c.sent + tally.c.received + tally.c.met, tally.c.first, tally.c.last
    )
    for address, names, exchanges, first, last in connection.execute(rows.order_by(tally.c.address, tally.c.year)):
        human = max(1, exchanges)
        yield Sighting(address, decode_names(names), from_micros(first), from_micros(last), human)


def _together(one: Sighting, other: Sighting) -> Sighting:
    return Sighting(
        one.address,
        by_frequency(Counter(dict(one.names)) + Counter(dict(other.names))),
        min(one.first, other.first),
        max(one.last, other.last),
        one.human + other.human,
    )


def namesakes(connection: Connection) -> tuple[tuple[str, str], ...]:
    """The pairs of addresses that stood in one record as two people of one name."""
    pairs = select(namesake.c.first, namesake.c.second).distinct().order_by(namesake.c.first, namesake.c.second)
    return tuple((first, second) for first, second in connection.execute(pairs))


def replace(connection: Connection, identities: Identities, key: str) -> None:
    """Let these people and aliases stand, and no others; only rows that differ are written."""
    _settle(connection, person, {(one.id, one.name, encode_strings(one.addresses)) for one in identities.people})
    _settle(connection, alias, {(one.address, one.person, one.because) for one in identities.aliases})
    write(connection, "identity", key)


def _settle(connection: Connection, table: Table, rows: set[tuple[str, ...]]) -> None:
    known = {tuple(row) for row in connection.execute(select(table))}
    (key,) = table.primary_key
    for batch in batches(sorted(row[0] for row in known - rows)):
        connection.execute(delete(table).where(key.in_(batch)))
    put(connection, table, sorted(rows - known))


def people(connection: Connection) -> Iterator[Person]:
    """Everybody, in the order of ids."""
    for row in connection.execute(select(person).order_by(person.c.id)):
        yield Person(row.id, row.name, decode_strings(row.addresses))


def aliases(connection: Connection, who: str) -> tuple[Alias, ...]:
    """The addresses of one person, and why each is theirs."""
    rows = connection.execute(select(alias).where(alias.c.person == who).order_by(alias.c.address))
    return tuple(Alias(row.address, row.person, row.because) for row in rows)


def person_of(connection: Connection, address: str) -> str | None:
    """The id of the person that a normal address belongs to."""
    return connection.execute(select(alias.c.person).where(alias.c.address == address)).scalar_one_or_none()


def decide(connection: Connection, word: Decision) -> None:
    """Keep the owner's word."""
    connection.execute(
        insert(decision).values(kind=word.kind, subject=word.subject, object=word.object, at=to_micros(word.at))
    )


def decisions(connection: Connection) -> tuple[Decision, ...]:
    """Every word of the owner, oldest first."""
    return tuple(_decision(row) for row in connection.execute(select(decision).order_by(decision.c.id)))


def undo(connection: Connection) -> Decision | None:
    """Take back the last word."""
    last = connection.execute(select(decision).order_by(decision.c.id.desc()).limit(1)).one_or_none()
    if last is None:
        return None
    connection.execute(delete(decision).where(decision.c.id == last.id))
    return _decision(last)


def _decision(row: Row[*tuple[object, ...]]) -> Decision:
    return Decision(DecisionKind(row.kind), row.subject, row.object, from_micros(row.at))

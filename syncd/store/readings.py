"""What is read from the store: every person's history in one scan, single exchanges, a day's meetings, a dump.

Whatever grows with the mailbox is streamed; a history's rows come in the order of persons, so that only one person's
are held at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, cast

from sqlalchemy import and_, func, or_, select, true

from syncd.model import (
    Appointment,
    Contact,
    Direction,
    Interaction,
    InteractionKind,
    Role,
    Touch,
    Verdict,
    VerdictKind,
)
from syncd.store import identities
from syncd.store.codec import decode_evidence, decode_strings, encode_line, from_micros, to_micros
from syncd.store.engine import batches
from syncd.store.schema import account, alias, appearance, contact, fact, interaction, person, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from syncd.model import Person
    from syncd.store import Store

_KINDS = {kind.value: kind for kind in InteractionKind}
_DIRECTIONS = {direction.value: direction for direction in Direction}
_VERDICTS = {kind.value: kind for kind in VerdictKind}
_ROLES = {role.value: role for role in Role}
_PRECEDENCE: dict[str, int] = {
    role: place for place, role in enumerate((Role.FROM, Role.ORGANIZER, Role.TO, Role.ATTENDEE, Role.CC, Role.BCC))
}
_FETCHED_AT_ONCE = 1000

_TouchRow = tuple[str, str, int | None, str, int, int, str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is: people, interactions, records that could be read, records that could not."""

    people: int
    interactions: int
    observations: int
    unreadable: int


def histories(connection: Connection, now: datetime | None) -> Iterator[tuple[Person, tuple[Touch, ...]]]:
    """Every person in the order of ids, with their touches, oldest first."""
    everybody = list(identities.people(connection))
    with connection.execute(_touch_rows(now)) as rows:
        groups = groupby(cast("Iterable[_TouchRow]", rows), key=itemgetter(0))
        ahead = next(groups, None)
        for one in everybody:
            if ahead is not None and ahead[0] == one.id:
                yield one, tuple(_touches(ahead[1]))
                ahead = next(groups, None)
            else:
                yield one, ()


def _touch_rows(now: datetime | None) -> Select[*tuple[object, ...]]:
    """One row per contact, in the order of persons.

    Outer joins keep SQLite at walking from alias to interaction, which needs no sorting: a third of the time, and no
    memory. Without them it sorts all rows (measured).
    """
    over = true() if now is None else or_(interaction.c.kind == "meeting", interaction.c.until <= to_micros(now))
    return (
        select(
            alias.c.person,
            contact.c.role,
            interaction.c.id,
            interaction.c.kind,
            interaction.c.at,
            interaction.c.until,
            interaction.c.direction,
            interaction.c.verdict,
            interaction.c.subject,
            interaction.c.message_id,
            interaction.c.in_reply_to,
            interaction.c.accounts,
            alias.c.address,
        )
        .select_from(alias)
        .outerjoin(appearance, appearance.c.address == alias.c.address)
        .outerjoin(contact, contact.c.appearance == appearance.c.id)
        .outerjoin(interaction, and_(interaction.c.row == contact.c.interaction, over))
        .order_by(alias.c.person)
        .execution_options(yield_per=_FETCHED_AT_ONCE)
    )


def _touches(rows: Iterable[_TouchRow]) -> Iterator[Touch]:
    """One person's touches, oldest first; one where two addresses of theirs stood in the same interaction."""
    met = [(row[4], row[2], _PRECEDENCE[row[1]], row) for row in rows if row[2] is not None]
    met.sort()
    last = None
    for at, number, _, row in met:
        if number == last:
            continue
        last = number
        _, role, _, kind, _, until, direction, verdict, subject, message_id, in_reply_to, where, address = row
        start = from_micros(at)
        yield Touch(
            number,
            start,
            start if until == at else from_micros(until),
            _KINDS[kind],
            _DIRECTIONS[direction],
            _VERDICTS[verdict],
            _ROLES[role],
            subject,
            message_id,
            in_reply_to,
            decode_strings(where),
            address,
        )


def exchanges(connection: Connection, who: str, limit: int, now: datetime | None) -> tuple[Interaction, ...]:
    """The last interactions with one person, newest first."""
    theirs = (
        select(contact.c.interaction)
        .join(appearance, appearance.c.id == contact.c.appearance)
        .join(alias, alias.c.address == appearance.c.address)
        .where(alias.c.person == who)
    )
    rows = select(interaction).where(interaction.c.row.in_(theirs))
    if now is not None:
        rows = rows.where(interaction.c.at <= to_micros(now))
    return _interactions(connection, rows.order_by(interaction.c.at.desc(), interaction.c.id).limit(limit))


def agenda(connection: Connection, start: datetime, end: datetime) -> tuple[Appointment, ...]:
    """The meetings that start in [start, end), in their order, with the people in them."""
    meetings = _interactions(
        connection,
        select(interaction)
        .where(interaction.c.kind == "meeting", interaction.c.at >= to_micros(start), interaction.c.at < to_micros(end))
        .order_by(interaction.c.at, interaction.c.id),
    )
    addresses = sorted({other.address for meeting in meetings for other in meeting.contacts})
    people = {
        address: who
        for batch in batches(addresses)
        for address, who in connection.execute(
            select(alias.c.address, alias.c.person).where(alias.c.address.in_(batch))
        )
    }
    return tuple(
        Appointment(
            meeting, tuple(dict.fromkeys(people[one.address] for one in meeting.contacts if one.address in people))
        )
        for meeting in meetings
    )


def interactions(store: Store) -> Iterator[Interaction]:
    """Every interaction, in the order in which they were derived; streamed."""
    with store.transactions.reading() as connection:
        last = connection.execute(select(func.max(interaction.c.row))).scalar_one() or 0
        for first in range(0, last + 1, _FETCHED_AT_ONCE):
            these = interaction.c.row.between(first, first + _FETCHED_AT_ONCE - 1)
            yield from _interactions(connection, select(interaction).where(these).order_by(interaction.c.row))


def _interactions(connection: Connection, wanted: Select[*tuple[object, ...]]) -> tuple[Interaction, ...]:
    rows = connection.execute(wanted).all()
    contacts: dict[int, list[Contact]] = {row.row: [] for row in rows}
    for batch in batches(list(contacts)):
        found = (
            select(contact.c.interaction, appearance.c.address, appearance.c.name, contact.c.role)
            .join(appearance, appearance.c.id == contact.c.appearance)
            .where(contact.c.interaction.in_(batch))
            .order_by(contact.c.interaction, contact.c.position)
        )
        for number, address, name, role in connection.execute(found):
            contacts[number].append(Contact(address, name, _ROLES[role]))
    return tuple(_interaction(row, contacts[row.row]) for row in rows)


def _interaction(row: Row[*tuple[object, ...]], contacts: Sequence[Contact]) -> Interaction:
    return Interaction(
        id=row.id,
        kind=_KINDS[row.kind],
        at=from_micros(row.at),
        until=from_micros(row.until),
        direction=_DIRECTIONS[row.direction],
        contacts=tuple(contacts),
        verdict=Verdict(_VERDICTS[row.verdict], row.reason),
        evidence=decode_evidence(row.evidence),
        subject=row.subject,
        message_id=row.message_id,
        in_reply_to=row.in_reply_to,
    )


def dump(connection: Connection) -> Iterator[str]:
    """A line per fact, then a line per interaction, then one for each year of an address that was folded."""
    facts = (
        select(account.c.name, fact.c.remote_id, fact.c.kind, fact.c.payload)
        .join(account)
        .order_by(account.c.name, fact.c.remote_id)
        .execution_options(yield_per=_FETCHED_AT_ONCE)
    )
    with connection.execute(facts) as rows:
        for name, remote_id, kind, payload in rows:
            yield f"fact {encode_line(name, remote_id, kind)} {payload}"
    columns = [column for column in interaction.c if column is not interaction.c.row]
    found = (
        select(*columns, contact.c.position, contact.c.role, appearance.c.address, appearance.c.name)
        .select_from(interaction)
        .outerjoin(contact, contact.c.interaction == interaction.c.row)
        .outerjoin(appearance, appearance.c.id == contact.c.appearance)
        .order_by(interaction.c.id, contact.c.position)
        .execution_options(yield_per=_FETCHED_AT_ONCE)
    )
    width = len(columns)
    with connection.execute(found) as rows:
        for _, same in groupby(rows, key=itemgetter(0)):
            held = [tuple(row) for row in same]
            contacts = [row[width + 1 :] for row in held if row[width] is not None]
            yield f"interaction {encode_line(*held[0][:width], contacts)}"
    for row in connection.execute(select(tally).order_by(tally.c.address, tally.c.year)):
        yield f"tally {encode_line(*row)}"


def counts(connection: Connection) -> Counts:
    """How much there is."""
    observations, unreadable = connection.execute(
        select(func.coalesce(func.sum(account.c.observations), 0), func.coalesce(func.sum(account.c.unreadable), 0))
    ).one()
    people = connection.execute(select(func.count()).select_from(person)).scalar_one()
    interactions = connection.execute(select(func.count()).select_from(interaction)).scalar_one()
    return Counts(people, interactions, observations, unreadable)

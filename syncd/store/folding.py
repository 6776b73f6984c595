"""What is older than is kept goes, and leaves a count for each address and year (`privacy.history`).

A component folds as a whole or not at all: facts that may be copies of one exchange are counted together, or wait for
the youngest of them. By what they are known again stays, so that no source makes them count twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, select

from syncd.model import Keys, Tally
from syncd.pipeline.folding import add_up, known_by
from syncd.pipeline.reconcile import identity_of
from syncd.store import accounts, admission, derived, facts
from syncd.store.codec import decode_names, decode_strings, encode_names, encode_strings, from_micros, to_micros
from syncd.store.engine import batches, put, put_in_place, shred
from syncd.store.meta import read, write
from syncd.store.schema import alias, appearance, contact, fact, folded, gone, interaction, namesake, tally

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Column, Connection, Row

    from syncd.store import Store
    from syncd.store.derived import State

_TIMES = 60
"""Characters in which a payload says when it was: it begins with that."""

_FETCHED_AT_ONCE = 2000
_HALVES = 2
_LONGEST_SLEEP = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Ripe:
    """What may be folded: everything over before `edge` but what hangs together with something younger.

    `interactions` are the identities it is counted under. It holds while the store is as `seen`.
    """

    edge: datetime
    facts: tuple[int, ...]
    interactions: frozenset[int]
    seen: Seen


class Seen(NamedTuple):
    """How far a store was when it was looked at: by which rules it is derived, and the number of its newest fact."""

    state: State
    newest: int


class _Old(NamedTuple):
    seq: int
    account: int
    kind: str
    key: int | None
    content: int | None
    sender: str | None
    times: str

    @property
    def micros(self) -> tuple[int, int]:
        """When it begins, and when it is over."""
        first, second, *_ = self.times[1:].split(",", 2)
        start = int(first)
        return start, max(start, int(second)) if self.kind == "meeting" else start

    @property
    def keys(self) -> Keys:
        return Keys(self.key or 0, self.content or 0)


_OLD_COLUMNS = [
    *(fact.c[name] for name in _Old._fields[:-1]),
    func.substr(fact.c.payload, 1, _TIMES).label("times"),
]


def ripe(store: Store, edge: datetime) -> Ripe | None:
    """What may be folded at `edge`; None when there is nothing, or something is still to be derived."""
    with store.transactions.reading() as connection:
        seen = _seen(connection)
        if seen is None:
            return None
        old = _whole_components(connection, _older_than(connection, to_micros(edge)))
    if not old:
        return None
    identities = frozenset(identity_of(one.keys, from_micros(one.micros[0])) for one in old.values())
    return Ripe(edge, tuple(old), identities, seen)


def names_in(store: Store, what: Ripe) -> Mapping[str, Mapping[str, int]]:
    """What each address that stands in what is ripe is called there, and how often."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    look = appearance.c.address, appearance.c.name
    rows = (
        select(*look, func.count())
        .join(contact, contact.c.appearance == appearance.c.id)
        .join(interaction, interaction.c.row == contact.c.interaction)
        .group_by(*look)
    )
    with store.transactions.reading() as connection:
        for batch in batches(sorted(what.interactions)):
            for address, name, times in connection.execute(rows.where(interaction.c.id.in_(batch))):
                found[address].update({name: times} if name else {})
    return found


def put_tallies(store: Store, what: Ripe, counted: Iterable[Tally]) -> bool:
    """Let `counted` stand in place of what is ripe, in one transaction; False when the store changed since."""
    with store.transactions.writing() as connection:
        if _seen(connection) != what.seen:
            return False
        shred(connection)
        known: set[int] = set()
        gone_for_good: Counter[str] = Counter()
        for batch in batches(what.facts):
            rows = [_Old(*row) for row in connection.execute(select(*_OLD_COLUMNS).where(fact.c.seq.in_(batch)))]
            known.update(one for row in rows for one in known_by(row.keys, from_micros(row.micros[0])))
            gone_for_good.update(row.sender for row in rows if row.sender)
            for number, count in Counter(row.account for row in rows).items():
                accounts.count(connection, number, -count, 0)
            connection.execute(delete(fact).where(fact.c.seq.in_(batch)))
        put(connection, folded, [(one,) for one in sorted(known - admission.folded_already(connection, known))])
        facts.keep_senders(connection, gone_for_good)
        _keep_namesakes(connection, what.interactions)
        derived.void(connection, what.interactions)
        derived.drop_unseen(connection)
        _add(connection, counted)
        write(connection, "folded", str(to_micros(what.edge)))
        write(connection, "identity", "")
    return True


def watch_clock(store: Store, now: datetime) -> datetime:
    """Note that it is `now`; since when the clock of this store went on without a jump, `now` itself after one.

    A machine may sleep for weeks: only more than two months, or a step back, is a jump.
    """
    with store.transactions.writing() as connection:
        since, _, last = read(connection, "clock").partition(" ")
        goes_on = bool(last) and timedelta(0) <= now - from_micros(int(last)) <= _LONGEST_SLEEP
        began = from_micros(int(since)) if goes_on else now
        write(connection, "clock", f"{to_micros(began)} {to_micros(now)}")
    return began


def tallies(store: Store) -> Mapping[str, tuple[Tally, ...]]:
    """What was folded of each person (by id), by address and year; people of whom nothing was are left out."""
    found: defaultdict[str, list[Tally]] = defaultdict(list)
    with store.transactions.reading() as connection:
        rows = select(tally, alias.c.person).join(alias, alias.c.address == tally.c.address)
        for row in connection.execute(rows.order_by(tally.c.address, tally.c.year)):
            found[row.person].append(_tally(row))
    return {person: tuple(of_one) for person, of_one in found.items()}


def stored(connection: Connection) -> Iterator[Tally]:
    """Every tally, by address and year."""
    for row in connection.execute(select(tally).order_by(tally.c.address, tally.c.year)):
        yield _tally(row)


def _seen(connection: Connection) -> Seen | None:
    """What the store holds; None while something is to be derived."""
    newest = connection.execute(select(func.max(fact.c.seq))).scalar_one() or 0
    state = derived.state(connection)
    changed = connection.execute(select(gone.c.id).limit(1)).first()
    return None if changed or newest > state.watermark or not state.rules else Seen(state, newest)


def _older_than(connection: Connection, edge: int) -> dict[int, _Old]:
    rows = select(*_OLD_COLUMNS).where(fact.c.kind != "unreadable").execution_options(yield_per=_FETCHED_AT_ONCE)
    found: dict[int, _Old] = {}
    with connection.execute(rows) as streamed:
        for row in streamed:
            one = _Old(*row)
            if one.micros[1] < edge:
                found[one.seq] = one
    return found


def _whole_components(connection: Connection, old: dict[int, _Old]) -> dict[int, _Old]:
    """Those of `old` that share no key with another fact, nor with one that does, and so on."""
    keys = _shared_outside(connection, fact.c.key, Counter(one.key for one in old.values()))
    contents = _shared_outside(connection, fact.c.content, Counter(one.content for one in old.values()))
    while True:
        tied = [one for one in old.values() if one.key in keys or one.content in contents]
        if not tied:
            return old
        for one in tied:
            del old[one.seq]
        keys = {one.key for one in tied}
        contents = {one.content for one in tied}
        keys.discard(None)
        contents.discard(None)


def _shared_outside(connection: Connection, column: Column[int | None], inside: Counter[int | None]) -> set[int | None]:
    """The values that more facts have than are `inside`."""
    wanted = sorted(value for value in inside if value is not None)
    counts = select(column, func.count()).group_by(column)
    return {
        value
        for batch in batches(wanted)
        for value, count in connection.execute(counts.where(column.in_(batch)))
        if count > inside[value]
    }


def _keep_namesakes(connection: Connection, identities: Collection[int]) -> None:
    """Who stood in one record as two people of one name stays two people when the record goes."""
    pairs = select(namesake.c.first, namesake.c.second)
    found = {
        tuple(pair)
        for batch in batches(sorted(identities))
        for pair in connection.execute(pairs.where(namesake.c.interaction.in_(batch)))
    }
    known = {tuple(pair) for pair in connection.execute(pairs.where(namesake.c.interaction == derived.FOLDED))}
    put(connection, namesake, [(derived.FOLDED, *pair) for pair in sorted(found - known)])


def _add(connection: Connection, counted: Iterable[Tally]) -> None:
    fresh = add_up(counted)
    addresses = sorted({address for address, _ in fresh})
    known = [
        _tally(row)
        for batch in batches(addresses)
        for row in connection.execute(select(tally).where(tally.c.address.in_(batch)))
    ]
    together = add_up([*(one for one in known if (one.address, one.year) in fresh), *fresh.values()])
    put_in_place(connection, tally, [_row(one) for one in together.values()])


def _row(one: Tally) -> tuple[str | int, ...]:
    first, last, weight = to_micros(one.first), to_micros(one.last), round(one.weight * _HALVES)
    counts = one.sent, one.received, one.met
    rest = one.months, one.days, one.weeks, weight, encode_strings(one.accounts)
    return one.address, one.year, encode_names(one.names), *counts, first, last, *rest


def _tally(row: Row[*tuple[object, ...]]) -> Tally:
    return Tally(
        address=row.address,
        year=row.year,
        sent=row.sent,
        received=row.received,
        met=row.met,
        first=from_micros(row.first),
        last=from_micros(row.last),
        months=row.months,
        days=row.days,
        weeks=row.weeks,
        weight=row.weight / _HALVES,
        accounts=decode_strings(row.accounts),
        names=decode_names(row.names),
    )

"""What is to be derived next, and what was concluded from it.

A batch is everything past a watermark, closed over shared keys: whole components, so that deriving in steps equals
deriving everything again. Facts that changed leave a trace in `gone`, which pulls their old component in as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from sqlalchemy import delete, func, select

from syncd.model import Fact, Keys
from syncd.store import accounts, facts
from syncd.store.codec import decode_observation, encode_evidence, encode_strings, to_micros
from syncd.store.engine import batches, put
from syncd.store.meta import read, write
from syncd.store.schema import alias, appearance, contact, fact, gone, interaction, namesake, person

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import ColumnElement, Connection

    from syncd.model import Interaction, Meeting, Message, Plan
    from syncd.store.codec import FactKind


FOLDED = 0
"""What stands for the interaction in a pair of namesakes whose record was folded: they stay two people for ever."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Facts that make up whole components, the identities that those components had before, and how far this reaches.

    `through` is the number of the last new fact: what `Store.apply` is to be given back.
    """

    facts: tuple[Fact, ...]
    gone: frozenset[int]
    through: int


class State(NamedTuple):
    """How far deriving is: by which rules, through which fact without a gap, and past which fact nowhere.

    Closing over keys reaches ahead, so some facts between `watermark` and `reached` are derived already.
    """

    rules: str
    watermark: int
    reached: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What a batch was read under and what it leads to; a plan made of it holds while `before` still does."""

    before: State
    after: State
    traces: int  # the last row of `gone` that the batch consumes
    again: bool  # whether anything in it may have been derived before


class _Row(NamedTuple):
    seq: int
    account: int
    kind: FactKind | str
    remote_id: str
    key: int | None
    content: int | None
    payload: str


class _Trace(NamedTuple):
    id: int
    identity: int
    key: int | None
    content: int | None


_FACT_COLUMNS = [fact.c[name] for name in _Row._fields]
_TRACE_COLUMNS = [gone.c[name] for name in _Trace._fields]


def next_batch(connection: Connection, limit: int) -> tuple[Pending, Claim] | None:
    """The next `limit` changes with all that belongs to them; None when everything is derived."""
    before = state(connection)
    watermark = before.watermark
    fresh = select(*_FACT_COLUMNS).where(fact.c.seq > watermark).order_by(fact.c.seq).limit(limit)
    new = [_Row(*row) for row in connection.execute(fresh).all()]
    changed = select(*_TRACE_COLUMNS).order_by(gone.c.id).limit(limit)
    traces = [_Trace(*row) for row in connection.execute(changed)]
    if not new and not traces:
        return None
    through = new[-1].seq if new else watermark
    rows = _close(connection, new, traces, fact.c.seq.between(watermark + 1, through))
    names = accounts.names(connection)
    found = tuple(
        Fact(
            names[row.account],
            cast("Message | Meeting", decode_observation(cast("FactKind", row.kind), row.remote_id, row.payload)),
            Keys(row.key or 0, row.content or 0),
        )
        for row in rows
        if row.kind != "unreadable"
    )
    numbers = [row.seq for row in rows]
    again = bool(traces) or any(number <= before.reached for number in numbers)
    after = State(before.rules, through, max([before.reached, *numbers]))
    claim = Claim(before, after, traces[-1].id if traces else 0, again)
    return Pending(found, frozenset(trace.identity for trace in traces), through), claim


def _close(
    connection: Connection, new: Iterable[_Row], traces: Iterable[_Trace], known: ColumnElement[bool]
) -> Collection[_Row]:
    """Every fact that shares a key with one of these, or with one that does, and so on.

    `known` says in SQL which facts are `new`, so that they are not looked up again. An old component that lost several
    facts is reached from each of their traces, so no trace has to be followed to another.
    """
    rows = {row.seq: row for row in new}
    keys = set[int]()
    contents = set[int]()
    frontier: list[_Row | _Trace] = [*rows.values(), *traces]
    while frontier:
        more_keys = {one.key for one in frontier if one.key is not None} - keys
        more_contents = {one.content for one in frontier if one.content is not None} - contents
        keys |= more_keys
        contents |= more_contents
        found = {
            seq
            for column, values in ((fact.c.key, more_keys), (fact.c.content, more_contents))
            for batch in batches(sorted(values))
            for seq in connection.execute(select(fact.c.seq).where(column.in_(batch), ~known)).scalars()
        }
        joined = {row.seq: row for row in _rows(connection, found - rows.keys())}
        rows |= joined
        frontier = list(joined.values())
    return rows.values()


def _rows(connection: Connection, numbers: Collection[int]) -> Iterator[_Row]:
    for batch in batches(sorted(numbers)):
        for row in connection.execute(select(*_FACT_COLUMNS).where(fact.c.seq.in_(batch))):
            yield _Row(*row)


def state(connection: Connection) -> State:
    """How far deriving is."""
    watermark, reached = read(connection, "watermark"), read(connection, "reached")
    return State(read(connection, "derivation"), int(watermark or 0), int(reached or 0))


def apply(connection: Connection, plan: Plan, claim: Claim) -> bool:
    """Replace what the plan voids by what it concludes, and move on; False when the claim holds no longer.

    Who is who has to be said again, even if this process dies before it comes to that.
    """
    if state(connection) != claim.before:
        return False
    if claim.again:
        void(connection, plan.retired | {one.id for one in plan.interactions})
    _insert(connection, plan.interactions)
    put(connection, namesake, sorted({(one.interaction, one.first, one.second) for one in plan.namesakes}))
    connection.execute(delete(gone).where(gone.c.id <= claim.traces))
    write(connection, "watermark", str(claim.after.watermark))
    write(connection, "reached", str(claim.after.reached))
    write(connection, "identity", "")
    return True


def void(connection: Connection, identities: Collection[int]) -> None:
    """Delete these interactions, those that exist, with all that hangs on them."""
    for batch in batches(sorted(identities)):
        known = select(interaction.c.row, interaction.c.id).where(interaction.c.id.in_(batch))
        if found := connection.execute(known).all():
            rows, ids = zip(*found, strict=True)
            connection.execute(delete(contact).where(contact.c.interaction.in_(rows)))
            connection.execute(delete(namesake).where(namesake.c.interaction.in_(ids)))
            connection.execute(delete(interaction).where(interaction.c.row.in_(rows)))


def drop_unseen(connection: Connection) -> None:
    """Delete the addresses and names that stand in no interaction any more."""
    connection.execute(delete(appearance).where(appearance.c.id.not_in(select(contact.c.appearance))))


def overtake(connection: Connection) -> None:
    """Let no plan stand that was made of what was pending until now.

    `reached` only says which facts may have been derived before; one more does no harm.
    """
    write(connection, "reached", str(state(connection).reached + 1))


def _insert(connection: Connection, interactions: Iterable[Interaction]) -> None:
    last = connection.execute(select(func.max(interaction.c.row))).scalar_one() or 0
    numbered = list(enumerate(interactions, last + 1))
    put(connection, interaction, [(row, *_columns(one)) for row, one in numbered])
    looks = _appearances(connection, {(other.address, other.name) for _, one in numbered for other in one.contacts})
    put(
        connection,
        contact,
        [
            (looks[other.address, other.name], row, position, other.role.value)
            for row, one in numbered
            for position, other in enumerate(one.contacts)
        ],
    )


def _columns(one: Interaction) -> tuple[str | int, ...]:
    return (
        one.id,
        one.kind.value,
        to_micros(one.at),
        to_micros(one.until),
        one.direction.value,
        one.verdict.kind.value,
        one.verdict.reason,
        encode_evidence(one.evidence),
        encode_strings(tuple(sorted({where.account for where in one.evidence}))),
        one.subject,
        one.message_id,
        one.in_reply_to,
    )


def _appearances(connection: Connection, looks: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The number of each (address, name), those that are new included."""
    known: dict[tuple[str, str], int] = {}
    for batch in batches(sorted({address for address, _ in looks})):
        for number, address, name in connection.execute(select(appearance).where(appearance.c.address.in_(batch))):
            known[address, name] = number
    last = connection.execute(select(func.max(appearance.c.id))).scalar_one() or 0
    new = {look: number for number, look in enumerate(sorted(look for look in looks if look not in known), last + 1)}
    put(connection, appearance, [(number, *look) for look, number in new.items()])
    return known | new


def restart(connection: Connection, rules: str) -> None:
    """Forget every conclusion; from now on the derived tables follow `rules`.

    Keys count as conclusions: those of an older program are computed again, unless nothing was derived from them yet.
    """
    if read(connection, "derivation"):
        facts.compute_again(connection)
    for table in (contact, interaction, appearance, alias, person, gone):
        connection.execute(delete(table))
    connection.execute(delete(namesake).where(namesake.c.interaction != FOLDED))
    write(connection, "derivation", rules)
    write(connection, "watermark", "0")
    write(connection, "reached", "0")
    write(connection, "identity", "")

"""The page rule: observations and the cursor that covers them, in one transaction or neither.

A page is turned into rows before the transaction begins, so that the writer's lock is held only for the writing.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from sqlalchemy import bindparam, delete, func, select, update

from syncd.model import Keys, Message, PageReceipt, Removal, Role, SignalName, Unreadable
from syncd.pipeline.normalize import normal_address
from syncd.pipeline.reconcile import identity_of, keys_of
from syncd.store import accounts
from syncd.store.codec import (
    FactKind,
    clean,
    clean_id,
    decode_observation,
    encode_observation,
    kind_of,
    storable,
)
from syncd.store.engine import batches, put
from syncd.store.meta import read, write
from syncd.store.schema import account, fact, gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from syncd.model import Meeting, Observation


_COMPUTED_AT_ONCE = 2000

Standing = Literal["none", "read", "failed"]
"""What the store has of a remote id: nothing, a record, or word that it could not be read."""


class Record(NamedTuple):
    """A row of the fact table, but for its number and account; two are equal when nothing changed."""

    remote_id: str
    kind: FactKind
    key: int | None
    content: int | None
    sender: str | None
    payload: str

    @property
    def readable(self) -> bool:
        """True for what people can be found in."""
        return self.kind != "unreadable"


class Change(NamedTuple):
    """What stood for one remote id, under which number, and what shall stand there."""

    seq: int | None
    old: Record | None
    new: Record | None


def encode(observation: Observation) -> tuple[str, Record | None]:
    """The remote id, and the row that shall stand for it: None for a removal."""
    remote_id = observation.remote_id
    if not storable(remote_id):
        remote_id = clean_id(remote_id)
    if isinstance(observation, Removal):
        return remote_id, None
    payload = encode_observation(observation)
    if not storable(payload):
        observation = clean(observation)
        payload = encode_observation(observation)
    if isinstance(observation, Unreadable):
        return remote_id, Record(remote_id, "unreadable", None, None, None, payload)
    return remote_id, Record(remote_id, kind_of(observation), *_computed(observation), payload)


def _computed(observation: Message | Meeting) -> tuple[int | None, int | None, str | None]:
    """The columns `key`, `content` and `sender`, which the pipeline's rules decide."""
    keys = keys_of(observation)
    sender = _sender(observation) if isinstance(observation, Message) else None
    return keys.key or None, keys.content or None, sender


def _sender(message: Message) -> str | None:
    """Who wrote a message that lies in a Sent folder: the owner's own addresses are learned from it."""
    for signal in message.signals:
        if signal.name is SignalName.FOLDER and signal.value == "sent":
            authors = (normal_address(one.address) for one in message.participants if one.role is Role.FROM)
            return next(authors, "") or None
    return None


def commit(connection: Connection, number: int, page: Sequence[tuple[str, Record | None]]) -> PageReceipt:
    """Write one encoded page of the account with this number."""
    changes = _compare(dict(_known(connection, number, [remote_id for remote_id, _ in page])), page)
    moves = put_changes(connection, number, changes)
    new = moves["none", "read"] + moves["failed", "read"]
    failed = moves["none", "failed"] + moves["failed", "failed"]
    return PageReceipt(new, len(changes) - new - failed, failed)


def put_changes(connection: Connection, number: int, changes: Sequence[Change]) -> Counter[tuple[Standing, Standing]]:
    """Let what shall stand, stand, in the account with this number; how many went from which standing to which.

    Every old record leaves a trace, so that it is derived again; a new one has a number of its own.
    """
    for batch in batches([change.seq for change in changes if change.seq is not None]):
        connection.execute(delete(fact).where(fact.c.seq.in_(batch)))
    put(connection, fact, [(number, *change.new) for change in changes if change.new])
    put(connection, gone, [trace for change in changes if change.old and (trace := _trace(change.old))])
    moves = Counter((_standing(change.old), _standing(change.new)) for change in changes)
    accounts.count(
        connection,
        number,
        moves["none", "read"] + moves["failed", "read"] - moves["read", "none"],
        moves["none", "failed"] - moves["failed", "none"] - moves["failed", "read"],
    )
    return moves


def _standing(record: Record | None) -> Standing:
    if record is None:
        return "none"
    return "read" if record.readable else "failed"


def _known(connection: Connection, number: int, remote_ids: Sequence[str]) -> Iterator[tuple[str, tuple[int, Record]]]:
    """The rows that stand for these remote ids, with their numbers."""
    columns = [fact.c[name] for name in Record._fields]
    for batch in batches(remote_ids):
        rows = select(fact.c.seq, *columns).where(fact.c.account == number, fact.c.remote_id.in_(batch))
        for seq, *record in connection.execute(rows):
            yield record[0], (seq, Record(*record))


def _compare(known: dict[str, tuple[int, Record]], page: Iterable[tuple[str, Record | None]]) -> list[Change]:
    """What a page changes, observation after observation; equal repeats change nothing."""
    after: dict[str, Record | None] = {}
    for remote_id, record in page:
        before = after[remote_id] if remote_id in after else known[remote_id][1] if remote_id in known else None
        # What was read once is not lost to a later reading that failed.
        keeps = before is not None and before.readable and record is not None and not record.readable
        after[remote_id] = before if keeps else record
    stood = ((*known.get(remote_id, (None, None)), new) for remote_id, new in after.items())
    return [Change(seq, old, new) for seq, old, new in stood if old != new]


def _trace(old: Record) -> tuple[int, int | None, int | None] | None:
    """What has to be voided before this record is concluded from anew; None when nothing was concluded from it."""
    return (identity_of_record(old), old.key, old.content) if old.readable else None


def identity_of_record(record: Record) -> int:
    """The identity of the interaction that a readable record is, or is a copy of."""
    observation = observed(record)
    at = observation.at if isinstance(observation, Message) else observation.start
    return identity_of(Keys(record.key or 0, record.content or 0), at)


def observed(record: Record) -> Message | Meeting:
    """What a readable record says."""
    return cast("Message | Meeting", decode_observation(record.kind, record.remote_id, record.payload))


def compute_again(connection: Connection) -> None:
    """Bring the columns that the pipeline's rules decide up to date with its present rules."""
    last = 0
    rows = select(fact.c.seq, *(fact.c[name] for name in Record._fields)).order_by(fact.c.seq).limit(_COMPUTED_AT_ONCE)
    better = update(fact).where(fact.c.seq == bindparam("number"))
    while found := connection.execute(rows.where(fact.c.seq > last, fact.c.kind != "unreadable")).all():
        changed = []
        for number, *columns in found:
            known = Record(*columns)
            key, content, sender = _computed(observed(known))
            if (key, content, sender) != (known.key, known.content, known.sender):
                changed.append({"number": number, "key": key, "content": content, "sender": sender})
        if changed:
            connection.execute(better, changed)
        last = found[-1][0]


def sent_senders(connection: Connection) -> dict[str, int]:
    """Who wrote the messages in Sent folders, and how many each; those that are gone for good count too."""
    sent = select(fact.c.sender, func.count()).where(fact.c.sender.is_not(None)).group_by(fact.c.sender)
    standing = Counter({sender: count for sender, count in connection.execute(sent) if sender})
    return standing + _senders_gone(connection)


def keep_senders(connection: Connection, gone_for_good: Counter[str]) -> None:
    """Go on counting who wrote messages in Sent folders that are deleted now: own addresses were learned from them."""
    if gone_for_good:
        total = _senders_gone(connection) + gone_for_good
        write(connection, "senders", json.dumps(dict(sorted(total.items()))))


def drop_senders(connection: Connection, whose: Callable[[str], bool]) -> None:
    """Count those no more of whom `whose` says so: somebody else may write from a Sent folder of the owner's."""
    total = _senders_gone(connection)
    if any(map(whose, total)):
        kept = {sender: count for sender, count in sorted(total.items()) if not whose(sender)}
        write(connection, "senders", json.dumps(kept))


def _senders_gone(connection: Connection) -> Counter[str]:
    return Counter(json.loads(read(connection, "senders") or "{}"))


def unreadable(connection: Connection, name: str) -> Iterator[Unreadable]:
    """The records of an account that could not be read, in the order they were last tried."""
    rows = (
        select(fact.c.remote_id, fact.c.payload)
        .join(account)
        .where(account.c.name == name, fact.c.kind == "unreadable")
        .order_by(fact.c.seq)
    )
    for remote_id, payload in connection.execute(rows):
        yield cast("Unreadable", decode_observation("unreadable", remote_id, payload))

"""What of a page is let in: nothing of those who were forgotten, and nothing that is kept as a count already.

It is asked inside the transaction that writes the page, so that no page slips past a forgetting or a folding; almost
every store has nobody and nothing to turn away, and pays two short questions for each page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from syncd.model import Keys, Meeting, Message, Removal
from syncd.pipeline.folding import known_by
from syncd.pipeline.own_addresses import OwnAddresses
from syncd.pipeline.veil import Veil, veil_of
from syncd.store import facts
from syncd.store.codec import to_micros
from syncd.store.engine import batches
from syncd.store.meta import read, write
from syncd.store.schema import folded, forgotten

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from syncd.model import Observation
    from syncd.store.facts import Record
    from syncd.store.notes import Notes

    Rows = list[tuple[str, Record | None]]


def admit(
    connection: Connection, observations: Sequence[Observation], encoded: Rows, noted: Notes
) -> tuple[Rows, Notes]:
    """The rows and the notes of a page as they may stand; what is turned away stands no longer, like a removal."""
    hidden = veil(connection)
    if hidden is not None:
        encoded = [_behind(hidden, *pair) for pair in zip(observations, encoded, strict=True)]
        noted = {key: text if text is None else note_without(hidden, text) for key, text in noted.items()}
    edge = read(connection, "folded")
    if edge:
        encoded = _without_folded(connection, observations, encoded, int(edge))
    return encoded, noted


def veil(connection: Connection) -> Veil | None:
    """Whoever was forgotten; None as long as nobody was."""
    marks = frozenset(connection.execute(select(forgotten.c.mark)).scalars())
    return veil_of(marks, _own(connection)) if marks else None


def keep_own(connection: Connection, own: OwnAddresses) -> None:
    """Remember whose store this is, for whoever reads a page and has no configuration at hand."""
    known = {"addresses": sorted(own.addresses), "patterns": list(own.patterns), "name": own.name}
    write(connection, "own", json.dumps(known))


def _own(connection: Connection) -> OwnAddresses:
    known = json.loads(read(connection, "own") or "{}")
    if not known:
        return OwnAddresses()
    return OwnAddresses(frozenset(known["addresses"]), tuple(known["patterns"]), known["name"])


def _behind(hidden: Veil, observation: Observation, row: tuple[str, Record | None]) -> tuple[str, Record | None]:
    if isinstance(observation, Removal):
        return row
    kept = hidden.over(observation)
    if kept is observation:
        return row
    return (row[0], None) if kept is None else facts.encode(kept)


def note_without(hidden: Veil, text: str) -> str:
    """The text of a note without those who were forgotten.

    Connectors write JSON: an object with an address of theirs, an attendee for example, goes as a whole; any other text
    loses their addresses and names.
    """
    try:
        value = json.loads(text)
    except ValueError:
        return hidden.text(text)
    if not isinstance(value, dict | list):
        return hidden.text(text)
    bare = _bare(hidden, value)
    return text if bare == value else json.dumps(bare, ensure_ascii=False, separators=(",", ":"))


Json = dict[str, "Json"] | list["Json"] | str | float | bool | None


def _bare(hidden: Veil, value: Json) -> Json:
    match value:
        case str():
            return hidden.text(value)
        case list():
            return [_bare(hidden, one) for one in value if not _bears(hidden, one)]
        case dict():
            return {key: {} if _bears(hidden, one) else _bare(hidden, one) for key, one in value.items()}
        case _:
            return value


def _bears(hidden: Veil, value: Json) -> bool:
    """Whether it is an object with one of their addresses in it."""
    return isinstance(value, dict) and any(isinstance(one, str) and hidden.covers(one) for one in value.values())


def _without_folded(connection: Connection, observations: Sequence[Observation], encoded: Rows, edge: int) -> Rows:
    """Let nothing in that was counted already; only what is older than the edge can have been."""
    old: dict[int, tuple[int, ...]] = {}
    for place, (observation, (_, row)) in enumerate(zip(observations, encoded, strict=True)):
        if row is None or not isinstance(observation, Message | Meeting):
            continue
        start, over = times_of(observation)
        if to_micros(over) < edge:
            old[place] = known_by(Keys(row.key or 0, row.content or 0), start)
    known = folded_already(connection, {one for ids in old.values() for one in ids})
    return [
        (remote_id, None if place in old and not known.isdisjoint(old[place]) else row)
        for place, (remote_id, row) in enumerate(encoded)
    ]


def times_of(record: Message | Meeting) -> tuple[datetime, datetime]:
    """When a record begins, and when it is over."""
    return (record.at, record.at) if isinstance(record, Message) else (record.start, max(record.start, record.end))


def folded_already(connection: Connection, ids: Collection[int]) -> set[int]:
    """Those of these numbers (`pipeline.folding.known_by`) that are folded."""
    wanted = select(folded.c.id)
    return {
        one
        for batch in batches(sorted(ids))
        for one in connection.execute(wanted.where(folded.c.id.in_(batch))).scalars()
    }

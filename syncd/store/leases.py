"""Who is at work: of several processes on one database, one holds a lease, and shows that it lives by a growing number.

Nobody compares clocks: whoever waits watches the number by their own, so that a clock that jumps, or two that differ,
change nothing. Every step is a compare-and-swap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from syncd.model import Lease
from syncd.store.codec import from_micros, to_micros
from syncd.store.schema import lease

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def find(connection: Connection, name: str) -> Lease | None:
    """The lease of this name as it stands."""
    row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    return None if row is None else Lease(row.name, row.holder, row.beat, from_micros(row.at))


def take(connection: Connection, name: str, holder: str, at: datetime, seen: Lease | None) -> Lease | None:
    """Take the lease, or renew it: None when it is no longer as it was `seen`."""
    if find(connection, name) != seen:
        return None
    beat = seen.beat + 1 if seen else 1
    values = {"holder": holder, "beat": beat, "at": to_micros(at)}
    if seen:
        connection.execute(update(lease).where(lease.c.name == name).values(values))
    else:
        connection.execute(insert(lease).values(name=name, **values))
    return Lease(name, holder, beat, from_micros(to_micros(at)))


def release(connection: Connection, held: Lease) -> None:
    """Let go of the lease, unless somebody else took it meanwhile."""
    mine = (lease.c.name == held.name, lease.c.holder == held.holder, lease.c.beat == held.beat)
    connection.execute(delete(lease).where(*mine))

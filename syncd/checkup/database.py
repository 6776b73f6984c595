"""The database: whether it is whole, how large, of which version, and which process keeps watch over it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.checkup.disk import in_bytes
from syncd.checkup.finding import Finding, Mark, failure
from syncd.daemon.watch import EXPIRY, LEASE
from syncd.errors import Exit
from syncd.processes import is_dead
from syncd.store.health import examine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from syncd.model import Lease
    from syncd.store import Store

PATIENCE = 300
"""Seconds: reading all of a large database from a slow disk."""


def look(store: Store) -> Iterator[Finding]:
    """Read all of it. Raises StoreError."""
    health = examine(store)
    counts = store.counts()
    if health.faults:
        yield failure(
            "database",
            f"It is damaged: {health.faults[0]}.",
            "Restore a backup: syncd restore FILE",
            Exit.CANNOT_WRITE,
        )
    else:
        unreadable = f", {counts.unreadable:,} of them unreadable" if counts.unreadable else ""
        yield Finding(
            "database",
            Mark.OK,
            f"whole: {health.kind}, version {health.schema}, {in_bytes(health.size)}, "
            f"{counts.observations:,} records{unreadable}",
        )


def look_for_daemon(store: Store, now: datetime) -> Iterator[Finding]:
    """Who keeps watch, and whether it is alive."""
    lease = store.lease(LEASE)
    if lease is None:
        yield Finding("daemon", Mark.SKIPPED, "no syncd run keeps watch over this database")
    elif is_alive(lease, now):
        yield Finding("daemon", Mark.OK, f"syncd run keeps watch: {in_words(lease)}")
    else:
        yield failure(
            "daemon",
            f"syncd run ended without a word after {lease.at:%Y-%m-%d %H:%M} UTC: {in_words(lease)}.",
            "Type: syncd service install, or without systemd: syncd run",
        )


def is_alive(lease: Lease, now: datetime) -> bool:
    """Whether whoever holds a lease lives, as far as can be seen from here."""
    return not is_dead(lease.holder) and abs(now - lease.at) <= timedelta(seconds=EXPIRY)


def in_words(lease: Lease) -> str:
    """Who holds a lease: "process 1234 on this host"."""
    host, _, process = lease.holder.rpartition(":")
    return f"process {process} on {host}"

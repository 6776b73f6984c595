"""Of several daemons on one store one keeps watch; the others stand by until its lease is released or no longer beats.

Clocks of two machines are never compared: who stands by counts, by its own monotonic clock, for how long the holder's
number did not grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.errors import StoreBusy
from syncd.processes import is_dead, this_process

if TYPE_CHECKING:
    from syncd.daemon.machine import Machine
    from syncd.model import Lease
    from syncd.store import Store

LEASE = "daemon"
BEAT = 30.0
"""Seconds between two signs of life."""

EXPIRY = 120.0
"""Seconds without one, after which the lease is another's."""


class Watch:
    """A process's claim to be the one daemon of a store; it is named by `holder`, as "HOST:PID"."""

    def __init__(self, store: Store, machine: Machine, holder: str = "") -> None:
        self._store = store
        self._machine = machine
        self._holder = holder or this_process()
        self._held: Lease | None = None
        self._beaten = (0.0, 0.0)
        self._other: Lease | None = None
        self._changed = 0.0
        self._robbed = False

    @property
    def other(self) -> str:
        """Who keeps watch while this process does not; "" when nobody is known to."""
        return self._other.holder if self._other and not self._held else ""

    def keep(self, *, now: bool = False) -> bool:
        """True while the watch is ours: renewed in time, or taken where nobody else keeps it.

        Renewed earlier when `now`, and after a sleep or a jump of the clock, since much may have happened meanwhile.
        Raises StoreError; a store that is busy for longer than the lease lasts loses it.
        """
        if self._held is None:
            return self._apply()
        silent = self._silence()
        if silent < BEAT and not now:
            return True
        try:
            self._hold(self._store.take_lease(LEASE, self._holder, self._machine.clock(), self._held))
        except StoreBusy:
            if silent > EXPIRY:
                self._held = None
            return silent <= EXPIRY
        self._robbed = self._held is None
        return self._held is not None

    def release(self) -> None:
        """Let the next one begin at once; raises StoreError."""
        if self._held:
            self._store.release_lease(self._held)
            self._held = None

    def _apply(self) -> bool:
        found = self._store.lease(LEASE)
        if found != self._other:
            self._other, self._changed = found, self._machine.monotonic()
        if found and not self._is_over(found):
            return False
        self._hold(self._store.take_lease(LEASE, self._holder, self._machine.clock(), found))
        return self._held is not None

    def _is_over(self, found: Lease) -> bool:
        """Whether its holder is gone.

        The name of a dead process of this host, or our own from before a restart, is enough; unless somebody took the
        lease from us: then names do not tell machines apart here, and only the silence counts.
        """
        if not self._robbed and is_dead(found.holder):
            return True
        return self._machine.monotonic() - self._changed >= EXPIRY

    def _hold(self, taken: Lease | None) -> None:
        self._held = taken
        if taken:
            self._beaten = (self._machine.monotonic(), self._machine.clock().timestamp())

    def _silence(self) -> float:
        """Seconds since the last beat, by the clock that says more: one of them stands still in sleep."""
        steady, wall = self._beaten
        return max(self._machine.monotonic() - steady, abs(self._machine.clock().timestamp() - wall))

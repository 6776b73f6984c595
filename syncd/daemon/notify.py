"""What the service manager is told (sd_notify(3)): ready, reloading, stopping, alive, and one line of status.

A datagram to the socket that $NOTIFY_SOCKET names, and nothing where nobody listens.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_TIMEOUT = 1.0
_PINGS = 3
_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


@dataclass(frozen=True, slots=True)
class Notifier:
    """Speaks to the service manager; `watchdog` is how often it must hear of us, in seconds, or None."""

    address: str = ""
    watchdog: float | None = None

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str], pid: int) -> Self:
        """As the environment says, which is cleared of it: what this process starts has nothing to say there."""
        address, every, watched = (environment.pop(name, "") for name in _VARIABLES)
        ours = watched in {"", str(pid)} and every.isdecimal() and int(every) > 0
        return cls(address, int(every) / 1e6 / _PINGS if ours else None)

    def tell(self, *assignments: str) -> None:
        """Send assignments like "READY=1"; a manager that is gone is no trouble of ours."""
        if not self.address.startswith(("/", "@")):
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.settimeout(_TIMEOUT)
            line.sendto("\n".join(assignments).encode(), name)

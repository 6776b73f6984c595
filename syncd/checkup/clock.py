"""Whether this machine knows what time it is: every "since" and "due" of syncd hangs on it.

Nobody is asked but this machine, and servers of the owner's own accounts, which date their answers anyway.
"""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.checkup.finding import Finding, Mark, failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from syncd.store import Store

TOLERANCE = timedelta(minutes=2)
"""Less does not matter here; sign-ins bear five minutes."""

_CHECK = "clock"
_SET_IT = "Type: sudo timedatectl set-ntp true"
_PATIENCE = 10


def look(store: Store | None, now: datetime) -> Iterator[Finding]:
    """Whether syncd was at work later than `now`, and whether a time server sets this clock."""
    latest = max(_instants(store), default=now) if store else now
    if latest - now > TOLERANCE:
        yield failure(
            _CHECK,
            f"It is {now:%Y-%m-%d %H:%M} UTC by this machine, and syncd was at work at {latest:%Y-%m-%d %H:%M} UTC: "
            "the clock went back, or was wrong then.",
            _SET_IT,
        )
    elif _is_set_by_nobody():
        yield Finding(_CHECK, Mark.NOTE, f"{now:%Y-%m-%d %H:%M} UTC, and no time server sets this clock", _SET_IT)
    else:
        yield Finding(_CHECK, Mark.OK, f"{now:%Y-%m-%d %H:%M} UTC")


def of_server(host: str, says: datetime, now: datetime) -> Iterable[Finding]:
    """What a server's own date (RFC 9110 section 6.6.1) says about this machine's clock."""
    off = abs(says - now)
    if off <= TOLERANCE:
        return ()
    return (
        failure(
            _CHECK,
            f"This machine is {off // timedelta(minutes=1):,} minutes {'behind' if says > now else 'ahead of'} {host}.",
            _SET_IT,
        ),
    )


def _instants(store: Store) -> Iterator[datetime]:
    for account in store.accounts():
        yield from filter(None, (account.last_sync, account.failing_since))
        if account.reading:
            yield account.reading.at


def _is_set_by_nobody() -> bool:
    """What timedatectl(1) says; where it is not there, or says nothing, nobody knows."""
    try:
        said = subprocess.run(
            ("timedatectl", "show", "--property", "NTP", "--property", "NTPSynchronized", "--value"),  # noqa: S607 - found on PATH, as the owner's would be
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    answers = said.stdout.split()
    return said.returncode == 0 and bool(answers) and set(answers) == {"no"}

"""What the loop asks of the machine it runs on, so that a test can be the machine: clocks and chance.

Whatever is tried again after a failure waits by these.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.pipeline.schedule import back_off

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from syncd.clock import Clock


@dataclass(frozen=True, slots=True)
class Machine:
    """`clock` is the owner's, and may jump; `monotonic` counts seconds and stands still while the machine sleeps.

    `chance` is a number in 0..1, another one at each call. Nobody waits for longer than `nap` seconds, since a wait
    does not see that the machine slept, or that its clock jumped.
    """

    clock: Clock
    monotonic: Callable[[], float]
    chance: Callable[[], float]
    nap: float = 30.0


class Trials:
    """How often something failed in a row, and from when on it is worth another try: 30 s, doubling up to `longest`."""

    def __init__(self, machine: Machine, longest: timedelta = timedelta(hours=6)) -> None:
        self._machine = machine
        self._longest = longest
        self._failures = 0
        self._opens = 0.0

    @property
    def ready(self) -> bool:
        """Whether to try now."""
        return self.wait <= timedelta()

    @property
    def wait(self) -> timedelta:
        """How long not to try."""
        if not self._failures:
            return timedelta()
        return max(timedelta(), timedelta(seconds=self._opens - self._machine.monotonic()))

    def failed(self) -> None:
        """It failed once more."""
        self._failures += 1
        wait = min(self._longest, back_off(self._failures, self._machine.chance()))
        self._opens = self._machine.monotonic() + wait.total_seconds()

    def succeeded(self) -> None:
        """It works."""
        self._failures = 0

    def at(self, now: datetime, wanted: datetime | None) -> datetime | None:
        """The instant from which on `wanted` can be done."""
        return wanted if wanted is None else max(wanted, now + self.wait)

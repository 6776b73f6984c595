"""What wakes the main loop: threads put events into one inbox, and the loop alone acts on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.clock import Clock
    from syncd.model import Letter
    from syncd.sync import Outcome


class Order(Enum):
    """What the owner, or the service manager, wants."""

    STOP = auto()
    RELOAD = auto()


@dataclass(frozen=True, slots=True)
class PassEnded:
    """A pass over an account is over; without an outcome the store could not be told, because of `error`."""

    account: str
    outcome: Outcome | None
    error: Exception | None = None
    bug: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """Delivery is over for now: the letters that were dealt with, or what kept it from beginning."""

    letters: tuple[Letter, ...]
    error: BaseException | None = None


Event = Order | PassEnded | Delivered


class Inbox:
    """The queue between the threads and the loop. Putting is safe in any thread, and in a signal handler."""

    def __init__(self) -> None:
        self._events: SimpleQueue[Event] = SimpleQueue()

    def put(self, event: Event) -> None:
        """Wake the loop."""
        self._events.put(event)

    def next(self, seconds: float) -> Event | None:
        """The next event; None when there is none within so many seconds."""
        try:
            return self._events.get(timeout=max(seconds, 0))
        except Empty:
            return None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the loop asks of the machine it runs on.

    `clock` is the owner's, and may jump; `monotonic` counts seconds and stands still while the machine sleeps; `chance`
    is a number in 0..1, another one at each call.
    """

    clock: Clock
    monotonic: Callable[[], float]
    chance: Callable[[], float]

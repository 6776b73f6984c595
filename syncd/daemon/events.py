"""What wakes the main loop: threads put events into one inbox, and the loop alone acts on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from queue import Empty, SimpleQueue
from threading import Event as Flag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncd.daemon.worker import Worker
    from syncd.errors import StoreError
    from syncd.model import Letter
    from syncd.sync import Outcome


class Order(Enum):
    """What the owner, or the service manager, wants."""

    STOP = auto()
    RELOAD = auto()


@dataclass(frozen=True, slots=True)
class PassEnded:
    """A pass over an account is over; without an outcome the store could not be told, because of `error` or a `bug`."""

    worker: Worker
    outcome: Outcome | None
    error: StoreError | None = None
    bug: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """Delivery is over for now: the letters that were dealt with, or what kept it from beginning."""

    letters: tuple[Letter, ...]
    error: BaseException | None = None


Event = Order | PassEnded | Delivered


class Inbox:
    """The queue between the threads and the loop; `stopping` is set as soon as somebody said so."""

    def __init__(self) -> None:
        self.stopping = Flag()
        self._events: SimpleQueue[Event] = SimpleQueue()

    def put(self, event: Event) -> None:
        """Wake the loop."""
        if event is Order.STOP:
            self.stopping.set()
        self._events.put(event)

    def next(self, seconds: float) -> Event | None:
        """The next event; None when there is none within so many seconds."""
        try:
            return self._events.get(timeout=max(seconds, 0))
        except Empty:
            return None

"""A thread for each account: it waits for the word, reads what is new, and says how it went.

Threads are daemon threads, so that one inside a read that nobody answers does not hold the process.
"""

from __future__ import annotations

from contextlib import closing
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING

from syncd import sync
from syncd.accounts import House, open_account
from syncd.daemon.events import PassEnded
from syncd.errors import StoreError, SyncdError

if TYPE_CHECKING:
    from datetime import datetime

    from syncd.config import Settings
    from syncd.connector import Progress
    from syncd.daemon.events import Inbox
    from syncd.daemon.machine import Machine
    from syncd.store import Store


class Worker:
    """Reads one account, whenever it is told to; each pass ends with a PassEnded in the inbox.

    `heard` is when the present pass last showed that it goes on, by the monotonic clock.
    """

    def __init__(self, name: str, store: Store, machine: Machine, inbox: Inbox) -> None:
        self.name = name
        self.heard = machine.monotonic()
        self._store = store
        self._machine = machine
        self._inbox = inbox
        self._orders: SimpleQueue[Settings | None] = SimpleQueue()
        self._leaving = Event()
        self._thread = Thread(target=self._serve, name=f"account {name}", daemon=True)
        self._thread.start()

    def read(self, settings: Settings) -> None:
        """Begin a pass, as these settings say."""
        self.heard = self._machine.monotonic()
        self._orders.put(settings)

    def dismiss(self) -> None:
        """Let the thread end, at the next page of a pass that is under way."""
        self._leaving.set()
        self._orders.put(None)

    def is_alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(max(seconds, 0))

    def _serve(self) -> None:
        while (settings := self._orders.get()) and not self._leaving.is_set():
            self._inbox.put(self._pass(settings, self._machine.clock()))

    def _pass(self, settings: Settings, now: datetime) -> PassEnded:
        house = House(self._machine.clock, self._leaving.is_set, self._pause)
        try:
            source = open_account(settings, self._store, self.name, house)
            with closing(source.connector):
                return PassEnded(self, sync.poll(self._store, source, now, self._hear, self._machine.clock))
        except StoreError as error:
            return PassEnded(self, None, error)
        except SyncdError as refused:
            return self._recorded(settings, refused, now)
        except BaseException as bug:  # noqa: BLE001 - whatever a connector does, its account backs off and says so
            said = SyncdError(
                f"syncd met a bug while it read {self.name} ({type(bug).__name__}).",
                "See what it was in the log: journalctl -u syncd, or journalctl --user -u syncd",
            )
            return self._recorded(settings, said, now, bug)

    def _recorded(
        self, settings: Settings, error: SyncdError, now: datetime, bug: BaseException | None = None
    ) -> PassEnded:
        kind = settings.accounts[self.name].options.type
        try:
            return PassEnded(self, sync.record_failure(self._store, self.name, kind, error, now), bug=bug)
        except StoreError as broken:
            return PassEnded(self, None, broken, bug)
        except BaseException as second:  # noqa: BLE001 - a thread that ends here leaves its account busy for ever
            return PassEnded(self, None, bug=second)

    def _hear(self, _: Progress) -> None:
        self.heard = self._machine.monotonic()

    def _pause(self, seconds: float) -> None:
        self._leaving.wait(seconds)

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
    from syncd.daemon.events import Inbox, Machine
    from syncd.store import Store


class Worker:
    """Reads one account as these settings say, whenever it is told to; each pass ends with a PassEnded in the inbox."""

    def __init__(self, name: str, settings: Settings, store: Store, machine: Machine, inbox: Inbox) -> None:
        self.name = name
        self.heard = machine.monotonic()
        self._settings = settings
        self._store = store
        self._machine = machine
        self._inbox = inbox
        self._orders: SimpleQueue[bool] = SimpleQueue()
        self._leaving = Event()
        self._thread = Thread(target=self._serve, name=f"account {name}", daemon=True)
        self._thread.start()

    def read(self) -> None:
        """Begin a pass."""
        self.heard = self._machine.monotonic()
        self._orders.put(True)  # noqa: FBT003 - the queue holds nothing but yes and no

    def dismiss(self) -> None:
        """Let the thread end, at the next page of a pass that is under way."""
        self._leaving.set()
        self._orders.put(False)  # noqa: FBT003 - likewise

    def is_alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(max(seconds, 0))

    def _serve(self) -> None:
        while self._orders.get():
            self._inbox.put(self._pass(self._machine.clock()))

    def _pass(self, now: datetime) -> PassEnded:
        try:
            house = House(self._machine.clock, self._leaving.is_set, self._pause)
            source = open_account(self._settings, self._store, self.name, house)
            with closing(source.connector):
                return PassEnded(self.name, sync.poll(self._store, source, now, self._hear, self._machine.clock))
        except StoreError as error:
            return PassEnded(self.name, None, error)
        except SyncdError as refused:
            return self._recorded(refused, now)
        except BaseException as bug:  # noqa: BLE001 - whatever a connector does, its account backs off and says so
            said = SyncdError(
                f"syncd met a bug while it read {self.name} ({type(bug).__name__}).",
                "See what it was in the log: journalctl -u syncd",
            )
            return self._recorded(said, now, bug)

    def _recorded(self, error: SyncdError, now: datetime, bug: BaseException | None = None) -> PassEnded:
        kind = self._settings.accounts[self.name].options.type
        try:
            outcome = sync.record_failure(self._store, self.name, kind, error, now)
        except StoreError as broken:
            return PassEnded(self.name, None, broken, bug)
        return PassEnded(self.name, outcome, error, bug)

    def _hear(self, _: Progress) -> None:
        self.heard = self._machine.monotonic()

    def _pause(self, seconds: float) -> None:
        self._leaving.wait(seconds)

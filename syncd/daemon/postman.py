"""Delivery in a thread of its own: an SMTP server may take ten minutes for an answer, the watchdog waits for none."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from syncd import mailing
from syncd.accounts import House
from syncd.daemon.events import Delivered

if TYPE_CHECKING:
    from syncd.config import Settings
    from syncd.daemon.events import Inbox
    from syncd.daemon.machine import Machine
    from syncd.store import Store


class Postman:
    """Hands over what waits in the outbox, whenever told to; each round ends with a Delivered in the inbox."""

    def __init__(self, store: Store, machine: Machine, inbox: Inbox) -> None:
        self.busy = False
        self._store = store
        self._house = House(machine.clock, inbox.stopping.is_set, self._pause)
        self._inbox = inbox
        self._rounds: SimpleQueue[Settings | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="postman", daemon=True)

    def deliver(self, settings: Settings) -> None:
        """Begin a round, by the way that these settings name."""
        self.busy = True
        if not self._thread.ident:
            self._thread.start()
        self._rounds.put(settings)

    def back(self) -> None:
        """The loop has heard of the end of the round."""
        self.busy = False

    def dismiss(self) -> None:
        """Let the thread end after its round."""
        self._rounds.put(None)

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        if self._thread.ident:
            self._thread.join(max(seconds, 0))

    def _serve(self) -> None:
        while settings := self._rounds.get():
            try:
                done = Delivered(mailing.deliver(self._store, settings, self._house.clock(), self._house))
            except BaseException as error:  # noqa: BLE001 - the loop says what it was; a bug does not end deliveries
                done = Delivered((), error)
            self._inbox.put(done)

    def _pause(self, seconds: float) -> None:
        self._inbox.stopping.wait(seconds)

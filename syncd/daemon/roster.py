"""The accounts of the configuration: a thread for each, when each is to be read, and how its passes ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from syncd.daemon.worker import Worker
from syncd.errors import CursorMoved, StoreBusy
from syncd.model import Account, AccountStatus
from syncd.pipeline.schedule import next_poll
from syncd.processes import this_process
from syncd.sync import is_under_way

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from syncd.config import Settings
    from syncd.daemon.events import Inbox, PassEnded
    from syncd.daemon.journal import Journal
    from syncd.daemon.machine import Machine
    from syncd.store import Store

SPREAD = 2.0
"""Seconds between the first passes of two accounts."""

SILENCE = 1800.0
"""Seconds after which a pass that shows no progress is named in the log; every socket has a timeout far below."""

_LONG = timedelta(days=1)

Standing = tuple[AccountStatus, datetime | None, int]


@dataclass(slots=True)
class Seat:
    """One account's thread, and what this process knows of its tries."""

    worker: Worker
    reads: tuple[object, ...]  # what of the settings a pass depends on
    opens: float  # not before this moment of the monotonic clock
    jitter: float
    busy: bool = False
    tried: datetime | None = None
    misses: int = 0  # passes in a row whose end the store could not be told
    left_at: Standing | None = None  # how the account stood when we looked last

    def last_try(self, account: Account) -> datetime | None:
        """The last attempt that anybody knows of."""
        return self.tried or (account.last_sync if account.status is AccountStatus.OK else None)


class Roster:
    """Every account that is to be read, by name."""

    def __init__(self, store: Store, machine: Machine, inbox: Inbox, journal: Journal) -> None:
        self._store = store
        self._machine = machine
        self._inbox = inbox
        self._journal = journal
        self._seats: dict[str, Seat] = {}
        self._leaving: list[Worker] = []

    @property
    def busy(self) -> frozenset[str]:
        """The accounts that are being read now."""
        return frozenset(name for name, seat in self._seats.items() if seat.busy)

    def appoint(self, settings: Settings) -> None:
        """A thread for each account of the settings; those whose own table did not change keep theirs.

        An account that was in trouble is due again: what changed may have mended it.
        """
        for name in self._seats.keys() - settings.accounts.keys():
            self._dismiss(name)
        fresh = 0
        for name in settings.accounts:
            seat, reads = self._seats.get(name), _reads(settings, name)
            if seat and seat.reads == reads:
                seat.tried, seat.misses, seat.left_at = self._unless_troubled(seat), 0, None
                continue
            if seat:
                self._dismiss(name)
            worker = Worker(name, self._store, self._machine, self._inbox)
            opens = self._machine.monotonic() + SPREAD * fresh
            self._seats[name] = Seat(worker, reads, opens, self._machine.chance())
            fresh += 1

    @staticmethod
    def _unless_troubled(seat: Seat) -> datetime | None:
        return seat.tried if seat.left_at and seat.left_at[0] is AccountStatus.OK else None

    def dismiss(self) -> None:
        """Let every thread end."""
        for name in tuple(self._seats):
            self._dismiss(name)

    def _dismiss(self, name: str) -> None:
        worker = self._seats.pop(name).worker
        worker.dismiss()
        self._leaving.append(worker)

    def join(self, until: float) -> None:
        """Wait for the threads that leave, up to a moment of the monotonic clock."""
        for worker in self._leaving:
            worker.join(until - self._machine.monotonic())

    def begin(self, settings: Settings, accounts: Mapping[str, Account], urged: Collection[str], now: datetime) -> None:
        """Read the accounts that are due; those that are `urged` are, unless they rest after a failure."""
        self._leaving = [worker for worker in self._leaving if worker.is_alive()]
        for name, seat in self._seats.items():
            account = accounts[name]
            if not seat.busy:
                self._notice(seat, account, now)
                if self._wait(name, seat, account, _interval(settings, name, urged), now) <= timedelta():
                    seat.busy, seat.tried, seat.jitter = True, now, self._machine.chance()
                    seat.worker.read(settings)
            elif self._machine.monotonic() - seat.worker.heard > SILENCE:
                self._journal.trouble(
                    f"silence of {name}",
                    f"{name} has been read for {SILENCE / 60:.0f} minutes without progress. "
                    "If it goes on, type: systemctl restart syncd",
                )

    def next(self, settings: Settings, accounts: Mapping[str, Account], now: datetime) -> timedelta:
        """How long until the next account is due."""
        idle = ((name, seat) for name, seat in self._seats.items() if not seat.busy)
        every = settings.poll_every
        return min((self._wait(name, seat, accounts[name], every(name), now) for name, seat in idle), default=_LONG)

    def _wait(self, name: str, seat: Seat, account: Account, every: timedelta, now: datetime) -> timedelta:
        """How long until this account is due; nothing when it is."""
        if any(worker.name == name for worker in self._leaving) or _is_read_elsewhere(account, now):
            return _LONG
        known = replace(account, failures=max(account.failures, seat.misses))
        due = next_poll(known, seat.last_try(account), every, seat.jitter, now) - now
        return max(due, timedelta(seconds=seat.opens - self._machine.monotonic()), timedelta())

    def _notice(self, seat: Seat, account: Account, now: datetime) -> None:
        """Somebody signed in, or read the account by hand: what we knew of it is over."""
        stands = (account.status, account.last_sync, account.failures)
        if seat.left_at not in {None, stands}:
            seat.misses = 0
            seat.tried = now if account.failures > (seat.left_at or stands)[2] else None
        seat.left_at = stands

    def ended(self, event: PassEnded) -> bool:
        """A pass is over; True when it brought something to derive from."""
        name = event.worker.name
        if event.bug:
            self._journal.bug(f"reading {name}", event.bug)
        seat = self._seats.get(name)
        if seat and seat.worker is event.worker:
            self._journal.over(f"silence of {name}", f"{name} goes on.")
            seat.busy, seat.left_at = False, None
            seat.misses = 0 if _is_recorded(event) else seat.misses + 1
            if event.error and not isinstance(event.error, StoreBusy):
                seat.tried, seat.misses = None, 0  # due as soon as the store works: it was not the account's failure
        return event.outcome is None or event.outcome.receipt.new + event.outcome.receipt.changed > 0


def _is_recorded(event: PassEnded) -> bool:
    """Whether the store knows how the pass ended; of one that lost a race to another sync it does not."""
    return event.outcome is not None and not isinstance(event.outcome.error, CursorMoved)


def _reads(settings: Settings, name: str) -> tuple[object, ...]:
    account = settings.accounts[name]
    return account.connector, account.options, settings.me.time_zone, settings.privacy.subjects


def _interval(settings: Settings, name: str, urged: Iterable[str]) -> timedelta:
    return timedelta() if name in urged else settings.poll_every(name)


def _is_read_elsewhere(account: Account, now: datetime) -> bool:
    """Whether `syncd sync` is in the midst of it, somewhere else."""
    reading = account.reading
    return reading is not None and reading.reader != this_process() and is_under_way(reading, now)

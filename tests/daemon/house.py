"""A house for the daemon whose time is the test's: hours pass in no time, and stand still while a thread works.

Everything else is real: the store, the connectors and their files, the threads, the mail that is delivered.
"""

from __future__ import annotations

import mailbox
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from syncd.config import load
from syncd.daemon.events import Inbox, Order
from syncd.daemon.loop import Daemon
from syncd.daemon.machine import Machine
from syncd.daemon.notify import Notifier
from syncd.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syncd.daemon.events import Event
    from syncd.model import Account

PATIENCE = 60.0
"""Real seconds after which a thread that is at work has hung."""

MOST_TURNS = 20_000
"""Turns of the loop in one run: a month has half of them."""

MONDAY = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)
"""Six in the morning in Rome."""

CONFIG = """
[me]
name = "Davide Rossi"
addresses = ["davide@rossi.example"]
time_zone = "Europe/Rome"

[accounts.work]
type = "mailfile"
path = "work.mbox"

[digest]
to = "davide@rossi.example"
empty = "send"

[digest.send]
via = "maildir"
path = "inbox"

[store]
url = "sqlite:///syncd.db"
"""


class Time:
    """A clock on the wall and one that counts seconds; `asleep` moves only the first."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now
        self.steady = 1000.0

    def clock(self) -> datetime:
        """The owner's clock."""
        return self.now

    def monotonic(self) -> float:
        """Seconds while awake."""
        return self.steady

    def go_by(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span
        self.steady += span.total_seconds()

    def jump(self, span: timedelta) -> None:
        """Set the clock, or let the machine sleep."""
        self.now += span


class Moments(Inbox):
    """An inbox in which nobody waits: time passes at once, unless a thread is at work; then it is waited for."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self.time = time
        self.until = time.steady
        self.turns = 0
        self.busy: Callable[[], bool] = lambda: False
        self.meanwhile: Callable[[], None] = lambda: None

    def next(self, seconds: float) -> Event | None:
        """An event, or None after so many seconds of the test's time."""
        if seconds == 0:
            return super().next(0)
        self.turns += 1
        assert self.turns < MOST_TURNS, "the loop turns without rest"
        if self.busy():
            event = super().next(PATIENCE)
            assert event is not None, "a thread is at work and never says that it is done"
            return event
        self.meanwhile()
        if self.time.steady >= self.until:
            self.put(Order.STOP)
            return super().next(0)
        self.time.go_by(timedelta(seconds=min(seconds, self.until - self.time.steady)))
        return super().next(0)


@dataclass
class House:
    """A home folder with a configuration, a store and a daemon that can be run for a while."""

    folder: Path
    time: Time = field(default_factory=Time)
    text: str = CONFIG
    notifier: Notifier = field(default_factory=Notifier)
    nap: float = 1800.0

    def __post_init__(self) -> None:
        self.config = self.folder / "config.toml"
        self.configure(self.text)
        self.store = Store.open(load(self.config).store_url)

    def configure(self, text: str) -> None:
        """Write the configuration."""
        self.config.write_text(text, encoding="utf-8")

    def started(self) -> Daemon:
        """A daemon on this house, as after a start."""
        self.inbox = Moments(self.time)
        machine = Machine(self.time.clock, self.time.monotonic, lambda: 0.5, self.nap)
        daemon = Daemon(self.config, load(self.config), self.store, machine, self.inbox, self.notifier)
        self.inbox.busy = lambda: daemon.busy
        return daemon

    def run(self, span: timedelta, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Start, be awake for so long (calling `meanwhile` before each wait), and stop."""
        daemon = self.started()
        self.inbox.until = self.time.steady + span.total_seconds()
        self.inbox.meanwhile = meanwhile
        daemon.run()

    def account(self, name: str = "work") -> Account:
        """How the store knows an account."""
        account = self.store.account(name)
        assert account
        return account

    def last_read(self, name: str = "work") -> datetime:
        """When an account was last read to its end."""
        read = self.account(name).last_sync
        assert read
        return read

    def digests(self) -> list[str]:
        """The Date of every digest that was delivered, in order."""
        folder = self.folder / "inbox"
        if not folder.exists():
            return []
        return sorted(str(letter["Message-ID"]) for letter in mailbox.Maildir(folder))


def write_mail(folder: Path, number: int, at: datetime, author: str = "anna@arup.example") -> None:
    """Append a letter to the mbox of `work`."""
    with (folder / "work.mbox").open("a", encoding="utf-8", newline="\n") as box:
        box.write(
            f"From {author} Thu Jan  1 00:00:00 2026\nFrom: Anna <{author}>\nTo: Davide <davide@rossi.example>\n"
            f"Subject: Letter {number}\nMessage-ID: <{number}@arup.example>\n"
            f"Date: {at:%a, %d %b %Y %H:%M:%S} +0000\n\nHello\n\n"
        )


def once(house: House, after: timedelta, act: Callable[[], object]) -> Callable[[], None]:
    """Does something the first time it is called that late after the start of the day."""
    done: list[datetime] = []

    def act_when_it_is_time() -> None:
        if not done and house.time.now >= MONDAY + after:
            done.append(house.time.now)
            act()

    return act_when_it_is_time


def in_turn(*acts: Callable[[], None]) -> Callable[[], None]:
    """Does all of them."""

    def act() -> None:
        for one in acts:
            one()

    return act

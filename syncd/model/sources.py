"""How an account stands: what the store knows of it, and what committing a page changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_TELLING = timedelta(seconds=10)
"""A shorter time gives a rate that says nothing of the next hours."""


class AccountStatus(StrEnum):
    """What an account is doing."""

    NEW = "new"
    OK = "ok"
    FIRST_SYNC = "first-sync"
    FAILING = "failing"
    SIGN_IN = "sign-in"
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a read that is not done yet has come, in records, as of `at`; `total` None when the source does not say.

    The present pass reads since `since`, when `start` were done already. `reader` is the process that reads, as
    "HOST:PID"; empty once it gave up.
    """

    done: int
    total: int | None
    at: datetime
    since: datetime
    start: int
    reader: str = ""

    @property
    def per_minute(self) -> float | None:
        """Records a minute in this pass; None as long as nobody can know."""
        took = self.at - self.since
        if took < _TELLING or self.done <= self.start:
            return None
        return (self.done - self.start) / (took / timedelta(minutes=1))

    @property
    def done_at(self) -> datetime | None:
        """When everything will be read at this rate; None as long as nobody can know."""
        rate = self.per_minute
        if rate is None or self.total is None:
            return None
        try:
            return self.at + timedelta(minutes=max(0, self.total - self.done) / rate)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Account:
    """What the store knows of one account."""

    name: str
    connector: str
    cursor: str | None
    status: AccountStatus
    last_sync: datetime | None = None  # the last pass that went through
    failing_since: datetime | None = None
    error: str = ""
    hint: str = ""
    observations: int = 0
    unreadable: int = 0
    reading: Reading | None = None  # a pass that did not reach its end yet
    failures: int = 0  # passes that failed in a row
    retry_at: datetime | None = None  # the source asked not to be asked before


@dataclass(frozen=True, slots=True)
class Lease:
    """Who does a work that one process does at a time, as "HOST:PID".

    The holder lives as long as `beat` goes on counting; `at` is when it last did, by the holder's own clock.
    """

    name: str
    holder: str
    beat: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PageReceipt:
    """What committing one page changed."""

    new: int = 0
    changed: int = 0
    unreadable: int = 0

    def __add__(self, other: PageReceipt) -> PageReceipt:
        return PageReceipt(self.new + other.new, self.changed + other.changed, self.unreadable + other.unreadable)

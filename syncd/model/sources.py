"""How an account stands: what the store knows of it, and what committing a page changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class AccountStatus(StrEnum):
    """What an account is doing."""

    NEW = "new"
    OK = "ok"
    FIRST_SYNC = "first-sync"
    FAILING = "failing"
    SIGN_IN = "sign-in"
    MISCONFIGURED = "misconfigured"


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


@dataclass(frozen=True, slots=True)
class PageReceipt:
    """What committing one page changed."""

    new: int = 0
    changed: int = 0
    unreadable: int = 0

    def __add__(self, other: PageReceipt) -> PageReceipt:
        return PageReceipt(self.new + other.new, self.changed + other.changed, self.unreadable + other.unreadable)

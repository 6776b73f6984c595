"""One tree of errors, branched by what to do next.

A vendor's exception is translated once, at the vendor's door, into one of these; everything else is a bug.
Each carries a title (what happened) and a hint (what to do, with the command where there is one).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta


class Exit(IntEnum):
    """Exit codes of the command line (sysexits.h where it has one)."""

    OK = 0
    REPORT = 1
    USAGE = 2
    UNAVAILABLE = 69
    CANNOT_WRITE = 73
    TRY_LATER = 75
    SIGN_IN = 77
    CONFIG = 78


class SyncdError(Exception):
    """What happened, as a sentence, and what to do about it."""

    exit: Exit = Exit.REPORT

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.title}\n{self.hint}" if self.hint else self.title


class UsageError(SyncdError):
    """The command line asked for something that is not there, or for too many things at once."""

    exit = Exit.USAGE


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a configuration file: where it is (1-based line and column), and the sentence."""

    file: str
    line: int
    column: int
    message: str
    source: str = ""
    width: int = 1

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}:{self.column}: {self.message}"
        if not self.source:
            return head
        gutter = f"{self.line:>6} | "
        marker = " " * (len(gutter) - 2) + "| " + " " * (self.column - 1) + "^" * max(1, self.width)
        return f"{head}\n{gutter}{self.source}\n{marker}"


class ConfigError(SyncdError):
    """Every problem of a configuration at once, each with its place."""

    exit = Exit.CONFIG

    def __init__(
        self, problems: Sequence[Problem], hint: str = "Correct the file, then type: syncd config check"
    ) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint)


class ConnectorError(SyncdError):
    """A source could not be read."""

    exit = Exit.UNAVAILABLE


class Transient(ConnectorError):
    """The source is out of reach or busy: back off, keep the cursor."""

    exit = Exit.UNAVAILABLE

    def __init__(self, title: str, hint: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(title, hint)
        self.retry_after = retry_after


class AuthRequired(ConnectorError):
    """Only the owner can mend it: pause the account and say so once."""

    exit = Exit.SIGN_IN


class Misconfigured(ConnectorError):
    """The account's settings cannot work: pause until the configuration changes."""

    exit = Exit.CONFIG


class CursorExpired(ConnectorError):
    """The source no longer honours the cursor: drop it and read again from the horizon."""


class StoreError(SyncdError):
    """The database cannot be used now: wait until it can."""

    exit = Exit.CANNOT_WRITE


class StoreUnfit(StoreError):
    """The database will not be usable by itself (damaged, another program's, a newer syncd's): stop the service."""


class StoreBusy(StoreError):
    """Another syncd holds the database; nothing is lost, the same command works in a moment."""

    exit = Exit.TRY_LATER


class CursorMoved(StoreError):
    """Another sync of the same account moved its cursor first; its work stands, ours is dropped."""

    exit = Exit.TRY_LATER


class DeliveryError(SyncdError):
    """The digest stays in the outbox and is tried again."""

    exit = Exit.TRY_LATER

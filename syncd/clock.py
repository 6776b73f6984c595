"""The one door to the machine's clock: the shell holds a Clock, everything else is given `now`.

Tests hold a clock that stands still; ruff bans every other way to ask for the time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time."""

    def __call__(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


def system_clock() -> datetime:
    """The machine's own time, in UTC."""
    return datetime.now(UTC)


def wait(seconds: float) -> None:
    """Let so many seconds pass; a signal's exception ends it sooner."""
    Event().wait(seconds)

"""A clock that only a test, or a reader's own pauses, moves: the reader and the double's quota share it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

NOON: Final = datetime(2026, 3, 9, 12, tzinfo=UTC)


class FakeClock:
    """Stands still; `pause` lets the time pass at once, and `paused` adds up the seconds."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.paused = 0.0

    def __call__(self) -> datetime:
        """The present instant."""
        return self.now

    def pause(self, seconds: float) -> None:
        """Let so many seconds pass: what `context.pause` is in a test."""
        self.paused += seconds
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass, without anybody having waited."""
        self.now += timedelta(seconds=seconds)

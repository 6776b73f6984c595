"""How fast a mailbox may be read, learned from it: a token bucket whose rate climbs until Google asks us to slow down.

Since May 2026 a new project has 6,000 units a minute for a user, and a message costs 20; older projects have ten times
the room (developers.google.com/workspace/gmail/api/reference/quota). Nobody tells which; the rate finds out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors._gmail_cursor import MOST_IN_A_BATCH, Tempo

if TYPE_CHECKING:
    from syncd.connector import Context

SLICE: Final = 1.0
"""Seconds between two looks whether it is time to stop."""

SLOWEST: Final = 10.0
BACK: Final = 0.7
FREELY: Final = 1.5
"""A clean minute raises the rate by so much as long as no limit is known."""

NEAR: Final = 0.9
"""Below this part of a known limit the rate returns in halves, above it it creeps."""

CREEP: Final = 0.01
FIRST_HOLD: Final = 4.0
LONGEST_HOLD: Final = 60.0


class Pace:
    """The rate of one account. Time is the context's; a clock that stands still or jumps back stalls nothing."""

    def __init__(self, tempo: Tempo, most: float, context: Context) -> None:
        self._rate = min(tempo.rate, most)
        self._limit = tempo.limit
        self._batch = tempo.batch
        self._most = most
        self._context = context
        self._level = float(MOST_IN_A_BATCH)
        self._at = context.now()
        self._clean = 0.0
        self._hold = 0.0
        self._streak = 0

    @property
    def tempo(self) -> Tempo:
        """What is worth remembering of it."""
        return Tempo(rate=round(self._rate, 1), limit=round(self._limit, 1), batch=self._batch)

    @property
    def batch(self) -> int:
        """How many messages to ask for at once."""
        return min(MOST_IN_A_BATCH, self._batch)

    @property
    def hold(self) -> float:
        """Seconds to leave the account alone before the next request."""
        return self._hold

    def wait(self, count: float) -> bool:
        """Wait until `count` messages may be asked for, in slices; False when it is time to stop first."""
        now = self._context.now()
        self._earn((now - self._at).total_seconds())
        left = self._hold + max(0.0, count - self._level) * 60 / self._rate
        waited = max(0.0, left - self._hold)
        while left > 0:
            if self._context.stopping():
                self._at = self._context.now()
                return False
            self._context.pause(min(SLICE, left))
            left -= SLICE
        self._hold = 0.0
        self._earn(waited)
        self._level = max(0.0, self._level - count)
        self._at = self._context.now()
        return True

    def went_well(self, count: int) -> None:
        """So many were answered and none refused; after a minute's worth of them the rate climbs."""
        self._streak = 0
        self._batch = min(MOST_IN_A_BATCH, self._batch + 1)
        self._clean += count
        if self._clean >= self._rate:
            self._clean = 0.0
            self._rate = min(self._most, self._climbed())

    def troubled(self) -> None:
        """Nothing was answered, for reasons of Gmail's own: leave it alone for a while."""
        self._streak += 1
        self._hold = max(self._hold, self._own_hold())

    def throttled(self, after: float | None, *, crowded: bool) -> None:
        """Google asked to slow down, and to wait `after` seconds when it said so.

        `crowded` means that it named too many requests at once, which is a matter of the batch and not of the rate.
        """
        self._streak += 1
        self._hold = max(self._hold, self._own_hold() if after is None else after)
        self._clean = 0.0
        self._level = 0.0
        if crowded:
            self._batch = max(1, self._batch // 2)
        elif self._streak == 1:
            self._limit = self._rate
            self._rate = max(min(SLOWEST, self._most), self._rate * BACK)

    def _own_hold(self) -> float:
        return min(LONGEST_HOLD, FIRST_HOLD * 2.0 ** (self._streak - 1))

    def _climbed(self) -> float:
        if not self._limit:
            return self._rate * FREELY
        near = NEAR * self._limit
        return max(self._rate + (near - self._rate) / 2, self._rate + CREEP * self._limit)

    def _earn(self, seconds: float) -> None:
        room = float(MOST_IN_A_BATCH)
        self._level = min(room, self._level + min(max(0.0, seconds), 60.0) * self._rate / 60)

"""A year of exchanges as twelve bars: pixels for the page, block characters for plain text.

A month without exchanges is a tick; the silence that lasts until today is marked apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HEIGHT = 28
_LEAST = 6
_TICK = 3
_BLOCKS = "▁▂▃▄▅▆▇█"
_SILENT = "·"


class BarKind(StrEnum):
    """What a month shows; the value is its CSS class."""

    ACTIVE = "bar"
    EMPTY = "tick"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Bar:
    """One month; `height` in pixels, at most HEIGHT."""

    kind: BarKind
    height: int


def bars(months: Sequence[int]) -> tuple[Bar, ...]:
    """A bar for each month, the tallest month as high as it gets."""
    most = max(months, default=0)
    spoken = max((place for place, count in enumerate(months) if count), default=-1)
    return tuple(
        Bar(BarKind.ACTIVE, _LEAST + round((HEIGHT - _LEAST) * count / most))
        if count
        else Bar(BarKind.EMPTY if place < spoken else BarKind.QUIET, _TICK)
        for place, count in enumerate(months)
    )


def spark(months: Sequence[int]) -> str:
    """A character for each month: eight heights of block, a dot for none."""
    most = max(months, default=0)
    return "".join(_BLOCKS[-(-len(_BLOCKS) * count // most) - 1] if count else _SILENT for count in months)

"""Every sentence a digest can say, by its name: the one list that the catalogues of every language translate.

Each function of these rooms makes one Phrase: its name is the phrase's code, its arguments are the values, its
docstring is the English sentence. A date may be the digest's own day; times are in the owner's zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.model import Phrase
from syncd.pipeline.spans import Span

if TYPE_CHECKING:
    from datetime import date, datetime


def phrase(code: str, **values: str | int | date | datetime | Span) -> Phrase:
    """The phrase of this code; a Span called NAME becomes NAME (a count) and NAME_unit (day, week, month or year)."""
    flat: list[tuple[str, str | int | float | date | datetime]] = []
    for name, value in values.items():
        if isinstance(value, Span):
            flat += ((name, value.count), (f"{name}_unit", value.unit.value))
        else:
            flat.append((name, value))
    return Phrase(code, tuple(flat))

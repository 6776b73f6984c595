"""What the file may say one day and this version does not know yet: refused by name, not taken for a slip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.config.places import Where

LATER_KEYS: tuple[tuple[str, ...], ...] = (
    ("include",),
    ("replies",),
    ("goodbyes",),
    ("digest", "thread"),
)


@dataclass(frozen=True, slots=True)
class LaterValue:
    """Where a value of a later version may stand, and what this one has in its place.

    The keys beside it are checked as if it were `like`.
    """

    where: tuple[str, ...]
    value: str
    known: tuple[str, ...]
    like: str


LATER_VALUES = (
    LaterValue(("digest", "send", "via"), "account", ("place", "smtp", "sendmail", "maildir", "stdout"), like="place"),
)

LATER_CONNECTORS = frozenset({"caldav", "linkedin", "whatsapp"})


def later_keys(values: dict[str, object]) -> Iterator[Where]:
    """Every key of a later version that the file uses, accounts left out."""
    for key in LATER_KEYS:
        table: object = values
        for step in key[:-1]:
            table = table.get(step) if isinstance(table, dict) else None
        if isinstance(table, dict) and key[-1] in table:
            yield key


def names_at(where: Where) -> frozenset[str]:
    """The later keys of the table at `where`."""
    return frozenset(key[-1] for key in LATER_KEYS if key[:-1] == where)

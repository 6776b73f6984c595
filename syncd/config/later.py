"""What the file may say one day and this version does not know yet: refused by name, not taken for a slip.

A connector names later keys of its own in `ConnectorOptions.later`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.config.places import Where

LATER_KEYS: tuple[tuple[str, ...], ...] = (
    ("include",),
    ("replies",),
    ("goodbyes",),
    ("digest", "thread"),
    ("digest", "send", "account"),
    ("privacy", "history"),
    ("privacy", "log_names"),
    ("daemon", "poll"),
    ("daemon", "quiet_hours"),
)

LATER_VALUES: tuple[tuple[tuple[str, ...], frozenset[object], tuple[str, ...]], ...] = (
    (("digest", "send", "via"), frozenset({"place", "account"}), ("smtp", "sendmail", "maildir", "stdout")),
)
"""Where, what only a later version understands there, and what this one has instead."""

LATER_CONNECTORS = frozenset({"caldav", "linkedin", "whatsapp"})

LATER_ACCOUNT_KEYS = frozenset({"poll"})
"""What accounts of later connectors may say; a connector of this version says so itself."""


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

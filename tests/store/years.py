"""A mailbox of a thousand days, and what of it no folding may change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from syncd.keeping import fold_before
from syncd.pipeline.policy import Me, Policy
from syncd.review import relationships
from syncd.store.schema import metadata
from tests.store.records import ANNA, ME, NOON, mail

if TYPE_CHECKING:
    from syncd.model import Message, Relationship
    from syncd.store import Store

POLICY = Policy(me=Me("The Owner", (ME,)))
HISTORY = timedelta(days=365)
CARLA = "carla@neri.example"
NOW = NOON + timedelta(days=1000)
"""Letter 0 is a thousand days old; what has a number above 24 * 635 is younger than a year."""
YOUNG = 24 * 635


def fold(store: Store, policy: Policy, history: timedelta, now: datetime) -> int:
    return fold_before(store, policy, now - history, now)


def letters(*days: int, who: str = ANNA, remote: str = "INBOX") -> list[Message]:
    """On each of these days a letter of mine, and the next hour an answer."""
    return [
        one
        for day in days
        for one in (
            mail(24 * day, f"Sent/{remote}/{day}/{who}", author=ME, to=(who,), message_id=f"<s{day}.{who}>", sent=True),
            mail(24 * day + 1, f"{remote}/{day}/{who}", author=who, message_id=f"<r{day}.{who}>"),
        )
    ]


def ties(store: Store, now: datetime = NOW) -> dict[str, Relationship]:
    return {one.person.addresses[0]: one for one in relationships(store, POLICY, now) if one.tie.interactions}


def totals(one: Relationship) -> tuple[object, ...]:
    """What of a relationship no folding may change."""
    tie = one.tie
    counts = tie.sent, tie.received, tie.met, tie.months_active, tie.last
    return one.person.id, one.person.addresses, one.person.name, counts, one.yearly, one.first, one.accounts, one.circle


def all_totals(store: Store) -> dict[str, tuple[object, ...]]:
    return {address: totals(one) for address, one in ties(store).items()}


def kept(store: Store) -> list[str]:
    """Everything that stands in a store but for how its rows are numbered."""
    with store.transactions.reading() as connection:
        rows = [
            f"{name} {list(row)}"
            for name in ("tally", "folded", "person", "alias", "namesake")
            for row in connection.execute(metadata.tables[name].select())
        ]
    return [*store.dump(), *sorted(rows)]

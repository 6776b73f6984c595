"""A store on disk with one letter waiting in it, as every test of delivery begins, and one go at it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd.deliver import deliver_pending
from syncd.render import compose_letter
from syncd.store import Store
from tests.golden.digest.world import FULL, KEY, policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncd.deliver import Transport
    from syncd.model import Letter

MORNING = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
"""Seven o'clock in Rome, on the day of the letter."""
MINUTE = timedelta(minutes=1)
LETTER = compose_letter(FULL, policy(), KEY)
ROME = ZoneInfo("Europe/Rome")


def open_outbox(folder: Path, letter: Letter = LETTER) -> Store:
    """A store whose outbox holds `letter`, which shows two people."""
    store = Store.open(f"sqlite:///{folder / 'syncd.sqlite'}")
    store.post(letter, ["p:tom", "p:marta"])
    return store


def only_letter(store: Store) -> Letter:
    """The one letter of the store."""
    (letter,) = store.letters()
    return letter


def deliver(
    store: Store, transport: Transport, now: datetime = MORNING, *, by_hand: bool = False
) -> tuple[Letter, ...]:
    """Deal with what is due, by this way; no time passes while it waits."""

    @contextmanager
    def way() -> Iterator[Transport]:
        yield transport

    return deliver_pending(store, way, now, ROME, by_hand=by_hand, pause=lambda _: None)


def deliver_one(store: Store, transport: Transport, now: datetime = MORNING, *, by_hand: bool = False) -> Letter:
    """Deal with the one letter there is; it is due, and what is said of it is what the store says."""
    (letter,) = deliver(store, transport, now, by_hand=by_hand)
    assert letter == only_letter(store)
    return letter

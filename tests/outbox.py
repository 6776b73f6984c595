"""A store on disk with one letter waiting in it, as every test of delivery begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from syncd.render import compose_letter
from syncd.store import Store
from tests.golden.digest.world import FULL, KEY, policy

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.model import Letter

MORNING = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
"""Seven o'clock in Rome, on the day of the letter."""
LETTER = compose_letter(FULL, policy(), KEY)


def open_outbox(folder: Path, letter: Letter = LETTER) -> Store:
    """A store whose outbox holds `letter`, which shows two people."""
    store = Store.open(f"sqlite:///{folder / 'syncd.sqlite'}")
    store.post(letter, ["p:tom", "p:marta"])
    return store


def only_letter(store: Store) -> Letter:
    """The one letter of the store."""
    (letter,) = store.letters()
    return letter

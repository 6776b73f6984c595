"""A store on disk with one letter waiting in it, as every test of delivery begins, and a way that fails as told."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd.deliver import Trace, deliver_pending
from syncd.errors import DeliveryError
from syncd.render import compose_letter
from syncd.store import Store
from tests.golden.digest.world import FULL, KEY, policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from syncd.deliver import Transport
    from syncd.model import Letter

MORNING = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
"""Seven o'clock in Rome, on the day of the letter."""
MINUTE = timedelta(minutes=1)
LETTER = compose_letter(FULL, policy(), KEY)
ROME = ZoneInfo("Europe/Rome")


class Failing:
    """A way of handing over that fails as told, before or after the step that cannot be taken back.

    Asked for a letter it answers with `traces`, one after the other, and with the last of them for ever.
    """

    def __init__(
        self,
        before: BaseException | None = None,
        after: BaseException | None = None,
        traces: Sequence[Trace | DeliveryError] = (Trace.UNKNOWN,),
    ) -> None:
        self.before = before
        self.after = after
        self.traces = list(traces)
        self.tries: list[bytes] = []
        self.looks = 0

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        self.tries.append(letter.content)
        if self.before:
            raise self.before
        commit()
        if self.after:
            raise self.after

    def find(self, letter: Letter) -> Trace:
        assert letter.message_id == LETTER.message_id
        self.looks += 1
        trace = self.traces.pop(0) if len(self.traces) > 1 else self.traces[0]
        if isinstance(trace, DeliveryError):
            raise trace
        return trace


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

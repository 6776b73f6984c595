"""The outbox: one digest a day at most, tried again with patience, and let go when its day is over."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from syncd.deliver import InDoubt, NotNow, Refused, Transport, deliver_pending, next_attempt
from syncd.deliver.transport import AGAIN
from syncd.errors import AuthRequired, DeliveryError
from syncd.model import Letter, LetterState
from syncd.store import Store
from tests.outbox import LETTER, MORNING, ROME, Failing, deliver, deliver_one, only_letter, open_outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DOWN = DeliveryError("The server is down.", "Type: syncd digest send")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_outbox(tmp_path) as opened:
        yield opened


def test_a_letter_that_was_taken_is_sent_and_never_tried_again(store: Store) -> None:
    transport = Failing()
    sent = deliver_one(store, transport)
    assert sent == replace(LETTER, state=LetterState.SENT, attempts=1, changed=MORNING)
    assert deliver(store, transport, MORNING + timedelta(hours=3)) == ()
    assert transport.tries == [LETTER.content]


def test_a_letter_that_could_not_be_sent_waits_with_the_reason_and_the_same_bytes_go_next_time(store: Store) -> None:
    transport = Failing(before=DOWN)
    waiting = deliver_one(store, transport)
    assert (waiting.state, waiting.error) == (LetterState.RENDERED, "The server is down. Type: syncd digest send")
    transport.before = None
    sent = deliver_one(store, transport, MORNING + timedelta(hours=1))
    assert (sent.state, sent.error, sent.retry_at) == (LetterState.SENT, "", None)
    assert transport.tries == [LETTER.content] * 2


def test_nobody_tries_before_its_time_unless_somebody_asks_for_it(store: Store) -> None:
    transport = Failing(before=DOWN)
    deliver_one(store, transport)
    soon = MORNING + timedelta(seconds=29)
    assert deliver(store, transport, soon) == ()
    assert next_attempt(store, soon) == MORNING + timedelta(seconds=30)
    transport.before = None
    assert deliver_one(store, transport, soon, by_hand=True).state is LetterState.SENT
    assert next_attempt(store, soon) is None


@pytest.mark.parametrize("failing", [Failing(before=DOWN), Failing(after=DOWN)], ids=["before", "after"])
def test_the_wait_between_tries_doubles_up_to_an_hour(store: Store, failing: Failing) -> None:
    now, waits = MORNING, []
    for number in range(1, 11):
        letter = deliver_one(store, failing, now)
        assert letter.failures == number
        assert letter.retry_at is not None
        waits.append((letter.retry_at - now) / timedelta(seconds=1))
        now = letter.retry_at
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


@pytest.mark.parametrize(("asked", "waited"), [(20, 30), (600, 600), (86400, 3600)])
def test_a_server_that_asks_for_patience_gets_it_for_an_hour_at_most(store: Store, asked: int, waited: int) -> None:
    letter = deliver_one(store, Failing(before=NotNow("Busy.", AGAIN, timedelta(seconds=asked))))
    assert letter.retry_at == MORNING + timedelta(seconds=waited)


def test_a_clock_that_is_put_back_does_not_keep_a_letter_waiting(store: Store) -> None:
    deliver_one(store, Failing(before=DOWN), MORNING + timedelta(hours=2))
    assert next_attempt(store, MORNING) == MORNING
    assert deliver_one(store, Failing()).state is LetterState.SENT


def test_a_letter_refused_for_good_is_not_tried_again_and_has_shown_nobody(store: Store) -> None:
    transport = Failing(after=Refused("No such mailbox.", "Check digest.to"))
    refused = deliver_one(store, transport)
    assert (refused.state, refused.error) == (LetterState.FAILED, "No such mailbox. Check digest.to")
    assert deliver(store, transport, by_hand=True) == ()
    assert store.shown() == {}


def test_what_keeps_the_way_from_being_opened_is_said_of_the_letter(store: Store) -> None:
    def way() -> AbstractContextManager[Transport]:
        raise AuthRequired("The secret is gone.", "Type: pass init")

    (waiting,) = deliver_pending(store, way, MORNING, ROME)
    assert waiting == only_letter(store)
    assert (waiting.state, waiting.error) == (LetterState.RENDERED, "The secret is gone. Type: pass init")
    assert waiting.retry_at == MORNING + timedelta(seconds=30)


def test_no_way_is_opened_for_an_outbox_in_which_nothing_is_due(store: Store) -> None:
    def way() -> AbstractContextManager[Transport]:
        raise AssertionError("nothing is to be sent")

    deliver_one(store, Failing())
    assert deliver_pending(store, way, MORNING, ROME) == ()


def test_a_letter_of_yesterday_is_dropped_with_the_reason_since_missed_days_are_not_made_up_for(store: Store) -> None:
    deliver(store, Failing(before=DeliveryError("The server is down.", AGAIN)))
    late = Failing()
    dropped = deliver_one(store, late, datetime(2026, 10, 6, 22, 0, tzinfo=UTC))
    assert late.tries == []
    assert dropped.state is LetterState.FAILED
    assert dropped.error.startswith("The server is down. It could not be sent on its day")
    assert dropped.error.endswith(f"type: syncd digest --date {dropped.day}")


def test_a_letter_that_is_let_go_names_one_command_and_it_is_the_last_word(store: Store) -> None:
    refused = DeliveryError(
        "The server lets nobody in. It said why.", "Correct the password, then type: syncd doctor mail"
    )
    deliver(store, Failing(before=refused))
    dropped = deliver_one(store, Failing(), datetime(2026, 10, 6, 22, 0, tzinfo=UTC))
    assert dropped.error.startswith("The server lets nobody in. It said why. It could not be sent on its day")
    assert dropped.error.count("type: ") == 1


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("America/Los_Angeles", datetime(2026, 10, 7, 7, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 10, 6, 11, tzinfo=UTC)),
    ],
)
def test_the_day_of_a_letter_ends_at_the_owners_midnight(tmp_path: Path, zone: str, midnight: datetime) -> None:
    for moment, state in ((midnight - timedelta(seconds=1), LetterState.SENT), (midnight, LetterState.FAILED)):
        with open_outbox(tmp_path / state.value) as store:
            (done,) = deliver_pending(store, lambda: nullcontext(Failing()), moment, ZoneInfo(zone))
            assert done.state is state


def test_of_two_programs_at_the_same_letter_only_one_sends_it(store: Store) -> None:
    class Racing(Failing):
        def send(self, letter: Letter, commit: Callable[[], None]) -> None:
            deliver(store, winner)
            super().send(letter, commit)
            self.tries.append(b"taken")

    winner, loser = Failing(), Racing()
    assert deliver(store, loser) == ()
    assert (winner.tries, loser.tries) == ([LETTER.content], [LETTER.content])
    assert only_letter(store).state is LetterState.SENT


@pytest.mark.parametrize("answer", [None, InDoubt("It may have arrived.")], ids=["taken", "lost"])
def test_what_a_server_said_is_written_down_however_long_the_database_is_busy(
    store: Store, tmp_path: Path, answer: InDoubt | None
) -> None:
    waits: list[float] = []

    class LockedMeanwhile(Failing):
        def send(self, letter: Letter, commit: Callable[[], None]) -> None:
            def commit_and_lock() -> None:
                commit()
                other.execute("BEGIN IMMEDIATE")

            super().send(letter, commit_and_lock)

    def pause(seconds: float) -> None:
        waits.append(seconds)
        other.rollback()

    with closing(sqlite3.connect(tmp_path / "syncd.sqlite", isolation_level=None)) as other:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("syncd.store.engine.WAIT_SECONDS", 0.1)
            impatient = Store.open(f"sqlite:///{tmp_path / 'syncd.sqlite'}")
        with impatient:
            way = LockedMeanwhile(after=answer)
            (letter,) = deliver_pending(impatient, lambda: nullcontext(way), MORNING, ROME, pause=pause)
    assert letter == only_letter(store)
    assert (letter.state, bool(letter.error)) == (LetterState.SENT, answer is not None)
    assert waits == [1]

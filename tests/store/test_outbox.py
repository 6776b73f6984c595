"""Letters on their way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from syncd.model import Letter, LetterState
from syncd.store import Store
from tests.store.records import ME, NOON

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.store.conftest import NewUrl

NORMAL, FULL = 1, 2  # of PRAGMA synchronous
DAY = date(2024, 5, 6)
LETTER = Letter(DAY, "<digest@syncd>", ME, b"Subject: Two people\r\n\r\n\xff\x00")


def test_a_letter_comes_back_byte_by_byte(store: Store) -> None:
    assert store.post(LETTER, ["p:1", "p:2", "p:1"])
    assert store.letters() == (LETTER,)
    assert store.shown() == {"p:1": (DAY,), "p:2": (DAY,)}


def test_there_is_one_letter_a_day(store: Store) -> None:
    store.post(LETTER, ["p:1"])

    assert store.post(replace(LETTER, message_id="<other@syncd>", content=b"Another"), ["p:2"]) is False
    assert store.letters() == (LETTER,)
    assert store.shown() == {"p:1": (DAY,)}


def test_a_day_is_planned_before_its_letter_is_written(store: Store) -> None:
    assert store.plan(DAY, NOON)
    (plan,) = store.letters()
    assert (plan.day, plan.state, plan.content, plan.changed) == (DAY, LetterState.PLANNED, b"", NOON)

    assert store.post(LETTER, ["p:1"])
    assert store.letters() == (LETTER,)


@pytest.mark.parametrize("state", [LetterState.PLANNED, LetterState.SKIPPED, LetterState.FAILED])
def test_what_was_not_and_will_not_be_mailed_makes_way_for_a_letter_of_its_day(
    store: Store, state: LetterState
) -> None:
    store.post(replace(LETTER, state=state, failures=3), ["p:1"])
    mended = replace(LETTER, content=b"Another")

    assert store.plan(DAY, NOON)
    assert store.shown() == {}
    assert store.post(mended, ["p:2"])
    assert store.letters() == (mended,)
    assert store.shown() == {"p:2": (DAY,)}


@pytest.mark.parametrize("state", [LetterState.RENDERED, LetterState.SENDING, LetterState.SENT])
def test_a_day_whose_letter_was_mailed_or_may_yet_be_is_not_planned_again(store: Store, state: LetterState) -> None:
    letter = replace(LETTER, state=state)
    store.post(letter, ["p:1"])

    assert not store.plan(DAY, NOON)
    assert store.letters() == (letter,)
    assert store.shown() == {"p:1": (DAY,)}


def test_a_letter_whose_people_cannot_be_noted_is_not_posted(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)null"):
        store.post(LETTER, [None])  # type: ignore[list-item]  # a mistake that the database finds late
    assert store.letters() == ()


def test_a_plan_alone_does_not_settle_a_day(store: Store) -> None:
    assert store.last_digest() is None
    for days, state in enumerate(LetterState):
        if state is not LetterState.PLANNED:
            store.post(replace(LETTER, day=DAY + timedelta(days=days), state=state), [])
            assert store.last_digest() == DAY + timedelta(days=days)
    store.plan(DAY + timedelta(days=9), NOON)
    assert store.last_digest() == DAY + timedelta(days=5)


def test_the_last_letter_that_was_mailed_is_neither_a_quiet_day_nor_a_failure(store: Store) -> None:
    assert store.last_mailed() is None
    mailed = replace(LETTER, state=LetterState.SENDING)
    store.post(replace(LETTER, day=DAY - timedelta(days=1)), [])
    store.post(mailed, [])
    for days, state in enumerate((LetterState.FAILED, LetterState.SKIPPED, LetterState.PLANNED), start=1):
        store.post(replace(LETTER, day=DAY + timedelta(days=days), state=state), [])
    assert store.last_mailed() == mailed


def test_days_on_which_somebody_was_shown_come_oldest_first(store: Store) -> None:
    for days in (3, 1, 2):
        store.post(replace(LETTER, day=DAY + timedelta(days=days)), ["p:1"])
    assert store.shown() == {"p:1": tuple(DAY + timedelta(days=days) for days in (1, 2, 3))}


def test_only_a_digest_that_was_mailed_or_may_yet_be_has_shown_anybody(store: Store) -> None:
    for days, state in enumerate(LetterState):
        store.post(replace(LETTER, day=DAY + timedelta(days=days), state=state), [state.value])
    assert set(store.shown()) == {"rendered", "sending", "sent"}


def test_letters_are_found_by_where_they_stand(store: Store) -> None:
    failed = replace(LETTER, state=LetterState.FAILED, error="Mailbox unknown.", content=b"")
    later = replace(LETTER, day=DAY + timedelta(days=1))
    store.post(failed, [])
    store.post(later, [])

    assert store.letters(LetterState.RENDERED) == (later,)
    assert store.letters(LetterState.FAILED) == (failed,)
    assert store.letters(LetterState.RENDERED, LetterState.FAILED) == (failed, later)


def test_the_bytes_of_a_letter_are_kept_until_the_next_one_is_posted(store: Store) -> None:
    sent, waiting = (replace(LETTER, day=DAY - timedelta(days=days)) for days in (2, 1))
    store.post(waiting, [])
    store.post(sent, [])
    store.move(sent, replace(sent, state=LetterState.SENT))
    assert [letter.content for letter in store.letters()] == [LETTER.content] * 2

    store.post(LETTER, [])
    assert [letter.content for letter in store.letters()] == [b"", LETTER.content, LETTER.content]


def test_a_letter_moves_with_all_that_is_said_of_it(store: Store) -> None:
    store.post(LETTER, [])
    after = replace(
        LETTER,
        state=LetterState.SENDING,
        attempts=2,
        error="Out of reach.",
        failures=3,
        resumed=1,
        retry_at=NOON + timedelta(minutes=1),
        changed=NOON,
    )
    assert store.move(LETTER, after)
    assert store.letters() == (after,)


@pytest.mark.parametrize("moved", [{"state": LetterState.SENT}, {"attempts": 1}, {"failures": 1}, {"resumed": 1}])
def test_a_letter_that_somebody_else_moved_first_stays_where_it_is(store: Store, moved: dict[str, Any]) -> None:
    store.post(LETTER, [])
    theirs = replace(LETTER, **moved)
    assert store.move(LETTER, theirs)
    assert not store.move(LETTER, replace(LETTER, state=LetterState.SENDING, attempts=1))
    assert store.letters() == (theirs,)


def test_of_two_that_begin_to_send_one_sends(url: str) -> None:
    sending = replace(LETTER, state=LetterState.SENDING, attempts=1)
    with Store.open(url) as ours, Store.open(url) as theirs:
        ours.post(LETTER, [])
        assert ours.move(LETTER, sending)
        assert not theirs.move(LETTER, sending)


def test_a_step_is_on_the_disk_before_it_is_taken_and_a_page_need_not_be(sqlite: Path) -> None:
    synchronous = []

    def ask(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            synchronous.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())

    with Store.open(f"sqlite:///{sqlite}") as store:
        event.listen(store._database.engine, "commit", ask)
        store.post(LETTER, [])
        store.move(LETTER, replace(LETTER, state=LetterState.SENDING))
        store.enrol("work", "imap")
    assert synchronous == [NORMAL, FULL, NORMAL]


def test_the_key_of_a_store_is_its_own_and_stays(new_url: NewUrl) -> None:
    url = new_url()
    with Store.open(url) as store:
        key = store.digest_key()
    with Store.open(url) as again, Store.open(new_url()) as another:
        assert len(key) == 32
        assert again.digest_key() == key
        assert another.digest_key() != key

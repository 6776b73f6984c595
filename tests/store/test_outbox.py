"""Letters on their way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.model import Letter, LetterState
from syncd.store import Store
from tests.store.records import ME, NOON

if TYPE_CHECKING:
    from tests.store.conftest import NewUrl

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


def test_a_letter_that_was_refused_makes_way_for_another_of_its_day(store: Store) -> None:
    store.post(LETTER, ["p:1"])
    store.mark(DAY, LetterState.FAILED, "Mailbox unknown.")
    mended = replace(LETTER, content=b"Another")

    assert store.post(mended, ["p:2"])
    assert store.letters() == (mended,)
    assert store.shown() == {"p:2": (DAY,)}


def test_a_letter_whose_people_cannot_be_noted_is_not_posted(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)null"):
        store.post(LETTER, [None])  # type: ignore[list-item]  # a mistake that the database finds late
    assert store.letters() == ()


def test_the_last_digest_is_the_last_day_that_has_a_letter(store: Store) -> None:
    assert store.last_digest() is None
    for day in (DAY + timedelta(days=1), DAY):
        store.post(replace(LETTER, day=day), [])
    assert store.last_digest() == DAY + timedelta(days=1)


def test_days_on_which_somebody_was_shown_come_oldest_first(store: Store) -> None:
    for days in (3, 1, 2):
        store.post(replace(LETTER, day=DAY + timedelta(days=days)), ["p:1"])
    assert store.shown() == {"p:1": tuple(DAY + timedelta(days=days) for days in (1, 2, 3))}


def test_letters_are_found_by_where_they_stand(store: Store) -> None:
    later = replace(LETTER, day=DAY + timedelta(days=1))
    store.post(LETTER, [])
    store.post(later, [])
    store.mark(DAY, LetterState.FAILED, "Mailbox unknown.", NOON)

    assert store.letters(LetterState.RENDERED) == (later,)
    assert store.letters(LetterState.FAILED) == (replace(LETTER, state=LetterState.FAILED, error="Mailbox unknown."),)
    assert len(store.letters(LetterState.RENDERED, LetterState.FAILED)) == 2


def test_every_beginning_to_send_is_an_attempt(store: Store) -> None:
    store.post(LETTER, [])
    for _ in range(2):
        assert store.mark(DAY, LetterState.SENDING, at=NOON)
        assert store.mark(DAY, LetterState.RENDERED, "Out of reach.", NOON)
    (letter,) = store.letters()
    assert (letter.attempts, letter.error, letter.state) == (2, "Out of reach.", LetterState.RENDERED)


def test_of_two_that_begin_to_send_one_sends(url: str) -> None:
    with Store.open(url) as ours, Store.open(url) as theirs:
        ours.post(LETTER, [])
        assert ours.mark(DAY, LetterState.SENDING)
        assert theirs.mark(DAY, LetterState.SENDING) is False


def test_a_letter_that_was_refused_showed_nobody(store: Store) -> None:
    store.post(LETTER, ["p:1"])
    store.mark(DAY, LetterState.FAILED)
    assert store.shown() == {}


def test_the_key_of_a_store_is_its_own_and_stays(new_url: NewUrl) -> None:
    url = new_url()
    with Store.open(url) as store:
        key = store.digest_key()
    with Store.open(url) as again, Store.open(new_url()) as another:
        assert len(key) == 32
        assert again.digest_key() == key
        assert another.digest_key() != key

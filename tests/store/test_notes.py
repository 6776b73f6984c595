"""What a connector remembers beside its cursor: written with a page, torn up by one, read back in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.connector import Note, Page
from syncd.errors import CursorMoved
from syncd.memory import Remembered
from syncd.model import Removal, Unreadable
from syncd.store import Store, StoredMemory
from tests.store.records import OBSERVATIONS, fill, mail, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.connector import Memory


def note(store: Store, *notes: Note, account: str = "work") -> None:
    """Commit these as the account's next page."""
    cursor = store.enrol(account, "gmail").cursor
    store.commit_page(account, Page((), str(int(cursor or 0) + 1), notes=notes), cursor)


def test_a_note_is_read_back_and_torn_up(store: Store) -> None:
    note(store, Note("queue/1", "one"), Note("queue/2", "two"))
    note(store, Note("queue/1", None), Note("queue/3", "three"), Note("queue/9", None))

    assert dict(store.notes("work")) == {"queue/2": "two", "queue/3": "three"}


def test_within_a_page_the_last_word_on_a_note_holds(store: Store) -> None:
    note(store, Note("a", "first"), Note("b", "first"), Note("a", None), Note("b", "last"))

    assert dict(store.notes("work")) == {"b": "last"}


def test_notes_belong_to_one_account(store: Store) -> None:
    note(store, Note("a", "work"))
    note(store, Note("a", "home"), account="home")
    note(store, Note("a", None))

    assert (dict(store.notes("work")), dict(store.notes("home"))) == ({}, {"a": "home"})
    assert dict(store.notes("nobody")) == {}


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", ["%", "A", "_", "a", "a%", "ab", "a\ud7ff", "a\ue000", "a\U0010ffff", "b", "\U0010ffff", "\U0010ffffz"]),
        ("a", ["a", "a%", "ab", "a\ud7ff", "a\ue000", "a\U0010ffff"]),
        ("a%", ["a%"]),
        ("_", ["_"]),
        ("a\ud7ff", ["a\ud7ff"]),
        ("a\U0010ffff", ["a\U0010ffff"]),
        ("\U0010ffff", ["\U0010ffff", "\U0010ffffz"]),
        ("c", []),
    ],
)
def test_a_prefix_finds_the_keys_it_begins_and_no_pattern(store: Store, prefix: str, found: list[str]) -> None:
    everything = ["b", "\U0010ffff", "a\U0010ffff", "a", "ab", "a%", "\U0010ffffz", "_", "%", "A", "a\ud7ff", "a\ue000"]
    note(store, *(Note(key, key) for key in everything))

    assert list(store.notes("work", prefix)) == found


def test_a_limit_takes_the_first_of_them(store: Store) -> None:
    note(store, *(Note(f"q/{number:03}", "") for number in reversed(range(20))))

    assert list(store.notes("work", "q/", 3)) == ["q/000", "q/001", "q/002"]
    assert store.notes("work", "q/", 0) == {}


def test_text_that_no_database_holds_is_cleaned_as_in_facts(store: Store) -> None:
    note(store, Note("cur/\udce9", "Jos\udce9 \0."), Note("a\0b", "plain"))

    assert dict(store.notes("work", "cur/\udce9")) == {r"cur/\udce9": "Jos\ufffd ."}
    assert dict(store.notes("work", "a\0")) == {r"a\x00b": "plain"}
    note(store, Note("cur/\udce9", None))
    assert list(store.notes("work")) == [r"a\x00b"]


def test_a_page_that_another_sync_was_ahead_of_leaves_no_note(store: Store) -> None:
    note(store, Note("a", "stands"))

    with pytest.raises(CursorMoved):
        store.commit_page("work", Page((), "9", notes=(Note("a", "late"), Note("b", "late"))), "8")
    assert dict(store.notes("work")) == {"a": "stands"}


def test_notes_outlive_the_cursor(store: Store) -> None:
    note(store, Note("a", "kept"))
    store.forget_cursor("work")

    assert dict(store.notes("work")) == {"a": "kept"}


def test_another_connector_finds_no_note_of_the_one_before(store: Store) -> None:
    note(store, Note("a", "of gmail"))
    note(store, Note("a", "of gmail"), account="home")
    store.enrol("work", "imap")

    assert (dict(store.notes("work")), dict(store.notes("home"))) == ({}, {"a": "of gmail"})


def test_a_listing_of_many_notes_is_taken_whole(store: Store) -> None:
    many = [Note(f"q/{number:05}", "x" * 3000) for number in range(1200)]
    note(store, *many)
    note(store, *(Note(one.key, None) for one in many[1:]))

    assert list(store.notes("work")) == ["q/00000"]


def test_notes_are_no_part_of_what_two_stores_are_compared_by(store: Store) -> None:
    fill(store, "work", mail(1))
    before = list(store.dump())
    note(store, Note("a", "text"), account="work")

    assert list(store.dump()) == before


def test_records_are_known_by_account_whether_they_could_be_read_or_not(store: Store) -> None:
    fill(store, "work", mail(1), Unreadable("INBOX/1/2", "It has no date."), mail(3), mail(4, "cur/\udce9"))
    fill(store, "home", mail(5))
    fill(store, "work", Removal("INBOX/1/3"))
    asked = [f"INBOX/1/{number}" for number in range(1, 1200)]

    assert store.known("work", [*asked, "cur/\udce9"]) == {"INBOX/1/1", "INBOX/1/2", "cur/\udce9"}
    assert store.known("work", []) == frozenset()
    assert store.known("nobody", asked) == frozenset()


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
_PAGES = st.lists(
    st.builds(
        lambda seen, noted: Page(tuple(seen), "", notes=tuple(noted)),
        st.lists(OBSERVATIONS, max_size=4),
        st.lists(st.builds(Note, _TEXT, st.none() | _TEXT), max_size=6),
    ),
    max_size=5,
)
PLACES = [f"{folder}/{number}" for folder in ("INBOX", "event") for number in range(5)]
"""Where OBSERVATIONS lie."""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_PAGES, st.integers(0, 5), _TEXT, st.none() | st.integers(0, 4))
def test_pages_are_remembered_alike_written_or_not_or_in_part(
    store: Store, pages: Sequence[Page], written: int, prefix: str, limit: int | None
) -> None:
    def told(memory: Memory) -> tuple[list[tuple[str, str]], frozenset[str]]:
        return list(memory.notes(prefix, limit).items()), memory.known(PLACES)

    with store.rehearse() as trial:
        cursor = trial.enrol("work", "gmail").cursor
        for number, one in enumerate(pages):
            if number == written:
                in_part = told(Remembered(pages[number:], StoredMemory(trial, "work")))
            trial.commit_page("work", replace(one, cursor=str(number)), cursor)
            cursor = str(number)
        stored = told(StoredMemory(trial, "work"))

    assert stored == told(Remembered(pages))
    if written < len(pages):
        assert stored == in_part


def test_an_empty_page_keeps_every_note(store: Store) -> None:
    note(store, Note("a", "kept"))
    store.commit_page("work", page("2"), "1")

    assert dict(store.notes("work")) == {"a": "kept"}

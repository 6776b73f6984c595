"""Pages that were written nowhere are remembered as if they had been; `tests/store/test_notes.py` holds the law."""

from __future__ import annotations

from syncd.connector import Note, Page
from syncd.memory import Remembered
from syncd.model import Removal, Unreadable


def page(*notes: Note, seen: tuple[Unreadable | Removal, ...] = ()) -> Page:
    return Page(seen, "", notes=notes)


def test_notes_come_in_the_order_of_keys_whatever_the_order_they_came_in() -> None:
    held = Remembered((page(Note("q/2", "b"), Note("a", "x")), page(Note("q/1", "a"), Note("q/10", "c"))))

    assert list(held.notes().items()) == [("a", "x"), ("q/1", "a"), ("q/10", "c"), ("q/2", "b")]
    assert list(held.notes("q/")) == ["q/1", "q/10", "q/2"]
    assert list(held.notes("q/", 2)) == ["q/1", "q/10"]


def test_a_note_that_is_torn_up_hides_the_one_beneath() -> None:
    beneath = Remembered((page(Note("a", "old"), Note("b", "old")),))
    held = Remembered(beneath=beneath)
    held.keep(page(Note("a", None), Note("c", "new")))

    assert dict(held.notes()) == {"b": "old", "c": "new"}
    assert list(held.notes(limit=1)) == ["b"]
    assert dict(beneath.notes()) == {"a": "old", "b": "old"}


def test_a_record_is_known_until_it_is_removed() -> None:
    beneath = Remembered((page(seen=(Unreadable("1", "no date"), Unreadable("2", "no date"))),))
    held = Remembered((page(seen=(Removal("1"), Unreadable("3", "no date"))),), beneath)

    assert held.known(["1", "2", "3", "4"]) == {"2", "3"}
    assert beneath.known(["1", "2", "3"]) == {"1", "2"}

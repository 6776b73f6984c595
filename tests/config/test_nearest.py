"""A slip of the keyboard finds the word that was meant; another word finds none."""

from __future__ import annotations

import pytest

from syncd.config.nearest import did_you_mean, nearest

KEYS = ("cadence", "first", "follow", "prefer")


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("cadance", KEYS, ("cadence",)),
        ("frist", KEYS, ("first",)),
        ("Follow", KEYS, ("follow",)),
        ("min-exchange", ("min_exchanges", "min_months"), ("min_exchanges",)),
        ("timezone", ("name", "time_zone"), ("time_zone",)),
        ("wednesday", ("mon", "wed", "sun"), ("wed",)),
        ("english", ("en", "it", "id"), ("en",)),
        ("gmial", ("gmail", "imap"), ("gmail",)),
        ("t", ("to", "at"), ("to", "at")),
    ],
)
def test_a_slip_finds_what_was_meant(written: str, known: tuple[str, ...], meant: tuple[str, ...]) -> None:
    assert nearest(written, known) == meant


@pytest.mark.parametrize("word", ["", "x", "colour", "cad-e-n-z-a", "firestorm"])
def test_another_word_finds_nothing(word: str) -> None:
    assert nearest(word, KEYS) == ()
    assert did_you_mean(word, KEYS) == ""


def test_of_words_equally_near_the_one_that_is_not_there_yet_is_meant() -> None:
    assert nearest("t", ("to", "at"), taken={"to": 1}) == ("at",)
    assert did_you_mean("t", ("to", "at")) == '; did you mean "to" or "at"?'

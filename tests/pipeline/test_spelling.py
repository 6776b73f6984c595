"""How one full name is written: who may be one person does not depend on the order of asking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.pipeline.spelling import agree, in_any_order, is_made_of, runs, shortened, spellings
from tests.pipeline.strategies import law

words = st.sampled_from(("anna", "ann", "a", "maria", "m", "rossi", "russo", "de", "christopher", "chris"))
keys = st.lists(words, min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("anna rossi", "a maria rossi"),
        ("chris doe", "christopher doe"),
        ("anna rossi", "rossi anna"),
        ("anna", "anna rossi"),
    ],
)
def test_a_shorter_form_agrees_with_the_longer_one(first: str, second: str) -> None:
    assert agree(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("anna rossi", "anna russo"), ("al doe", "alan doe"), ("anna rossi", "anita rossi"), ("a r", "anna rossi")],
)
def test_another_name_does_not_agree(first: str, second: str) -> None:
    assert not agree(first, second)


@law
@given(keys, keys)
def test_agreeing_is_mutual_and_everybody_agrees_with_their_own_name(first: str, second: str) -> None:
    assert agree(first, second) == agree(second, first)
    assert agree(f"{first} rossi", f"{first} rossi")
    assert in_any_order(first) == in_any_order(" ".join(reversed(first.split())))


@law
@given(st.lists(words.filter(lambda word: len(word) > 2), min_size=2, max_size=4).map(" ".join))
def test_what_is_run_together_is_made_of_the_name(key: str) -> None:
    made = {letters for letters in runs(key) if max(map(len, key.split())) < len(letters)}
    assert all(is_made_of(letters, key) for letters in made)
    assert all(letters.isalpha() for letters in runs(key) | shortened(key))


def test_a_name_has_a_key_for_each_way_of_typing_it() -> None:
    assert spellings("Jörg Rößler") == {"jorg rossler", "joerg roessler"}
    assert spellings("Γιώργος Παππάς") >= {"giorgos pappas"}
    assert spellings("Anna") == frozenset()

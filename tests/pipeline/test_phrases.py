"""The one list of sentences: what the code builds is what the catalogues can look up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_type_hints

import pytest

from syncd.model import Phrase
from syncd.pipeline.phrases import persons
from syncd.pipeline.spans import Span, Unit
from tests.pipeline.sentences import FUNCTIONS, SAY

SAMPLES = {
    str: "x",
    int: 2,
    Span: Span(2, Unit.WEEK),
    date: date(2026, 10, 6),
    datetime: datetime(2026, 10, 6, 8, tzinfo=UTC),
}


@pytest.mark.parametrize("name", SAY)
def test_a_phrase_is_called_as_its_function_and_holds_its_arguments(name: str) -> None:
    function = SAY[name]
    hints = get_type_hints(function, {kind.__name__: kind for kind in (Phrase, *SAMPLES)})
    hints.pop("return")
    made = function(*(SAMPLES[kind] for kind in hints.values()))
    assert made.code == name
    spans = [f"{value}_unit" for value, kind in hints.items() if kind is Span]
    assert {value for value, _ in made.values} == {*hints, *spans}


def test_no_two_rooms_say_a_phrase_of_one_name() -> None:
    assert len(SAY) == len(FUNCTIONS)


def test_every_phrase_reads_as_a_sentence_in_english() -> None:
    assert all(function.__doc__ for function in SAY.values())


def test_a_span_becomes_a_count_and_a_unit() -> None:
    assert persons.waiting_for(Span(11, Unit.DAY)) == Phrase("waiting_for", (("wait", 11), ("wait_unit", "day")))

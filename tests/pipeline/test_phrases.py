"""The one list of sentences: what the code builds is what the catalogues can look up."""

from __future__ import annotations

import inspect
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, get_type_hints

import pytest

from syncd.model import Phrase
from syncd.pipeline import phrases
from syncd.pipeline.spans import Span, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = {
    str: "x",
    int: 2,
    Span: Span(2, Unit.WEEK),
    date: date(2026, 10, 6),
    datetime: datetime(2026, 10, 6, 8, tzinfo=UTC),
}
CONSTRUCTORS = {
    name: function
    for name, function in inspect.getmembers(phrases, inspect.isfunction)
    if function.__module__ == phrases.__name__ and not name.startswith("_")
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_a_phrase_is_called_as_its_function_and_holds_its_arguments(name: str) -> None:
    function: Callable[..., Phrase] = CONSTRUCTORS[name]
    hints = get_type_hints(function, {**vars(phrases), "date": date, "datetime": datetime})
    hints.pop("return")
    made = function(*(SAMPLES[kind] for kind in hints.values()))
    assert made.code == name
    spans = [f"{value}_unit" for value, kind in hints.items() if kind is Span]
    assert {value for value, _ in made.values} == {*hints, *spans}


def test_every_phrase_reads_as_a_sentence_in_english() -> None:
    assert all(function.__doc__ for function in CONSTRUCTORS.values())


def test_a_span_becomes_a_count_and_a_unit() -> None:
    assert phrases.waiting_for(Span(11, Unit.DAY)) == Phrase("waiting_for", (("wait", 11), ("wait_unit", "day")))

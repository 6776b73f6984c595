"""A phrase becomes a sentence: the message of its language, with the values written into it.

A placeholder says how its value is worded ({gap:b}, {on:since}, {people:Word}); the values themselves are never read
as messages, so that nothing somebody wrote in a subject or a name can change the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from typing import TYPE_CHECKING

from babel.numbers import format_decimal

from syncd.render.days import Days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from syncd.model import Phrase
    from syncd.render.catalogue import Catalogue

Value = str | int | float | date | datetime

_DAY_FORMS: Mapping[str, Callable[[Days, date], str]] = {
    "": Days.plain,
    "on": Days.on,
    "of": Days.of,
    "since": Days.since,
    "when": Days.when,
    "month": Days.month,
    "time": Days.time,
}
_LONGEST = 120
_NOT_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\\s]+")


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a sentence, and whether it stands out ("b": the number that matters, "i": something to type)."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in the owner's language."""

    runs: tuple[Run, ...]

    def __str__(self) -> str:
        return "".join(run.text for run in self.runs)

    def __bool__(self) -> bool:
        return any(run.text for run in self.runs)


class Speaker:
    """One language, on the day of one digest."""

    def __init__(self, catalogue: Catalogue, today: date, zone: tzinfo) -> None:
        self._catalogue = catalogue
        self.days = Days(catalogue, today, zone)

    def say(self, phrase: Phrase) -> Sentence:
        """The sentence of `phrase`. KeyError when the catalogue does not have it."""
        values = dict(phrase.values)
        return self._write(self._key(phrase.code, values), values)

    def paragraph(self, phrases: Sequence[Phrase]) -> Sentence:
        """Several sentences, one after the other."""
        runs: list[Run] = []
        for phrase in phrases:
            sentence = self.say(phrase)
            runs += (Run(" "), *sentence.runs) if runs and sentence else sentence.runs
        return Sentence(tuple(runs))

    def text(self, key: str, **values: Value) -> str:
        """A message of the page itself, without emphasis. KeyError when the catalogue does not have it."""
        return str(self._write(self._key(key, values), values))

    def _write(self, key: str, values: Mapping[str, Value]) -> Sentence:
        counted = self._catalogue.counted(key)
        count = values[counted] if counted else 1
        if not isinstance(count, int):
            raise TypeError(f"{key}: {counted} must be a whole number")
        message = self._catalogue.message(key, count)
        return _tidy(tuple(self._runs(message, values)))

    def _key(self, code: str, values: Mapping[str, Value]) -> str:
        return next((key for key in self._variants(code, values) if key in self._catalogue), code)

    def _variants(self, code: str, values: Mapping[str, Value]) -> Iterator[str]:
        """The names under which a catalogue may hold a special form of the sentence, most special first."""
        numbers = [value for value in values.values() if isinstance(value, int)]
        units = [value for name, value in values.items() if name.endswith("_unit")]
        if numbers:
            yield f"{code}@{numbers[0]}"
        yield from (f"{code}-{name}" for name, value in values.items() if value == "")
        if "circle" in values:
            yield f"{code}.{values['circle']}"
        if len(units) > 1 and len(set(units)) == 1 and min(numbers) > 1:
            yield f"{code}.same_unit"
        if any(isinstance(value, datetime) and self.days.is_today(value) for value in values.values()):
            yield f"{code}.today"

    def _runs(self, message: str, values: Mapping[str, Value]) -> Iterator[Run]:
        for literal, name, spec, _ in Formatter().parse(message):
            yield Run(literal)
            if name is not None:
                yield self._word(name, spec or "", values)

    def _word(self, name: str, spec: str, values: Mapping[str, Value]) -> Run:
        value = values[name]
        style = spec if spec in ("b", "i") else ""
        if isinstance(value, date):
            return Run(self._day(value, spec))
        if isinstance(value, int):
            return Run(self._number(value, str(values.get(f"{name}_unit", "")), spec), style)
        if spec == "one":
            return Run(self._circle(str(value)))
        return Run(legible(str(value)), style)

    def _day(self, value: date, spec: str) -> str:
        words = _DAY_FORMS[spec.lower()](self.days, value)
        return _capital(words) if spec[:1].isupper() else words

    def _number(self, count: int, unit: str, spec: str) -> str:
        match spec:
            case "word":
                return self._count(count)
            case "Word":
                return _capital(self._count(count))
            case "words" | "every":
                return self.text(f"{spec}.{unit}", count=count)
            case "year":
                return str(count)
        if unit:
            return self.text(f"span.{unit}", count=count)
        return format_decimal(count, locale=self._catalogue.locale)

    def _count(self, count: int) -> str:
        """A small number in words, a larger one in digits."""
        key = f"number.{count}"
        if key in self._catalogue:
            return self._catalogue.message(key)
        return format_decimal(count, locale=self._catalogue.locale)

    def _circle(self, circle: str) -> str:
        """What somebody in `circle` is called: "Client"; the owner's own circles are called as they are."""
        key = f"circle.{circle}"
        if key in self._catalogue:
            return self._catalogue.message(key)
        return _capital(legible(circle.replace("-", " ").replace("_", " ")))


def legible(text: str, longest: int = _LONGEST) -> str:
    """Somebody's words on one line: no control characters, no direction overrides, no endless subject."""
    line = _NOT_TEXT.sub(" ", text).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _tidy(runs: tuple[Run, ...]) -> Sentence:
    """A value may be empty: no two spaces in a row, none at the end."""
    kept: list[Run] = []
    last = " "
    for run in runs:
        text = re.sub(" {2,}", " ", run.text)
        if last == " ":
            text = text.removeprefix(" ")
        if text:
            kept.append(Run(text, run.style))
            last = text[-1]
    if kept:
        kept[-1] = Run(kept[-1].text.rstrip(" "), kept[-1].style)
    return Sentence(tuple(run for run in kept if run.text))

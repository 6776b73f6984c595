"""What pydantic found wrong with a value, in a sentence for the owner of the file.

Our own validators bring their sentence along; everything else is said here, by kind of error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING

from syncd.config.nearest import did_you_mean, either

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_FEW = 12
"""So many choices are listed when none of them is near."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused value: the keys that lead to it, the value (None: not to be repeated), the error, the field."""

    names: tuple[str, ...]
    value: object
    error: ErrorDetails
    field: FieldInfo | None

    @property
    def name(self) -> str:
        """The key."""
        return self.names[-1] if self.names else "this"

    @property
    def table(self) -> str:
        """The key as a table's header names it."""
        return ".".join(self.names)


def sentence(refusal: Refusal) -> str:
    """What is wrong, and where it is not plain, what to write instead."""
    said = _SENTENCES.get(refusal.error["type"])
    return said(refusal) if said else own_words(refusal.error)


def own_words(error: ErrorDetails) -> str:
    """The sentence of the validator that refused; pydantic's own in our manner."""
    cause = error.get("ctx", {}).get("error")
    said = error["msg"].replace("Input should be", "this must be")
    return str(cause) if cause else f"{said[:1].lower()}{said[1:]}"


def choice(kind: str, value: object, known: Sequence[str], later: Collection[str] = ()) -> str:
    """The sentence for a value that is none of the known ones; it may have been meant for one of a later version."""
    shown = written(value)
    meant = did_you_mean(value, (*known, *later)) if isinstance(value, str) else ""
    listed = f"; it can be {either(known)}" if not meant and 0 < len(known) <= _FEW else ""
    return f"unknown {kind} {shown}{meant}{listed}"


def written(value: object) -> str:
    """A value as the file writes it."""
    match value:
        case str():
            return f'"{value}"'
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return str(value)


def _choice(refusal: Refusal) -> str:
    one_of_many = isinstance(refusal.error["loc"][-1], int)
    kind = refusal.name.removesuffix("s") if one_of_many else refusal.name
    return choice(kind.replace("_", " "), refusal.value, re.findall(r"'([^']*)'", refusal.error["ctx"]["expected"]))


def _out_of_range(refusal: Refusal) -> str:
    metadata = refusal.field.metadata if refusal.field else []
    limits = {name: getattr(limit, name) for limit in metadata for name in _LIMITS if hasattr(limit, name)}
    match limits:
        case {"ge": low, "le": high}:
            wanted = f"from {low} to {high}"
        case _:
            wanted = " and ".join(f"{_LIMITS[name]} {limit}" for name, limit in limits.items())
    return f"{refusal.name} must be {wanted}{_not(refusal.value)}"


def _not_a_whole_number(refusal: Refusal) -> str:
    return f"{refusal.name} must be a whole number{_not(refusal.value)}"


def _not_a_number(refusal: Refusal) -> str:
    return f"{refusal.name} must be a number{_not(refusal.value)}"


def _not_a_truth(refusal: Refusal) -> str:
    return f"{refusal.name} must be true or false{_not(refusal.value)}"


def _not_a_text(refusal: Refusal) -> str:
    quotable = isinstance(refusal.value, int | float | date | time) and not isinstance(refusal.value, bool)
    return f"{refusal.name} must be text in quotes" + (f': "{refusal.value}"' if quotable else "")


def _not_a_list(refusal: Refusal) -> str:
    if isinstance(refusal.value, dict):
        return f"write [[{refusal.table}]], with two brackets"
    return f"{refusal.name} must be a list" + ("" if refusal.value is None else f": [{written(refusal.value)}]")


def _not_a_table(refusal: Refusal) -> str:
    if isinstance(refusal.value, list) and refusal.value and isinstance(refusal.value[0], dict):
        return f"write [{refusal.table}], with one bracket"
    return f"{refusal.name} must be a table"


def _unwritable(refusal: Refusal) -> str:
    return f"{refusal.name} holds a character that cannot stand there"


def _empty(refusal: Refusal) -> str:
    return f"{refusal.name} must not be empty"


def _not(value: object) -> str:
    return "" if value is None else f", not {written(value)}"


_SENTENCES: dict[str, Callable[[Refusal], str]] = {
    **dict.fromkeys(("literal_error", "enum"), _choice),
    **dict.fromkeys(("greater_than_equal", "less_than_equal", "greater_than", "less_than"), _out_of_range),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _not_a_whole_number),
    **dict.fromkeys(("float_type", "float_parsing"), _not_a_number),
    **dict.fromkeys(("bool_type", "bool_parsing"), _not_a_truth),
    **dict.fromkeys(("string_type", "path_type"), _not_a_text),
    **dict.fromkeys(("tuple_type", "list_type", "iterable_type"), _not_a_list),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), _not_a_table),
    "string_pattern_mismatch": _unwritable,
    **dict.fromkeys(("too_short", "string_too_short"), _empty),
}

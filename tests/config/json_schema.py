"""As much of JSON Schema as ours uses, to hold the schema against files without another library."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Form = dict[str, Any]


def accepts(form: Form, value: object, definitions: Form) -> bool:
    """Whether a value has this form."""
    match form:
        case {"$ref": str(name)}:
            return accepts(definitions[name.rpartition("/")[2]], value, definitions)
        case {"anyOf": choices}:
            return any(accepts(choice, value, definitions) for choice in choices)
        case {"oneOf": choices}:
            return sum(accepts(choice, value, definitions) for choice in choices) == 1
        case {"const": only}:
            return bool(value == only)
        case {"enum": known}:
            return value in known
    return _KINDS[form["type"]](form, value, definitions)


def _is_object(form: Form, value: object, definitions: Form) -> bool:
    known, other = form.get("properties", {}), form.get("additionalProperties", True)
    if not isinstance(value, dict) or not set(form.get("required", ())) <= set(value):
        return False
    forms = ((known.get(key, other), item) for key, item in value.items())
    return all(of is True or (of is not False and accepts(of, item, definitions)) for of, item in forms)


def _is_array(form: Form, value: object, definitions: Form) -> bool:
    return isinstance(value, list) and all(accepts(form["items"], item, definitions) for item in value)


def _is_number(form: Form, value: object, _definitions: Form) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if form["type"] == "integer" else int | float):
        return False
    return bool(form.get("minimum", value) <= value <= form.get("maximum", value))


def _is_string(form: Form, value: object, _definitions: Form) -> bool:
    if isinstance(value, date):
        return form.get("format") == "date"
    return isinstance(value, str) and bool(re.search(form.get("pattern", ""), value))


_KINDS: dict[str, Callable[[Form, object, Form], bool]] = {
    "object": _is_object,
    "array": _is_array,
    "integer": _is_number,
    "number": _is_number,
    "boolean": lambda _form, value, _definitions: isinstance(value, bool),
    "string": _is_string,
    "null": lambda _form, value, _definitions: value is None,
}

"""Google's own contract as a judge: JSON Schema out of the discovery documents that google-api-python-client ships.

Requests are held against the methods' paths and parameters, responses against their schemas. Every breach is a
sentence; whoever collects them decides what they cost.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NotRequired, TypedDict, cast
from urllib.parse import unquote

from jsonschema import Draft202012Validator, FormatChecker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.servers.google_replies import Mask

_INTEGERS: Final = {
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
}
_TEXTS: Final = {
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "byte": r"[A-Za-z0-9_\-+/=]*",
}
_MOST: Final = {
    "gmail.users.messages.list": 500,
    "gmail.users.history.list": 500,
    "calendar.events.list": 2500,
    "calendar.events.instances": 2500,
    "calendar.calendarList.list": 250,
}
"""The largest maxResults each list documents in prose; the real servers quietly give less."""

Schema = TypedDict(
    "Schema",
    {
        "$ref": NotRequired[str],
        "type": NotRequired[str],
        "format": NotRequired[str],
        "enum": NotRequired[list[str]],
        "pattern": NotRequired[str],
        "minimum": NotRequired[str],
        "repeated": NotRequired[bool],
        "required": NotRequired[bool],
        "location": NotRequired[str],
        "items": NotRequired["Schema"],
        "properties": NotRequired[dict[str, "Schema"]],
        "additionalProperties": NotRequired["Schema"],
    },
)
"""A schema, or a parameter, as a discovery document writes it."""


class _Method(TypedDict):
    id: str
    path: str
    flatPath: NotRequired[str]
    httpMethod: str
    parameters: NotRequired[dict[str, Schema]]
    response: NotRequired[Schema]
    scopes: NotRequired[list[str]]


class _Resource(TypedDict):
    methods: NotRequired[dict[str, _Method]]
    resources: NotRequired[dict[str, _Resource]]


class _Document(_Resource):
    servicePath: str
    parameters: dict[str, Schema]
    schemas: dict[str, Schema]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of an API.

    `depth` counts the slashes of its path, `parts` are the names in it; `response` is the name of its answer's schema.
    """

    id: str
    verb: str
    depth: int
    pattern: re.Pattern[str]
    parts: tuple[str, ...]
    parameters: Mapping[str, Schema]
    scopes: frozenset[str]
    response: str

    def parts_of(self, path: str) -> Mapping[str, str] | None:
        """What stands for the names in this path, unquoted; None when the path is another's."""
        match = self.pattern.fullmatch(path)
        return match and dict(zip(self.parts, map(unquote, match.groups()), strict=True))


class Contract:
    """One API, as its discovery document promises it."""

    def __init__(self, name: str) -> None:
        text = files("googleapiclient.discovery_cache").joinpath("documents", f"{name}.json").read_text("utf-8")
        self._document: _Document = json.loads(text)
        self._global = self._document["parameters"]

    @cached_property
    def _methods(self) -> Mapping[tuple[str, int], Sequence[Method]]:
        """Every method, by its verb and the depth of its path; those with fewer names in it come first."""
        found = [_method(each, self._document["servicePath"]) for each in _walk(self._document)]
        found.sort(key=lambda method: len(method.parts))
        shelves: dict[tuple[str, int], list[Method]] = {}
        for method in found:
            shelves.setdefault((method.verb, method.depth), []).append(method)
        return shelves

    def find(self, verb: str, path: str) -> tuple[Method, Mapping[str, str]] | None:
        """The method that serves this path, and what stands for the names in it."""
        for method in self._methods.get((verb, path.count("/")), ()):
            if (parts := method.parts_of(path)) is not None:
                return method, parts
        return None

    def judge_query(self, method: Method, query: Mapping[str, Sequence[str]]) -> Iterator[str]:
        """What is wrong with a request's parameters."""
        for name, values in query.items():
            parameter = method.parameters.get(name) or self._global.get(name)
            if parameter is None or parameter.get("location") == "path":
                yield f"{method.id}: unknown query parameter {name}"
                continue
            if len(values) > 1 and not parameter.get("repeated"):
                yield f"{method.id}: {name} is given {len(values)} times"
            for value in values:
                if problem := _problem(parameter, value):
                    yield f"{method.id}: {name}={value!r} {problem}"
        for name, parameter in method.parameters.items():
            if parameter.get("required") and parameter.get("location") == "query" and name not in query:
                yield f"{method.id}: {name} is missing"
        asked = query.get("maxResults", ["0"])[0]
        if asked.isdigit() and int(asked) > _MOST.get(method.id, 10**9):
            yield f"{method.id}: maxResults={asked} is more than {_MOST[method.id]}"

    def judge_mask(self, method: Method, mask: Mask) -> Iterator[str]:
        """The fields of a mask that no answer of this method has."""
        yield from self._unknown({"$ref": method.response}, mask)

    def _unknown(self, schema: Schema, mask: Mask) -> Iterator[str]:
        while "$ref" in schema or "items" in schema:
            schema = self._document["schemas"][schema["$ref"]] if "$ref" in schema else schema["items"]
        known = schema.get("properties", {})
        for name, inner in mask.items():
            if name in known:
                yield from self._unknown(known[name], inner)
            elif name != "*" and "additionalProperties" not in schema:
                yield name

    def judge_answer(self, method: Method, body: Mapping[str, object]) -> Iterator[str]:
        """What is wrong with an answer's shape."""
        for error in self._validator(method.response).iter_errors(body):
            yield f"{method.id}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"

    def _validator(self, schema: str) -> Draft202012Validator:
        if schema not in self._validators:
            self._validators[schema] = Draft202012Validator(
                {"$ref": f"#/$defs/{schema}", "$defs": self._definitions}, format_checker=_formats()
            )
        return self._validators[schema]

    @cached_property
    def _validators(self) -> dict[str, Draft202012Validator]:
        return {}

    @cached_property
    def _definitions(self) -> dict[str, object]:
        return {name: _json_schema(schema) for name, schema in self._document["schemas"].items()}


@cache
def gmail() -> Contract:
    """Gmail v1."""
    return Contract("gmail.v1")


@cache
def calendar() -> Contract:
    """Calendar v3."""
    return Contract("calendar.v3")


def _walk(resource: _Resource) -> Iterator[_Method]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _walk(inner)


def _method(told: _Method, prefix: str) -> Method:
    path = "/" + prefix + told.get("flatPath", told["path"])
    return Method(
        id=told["id"],
        verb=told["httpMethod"],
        depth=path.count("/"),
        pattern=re.compile(re.sub(r"\{\+?\w+\}", "([^/]+)", path)),
        parts=tuple(re.findall(r"\{\+?(\w+)\}", path)),
        parameters=told.get("parameters", {}),
        scopes=frozenset(told.get("scopes", ())),
        response=told.get("response", {}).get("$ref", ""),
    )


def _problem(parameter: Schema, value: str) -> str:
    kind, form = parameter.get("type"), parameter.get("format", "")
    if "enum" in parameter and value not in parameter["enum"]:
        return "is none of " + ", ".join(parameter["enum"])
    if kind == "boolean" and value not in ("true", "false"):
        return "is no boolean"
    if form in _INTEGERS:
        lowest, highest = _INTEGERS[form]
        lowest = max(lowest, int(parameter.get("minimum", lowest)))
        if not re.fullmatch(r"-?\d+", value) or not lowest <= int(value) <= highest:
            return f"is no {form} of at least {lowest}"
    if form in _TEXTS and not re.fullmatch(_TEXTS[form], value):
        return f"is no {form}"
    return ""


def _json_schema(told: Schema) -> dict[str, object]:
    if "$ref" in told:
        return {"$ref": "#/$defs/" + told["$ref"]}
    kept: dict[str, object] = {key: value for key, value in told.items() if key in ("enum", "format", "pattern")}
    kind = told.get("type", "any")
    if kind != "any":
        kept["type"] = kind
    if kind == "array":
        kept["items"] = _json_schema(told["items"])
    if kind == "object":
        kept["properties"] = {name: _json_schema(inner) for name, inner in told.get("properties", {}).items()}
        more = told.get("additionalProperties")
        kept["additionalProperties"] = False if more is None else _json_schema(more)
    return kept


@cache
def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, (lowest, highest) in _INTEGERS.items():

        def within(value: object, lowest: int = lowest, highest: int = highest) -> bool:
            return not isinstance(value, str | int) or lowest <= int(value) <= highest

        checker.checks(name, ValueError)(within)
    for name, pattern in _TEXTS.items():

        def fits(value: object, pattern: str = pattern) -> bool:
            return not isinstance(value, str) or re.fullmatch(pattern, value) is not None

        checker.checks(name)(fits)
    return checker


_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "errors"],
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "required": ["message", "domain", "reason"]},
                },
            },
        }
    },
}


_JUDGES_ERRORS: Final = Draft202012Validator(_ERROR)


def judge_error(body: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with an error's shape (cloud.google.com/apis/design/errors, "HTTP mapping", and the older list)."""
    for error in _JUDGES_ERRORS.iter_errors(cast("dict[str, object]", body)):
        yield f"an error: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"

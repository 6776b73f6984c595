"""Microsoft's own definitions of the types of Graph, held against what the double says and what is asked of it.

`graph-types.json` is a JSON Schema drawn from Microsoft's published CSDL (msgraph-metadata, MIT licence).
"""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

TypeName = Literal["calendar", "event", "mailFolder", "message", "eventMessage"]
Resource = dict[str, object]
"""One thing as Graph writes it: a JSON object."""

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)")


class Contract:
    """The types by name; every shape of a resource is checked once, since checking 20,000 alike takes a minute."""

    def __init__(self) -> None:
        definitions = Path(__file__).with_name("graph-types.json").read_text()
        self._types: Mapping[str, Mapping[str, Mapping[str, object]]] = json.loads(definitions)
        self._checked: set[tuple[str, Hashable]] = set()
        self._validators: dict[str, Draft202012Validator] = {}

    def breaches(self, name: TypeName, resource: Resource) -> Iterator[str]:
        """What is wrong with a resource that calls itself `name`."""
        if "id" not in resource:
            yield f"{name}: it has no id"
        shape = (name, self._shape(resource))
        if shape in self._checked:
            return
        self._checked.add(shape)
        for error in self._validator(name).iter_errors(resource):
            yield f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:140]}"

    def breaches_of_page(self, name: TypeName, page: Resource, *, delta: bool) -> Iterator[str]:
        """What is wrong with a page of such resources, or of a round of delta."""
        value = page.get("value")
        if not isinstance(value, list):
            yield f"a page of {name}: it has no value[]"
            return
        if not str(page.get("@odata.context", "")).startswith("http"):
            yield f"a page of {name}: it has no @odata.context"
        if delta and ("@odata.nextLink" in page) == ("@odata.deltaLink" in page):
            yield f"a page of {name}: it needs either a nextLink or a deltaLink"
        yield from (f"a page of {name}: {key}" for key in page if key != "value" and not key.startswith("@odata."))
        for resource in value:
            kind = str(resource.get("@odata.type", ""))
            yield from self.breaches("eventMessage" if "eventMessage" in kind else name, resource)

    def unknown_fields(self, name: TypeName, fields: str) -> list[str]:
        """Which of these fields (as in $select) the type does not have; a cast like `type/field` is judged by it."""
        unknown = []
        for field in fields.split(","):
            cast, _, last = field.rpartition("/")
            owner = cast.removeprefix("microsoft.graph.") if cast.startswith("microsoft.graph.") else name
            if last not in self._types.get(owner, {}).get("properties", {}):
                unknown.append(field)
        return unknown

    def _validator(self, name: str) -> Draft202012Validator:
        if name not in self._validators:
            self._validators[name] = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": self._types})
        return self._validators[name]

    @cached_property
    def _choices(self) -> frozenset[str]:
        """Names of properties whose value is one of an enumeration."""
        enums = {name for name, definition in self._types.items() if "enum" in definition}
        return frozenset(
            field
            for definition in self._types.values()
            for field, schema in definition.get("properties", {}).items()
            if any(f'"#/$defs/{name}"' in json.dumps(schema) for name in enums)
        )

    def _shape(self, value: object, key: str = "") -> Hashable:
        """What of a value the types can object to."""
        if isinstance(value, dict):
            return tuple(sorted((name, self._shape(each, name)) for name, each in value.items()))
        if isinstance(value, list):
            return frozenset(self._shape(each, key) for each in value)
        if isinstance(value, str):
            return value if key in self._choices else bool(_MOMENT.fullmatch(value))
        return type(value).__name__


@lru_cache(maxsize=1)
def contract() -> Contract:
    """The types, read once."""
    return Contract()

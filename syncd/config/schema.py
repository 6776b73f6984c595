"""The JSON schema of the file, for editors that complete and check TOML (taplo, Even Better TOML).

Made from the models, with the options of every connector that is installed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from syncd.config.settings import Settings
from syncd.config.values import SPAN_PATTERN, span_text
from syncd.connector import connector_names, load_connector
from syncd.errors import Misconfigured

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import core_schema


class _TomlSchema(GenerateJsonSchema):
    """A length of time is text for people, here and in defaults."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:  # noqa: ARG002 - overridden
        """A span as `parse_span` reads it."""
        return {"type": "string", "pattern": SPAN_PATTERN}

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - as overridden
        """Defaults as the file would write them."""
        return span_text(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of config.toml; a connector whose library is missing is left out."""
    whole = _of(Settings)
    definitions = whole["$defs"]
    choices = []
    for name in connector_names():
        try:
            options = _of(load_connector(name).Options)
        except Misconfigured:
            continue
        definitions.update(options.pop("$defs", {}))
        options["properties"]["type"] = {"const": name, "description": "which connector reads this account"}
        definitions[f"account-{name}"] = options
        choices.append({"$ref": f"#/$defs/account-{name}"})
    whole["properties"]["accounts"] |= {"minProperties": 1, "additionalProperties": {"oneOf": choices}}
    definitions["SecretRef"] |= {"minProperties": 1, "maxProperties": 1}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": "syncd configuration"}


def _of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(schema_generator=_TomlSchema)

"""What every table of the file has in common, and the way through the tables that a place in the file takes.

That way works on the types alone, so it also serves files whose values are wrong.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from syncd.config.places import Where


class Table(BaseModel):
    """A table of the file: no key it does not know, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def fields_of(table: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a table under the names they have in the file."""
    return {field.alias or name: field for name, field in table.model_fields.items()}


def table_at(root: type[BaseModel], where: Where) -> type[BaseModel] | None:
    """The model of the table at `where` below `root`; None where the models know of no table."""
    kind: object = root
    for step in where:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = fields_of(kind).get(str(step))
            kind = _core(field.annotation) if field else None
        else:
            kind = _item(kind)
        if kind is None:
            return None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def field_at(root: type[BaseModel], where: Where) -> FieldInfo | None:
    """The field at `where`, or the field whose list or table it is an item of."""
    while where and isinstance(where[-1], int):
        where = where[:-1]
    table = table_at(root, where[:-1]) if where else None
    return fields_of(table).get(str(where[-1])) if table else None


def _core(kind: object) -> object:
    """The type without Annotated, and the table of an optional one or of a choice."""
    if get_origin(kind) is Annotated:
        return _core(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        choices = [_core(choice) for choice in get_args(kind)]
        tables = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel)]
        return tables[0] if tables else choices[0]
    return kind


def _item(kind: object) -> object:
    """What a list or a mapping holds; None for anything else."""
    origin = get_origin(kind)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, Mapping):
        return _core(get_args(kind)[1])
    return _core(get_args(kind)[0]) if issubclass(origin, Sequence) else None

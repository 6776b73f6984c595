"""What is wrong with a file, collected: each fault with its place, its sentence and what was probably meant.

pydantic says what it found wrong in its own words and places; here they become the owner's. Nothing that may be a
secret leaves this room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from syncd.config.later import names_at
from syncd.config.nearest import did_you_mean, nearest
from syncd.config.sentences import Refusal, own_words, sentence
from syncd.config.sheet import MASK, Range, is_secret_name
from syncd.config.tables import field_at, fields_of, table_at
from syncd.connector import SecretRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from syncd.config.places import Document, Where
    from syncd.errors import Problem


_NO_TABLE = frozenset({"model_type", "model_attributes_type", "dict_type"})
_WRITTEN_OUT = 'a secret must not stand in this file; write where it can be found, like { env = "WORK" }'


@dataclass(slots=True)
class Problems:
    """The faults found so far in one file."""

    document: Document
    found: list[tuple[Range, str]] = field(default_factory=list)
    hidden: dict[Where, Range] = field(init=False)

    def __post_init__(self) -> None:
        self.hidden = dict(_secret_places(self.document, (), self.document.values, inside=False))

    def at_key(self, where: Where, message: str) -> None:
        """A fault of the key at `where`."""
        self.found.append((self.document.key(where), message))

    def at_value(self, where: Where, message: str) -> None:
        """A fault of the value at `where`."""
        self.found.append((self.document.value(where), message))

    def refused(self, refusal: ValidationError, root: type[BaseModel], base: Where = ()) -> None:
        """Everything that a model (`root`, validated from the table at `base`) refused."""
        chosen: dict[Where, ErrorDetails] = {}
        for error in refusal.errors(include_url=False, include_input=False):
            where, through_choice = self._where(base, error)
            if through_choice and where in chosen:
                first = chosen[where]
                if not (first["type"].endswith("_type") and not error["type"].endswith("_type")):
                    continue
            chosen[where] = error
        deeper = {where[:length] for where in chosen for length in range(len(where))}
        for where, error in chosen.items():
            if error["type"] == "default_factory_not_called" or (where in deeper and error["type"].endswith("_type")):
                continue  # something it depends on is wrong and reported; another choice was closer
            self._refuse(where, error, root, base)

    def report(self) -> tuple[Problem, ...]:
        """All of them, in the order of the file."""
        told = {(here.start, here.end, self._without_secrets(message)) for here, message in self.found}
        problems = {
            self.document.sheet.problem(Range(start, end), message, self.hidden.values())
            for start, end, message in told
        }
        return tuple(
            sorted(
                {*self.document.faults, *problems}, key=lambda problem: (problem.line, problem.column, problem.message)
            )
        )

    def _where(self, base: Where, error: ErrorDetails) -> tuple[Where, bool]:
        """The place in the file of an error, and whether a choice of types lay on the way."""
        where, choice = base, False
        for number, step in enumerate(error["loc"], 1):
            here = self.document.lookup(where)
            known = step in here if isinstance(here, dict) else isinstance(here, list) and isinstance(step, int)
            if known or (error["type"] == "missing" and number == len(error["loc"])):
                where = (*where, step)
            elif step != "[key]":
                choice = True
        return where, choice

    def _refuse(self, where: Where, error: ErrorDetails, root: type[BaseModel], base: Where) -> None:
        local = where[len(base) :]
        match error["type"]:
            case "extra_forbidden":
                self._unknown(where, table_at(root, local[:-1]))
            case "missing":
                if self.document.faults:
                    return  # it may stand in a line that could not be read
                found = field_at(root, local)
                purpose = f": {found.description}" if found and found.description else ""
                self.at_key(where[:-1], f'"{where[-1]}" is missing here{purpose}')
            case _ if error["loc"][-1:] == ("[key]",):
                self.at_key(where, own_words(error))
            case _:
                self.at_value(where, self._sentence(where, error, field_at(root, local)))

    def _sentence(self, where: Where, error: ErrorDetails, field: FieldInfo | None) -> str:
        hidden = any(where[:length] in self.hidden for length in range(1, len(where) + 1))
        if hidden and error["type"] in _NO_TABLE:
            return _WRITTEN_OUT
        name = next((step for step in reversed(where) if isinstance(step, str)), "this")
        return sentence(Refusal(name, None if hidden else self.document.lookup(where), error, field))

    def _unknown(self, where: Where, table: type[BaseModel] | None) -> None:
        name = str(where[-1])
        known = fields_of(table) if table else {}
        siblings = self.document.lookup(where[:-1])
        taken = siblings if isinstance(siblings, dict) else {}
        later = names_at(where[:-1])
        meant = nearest(name, (*known, *later), taken)
        if not meant and (where[0] == "accounts" or where[:2] == ("digest", "send")) and where in self.document.spots:
            self.hidden[where] = self.document.spots[where]  # a password under any other name is a secret too
        hint = did_you_mean(name, (*known, *later), taken)
        if meant and meant[0] in later:
            hint = hint.replace("?", "? It is not supported by this version yet")
        kind = "table" if isinstance(self.document.lookup(where), dict) and where not in self.document.spots else "key"
        self.at_key(where, f'unknown {kind} "{name}"{hint}')

    def _without_secrets(self, message: str) -> str:
        for secret in (text for where in self.hidden for text in _texts(self.document.lookup(where))):
            message = message.replace(secret, MASK)
        return message


def _secret_places(document: Document, where: Where, value: object, *, inside: bool) -> Iterator[tuple[Where, Range]]:
    """What may not be shown: values under a secret's name, unless they only say where the secret is."""
    if isinstance(value, dict) and not _is_reference(value):
        for key, item in value.items():
            path = (*where, key)
            yield from _secret_places(document, path, item, inside=inside or _names_secret(document, path, item))
    elif inside and not isinstance(value, dict) and where in document.spots:
        yield where, document.spots[where]


def _names_secret(document: Document, where: Where, value: object) -> bool:
    """Whether this key promises a secret; the name of an account or of a person does not."""
    owned = isinstance(value, dict) and where not in document.spots and len(where) == len(("accounts", "NAME"))
    return not owned and is_secret_name(str(where[-1]))


def _is_reference(value: dict[str, object]) -> bool:
    try:
        SecretRef.model_validate(value)
    except ValidationError:
        return False
    return True


def _texts(value: object) -> Iterator[str]:
    """Every text in a hidden value that is long enough to be told from chance."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif len(text := str(value)) > len(MASK) - 1:
        yield text

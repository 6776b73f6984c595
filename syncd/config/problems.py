"""What is wrong with a file, collected: each fault with its place, its sentence and what was probably meant.

pydantic says what it found wrong in its own words and places; here they become the owner's. Nothing that may be a
secret leaves this room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from syncd.config.hiding import secret_places, texts
from syncd.config.later import names_at
from syncd.config.nearest import ask, nearest
from syncd.config.sending import SendSettings
from syncd.config.sentences import Refusal, own_words, sentence
from syncd.config.settings import DaemonTable, DigestTable, IgnoreTable, MeTable, PrivacyTable, StoreTable
from syncd.config.sheet import MASK
from syncd.config.tables import field_at, fields_of, table_at

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from syncd.config.places import Document, Where
    from syncd.config.sheet import Range
    from syncd.errors import Problem


_NO_TABLE = frozenset({"model_type", "model_attributes_type", "dict_type"})
_NOT_TOLD_HERE = frozenset({"extra_forbidden", "default_factory_not_called"})
_HOMES = {
    "me": fields_of(MeTable),
    "digest": fields_of(DigestTable),
    "digest.send": fields_of(SendSettings),
    "ignore": fields_of(IgnoreTable),
    "privacy": fields_of(PrivacyTable),
    "store": fields_of(StoreTable),
    "daemon": fields_of(DaemonTable),
}
_WRITTEN_OUT = 'a secret must not stand in this file; write where it can be found, like { env = "WORK" }'


@dataclass
class Problems:
    """The faults found so far in one file."""

    document: Document
    found: list[tuple[Where, Range, str]] = field(default_factory=list)
    meant: set[Where] = field(default_factory=set)
    """Keys that are there after all, under a slip of the keyboard."""

    @cached_property
    def hidden(self) -> dict[Where, Range]:
        """What may not be shown."""
        return secret_places(self.document)

    def at_key(self, where: Where, message: str) -> None:
        """A fault of the key at `where`."""
        self.found.append((where, self.document.key(where), message))

    def at_value(self, where: Where, message: str) -> None:
        """A fault of the value at `where`."""
        self.found.append((where, self.document.value(where), message))

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
        for where, error in chosen.items():
            if error["type"] == "extra_forbidden":
                self._unknown(where, root, base)
        deeper = {where[:length] for where in chosen for length in range(len(where))}
        for where, error in chosen.items():
            is_vague = where in deeper and error["type"].endswith(
                ("_type", "too_short")
            )  # another error says it better
            if not is_vague and error["type"] not in _NOT_TOLD_HERE:
                self._refuse(where, error, field_at(root, where[len(base) :]))

    def missing(self, where: Where, purpose: str) -> None:
        """A key that should be there; unless it may stand in a line that could not be read, or under a slip."""
        if where in self.meant or self.document.is_faulty(where[:-1]):
            return
        name = f"[{where[-1]}]" if len(where) == 1 else f'"{where[-1]}"'
        self.at_key(where[:-1], f"{name} is missing here: {purpose}")

    def report(self) -> tuple[Problem, ...]:
        """All of them, in the order of the file."""
        problems = {
            self.document.sheet.problem(here, self._without_secrets(where, message), self.hidden.values())
            for where, here, message in self.found
        }
        return tuple(sorted({*self.document.faults, *problems}, key=attrgetter("line", "column", "message")))

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

    def _refuse(self, where: Where, error: ErrorDetails, known: FieldInfo | None) -> None:
        if error["type"] == "missing":
            self.missing(where, (known.description if known else None) or "nothing works without it")
        elif error["loc"][-1:] == ("[key]",):
            self.at_key(where, own_words(error))
        else:
            self.at_value(where, self._sentence(where, error, known))

    def _sentence(self, where: Where, error: ErrorDetails, known: FieldInfo | None) -> str:
        hidden = any(where[:length] in self.hidden for length in range(1, len(where) + 1))
        if hidden and error["type"] in _NO_TABLE:
            return _WRITTEN_OUT
        names = tuple(step for step in where if isinstance(step, str))
        return sentence(Refusal(names, None if hidden else self.document.lookup(where), error, known))

    def _unknown(self, where: Where, root: type[BaseModel], base: Where) -> None:
        name = str(where[-1])
        table = table_at(root, where[len(base) : -1])
        known = fields_of(table) if table else {}
        siblings = self.document.lookup(where[:-1])
        taken = siblings if isinstance(siblings, dict) else {}
        later = names_at(where[:-1])
        meant = nearest(name, (*known, *later), taken)
        self.meant |= {(*where[:-1], key) for key in meant}
        if not meant and (where[0] == "accounts" or where[:2] == ("digest", "send")) and where in self.document.spots:
            self.hidden[where] = self.document.spots[where]  # a password under any other name is a secret too
        home = next((f"; it belongs in [{home}]" for home in _HOMES if name in _HOMES[home]), "")
        not_yet = " It is not supported by this version yet" if meant and meant[0] in later else ""
        kind = "table" if isinstance(self.document.lookup(where), dict) and where not in self.document.spots else "key"
        self.at_key(where, f'unknown {kind} "{name}"{ask(meant) or home}{not_yet}')

    def _without_secrets(self, where: Where, message: str) -> str:
        """The message without what stands hidden in the same table: a validator may have repeated it."""
        for hidden in self.hidden:
            if hidden[:2] == where[:2]:
                for secret in texts(self.document.lookup(hidden)):
                    message = message.replace(secret, MASK)
        return message

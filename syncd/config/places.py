"""A TOML file with the place of everything in it: tomllib reads the values, a scan of the same text finds the places.

The scan runs only over text that tomllib has accepted, so it may be simple. Lines and columns count from 1, in
characters, as editors do.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncd.config.paths import NoConfig
from syncd.config.sheet import Range, Sheet
from syncd.config.syntax import parse
from syncd.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Where = tuple[str | int, ...]
"""The way to a value: keys of tables, and numbers (from 0) in arrays."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\"]|\\.|"{1,2}(?!"))*"{3,5}|'
    r"'''(?:[^']|'{1,2}(?!'))*'{3,5}|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'[^'\n]*'",
    re.DOTALL,
)
_HEADER = re.compile(r"\n[ \t]*\[")
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*|[^\s,\]}#]+")


@dataclass(slots=True)
class _Scan:
    """One walk over a text that is known to be TOML."""

    text: str
    at: int = 0
    keys: dict[Where, Range] = field(default_factory=dict)
    values: dict[Where, Range] = field(default_factory=dict)
    lengths: Counter[Where] = field(default_factory=Counter)

    def document(self) -> None:
        table: Where = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _skip(self, pattern: re.Pattern[str]) -> Range:
        start = self.at
        if match := pattern.match(self.text, start):
            self.at = match.end()
        return Range(start, self.at)

    def _header(self) -> Where:
        many = self.text.startswith("[[", self.at)
        self.at += 1 + many
        where: Where = ()
        parts = self._key()
        for number, (name, here) in enumerate(parts, 1):
            where = (*where, name)
            if number == len(parts):
                self.keys[where] = self.keys.get(where, here) if many else here
                if many:
                    self.lengths[where] += 1
            self.keys.setdefault(where, here)
            if where in self.lengths:
                where = (*where, self.lengths[where] - 1)
                self.keys.setdefault(where, here)
        self.at += 1 + many
        return where

    def _key(self) -> list[tuple[str, Range]]:
        """A dotted key; leaves the position behind it and the blanks that follow."""
        parts: list[tuple[str, Range]] = []
        while True:
            self._skip(_SPACE)
            quoted = self.text[self.at] in "\"'"
            here = self._skip(_STRING if quoted else _BARE_KEY)
            name = self.text[here.start : here.end]
            parts.append((next(iter(tomllib.loads(f"{name} = 0"))) if quoted else name, here))
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def _pair(self, table: Where) -> None:
        where = table
        for name, here in self._key():
            where = (*where, name)
            self.keys.setdefault(where, here)
        self.at += 1
        self._skip(_SPACE)
        self._value(where)

    def _value(self, where: Where) -> None:
        start = self.at
        match self.text[start]:
            case "[":
                self._array(where)
            case "{":
                self._inline_table(where)
            case '"' | "'":
                self._skip(_STRING)
            case _:
                self._skip(_SCALAR)
        self.values[where] = Range(start, self.at)

    def _array(self, where: Where) -> None:
        self.at += 1
        self._skip(_BLANK)
        number = 0
        while self.text[self.at] != "]":
            self._value((*where, number))
            self.keys[*where, number] = self.values[*where, number]
            number += 1
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _inline_table(self, where: Where) -> None:
        self.at += 1
        self._skip(_BLANK)
        while self.text[self.at] != "}":
            self._pair(where)
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_BLANK)
        self.at += 1


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration file: its values, where each of them and each of its keys stands, and the faults of its text."""

    path: Path
    sheet: Sheet
    values: Mapping[str, object]
    keys: Mapping[Where, Range]
    spots: Mapping[Where, Range]
    faults: tuple[Problem, ...] = ()

    def key(self, where: Where) -> Range:
        """The range of the key (or of the last key of the table's header) at `where`, or of the nearest table."""
        while where and where not in self.keys:
            where = where[:-1]
        return self.keys.get(where, Range(0, 0))

    def value(self, where: Where) -> Range:
        """The range of the value at `where`; of its key when it is a table with a header."""
        return self.spots.get(where) or self.key(where)

    def line_of(self, where: Where) -> str:
        """`file:line` of the key at `where`, as `syncd explain` names it."""
        return f"{self.path.name}:{self.sheet.line(self.key(where).start)}"

    def is_faulty(self, where: Where) -> bool:
        """Whether a line of the table at `where` could not be read."""
        start = self.key(where).start
        header = _HEADER.search(self.sheet.text, start)
        last = self.sheet.line(header.start()) if header else len(self.sheet.starts)
        return any(self.sheet.line(start) <= fault.line <= last for fault in self.faults)

    def lookup(self, where: Where) -> object:
        """The value at `where`, None when there is none."""
        return look_up(self.values, where)


def look_up(values: object, where: Where) -> object:
    """The value at `where` in nested tables and arrays, None when there is none."""
    for step in where:
        if isinstance(values, dict):
            values = values.get(step)
        elif isinstance(values, list) and isinstance(step, int) and step < len(values):
            values = values[step]
        else:
            return None
    return values


def read(path: Path) -> Document:
    """The file with its places; its `faults` are the lines that had to be set aside.

    Raises NoConfig when it cannot be read, ConfigError when so little of it is TOML that nothing else can be said.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise NoConfig(f"The configuration file {path} does not exist.", "Name another one with --config.") from None
    except OSError as error:
        raise NoConfig(
            f"The configuration file {path} cannot be read: {error.strerror}.",
            "Make it a file that you can read, or name another one with --config.",
        ) from None
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = raw[: error.start].rpartition(b"\n")[2].decode("utf-8-sig")
        place = (raw.count(b"\n", 0, error.start) + 1, len(before) + 1)
        raise ConfigError([Problem(str(path), *place, "this is not UTF-8 text; save the file as UTF-8")]) from None
    sheet = Sheet.of(str(path), text)
    values, accepted, faults, readable = parse(sheet)
    if not readable:
        raise ConfigError(faults)
    scan = _Scan(accepted)
    scan.document()
    return Document(path, sheet, values, scan.keys, scan.values, tuple(faults))

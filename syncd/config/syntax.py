"""Text that is not TOML, in sentences: what tomllib found, said so that the owner knows what to type.

A fault inside one line can be set aside, so that the rest of the file is still read and every other problem reported
with it; a table header, a list or a long text that never ends cannot.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncd.config.hiding import hides_secret
from syncd.config.sheet import Range, Sheet

if TYPE_CHECKING:
    from syncd.errors import Problem

MOST_FAULTS = 50
"""After so many, the file is something else than a configuration."""

_PLACE = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")
_KEY = re.compile(
    r"""[ \t]*((?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*'))*)"""
)
_PAIR = re.compile(_KEY.pattern + r"[ \t]*=[ \t]*")
_CURLY = "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TRUTHS = {
    "yes": "true",
    "on": "true",
    "no": "false",
    "off": "false",
    "none": "false",
    "true": "true",
    "false": "false",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the text stops being TOML, what to say, and the line to set aside (None: the rest cannot be read)."""

    here: Range
    message: str
    aside: Range | None


def parse(sheet: Sheet) -> tuple[dict[str, object], str, list[Problem], bool]:
    """The values, the text they were read from (faulty lines blank), the faults, and whether it could be read."""
    text = sheet.text
    faults: list[Problem] = []
    while True:
        try:
            return tomllib.loads(text), text, faults, True
        except (ValueError, RecursionError) as error:
            fault = _fault(Sheet(sheet.file, text, sheet.starts), error)
        faults.append(sheet.problem(fault.here, fault.message, _secrets(sheet, fault.here)))
        if fault.aside is None or len(faults) == MOST_FAULTS:
            return {}, "", faults, False
        text = f"{text[: fault.aside.start]}{' ' * (fault.aside.end - fault.aside.start)}{text[fault.aside.end :]}"


def _fault(sheet: Sheet, error: ValueError | RecursionError) -> Fault:
    """Translate what tomllib says; everything it can say is in its `suffixed_err` calls."""
    said = str(error) if isinstance(error, tomllib.TOMLDecodeError) else ""
    place = _PLACE.search(said)
    said = said[: place.start()] if place else said
    at = sheet.starts[int(place[1]) - 1] + int(place[2]) - 1 if place and place[1] else len(sheet.text.rstrip())
    here = Range(at, at + 1)
    line = sheet.range_of(sheet.line(at))
    written = sheet.text[line.start : line.end]
    pair = _PAIR.match(sheet.text, line.start, line.end)
    if not said:
        return Fault(Range(0, 0), "this file is nested too deeply, or a number in it is too long", None)
    if unclosed := _unclosed(sheet, said, at, line):
        return unclosed
    if written.lstrip().startswith("["):
        return _fault_of_header(line, written, said)
    if pair:
        return _fault_of_pair(sheet, pair, line, here, said)
    if said.startswith(("Invalid statement", "Invalid initial", "Expected '='")):
        key = _KEY.match(sheet.text, line.start, line.end)
        where = Range(key.end(), key.end() + 1) if key and key.end() < line.end else here
        return Fault(where, "this is not a setting; write it like key = value", line)
    return Fault(here, f"this is not TOML: {said[:1].lower()}{said[1:]}", line)


def _unclosed(sheet: Sheet, said: str, at: int, line: Range) -> Fault | None:
    """The fault of a list or a text of several lines that never ends."""
    list_opens = _last(sheet.text, r"=[ \t]*(\[)", at) if said == "Unclosed array" else None
    if list_opens:
        closed = list_opens.start >= line.start and "]" in sheet.text[line.start : line.end]
        message = "this list lacks its closing ], or a comma between two values"
        return Fault(list_opens, message, line if closed else None)
    never_ends = said in {"Unterminated string", "Expected \"'''\""}
    text_opens = _last(sheet.text, r"=[ \t]*(\"\"\"|''')", at) if never_ends else None
    return Fault(text_opens, "this text lacks its closing quotes", None) if text_opens else None


def _fault_of_header(line: Range, written: str, said: str) -> Fault:
    header = written.partition("#")[0].strip()
    start = line.start + written.index("[")
    if said.startswith("Cannot"):
        message = f"{header} stands here a second time; put its settings together"
    elif "]" not in header:
        message = "this table header lacks its closing ]"
    elif address := re.fullmatch(r"\[(\w+)\.([^\"'\]]+@[^\"'\]]+)\]", header):
        message = f'an address in a table header stands in quotes: [{address[1]}."{address[2]}"]'
    else:
        message = "this is not a table header; write it like [digest] or [accounts.work]"
    return Fault(Range(start, start + len(header)), message, None)


def _fault_of_pair(sheet: Sheet, pair: re.Match[str], line: Range, here: Range, said: str) -> Fault:
    """The fault of a line that is at least `key =`."""
    value = sheet.text[pair.end() : line.end].strip()
    if value[:1] not in ('"', "'"):
        value = value.partition("#")[0].rstrip()
    whole = Range(pair.end(), pair.end() + max(1, len(value)))
    if said.startswith(("Cannot", "Duplicate")):
        return Fault(Range(pair.start(1), pair.end(1)), "this is set twice; keep one of the two", line)
    if value[:1] == "{":
        message = "this { lacks its closing } on the same line, or a comma between two settings"
        return Fault(whole, message, line if "}" in value else None)
    if value[:1] not in ("[", '"', "'"):
        return Fault(whole, _unquoted(value, secret=hides_secret(pair[1])), line)
    if said in {"Illegal character '\\n'", 'Expected "\'"', "Unterminated string"}:
        return Fault(whole, "this text lacks its closing quote", line)
    if "\\" in said or "scape" in said or "hex" in said:
        backslash = sheet.text.rfind("\\", pair.end(), here.start)
        message = "a backslash begins an escape here; write it twice, or put the text in single quotes"
        return Fault(Range(backslash, backslash + 1), message, line)
    return Fault(here, "only one value may stand here, with nothing behind it; several stand in a list: [ ]", line)


def _unquoted(value: str, *, secret: bool) -> str:
    """What to say of a value that is neither text in quotes nor anything else."""
    if not value:
        return "the value is missing"
    if truth := _TRUTHS.get(value.casefold()):
        return f"write {truth}, in small letters and without quotes"
    if value[0] in _CURLY:
        return 'text stands in straight quotes, like "this"'
    if _DAY.match(value):
        return "there is no such day or time"
    return "text stands in quotes" + ("" if secret or '"' in value else f': "{value}"')


def _last(text: str, pattern: str, before: int) -> Range | None:
    """The last place of the pattern's group before a position."""
    found = None
    for match in re.finditer(pattern, text[:before]):
        found = Range(match.start(1), match.end(1))
    return found


def _secrets(sheet: Sheet, here: Range) -> list[Range]:
    """What may not be shown of the statement that a fault lies in: all behind its key, if a word hints at a secret."""
    for number in range(sheet.line(here.start), 0, -1):
        line = sheet.range_of(number)
        written = sheet.text[line.start : line.end]
        pair, secret = _PAIR.match(written), hides_secret(written)
        begins = pair or (_KEY.match(written) if secret else None)
        if begins and secret:
            return [Range(line.start + begins.end(), max(here.end, line.end))]
        if pair or written.lstrip().startswith("["):
            break
    return []

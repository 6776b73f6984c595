"""People and exchanges as tables for other programs: a stable set of columns, a row at a time.

What a spreadsheet would take for a formula is text here: addresses, names and subjects come from strangers.
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from syncd.model import Interaction, Relationship

Value = str | int | float | bool | datetime | None | tuple[str, ...]

PEOPLE: Final = (
    "id", "name", "addresses", "circle", "tags", "muted", "state", "strength", "rhythm_days", "sent", "received", "met",
    "interactions", "first", "last", "company", "birthday", "accounts",
)  # fmt: skip
"""One row for each person. Instants are ISO 8601 in UTC; `strength` is in 0..1, `rhythm_days` the usual silence."""

INTERACTIONS: Final = (
    "id", "kind", "at", "until", "direction", "address", "name", "role", "person", "subject", "verdict", "because",
    "accounts", "message_id",
)  # fmt: skip
"""One row for each address in each exchange, so that rows of one `id` are one exchange with several people."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
            "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
"""How a cell begins that spreadsheets calculate (OWASP, CSV injection)."""

_WITHIN_A_CELL = "; "


def person_row(one: Relationship) -> dict[str, Value]:
    """A person, with the columns of PEOPLE."""
    tie = one.tie
    return {
        "id": one.person.id,
        "name": one.person.name,
        "addresses": one.person.addresses,
        "circle": one.circle or None,
        "tags": one.tags,
        "muted": one.muted,
        "state": tie.state.value,
        "strength": round(tie.strength, 4),
        "rhythm_days": round(tie.rhythm.total_seconds() / 86400, 1) if tie.rhythm else None,
        "sent": tie.sent,
        "received": tie.received,
        "met": tie.met,
        "interactions": tie.interactions,
        "first": one.first,
        "last": tie.last,
        "company": one.company or one.former or None,
        "birthday": one.birthday or None,
        "accounts": one.accounts,
    }


def interaction_rows(one: Interaction, people: Mapping[str, str]) -> Iterator[dict[str, Value]]:
    """An exchange, a row for each address in it; `people` says whose an address is."""
    accounts = tuple(sorted({seen.account for seen in one.evidence}))
    for other in one.contacts:
        yield {
            "id": f"{one.id:016x}",
            "kind": one.kind.value,
            "at": one.at,
            "until": one.until,
            "direction": one.direction.value,
            "address": other.address,
            "name": other.name or None,
            "role": other.role.value,
            "person": people.get(other.address),
            "subject": one.subject or None,
            "verdict": one.verdict.kind.value,
            "because": one.verdict.reason,
            "accounts": accounts,
            "message_id": one.message_id or None,
        }


def write_csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, Value]], out: TextIO) -> None:
    """Write rows as RFC 4180 has them, CRLF and a header line included; several values share a cell behind "; "."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])


def write_json(rows: Iterable[Mapping[str, Value]], out: TextIO) -> None:
    """Write one JSON array, an object on each line."""
    mark = "[\n"
    for row in rows:
        out.write(mark + json.dumps(row, ensure_ascii=False, default=_instant))
        mark = ",\n"
    out.write("[]\n" if mark == "[\n" else "\n]\n")


def _cell(value: Value) -> str | int | float:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return _instant(value)
        case tuple():
            return _text(_WITHIN_A_CELL.join(value))
        case str():
            return _text(value)
        case _:
            return value


def _text(value: str) -> str:
    """The text, behind an apostrophe where it begins like a formula: so a spreadsheet shows it as it is."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _instant(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no JSON form here")
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

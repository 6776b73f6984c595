"""`syncd export`: a stable table of people or exchanges that other programs and spreadsheets can be trusted with."""

from __future__ import annotations

import csv
import io
import json
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import Exit
from syncd.export import INTERACTIONS, PEOPLE, write_csv, write_json

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def written(*cells: str | None) -> str:
    out = io.StringIO(newline="")
    names = tuple(f"c{number}" for number, _ in enumerate(cells))
    write_csv(names, [dict(zip(names, cells, strict=True))], out)
    return out.getvalue()


def test_people_are_one_row_each_in_either_form(terminal: Terminal) -> None:
    people = terminal.json("people")
    code, as_csv, said = terminal.type("export", "--csv")
    rows = table(as_csv)
    values = terminal.json("export")

    assert (code, said) == (Exit.OK, "")
    assert as_csv.startswith(f"{','.join(PEOPLE)}\r\n")
    assert [row["id"] for row in rows] == [one["id"] for one in people] == [value["id"] for value in values]
    assert all(tuple(value) == PEOPLE for value in values)
    first, known = rows[0], people[0]
    assert (first["name"], first["addresses"]) == (known["name"], "; ".join(known["addresses"]))
    assert [int(first[one]) for one in ("sent", "received", "met")] == [
        known[one] for one in ("sent", "received", "met")
    ]
    assert (first["last"], first["muted"]) == (known["last"], "false")
    assert 0 < float(first["strength"]) < 1


def test_who_was_let_go_is_there_and_says_so(terminal: Terminal) -> None:
    name = terminal.json("people")[0]["name"]
    terminal.type("mute", name)

    assert [one["muted"] for one in terminal.json("export") if one["name"] == name] == [True]


def test_everybody_is_more_than_the_contacts(terminal: Terminal) -> None:
    contacts, everybody = terminal.json("export"), terminal.json("export", "--all")

    assert {one["id"] for one in contacts} < {one["id"] for one in everybody}


def test_exchanges_are_a_row_for_each_address_in_them(terminal: Terminal) -> None:
    one = terminal.json("people")[0]
    _, text, _ = terminal.type("export", "--csv", "--what", "interactions")
    rows = table(text)
    counted = (row for row in rows if row["verdict"] == "human" and row["until"] <= one["last"])
    theirs = {row["id"] for row in counted if row["person"] == one["id"]}

    assert text.startswith(f"{','.join(INTERACTIONS)}\r\n")
    assert len(theirs) == one["interactions"]
    assert all(row["address"] and row["because"] for row in rows)
    assert len(terminal.json("export", "--what", "interactions")) == len(rows)
    assert len(table(terminal.type("export", "--csv", "--what", "interactions", "--all")[1])) > len(rows)


def test_a_file_is_the_owners_alone_and_takes_another_ones_place_whole(terminal: Terminal) -> None:
    path = terminal.config.parent / "people.csv"
    path.write_text("before")
    code, printed, said = terminal.type("export", "--csv", "--output", str(path))

    assert (code, printed) == (Exit.OK, "")
    assert str(path) in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"id,name,")
    assert [one.name for one in path.parent.glob(".people*")] == []


def test_where_nothing_can_be_written_a_sentence_says_so(terminal: Terminal) -> None:
    code, _, said = terminal.type("export", "--csv", "-o", str(terminal.config.parent / "nowhere" / "people.csv"))

    assert code == Exit.CANNOT_WRITE
    assert "cannot be written: No such file or directory." in said


@pytest.mark.parametrize("words", [(), ("--csv", "--json"), ("--vcard",), ("--ics", "--csv")])
def test_what_it_cannot_write_is_refused_with_what_it_can(terminal: Terminal, words: tuple[str, ...]) -> None:
    code, printed, said = terminal.type("export", *words)

    assert (code, printed) == (Exit.USAGE, "")
    assert "syncd export --csv" in said


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=4))
def test_a_cell_is_read_back_as_it_was_behind_an_apostrophe_at_most(cells: list[str]) -> None:
    (row,) = table(written(*cells))

    assert all(read in {cell, f"'{cell}"} for read, cell in zip(row.values(), cells, strict=True))
    assert not any(read.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for read in row.values())


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")']
)
def test_what_a_spreadsheet_would_calculate_is_text(formula: str) -> None:
    assert list(table(written(formula))[0].values()) == [f"'{formula}"]


def test_a_plain_cell_is_as_rfc_4180_has_it() -> None:
    assert written('Rossi, "Anna"', "plain", None) == 'c0,c1,c2\r\n"Rossi, ""Anna""",plain,\r\n'


def test_json_is_one_array_however_long() -> None:
    for count in range(3):
        out = io.StringIO()
        write_json(
            ({"at": datetime(2026, 1, 2, tzinfo=UTC), "name": "Zoë", "all": ("a", "b")} for _ in range(count)), out
        )

        assert json.loads(out.getvalue()) == [{"at": "2026-01-02T00:00:00Z", "name": "Zoë", "all": ["a", "b"]}] * count
        assert len(out.getvalue().splitlines()) == (count + 2 if count else 1)

"""The owner's word: it holds at once, in every reading, through a rebuild, until it is taken back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.errors import Exit

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


def quiet(terminal: Terminal) -> list[str]:
    return [entry["name"] for entry in section(terminal, "quiet")]


def section(terminal: Terminal, kind: str) -> list[dict[str, Any]]:
    sections = terminal.json("digest")["sections"]
    return next((found["entries"] for found in sections if found["kind"] == kind), [])


@pytest.mark.parametrize("command", [("done",), ("snooze",), ("mute",)])
def test_who_was_dealt_with_leaves_the_digest_and_undo_brings_them_back(
    terminal: Terminal, command: tuple[str, ...]
) -> None:
    before = quiet(terminal)
    code, _, said = terminal.type(*command, before[0])

    assert code == Exit.OK
    assert "syncd undo" in said
    assert before[0] not in quiet(terminal)
    terminal.type("undo")
    assert quiet(terminal) == before


def test_a_decision_survives_a_rebuild(terminal: Terminal) -> None:
    first = quiet(terminal)[0]
    terminal.type("snooze", first, "1 month")
    terminal.type("rebuild")

    assert first not in quiet(terminal)


def test_a_muted_person_is_named_nowhere_but_where_they_are_asked_for(terminal: Terminal) -> None:
    first = quiet(terminal)[0]
    terminal.type("mute", first)

    assert first not in terminal.type("people")[1]
    assert first not in terminal.type("digest")[1]
    assert "you let them go" in terminal.type("explain", first)[1]
    terminal.type("unmute", first)
    assert first in terminal.type("people")[1]


def test_a_talk_starts_the_clock_again(terminal: Terminal) -> None:
    first = quiet(terminal)[0]
    met = terminal.json("show", first)["met"]
    terminal.type("done", first)

    assert terminal.json("show", first)["met"] == met + 1
    assert terminal.json("show", first)["state"] == "warm"


def test_a_tag_puts_a_person_into_the_circle_of_its_rule(terminal: Terminal) -> None:
    config = Path(os.environ["SYNCD_CONFIG"])
    rule = '[[rules]]\nname = "press"\nwhen = { tag = "press" }\ncircle = "mentors"\n\n'
    config.write_text(config.read_text().replace("[[rules]]", f"{rule}[[rules]]", 1))
    client = next(one for one in terminal.json("people") if one["circle"] == "clients")
    terminal.type("tag", client["id"], "press")

    assert terminal.json("show", client["id"])["circle"] == "mentors"


def test_merged_people_are_one_with_all_they_exchanged_and_undo_parts_them(terminal: Terminal) -> None:
    first, second = terminal.json("people", "--limit", "2")
    terminal.type("merge", first["id"], second["id"])
    merged = terminal.json("show", first["addresses"][0])

    assert set(merged["addresses"]) == {*first["addresses"], *second["addresses"]}
    assert merged["sent"] <= first["sent"] + second["sent"]
    assert merged["sent"] >= max(first["sent"], second["sent"])
    terminal.type("undo")
    assert terminal.json("show", first["id"])["addresses"] == first["addresses"]


def test_an_address_can_be_split_off(terminal: Terminal) -> None:
    two = next(one for one in terminal.json("people") if len(one["addresses"]) > 1)
    terminal.type("split", two["id"], two["addresses"][1])

    assert terminal.json("show", two["addresses"][0])["addresses"] == [two["addresses"][0]]


def test_an_address_of_somebody_else_cannot_be_split_off(terminal: Terminal) -> None:
    first = terminal.json("people", "--limit", "1")[0]
    code, _, said = terminal.type("split", first["id"], "stranger@elsewhere.example")

    assert code == Exit.USAGE
    assert first["addresses"][0] in said


def test_a_length_of_time_that_is_none_says_how_to_write_one(terminal: Terminal) -> None:
    code, _, said = terminal.type("snooze", quiet(terminal)[0], "a fortnight")

    assert code == Exit.USAGE
    assert "6 weeks" in said


def test_there_may_be_nothing_to_take_back(terminal: Terminal) -> None:
    assert terminal.type("undo")[0] == Exit.USAGE

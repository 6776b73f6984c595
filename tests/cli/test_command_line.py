"""The command line itself: which file it reads, and what it says to a mistyped command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from syncd.errors import Exit
from tests.system.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        (("bogus",), "No such command 'bogus'"),
        (("people", "--nope"), "No such option: --nope"),
        (("people", "--limit", "0"), "'--limit'"),
        (("explain",), "Missing argument"),
        (("digest", "bogus"), "No such command 'bogus'"),
    ],
)
def test_a_mistyped_command_is_one_sentence_and_the_help_to_ask_for(
    terminal: Terminal, words: tuple[str, ...], mistake: str
) -> None:
    code, printed, said = terminal.type(*words)

    assert (code, printed) == (Exit.USAGE, "")
    assert mistake in said
    assert "-h' for help" in said
    assert "Traceback" not in said


def test_without_a_command_the_help_is_shown(terminal: Terminal) -> None:
    code, printed, said = terminal.type()

    assert code == Exit.USAGE
    assert "explain" in printed + said


@pytest.mark.parametrize(
    "words",
    [
        ("--config", "FILE", "status"),
        ("status", "--config", "FILE"),
        ("--config", "FILE", "config", "check"),
        ("config", "--config", "FILE", "show"),
        ("--config", "FILE", "digest"),
        ("digest", "--config", "FILE", "send", "--if-due"),
        ("--config", "/nowhere", "status", "--config", "FILE"),
    ],
)
def test_the_configuration_may_be_named_before_or_behind_the_command(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    file = os.environ["SYNCD_CONFIG"]
    terminal.monkeypatch.setenv("SYNCD_CONFIG", "/nowhere/else")
    _, _, said = terminal.type(*(file if word == "FILE" else word for word in words))

    assert "/nowhere" not in said


def test_a_configuration_that_is_not_there_is_blamed_on_whoever_named_it(terminal: Terminal) -> None:
    assert "named by --config" in terminal.type("--config", "/nowhere", "digest", "send")[2]
    terminal.monkeypatch.setenv("SYNCD_CONFIG", "/nowhere")
    assert "named by $SYNCD_CONFIG" in terminal.type("status")[2]


@pytest.mark.parametrize("command", ["digest", "people"])
def test_a_terminal_without_the_letters_of_a_name_still_shows_the_rest(
    terminal: Terminal, tmp_path: Path, command: str
) -> None:
    deaf = Shell(tmp_path, {"SYNCD_CONFIG": str(terminal.config), "PYTHONIOENCODING": "ascii"})
    known = {one["id"]: one["name"] for one in terminal.json("people")}
    done = deaf.run(command)

    assert done.returncode == Exit.OK, done.stderr
    assert done.stdout.isascii()
    assert any(name in done.stdout for name in known.values())
    assert {one["id"]: one["name"] for one in deaf.json("people")} == known

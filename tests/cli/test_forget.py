"""`syncd forget`: says what goes, asks, erases for good, and names what still holds it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from syncd.config.paths import tokens_folder
from syncd.errors import Exit
from syncd.tokens import TokenFile

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


@pytest.fixture
def somebody(terminal: Terminal) -> str:
    """The name of the strongest tie."""
    return str(terminal.json("people")[0]["name"])


def everything(terminal: Terminal) -> bytes:
    """Every byte of the store's files."""
    return b"".join(path.read_bytes() for path in terminal.config.parent.glob("syncd.db*"))


def test_a_person_goes_from_every_list_and_every_file_and_no_command_brings_them_back(
    terminal: Terminal, somebody: str
) -> None:
    address = terminal.json("show", somebody)["addresses"][0]
    others = {one["id"]: one for one in terminal.json("people")[1:]}
    code, printed, said = terminal.type("forget", somebody, "--yes")

    assert code == Exit.OK
    assert printed.startswith(f"{somebody}: ")
    assert "records deleted" in printed
    assert address in said
    assert "backups still hold it" in said
    for command in (("sync",), ("rebuild",), ("undo",), ("sync",)):
        terminal.type(*command)
    assert somebody not in terminal.type("people")[1]
    assert {one["id"]: one for one in terminal.json("people")}.keys() == others.keys()
    assert terminal.type("show", address)[0] == Exit.USAGE
    held = everything(terminal)
    assert somebody.encode() not in held
    assert address.encode() not in held


def test_an_address_that_was_forgotten_can_be_forgotten_again(terminal: Terminal, somebody: str) -> None:
    address = terminal.json("show", somebody)["addresses"][0]
    terminal.type("forget", somebody, "--yes")
    code, printed, said = terminal.type("forget", address, "--yes")

    assert code == Exit.OK
    assert "was forgotten before" in said
    assert "nothing was there to delete" in printed


def test_nobody_is_erased_unasked(terminal: Terminal, somebody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, said = terminal.type("forget", somebody)
    assert code == Exit.USAGE
    assert "--yes" in said

    keyboard, screen = os.openpty()
    os.write(keyboard, b"n\n")
    with os.fdopen(keyboard), os.fdopen(screen) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code, _, said = terminal.type("forget", somebody)
    assert code == Exit.OK
    assert "Nothing was erased." in said
    assert somebody in terminal.type("people")[1]


def test_whoever_is_not_meant_is_not_erased(terminal: Terminal, somebody: str) -> None:
    before = terminal.known()
    assert terminal.type("forget", "Nobody Atall", "--yes")[0] == Exit.USAGE
    code, _, said = terminal.type("forget", "elena@conti.example", "--yes")
    assert (code, "an address of your own" in said) == (Exit.USAGE, True)
    letter = somebody[0]
    code, _, said = terminal.type("forget", letter, "--yes")
    assert (code, f"{letter!r} could be" in said) == (Exit.USAGE, True)

    assert terminal.known() == before


def test_where_the_configuration_and_a_copy_still_hold_them_is_said(terminal: Terminal, somebody: str) -> None:
    address = terminal.json("show", somebody)["addresses"][0]
    with terminal.config.open("a") as file:
        file.write(f'\n[people."{address}"]\nname = "{somebody}"\n')
    copy = terminal.config.parent / "syncd.db.before-restore-20261122T000000Z"
    copy.touch()
    _, _, said = terminal.type("forget", somebody, "--yes")

    assert f'remove [people."{address}"], config.toml:' in said
    assert f"rm {copy}" in said


def test_whoever_goes_by_the_same_name_is_named(terminal: Terminal) -> None:
    first, second = (one["name"] for one in terminal.json("people")[:2])
    address = terminal.json("show", second)["addresses"][0]
    with terminal.config.open("a") as file:
        file.write(f'\n[people."{address}"]\nname = "{first}"\n')
    strongest = terminal.json("people")[0]
    _, _, said = terminal.type("forget", strongest["id"], "--yes")

    assert f"type: syncd forget {address}" in said


# --------------------------------------------------------------------------- an account


def test_an_account_that_is_configured_is_not_erased(terminal: Terminal) -> None:
    code, _, said = terminal.type("forget", "mail", "--yes")

    assert code == Exit.USAGE
    assert "Remove [accounts.mail] (config.toml:" in said
    assert "syncd auth mail --revoke" in said


def test_an_account_that_left_the_configuration_goes_with_its_sign_in(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    sign_in = TokenFile(tokens_folder(), "calendar")
    sign_in.write("secret")
    met = [one["name"] for one in terminal.json("people") if one["met"]]
    assert met
    text = terminal.config.read_text()
    start = text.index("[accounts.calendar]")
    terminal.config.write_text(text[:start] + text[text.index("[", start + 1) :])
    code, printed, said = terminal.type("forget", "calendar", "--yes")

    assert code == Exit.OK
    assert printed.startswith("calendar: ")
    assert "to be taken back at its provider" in said
    assert sign_in.read() is None
    assert not [one["name"] for one in terminal.json("people") if one["met"]]
    assert terminal.type("forget", "calendar", "--account", "--yes")[0] == Exit.USAGE

"""`syncd auth`: as the owner types it, with a terminal and without, with a browser and without."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.errors import Exit
from tests.cli.conftest import Terminal
from tests.cli.guild import ADDRESS, ENTRY_POINT
from tests.system.shell import PATIENCE, PROGRAM, Shell

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = """\
[me]

[accounts.guild]
type = "guild"
address = "elena@conti.example"

[accounts.second]
type = "checked-guild"
address = "elena@conti.example"

[accounts.box]
type = "mailfile"
path = "box"

[digest]
to = "elena@conti.example"
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A terminal of somebody with two accounts that sign in and one that does not."""
    info = tmp_path / "site" / "guild-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guild\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY_POINT, encoding="utf-8")
    home = tmp_path / "home"
    shell = Shell(home, {"PYTHONPATH": f"{tmp_path / 'site'}:{Path(__file__).parents[2]}"})
    shell.configure(CONFIG)
    (shell.config.parent / "box").write_bytes(b"")
    return shell


@pytest.fixture
def terminal(shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The same owner, typing commands in this process; nothing can be pasted there."""
    monkeypatch.setenv("SYNCD_CONFIG", str(shell.config))
    monkeypatch.setenv("STATE_DIRECTORY", str(shell.home / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.syspath_prepend(shell.env["PYTHONPATH"].partition(":")[0])
    return Terminal(monkeypatch, capsys)


def state(terminal: Terminal) -> tuple[str, str | None]:
    """What `syncd status` says of the guild: its state and its error."""
    one = terminal.json("status")["accounts"][0]
    return one["state"], one["error"]


def at_a_terminal(shell: Shell, *words: str, typed: str = "", wanted: str = "") -> tuple[int, str]:
    """Run a command at a real terminal, type a line once it says what is `wanted`; its exit code and all it printed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - the program under test
        [PROGRAM, *words], env=shell.environment(), cwd=shell.home, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    printed = b""
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        while True:
            try:
                printed += terminal.read(4096)
            except OSError:  # EIO: the program is gone
                break
            if typed and wanted.encode() in printed:
                terminal.write(f"{typed}\n".encode())
                typed = ""
    return process.wait(PATIENCE), printed.decode().replace("\r\n", "\n")


# ------------------------------------------------------------------------------- signing in


def test_a_sign_in_prints_what_it_found_out_and_keeps_it_for_the_owner_alone(terminal: Terminal) -> None:
    code, printed, said = terminal.type("auth", "guild", "--device")

    assert code == Exit.OK, said
    assert printed == "elena@conti.example is signed in.\nsyncd may see [nothing].\n"
    assert said == "Type WXYZ at guild.example.\nTo read it, type: syncd sync guild\n"
    (kept,) = terminal.config.parents[2].rglob("guild.json")
    assert kept.read_text(encoding="utf-8") == "member"
    assert (stat.S_IMODE(kept.stat().st_mode), stat.S_IMODE(kept.parent.stat().st_mode)) == (0o600, 0o700)


def test_an_account_that_waits_for_its_owner_says_so_and_is_ready_after_the_sign_in(terminal: Terminal) -> None:
    code, _, said = terminal.type("sync", "guild")
    assert code == Exit.SIGN_IN
    assert said == "guild: Nobody is signed in to the guild.\nType: syncd auth guild\n"
    assert state(terminal) == ("sign-in", "Nobody is signed in to the guild.")

    assert terminal.type("auth", "guild", "--device")[0] == Exit.OK
    assert state(terminal) == ("new", None)
    assert terminal.type("sync", "guild")[0] == Exit.OK
    assert state(terminal) == ("ok", None)


def test_a_sign_in_that_was_refused_leaves_the_account_waiting(terminal: Terminal) -> None:
    terminal.type("sync", "guild")
    code, _, said = terminal.type("auth", "guild")

    assert code == Exit.SIGN_IN
    assert said == f"{ADDRESS}\nsyncd: Nobody answered.\nType: syncd auth guild\n"
    assert state(terminal)[0] == "sign-in"
    assert not list(terminal.config.parents[2].rglob("guild.json"))


def test_at_a_terminal_the_answer_can_be_pasted(shell: Shell) -> None:
    shell.configure(CONFIG.replace('"guild"\n', f'"guild"\npatience = {PATIENCE}\n', 1))
    code, printed = at_a_terminal(shell, "auth", "guild", typed="  yes ", wanted="here:")

    assert code == Exit.OK, printed
    assert f"{ADDRESS}\nPaste the answer here:\n" in printed
    assert "elena@conti.example is signed in.\n" in printed


def test_an_answer_that_nobody_pasted_is_given_up_quietly(shell: Shell) -> None:
    code, printed = at_a_terminal(shell, "auth", "guild")

    assert code == Exit.SIGN_IN
    assert printed.endswith("syncd: Nobody answered.\nType: syncd auth guild\n")


# ------------------------------------------------------------------------------- the browser


@pytest.fixture
def browser(shell: Shell) -> Callable[[str], Path]:
    """Makes a browser of this name; the file it writes its address to."""

    def make(name: str) -> Path:
        program, visited = shell.home / name, shell.home / "visited"
        program.write_text(f'#!/bin/sh\nprintf %s "$1" > {visited}\n', encoding="utf-8")
        program.chmod(0o755)
        shell.env["BROWSER"] = str(program)
        return visited

    return make


def test_the_browser_of_the_owner_opens(shell: Shell, browser: Callable[[str], Path]) -> None:
    visited = browser("firefox-of-mine")

    assert "The browser is open." in shell.run("auth", "guild").stderr
    assert visited.read_text(encoding="utf-8") == ADDRESS


@pytest.mark.parametrize(("name", "option"), [("lynx", ()), ("firefox-of-mine", ("--no-browser",))])
def test_no_browser_opens_inside_the_terminal_or_when_none_is_wanted(
    shell: Shell, browser: Callable[[str], Path], name: str, option: tuple[str, ...]
) -> None:
    visited = browser(name)

    assert ADDRESS in shell.run("auth", "guild", *option).stderr
    assert not visited.exists()


def test_a_browser_that_does_not_start_is_none(shell: Shell) -> None:
    shell.env["BROWSER"] = "/nowhere/browser"

    assert ADDRESS in shell.run("auth", "guild").stderr


# ------------------------------------------------------------------------------- how the sign-in is


def test_the_state_of_a_sign_in_is_told_and_its_exit_code_says_whether_there_is_one(terminal: Terminal) -> None:
    without = (Exit.SIGN_IN, "", "syncd: Nobody is signed in to the guild.\nType: syncd auth guild\n")
    assert terminal.type("auth", "guild", "--status") == without

    terminal.type("auth", "guild", "--device")
    assert terminal.type("auth", "guild", "--status") == (Exit.OK, "elena@conti.example is signed in.\n", "")


def test_without_a_name_the_state_of_every_sign_in_is_a_line(terminal: Terminal) -> None:
    terminal.type("auth", "second", "--device")
    code, printed, _ = terminal.type("auth", "--status")

    assert code == Exit.SIGN_IN
    assert printed == (
        "guild: Nobody is signed in to the guild. Type: syncd auth guild\nsecond: elena@conti.example is signed in.\n"
    )


def test_a_sign_in_is_revoked_and_forgotten(terminal: Terminal) -> None:
    terminal.type("auth", "guild", "--device")

    assert terminal.type("auth", "guild", "--revoke")[:2] == (Exit.OK, "The guild knows you no more.\n")
    assert terminal.type("auth", "guild", "--status")[0] == Exit.SIGN_IN


def test_a_sign_in_whose_account_is_called_otherwise_now_is_not_forgotten_about(terminal: Terminal) -> None:
    terminal.type("auth", "guild", "--device")
    (kept,) = terminal.config.parents[2].rglob("guild.json")
    terminal.config.write_text(CONFIG.replace("accounts.guild", "accounts.club"), encoding="utf-8")

    code, _, said = terminal.type("auth", "--status")

    assert code == Exit.SIGN_IN
    assert f"{kept} is a sign-in of no account of this configuration." in said
    assert f"rm {kept}" in said


def test_doctor_looks_at_sign_ins_as_their_connector_does(terminal: Terminal) -> None:
    code, printed, said = terminal.type("doctor")

    assert code == Exit.SIGN_IN
    assert "second: the guild is open\n" in printed
    assert "guild: Nobody is signed in to the guild.\nType: syncd auth guild\n" in said


# ------------------------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("box",), "to see whether that works, type: syncd doctor box"),
        (("box", "--status"), "box is read by mailfile, which has no sign-in at a provider."),
        ((), "These accounts sign in: guild, second"),
        (("--revoke",), "Which account should sign out?"),
        (("guidl",), "The accounts are: guild, second, box"),
        (("guild", "--status", "--revoke"), "do not go together"),
        (("guild", "--status", "--device"), "do not go together"),
        (("guild", "--revoke", "--no-browser"), "do not go together"),
    ],
)
def test_what_cannot_be_asked_for_is_answered_with_what_can(
    shell: Shell, words: tuple[str, ...], sentence: str
) -> None:
    done = shell.run("auth", *words)

    assert done.returncode == Exit.USAGE
    assert sentence in done.stderr


def test_where_nobody_signs_in_there_is_nothing_to_tell(terminal: Terminal) -> None:
    boxes = CONFIG[CONFIG.index("[accounts.box]") :]
    terminal.config.write_text(f'[me]\naddresses = ["elena@conti.example"]\n\n{boxes}', encoding="utf-8")

    assert terminal.type("auth", "--status")[1] == "No account of your configuration signs in at a provider.\n"
    assert "No account of your configuration signs in.\n" in terminal.type("auth")[2]


# ------------------------------------------------------------------------------- a rehearsal


def test_a_rehearsal_writes_no_note_and_no_cursor(terminal: Terminal) -> None:
    terminal.type("auth", "guild", "--device")

    assert terminal.type("sync", "guild", "--dry-run")[0] == Exit.OK
    assert state(terminal) == ("new", None)


def test_a_people_command_loads_nothing_of_a_sign_in(shell: Shell) -> None:
    look = (
        "import sys; sys.argv = ['syncd', 'people']; from syncd.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    )
    look += "print([one for one in ('webbrowser', 'google', 'googleapiclient', 'msal') if one in sys.modules])"
    done = subprocess.run(  # noqa: S603 - this very Python, on a program of this file
        [sys.executable, "-c", look], env=shell.environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")

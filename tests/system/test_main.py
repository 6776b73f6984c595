"""The command begins the same way however it is started, and may be interrupted while it loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.errors import Exit
from tests.system.shell import PROGRAM, Shell

FULL = Path("/dev/full")
CONFIG = """
[me]
addresses = ["ada@moreau.example"]

[accounts.old]
type = "mailfile"
path = "mail"

[digest]
to = "ada@moreau.example"
"""

INTERRUPTED_WHILE_IT_LOADS = """
import sys

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Impatient())
from syncd.__main__ import main
main()
"""


def test_a_module_and_a_command_are_the_same() -> None:
    said = [
        subprocess.run([*start, "--version"], check=True, capture_output=True, text=True).stdout  # noqa: S603 - the program under test
        for start in ((sys.executable, "-m", "syncd"), (PROGRAM,))
    ]
    assert said[0] == said[1]
    assert said[0].startswith("syncd ")


def test_ctrl_c_before_it_has_loaded_is_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - the program under test
        [sys.executable, "-c", INTERRUPTED_WHILE_IT_LOADS], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.configure(CONFIG)
    return shell


def started(shell: Shell, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of sh, in which "$0" is `syncd`, in the home of `shell`."""
    return subprocess.run(  # noqa: S603 - the program under test
        ["/bin/sh", "-c", line, PROGRAM],
        cwd=shell.home,
        env=shell.environment(),
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(not FULL.exists(), reason="this machine has no /dev/full")
@pytest.mark.parametrize("words", ["people --json", "export --csv", "status", "--version"])
def test_output_for_which_a_disk_has_no_room_is_a_sentence(shell: Shell, words: str) -> None:
    done = started(shell, f'"$0" {words} >{FULL}')

    assert done.returncode == Exit.CANNOT_WRITE
    assert done.stderr.splitlines()[-2:] == [
        "syncd: What it says cannot be written: No space left on device.",
        "To see where room is left: df -h",
    ]


def test_who_has_read_enough_is_told_nothing(shell: Shell) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(  # noqa: S603 - the program under test
            [PROGRAM, "export", "--json"], stdout=nobody, stderr=subprocess.PIPE, env=shell.environment(), check=False
        )

    assert (done.returncode, done.stderr) == (Exit.REPORT, b"")


def test_who_listens_to_nothing_gets_the_exit_code(shell: Shell) -> None:
    said = [started(shell, f'"$0" {words}') for words in ("export --json >&-", "show nobody 2>&-", "people >&- 2>&-")]

    assert [(one.returncode, one.stderr) for one in said] == [(Exit.OK, ""), (Exit.USAGE, ""), (Exit.OK, "")]


def test_nothing_is_made_that_others_may_write_to(shell: Shell) -> None:
    done = started(shell, 'umask 000; "$0" status; "$0" backup kept; "$0" digest --html page.html')

    made = [path for path in shell.home.rglob("*") if path.stat().st_mode & 0o022 and not path.is_symlink()]
    assert (shell.home / "kept").exists(), done.stderr
    assert not made
    assert (shell.home / "page.html").stat().st_mode & 0o077 == 0

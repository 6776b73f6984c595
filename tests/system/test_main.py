"""The command begins the same way however it is started, and may be interrupted while it loads."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.system.shell import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

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

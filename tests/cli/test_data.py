"""`syncd backup` and `restore`, as their owner types them."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from syncd.clock import system_clock
from syncd.config import load
from syncd.errors import Exit
from syncd.model import Letter, LetterState
from syncd.pipeline.schedule import digest_due
from syncd.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Terminal


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A state folder that nobody made yet."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "new" / "state"))


def test_what_was_backed_up_comes_back_and_what_was_there_is_kept(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    everybody = terminal.known()
    code, printed, said = terminal.type("backup", str(file))
    assert (code, said) == (Exit.OK, f"To put it back, type: syncd restore {file}\n")
    assert printed == f"{file} holds all that syncd knows, but your sign-ins ({file.stat().st_size:,} bytes).\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    terminal.type("mute", next(iter(everybody)))
    assert terminal.known() != everybody
    code, printed, said = terminal.type("restore", str(file), "--yes")
    assert code == Exit.OK, said
    assert printed.endswith(f"records are back from {file}.\n")
    assert terminal.known() == everybody

    before = said.partition("to go back, type: syncd restore ")[2].strip()
    code, _, said = terminal.type("restore", before, "--yes")
    assert code == Exit.OK, said
    assert terminal.known() != everybody


def test_a_file_that_is_there_is_replaced_only_by_force(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("A letter.")
    code, _, said = terminal.type("backup", str(file))
    assert (code, said.splitlines()[-1]) == (Exit.CANNOT_WRITE, f"To replace it: syncd backup {file} --force")
    assert file.read_text() == "A letter."
    assert terminal.type("backup", str(file), "--force")[0] == Exit.OK


@contextmanager
def typing(terminal: Terminal, answer: str) -> Iterator[None]:
    """A terminal in the place of stdin, at which this is typed."""
    ours, theirs = os.openpty()
    with open(theirs, encoding="utf-8") as stdin, open(ours, "wb", buffering=0) as keyboard:  # noqa: PTH123 - numbers
        terminal.monkeypatch.setattr(sys, "stdin", stdin)
        keyboard.write(answer.encode())
        yield


def test_without_a_terminal_nothing_is_replaced_unasked(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    terminal.type("backup", str(file))
    code, printed, said = terminal.type("restore", str(file))
    assert (code, printed) == (Exit.USAGE, "")
    assert said.endswith(f"What syncd knows now would be replaced.\nIf so, type: syncd restore {file} --yes\n")


@pytest.mark.parametrize(("answer", "done"), [("n\n", False), ("\n", False), ("y\n", True)])
def test_at_a_terminal_it_is_asked(terminal: Terminal, tmp_path: Path, answer: str, *, done: bool) -> None:
    file = tmp_path / "backup.db"
    terminal.type("backup", str(file))
    with typing(terminal, answer):
        code, printed, said = terminal.type("restore", str(file))
    assert code == Exit.OK
    assert f"{file} holds " in said
    assert ("Nothing was changed." in said) is not done
    assert ("are back from" in printed) is done


def test_while_a_daemon_is_at_work_nothing_is_restored(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    terminal.type("backup", str(file))
    with Store.open(load(terminal.config).store_url) as store:
        store.take_lease("daemon", f"{os.uname().nodename}:1", system_clock(), None)
    code, _, said = terminal.type("restore", str(file), "--yes")
    assert code == Exit.CANNOT_WRITE
    assert "systemctl --user stop syncd" in said


def test_a_digest_that_may_have_been_mailed_is_left_out_unless_it_is_asked_for(
    terminal: Terminal, tmp_path: Path
) -> None:
    week = '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
    text = terminal.config.read_text(encoding="utf-8")
    terminal.config.write_text(text.replace("[digest]\n", f'[digest]\nat = "00:00"\ndays = {week}\n', 1), "utf-8")
    settings = load(terminal.config)
    today = system_clock().astimezone(ZoneInfo(settings.me.time_zone)).date()
    with Store.open(settings.store_url) as store:
        store.post(Letter(today - timedelta(days=2), "", "", b"", LetterState.SENT), [])
    terminal.type("backup", str(tmp_path / "backup.db"))
    for file in Path(settings.store_url.removeprefix("sqlite:///")).parent.glob("syncd.db*"):
        file.unlink()  # the disk is lost, and with it what was mailed since

    _, _, said = terminal.type("restore", str(tmp_path / "backup.db"), "--yes")
    assert f"The digest of {today} may have been mailed and is left out; to have it, type: syncd digest send" in said
    with Store.open(settings.store_url) as store:
        assert store.last_digest() == today
        assert digest_due(system_clock(), store.last_digest(), settings.policy()) is None

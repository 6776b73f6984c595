"""What `syncd doctor` finds on this machine: files that others may read, room, the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.checkup import clock, disk, files
from syncd.checkup.finding import Finding, Mark
from syncd.errors import Exit
from syncd.model import AccountStatus
from syncd.store import Store
from tests.unprivileged import as_nobody, open_folder

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A configuration, a database and a sign-in, each for its owner alone."""
    for folder in (tmp_path / "state", tmp_path / "state/tokens"):
        folder.mkdir(mode=0o700)
    for file in ("config.toml", "state/syncd.db", "state/syncd.db-wal", "state/tokens/work.json"):
        (tmp_path / file).touch(mode=0o600)
    return tmp_path


def looked(home: Path) -> list[Finding]:
    return list(files.look(home / "config.toml", home / "state/syncd.db", home / "state/tokens"))


def test_files_that_are_their_owners_alone_are_right(home: Path) -> None:
    (finding,) = looked(home)
    assert finding.mark is Mark.OK
    assert str(home / "state/tokens") in finding.what


@pytest.mark.parametrize(
    ("file", "mode", "mark", "code", "mend"),
    [
        ("config.toml", 0o644, Mark.NOTE, Exit.OK, "chmod o= "),
        ("config.toml", 0o640, None, Exit.OK, ""),
        ("config.toml", 0o620, Mark.FAILED, Exit.CONFIG, "chmod go-w "),
        ("config.toml", 0o602, Mark.FAILED, Exit.CONFIG, "chmod go-w "),
        ("state", 0o755, Mark.NOTE, Exit.OK, "chmod 700 "),
        ("state/syncd.db", 0o640, Mark.NOTE, Exit.OK, "chmod 600 "),
        ("state/syncd.db-wal", 0o604, Mark.NOTE, Exit.OK, "chmod 600 "),
        ("state/tokens", 0o711, Mark.FAILED, Exit.SIGN_IN, "chmod 700 "),
        ("state/tokens/work.json", 0o640, Mark.FAILED, Exit.SIGN_IN, "chmod 600 "),
    ],
)
def test_a_file_that_others_may_use_is_named_with_what_mends_it(
    home: Path, file: str, mode: int, mark: Mark | None, code: Exit, mend: str
) -> None:
    (home / file).chmod(mode)
    (finding,) = looked(home)
    if mark is None:
        assert finding.mark is Mark.OK
        return
    assert (finding.mark, finding.exit, finding.mend) == (mark, code, f"Type: {mend}{home / file}")


def test_what_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    (finding,) = files.look(None, tmp_path / "a/syncd.db", tmp_path / "b")
    assert (finding.mark, finding.what) == (Mark.OK, "for you alone: nothing is there yet")


def test_a_folder_with_room_is_right_also_before_it_is_made(tmp_path: Path) -> None:
    (finding,) = disk.look(tmp_path / "not/yet", None)
    assert finding.mark is Mark.OK
    assert finding.what.endswith(f"free at {tmp_path}")
    assert not (tmp_path / "not").exists()


def test_a_folder_that_cannot_be_written_says_who_may() -> None:
    with open_folder() as folder, as_nobody():
        (finding,) = disk.look(folder, None)
    assert (finding.mark, finding.exit) == (Mark.FAILED, Exit.CANNOT_WRITE)
    assert finding.what == f"Nothing can be written in {folder}: Permission denied."
    assert finding.mend == f"See who may: ls -ld {folder}"


def test_a_disk_with_little_room_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LEAST", 2**62)
    (finding,) = disk.look(tmp_path, None)
    assert (finding.mark, finding.exit) == (Mark.FAILED, Exit.CANNOT_WRITE)
    assert finding.mend.endswith(f"df -h {tmp_path}")


def test_a_disk_without_room_for_a_copy_is_remarked(tmp_path: Path) -> None:
    large = tmp_path / "syncd.db"
    with large.open("wb") as file:
        file.truncate(2**42)  # a hole: it takes no room, and no copy of it fits here
    (finding,) = disk.look(tmp_path, large)
    assert finding.mark is Mark.NOTE
    assert "4.4 TB" in finding.what


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 bytes"), (999, "999 bytes"), (12_345, "12.3 kB"), (2.5e8, "250 MB"), (7e15, "7,000 TB")]
)
def test_a_size_is_said_in_three_digits(size: float, said: str) -> None:
    assert disk.in_bytes(size) == said


@pytest.mark.parametrize(("ahead", "mark"), [(timedelta(days=1), Mark.FAILED), (timedelta(seconds=30), None)])
def test_a_clock_behind_what_was_done_already_is_wrong(tmp_path: Path, ahead: timedelta, mark: Mark | None) -> None:
    with Store.open(f"sqlite:///{tmp_path}/syncd.db") as store:
        store.enrol("work", "imap")
        store.record_outcome("work", NOW + ahead, AccountStatus.OK)
        (finding,) = clock.look(store, NOW)
    if mark:
        assert finding.mark is mark
        assert "at work at 2026-11-23 11:00 UTC" in finding.what
        assert finding.mend == "Type: sudo timedatectl set-ntp true"
    else:
        assert finding.mark is not Mark.FAILED


@pytest.mark.parametrize(
    ("answers", "mark"),
    [("no\nno\n", Mark.NOTE), ("yes\nno\n", Mark.OK), ("yes\nyes\n", Mark.OK), ("", Mark.OK)],
)
def test_a_clock_that_no_server_sets_is_remarked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: str, mark: Mark
) -> None:
    command = tmp_path / "timedatectl"
    command.write_text(f"#!/bin/sh\nprintf '{answers}'\n", encoding="ascii")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (finding,) = clock.look(None, NOW)
    assert finding.mark is mark

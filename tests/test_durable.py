"""A file is replaced as a whole or not at all."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from syncd.durable import replacing, settle

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_changes_at_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("before", encoding="utf-8")
    path.chmod(0o644)
    with replacing(path) as file:
        file.write("after\r\nthat\n")
        assert path.read_text("utf-8") == "before"

    assert path.read_bytes() == b"after\r\nthat\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def write_half(path: Path, trouble: BaseException) -> None:
    with replacing(path) as file:
        file.write("half")
        raise trouble


def test_whatever_goes_wrong_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("before", encoding="utf-8")
    for trouble in (OSError("full"), KeyboardInterrupt()):
        with pytest.raises(type(trouble)):
            write_half(path, trouble)

    assert path.read_text("utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_and_a_folder_can_be_settled_and_nothing_cannot(tmp_path: Path) -> None:
    settle(tmp_path)
    (tmp_path / "here").touch()
    settle(tmp_path / "here")
    with pytest.raises(FileNotFoundError):
        settle(tmp_path / "not here")

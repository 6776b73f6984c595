"""The command line in process, over the demo's invented year, read once and copied for each test."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.cli import main
from syncd.demo import write_world


@dataclass(frozen=True, slots=True)
class Terminal:
    """Types commands and reads what they print."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        """The configuration that every command reads."""
        return Path(os.environ["SYNCD_CONFIG"])

    def type(self, *words: str) -> tuple[int, str, str]:
        """Run a command: its exit code, what it printed, and what it said beside that."""
        self.monkeypatch.setattr(sys, "argv", ["syncd", *words])
        with pytest.raises(SystemExit) as left:
            main()
        printed, said = self.capsys.readouterr()
        return int(left.value.code or 0), printed, said

    def json(self, *words: str) -> Any:  # noqa: ANN401 - whatever JSON says
        """What a command prints with --json."""
        _, printed, said = self.type(*words, "--json")
        assert printed, said
        return json.loads(printed)

    def known(self) -> dict[str, int]:
        """How much was exchanged with whom: what `people` says at any moment, while chances move with the clock."""
        return {one["id"]: one["interactions"] for one in self.json("people")}


@pytest.fixture(scope="session")
def read_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    world = write_world(folder, datetime.now(UTC))  # noqa: TID251 - the command line asks the real clock too
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["syncd", "sync", "--config", str(world.config)])
        with pytest.raises(SystemExit):
            main()
    return folder


@pytest.fixture
def terminal(
    read_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    copy = shutil.copytree(read_world, tmp_path / "world")
    monkeypatch.setenv("SYNCD_CONFIG", str(copy / "config.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    capsys.readouterr()
    return Terminal(monkeypatch, capsys)

"""What the system tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    home = tmp_path / "home"
    home.mkdir()
    return Shell(home)

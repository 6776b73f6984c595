"""What the tests of the configuration share: the `post` connector, and a file to write into."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.config.file import ConfigText
from tests.config.post import ENTRY_POINT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package", autouse=True)
def installed_connector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Install `post` as a package of its own would; the folder it is in."""
    site = tmp_path_factory.mktemp("site")
    info = site / "post-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: post\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY_POINT, encoding="utf-8")
    sys.path.append(str(site))
    yield str(site)
    sys.path.remove(str(site))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConfigText:
    """A configuration in a folder of its own, which is the present folder."""
    monkeypatch.chdir(tmp_path)
    return ConfigText(tmp_path / "config.toml")

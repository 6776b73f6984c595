"""A house of one's own for each test, and the log of the daemon."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.daemon.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with one account, whose mail is in a file."""
    built = House(tmp_path)
    yield built
    built.store.close()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the daemon logs."""
    caplog.set_level(logging.INFO, "syncd.daemon")
    return caplog

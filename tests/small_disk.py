"""A disk that is soon full: a file system in memory, so small that a write fails as it does on a full disk."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def small_disk(folder: Path, kibibytes: int) -> Iterator[Path]:
    """A folder with room for so much; the test is skipped where nobody may mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = folder / "disk"
    disk.mkdir()
    mount = subprocess.run(  # noqa: S603 - as root, into a folder of the test
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", disk], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"this machine lets nobody mount a small disk: {mount.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["/bin/umount", disk], check=True)  # noqa: S603 - what was mounted above

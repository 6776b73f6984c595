"""Room to write: free space and free names (inodes) where the state is, and whether it can be written at all."""

from __future__ import annotations

import errno
import os
import tempfile
from typing import TYPE_CHECKING

from syncd.checkup.finding import Finding, Mark, failure
from syncd.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEAST = 32 * 1024 * 1024
"""Bytes: a page of records with the database's log beside it, and the program's own temporary files."""

_LEAST_NAMES = 100
_CHECK = "disk"
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def look(folder: Path, database: Path | None) -> Iterator[Finding]:
    """How much room `folder` has, where the state is or will be; enough for a copy of the `database` is comfortable."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if refusal := _refusal(there):
        yield failure(
            _CHECK, f"Nothing can be written in {there}: {refusal}.", _way_out(refusal, there), Exit.CANNOT_WRITE
        )
        return
    found = os.statvfs(there)
    free = found.f_bavail * found.f_frsize
    size = database.stat().st_size if database and database.exists() else 0
    if free < LEAST:
        yield failure(
            _CHECK, f"{there} has {in_bytes(free)} left.", f"Make room; to see where it went, type: df -h {there}",
            Exit.CANNOT_WRITE,
        )  # fmt: skip
    elif found.f_files and found.f_favail < _LEAST_NAMES:
        yield failure(
            _CHECK, f"{there} can hold {found.f_favail} more files.", f"Remove some; type: df -i {there}",
            Exit.CANNOT_WRITE,
        )  # fmt: skip
    elif free < 2 * size:
        yield Finding(
            _CHECK,
            Mark.NOTE,
            f"{there} has {in_bytes(free)} left, too little to keep a copy of the database ({in_bytes(size)}).",
            f"Make room; to see where it went, type: df -h {there}",
        )
    else:
        yield Finding(_CHECK, Mark.OK, f"{in_bytes(free)} free at {there}")


def in_bytes(size: float) -> str:
    """A size as people read it: "12.3 MB"."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - SI: a kilobyte is a thousand bytes
        size /= 1000
        unit += 1
    return f"{size:,.0f} {_UNITS[unit]}" if unit == 0 or size >= 100 else f"{size:.1f} {_UNITS[unit]}"  # noqa: PLR2004 - three digits are enough


def _refusal(folder: Path) -> str:
    """Why nothing can be written there; "" when a file could be. The file has no name and is gone at once."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"syncd")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _way_out(refusal: str, folder: Path) -> str:
    if refusal == os.strerror(errno.ENOSPC):
        return f"Make room; to see where it went, type: df -h {folder}"
    if refusal == os.strerror(errno.EROFS):
        return f"See how it is mounted: findmnt --target {folder}"
    return f"See who may: ls -ld {folder}"

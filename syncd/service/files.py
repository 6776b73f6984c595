"""Putting the files of a service into place, and taking away those that are still as they were put.

Written beside their place and moved there, so that systemd never reads half a unit.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from syncd.errors import Exit, SyncdError
from syncd.service.system import USER
from syncd.service.units import Scope, Standing, standing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from syncd.service.units import UnitFile

_READABLE = 0o644
"""Units hold no secret, and `systemctl cat` shows them to everybody."""
_ENTERABLE = 0o755
_PRIVATE = 0o700


class CannotPlace(SyncdError):
    """A unit cannot be written or removed."""

    exit = Exit.CANNOT_WRITE


def put(files: Iterable[UnitFile]) -> None:
    """Write each file, whole or not at all; raises CannotPlace."""
    for file in files:
        beside = file.path.with_name(f".{file.path.name}.new")
        try:
            _make_public(file.path.parent)
            beside.write_text(file.text, encoding="utf-8")
            beside.chmod(_READABLE)
            os.replace(beside, file.path)  # noqa: PTH105 - Path.replace is the same, without the two names side by side
        except OSError as error:
            raise CannotPlace(f"{file.path} cannot be written: {error.strerror}.", "Nothing was started.") from error


def _make_public(folder: Path) -> None:
    """Make the folder of a unit; whoever asks about the unit looks into it, whatever the umask of its maker is."""
    if not folder.is_dir():
        _make_public(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(_ENTERABLE)


def make_folders(folders: Iterable[Path], scope: Scope) -> None:
    """Make those that are missing, for the service's user alone; raises CannotPlace."""
    for folder in folders:
        if folder.exists():
            continue
        try:
            folder.mkdir(_PRIVATE, parents=True)
            if scope is Scope.SYSTEM:
                shutil.chown(folder, USER, USER)
        except OSError as error:
            raise CannotPlace(f"The folder {folder} cannot be made: {error.strerror}.") from error


def take_away(paths: Iterable[Path], *, force: bool) -> tuple[Path, ...]:
    """Remove what syncd wrote, with `force` also what was edited since; the paths that stay. Raises CannotPlace."""
    kept = []
    for path in paths:
        match standing(path):
            case Standing.MISSING:
                continue
            case Standing.EDITED if not force:
                kept.append(path)
                continue
        try:
            path.unlink()
        except OSError as error:
            raise CannotPlace(f"{path} cannot be removed: {error.strerror}.") from error
        with suppress(OSError):  # it holds something of its owner's
            if path.parent.name.endswith(".d") and path.parent.name.startswith("syncd"):
                path.parent.rmdir()
    return tuple(kept)

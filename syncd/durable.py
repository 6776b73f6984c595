"""Files that are whole or not there at all, for their owner alone, and on the disk when it matters.

A name only lasts through a power cut once its folder is on the disk as well (fsync(2)).
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A new file (UTF-8, mode 0600) that takes the place of `path` at the end; after an error `path` is as it was.

    Until then it lies beside `path` as .NAME.SOMETHING, where a process that dies leaves it. Raises OSError.
    """
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def settle(path: Path) -> None:
    """Return once a file, or the names in a folder, are on the disk. Raises OSError, also where none can be synced."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

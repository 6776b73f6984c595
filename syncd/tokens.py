"""Where sign-ins are kept: a file for each account, readable by its owner alone, replaced as a whole.

The daemon and the command line share them, so whoever refreshes one holds its lock (flock(2)) meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class TokenFile:
    """The sign-in of one account, at `folder`/`account`.json; a `Tokens`."""

    folder: Path
    account: str

    @property
    def path(self) -> Path:
        """Where it lies (mode 0600, in a folder of mode 0700)."""
        return self.folder / f"{self.account}.json"

    def read(self) -> str | None:
        """See `Tokens.read`."""
        try:
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"The sign-in at {self.path} cannot be read: {error.strerror}.", "Type: syncd doctor"
            ) from error

    def write(self, text: str) -> None:
        """See `Tokens.write`."""
        try:
            self._make_folder()
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=f".{self.account}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise StoreError(
                f"The sign-in cannot be kept at {self.path}: {error.strerror}.",
                f"Make room or correct the permissions, then type: syncd auth {self.account}",
            ) from error

    def erase(self) -> None:
        """See `Tokens.erase`."""
        with suppress(FileNotFoundError):
            self.path.unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Tokens.locked`."""
        self._make_folder()
        handle = os.open(self.folder / f"{self.account}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

"""Where sign-ins are kept: a file for each account, readable by its owner alone, replaced as a whole.

The daemon and the command line share them, so whoever refreshes one holds its lock (flock(2)) meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from shlex import quote as quoted
from typing import TYPE_CHECKING
from urllib.parse import quote

from syncd.durable import replacing, settle
from syncd.errors import AuthRequired, StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_LONGEST_NAME = 200
"""File systems take 255 bytes; a temporary file adds to it."""


@dataclass(frozen=True, slots=True)
class TokenFile:
    """The sign-in of one account, in `folder`; a `Tokens`."""

    folder: Path
    account: str

    @property
    def path(self) -> Path:
        """Where it lies (mode 0600, in a folder of mode 0700)."""
        return self.folder / f"{self._stem}.json"

    @property
    def _stem(self) -> str:
        """The account's name as one that files may have anywhere: no other account has it, and it stays in its folder.

        Everything but letters, digits and "_-~" is percent-encoded (RFC 3986 section 2.1), dots too; of a name that is
        too long, its beginning and a digest.
        """
        plain = quote(self.account, safe="", errors="surrogatepass").replace(".", "%2E")
        if len(plain) <= _LONGEST_NAME:
            return plain
        from hashlib import blake2b  # noqa: PLC0415 - names are short

        digest = blake2b(plain.encode(), digest_size=16).hexdigest()
        return f"{plain[: _LONGEST_NAME - len(digest) - 1]}.{digest}"

    def read(self) -> str | None:
        """See `Tokens.read`. Raises AuthRequired when it cannot be read, or others can: they may have it by now."""
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AuthRequired(
                f"The sign-in at {self.path} cannot be read: {error.strerror}.",
                f"See who may: ls -ld {quoted(str(self.folder))} {quoted(str(self.path))}",
            ) from error
        if mode & _OTHERS:
            raise AuthRequired(
                f"Others on this machine can read the sign-in at {self.path}.",
                f"Type: chmod 600 {quoted(str(self.path))}; if somebody may have read it, "
                f"then also: syncd auth {self.account} --revoke",
            )
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise AuthRequired(
                f"The file at {self.path} is damaged.",
                f"Type: rm {quoted(str(self.path))} && syncd auth {self.account}",
            ) from error

    def write(self, text: str) -> None:
        """See `Tokens.write`."""
        try:
            self._make_folder()
            with replacing(self.path) as file:
                file.write(text)
            with suppress(OSError):  # where folders cannot be synced, the system does it in its time
                settle(self.folder)
        except OSError as error:
            raise StoreError(
                f"The sign-in cannot be kept at {self.path}: {error.strerror}.",
                "Make room or correct the permissions, then type the same command again.",
            ) from error

    def erase(self) -> None:
        """See `Tokens.erase`; what a process left behind that died while it wrote goes too. Raises StoreError."""
        try:
            for one in (self.path, *self._halves()):
                one.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"The sign-in at {self.path} cannot be removed: {error.strerror}.",
                f"Type: rm {quoted(str(self.path))}",
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Tokens.locked`; one that holds the lock must not ask for it again. Raises StoreError.

        What a process left behind that died while it wrote is taken away: whoever writes holds the lock.
        """
        try:
            self._make_folder()
            handle = os.open(self.folder / f"{self._stem}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        except OSError as error:
            raise StoreError(
                f"The sign-in at {self.path} cannot be locked: {error.strerror}.",
                f"See who may write there: ls -ld {quoted(str(self.folder))}",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            for half in self._halves():
                with suppress(OSError):
                    half.unlink()
            yield
        finally:
            os.close(handle)

    def _halves(self) -> Iterator[Path]:
        """What was being written here when its process died."""
        return self.folder.glob(f".{self._stem}.*")

    def _make_folder(self) -> None:
        """The folder, for the owner alone, whatever the umask is and whoever made it."""
        self.folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        if self.folder.stat().st_mode & _OTHERS:
            self.folder.chmod(_FOLDER_MODE)


def left_over(folder: Path, accounts: Collection[str]) -> tuple[Path, ...]:
    """The sign-ins in `folder` that belong to none of these accounts: they go on working, and nobody uses them."""
    used = {TokenFile(folder, account).path for account in accounts}
    return tuple(sorted(path for path in folder.glob("*.json") if path not in used))

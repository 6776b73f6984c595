"""What a feed is: its bytes, and what tells one edition from the next. Read here from a file, by `_http` from a server.

Kept apart from the libraries that fetch and understand it, which only a poll has to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING

from syncd.errors import Misconfigured, Transient

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may cost: bytes when unpacked, seconds from beginning to end; and whether it may reach inside."""

    size: int
    seconds: float
    private: bool = False


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said by which it can tell next time whether anything changed (RFC 9110 section 8.8)."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a server answered; `body` None when nothing changed."""

    body: bytes | None
    validators: Validators


def read_file(path: Path, known: Validators, limit: int, *, account: str) -> Feed:
    """The calendar in a file, unless its time and size are those that `known` stands for.

    Raises Misconfigured when it is not there, not ours to read, or larger than `limit` bytes; Transient otherwise.
    """
    where = f"`path` of accounts.{account}"
    try:
        status = path.stat()
        found = Validators(f"{status.st_mtime_ns}-{status.st_size}")
        if found == known:
            return Feed(None, found)
        if not S_ISREG(status.st_mode):
            raise Misconfigured(f"{path} is not a file.", f"Correct {where}, then type: syncd doctor")
        if status.st_size > limit:
            raise Misconfigured(
                f"{path} is larger than {limit / 1e6:g} MB.",
                f"If that is right, raise size_limit of accounts.{account}, then type: syncd config check",
            )
        return Feed(path.read_bytes(), found)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Misconfigured(f"There is no file {path}.", f"Correct {where}, then type: syncd doctor") from error
    except PermissionError as error:
        raise Misconfigured(f"{path} may not be read by this user.", f"Type: chmod u+r '{path}'") from error
    except OSError as error:
        raise Transient(f"{path} could not be read ({error.strerror}).") from error

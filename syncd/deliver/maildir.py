"""Delivery into a Maildir, and onto stdout: the two ways that need nobody else.

A Maildir takes a letter whole or not at all: written and synced in tmp, then renamed into new. Its name follows from
the letter, so a second copy would only find the first.
"""

from __future__ import annotations

import hashlib
import os
import sys
from calendar import timegm
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from syncd.deliver.transport import AGAIN, Trace, local_lines
from syncd.durable import settle
from syncd.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syncd.model import Letter


@dataclass(frozen=True, slots=True)
class Maildir:
    """A Maildir; it is made when it is not there."""

    path: Path

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        """Hand `letter` over, as `Transport.send` promises."""
        name = _name(letter)
        try:
            for part in ("tmp", "new", "cur"):
                (self.path / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._holds(name):
                return
            waiting = self.path / "tmp" / name
            _write(waiting, local_lines(letter.content))
            commit()
            waiting.rename(self.path / "new" / name)
            settle(self.path / "new")
        except OSError as error:
            raise DeliveryError(f"The Maildir {self.path} cannot be written: {error.strerror}.", AGAIN) from error

    def try_out(self) -> tuple[str, ...]:
        """See `TriesOut.try_out`: whether it, or the nearest folder above it that is there, can be written."""
        nearest = next(folder for folder in (self.path, *self.path.parents) if folder.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            raise DeliveryError(
                f"The Maildir {self.path} cannot be written.", f"See who may: ls -ld {quote(str(nearest))}"
            )
        return (f"{self.path} can be written",)

    def find(self, letter: Letter) -> Trace:
        """Look for `letter`, read or not, as `Transport.find` promises."""
        return Trace.THERE if self._holds(_name(letter)) else Trace.NOT_TAKEN

    def _holds(self, name: str) -> bool:
        return (self.path / "new" / name).exists() or any((self.path / "cur").glob(f"{name}*"))


@dataclass(frozen=True, slots=True)
class Stdout:
    """The letter on stdout, for pipes and for the curious."""

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        """Hand `letter` over, as `Transport.send` promises."""
        commit()
        try:
            sys.stdout.buffer.write(local_lines(letter.content))
            sys.stdout.buffer.flush()
        except OSError as error:
            raise DeliveryError(f"stdout cannot be written: {error.strerror}.", AGAIN) from error

    def try_out(self) -> tuple[str, ...]:
        """See `TriesOut.try_out`."""
        return ("it is printed",)

    def find(self, letter: Letter) -> Trace:  # noqa: ARG002 - see Transport
        """What was printed is gone."""
        return Trace.UNKNOWN


def _name(letter: Letter) -> str:
    """Seconds, what is unique, who delivered it (maildir(5)); all of it follows from the letter."""
    unique = hashlib.sha256(letter.message_id.encode()).hexdigest()[:24]
    return f"{timegm(letter.day.timetuple())}.V{unique}.syncd"


def _write(path: Path, content: bytes) -> None:
    """A file of our own, on the disk when this returns; what a crash left of an earlier try is replaced."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

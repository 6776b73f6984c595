"""Delivery through the sendmail command of this machine, which every mail server and many small clients bring along.

It reads the letter from a file that is complete before it starts: were we to die meanwhile, it would not mail a half.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from syncd.deliver.transport import AGAIN, InDoubt, Refused, Trace, local_lines
from syncd.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.model import Letter

_NEVER = {os.EX_USAGE, os.EX_DATAERR, os.EX_NOUSER, os.EX_NOHOST, os.EX_NOPERM}
_CHECK = "Check digest.send.command, then type: syncd digest send"


@dataclass(frozen=True, slots=True)
class Sendmail:
    """A command that takes recipients as arguments and the letter on stdin; `patience` in seconds."""

    command: tuple[str, ...]
    sender: str = ""
    patience: float = 120

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        """Hand `letter` over, as `Transport.send` promises; exit codes as in sysexits.h."""
        origin = ("-f", self.sender) if self.sender else ()
        with TemporaryFile() as file:
            file.write(local_lines(letter.content))
            file.seek(0)
            commit()
            try:
                done = subprocess.run(  # noqa: S603 - the owner's own command, and no shell between
                    (*self.command, *origin, letter.recipient),
                    stdin=file,
                    capture_output=True,
                    timeout=self.patience,
                    check=False,
                )
            except OSError as error:
                raise DeliveryError(f"{self.command[0]} cannot be run: {error.strerror}.", _CHECK) from error
            except subprocess.TimeoutExpired as error:
                raise InDoubt(
                    f"{self.command[0]} was not done after {self.patience:g} seconds and was stopped; "
                    "the digest may have gone out or not."
                ) from error
        self._judge(done.returncode, done.stderr or done.stdout)

    def try_out(self) -> tuple[str, ...]:
        """See `TriesOut.try_out`: whether the command is there; what it does is seen only when it does it."""
        found = shutil.which(self.command[0])
        if found is None:
            raise DeliveryError(f"{self.command[0]} is not a command that can be run here.", _CHECK)
        return (f"{found} is there",)

    def find(self, letter: Letter) -> Trace:  # noqa: ARG002 - see Transport
        """What the command took, it does not tell."""
        return Trace.UNKNOWN

    def _judge(self, code: int, said: bytes) -> None:
        if code == os.EX_OK:
            return
        words = " ".join(said.decode("utf-8", "replace").split())[:200].rstrip(".")
        reason = f": {words}" if words else ""
        if code < 0:
            raise InDoubt(
                f"{self.command[0]} was killed by signal {-code}{reason}; the digest may have gone out or not."
            )
        if code in _NEVER:
            raise Refused(f"{self.command[0]} refused the digest (exit {code}){reason}.", _CHECK)
        raise DeliveryError(f"{self.command[0]} cannot take the digest now (exit {code}){reason}.", AGAIN)

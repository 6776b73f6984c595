"""What a way of handing over a letter promises, how it can fail, and what it can tell of a letter afterwards."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from syncd.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.model import Letter

AGAIN = "It stays in the outbox; to try again now, type: syncd digest send"
READ_HERE = "To read it here, type: syncd digest"

UNTIL_MENDED = timedelta(hours=1)
"""How long a way waits whose sign-in was refused: only its owner can mend that, and who asks often is locked out."""


class NotNow(DeliveryError):
    """Nothing was taken, for a passing reason; `wait` is how long the other side wants to be left alone."""

    def __init__(self, title: str, hint: str, wait: timedelta | None = None) -> None:
        super().__init__(title, hint)
        self.wait = wait


class Refused(DeliveryError):
    """The letter will never be taken: trying again would not help."""


class InDoubt(DeliveryError):
    """The letter went out whole, but whether it was taken cannot be known."""


class Trace(Enum):
    """What can be found of a letter whose sending nobody saw the end of."""

    THERE = auto()
    """It was taken."""
    NOT_TAKEN = auto()
    """It is not there; once there was time to finish what was begun, it was never taken."""
    NOT_SEEN = auto()
    """It is not there, and it may still be on its way."""
    UNKNOWN = auto()
    """It cannot be looked for."""


class Transport(Protocol):
    """One way of handing over a letter."""

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        """Hand `letter` over, and return when it was taken.

        `commit` is called once, right before the step that cannot be taken back; until then, breaking off (by an error
        or by death) leaves nothing behind. What `commit` raises ends the attempt.

        Raises DeliveryError when nothing was taken and a later try may help, Refused when none would, InDoubt when the
        answer got lost.
        """
        ...

    def find(self, letter: Letter) -> Trace:
        """Look for a letter that was perhaps handed over. Raises DeliveryError when nobody could look now."""
        ...


@runtime_checkable
class TriesOut(Protocol):
    """A transport that can be asked whether it would take a letter: `syncd doctor` asks it."""

    def try_out(self) -> tuple[str, ...]:
        """What was found, in sentences, as far as that can be told without a letter. Raises DeliveryError."""
        ...


def local_lines(content: bytes) -> bytes:
    """The letter with the line ends of this machine, as programs and folders here expect them."""
    return content.replace(b"\r\n", b"\n")

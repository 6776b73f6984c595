"""What a way of handing over a letter promises, and the three ways in which it can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from syncd.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.model import Letter

AGAIN = "It stays in the outbox; to try again now, type: syncd digest send"


class Refused(DeliveryError):
    """The letter will never be taken: trying again would not help."""


class InDoubt(DeliveryError):
    """The letter went out whole, but whether it was taken cannot be known."""


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


def local_lines(content: bytes) -> bytes:
    """The letter with the line ends of this machine, as programs and folders here expect them."""
    return content.replace(b"\r\n", b"\n")

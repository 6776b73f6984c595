"""Delivery into the owner's own mailbox, by the connector that reads it: exactly once, because it can be looked for.

The mailbox is also where a digest is looked for that went out by mail and whose arrival nobody saw.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncd.connector import Checks
from syncd.deliver.transport import AGAIN, UNTIL_MENDED, InDoubt, NotNow, Trace, TriesOut
from syncd.errors import AuthRequired, ConnectorError, DeliveryError, Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from syncd.connector import KeepsLetters
    from syncd.deliver.transport import Transport
    from syncd.model import Letter


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a mailbox. A letter that is anywhere in the mailbox, moved perhaps, is not put there again."""

    mailbox: KeepsLetters
    folder: str

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        """Hand `letter` over, as `Transport.send` promises.

        What a mailbox clearly refuses was not taken; a connection that is lost after `commit` leaves a doubt.
        """
        begun = False

        def begin() -> None:
            nonlocal begun
            commit()
            begun = True

        try:
            with _translated():
                self.mailbox.place(letter.message_id, letter.content, self.folder, begin)
        except NotNow as lost:
            if begun:
                raise InDoubt(lost.title) from lost
            raise

    def try_out(self) -> tuple[str, ...]:
        """See `TriesOut.try_out`: whether the mailbox lets us in."""
        with _translated():
            return self.mailbox.check() if isinstance(self.mailbox, Checks) else ()

    def find(self, letter: Letter) -> Trace:
        """Look for `letter` in the whole mailbox, as `Transport.find` promises."""
        with _translated():
            return Trace.THERE if self.mailbox.holds(letter.message_id) else Trace.NOT_TAKEN


@dataclass(frozen=True, slots=True)
class Watched:
    """A way of mailing to an address whose mailboxes can be looked into."""

    transport: Transport
    mailboxes: Sequence[KeepsLetters]

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        """Hand `letter` over, as `Transport.send` promises."""
        self.transport.send(letter, commit)

    def try_out(self) -> tuple[str, ...]:
        """See `TriesOut.try_out`; the mailboxes are looked at as accounts."""
        return self.transport.try_out() if isinstance(self.transport, TriesOut) else ()

    def find(self, letter: Letter) -> Trace:
        """Look for `letter` in every mailbox, as `Transport.find` promises."""
        failure: DeliveryError | None = None
        for mailbox in self.mailboxes:
            try:
                with _translated():
                    if mailbox.holds(letter.message_id):
                        return Trace.THERE
            except DeliveryError as one:
                failure = one
        if failure:
            raise failure
        return Trace.NOT_SEEN


@contextmanager
def _translated() -> Iterator[None]:
    """What a connector says of its mailbox, as delivery says it: a mailbox out of reach or closed is NotNow."""
    try:
        yield
    except Transient as error:
        raise NotNow(error.title, AGAIN, error.retry_after) from error
    except AuthRequired as error:
        raise NotNow(error.title, error.hint, UNTIL_MENDED) from error
    except ConnectorError as error:
        raise DeliveryError(error.title, error.hint) from error

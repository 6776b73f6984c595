"""The headers of many messages at a time: a batch that cannot be had is halved, until only the bad message is left.

Whatever one message does to an answer, the others arrive. The next batch is asked for while this one is worked on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from connectors._imap_wire import LostError, RefusedError, sequence_sets
from connectors._mail import fields, read_message
from connectors._mail_dates import parse_internal_date
from connectors._quote import quote
from syncd.errors import Transient
from syncd.model import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors._imap_mailbox import Mailbox
    from connectors._imap_session import Session
    from connectors._imap_wire import Row

TRIES: Final = 3
"""So often a message is asked for that is listed and does not come."""

MOST_LOST: Final = 9
"""More messages at a stretch than this are not bad one by one: then it is the server."""

_ABOUT_A_MESSAGE: Final = frozenset({"UNAVAILABLE", "SERVERBUG", "EXPUNGEISSUED"})


@dataclass(slots=True)
class Batch:
    """What came of asking for some messages: their rows, and for those that cannot be had the reason."""

    rows: list[Row] = field(default_factory=list)
    unreadable: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A batch that was asked for before it was needed, and the connection it will come on."""

    session: Session
    uids: Sequence[int]
    tag: bytes


class Headers:
    """Reads the header fields of messages in the folder that is open."""

    def __init__(self, mailbox: Mailbox, *, subjects: bool) -> None:
        self._mailbox = mailbox
        self._items = b"BODY.PEEK[HEADER.FIELDS (" + " ".join(fields(subjects=subjects)).encode() + b")])"
        self._ahead: _Ahead | None = None

    def fetch(self, uids: Sequence[int], then: Sequence[int] = ()) -> Batch:
        """The headers of these messages, ascending uids; `then` will be asked for next, and is requested right away.

        Raises what `Mailbox` raises, and FolderChangedError.
        """
        batch = Batch()
        self._complete(uids, batch)
        if not batch.rows and len(batch.unreadable) > MOST_LOST:
            raise Transient(
                f"The server shows none of {len(batch.unreadable)} messages: {next(iter(batch.unreadable.values()))}",
                "syncd goes on where it was.",
            )
        if then:
            self._mailbox.surely(lambda session: self._ask_ahead(session, then))
        return batch

    def newest_senders(self, folder: bytes, count: int) -> list[str]:
        """The From addresses of the newest messages in a folder. Raises RefusedError when it cannot be opened."""
        messages = self._mailbox.examine(folder).messages
        if not messages:
            return []
        newest = b"FETCH %d:* (UID INTERNALDATE BODY.PEEK[HEADER.FIELDS (DATE FROM)])" % max(1, messages - count + 1)
        rows, _ = self._mailbox.surely(lambda session: session.wire.rows(session.wire.send(newest)))
        shown = [read_message("", row.header, parse_internal_date(row.arrived)) for row in rows]
        return [message.participants[0].address for message in shown if isinstance(message, Message)]

    def _complete(self, uids: Sequence[int], batch: Batch) -> None:
        """Put into `batch` everything that can be had of these messages."""
        missing = uids
        for tries in range(1, TRIES + 1):
            try:
                rows, refusal = self._mailbox.steadily(partial(self._rows, uids=missing))
            except LostError as lost:
                if not lost.garbled:
                    raise self._mailbox.lost(lost) from lost
                return self._halve(missing, batch, f"The server's answer makes no sense: {quote(str(lost))}.")
            wanted = set(missing)
            batch.rows += [row for row in rows if row.uid in wanted]
            missing = sorted(wanted.difference(row.uid for row in rows))
            if not missing:
                return None
            if refusal and (tries == TRIES or len(missing) > 1):
                if refusal.code not in _ABOUT_A_MESSAGE:
                    self._mailbox.require_patience(refusal)
                return self._halve(missing, batch, f"The server refuses to show it: {quote(refusal.text)}.")
        for uid in self._mailbox.still_there(missing, next(sequence_sets(missing))):
            batch.unreadable[uid] = f"The server lists it, but did not show it {TRIES} times."
        return None

    def _halve(self, missing: Sequence[int], batch: Batch, reason: str) -> None:
        """Each half of `missing` by itself, down to the single message that spoils the batch."""
        if len(missing) == 1:
            self._require_sense(missing[0])
            batch.unreadable[missing[0]] = reason
            return
        middle = len(missing) // 2
        self._complete(missing[:middle], batch)
        self._complete(missing[middle:], batch)

    def _require_sense(self, uid: int) -> None:
        """Make sure that it is this message and not the server: the server can still say when the message came."""
        try:
            self._mailbox.answer(b"UID FETCH %d (UID INTERNALDATE)" % uid)
        except RefusedError as refusal:
            raise self._mailbox.refused(refusal) from refusal

    def _rows(self, session: Session, uids: Sequence[int]) -> tuple[list[Row], RefusedError | None]:
        ahead, self._ahead = self._ahead, None
        if ahead and ahead.session is session:
            rows, refusal = session.wire.rows(ahead.tag)
            if ahead.uids == uids:
                return rows, refusal
        return session.wire.rows(self._ask(session, uids))

    def _ask_ahead(self, session: Session, uids: Sequence[int]) -> None:
        self._ahead = _Ahead(session, uids, self._ask(session, uids))

    def _ask(self, session: Session, uids: Sequence[int]) -> bytes:
        labels = b"X-GM-LABELS " if b"X-GM-EXT-1" in session.capabilities else b""
        return session.wire.send(
            b"UID FETCH " + next(sequence_sets(uids)) + b" (UID INTERNALDATE " + labels + self._items
        )

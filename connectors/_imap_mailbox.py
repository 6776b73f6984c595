"""A mailbox over as many connections as it takes: a lost one is replaced, and the same folder opened again.

Between requests it asks whether to stop. What a server says about the account as a whole becomes an error here.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import stamina

from connectors._imap_folders import read_listing, read_statuses
from connectors._imap_refusals import broken_off, busy, is_busy, refused
from connectors._imap_session import open_session
from connectors._imap_wire import LostError, RefusedError, found_uids, quoted
from connectors._mail_dates import parse_internal_date

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from connectors._imap_folders import Folder, Status
    from connectors._imap_options import ImapOptions
    from connectors._imap_session import Session
    from connectors._imap_wire import Answer
    from syncd.connector import Context
    from syncd.errors import ConnectorError

Found = TypeVar("Found")

WINDOW: Final = 50_000
"""So many messages are searched at once; the uids of more may not fit into one line of an answer."""

CONNECTIONS: Final = 2
"""So many connections one request may cost."""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SLACK: Final = timedelta(days=2)  # SEARCH SINCE compares days in the server's own zone (RFC 3501 section 6.4.4)
_STATUS: Final = b"(UIDNEXT UIDVALIDITY MESSAGES)"


class StoppedError(Exception):
    """The house asked to stop."""


class FolderChangedError(Exception):
    """The folder got another UIDVALIDITY while it was being read."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What EXAMINE says of a folder; 0 where it says nothing."""

    validity: int
    next: int
    messages: int


class Mailbox:
    """The account's folders. Every method raises Transient, AuthRequired, Misconfigured or StoppedError."""

    def __init__(self, options: ImapOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._session: Session | None = None
        self._folder: tuple[bytes, Examined] | None = None
        self._selected: bytes | None = None

    def has(self, capability: bytes) -> bool:
        """Whether the server offers it."""
        return self.surely(lambda session: capability in session.capabilities)

    def answer(self, command: bytes) -> Answer:
        """The answer to a command that needs no folder. Raises RefusedError."""
        return self.surely(lambda session: session.wire.ask(command))

    def folders(self) -> tuple[Folder, ...]:
        """Every folder, each with its STATUS where the server gives all in one answer (RFC 5819)."""
        try:
            return self.surely(_listed)
        except RefusedError as refusal:
            if self._options.token is None:
                raise self.refused(refusal) from refusal
        self.close()  # a token that lets in and then shows nothing may be stale: once more, with a new one
        try:
            return self.surely(_listed)
        except RefusedError as refusal:
            raise self.refused(refusal) from refusal

    def statuses(self, folders: Sequence[Folder]) -> dict[bytes, Status]:
        """The STATUS of each of `folders` that has one, all asked for at once; never of the one that is open."""
        self._folder = None

        def asked(session: Session) -> dict[bytes, Status]:
            names = [folder.raw for folder in folders if folder.raw != self._selected]
            tags = [session.wire.send(b"STATUS " + quoted(name) + b" " + _STATUS) for name in names]
            found: dict[bytes, Status] = {}
            for tag in tags:
                try:
                    found |= read_statuses(session.wire.answer(tag).replies)
                except RefusedError:
                    continue
            return found

        return self.surely(asked)

    def examine(self, raw: bytes) -> Examined:
        """Open a folder, read-only. Raises RefusedError when the server will not."""
        self._folder = None
        self._selected = raw
        found = self.surely(lambda session: _examined(session, raw))
        self._folder = (raw, found)
        return found

    def search(self, low: int, high: int | None, since: datetime) -> array[int]:
        """The uids from `low` to `high` in the open folder whose messages arrived since that day, ascending.

        A few older ones may be among them. Raises FolderChangedError, or RefusedError when the folder is gone.
        """
        if self._folder is None:
            raise ValueError("no folder is open")
        messages, last = self._folder[1].messages, high or self._folder[1].next - 1
        uids = b"%d:%b" % (low, b"%d" % high if high else b"*")
        within = b"" if low == 1 and high is None else b"UID %b " % uids
        day = since - _SLACK
        since_day = b"SINCE %d-%s-%d" % (day.day, _MONTHS[day.month - 1].encode(), day.year)
        found = array("Q")
        if messages <= WINDOW or low - 1 <= last < low + WINDOW:
            found = self._search(uids, within + since_day, day, by_uid=True)
        else:
            for end in range(messages, 0, -WINDOW):
                window = b"%d:%d" % (max(1, end - WINDOW + 1), end)
                found += self._search(window, window + b" " + within + since_day, day, by_uid=False)
        return array("Q", sorted({uid for uid in found if low <= uid <= (high or uid)}))

    def still_there(self, uids: Sequence[int], named: bytes) -> list[int]:
        """Those of `uids` (`named` as a sequence set) that a SEARCH still lists."""
        found = self.surely(lambda session: found_uids(session.wire.ask(b"UID SEARCH UID " + named)))
        return sorted(set(found or ()) & set(uids))

    def close(self) -> None:
        """Let go of the connection; never raises."""
        self._folder = None
        self._hang_up()

    def steadily(self, work: Callable[[Session], Found]) -> Found:
        """Do `work`, with a new connection when the present one is lost; raises LostError when that is lost as well."""
        if self._context.stopping():
            raise StoppedError
        for attempt in stamina.retry_context(on=LostError, attempts=CONNECTIONS, timeout=None, wait_initial=0.5):
            with attempt:
                try:
                    return work(self._open())
                except LostError:
                    self._hang_up()
                    raise
        raise AssertionError("the last attempt returns or raises")

    def surely(self, work: Callable[[Session], Found]) -> Found:
        """Do `work` steadily; a connection that cannot be kept is Transient."""
        try:
            return self.steadily(work)
        except LostError as lost:
            raise self.lost(lost) from lost

    def lost(self, lost: LostError) -> ConnectorError:
        """The error for a connection that cannot be kept."""
        return broken_off(self._context.account, self._options.host, lost.farewell, str(lost))

    def refused(self, refusal: RefusedError) -> ConnectorError:
        """The error for a command without which nothing can be read."""
        options = self._options
        return refused(self._context.account, options.host, options.user, refusal.code, refusal.text)

    def require_patience(self, refusal: RefusedError) -> None:
        """Raise Transient when a refusal means "not now"."""
        if is_busy(refusal.code, refusal.text):
            raise busy(self._options.host, refusal.text) from refusal

    def _hang_up(self) -> None:
        session, self._session, self._selected = self._session, None, None
        if session is not None:
            session.close()

    def _open(self) -> Session:
        """The present connection, or a new one with the same folder open."""
        if self._session is None:
            self._session = open_session(
                self._context.account, self._options, lambda: self._context.secret(self._options.secret)
            )
            if (
                self._folder is not None
                and _examined(self._session, self._folder[0]).validity != self._folder[1].validity
            ):
                raise FolderChangedError
        return self._session

    def _search(self, selected: bytes, criteria: bytes, since: datetime, *, by_uid: bool) -> array[int]:
        """What a SEARCH finds; where the server cannot search, the messages `selected` that came since."""
        try:
            found = self.surely(lambda session: found_uids(session.wire.ask(b"UID SEARCH " + criteria)))
        except RefusedError as refusal:
            self.require_patience(refusal)
            found = None
        if found is not None:
            return found
        command = (b"UID FETCH " if by_uid else b"FETCH ") + selected + b" (UID INTERNALDATE)"
        return _arrived(self.surely(lambda session: session.wire.ask(command)), since)


def _listed(session: Session) -> tuple[Folder, ...]:
    if b"LIST-STATUS" in session.capabilities:
        special = b"SPECIAL-USE " if b"SPECIAL-USE" in session.capabilities else b""
        try:
            return read_listing(session.wire.ask(b'LIST "" "*" RETURN (%bSTATUS %b)' % (special, _STATUS)).replies)
        except RefusedError as refusal:
            if is_busy(refusal.code, refusal.text):
                raise
    return read_listing(session.wire.ask(b'LIST "" "*"').replies)


def _examined(session: Session, raw: bytes) -> Examined:
    answer = session.wire.ask(b"EXAMINE " + quoted(raw))
    told = {b"UIDVALIDITY": 0, b"UIDNEXT": 0, b"EXISTS": 0}
    for reply in answer.replies:
        words = reply.text.upper().replace(b"]", b" ").split()
        if words[1:2] == [b"OK"] and words[2:3] in ([b"[UIDVALIDITY"], [b"[UIDNEXT"]) and words[3:4]:
            told[words[2][1:]] = int(words[3]) if words[3].isdigit() else 0
        elif words[2:3] == [b"EXISTS"] and words[1].isdigit():
            told[b"EXISTS"] = int(words[1])
    return Examined(told[b"UIDVALIDITY"], told[b"UIDNEXT"], told[b"EXISTS"])


def _arrived(answer: Answer, since: datetime) -> array[int]:
    """The uids out of a FETCH of dates, of the messages that came since or do not say when."""
    found = array("Q")
    for reply in answer.replies:
        tokens = [token or b"" for token in reply.tokens()]
        items = dict(zip(tokens[3::2], tokens[4::2], strict=False)) if tokens[1:3] == [b"FETCH", b"("] else {}
        came = parse_internal_date(items.get(b"INTERNALDATE", b"").decode("latin-1"))
        if items.get(b"UID", b"").isdigit() and (came is None or came >= since):
            found.append(int(items[b"UID"]))
    return found

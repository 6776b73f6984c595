"""A letter looked for in the whole mailbox, and put into one folder of it: EXAMINE and SEARCH, then one APPEND.

APPEND (RFC 3501 section 6.3.11) is the only command here that writes, and it writes what was nowhere found before.
"""

from __future__ import annotations

import re
from datetime import timedelta
from email.parser import BytesHeaderParser
from functools import partial
from imaplib import Time2Internaldate
from typing import TYPE_CHECKING, Final

from connectors._imap_folders import can_be_opened, named
from connectors._imap_mailbox import FolderChangedError, StoppedError
from connectors._imap_refusals import busy, is_busy
from connectors._imap_wire import LostError, RefusedError, found_uids, quoted, sequence_sets
from connectors._quote import quote
from syncd.errors import ConnectorError, Misconfigured, Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors._imap_folders import Folder
    from connectors._imap_mailbox import Mailbox
    from connectors._imap_options import ImapOptions
    from connectors._imap_session import Session
    from connectors._imap_wire import Answer, Row
    from syncd.connector import Context

WITHIN: Final = timedelta(days=30)
"""A letter that came earlier is no digest of these days; without a limit a server may have to read all it has."""

_ANYWHERE_AT_GMAIL: Final = frozenset({r"\all", r"\junk", r"\trash"})
_FULL: Final = re.compile(r"quota|mailbox (?:is )?full|no space", re.IGNORECASE)


class Placing:
    """Looks for letters in one account, and puts one there."""

    def __init__(self, mailbox: Mailbox, options: ImapOptions, context: Context) -> None:
        self._mailbox = mailbox
        self._options = options
        self._context = context

    def holds(self, message_id: str) -> bool:
        """See `KeepsLetters.holds`: also where mail is thrown away, or taken for spam."""
        try:
            return self._is_in(self._everywhere(self._mailbox.folders()), message_id)
        except (StoppedError, FolderChangedError) as broken:
            raise self._interrupted() from broken

    def place(self, message_id: str, content: bytes, folder: str, commit: Callable[[], None]) -> bool:
        """See `KeepsLetters.place`. Misconfigured without that folder; a plain ConnectorError for a letter refused."""
        try:
            folders = self._mailbox.folders()
            target = self._target(folders, folder)
            others = [one for one in self._everywhere(folders) if one.raw != target.raw]
            if self._is_in([target, *others], message_id):
                return False
            self._append(target, content, commit)
        except (StoppedError, FolderChangedError) as broken:
            raise self._interrupted() from broken
        return True

    # ------------------------------------------------------------------ looking

    def _everywhere(self, folders: Sequence[Folder]) -> list[Folder]:
        """The folders a letter may be in; at Gmail three of them hold everything, whatever its labels."""
        gmail = self._mailbox.has(b"X-GM-EXT-1")
        return [
            folder
            for folder in folders
            if can_be_opened(folder) and (not gmail or folder.attributes & _ANYWHERE_AT_GMAIL)
        ]

    def _is_in(self, folders: Sequence[Folder], message_id: str) -> bool:
        return any(
            self._is_in_one(folder, message_id)
            for folder in folders
            if folder.status is None or folder.status.messages != 0
        )

    def _is_in_one(self, folder: Folder, message_id: str) -> bool:
        try:
            self._mailbox.examine(folder.raw)
        except RefusedError as refusal:
            self._mailbox.require_patience(refusal)
            self._context.log.debug("the folder %r cannot be looked through: %s", folder.name, refusal)
            return False
        asked = b"UID SEARCH SINCE %b HEADER Message-ID %b" % (self._since(), quoted(message_id.encode()))
        try:
            found = self._mailbox.surely(lambda session: found_uids(session.wire.ask(asked)))
        except RefusedError as refusal:
            self._mailbox.require_patience(refusal)
            found = None
        return self._is_among_headers(message_id) if found is None else bool(found)

    def _is_among_headers(self, message_id: str) -> bool:
        """Whether the open folder holds it, at a server that cannot search headers, or does not say what it found."""
        try:
            uids = self._mailbox.search(1, None, self._context.now() - WITHIN)
            for wanted in sequence_sets(uids):
                rows, refusal = self._mailbox.surely(partial(_headers, wanted=wanted))
                if any(_message_id(row.header) == message_id for row in rows):
                    return True
                if refusal:
                    raise refusal
        except RefusedError as refusal:
            raise self._mailbox.refused(refusal) from refusal
        return False

    def _since(self) -> bytes:
        day = Time2Internaldate(self._context.now() - WITHIN).strip('"').partition(" ")[0]
        return day.encode()

    # ------------------------------------------------------------------ putting

    def _target(self, folders: Sequence[Folder], wanted: str) -> Folder:
        found = named(folders, [wanted])
        if not found:
            raise self._no_folder(wanted, folders)
        return next((folder for folder in found if folder.name == wanted), found[0])

    def _append(self, target: Folder, content: bytes, commit: Callable[[], None]) -> None:
        """The letter into the folder, dated now and unseen; a connection that is lost on the way is Transient."""
        moment = Time2Internaldate(self._context.now()).encode()
        command = b"APPEND %b %b" % (quoted(target.raw), moment)
        begun = False

        def begin() -> None:
            nonlocal begun
            commit()
            begun = True

        def upload(session: Session) -> Answer:
            try:
                return session.wire.upload(command, content, begin)
            except LostError as lost:
                if begun:  # another connection would put it there twice
                    raise self._mailbox.lost(lost) from lost
                raise

        try:
            answer = self._mailbox.surely(upload)
        except RefusedError as refusal:
            raise self._refused(target, refusal) from refusal
        self._context.log.debug("the digest is in %r %s", target.name, answer.value.decode("latin-1"))

    def _refused(self, target: Folder, refusal: RefusedError) -> ConnectorError:
        host, user = self._options.host, self._options.user
        if refusal.code == "TRYCREATE":
            return self._no_folder(target.name, ())
        if refusal.code == "OVERQUOTA" or _FULL.search(refusal.text):
            return ConnectorError(
                f"The mailbox of {user} is full: {quote(refusal.text) or 'there is no room for the digest'}.",
                "Make room there, then type: syncd digest send",
            )
        if is_busy(refusal.code, refusal.text):
            return busy(host, refusal.text)
        return ConnectorError(
            f"{host} does not take the digest into {target.name}: {quote(refusal.text) or 'it did not say why'}.",
            "Check digest.send.folder, then type: syncd digest send",
        )

    def _no_folder(self, wanted: str, folders: Sequence[Folder]) -> Misconfigured:
        there = ", ".join(folder.name for folder in folders[:20] if can_be_opened(folder))
        return Misconfigured(
            f"There is no folder {wanted!r} in the mailbox of {self._options.user}.",
            f"{f'There are: {there}. ' if there else ''}Make it there, or correct digest.send.folder, "
            "then type: syncd digest send",
        )

    def _interrupted(self) -> Transient:
        return Transient(f"Looking through the mailbox of {self._options.user} was broken off.")


def _headers(session: Session, wanted: bytes) -> tuple[list[Row], RefusedError | None]:
    return session.wire.rows(session.wire.send(b"UID FETCH %b (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])" % wanted))


def _message_id(header: bytes) -> str:
    return str(BytesHeaderParser().parsebytes(header)["Message-ID"] or "").strip()

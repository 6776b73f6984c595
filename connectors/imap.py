"""A mailbox on an IMAP server (RFC 3501): headers only, read-only, incremental by uid in every folder.

Each folder is read newest first back to the horizon, and from then on upwards; Sent comes first, because it tells the
owner's addresses. Every page can be resumed from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from connectors._fingerprint import fingerprint
from connectors._imap_cursor import FolderState, Place
from connectors._imap_fetch import Headers
from connectors._imap_mailbox import FolderChangedError, Mailbox, StoppedError
from connectors._imap_options import ImapOptions
from connectors._imap_placing import Placing
from connectors._imap_survey import Surveyor
from connectors._imap_wire import RefusedError
from connectors._mail import read_message
from connectors._mail_dates import parse_internal_date
from syncd.connector import ConnectorOptions, Page, Progress
from syncd.model import Message, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors._imap_fetch import Batch
    from connectors._imap_folders import Folder, Status
    from connectors._imap_mailbox import Examined
    from connectors._imap_survey import Chosen
    from syncd.connector import Context
    from syncd.model import Observation

PAGE: Final = 500
"""So many messages are read between two cursors."""

MOST_CHANGES: Final = 5
"""A folder whose UIDVALIDITY changed so often in a row is left alone until it keeps one."""


class Imap:
    """The connector `imap`."""

    Options: ClassVar[type[ConnectorOptions]] = ImapOptions
    shows_meetings: ClassVar[bool] = False

    def __init__(self, options: ImapOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._mailbox = Mailbox(options, context)
        self._headers = Headers(self._mailbox, subjects=context.subjects)
        self._surveyor = Surveyor(self._mailbox, self._headers, options, context)
        self._placing = Placing(self._mailbox, options, context)

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """See `Connector.poll`. A folder with a new UIDVALIDITY is read again by itself; its messages get new ids."""
        place = Place.opened(cursor, self._fingerprint())
        try:
            chosen = self._surveyor.look(place.survey)
            place.survey = chosen.survey
            reading = _Reading(self._context, self._mailbox, self._headers, place, chosen, since)
            yield from reading.pages(cursor)
        except StoppedError:
            return
        finally:
            self._mailbox.close()

    def check(self) -> tuple[str, ...]:
        """Whether the account lets us in, and which folders would be read."""
        try:
            chosen = self._surveyor.look(None)
        except StoppedError:
            return ()
        finally:
            self._mailbox.close()
        names = ", ".join(folder.name for folder in chosen.folders if folder.raw in chosen.sent)
        missing = "in All Mail" if chosen.gmail else "no folder found; set `sent` to the name of yours"
        return (
            f"signed in to {self._options.host} as {self._options.user}",
            f"folders to read: {len(chosen.folders)}",
            f"sent mail: {names or missing}",
        )

    def holds(self, message_id: str) -> bool:
        """See `KeepsLetters.holds`."""
        try:
            return self._placing.holds(message_id)
        finally:
            self._mailbox.close()

    def place(self, message_id: str, content: bytes, folder: str, commit: Callable[[], None]) -> bool:
        """See `KeepsLetters.place`: the only thing that is ever written."""
        try:
            return self._placing.place(message_id, content, folder, commit)
        finally:
            self._mailbox.close()

    def close(self) -> None:
        """Let go of the connection; safe to call twice, never raises."""
        self._mailbox.close()

    def _fingerprint(self) -> str:
        """What a cursor depends on: the mailbox, how far back, what is asked of a message and said about its folder."""
        options = self._options
        return fingerprint(options.host, options.user, options.first_sync, options.sent, self._context.subjects)


class _Reading:
    """One poll over the chosen folders."""

    def __init__(
        self,
        context: Context,
        mailbox: Mailbox,
        headers: Headers,
        place: Place,
        chosen: Chosen,
        since: datetime,
    ) -> None:
        self._context = context
        self._mailbox = mailbox
        self._headers = headers
        self._place = place
        self._chosen = chosen
        self._since = since
        self._done = 0

    def pages(self, given: str | None) -> Iterator[Page]:
        """The pages of every folder that has something new, and a last one when only the place changed."""
        last = given
        refusals: dict[Folder, RefusedError] = {}
        statuses = self._statuses()
        changed = [folder for folder in self._chosen.folders if not self._is_unchanged(folder, statuses)]
        for number, folder in enumerate(changed):
            later = sum(self._expected(other, statuses) for other in changed[number + 1 :])
            try:
                for page in self._visit(folder, later):
                    last = page.cursor
                    yield page
            except RefusedError as refusal:
                self._mailbox.require_patience(refusal)
                self._context.log.warning("the folder %r is passed over: %s", folder.name, refusal)
                refusals[folder] = refusal
            except FolderChangedError:
                self._context.log.warning("the folder %r changed while it was read", folder.name)
        if last != self._place.written():
            yield Page((), self._place.written())
        for folder, reason in refusals.items():
            if folder.is_inbox or len(refusals) == len(self._chosen.folders):
                raise self._mailbox.refused(reason) from reason

    def _statuses(self) -> Mapping[bytes, Status]:
        """The STATUS of every folder, where the listing has it; else of those that were read before."""
        told = {folder.raw: folder.status for folder in self._chosen.folders if folder.status}
        unknown = [
            folder for folder in self._chosen.folders if folder.raw not in told and folder.name in self._place.folders
        ]
        return told | self._mailbox.statuses(unknown) if unknown else told

    def _is_unchanged(self, folder: Folder, statuses: Mapping[bytes, Status]) -> bool:
        state, status = self._place.folders.get(folder.name), statuses.get(folder.raw)
        return bool(
            state
            and status
            and state.complete
            and state.next
            and (state.validity, state.next) == (status.validity, status.next)
        )

    def _expected(self, folder: Folder, statuses: Mapping[bytes, Status]) -> int:
        """How many messages of a folder may have to be read, for the progress."""
        state, status = self._place.folders.get(folder.name), statuses.get(folder.raw)
        if status is None or status.messages is None:
            return 0
        if state and state.complete and state.validity == status.validity:
            return max(0, min(status.messages, status.next - state.next))
        return status.messages

    def _visit(self, folder: Folder, later: int) -> Iterator[Page]:
        """What is new in one folder: first what came since the last visit, then further back, newest first."""
        box = self._mailbox.examine(folder.raw)
        state = self._state(folder, box)
        if state.changes >= MOST_CHANGES:
            self._place.folders[folder.name] = state
            self._context.log.warning("the folder %r has another UIDVALIDITY every time; it is left alone", folder.name)
            return
        newer: Sequence[int] = ()
        older: Sequence[int] = ()
        if box.messages and (state.high or state.complete):
            newer = self._mailbox.search(state.high + 1, None, self._since)
        if box.messages and not state.complete and state.low != 1:
            older = self._mailbox.search(1, state.low - 1 if state.low else None, self._since)
        batches = [newer[start : start + PAGE] for start in range(0, len(newer), PAGE)]
        batches += [older[max(0, end - PAGE) : end] for end in range(len(older), 0, -PAGE)]
        total = self._done + len(newer) + len(older) + later
        for number, batch in enumerate(batches, start=1):
            following = batches[number] if number < len(batches) else ()
            found = self._headers.fetch(batch, following)
            state = state.model_copy(
                update={"low": min(batch[0], state.low or batch[0]), "high": max(batch[-1], state.high)}
            )
            if not following:
                state = state.model_copy(update={"complete": True, "next": box.next})
            self._place.folders[folder.name] = state
            self._done += len(batch)
            observations = tuple(self._observations(folder, box, found))
            yield Page(observations, self._place.written(), Progress(self._done, total))
        self._place.folders[folder.name] = state.model_copy(update={"complete": True, "next": box.next})

    def _state(self, folder: Folder, box: Examined) -> FolderState:
        """What was read of the folder before; nothing, when its UIDVALIDITY is another one than then (never `<`)."""
        before = self._place.folders.get(folder.name)
        if before is None:
            return FolderState(validity=box.validity)
        if before.validity != box.validity:
            return FolderState(validity=box.validity, changes=before.changes + 1)
        return before.model_copy(update={"changes": 0})

    def _observations(self, folder: Folder, box: Examined, found: Batch) -> Iterator[Observation]:
        prefix = f"{folder.name}/{box.validity}/"
        sent, subjects = folder.raw in self._chosen.sent, self._context.subjects
        since, now = self._since, self._context.now()
        for row in found.rows:
            if row.labels and b"\\Draft" in row.labels:
                continue
            message = read_message(
                f"{prefix}{row.uid}",
                row.header,
                parse_internal_date(row.arrived),
                sent=sent or b"\\Sent" in row.labels,
                subjects=subjects,
                now=now,
            )
            if message is not None and not (isinstance(message, Message) and message.at < since):
                yield message
        for uid, reason in found.unreadable.items():
            yield Unreadable(f"{prefix}{uid}", reason)

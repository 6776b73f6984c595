"""A mailbox at Outlook or Microsoft 365, over Microsoft Graph: who wrote to whom, never a text.

Sent mail is read first, because it tells the owner's addresses. How each folder is followed, and how far back it was
read, is kept in notes; the cursor is small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import BaseModel, Field

from connectors._fingerprint import fingerprint
from connectors._microsoft import MAIL, MicrosoftAccount, MicrosoftOptions
from connectors._outlook_mail_place import PREFIX, FolderNote, Place
from connectors._signing_in import SignsInByAccount
from syncd.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from connectors._outlook_mail_asking import Asker
    from connectors._outlook_mail_folders import Folder
    from syncd.connector import ConnectorOptions, Context, Page

ROLES: Final = "roles"
"""The key of the note on well-known names of folders."""

_NAMED: Final = 20
"""So many folders are named to whoever chose none of them."""


class OutlookMailOptions(MicrosoftOptions):
    """Whose mailbox it is, and what of it to read."""

    folders: tuple[str, ...] = Field((), description="only these folders; empty: all but drafts, junk and trash")
    skip: tuple[str, ...] = Field((), description="folders that are not read")


class OutlookMail(SignsInByAccount):
    """The connector `outlook-mail`."""

    Options: ClassVar[type[ConnectorOptions]] = OutlookMailOptions
    shows_meetings: ClassVar[bool] = False

    def __init__(self, options: OutlookMailOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._account: MicrosoftAccount = MicrosoftAccount(options, context, (MAIL,))

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """See `Connector.poll`. A message keeps its id when it moves, so it is one record in whatever folder it lies.

        Without a cursor, whatever the notes speak of is looked through, and only what is not known is read.
        """
        settings = self._fingerprint()
        place = Place.opened(cursor, settings)
        if self._context.stopping():
            return
        from connectors._outlook_mail_asking import Asker  # noqa: PLC0415 - nobody else waits for requests
        from connectors._outlook_mail_reading import Reading  # noqa: PLC0415 - likewise

        asker = Asker(self._account)
        try:
            folders, unwritten = self._folders(asker)
            self._warn(folders)
            notes = {
                key.removeprefix(PREFIX): note
                for key, text in self._context.memory.notes(PREFIX).items()
                if (note := FolderNote.read(text, settings))
            }
            tracks = self._options.cloud != "china"  # the page on message-delta: not available there
            reading = Reading(self._context, asker, place, since, cursor is not None, tracks, notes, unwritten)
            yield from reading.pages(folders)
        finally:
            self._account.close()

    def check(self) -> tuple[str, ...]:
        """Whether the account lets us in, and which folders would be read."""
        from connectors._outlook_mail_asking import Asker  # noqa: PLC0415 - nobody else waits for requests

        asker = Asker(self._account)
        try:
            folders, _ = self._folders(asker)
            headers = asker.headers() if any(folder.role == "inbox" for folder in folders) else ""
        finally:
            self._account.close()
        sent = ", ".join(folder.path for folder in folders if folder.sent)
        return (
            f"signed in to Microsoft as {self._options.user}",
            f"folders to read: {len(folders)}",
            *(f"no folder to read is called {name!r}" for name in self._unmet(folders)),
            f"sent mail: {sent or 'none of these folders, so everybody seems to wait for an answer'}",
            *filter(None, (headers,)),
        )

    def close(self) -> None:
        """Let go of the connection; safe to call twice, never raises."""
        self._account.close()

    def _folders(self, asker: Asker) -> tuple[tuple[Folder, ...], dict[str, str | None]]:
        """The folders to read, and the note on well-known names when it changed.

        They are asked for again only when there is another folder at the top: ids of folders stay when names change.
        """
        from connectors._outlook_mail_folders import chosen, find_roles, read_tree  # noqa: PLC0415 - likewise

        tree = read_tree(asker.every)
        kept = self._context.memory.notes(ROLES).get(ROLES)
        known = _Roles.read(kept)
        if known is None or set(known.tops) != tree.tops:
            known = _Roles(tops=sorted(tree.tops), roles=find_roles(lambda path: asker.one(path, {"$select": "id"})))
        there = tuple(tree.folders(known.roles))
        folders = chosen(there, self._options.folders, self._options.skip)
        if not folders:
            raise Misconfigured(
                f"No folder of {self._options.address} is called like those in `folders`.",
                f"There are: {', '.join(folder.path for folder in there[:_NAMED])}. Correct it in accounts."
                f"{self._context.account}, then type: syncd doctor {self._context.account}",
            )
        written = known.model_dump_json()
        return folders, {} if written == kept else {ROLES: written}

    def _unmet(self, folders: Sequence[Folder]) -> list[str]:
        """What the owner wants to be read, and is no folder's name."""
        return [name for name in self._options.folders if not any(folder.matches(name) for folder in folders)]

    def _warn(self, folders: Sequence[Folder]) -> None:
        for name in self._unmet(folders):
            self._context.log.warning("account %s: no folder to read is called %r", self._context.account, name)
        if not any(folder.sent for folder in folders):
            self._context.log.warning(
                "account %s: no folder of sent mail is read, so everybody seems to wait for an answer",
                self._context.account,
            )

    def _fingerprint(self) -> str:
        """What a cursor depends on: the mailbox, how far back, and what is asked of a message."""
        options = self._options
        return fingerprint(options.address, options.graph_root, options.first_sync, self._context.subjects)


class _Roles(BaseModel):
    """Well-known names of folders by their ids, and the folders at the top when they were asked for."""

    tops: list[str]
    roles: dict[str, str]

    @classmethod
    def read(cls, text: str | None) -> _Roles | None:
        """What a note says; None when there is none that can be read."""
        try:
            return cls.model_validate_json(text or "")
        except ValueError:
            return None

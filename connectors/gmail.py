"""A mailbox at Google, through the Gmail API: headers only, with the scope that shows no bodies (gmail.metadata).

The ids of all mail are listed once and wait in notes; they are read in batches, newest first, as fast as Google lets
us. From then on the mailbox's history tells what is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from connectors._fingerprint import fingerprint
from connectors._gmail_cursor import Place
from connectors._gmail_mailbox import Mailbox
from connectors._gmail_pace import Pace
from connectors._gmail_reading import Reading, begin
from connectors._google import GoogleAccount, GoogleOptions
from connectors._google_scopes import GMAIL_SCOPES
from connectors._signing_in import SignsInByAccount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from syncd.connector import ConnectorOptions, Context, Page


class GmailOptions(GoogleOptions):
    """A mailbox at Google."""

    most_per_minute: int = Field(
        3000, ge=1, le=15000, description="the most messages read in a minute; how many Google allows is found out"
    )


class Gmail(SignsInByAccount):
    """The connector `gmail`."""

    Options: ClassVar[type[ConnectorOptions]] = GmailOptions
    shows_meetings: ClassVar[bool] = False

    def __init__(self, options: GmailOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._account: GoogleAccount = GoogleAccount(options, context, GMAIL_SCOPES)
        self._mailbox = Mailbox(self._account, context)

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """See `Connector.poll`. New mail comes first; then the backlog, if there is one, in pages of one batch each.

        A message is reported when it arrives; that it is thrown away later changes nothing.
        """
        from connectors._google_errors import Stopped  # noqa: PLC0415 - googleapiclient loads slowly

        context, mailbox, settings = self._context, self._mailbox, self._fingerprint()
        place = Place.opened(cursor, settings)
        if context.stopping():
            return
        try:
            is_new = place is None
            place = place or begin(context, mailbox, settings)
            pace = Pace(place.tempo, self._options.most_per_minute, context)
            yield from Reading(context, mailbox, place, since, pace=pace, is_new=is_new).pages()
        except Stopped:
            return
        finally:
            self._mailbox.close()

    def check(self) -> tuple[str, ...]:
        """Who is signed in, and how many messages there are."""
        try:
            profile = self._mailbox.profile()
        finally:
            self._mailbox.close()
        return (f"signed in as {profile.address}", f"{profile.messages} messages in the mailbox")

    def close(self) -> None:
        """Let go of the connection; safe to call twice, never raises."""
        self._mailbox.close()

    def _fingerprint(self) -> str:
        """What a cursor depends on: whose mailbox, how far back, and what is asked of a message."""
        options = self._options
        return fingerprint(options.address, options.subject, options.first_sync, self._context.subjects)

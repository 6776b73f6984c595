"""The calendars of one account at Microsoft, read through Graph: who met whom, and who is going to.

What is inside a window about today is compared with what was reported, whenever something changed and once a day; what
lies before it is read once. What the calendar no longer holds is removed, also in the past: its owner took it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, StringConstraints

from connectors._fingerprint import fingerprint
from connectors._microsoft import CALENDARS, MicrosoftAccount
from connectors._microsoft_options import MicrosoftOptions
from connectors._outlook_calendar_cursor import Cursor
from connectors._signing_in import SignsInByAccount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connectors._outlook_calendar_reading import Reading
    from syncd.connector import ConnectorOptions, Context, Page

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class OutlookCalendarOptions(MicrosoftOptions):
    """Whose calendars, and which of them."""

    calendars: tuple[Name, ...] = Field(
        (), description="which calendars, by their names or ids; the default calendar when left out"
    )


class OutlookCalendar(SignsInByAccount):
    """The connector `outlook-calendar`."""

    Options: ClassVar[type[ConnectorOptions]] = OutlookCalendarOptions

    def __init__(self, options: OutlookCalendarOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._account: MicrosoftAccount = MicrosoftAccount(options, context, (CALENDARS,))

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """See `Connector.poll`. Whatever a calendar no longer holds within 90 days back and 61 ahead is removed.

        It is asked for by name before, so neither an answer with an error nor one that is too short removes anything.
        """
        yield from self._reading().pages(Cursor.opened(cursor, self._fingerprint()), since)

    def check(self) -> tuple[str, ...]:
        """Which calendars are read, and how many of their events say who takes part."""
        return self._reading().check()

    def close(self) -> None:
        """Let go of the connection."""
        self._account.close()

    def _reading(self) -> Reading:
        from connectors._outlook_calendar_reading import Reading  # noqa: PLC0415 - it brings requests along

        options = self._options
        return Reading(self._account, self._context, options.calendars, options.own_addresses())

    def _fingerprint(self) -> str:
        """What the records and the links depend on; not which calendars: each of them has a place of its own."""
        options, context = self._options, self._context
        mailbox = options.graph_root, options.address, options.user
        return fingerprint(*mailbox, options.first_sync, str(context.time_zone), context.subjects)

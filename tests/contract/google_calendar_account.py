"""A Google account with calendars, from both sides: what a test puts in, and a connector that reads it over HTTP."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from connectors._google_scopes import CALENDAR_SCOPES
from connectors.google_calendar import GoogleCalendar, GoogleCalendarOptions
from syncd.connector import SecretRef
from syncd.memory import Remembered
from syncd.model import Meeting, Removal
from syncd.testing import context
from tests.contract.google_remote import CLIENT, GoogleRemote

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from googleapiclient._apis.calendar.v3.schemas import Event, EventAttendee, EventDateTime

    from syncd.connector import Connector, Memory, Page
    from syncd.model import Observation
    from tests.servers.google import Google
    from tests.servers.google_calendar_events import Calendar
    from tests.servers.google_clock import FakeClock

ROME = "Europe/Rome"
DAY = timedelta(days=1)
YEAR = 365 * DAY
KEY: Final = SecretRef(env="KEY")


def at(when: datetime, zone: str = ROME) -> EventDateTime:
    """A moment as Google writes it, in the zone it was meant in."""
    return {"dateTime": when.astimezone(UTC).isoformat(), "timeZone": zone}


def guests(*addresses: str) -> list[EventAttendee]:
    """Attendees who accepted."""
    return [{"email": address, "responseStatus": "accepted"} for address in addresses]


def meeting(start: datetime, *addresses: str, **fields: object) -> Event:
    """An hour with these people."""
    event = {
        "summary": "A talk",
        "start": at(start),
        "end": at(start + timedelta(hours=1)),
        "attendees": guests(*addresses or ("ada@example.org",)),
        **fields,
    }
    return cast("Event", event)


def weekly(start: datetime, **fields: object) -> Event:
    return meeting(start, recurrence=["RRULE:FREQ=WEEKLY"], **fields)


class CalendarAccount(GoogleRemote):
    """An account that is signed in; a `Remote`. With a `subject` a service account reads for them instead."""

    def __init__(self, google: Google, clock: FakeClock, *, time_zone: tzinfo = UTC) -> None:
        super().__init__(google, clock, CALENDAR_SCOPES)
        self.time_zone = time_zone
        self.subject = ""
        self.pages: list[Page] = []
        self._added = 0

    @property
    def primary(self) -> Calendar:
        """The owner's own calendar."""
        return self.google.calendars.primary

    @property
    def since(self) -> datetime:
        return self.clock() - YEAR

    @property
    def plenty(self) -> int:
        return 12

    def open(
        self,
        *,
        stopping: Callable[[], bool] = lambda: False,
        subjects: bool = True,
        memory: Memory | None = None,
        calendars: Sequence[str] = ("primary",),
    ) -> Connector:
        options = GoogleCalendarOptions(
            type="google-calendar",
            address=self.google.address,
            client=None if self.subject else CLIENT,
            service_account=KEY if self.subject else None,
            subject=self.subject or None,
            endpoint=self.google.endpoint,
            calendars=tuple(calendars),
        )
        lent = context(
            now=self.clock,
            pause=self.clock.pause,
            stopping=stopping,
            subjects=subjects,
            memory=memory,
            tokens=self.tokens,
            secrets={CLIENT: self.google.client_json(), KEY: self.google.oauth.service_account_json()},
            time_zone=self.time_zone,
        )
        return GoogleCalendar(options, lent)

    def read(
        self,
        *,
        afresh: bool = False,
        calendars: Sequence[str] = ("primary",),
        subjects: bool = True,
        pages: int | None = None,
    ) -> dict[str, Observation]:
        """Poll once more after everything read so far, or as if for the first time; what was reported by this poll.

        With `pages` it is abandoned after so many, as a crash would.
        """
        before = [] if afresh else self.pages
        memory = Remembered(before)
        connector = self.open(memory=memory, calendars=calendars, subjects=subjects)
        return self._polled(connector, memory, before, before[-1].cursor if before else None, pages)

    def relist(self, *, pages: int | None = None) -> dict[str, Observation]:
        """Poll after the cursor was dropped, as the house does when it expired: notes and records stand."""
        memory = Remembered(self.pages)
        return self._polled(self.open(memory=memory), memory, self.pages, None, pages)

    def _polled(
        self, connector: Connector, memory: Remembered, kept: list[Page], cursor: str | None, pages: int | None
    ) -> dict[str, Observation]:
        found: list[Page] = []
        with closing(connector):
            for page in connector.poll(cursor, self.since):
                memory.keep(page)
                found.append(page)
                kept.append(page)
                if len(found) == pages:
                    break
        return {seen.remote_id: seen for page in found for seen in page.observations}

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            self._added += 1
            start = self.clock() + timedelta(days=10 - self._added)
            self.primary.put(
                {
                    "summary": f"Meeting {self._added}",
                    "start": at(start),
                    "end": at(start + timedelta(hours=1)),
                    "attendees": guests("ada@example.org"),
                }
            )

    def add_hostile(self) -> None:
        self._added += 1
        start = self.clock()
        event_id = self.primary.put({"start": at(start), "end": at(start + timedelta(hours=1))})
        self.primary.break_event(event_id, start={"dateTime": "soon"})

    def remove(self, remote_id: str) -> None:
        self.primary.cancel(remote_id.partition("/")[2])

    def expire(self) -> None:
        self.primary.expire_sync_tokens()


def facts(account: CalendarAccount) -> dict[str, Observation]:
    """What a store holds after everything that was read."""
    last = {seen.remote_id: seen for page in account.pages for seen in page.observations}
    return {name: seen for name, seen in last.items() if not isinstance(seen, Removal)}


def meetings(account: CalendarAccount) -> list[Meeting]:
    return sorted((seen for seen in facts(account).values() if isinstance(seen, Meeting)), key=lambda seen: seen.start)


def addresses(seen: Observation) -> set[str]:
    assert isinstance(seen, Meeting)
    return {person.address for person in seen.participants}

"""The calendars of one Google account: the calendar list, and the way from a call to the calendar that answers it.

Filled with Google's own event JSON. Change it from the test between requests, or let `during_listing` of a calendar
change it between two pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.servers.google_calendar_events import GONE, Calendar
from tests.servers.google_replies import Answer, Call, Refusal, not_found, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from googleapiclient._apis.calendar.v3.schemas import CalendarListEntry

EVENTS: Final = "https://www.googleapis.com/auth/calendar.events.readonly"
CALENDAR_LIST: Final = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"

_ROLES: Final = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")


class Calendars:
    """The calendars one account sees; its primary one is there from the start, under the account's address."""

    def __init__(self, account: str, now: Callable[[], datetime], time_zone: str = "Europe/Rome") -> None:
        self.account = account
        self.all: dict[str, Calendar] = {}
        self._now = now
        self._serial = 0
        self._changed: dict[str, int] = {}
        self.add(account, account, time_zone=time_zone, primary=True)

    @property
    def primary(self) -> Calendar:
        """The account's own calendar."""
        return self.all[self.account]

    def add(
        self,
        calendar_id: str,
        summary: str,
        *,
        access_role: str = "owner",
        time_zone: str = "Europe/Rome",
        primary: bool = False,
        hidden: bool = False,
    ) -> Calendar:
        """Subscribe the account to a calendar."""
        entry: CalendarListEntry = {
            "kind": "calendar#calendarListEntry",
            "etag": '"1"',
            "id": calendar_id,
            "summary": summary,
            "timeZone": time_zone,
            "accessRole": access_role,
            "selected": True,
            "defaultReminders": [],
        }
        if primary:
            entry["primary"] = True
        if hidden:
            entry["hidden"] = True
        self.all[calendar_id] = Calendar(entry, self._now)
        self._touch(calendar_id)
        return self.all[calendar_id]

    def remove(self, calendar_id: str) -> None:
        """Take a calendar off the list: deleted there, 404 for its events."""
        self.all[calendar_id].entry["deleted"] = True
        self._touch(calendar_id)

    def restrict(self, calendar_id: str, access_role: str) -> None:
        """Give the account another role on a calendar ("freeBusyReader" hides what events are about)."""
        self.all[calendar_id].entry["accessRole"] = access_role
        self._touch(calendar_id)

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return tuple((key, calendar.snapshot()) for key, calendar in sorted(self.all.items()))

    def answer(self, call: Call) -> Answer:
        """What the API says; raises Refusal."""
        match call.method:
            case "calendar.calendarList.list":
                return self._list(call)
            case "calendar.calendarList.get":
                return Answer.honest(self._find(call).entry)
            case "calendar.events.list":
                return self._find(call).list_events(call)
            case "calendar.events.get":
                return self._find(call).get_event(call)
            case _:
                return self._find(call).list_instances(call)

    def _find(self, call: Call) -> Calendar:
        wanted = call.parts["calendarId"]
        calendar = self.all.get(self.account if wanted == "primary" else wanted)
        if calendar is None or calendar.entry.get("deleted"):
            raise not_found("Not Found")
        return calendar

    def _list(self, call: Call) -> Answer:
        since = -1
        if token := call.text("syncToken"):
            match unseal(token):
                case ["l", int(since)]:
                    pass
                case _:
                    raise Refusal(410, "fullSyncRequired", GONE, domain="calendar", location="syncToken")
        start = 0
        match unseal(call.text("pageToken")):
            case ["c", int(start)]:
                pass
        least = _ROLES.index(call.text("minAccessRole", "freeBusyReader"))
        shown = [
            calendar.entry
            for key, calendar in self.all.items()
            if self._changed[key] > since
            and _ROLES.index(calendar.entry["accessRole"]) >= least
            and (since >= 0 or call.flag("showDeleted") or not calendar.entry.get("deleted"))
            and (since >= 0 or call.flag("showHidden") or not calendar.entry.get("hidden"))
        ]
        most = call.number("maxResults", 100, 250)
        body: dict[str, object] = {
            "kind": "calendar#calendarList",
            "etag": f'"p{self._serial:08d}"',
            "items": shown[start : start + most],
        }
        if start + most < len(shown):
            body["nextPageToken"] = seal("c", start + most)
        else:
            body["nextSyncToken"] = seal("l", self._serial)
        return Answer.honest(body)

    def _touch(self, calendar_id: str) -> None:
        self._serial += 1
        self._changed[calendar_id] = self._serial

"""Calendars as Google's API shows them: the calendar list, events, instances, incremental listings with sync tokens.

Filled with Google's own event JSON. It answers calls; the server around it checks tokens and the contract. Change it
from the test between requests, or let `during_listing` change it between two pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, cast

from tests.servers.google_events import (
    goes_on,
    in_zone,
    instance_id,
    instances,
    is_within,
    only_busy,
    remains,
    span,
    with_most_attendees,
)
from tests.servers.google_replies import Answer, Call, Refusal, not_found, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from googleapiclient._apis.calendar.v3.schemas import CalendarListEntry, Event, EventDateTime

EVENTS: Final = "https://www.googleapis.com/auth/calendar.events.readonly"
CALENDAR_LIST: Final = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"

_NOT_WITH_TOKEN: Final = (
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
)  # fmt: skip
_NO_TOKEN_AFTER: Final = frozenset(_NOT_WITH_TOKEN) - {"timeMin"}
_FREE_PARAMETERS: Final = frozenset(
    ["maxResults", "pageToken", "syncToken", "timeMin", "timeMax", "fields", "prettyPrint", "alt", "key", "quotaUser"]
)
_EXPANDS_AHEAD: Final = timedelta(days=730)
_ROLES: Final = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
_GONE: Final = "Sync token is no longer valid, a full sync is required."


@dataclass(slots=True)
class _Kept:
    event: Event
    place: int
    serial: int
    was: list[tuple[datetime, datetime]] = field(default_factory=list)
    broken: dict[str, object] = field(default_factory=dict)


class Calendar:
    """One calendar and its events.

    `page_most` makes pages shorter than asked; so many `empty_pages` come first; with `omits_sync_token` the last page
    carries none; `on_changed_parameters` says what a sync token with other parameters than its own gets: "400", or
    "garbage" (nothing, and a new token: the undefined behaviour the documentation warns of).
    """

    def __init__(self, entry: CalendarListEntry, now: Callable[[], datetime]) -> None:
        self.entry = entry
        self.kept: dict[str, _Kept] = {}
        self.during_listing: dict[int, Callable[[], None]] = {}
        self.pages = 0
        self.page_most = 2500
        self.empty_pages = 0
        self.omits_sync_token = False
        self.on_changed_parameters = "400"
        self._now = now
        self._serial = 0
        self._epoch = 0
        self._gone_on_page = 1

    @property
    def zone(self) -> str:
        """The calendar's own time zone."""
        return self.entry["timeZone"]

    # Filling

    def put(self, event: Event) -> str:
        """Create an event, or replace the one of the same id, as an organizer does; what Google adds is added. Its id.

        An exception of a series has `recurringEventId` and `originalStartTime`; its id follows from them.
        """
        self._serial += 1
        full = event.copy()
        if "recurringEventId" in full and "id" not in full:
            full["id"] = instance_id(full["recurringEventId"], full["originalStartTime"], self.zone)
        full.setdefault("id", f"event{self._serial:06d}")
        before = self.kept.get(full["id"])
        stamp = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        origin: Event = self.kept[full["recurringEventId"]].event if full.get("recurringEventId") in self.kept else full
        defaults: Event = {
            "kind": "calendar#event",
            "status": "confirmed",
            "created": stamp,
            "iCalUID": origin.get("iCalUID", f"{origin['id']}@google.com"),
            "eventType": "default",
            "organizer": {"email": self.entry["id"], "self": True},
            "sequence": 0,
        }
        full = {**defaults, **full}
        if before or "updated" not in event:
            full["updated"] = stamp
        full["etag"] = f'"{self._serial:016d}"'
        kept = _Kept(full, before.place if before else len(self.kept), self._serial, before.was if before else [])
        if when := span(full, self.zone):
            kept.was.append(when)
        self.kept[full["id"]] = kept
        return full["id"]

    def load(self, events: Iterable[Event]) -> None:
        """Create many events."""
        for event in events:
            self.put(event)

    def change(self, event_id: str, **fields: object) -> None:
        """Replace some fields of an event; None takes one away."""
        changed = {**self.kept[event_id].event, **fields}
        self.put(cast("Event", {name: value for name, value in changed.items() if value is not None}))

    def cancel(self, event_id: str) -> None:
        """Delete an event: it is shown as cancelled from now on."""
        self.change(event_id, status="cancelled")

    def cancel_instance(self, master_id: str, original: EventDateTime) -> str:
        """Delete one occurrence of a series: a cancelled exception. Its id."""
        return self.put({"recurringEventId": master_id, "originalStartTime": original, "status": "cancelled"})

    # Breaking

    def expire_sync_tokens(self, *, on_page: int = 1) -> None:
        """No sync token handed out so far is honoured: 410, on this page of a listing (and those after it)."""
        self._epoch += 1
        self._gone_on_page = on_page

    def break_event(self, event_id: str, **fields: object) -> None:
        """Show these fields of an event instead of its own: `start=None` (left out), `end={"date": "tomorrow"}`."""
        self.kept[event_id].broken.update(fields)

    # Looking

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return dict(self.entry), tuple((key, kept.serial, repr(kept.event)) for key, kept in sorted(self.kept.items()))

    # Answering

    def list_events(self, call: Call) -> Answer:
        """events.list."""
        token = call.text("syncToken")
        since = self._since(call, token) if token else None
        _refuse_combinations(call)
        place = self._place(call)
        stale = since is not None and since.epoch != self._epoch
        if stale and place.page >= self._gone_on_page:
            raise Refusal(410, "fullSyncRequired", _GONE, domain="calendar", location="syncToken")
        most = min(call.number("maxResults", 250, 2500), self.page_most)
        if since and since.garbage:
            return self._answer(call, [], "", self._sync_token(call, place.serial, since))
        if place.page <= self.empty_pages:
            following = seal("e", place.serial, place.last, place.page + 1, _print(call, pages=True))
            return self._answer(call, [], following, "")
        shown = [(key, event) for key, event in self._shown(call, since) if key > place.last]
        shown.sort(key=lambda pair: pair[0])
        page = shown[:most]
        following = ""
        if len(shown) > most:
            following = seal("e", place.serial, page[-1][0], place.page + 1, _print(call, pages=True))
        token = "" if following else self._sync_token(call, place.serial, since)
        return self._answer(call, [event for _, event in page], following, token)

    def get_event(self, call: Call) -> Answer:
        """events.get."""
        return self._one(call, self._find(call.parts["eventId"]))

    def list_instances(self, call: Call) -> Answer:
        """events.instances."""
        master = self._find(call.parts["eventId"])
        if "recurrence" not in master:
            raise Refusal(400, "invalid", "The event is not a recurring event.")
        place = self._place(call)
        most = min(call.number("maxResults", 250, 2500), self.page_most)
        shown = [
            (key, event)
            for key, event in self._expanded(self.kept[master["id"]], _window(call), with_exceptions=True)
            if key > place.last and (event["status"] != "cancelled" or call.flag("showDeleted"))
        ]
        if master["status"] == "cancelled":
            shown = []
        following = ""
        if len(shown) > most:
            following = seal("e", place.serial, shown[most - 1][0], place.page + 1, _print(call, pages=True))
        return self._answer(call, [event for _, event in shown[:most]], following, "")

    def _find(self, event_id: str) -> Event:
        if event_id in self.kept:
            return self.kept[event_id].event
        kept = self.kept.get(event_id.rpartition("_")[0])
        if kept and "recurrence" in kept.event:
            for _, event in self._expanded(kept, (None, None)):
                if event["id"] == event_id:
                    return event
        raise not_found("Not Found")

    def _shown(self, call: Call, since: _Since | None) -> Iterator[tuple[str, Event]]:
        """What a listing shows, each with the key of its place in the listing's order."""
        window = (since.earliest, since.latest) if since else _window(call)
        updated = call.text("updatedMin")
        kinds, uid = set(call.texts("eventTypes")), call.text("iCalUID")
        single = call.flag("singleEvents")
        for kept in list(self.kept.values()):
            event = kept.event
            if since and kept.serial <= since.serial:
                continue
            if updated and _moment(event["updated"]) < _moment(updated):
                continue
            if (kinds and event["eventType"] not in kinds) or (uid and event["iCalUID"] != uid):
                continue
            if not self._in_view(kept, call, since, window):
                continue
            if single and "recurrence" in event and event["status"] != "cancelled":
                yield from self._expanded(kept, window)
            elif single and "recurrence" in event:
                yield from self._cancelled_instances(kept, window)
            else:
                yield _key(call, kept, event, since), event

    def _in_view(
        self,
        kept: _Kept,
        call: Call,
        since: _Since | None,
        window: tuple[datetime | None, datetime | None],
    ) -> bool:
        event = kept.event
        master = self.kept.get(event.get("recurringEventId", ""))
        if event["status"] == "cancelled":
            told = since is not None or call.flag("showDeleted") or "updatedMin" in call.query
            orphan = master is None or master.event["status"] == "cancelled"
            if not told and (call.flag("singleEvents") or "recurringEventId" not in event or orphan):
                return False
        elif master and master.event["status"] == "cancelled":
            return False
        if since and any(is_within(was, *window) for was in kept.was):
            return True
        if "recurrence" in event:
            when = span(event, self.zone)
            return is_within(when and (when[0], datetime.max.replace(tzinfo=UTC)), *window) and (
                window[0] is None or goes_on(event, self.zone, window[0])
            )
        where = event
        if "start" not in event and "originalStartTime" in event:
            where = {"start": event["originalStartTime"]}
        return is_within(span(where, self.zone), *window)

    def _expanded(
        self, kept: _Kept, window: tuple[datetime | None, datetime | None], *, with_exceptions: bool = False
    ) -> Iterator[tuple[str, Event]]:
        earliest, latest = window
        exceptions = {
            key: each.event for key, each in self.kept.items() if each.event.get("recurringEventId") == kept.event["id"]
        }
        latest = latest or self._now() + _EXPANDS_AHEAD
        for event in instances(kept.event, exceptions, self.zone, latest, earliest):
            if with_exceptions or event["id"] not in exceptions:
                yield f"{kept.place:09d} {event['id']}", event

    def _cancelled_instances(
        self, kept: _Kept, window: tuple[datetime | None, datetime | None]
    ) -> Iterator[tuple[str, Event]]:
        for key, event in self._expanded(kept, window):
            yield key, {**event, "status": "cancelled"}

    def _answer(self, call: Call, events: Sequence[Event], following: str, token: str) -> Answer:
        shown = [(event["id"], self._view(call, event)) for event in events]
        body: dict[str, object] = {
            "kind": "calendar#events",
            "etag": f'"p{self._serial:08d}"',
            "summary": self.entry["summary"],
            "updated": self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "timeZone": call.text("timeZone") or self.zone,
            "accessRole": self.entry["accessRole"],
            "defaultReminders": [],
            "items": [self._told(key, event) for key, event in shown],
        }
        if following:
            body["nextPageToken"] = following
        elif token:
            body["nextSyncToken"] = token
        self.pages += 1
        self.during_listing.get(self.pages, _nothing)()
        return Answer(body, {**body, "items": [event for key, event in shown if not self._is_broken(key)]})

    def _one(self, call: Call, event: Event) -> Answer:
        shown = self._view(call, event)
        told = self._told(event["id"], shown)
        return Answer(told, None if self._is_broken(event["id"]) else told)

    def _view(self, call: Call, event: Event) -> Event:
        if event["status"] == "cancelled":
            return remains(event)
        role = self.entry["accessRole"]
        hidden = event.get("visibility") in ("private", "confidential") and role not in ("owner", "writer")
        shown = only_busy(event) if role == "freeBusyReader" or hidden else event
        if "maxAttendees" in call.query:
            shown = with_most_attendees(shown, call.number("maxAttendees", 1, 10**6))
        return in_zone(shown, call.text("timeZone")) if "timeZone" in call.query else shown

    def _is_broken(self, key: str) -> bool:
        return key in self.kept and bool(self.kept[key].broken)

    def _told(self, key: str, event: Event) -> Mapping[str, object]:
        if not self._is_broken(key):
            return event
        return {name: value for name, value in {**event, **self.kept[key].broken}.items() if value is not None}

    def _place(self, call: Call) -> _Place:
        token = call.text("pageToken")
        if not token:
            return _Place(self._serial, "", 1)
        match unseal(token):
            case ["e", int(serial), str(last), int(page), str(mark)] if mark == _print(call, pages=True):
                return _Place(serial, last, page)
        raise Refusal(400, "invalid", "Invalid page token value.", location="pageToken")

    def _since(self, call: Call, token: str) -> _Since:
        match unseal(token):
            case ["s", str(calendar), int(epoch), int(serial), str(mark), str(earliest), str(latest)] if (
                calendar == self.entry["id"]
            ):
                strange = mark != _print(call)
                if strange and self.on_changed_parameters == "400":
                    raise Refusal(
                        400, "invalid", "Sync token was issued for other query parameters.", location="syncToken"
                    )
                return _Since(epoch, serial, earliest, latest, garbage=strange)
        raise Refusal(400, "invalid", "Invalid sync token value.", location="syncToken")

    def _sync_token(self, call: Call, serial: int, since: _Since | None) -> str:
        if self.omits_sync_token or not _NO_TOKEN_AFTER.isdisjoint(call.query):
            return ""
        earliest, latest = (since.told_earliest, since.told_latest) if since else (call.text("timeMin"), "")
        return seal("s", self.entry["id"], self._epoch, serial, _print(call), earliest, latest)


@dataclass(frozen=True, slots=True)
class _Place:
    serial: int
    last: str
    page: int


@dataclass(frozen=True, slots=True)
class _Since:
    epoch: int
    serial: int
    told_earliest: str
    told_latest: str
    garbage: bool = False

    @property
    def earliest(self) -> datetime | None:
        return _moment(self.told_earliest) if self.told_earliest else None

    @property
    def latest(self) -> datetime | None:
        return _moment(self.told_latest) if self.told_latest else None


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
                    raise Refusal(410, "fullSyncRequired", _GONE, domain="calendar", location="syncToken")
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


def _refuse_combinations(call: Call) -> None:
    if "syncToken" in call.query:
        for name in _NOT_WITH_TOKEN:
            if name in call.query:
                message = "Sync token cannot be combined with other search restrictions."
                raise Refusal(400, "invalid", message, location=name)
        if call.text("showDeleted") == "false":
            raise Refusal(400, "invalid", "showDeleted cannot be false with a sync token.", location="showDeleted")
    if call.text("orderBy") == "startTime" and not call.flag("singleEvents"):
        message = "The requested ordering is not available for the particular query."
        raise Refusal(400, "orderByStartTimeRequiresSingleEvents", message, location="orderBy")
    for name in ("q", "privateExtendedProperty", "sharedExtendedProperty"):
        if name in call.query:
            raise Refusal(501, "notImplemented", f"This double does not search by {name}.", location=name)
    earliest, latest = _window(call)
    if earliest and latest and earliest >= latest:
        raise Refusal(
            400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar", location="timeMax"
        )


def _window(call: Call) -> tuple[datetime | None, datetime | None]:
    earliest, latest = call.text("timeMin"), call.text("timeMax")
    return _moment(earliest) if earliest else None, _moment(latest) if latest else None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "badRequest", "Bad Request") from None
    if moment.tzinfo is None:
        raise Refusal(400, "badRequest", "Bad Request")
    return moment


def _key(call: Call, kept: _Kept, event: Event, since: _Since | None) -> str:
    match call.text("orderBy"):
        case "startTime":
            when = span(event, "UTC")
            return f"{when[0].isoformat() if when else ''} {event['id']}"
        case "updated":
            return f"{event['updated']} {event['id']}"
    return f"{kept.serial if since else kept.place:09d} {event['id']}"


def _print(call: Call, *, pages: bool = False) -> str:
    """The parameters a token belongs to."""
    free = {"maxResults", "pageToken"} if pages else _FREE_PARAMETERS
    told = sorted((name, sorted(values)) for name, values in call.query.items() if name not in free)
    return sha256(repr(told).encode()).hexdigest()[:12]


def _nothing() -> None:
    """Nothing happens between these pages."""

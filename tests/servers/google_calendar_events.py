"""One Google calendar: its events, how a test changes and breaks them, and the answers of events.list and its kin."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from tests.servers.google_calendar_query import Query, Since, Window, moment
from tests.servers.google_events import (
    goes_on,
    in_zone,
    instance_id,
    instances,
    only_busy,
    remains,
    span,
    with_most_attendees,
)
from tests.servers.google_replies import Answer, Call, Refusal, not_found, nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from googleapiclient._apis.calendar.v3.schemas import CalendarListEntry, Event, EventDateTime

GONE: Final = "Sync token is no longer valid, a full sync is required."
_EXPANDS_AHEAD: Final = timedelta(days=730)
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)
_STAMP: Final = "%Y-%m-%dT%H:%M:%S.000Z"


@dataclass(slots=True)
class _Kept:
    """An event, its place in the calendar, the number of its last change, and all the times it ever had."""

    event: Event
    place: int
    serial: int
    was: list[tuple[datetime, datetime]]
    broken: dict[str, object] = field(default_factory=dict)


class Calendar:
    """One calendar and its events.

    `during_listing` maps the number of a page of events, counted from 1 over this calendar's life, to what happens
    right after it. `page_most` makes pages shorter than asked; so many `empty_pages` come first; with
    `omits_sync_token` the last page carries none; `on_changed_parameters` says what a sync token with other parameters
    than its own gets: "400", or "garbage" (no events and a new token: the undefined behaviour the documentation warns
    of). `sparse_cancellations` leaves out where a deleted occurrence belonged; `tells_all_of_cancelled` leaves nothing
    out, as it happens with events that others organize.
    """

    def __init__(self, entry: CalendarListEntry, now: Callable[[], datetime]) -> None:
        self.entry = entry
        self.during_listing: dict[int, Callable[[], None]] = {}
        self.pages = 0
        self.page_most = 2500
        self.empty_pages = 0
        self.omits_sync_token = False
        self.on_changed_parameters = "400"
        self.sparse_cancellations = False
        self.tells_all_of_cancelled = False
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._serial = 0
        self._epoch = 0
        self._gone_on_page = 1

    @property
    def zone(self) -> str:
        """The calendar's own time zone."""
        return self.entry["timeZone"]

    def event(self, event_id: str) -> Event:
        """An event as it is kept."""
        return self._kept[event_id].event

    def ids(self) -> tuple[str, ...]:
        """The ids of everything that was ever put here."""
        return tuple(self._kept)

    # Filling

    def put(self, event: Event) -> str:
        """Create an event, or replace the one of the same id, as an organizer does; what Google adds is added. Its id.

        An exception of a series has `recurringEventId` and `originalStartTime`; its id follows from them.
        """
        self._serial += 1
        told = event.copy()
        if "recurringEventId" in told and "id" not in told:
            told["id"] = instance_id(told["recurringEventId"], told["originalStartTime"], self.zone)
        told.setdefault("id", f"event{self._serial:06d}")
        before = self._kept.get(told["id"])
        series = self._kept.get(told.get("recurringEventId", ""))
        stamp = self._now().astimezone(UTC).strftime(_STAMP)
        full: Event = {
            "kind": "calendar#event",
            "status": "confirmed",
            "created": before.event["created"] if before else stamp,
            "updated": stamp,
            "iCalUID": series.event["iCalUID"] if series else f"{told['id']}@google.com",
            "eventType": "default",
            "organizer": {"email": self.entry["id"], "self": True},
            "sequence": 0,
            **told,
            "etag": f'"{self._serial:016d}"',
        }
        if before:
            full["updated"] = stamp
        was = before.was if before else []
        if when := span(full, self.zone):
            was.append(when)
        self._kept[full["id"]] = _Kept(full, before.place if before else len(self._kept), self._serial, was)
        if before and before.event["status"] == "cancelled" != full["status"]:
            self._tell_exceptions_again(full["id"])
        return full["id"]

    def load(self, events: Iterable[Event]) -> None:
        """Create many events."""
        for event in events:
            self.put(event)

    def change(self, event_id: str, **fields: object) -> None:
        """Replace some fields of an event; None takes one away."""
        changed = {**self.event(event_id), **fields}
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
        self._kept[event_id].broken.update(fields)

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return repr(self.entry), tuple((key, kept.serial, repr(kept.event)) for key, kept in self._kept.items())

    # Answering

    def list_events(self, call: Call) -> Answer:
        """events.list."""
        query = Query(call, self.entry["id"], self._serial)
        since, place = query.since, query.place
        if since and since.epoch != self._epoch and place.page >= self._gone_on_page:
            raise Refusal(410, "fullSyncRequired", GONE, domain="calendar", location="syncToken")
        if since and not since.same:
            if self.on_changed_parameters == "400":
                message = "Sync token was issued for other query parameters."
                raise Refusal(400, "invalid", message, location="syncToken")
            return self._answer(call, [], token=query.sync_token(self._epoch))
        if place.page <= self.empty_pages:
            return self._answer(call, [], following=query.following(place.last))
        return self._paged(query, sorted(self._shown(query), key=lambda pair: pair[0]))

    def list_instances(self, call: Call) -> Answer:
        """events.instances."""
        master = self._find(call.parts["eventId"])
        if "recurrence" not in master:
            raise Refusal(400, "invalid", "The event is not a recurring event.")
        query = Query(call, self.entry["id"], self._serial)
        shown = [
            (event["id"], event)
            for event in self._instances(master, query.window, self._exceptions(master["id"]))
            if master["status"] != "cancelled" and (event["status"] != "cancelled" or call.flag("showDeleted"))
        ]
        return self._paged(query, shown, continues=False)

    def get_event(self, call: Call) -> Answer:
        """events.get."""
        event = self._find(call.parts["eventId"])
        told = self._told(event["id"], self._view(call, event))
        return Answer(told, None if self._is_broken(event["id"]) else told)

    def _paged(self, query: Query, shown: list[tuple[str, Event]], *, continues: bool = True) -> Answer:
        most = min(query.call.number("maxResults", 250, 2500), self.page_most)
        left = [(key, event) for key, event in shown if key > query.place.last]
        page = [event for _, event in left[:most]]
        if len(left) > most:
            return self._answer(query.call, page, following=query.following(left[most - 1][0]))
        token = query.sync_token(self._epoch) if continues and not self.omits_sync_token else ""
        return self._answer(query.call, page, token=token)

    def _answer(self, call: Call, events: Sequence[Event], *, following: str = "", token: str = "") -> Answer:
        shown = [(event["id"], self._view(call, event)) for event in events]
        body: dict[str, object] = {
            "kind": "calendar#events",
            "etag": f'"p{self._serial:08d}"',
            "summary": self.entry["summary"],
            "updated": self._now().astimezone(UTC).strftime(_STAMP),
            "timeZone": call.text("timeZone") or self.zone,
            "accessRole": self.entry["accessRole"],
            "defaultReminders": [],
            "items": [self._told(key, event) for key, event in shown],
        }
        body |= {"nextPageToken": following} if following else {}
        body |= {"nextSyncToken": token} if token else {}
        self.pages += 1
        self.during_listing.get(self.pages, nothing)()
        return Answer(body, {**body, "items": [event for key, event in shown if not self._is_broken(key)]})

    def _shown(self, query: Query) -> Iterator[tuple[str, Event]]:
        """What a listing shows, each with the key of its place in the listing's order."""
        call, since = query.call, query.since
        updated = moment(call.text("updatedMin"))
        kinds, uid = set(call.texts("eventTypes")), call.text("iCalUID")
        for kept in tuple(self._kept.values()):
            event = kept.event
            if since and kept.serial <= since.serial:
                continue
            if (kinds and event["eventType"] not in kinds) or (uid and event["iCalUID"] != uid):
                continue
            if updated and datetime.fromisoformat(event["updated"]) < updated:
                continue
            if self._is_hidden(event, call, since) or not self._is_within(kept, query.window, since):
                continue
            if "recurrence" in event and call.flag("singleEvents"):
                own = self._exceptions(event["id"])
                for each in self._instances(event, query.window, own):
                    if each["id"] not in own:
                        yield _key(call, kept, each, since), each
            else:
                yield _key(call, kept, event, since), event

    def _is_hidden(self, event: Event, call: Call, since: Since | None) -> bool:
        """What was deleted is shown to those who ask, or continue; an exception as long as its series stands."""
        if event["status"] != "cancelled":
            return self._is_orphan(event)
        if since or call.flag("showDeleted") or "updatedMin" in call.query:
            return False
        return call.flag("singleEvents") or "recurringEventId" not in event or self._is_orphan(event)

    def _is_orphan(self, event: Event) -> bool:
        series = self._kept.get(event.get("recurringEventId", ""))
        return series is not None and series.event["status"] == "cancelled"

    def _is_within(self, kept: _Kept, window: Window, since: Since | None) -> bool:
        """In the window now; or once, when a listing continues: what moved out of it is told too."""
        event = kept.event
        if since and any(window.holds(was) for was in kept.was):
            return True
        if "start" not in event and "originalStartTime" in event:
            return window.holds(span({"start": event["originalStartTime"]}, self.zone))
        when = span(event, self.zone)
        if "recurrence" in event and when:
            return window.holds((when[0], _FOREVER)) and (
                window.earliest is None or goes_on(event, self.zone, window.earliest)
            )
        return window.holds(when)

    def _instances(self, master: Event, window: Window, exceptions: Mapping[str, Event]) -> Iterator[Event]:
        latest = window.latest or self._now() + _EXPANDS_AHEAD
        for event in instances(master, exceptions, self.zone, latest, window.earliest):
            yield {**event, "status": "cancelled"} if master["status"] == "cancelled" else event

    def _exceptions(self, master_id: str) -> Mapping[str, Event]:
        return {key: kept.event for key, kept in self._kept.items() if kept.event.get("recurringEventId") == master_id}

    def _tell_exceptions_again(self, master_id: str) -> None:
        """The exceptions of a series that came back come back with it."""
        for kept in self._kept.values():
            if kept.event.get("recurringEventId") == master_id:
                self._serial += 1
                kept.serial = self._serial

    def _find(self, event_id: str) -> Event:
        if event_id in self._kept:
            return self._kept[event_id].event
        series = self._kept.get(event_id.rpartition("_")[0])
        if series and "recurrence" in series.event:
            for event in self._instances(series.event, Window(), {}):
                if event["id"] == event_id:
                    return event
        raise not_found("Not Found")

    def _view(self, call: Call, event: Event) -> Event:
        if event["status"] == "cancelled":
            return event if self.tells_all_of_cancelled else remains(event, sparse=self.sparse_cancellations)
        role = self.entry["accessRole"]
        hidden = event.get("visibility") in ("private", "confidential") and role not in ("owner", "writer")
        shown = only_busy(event) if role == "freeBusyReader" or hidden else event
        if "maxAttendees" in call.query:
            shown = with_most_attendees(shown, call.number("maxAttendees", 1, 10**6))
        return in_zone(shown, call.text("timeZone")) if "timeZone" in call.query else shown

    def _is_broken(self, key: str) -> bool:
        return key in self._kept and bool(self._kept[key].broken)

    def _told(self, key: str, event: Event) -> Mapping[str, object]:
        if not self._is_broken(key):
            return event
        return {name: value for name, value in {**event, **self._kept[key].broken}.items() if value is not None}


def _key(call: Call, kept: _Kept, event: Event, since: Since | None) -> str:
    match call.text("orderBy"):
        case "startTime":
            when = span(event, "UTC")
            return f"{when[0].isoformat() if when else ''} {event['id']}"
        case "updated":
            return f"{event['updated']} {event['id']}"
    return f"{kept.serial if since else kept.place:09d} {event['id']}"

"""How a listing of events is asked for: its window, its place among the pages, the sync token it continues.

Tokens are opaque to a reader and remember what they belong to, so that a wrong combination is refused
(developers.google.com/workspace/calendar/api/guides/sync).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from tests.servers.google_replies import Call, Refusal, seal, unseal

_NOT_WITH_TOKEN: Final = (
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
)  # fmt: skip
_NO_TOKEN_AFTER: Final = frozenset(_NOT_WITH_TOKEN) - {"timeMin"}
_FREE_WITH_PAGES: Final = frozenset({"maxResults", "pageToken"})
_FREE: Final = _FREE_WITH_PAGES | {"syncToken", "timeMin", "fields", "prettyPrint", "alt", "key", "quotaUser"}


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when; None is open."""

    earliest: datetime | None = None
    latest: datetime | None = None

    def holds(self, when: tuple[datetime, datetime] | None) -> bool:
        """Ends after the beginning and starts before the end; what has no times is in the open window only."""
        if when is None:
            return self.earliest is None and self.latest is None
        return (self.earliest is None or when[1] > self.earliest) and (self.latest is None or when[0] < self.latest)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a listing has come: the key of the last record, the page that is asked for (from 1), and the number of
    the calendar's last change when the listing began.
    """

    serial: int
    last: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Since:
    """What a sync token remembers; `same` when it is used with the parameters it was given for."""

    epoch: int
    serial: int
    earliest: str
    same: bool


class Query:
    """One request for events of `calendar`, whose last change has the number `serial`. Refuses wrong combinations."""

    def __init__(self, call: Call, calendar: str, serial: int) -> None:
        self.call = call
        self._calendar = calendar
        _refuse_combinations(call)
        self.since = self._continued(call.text("syncToken")) if "syncToken" in call.query else None
        self.place = self._place(call.text("pageToken"), serial)
        self.window = Window(moment(self.since.earliest), None) if self.since else window(call)

    def following(self, last: str) -> str:
        """The page token after this page."""
        place = self.place
        return seal("e", place.serial, last, place.page + 1, _mark(self.call, _FREE_WITH_PAGES))

    def sync_token(self, epoch: int) -> str:
        """The sync token after the last page; none for searches and orders that cannot be continued."""
        if not _NO_TOKEN_AFTER.isdisjoint(self.call.query):
            return ""
        earliest = self.since.earliest if self.since else self.call.text("timeMin")
        return seal("s", self._calendar, epoch, self.place.serial, _mark(self.call, _FREE), earliest)

    def _place(self, token: str, serial: int) -> Place:
        if not token:
            return Place(serial)
        match unseal(token):
            case [
                "e",
                int(serial),
                str(last),
                int(page),
                str(mark),
            ] if mark == _mark(self.call, _FREE_WITH_PAGES):
                return Place(serial, last, page)
        raise Refusal(400, "invalid", "Invalid page token value.", location="pageToken")

    def _continued(self, token: str) -> Since:
        match unseal(token):
            case ["s", str(calendar), int(epoch), int(serial), str(mark), str(earliest)] if calendar == self._calendar:
                return Since(epoch, serial, earliest, same=mark == _mark(self.call, _FREE))
        raise Refusal(400, "invalid", "Invalid sync token value.", location="syncToken")


def window(call: Call) -> Window:
    """The window that timeMin and timeMax of a request describe."""
    return Window(moment(call.text("timeMin")), moment(call.text("timeMax")))


def moment(text: str) -> datetime | None:
    """An RFC 3339 timestamp; None when it is empty. Refuses what is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "badRequest", "Bad Request") from None
    if found.tzinfo is None:
        raise Refusal(400, "badRequest", "Bad Request")
    return found


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
    asked = window(call)
    if asked.earliest and asked.latest and asked.earliest >= asked.latest:
        message = "The specified time range is empty."
        raise Refusal(400, "timeRangeEmpty", message, domain="calendar", location="timeMax")


def _mark(call: Call, free: frozenset[str]) -> str:
    """The parameters a token belongs to, but those that are free to change."""
    told = sorted((name, sorted(values)) for name, values in call.query.items() if name not in free)
    return sha256(repr(told).encode()).hexdigest()[:12]

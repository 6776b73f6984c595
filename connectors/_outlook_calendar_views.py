"""What an Outlook calendar is asked: which calendars there are, whether one changed, what lies in a span of time.

Change tracking brings occurrences without their people and says nothing of those that were deleted (event-delta page,
graph-docs issue 7632), so it only tells that something changed; what there is, a plain calendarView says.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from connectors._microsoft_refusals import NotThere
from connectors._outlook_calendar_event import (
    FIELDS,
    MASTER,
    TITLE,
    Instance,
    Json,
    completed,
    incomplete,
    is_all_day,
    is_bare,
    read_event,
)
from connectors._outlook_calendar_window import Found, Listing
from syncd.errors import CursorExpired, Transient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors._microsoft import MicrosoftAccount
    from connectors._outlook_calendar_event import Owner
    from connectors._outlook_calendar_window import Reported, Window
    from syncd.connector import Context

CHUNK: Final = timedelta(days=90)
"""So much time is asked for at once; the server's own limit is about five years."""

MARGIN: Final = timedelta(days=1)
"""So much more is asked for on both sides: on which day an all-day event is, the server knows for its own zone only."""

PER_PAGE: int = 250
"""Events in one answer; a calendarView gives at most 1000."""

_VERIFIED: Final = 20
_CALENDAR_FIELDS: Final = "id,name,owner,isDefaultCalendar"


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar of the mailbox, or one that somebody shares with it."""

    id: str
    name: str
    owner: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of change tracking: what it speaks of, where to go on, and whether that is the next round."""

    items: tuple[Json, ...]
    link: str
    settled: bool


class Circling(Transient):
    """A round or a listing leads on to where it was before, so that it never ends."""

    def __init__(self) -> None:
        super().__init__("Microsoft Graph leads in circles.")


class Stopped(Exception):
    """It is time to stop, and what was begun is not finished."""


class Views:
    """The calendars of one account. Every method raises what `MicrosoftAccount.get` does, and Stopped."""

    def __init__(self, account: MicrosoftAccount, context: Context) -> None:
        self._account = account
        self._context = context
        self._fields = ",".join((*FIELDS, TITLE) if context.subjects else FIELDS)

    def default(self) -> Calendar:
        """The calendar that invitations arrive in."""
        return _calendar(self._get("/me/calendar", {"$select": _CALENDAR_FIELDS}))

    def calendars(self) -> list[Calendar]:
        """Every calendar the mailbox shows."""
        found = self._all("/me/calendars", {"$select": _CALENDAR_FIELDS, "$top": "100"})
        return [_calendar(item) for item in found if isinstance(item, dict)]

    def begin(self, calendar: str, since: datetime, until: datetime) -> Changes:
        """Begin to track what changes between two instants; the first round counts what there is."""
        return self._changes(f"{_path(calendar)}/calendarView/delta", _span(since, until))

    def go_on(self, link: str, trail: set[str]) -> Changes:
        """Whatever changed since the page that named this link; `trail` holds where the round led so far.

        Raises CursorExpired when nobody remembers the link, and Circling when it leads back into the trail.
        """
        trail.add(link)
        changes = self._changes(link, None)
        if not changes.settled and changes.link in trail:
            raise Circling
        return changes

    def listing(self, calendar: str, owner: Owner, since: datetime, until: datetime) -> Listing:
        """Every record that touches the span, or the day before or after it."""
        items: dict[str, Json] = {}
        strange: list[object] = []
        start, last = since - MARGIN, until + MARGIN
        while start < last:
            end = min(start + CHUNK, last)
            asked = {**_span(start, end), "$select": self._fields, "$top": str(PER_PAGE)}
            for item in self._all(f"{_path(calendar)}/calendarView", asked):
                identifier = Instance.of(item).id if isinstance(item, dict) else ""
                if isinstance(item, dict) and identifier:
                    items[identifier] = item
                else:
                    strange.append(item)
            start = end
        read = self._read(calendar, owner, list(items.values()))
        return Listing.of([*read, *(Found(read_event(item, owner), "", "") for item in strange)])

    def verified(
        self, calendar: str, owner: Owner, absent: Sequence[Reported], window: Window
    ) -> tuple[list[Reported], list[Found]]:
        """Which of the records a listing lacks are gone when asked for by name, and which went far back in time.

        A listing that is read page by page may lose an event that moves meanwhile, and a server in trouble may lose
        all; so nothing is removed on the word of one. Of very many only some are asked for: when those are all gone,
        so are the others.
        """
        groups: defaultdict[tuple[str, bool], list[Reported]] = defaultdict(list)
        for one in absent:
            in_series = bool(one.series and one.start)
            groups[one.series if in_series else one.event, in_series].append(one)
        gone = groups.pop(("", False), [])
        moved: list[Found] = []
        kept = 0
        for number, ((identifier, in_series), group) in enumerate(groups.items()):
            if number >= _VERIFIED:
                gone += group if not kept else ()
            elif in_series:
                there = self._instances(calendar, identifier, group)
                gone += [one for one in group if one.event not in there]
                kept += any(one.event in there for one in group)
            else:
                found = self._single(calendar, owner, identifier)
                if found is None or window.is_after(found):
                    gone += group
                elif window.is_before(found):
                    moved.append(found)
                else:
                    kept += 1
        return gone, moved

    def _single(self, calendar: str, owner: Owner, identifier: str) -> Found | None:
        """An event by its id; None when there is none, or none to report."""
        item = self._event(calendar, identifier)
        record = read_event(item, owner) if item is not None else None
        return Found(record, identifier, "") if record is not None else None

    def _instances(self, calendar: str, series: str, group: Sequence[Reported]) -> frozenset[str]:
        """The ids that a series has about when these occurrences were; none when it is no series any more."""
        master = self._event(calendar, series)
        if master is None or master.get("type") != MASTER:
            return frozenset()
        since = datetime.fromtimestamp(min(one.start for one in group), UTC) - MARGIN
        until = datetime.fromtimestamp(max(one.end for one in group), UTC) + MARGIN
        asked = {**_span(since, until), "$select": "id", "$top": str(PER_PAGE)}
        found = self._all(f"{_path(calendar)}/events/{quote(series, safe='')}/instances", asked)
        return frozenset(Instance.of(item).id for item in found if isinstance(item, dict))

    def _read(self, calendar: str, owner: Owner, items: Sequence[Json]) -> Iterator[Found]:
        """What the items amount to; each series that has to be asked for is asked for once."""
        masters: dict[str, Json | None] = {}
        of_days = {
            Instance.of(item).series: is_all_day(item)
            for item in items
            if not Instance.of(item).changed and not is_bare(item)
        }

        def master(series: str) -> Json | None:
            if series not in masters:
                masters[series] = self._event(calendar, series)
            return masters[series]

        for item in items:
            instance = Instance.of(item)
            whole, series = item, None
            if is_bare(item):
                series = master(instance.series)
                if series is None:
                    yield Found(incomplete(item, owner), instance.id, instance.series)
                    continue
                whole = completed(item, series)
            elif instance.changed and instance.series:
                if instance.series not in of_days or not item.get("originalStart"):
                    series = master(instance.series)
                if instance.series not in of_days:
                    of_days[instance.series] = is_all_day(series if series is not None else item)
            record = read_event(whole, owner, of_days=of_days.get(instance.series), series=series)
            yield Found(record, instance.id, instance.series)

    def _event(self, calendar: str, identifier: str) -> Json | None:
        """An event by its id, on the path through its calendar: the short one knows no shared calendars."""
        try:
            return self._get(f"{_path(calendar)}/events/{quote(identifier, safe='')}", {"$select": self._fields})
        except NotThere:
            return None

    def _changes(self, path_or_link: str, params: Mapping[str, str] | None) -> Changes:
        page = self._get(path_or_link, params)
        link, settled = page.get("@odata.nextLink"), False
        if not isinstance(link, str):
            link, settled = page.get("@odata.deltaLink"), True
        if not isinstance(link, str) or not self._account.owns(link):
            raise Transient(
                "Microsoft Graph did not say where to go on, or named another host; that was not followed.",
                f"Nothing is lost. If it stays so, type: syncd doctor {self._context.account}",
            )
        items = page.get("value")
        told = items if isinstance(items, list) else []
        return Changes(tuple(item if isinstance(item, dict) else {} for item in told), link, settled)

    def _all(self, path: str, params: Mapping[str, str]) -> Iterator[object]:
        """Every item of a plain listing. Raises Transient when it changes so that it cannot be read to its end."""
        page = self._get(path, params)
        trail: set[str] = set()
        while True:
            items = page.get("value")
            if not isinstance(items, list):
                raise Transient("Microsoft Graph answered without a list where there has to be one.")
            yield from items
            link = page.get("@odata.nextLink")
            if not isinstance(link, str):
                return
            if link in trail:
                raise Circling
            trail.add(link)
            try:
                page = self._get(link, None)
            except CursorExpired as error:
                raise Transient("Microsoft Graph lost the listing while it was read.") from error

    def _get(self, path_or_link: str, params: Mapping[str, str] | None) -> Json:
        if self._context.stopping():
            raise Stopped
        return self._account.get(path_or_link, params, (f"odata.maxpagesize={PER_PAGE}",))


def _calendar(item: Json) -> Calendar:
    owner = item.get("owner")
    address = owner.get("address") if isinstance(owner, dict) else ""
    identifier, name = item.get("id"), item.get("name")
    if not isinstance(identifier, str) or not identifier:
        raise Transient("Microsoft Graph named a calendar without an id.")
    return Calendar(
        identifier,
        name if isinstance(name, str) else "",
        address if isinstance(address, str) else "",
        item.get("isDefaultCalendar") is True,
    )


def _path(calendar: str) -> str:
    return f"/me/calendars/{quote(calendar, safe='')}"


def _span(since: datetime, until: datetime) -> dict[str, str]:
    return {
        "startDateTime": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "endDateTime": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }

"""One poll of the calendars of one Outlook account: watch for changes, list the window, then go back in time.

The link that will tell what changes is taken before the listing, so nothing falls between; it is kept with the page
that covers it. Whatever is interrupted is taken up where the last page left it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from connectors._microsoft_refusals import NotAllowed, NotTaken, NotThere
from connectors._outlook_calendar_cursor import BEHIND, WATCHED_FOR, Place
from connectors._outlook_calendar_event import Owner
from connectors._outlook_calendar_views import CHUNK, Circling, Stopped, Views
from connectors._outlook_calendar_window import Window, forgotten, remembered, removals
from syncd.connector import Note, Page, Progress
from syncd.errors import Misconfigured, Transient
from syncd.model import Meeting, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connectors._microsoft import MicrosoftAccount
    from connectors._outlook_calendar_cursor import Cursor
    from connectors._outlook_calendar_views import Calendar
    from connectors._outlook_calendar_window import Found, Listing
    from syncd.connector import Context
    from syncd.errors import ConnectorError
    from syncd.model import Observation

PAGE: int = 500

_READ: Final = "read "
_DEFAULT: Final = ""
"""The name of the default calendar, where the settings name none."""


class Reading:
    """Reads the calendars called `names` (by name or id; none means the default one), whose owner has `addresses`."""

    def __init__(
        self, account: MicrosoftAccount, context: Context, names: Sequence[str], addresses: Sequence[str]
    ) -> None:
        self._context = context
        self._views = Views(account, context)
        self._names = tuple(names) or (_DEFAULT,)
        self._addresses = tuple(addresses)
        self._lost: list[str] = []
        self._left_out: dict[str, ConnectorError] = {}
        self._done = 0

    def pages(self, cursor: Cursor, since: datetime) -> Iterator[Page]:
        """Everything new since `cursor`, which is moved along; ends early when it is time to stop.

        Raises CursorExpired before any observation; after the other calendars were read, Misconfigured when one was
        never there or is gone for a day, and Transient when one cannot be read now.
        """
        now, before = self._context.now(), cursor.written()
        try:
            self._find(cursor, since)
            for place in self._there(cursor):
                yield from self._watch(cursor, place, now, since)
            for place in self._there(cursor):
                if place.has_to_be_listed(now):
                    yield from self._list(cursor, place, now, since)
            for place in self._there(cursor):
                yield from self._go_back(cursor, place)
        except Stopped:
            return
        if cursor.written() != before:
            yield self._page(cursor, ())
        if self._lost:
            raise self._not_there()
        if self._left_out:
            raise self._not_now()

    def check(self) -> tuple[str, ...]:
        """Sentences about the calendars and what they hold. Raises as `pages` does."""
        try:
            chosen = self._chosen(self._names)
            sentences = tuple(self._checked(name, calendar) for name, calendar in chosen.items())
        except Stopped:
            return ()
        self._lost += [name for name in self._names if name not in chosen]
        if self._lost:
            raise self._not_there()
        return sentences

    # --------------------------------------------------------------------- which calendars

    def _find(self, cursor: Cursor, since: datetime) -> None:
        """Give every calendar that has none yet a place; one that was read before, the one its note remembers.

        One that is missed may have come back as another, which then takes its name.
        """
        cursor.places = {name: place for name, place in cursor.places.items() if name in self._names}
        sought = [name for name in self._names if name not in cursor.places or cursor.places[name].missed]
        chosen = self._chosen(sought)
        self._lost += [name for name in sought if name not in chosen and name not in cursor.places]
        for name, calendar in chosen.items():
            if name in cursor.places and cursor.places[name].calendar == calendar.id:
                continue
            if any(place.calendar == calendar.id for place in cursor.places.values()):
                raise Misconfigured(
                    f"`calendars` of accounts.{self._context.account} names the calendar {calendar.name!r} twice.",
                    "Take one of the two names out, then type: syncd config check",
                )
            place = Place(calendar.id, calendar.name, list(self._owners(calendar)))
            text = self._context.memory.notes(_READ + place.mark).get(_READ + place.mark)
            noted = json.loads(text) if text else {}
            if noted.get("of") == cursor.of:
                place.listed = noted["listed"]
                place.older = place.horizon = since.timestamp()
            cursor.places[name] = place

    def _chosen(self, names: Sequence[str]) -> dict[str, Calendar]:
        """The calendars that are called so; a name that none has is left out."""
        found: dict[str, Calendar] = {}
        all_there: list[Calendar] | None = None
        for name in names:
            if name == _DEFAULT:
                with suppress(NotThere):
                    found[name] = self._views.default()
                continue
            all_there = self._views.calendars() if all_there is None else all_there
            called = [one for one in all_there if one.id == name]
            called = called or [one for one in all_there if one.name.casefold() == name.casefold()]
            if len(called) > 1:
                raise Misconfigured(
                    f"{len(called)} calendars of accounts.{self._context.account} are called {name!r}.",
                    f"Name one by its id in `calendars`: {', '.join(repr(one.id) for one in called)}",
                )
            if called:
                found[name] = called[0]
        return found

    def _owners(self, calendar: Calendar) -> tuple[str, ...]:
        """Whose answers the calendar holds: mine, under any of my addresses, or those of whoever shares it."""
        mine = tuple(address.lower() for address in self._addresses)
        if calendar.is_default or not calendar.owner or calendar.owner.lower() in mine:
            return tuple(dict.fromkeys((*self._addresses, *((calendar.owner,) if "@" in calendar.owner else ()))))
        return (calendar.owner,)

    def _there(self, cursor: Cursor) -> list[Place]:
        return [place for name, place in cursor.places.items() if name not in self._lost and name not in self._left_out]

    def _lose(self, cursor: Cursor, place: Place, error: NotThere | NotAllowed) -> None:
        """It is away, or after a day gone; what was read of it stays, and it is looked for again next time.

        Raises `error` when nothing at all is allowed: then it is the sign-in that has to be mended.
        """
        if isinstance(error, NotAllowed) and len(self._names) == 1:
            raise error
        if place.miss(self._context.now()):
            self._lost += [name for name, one in cursor.places.items() if one is place]
        else:
            self._leave_out(cursor, place, error)

    def _not_there(self) -> Misconfigured:
        names = ", ".join(map(_shown, self._lost))
        return Misconfigured(
            f"The mailbox of accounts.{self._context.account} shows no calendar called {names}.",
            f"Nothing that was read is lost. Correct `calendars`, or have it shared again, then type: "
            f"syncd sync {self._context.account}",
        )

    def _leave_out(self, cursor: Cursor, place: Place, error: ConnectorError) -> None:
        """It cannot be read now; the other calendars are, and then it is named."""
        self._left_out |= {name: error for name, one in cursor.places.items() if one is place}

    def _not_now(self) -> Transient:
        account = self._context.account
        return Transient(
            " ".join(
                f"Nothing can be read from {_shown(name)} of accounts.{account} now: {error.title}"
                for name, error in self._left_out.items()
            ),
            f"Nothing that was read is lost, and it is tried again. If it stays so, type: syncd doctor {account}",
        )

    def _checked(self, name: str, calendar: Calendar) -> str:
        now = self._context.now()
        owner = Owner("", self._owners(calendar), self._context.time_zone)
        listing = self._views.listing(calendar.id, owner, now - BEHIND, now)
        meetings = [found.record for found in listing.records.values() if isinstance(found.record, Meeting)]
        own = {address.lower() for address in owner.addresses}
        peopled = sum(any(one.address.lower() not in own for one in meeting.participants) for meeting in meetings)
        shown = calendar.name or name or "the default calendar"
        return f"{shown}: {peopled} of {len(meetings)} events of the last {BEHIND.days} days name other people"

    # --------------------------------------------------------------------- reading one

    def _watch(self, cursor: Cursor, place: Place, now: datetime, since: datetime) -> Iterator[Page]:
        """Follow change tracking to its end, or begin anew; every page of it is kept.

        Where it is refused, or never ends, the calendar itself may still be shown, as are some that others share.
        """
        trail: set[str] = set()
        try:
            if place.has_to_be_watched_anew(now):
                start, end = place.window(now, since)
                changes = self._views.begin(place.calendar, start, end + WATCHED_FOR)
                place.watched = now.timestamp()
                place.change(None)
            else:
                changes = self._views.go_on(place.link, trail)
            while True:
                place.link, place.settled = changes.link, changes.settled
                if changes.items and (place.span or not place.due):
                    place.change(self._window(place, now, since).touched_by(changes.items))
                if place.settled:
                    return
                yield self._page(cursor, ())
                changes = self._views.go_on(place.link, trail)
        except (NotThere, NotAllowed, NotTaken, Circling):
            place.go_unwatched(now)

    def _list(self, cursor: Cursor, place: Place, now: datetime, since: datetime) -> Iterator[Page]:
        """Report how the window, or as much of it as was touched, differs from what was reported of it.

        What is new comes first: a question about what is missing may fail, and be asked again next time.
        """
        owner, window = self._owner(place), self._window(place, now, since)
        begin, until = place.window(now, since)
        covered = None
        if not place.has_to_be_listed_whole(now):
            covered = max(place.span[0], begin.timestamp()), min(place.span[1] + 1, until.timestamp())
            if covered[0] >= covered[1]:
                place.is_listed(now, whole=False)
                return
            begin, until = (datetime.fromtimestamp(moment, UTC) for moment in covered)
        try:
            difference = window.compare(self._views.listing(place.calendar, owner, begin, until), covered)
            news = list(difference.news)
            while len(news) > PAGE or (news and difference.absent):
                page, news = news[:PAGE], news[PAGE:]
                yield self._page(cursor, _records(page), remembered(page))
            gone, moved = self._views.verified(place.calendar, owner, difference.absent, window)
        except (NotThere, NotAllowed) as error:
            self._lose(cursor, place, error)
            return
        except (NotTaken, Circling) as error:
            self._leave_out(cursor, place, error)
            return
        place.missed = 0.0
        if len(difference.absent) > len(gone) + len(moved):
            self._context.log.warning(
                "account %s: a listing of %s lacked %d events that are there; nothing of them is removed",
                self._context.account,
                place.name or "the calendar",
                len(difference.absent) - len(gone) - len(moved),
            )
        news += moved
        over = (*gone, *difference.over)
        place.is_listed(now, whole=covered is None)
        if not place.older:
            place.older, place.horizon = begin.timestamp(), since.timestamp()
        left = {one.event for one in moved}
        torn = (*over, *difference.behind, *(one for one in difference.absent if one.event in left))
        names = {one.remote_id for one in torn}
        kept = [one for one in news if one.record and one.record.remote_id not in names]
        notes = (*remembered(kept), *forgotten(torn), *self._ledger(cursor, place))
        yield self._page(cursor, (*_records(news), *removals(over)), notes)

    def _go_back(self, cursor: Cursor, place: Place) -> Iterator[Page]:
        """Report what lies before the window, the newest first, down to the horizon."""
        owner = self._owner(place)
        while place.listed and place.older > place.horizon:
            until = datetime.fromtimestamp(place.older, UTC)
            begin = max(until - CHUNK, datetime.fromtimestamp(place.horizon, UTC))
            try:
                listing = self._views.listing(place.calendar, owner, begin, until)
            except (NotThere, NotAllowed) as error:
                self._lose(cursor, place, error)
                return
            except (NotTaken, Circling) as error:
                self._leave_out(cursor, place, error)
                return
            place.missed = 0.0
            is_last = begin.timestamp() <= place.horizon
            found = _between(listing, begin.timestamp(), until.timestamp(), straddling=is_last)
            while len(found) > PAGE:
                page, found = _cut(found)
                place.older = page[-1][0]
                yield self._page(cursor, _records([one for _, one in page]))
            place.older = begin.timestamp()
            yield self._page(
                cursor, (*_records([one for _, one in found]), *self._unread(listing)), self._ledger(cursor, place)
            )

    def _unread(self, listing: Listing) -> tuple[Observation, ...]:
        """What cannot be read, unless that was said; nobody knows when it is, so every span of time may hold it."""
        unread = {name: one.record for name, one in listing.records.items() if isinstance(one.record, Unreadable)}
        known = self._context.memory.known(unread) if unread else frozenset()
        return tuple(record for name, record in unread.items() if name not in known)

    def _ledger(self, cursor: Cursor, place: Place) -> tuple[Note, ...]:
        """The note that outlives the cursor: all there is was read once, and when the window was last listed."""
        if place.older > place.horizon:
            return ()
        return (Note(_READ + place.mark, json.dumps({"of": cursor.of, "listed": place.listed})),)

    def _window(self, place: Place, now: datetime, since: datetime) -> Window:
        return Window(place.mark, *place.window(now, since), self._context.memory)

    def _owner(self, place: Place) -> Owner:
        return Owner(place.mark, tuple(place.addresses), self._context.time_zone)

    def _page(self, cursor: Cursor, observations: tuple[Observation, ...], notes: tuple[Note, ...] = ()) -> Page:
        self._done += len(observations)
        return Page(observations, cursor.written(), Progress(self._done, None), notes)


def _shown(name: str) -> str:
    return repr(name) if name else "the default calendar"


def _records(found: Iterable[Found]) -> tuple[Observation, ...]:
    return tuple(one.record for one in found if one.record is not None)


def _between(listing: Listing, begin: float, until: float, *, straddling: bool) -> list[tuple[float, Found]]:
    """The meetings that begin in a span (or, `straddling`, before it, and end in it), by their start, latest first."""
    found = []
    for one in listing.records.values():
        start, end = one.times
        if isinstance(one.record, Meeting) and start < until and (start >= begin or (straddling and end > begin)):
            found.append((max(start, begin), one))
    return sorted(found, key=itemgetter(0), reverse=True)


def _cut(found: list[tuple[float, Found]]) -> tuple[list[tuple[float, Found]], list[tuple[float, Found]]]:
    """A page of them, and the others; those that begin together stay together, so that a start can be a cursor."""
    size = PAGE
    while size < len(found) and found[size][0] == found[size - 1][0]:
        size += 1
    return found[:size], found[size:]

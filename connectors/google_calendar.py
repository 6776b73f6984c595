"""Google Calendar: several calendars of one account, listed once as a whole and then by what changed.

What a listing brings is first noted, with the place to go on from; then event after event is settled: put to what was
known of it, worked out in a window that moves on with time, and reported where it differs.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, ClassVar, Final
from urllib.parse import quote, unquote

from pydantic import Field, StringConstraints

from connectors._fingerprint import fingerprint
from connectors._google import GoogleAccount, GoogleOptions
from connectors._google_calendar_cursor import Place, Walk
from connectors._google_scopes import CALENDAR_SCOPES
from connectors._signing_in import SignsInByAccount
from syncd.connector import ConnectorOptions, Note, Page, Progress
from syncd.errors import Transient
from syncd.model import Removal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connectors._google_calendar_cursor import CalendarPlace
    from connectors._google_calendar_events import Home
    from connectors._google_calendar_lists import Entry, EventPage, Lists
    from connectors._google_calendar_series import Settled
    from syncd.connector import Context
    from syncd.model import Observation

PAGE: Final = 500
AHEAD: Final = timedelta(days=61)
"""The occurrences of series are reported so far ahead; a day later, those of one more day."""

SLIDE: Final = timedelta(days=1)

KNOWN: Final = "event/"
ARRIVED: Final = "inbox/"
"""Where notes are kept: what is known of every event, and what a listing brought and nobody settled yet.

A key goes on with the record's name (calendar and event), a `#`, and what the note is about (see
`_google_calendar_series`).
"""

_MOST_NOTES: Final = 2000
_LONGEST_NAME: Final = 200

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Groups = dict[str, dict[str, str]]
"""Notes by the record they belong to."""


class GoogleCalendarOptions(GoogleOptions):
    """Which calendars of the account are read."""

    calendars: tuple[Name, ...] = Field(
        ("primary",), min_length=1, description='the calendars to read, by name or id; "primary" is your own'
    )


class GoogleCalendar(SignsInByAccount):
    """The connector `google-calendar`."""

    Options: ClassVar[type[ConnectorOptions]] = GoogleCalendarOptions

    def __init__(self, options: GoogleCalendarOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._account: GoogleAccount = GoogleAccount(options, context, CALENDAR_SCOPES)
        self._homes: dict[tuple[str, str], Home] = {}
        self._primary = ""
        self._told: set[str] = set()

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """See `Connector.poll`.

        What a calendar explicitly says holds for the past as well: what was deleted, or is no longer in a series that
        was changed, is removed. What a whole listing merely lacks is removed only when it lies ahead. A calendar that
        cannot be listed holds back its own events only.
        """
        place = Place.opened(cursor, self._fingerprint()) if cursor is not None else None
        if self._context.stopping():
            return
        lists = self._lists()
        entries = self._chosen(lists)
        if entries is None:
            return
        if place is None:
            end = self._context.now() + AHEAD
            place = Place(self._fingerprint(), since.timestamp(), end.timestamp())
        place.attend({name: entry.time_zone for name, entry in entries.items()})
        if place.is_unsettled:
            yield from self._settled(place)
        failure: Transient | None = None
        for name in place.calendars:
            try:
                yield from self._listed(lists, name, place)
            except Transient as error:
                failure = failure or error
        yield from self._settled(place)
        if failure is not None:
            raise failure

    def check(self) -> tuple[str, ...]:
        """Which calendars are read, and which are there besides."""
        lists = self._lists()
        entries = lists.calendars()
        from connectors._google_calendar_lists import chosen  # noqa: PLC0415 - googleapiclient loads slowly

        read = chosen(entries, self._options.calendars, self._context.account)
        others = ", ".join(entry.name for entry in entries if entry.id not in read)
        return (
            f"reads the calendars {', '.join(entry.name for entry in read.values())}",
            *((f"does not read {others}",) if others else ()),
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._account.close()

    # Listing

    def _lists(self) -> Lists:
        from connectors._google_calendar_lists import Lists  # noqa: PLC0415 - googleapiclient loads slowly

        return Lists(self._account, self._context)

    def _chosen(self, lists: Lists) -> Mapping[str, Entry] | None:
        """The calendars to read; None when it was time to stop before they were all listed."""
        from connectors._google_calendar_lists import chosen  # noqa: PLC0415 - googleapiclient loads slowly

        entries = lists.calendars()
        self._primary = next((entry.id for entry in entries if entry.primary), "")
        return None if self._context.stopping() else chosen(entries, self._options.calendars, self._context.account)

    def _fingerprint(self) -> str:
        """What a cursor depends on, all parameters of its requests among it."""
        from connectors._google_calendar_lists import parameters  # noqa: PLC0415 - googleapiclient loads slowly

        options, context = self._options, self._context
        return fingerprint(
            sorted(parameters(titles=context.subjects).items()),
            options.address,
            options.subject,
            options.endpoint,
            options.calendars,
            options.first_sync,
            str(context.time_zone),
        )

    def _listed(self, lists: Lists, name: str, place: Place) -> Iterator[Page]:
        """Note everything a calendar has to tell, and where to go on; nothing is reported yet."""
        calendar = place.calendars[name]
        calendar.listed = 0 if calendar.is_complete else calendar.listed
        passed = {calendar.page}
        while not self._context.stopping():
            before = place.cursor()
            leftover = self._context.memory.notes(_key(ARRIVED, name)) if calendar.is_unbegun else {}
            answer = lists.events(name, calendar, place.horizon)
            _require_a_way_on(answer, passed)
            notes = {**dict.fromkeys(leftover), **self._noted(name, answer.items, calendar)}
            passed.add(answer.next_page_token)
            calendar.take(len(answer.items), answer.next_page_token, answer.next_sync_token)
            if notes or place.cursor() != before:
                yield Page(
                    (), place.cursor(), Progress(0, place.listed), tuple(Note(key, text) for key, text in notes.items())
                )
            if calendar.is_complete:
                return

    def _noted(self, name: str, items: Iterable[object], calendar: CalendarPlace) -> dict[str, str | None]:
        from connectors._google_calendar_series import arrivals  # noqa: PLC0415 - icalendar loads slowly

        home = self._home(name, calendar.zone)
        notes: dict[str, str | None] = {}
        for came in (came for item in items for came in arrivals(item, home)):
            notes[f"{_key(ARRIVED, name, came.event_id)}#{came.name}"] = came.text
            self._say_once(came.passed_over, "account %s: events of the type %r are no meetings, and are passed over")
        return notes

    # Settling

    def _settled(self, place: Place) -> Iterator[Page]:
        """Report what was listed, and the days that came into the window since."""
        end = (self._context.now() + AHEAD).timestamp()
        if place.walk is None:
            moves_on = end - place.until >= SLIDE.total_seconds()
            if not place.is_unsettled and not moves_on:
                return
            place.walk = Walk(end if moves_on else place.until)
        walk = place.walk
        arrived = _groups(self._context.memory.notes(ARRIVED), ARRIVED)
        arrived = {record: group for record, group in arrived.items() if place.is_settling(_calendar(record))}
        everything = place.is_settling_whole or walk.until > place.until
        known = _groups(self._context.memory.notes(KNOWN), KNOWN) if everything else {}
        left = sorted(record for record in known.keys() | arrived.keys() if record > walk.last)
        batch = _Batch(self._context)
        for number, record in enumerate(left, 1):
            if self._context.stopping():
                return
            group = known.get(record, {}) if everything else self._known(record)
            batch.add(record, self._settle(record, group, arrived.get(record, {}), place), arrived.get(record, {}))
            if batch.is_full and number < len(left):
                walk.last, walk.done = record, walk.done + batch.groups
                yield batch.page(place, Progress(walk.done, walk.done + len(left) - number))
        walk.done += batch.groups
        place.finish()
        yield batch.page(place, Progress(walk.done, walk.done))

    def _known(self, record: str) -> Mapping[str, str]:
        return _groups(self._context.memory.notes(f"{KNOWN}{record}#"), KNOWN).get(record, {})

    def _settle(self, record: str, known: Mapping[str, str], arrived: Mapping[str, str], place: Place) -> Settled:
        from connectors._google_calendar_series import Listing, Span, settle  # noqa: PLC0415 - icalendar loads slowly
        from connectors._occurrences import record_id  # noqa: PLC0415 - likewise

        calendar = place.calendars.get(_calendar(record))
        listing = Listing.NONE
        if calendar is None:
            listing = Listing.WHOLE
        elif calendar.is_settling:
            listing = Listing.WHOLE if calendar.whole else Listing.CHANGES
        end = place.walk.until if place.walk else place.until
        span = Span(place.horizon, place.reported, datetime.fromtimestamp(end, UTC), self._context.now())
        home = self._home(_calendar(record), calendar.zone if calendar else "")
        settled = settle(record_id(record), known, arrived, listing, span, home)
        for unknown in home.zones.unknown:
            self._say_once(unknown, "account %s: the time zone %r is unknown, and read as the calendar's own")
        return settled

    def _home(self, calendar: str, zone: str) -> Home:
        """What events have from their calendar: in the account's primary one, whoever is `self` is the owner."""
        from connectors._google_calendar_events import Home  # noqa: PLC0415 - icalendar loads slowly
        from connectors._timezones import Zones, named_zone  # noqa: PLC0415 - likewise

        owner = (self._options.subject or self._options.address) if calendar == self._primary else ""
        if (zone, owner) not in self._homes:
            self._homes[zone, owner] = Home(Zones({}, "", named_zone(zone) or self._context.time_zone), owner)
        return self._homes[zone, owner]

    def _say_once(self, what: str, sentence: str) -> None:
        if what and what not in self._told:
            self._told.add(what)
            self._context.log.warning(sentence, self._context.account, what[:100])


class _Batch:
    """What is settled and not yet written."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clear()

    def _clear(self) -> None:
        self._reported: list[Observation] = []
        self._gone: list[str] = []
        self._notes: list[Note] = []
        self.groups = 0

    def add(self, record: str, settled: Settled, arrived: Iterable[str]) -> None:
        self.groups += 1
        self._reported += settled.reported
        self._gone += settled.gone
        self._notes += [Note(f"{KNOWN}{record}#{name}", text) for name, text in settled.notes.items()]
        self._notes += [Note(f"{ARRIVED}{record}#{name}", None) for name in arrived]

    @property
    def is_full(self) -> bool:
        return len(self._reported) + len(self._gone) >= PAGE or len(self._notes) >= _MOST_NOTES

    def page(self, place: Place, progress: Progress) -> Page:
        """Everything so far, with the cursor that covers it; of what is gone, what was ever reported."""
        gone = self._context.memory.known(self._gone) if self._gone else frozenset()
        removed = (Removal(name) for name in self._gone if name in gone)
        page = Page((*self._reported, *removed), place.cursor(), progress, tuple(self._notes))
        self._clear()
        return page


def _require_a_way_on(answer: EventPage, passed: set[str]) -> None:
    """A listing goes on to a page that was not `passed` yet, or ends with a token; else something would be lost."""
    if answer.next_page_token and answer.next_page_token in passed:
        raise Transient("Google's list of events goes round in circles.", "Nothing is lost: syncd tries again.")
    if not answer.next_page_token and not answer.next_sync_token:
        raise Transient(
            "Google's list of events ends without the token to go on from.", "Nothing is lost: syncd tries again."
        )


def _key(prefix: str, calendar: str, event: str = "") -> str:
    name = quote(event, safe="@")
    if len(name) > _LONGEST_NAME:
        name = blake2b(name.encode(), digest_size=16).hexdigest()
    return f"{prefix}{quote(calendar, safe='@')}/{name}"


def _calendar(record: str) -> str:
    """The calendar a record's name begins with."""
    return unquote(record.partition("/")[0])


def _groups(notes: Mapping[str, str], prefix: str) -> Groups:
    found: Groups = defaultdict(dict)
    for key, text in notes.items():
        record, _, name = key.removeprefix(prefix).partition("#")
        found[record][name] = text
    return found

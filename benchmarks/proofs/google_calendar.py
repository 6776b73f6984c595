"""Real calendar files as Google would show them, through `google-calendar`, beside an independent expansion of them.

python benchmarks/proofs/google_calendar.py DATA/calendar [DATA/api/gcalcli_cal_list.json]

Every file becomes one calendar of the double of Google's API, its events converted to Google's JSON; what the connector
reports is compared with what icalendar and recurring-ical-events find in the same files, one UID at a time.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import warnings
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

from connectors._google_calendar_lists import Entry, chosen
from syncd.errors import CursorExpired, Misconfigured
from syncd.memory import Remembered
from syncd.model import Meeting, Unreadable
from tests.contract.google_calendar_account import CalendarAccount
from tests.servers.google import Google
from tests.servers.google_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from googleapiclient._apis.calendar.v3.schemas import Event as GoogleEvent
    from googleapiclient._apis.calendar.v3.schemas import EventDateTime
    from icalendar import vRecur

HOME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
SINCE = datetime(1990, 1, 1, tzinfo=UTC)
UNTIL = NOW + timedelta(days=61)
PATIENCE = 5
NO_TIME_OR_AN_HOUR = (timedelta(), timedelta(hours=1))

STATUSES = {"CANCELLED": "cancelled", "CANCELED": "cancelled", "TENTATIVE": "tentative"}

Times = frozenset[tuple[datetime, datetime]]
"""When something takes place: starts and ends (UTC)."""


class Dated(Protocol):
    """A property that holds a moment."""

    dt: date | datetime
    params: Mapping[str, str]


class Several(Protocol):
    """A property that holds several moments, or periods."""

    dts: Sequence[Dated]


class InexpressibleError(Exception):
    """Google's JSON has no words for it; the text says what."""


@dataclass
class Case:
    """One UID of one file: its components, and what both sides make of it."""

    file: Path
    uid: str
    events: list[Event] = field(default_factory=list)
    expected: Times | None = None
    why_not: str = ""
    found: set[tuple[datetime, datetime]] = field(default_factory=set)
    refused: str = ""

    @property
    def event_id(self) -> str:
        """Its name at Google."""
        return blake2b(f"{self.file}\n{self.uid}".encode(errors="replace"), digest_size=10).hexdigest()


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """TimeoutError when it takes longer."""

    def ring(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def dated(event: Event, name: str) -> date | datetime:
    """The moment that a property holds. KeyError, AttributeError."""
    return cast("Dated", event[name]).dt


def instant(moment: date | datetime) -> datetime:
    """In UTC; floating times and days are those of the calendar's zone."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - a day begins where the calendar is
    return (moment if moment.tzinfo else moment.replace(tzinfo=HOME)).astimezone(UTC)


def cases(path: Path) -> list[Case]:
    """The UIDs of a file; Exception when icalendar cannot read it."""
    found: dict[str, Case] = {}
    with within(PATIENCE):
        calendars = Calendar.from_ical(path.read_bytes(), multiple=True)
        for calendar in calendars:
            for event in calendar.walk("VEVENT"):
                uid = str(event.get("UID", "")) or f"none {len(found)}"
                found.setdefault(uid, Case(path, uid)).events.append(cast("Event", event))
    return list(found.values())


def expand(case: Case) -> Times:
    """What takes place, by icalendar and recurring-ical-events."""
    calendar = Calendar()
    for event in case.events:
        calendar.add_component(event)
    with within(PATIENCE):
        occurrences = recurring_ical_events.of(calendar).between(SINCE, UNTIL)
    return frozenset(
        (instant(one.start), max(instant(one.end), instant(shortest(one.start))))
        for one in occurrences
        if str(one.get("STATUS", "")).upper() not in ("CANCELLED", "CANCELED")
    )


def shortest(start: date | datetime) -> date | datetime:
    """The earliest end: a day lasts until the next one."""
    return start if isinstance(start, datetime) else start + timedelta(days=1)


def moment(value: date | datetime) -> EventDateTime:
    """A moment as Google writes it: with its offset, and the IANA zone it was meant in."""
    if not isinstance(value, datetime):
        return {"date": value.isoformat()}
    zone = getattr(value.tzinfo, "key", None) if value.tzinfo else HOME.key
    at = value if value.tzinfo else value.replace(tzinfo=HOME)
    if zone is None and at.utcoffset() != timedelta(0):
        raise InexpressibleError("a time zone that is not in the IANA database")
    return {"dateTime": at.isoformat(), "timeZone": zone or "UTC"}


def recurrence(event: Event) -> list[str]:
    """RRULE, RDATE and EXDATE as Google keeps them: rules as they are, dates in UTC."""
    lines = [f"RRULE:{str(rule.to_ical(), 'utf-8')}" for rule in listed(event, "RRULE")]  # type: ignore[no-untyped-call]  # icalendar has no type for it
    for name in ("RDATE", "EXDATE"):
        for one in (one for each in listed(event, name) for one in cast("Several", each).dts):
            if isinstance(one.dt, tuple):
                raise InexpressibleError("a period among its dates")
            plain = not isinstance(one.dt, datetime)
            lines.append(f"{name};VALUE=DATE:{one.dt:%Y%m%d}" if plain else f"{name}:{instant(one.dt):%Y%m%dT%H%M%SZ}")
    return lines if any(not line.startswith("EXDATE") for line in lines) else []


def listed(event: Event, name: str) -> list[vRecur]:
    """A property that may stand several times."""
    values = event.get(name, [])
    return cast("list[vRecur]", values if isinstance(values, list) else [values])


def converted(case: Case) -> Iterator[GoogleEvent]:
    """The events of a case as Google's API shows them: the newest edition of each. InexpressibleError."""
    newest: dict[str, Event] = {}
    for event in sorted(case.events, key=sequence):
        if "DTSTART" not in event:
            raise InexpressibleError("an event without a start")
        if "RECURRENCE-ID" in event and "RANGE" in cast("Dated", event["RECURRENCE-ID"]).params:
            raise InexpressibleError("this and following: Google splits the series")
        newest[str(dated(event, "RECURRENCE-ID")) if "RECURRENCE-ID" in event else ""] = event
    for key, event in sorted(newest.items()):
        start = dated(event, "DTSTART")
        end = event.end if "DTEND" in event or "DURATION" in event else start
        told: dict[str, object] = {
            "iCalUID": case.uid,
            "summary": str(event.get("SUMMARY", "")) or "untitled",
            "start": moment(start),
            "end": moment(shortest(start) if end == start else end),
            "sequence": sequence(event),
            "status": STATUSES.get(str(event.get("STATUS", "")).upper(), "confirmed"),
        }
        if key:
            told |= {"recurringEventId": case.event_id, "originalStartTime": moment(dated(event, "RECURRENCE-ID"))}
        else:
            told |= {"id": case.event_id} | ({"recurrence": lines} if (lines := recurrence(event)) else {})
        yield cast("GoogleEvent", told)


def sequence(event: Event) -> int:
    """The edition."""
    return max(0, int(str(event.get("SEQUENCE", 0))))


def fill(google: Google, todo: Sequence[Case], number: int) -> None:
    """One calendar of the account, with these cases in it."""
    calendar = google.calendars.add(f"file-{number}", f"File {number}", time_zone=HOME.key)
    for case in todo:
        try:
            events = list(converted(case))
            for event in events:
                calendar.put(event)
        except InexpressibleError as error:
            case.why_not = str(error)
        except Exception as error:  # noqa: BLE001 - neither icalendar nor the double promise anything about such files
            case.why_not = f"not to be converted: {type(error).__name__}"


def read(account: CalendarAccount, calendars: Sequence[str]) -> list[Meeting | Unreadable]:
    """What the connector reports of these calendars."""
    memory = Remembered()
    connector = account.open(memory=memory, calendars=calendars)
    found: list[Meeting | Unreadable] = []
    try:
        for page in connector.poll(None, SINCE):
            memory.keep(page)
            found += [seen for seen in page.observations if isinstance(seen, Meeting | Unreadable)]
    except CursorExpired as error:
        print(error)
    finally:
        connector.close()
    return found


def main(folder: Path, *, verbose: bool) -> int:
    """Convert, read, compare, print. How many UIDs differ without a reason."""
    totals: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    todo: list[Case] = []
    clock = FakeClock(NOW)
    with Google(clock=clock, stride=50) as google:
        names = []
        for number, path in enumerate(sorted(folder.rglob("*.ics"))):
            totals["files"] += 1
            try:
                found = cases(path)
            except Exception as error:  # noqa: BLE001 - icalendar refuses in many ways
                reasons[f"a file that icalendar cannot read ({type(error).__name__})"] += 1
                continue
            for case in found:
                expect(case)
            fill(google, [case for case in found if not case.why_not], number)
            names.append(f"file-{number}")
            todo += found
        listen(CalendarAccount(google, clock, time_zone=HOME), names, {case.event_id: case for case in todo})
        totals["requests"] = len(google.requests)
        totals["breaches of Google's contract"] = len(google.violations)
    return report(todo, totals, reasons, verbose=verbose)


def expect(case: Case) -> None:
    """What the case should come to, or why nobody can tell."""
    if not all("DTSTART" in event for event in case.events):
        case.why_not = "an event without a start"
        return
    try:
        case.expected = expand(case)
    except TimeoutError:
        case.why_not = "the expansion took more than five seconds"
    except Exception as error:  # noqa: BLE001 - recurring-ical-events refuses in many ways
        case.why_not = f"recurring-ical-events cannot expand it ({type(error).__name__})"


def listen(account: CalendarAccount, names: Sequence[str], by_id: Mapping[str, Case]) -> None:
    """Let the connector read these calendars, and sort what it reports."""
    for seen in read(account, names):
        case = by_id[seen.remote_id.partition("/")[2].partition("#")[0]]
        if isinstance(seen, Unreadable):
            case.refused = seen.reason
        elif seen.start < UNTIL:
            case.found.add((seen.start, seen.end))


def report(todo: Sequence[Case], totals: Counter[str], reasons: Counter[str], *, verbose: bool) -> int:
    """Print what was equal, and why the rest was not. How many differ without a reason."""
    for case in todo:
        totals["UIDs"] += 1
        if case.why_not:
            reasons[case.why_not] += 1
            continue
        totals["UIDs compared"] += 1
        expected = case.expected or frozenset()
        totals["occurrences expected"] += len(expected)
        totals["occurrences found"] += len(case.found)
        if case.found == expected:
            totals["UIDs equal"] += 1
            continue
        reason = explained(case, expected)
        reasons[reason] += 1
        totals["UIDs different"] += 1
        totals["without a reason"] += reason.startswith("DIFFERENT")
        if verbose:
            print(reason, case.file, case.uid[:60], case.refused)
            print("   missing", sorted(expected - case.found)[:3], "too many", sorted(case.found - expected)[:3])
    for name, number in totals.items():
        print(f"{number:>8}  {name}")
    for reason, number in reasons.most_common():
        print(f"{number:>8}  {reason}")
    return totals["without a reason"]


def explained(case: Case, expected: Times) -> str:  # noqa: PLR0911 - one return for each reason
    """Why both sides need not agree."""
    if case.refused:
        return f"refused: {case.refused[:50]}"
    events = [event for event in case.events if "DTSTART" in event]
    if sum("RECURRENCE-ID" not in event for event in events) > 1:
        return "several editions of one event: Google has the newest"
    if len({is_floating(value) for event in events for value in moments(event)}) > 1:
        return "floating times beside others: the expansion takes them for UTC"
    if any(instant(event.end) < instant(dated(event, "DTSTART")) for event in events):
        return "ends before it begins: no time here, the other way round there"
    changes = [dated(event, "RECURRENCE-ID") for event in events if "RECURRENCE-ID" in event]
    if len({isinstance(value, datetime) for value in [*changes, dated(events[0], "DTSTART")]}) > 1:
        return "a change that names a day and no time: here of what takes place that day"
    if not case.found and len(expected) == 1:
        return "a rule that never holds: the double lists no such series"
    ends, others = dict(case.found), dict(expected)
    if ends.keys() == others.keys() and all(abs(ends[at] - others[at]) in NO_TIME_OR_AN_HOUR for at in ends):
        return "across a change of the clocks: RFC 5545, 3.8.5.3 keeps the length"
    return "DIFFERENT"


def moments(event: Event) -> Iterator[date | datetime]:
    """The moments a series is made of."""
    yield from (dated(event, name) for name in ("DTSTART", "RECURRENCE-ID") if name in event)
    for name in ("RDATE", "EXDATE"):
        yield from (one.dt for each in listed(event, name) for one in cast("Several", each).dts)


def is_floating(value: date | datetime) -> bool:
    """A time of day in no zone."""
    return isinstance(value, datetime) and value.tzinfo is None


def calendar_list(path: Path) -> None:
    """Which of the calendars in a real answer of calendarList.list would be read, and which refused."""
    entries = [Entry.model_validate(item) for item in json.loads(path.read_text())["items"]]
    counts: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        try:
            chosen(entries, [entry.name], "test")
            counts[f"{entry.access_role}: read by name"] += 1
        except Misconfigured as error:
            counts[f"{entry.access_role}: refused by name ({error.title.partition(' is ')[2] or 'only busy'})"] += 1
    for name, number in sorted(counts.items()):
        print(f"{number:>8}  {name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("calendar_list", type=Path, nargs="?")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.calendar_list:
        calendar_list(arguments.calendar_list)
    sys.exit(main(arguments.folder, verbose=arguments.verbose) > 0)

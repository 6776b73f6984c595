"""A calendar made up by a seed: single events, series, and what was done to occurrences; written down in two ways.

Once for a double of Microsoft Graph, once as an .ics file that icalendar and recurring-ical-events can work out: the
two share nothing but what is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event, vCalAddress, vRecur

from tests.servers.graph_series import DAYS, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from tests.servers.graph_calendar import Calendar as Shown

ME: Final = "d.rossi@northwind.example"
ZONES: Final = [ZoneInfo(name) for name in ("Europe/Rome", "America/New_York", "Asia/Tokyo", "Asia/Kolkata")]
PEOPLE: Final = [(f"person{number}@example.org", f"Person Number{number}") for number in range(120)]

Person = tuple[str, str, str]
Expected = tuple[str, str, datetime, datetime, bool, bool, frozenset[tuple[str, str]]]
"""UID key, original start, start, end, all day, cancelled, people with their roles."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is different about one occurrence, by its number."""

    number: int
    kind: str
    shift: timedelta
    guest: Person


@dataclass(frozen=True, slots=True)
class Spec:
    """One event, before anybody writes it down."""

    uid: str
    subject: str
    start: datetime
    length: timedelta
    all_day: bool
    organizer: tuple[str, str] | None
    people: tuple[Person, ...]
    cancelled: bool
    pattern: Pattern | None
    changes: tuple[Change, ...]


# --------------------------------------------------------------------------- making events up


def specs(count: int, random: Random, since: datetime, until: datetime) -> Iterator[Spec]:
    """So many events that begin between two instants; one in six repeats, most of those with exceptions."""
    for number in range(count):
        repeats = number % 6 == 0
        all_day = random.random() < 0.1  # noqa: PLR2004 - a share
        zone = UTC if all_day else random.choice(ZONES)
        day = (since + timedelta(days=random.uniform(2, (until - since).days - 2))).date()
        hour = time() if all_day else time(random.randint(7, 19), random.choice((0, 15, 30)))
        pattern = some_pattern(day, random) if repeats else None
        called = random.random() < 0.4  # noqa: PLR2004 - a share
        answers = ("accepted", "declined", "tentativelyAccepted", "none")
        people = [(*person, random.choice(answers)) for person in random.sample(PEOPLE, random.randint(1, 6))]
        organizer = None if called else random.choice(PEOPLE)
        yield Spec(
            uid=f"meeting-{number}@example.com",
            subject=f"Meeting {number}",
            start=datetime.combine(day, hour, zone),
            length=timedelta(days=random.randint(1, 3))
            if all_day
            else timedelta(minutes=random.choice((15, 30, 60, 90))),
            all_day=all_day,
            organizer=organizer,
            people=(*people, (ME, "Davide Rossi", random.choice(answers))),
            cancelled=random.random() < 0.05,  # noqa: PLR2004 - a share
            pattern=pattern,
            changes=tuple(some_changes(pattern, day, random)) if pattern else (),
        )


def some_pattern(day: date, random: Random) -> Pattern:
    """A way to recur that fits a first day."""
    count = random.choice((None, random.randint(2, 40)))
    if day.day > 28:  # noqa: PLR2004 - months differ in what they do with later days
        return Pattern("weekly", random.randint(1, 3), count=count)
    week = (day.day - 1) // 7
    kinds = (
        Pattern("daily", random.randint(3, 9), count=count or 12),
        Pattern("weekly", random.randint(1, 3), count=count),
        Pattern("weekly", 1, (*{DAYS[day.weekday()], random.choice(DAYS)},), until=day + timedelta(days=90)),
        Pattern("absoluteMonthly", random.randint(1, 3), count=count),
        Pattern("relativeMonthly", 1, week=("first", "second", "third", "fourth")[week], count=count),
        Pattern("absoluteYearly", count=count),
    )
    return random.choice(kinds)


def some_changes(pattern: Pattern, day: date, random: Random) -> Iterator[Change]:
    """Occurrences that were moved, cancelled or deleted, or that somebody else was asked to."""
    there = len([*islice(pattern.dates(day), 30)])
    for number in sorted(random.sample(range(there), min(there - 1, random.randint(0, 4)))):
        kind = random.choice(("move", "cancel", "delete", "invite"))
        yield Change(number, kind, timedelta(hours=random.randint(-40, 40) or 5), (*random.choice(PEOPLE), "accepted"))


# --------------------------------------------------------------------------- writing them down, twice


def show(calendar: Shown, spec: Spec) -> str:
    """The event as Graph has it; its id."""
    identifier = calendar.add(
        spec.subject, spec.start, spec.start + spec.length, attendees=spec.people, organizer=spec.organizer,
        response="organizer" if spec.organizer is None else spec.people[-1][2], pattern=spec.pattern,
        all_day=spec.all_day, third_party=spec.uid, isCancelled=spec.cancelled,
    )  # fmt: skip
    for change in spec.changes:
        chosen = calendar.occurrence(identifier, change.number)
        if change.kind == "delete":
            calendar.delete(chosen)
        elif change.kind == "cancel":
            calendar.update(chosen, isCancelled=True)
        elif change.kind == "invite":
            everybody = calendar.event(chosen)["attendees"]
            invited = everybody if isinstance(everybody, list) else []
            calendar.update(chosen, attendees=[*invited, guest(change.guest)])
        else:
            start = original(spec, change.number)
            begin = moved(spec, start, change)
            calendar.update(chosen, start=begin, end=begin + spec.length)
    return identifier


def guest(person: Person) -> dict[str, object]:
    """An attendee in Graph's words."""
    address, name, response = person
    return {
        "type": "required",
        "status": {"response": response, "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {"name": name, "address": address},
    }


def original(spec: Spec, number: int) -> datetime:
    """When an occurrence was to begin."""
    dates = spec.pattern.dates(spec.start.date()) if spec.pattern else iter(())
    day = next(each for index, each in enumerate(dates) if index == number)
    return datetime.combine(day, spec.start.timetz())


def moved(spec: Spec, start: datetime, change: Change) -> datetime:
    """When it begins instead; an all-day one on another day."""
    if spec.all_day:
        return start + timedelta(days=1 + change.number % 5)
    return (start.astimezone(UTC) + change.shift).astimezone(start.tzinfo)


def written(all_specs: Sequence[Spec]) -> bytes:
    """The events as an .ics file."""
    calendar = Calendar()
    calendar.add("prodid", "-//syncd//proof//")
    calendar.add("version", "2.0")
    for spec in all_specs:
        master = component(spec, spec.start, spec.people, cancelled=spec.cancelled)
        if spec.pattern is not None:
            master.add("rrule", rule(spec.pattern, spec.start))
        for change in spec.changes:
            start = original(spec, change.number)
            if change.kind == "delete":
                master.add("exdate", start.date() if spec.all_day else start)
                continue
            begin = moved(spec, start, change) if change.kind == "move" else start
            people = (*spec.people, change.guest) if change.kind == "invite" else spec.people
            different = component(spec, begin, people, cancelled=spec.cancelled or change.kind == "cancel")
            different.add("recurrence-id", start.date() if spec.all_day else start)
            calendar.add_component(different)
        calendar.add_component(master)
    return bytes(calendar.to_ical())


def component(spec: Spec, start: datetime, people: Sequence[Person], *, cancelled: bool) -> Event:
    """One VEVENT."""
    event = Event()
    event.add("uid", spec.uid)
    event.add("dtstamp", datetime(2026, 1, 1, tzinfo=UTC))
    event.add("summary", spec.subject)
    event.add("dtstart", start.date() if spec.all_day else start)
    event.add("dtend", (start + spec.length).date() if spec.all_day else start + spec.length)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("organizer", vCalAddress(f"mailto:{spec.organizer[0] if spec.organizer else ME}"))
    for address, _, _ in people:
        event.add("attendee", vCalAddress(f"mailto:{address}"))
    return event


def rule(pattern: Pattern, start: datetime) -> vRecur:
    """The pattern as an RRULE."""
    code = DAYS[start.weekday()][:2].upper()
    kinds: dict[str, dict[str, object]] = {
        "daily": {"FREQ": "DAILY"},
        "weekly": {"FREQ": "WEEKLY", "BYDAY": [day[:2].upper() for day in pattern.days] or [code]},
        "absoluteMonthly": {"FREQ": "MONTHLY", "BYMONTHDAY": [start.day]},
        "relativeMonthly": {"FREQ": "MONTHLY", "BYDAY": [f"{(start.day - 1) // 7 + 1}{code}"]},
        "absoluteYearly": {"FREQ": "YEARLY"},
    }
    parts = {**kinds[pattern.kind], "INTERVAL": pattern.interval}
    if pattern.count is not None:
        parts["COUNT"] = pattern.count
    if pattern.until is not None:
        last = datetime.combine(pattern.until, time(23, 59), start.tzinfo)
        parts["UNTIL"] = last.astimezone(UTC) if start.timetz() != time(0, tzinfo=UTC) else pattern.until
    return vRecur(parts)


# --------------------------------------------------------------------------- working them out


def expected(feed: bytes, since: datetime, until: datetime) -> set[Expected]:
    """Every occurrence between two instants, by icalendar and recurring-ical-events."""
    calendar = Calendar.from_ical(feed)
    series = {str(each["UID"]) for each in calendar.walk("VEVENT") if "RRULE" in each}
    query = recurring_ical_events.of(calendar, keep_recurrence_attributes=True)
    found = set()
    for event in query.between(since - timedelta(days=4), until + timedelta(days=4)):
        start, end, uid = event["DTSTART"].dt, event["DTEND"].dt, str(event["UID"])
        whole = not isinstance(start, datetime)
        named = (event["RECURRENCE-ID"].dt if "RECURRENCE-ID" in event else start) if uid in series else None
        attendees = event.get("ATTENDEE", [])
        people = {(str(event["ORGANIZER"]), "organizer")} | {
            (str(one), "attendee") for one in (attendees if isinstance(attendees, list) else [attendees])
        }
        found.add(
            (
                uid,
                name_of(named) if named is not None else "",
                instant(start),
                instant(end),
                whole,
                str(event["STATUS"]) == "CANCELLED",
                frozenset((address.removeprefix("mailto:"), role) for address, role in people),
            )
        )
    return {one for one in found if one[2] < until and one[3] > since}


def instant(moment: date) -> datetime:
    """In UTC; the owner lives there."""
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


def name_of(moment: date) -> str:
    """An original start as syncd writes it."""
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    return moment.isoformat()

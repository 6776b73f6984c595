"""The same meetings in `ics`, `google-calendar` and `outlook-calendar`, in one store: one interaction each.

    python benchmarks/proofs/one_meeting.py

One that Google named and Exchange wrapped, one that Exchange named, a weekly series with an occurrence that was moved,
one of whole days, and one occurrence of a series whose others the owner of the Outlook calendar was not invited to.
Every order of the three accounts has to give the same.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tests' own servers, also in a clone that is not installed

from connectors._microsoft import CALENDARS
from connectors.ics import Ics, IcsOptions
from connectors.outlook_calendar import OutlookCalendar, OutlookCalendarOptions
from syncd.pipeline.policy import Me, Policy
from syncd.store import Store, StoredMemory
from syncd.sync import OpenAccount, derive, poll
from syncd.testing import context
from tests.contract.google_calendar_account import CalendarAccount
from tests.contract.microsoft_account import microsoft_options, signed_in
from tests.servers.google import Google
from tests.servers.google_clock import FakeClock
from tests.servers.graph import Graph
from tests.servers.graph_series import Pattern, global_object_id

if TYPE_CHECKING:
    from googleapiclient._apis.calendar.v3.schemas import Event

    from syncd.connector import Connector

ME: Final = "d.rossi@northwind.example"
ANNA: Final = ("anna@example.org", "Anna Bianchi")
NOW: Final = FakeClock()()
HOME: Final = ZoneInfo("Europe/Rome")
YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is in all three calendars.

    `foreign` when another system than Exchange named it; `weeks` it is repeated, the second time moved by `shift`; of
    those Outlook holds only `invited`, when that is not None.
    """

    title: str
    start: datetime
    foreign: bool = False
    weeks: int = 0
    all_day: bool = False
    shift: timedelta = timedelta(hours=26)
    invited: int | None = None

    def begins(self, week: int) -> datetime:
        """When an occurrence was to begin."""
        return self.start + timedelta(weeks=week)

    def counts_from(self, week: int) -> datetime:
        """When its interaction has to begin: a day where the owner lives."""
        begin = self.takes_place(week)
        return begin.replace(tzinfo=HOME).astimezone(UTC) if self.all_day else begin

    def takes_place(self, week: int) -> datetime:
        """When it does."""
        return self.begins(week) + (self.shift if self.weeks and week == 1 else timedelta())

    @property
    def length(self) -> timedelta:
        """An hour, or a day."""
        return timedelta(days=1) if self.all_day else timedelta(hours=1)


DAY: Final = NOW.replace(hour=0)
MEETINGS: Final = (
    Meeting("Lunch", NOW + timedelta(days=1), foreign=True),
    Meeting("Review", NOW - timedelta(days=20)),
    Meeting("Standup", NOW - timedelta(days=12), weeks=3),
    Meeting("Planning", NOW - timedelta(days=11, hours=2), weeks=3, foreign=True),
    Meeting("Fair", DAY - timedelta(days=30), weeks=3, all_day=True, shift=timedelta(days=2)),
    Meeting("Board", NOW - timedelta(days=40, hours=1), weeks=3, invited=2),
)


def fill_graph(graph: Graph) -> dict[str, str]:
    """The calendar at Microsoft; what each meeting is called everywhere else."""
    calendar, uids = graph.calendars.default, {}
    for meeting in MEETINGS:
        uids[meeting.title] = f"{meeting.title.lower()}@google.com" if meeting.foreign else ""
        alone = meeting.invited is not None
        start = meeting.begins(meeting.invited or 0)
        named: dict[str, object] = {}
        if alone:
            uids[meeting.title] = global_object_id(4711)
            named = {"iCalUId": global_object_id(4711, start.date())}
        identifier = calendar.add(
            meeting.title, start, start + meeting.length, attendees=[(ME, "Davide Rossi", "none")], organizer=ANNA,
            response="accepted", all_day=meeting.all_day, third_party=uids[meeting.title] if meeting.foreign else None,
            pattern=Pattern("weekly", count=meeting.weeks) if meeting.weeks and not alone else None, **named,
        )  # fmt: skip
        uids[meeting.title] = uids[meeting.title] or str(calendar.event(identifier)["iCalUId"])
        if meeting.weeks and not alone:
            begin = meeting.takes_place(1)
            calendar.update(calendar.occurrence(identifier, 1), start=begin, end=begin + meeting.length)
    return uids


def fill_google(google: Google, uids: dict[str, str]) -> None:
    """The calendar at Google."""
    primary = google.calendars.primary
    for meeting in MEETINGS:
        told = {
            "summary": meeting.title,
            "iCalUID": uids[meeting.title],
            "organizer": {"email": ANNA[0], "displayName": ANNA[1]},
            "attendees": [
                {"email": ANNA[0], "organizer": True, "responseStatus": "accepted"},
                {"email": google.address, "self": True, "responseStatus": "accepted"},
            ],
        }
        rule = {"recurrence": [f"RRULE:FREQ=WEEKLY;COUNT={meeting.weeks}"]} if meeting.weeks else {}
        series = primary.put(cast("Event", {**told, **lasts(meeting, meeting.start), **rule}))
        if meeting.weeks:
            original = lasts(meeting, meeting.begins(1))["start"]
            different = {**told, **lasts(meeting, meeting.takes_place(1)), "originalStartTime": original}
            primary.put(cast("Event", {**different, "recurringEventId": series}))


def lasts(meeting: Meeting, start: datetime) -> dict[str, dict[str, str]]:
    """Start and end in Google's words."""
    ends = {"start": start, "end": start + meeting.length}
    if meeting.all_day:
        return {name: {"date": f"{moment:%Y-%m-%d}"} for name, moment in ends.items()}
    return {name: {"dateTime": moment.isoformat(), "timeZone": "UTC"} for name, moment in ends.items()}


def feed(uids: dict[str, str]) -> bytes:
    """The calendar as an .ics file."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//syncd//proof//"]
    for meeting in MEETINGS:
        uid = uids[meeting.title]
        rule = [f"RRULE:FREQ=WEEKLY;COUNT={meeting.weeks}"] if meeting.weeks else []
        lines += component(meeting, uid, meeting.start, rule)
        if meeting.weeks:
            original = f"RECURRENCE-ID{stamp(meeting, meeting.begins(1))}"
            lines += component(meeting, uid, meeting.takes_place(1), [original])
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def component(meeting: Meeting, uid: str, start: datetime, more: list[str]) -> list[str]:
    """One VEVENT."""
    return [
        "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{meeting.title}",
        f"DTSTART{stamp(meeting, start)}", f"DTEND{stamp(meeting, start + meeting.length)}",
        f"ORGANIZER;CN={ANNA[1]}:mailto:{ANNA[0]}", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ME}", *more, "END:VEVENT",
    ]  # fmt: skip


def stamp(meeting: Meeting, moment: datetime) -> str:
    """A property's value: a day or an instant."""
    return f";VALUE=DATE:{moment:%Y%m%d}" if meeting.all_day else f":{moment:%Y%m%dT%H%M%SZ}"


def sources(google: Google, graph: Graph, path: Path, store: Store) -> dict[str, Connector]:
    """The three accounts, ready to be polled into this store."""

    def memory(name: str) -> StoredMemory:
        return StoredMemory(store, name)

    options = OutlookCalendarOptions.model_validate(microsoft_options(graph.origin).model_dump(exclude_none=True))
    tokens = signed_in(options, CALENDARS, access=graph.access_token, expires=NOW + YEAR)
    return {
        "ics": Ics(
            IcsOptions(type="ics", path=path), context("ics", now=lambda: NOW, time_zone=HOME, memory=memory("ics"))
        ),
        "google-calendar": CalendarAccount(google, FakeClock(), time_zone=HOME).open(memory=memory("google-calendar")),
        "outlook-calendar": OutlookCalendar(
            options,
            context(
                "outlook-calendar", now=lambda: NOW, time_zone=HOME, memory=memory("outlook-calendar"), tokens=tokens
            ),
        ),
    }


def main() -> int:
    """Print every interaction once; how many orders of the accounts gave anything else than one of each."""
    taking_place = sorted(
        (meeting.counts_from(week), meeting.title) for meeting in MEETINGS for week in range(meeting.weeks or 1)
    )
    wrong, shown = 0, False
    with Google(clock=FakeClock()) as google, Graph((ME, "Davide Rossi")) as graph, tempfile.TemporaryDirectory() as at:
        path = Path(at) / "calendar.ics"
        uids = fill_graph(graph)
        fill_google(google, uids)
        path.write_bytes(feed(uids))
        policy = Policy(me=Me(name="Davide Rossi", addresses=(ME, google.address)))
        for number, order in enumerate(permutations(("ics", "google-calendar", "outlook-calendar"))):
            with Store.open(f"sqlite:///{at}/{number}.db") as store:
                connectors = sources(google, graph, path, store)
                for name in order:
                    outcome = poll(store, OpenAccount(name, name, connectors[name], YEAR), NOW)
                    if outcome.error is not None:
                        raise outcome.error
                    connectors[name].close()
                    if number % 2:
                        derive(store, policy)
                derive(store, policy)
                person = store.person_of(ANNA[0]) or ""
                found = sorted(store.exchanges(person, 100), key=lambda one: (one.at, one.subject))
                wrong += [(one.at, one.subject) for one in found] != taking_place
                for one in found if not shown else ():
                    print(f"{one.at:%Y-%m-%d %H:%M} {one.subject:10}", *sorted({each.account for each in one.evidence}))
                shown = True
        wrong += len(graph.violations) + len(google.violations)
    print(f"{len(taking_place)} meetings; 6 orders of 3 accounts, {wrong} of them wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main()))

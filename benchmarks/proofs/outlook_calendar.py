"""A calendar of 5,000 events through `outlook-calendar`, beside an expansion that shares nothing with it.

    python benchmarks/proofs/outlook_calendar.py [--events 5000] [--edits 200] [--samples FILE]

The same events go to a double of Microsoft Graph and into an .ics file, which icalendar and recurring-ical-events work
out. Then the calendar is edited and synced again and again, which has to end where a fresh sync does. FILE holds
samples of Microsoft's documentation: [{"page", "body", "valid_json"}].
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tests' own server, also in a clone that is not installed
sys.path.insert(0, str(Path(__file__).parents[1]))  # the calendar that is made up

from generate_calendar import ME, PEOPLE, Expected, expected, guest, show, specs, written

from connectors._microsoft import CALENDARS
from connectors._outlook_calendar_event import Owner, read_event
from connectors.outlook_calendar import OutlookCalendar, OutlookCalendarOptions
from syncd.model import Meeting, MeetingStatus, Removal, Unreadable
from syncd.pipeline.normalize import event_key
from syncd.pipeline.policy import Me, Policy
from syncd.store import Store, StoredMemory
from syncd.sync import OpenAccount, derive, poll
from syncd.testing import NOW, context
from tests.contract.microsoft_account import microsoft_options, signed_in
from tests.servers.graph import Graph
from tests.servers.graph_series import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.connector import Page
    from syncd.model import Observation
    from tests.servers.graph_calendar import Calendar

BACK: Final = timedelta(days=3 * 365)
AHEAD: Final = timedelta(days=61)
POLICY: Final = Policy(me=Me(name="Davide Rossi", addresses=(ME,)))
ACCOUNT: Final = "work-calendar"


class Synced:
    """One store that is kept up with the calendar; `now` is its clock."""

    def __init__(self, graph: Graph, folder: Path, name: str, now: datetime, back: timedelta = BACK) -> None:
        self.horizon = NOW - back
        self.graph = graph
        self.now = now
        self.store = Store.open(f"sqlite:///{folder / name}.db")
        self.seen: dict[str, Observation] = {}
        options = OutlookCalendarOptions.model_validate(microsoft_options(graph.origin).model_dump(exclude_none=True))
        self._connector = OutlookCalendar(
            options,
            context(
                ACCOUNT,
                now=lambda: self.now,
                memory=StoredMemory(self.store, ACCOUNT),
                tokens=signed_in(options, CALENDARS, access=graph.access_token, expires=now + BACK),
            ),
        )
        self.Options = OutlookCalendar.Options

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """The connector's own pages, and a note of what they hold."""
        for page in self._connector.poll(cursor, since):
            self.seen.update((seen.remote_id, seen) for seen in page.observations)
            yield page

    def close(self) -> None:
        """Let go of everything."""
        self._connector.close()
        self.store.close()

    def sync(self) -> int:
        """One pass from the first horizon there ever was; how many requests it took."""
        before = self.graph.count()
        outcome = poll(self.store, OpenAccount(ACCOUNT, "outlook-calendar", self, self.now - self.horizon), self.now)
        if outcome.error is not None:
            raise outcome.error
        return self.graph.count() - before

    def dump(self) -> list[str]:
        """The store, derived."""
        derive(self.store, POLICY)
        return list(self.store.dump())

    def meetings(self) -> set[Expected]:
        """What was reported and not removed, in the words of `expected`."""
        return {
            (
                event_key(meeting.uid),
                meeting.recurrence_id,
                meeting.start,
                meeting.end,
                meeting.all_day,
                meeting.status is MeetingStatus.CANCELLED,
                frozenset((one.address, one.role.value) for one in meeting.participants),
            )
            for meeting in self.seen.values()
            if isinstance(meeting, Meeting)
        }


def edit(calendar: Calendar, now: datetime, random: Random) -> str:
    """One thing that happens to the calendar, somewhere in the window where changes are seen; its name."""
    start = some_time(now, random)
    kind = random.choice(
        ("single", "series", "move", "cancel", "delete", "invite", "answer", "delete all", "add to all")
    )
    if kind in ("single", "series"):
        pattern = Pattern("weekly", random.randint(1, 2), count=random.randint(2, 12)) if kind == "series" else None
        people = [(*person, "none") for person in random.sample(PEOPLE, 2)]
        calendar.add(f"New {start}", start, attendees=people, pattern=pattern)
        return kind
    shown = calendar.view(start, start + timedelta(days=2))
    if not shown:
        return edit(calendar, now, random)
    item = random.choice(shown)
    chosen = str(item["id"])
    if kind.endswith(" all"):
        chosen = str(item["seriesMasterId"] or chosen)
        if begins(calendar.event(chosen)) < now - timedelta(days=85):  # what lies before the window would change too
            return edit(calendar, now, random)
    person = random.choice(PEOPLE)
    if kind.startswith("delete"):
        calendar.delete(chosen)
    elif kind == "cancel":
        calendar.update(chosen, isCancelled=not item["isCancelled"])
    elif kind == "answer":
        calendar.update(chosen, responseStatus={"response": random.choice(("accepted", "declined")), "time": None})
    elif kind == "move":
        begin = some_time(now, random)
        calendar.update(chosen, start=begin, end=begin + timedelta(hours=1), isAllDay=False)
    else:
        everybody = calendar.event(chosen)["attendees"]
        calendar.update(
            chosen, attendees=[*(everybody if isinstance(everybody, list) else ()), guest((*person, "accepted"))]
        )
    return kind


def some_time(now: datetime, random: Random) -> datetime:
    """A full minute in the window, not at its edges."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=random.randint(-80 * 1440, 50 * 1440))


def begins(item: dict[str, object]) -> datetime:
    """When an event of Graph begins."""
    start = item["start"]
    return datetime.fromisoformat(str(start["dateTime"])).replace(tzinfo=UTC) if isinstance(start, dict) else NOW


def read_samples(path: Path) -> tuple[int, int, int]:
    """How many events the documentation's samples hold, how many are meetings, and how many cannot be read."""
    owner = Owner("sample", (ME,), UTC)
    read = []
    for sample in json.loads(path.read_text()):
        if sample["valid_json"]:
            body = sample["body"] if not isinstance(sample["body"], str) else json.loads(sample["body"])
            items = body["value"] if isinstance(body, dict) and isinstance(body.get("value"), list) else [body]
            read += [
                read_event(item, owner)
                for item in items
                if isinstance(item, dict) and ({"attendees", "seriesMasterId", "iCalUId"} & item.keys())
            ]
    return len(read), sum(isinstance(one, Meeting) for one in read), sum(isinstance(one, Unreadable) for one in read)


def main(events: int, edits: int, seed: int, samples: Path | None) -> int:
    """Print what was found; how many things were not as they have to be."""
    random, wrong = Random(seed), 0  # noqa: S311 - a calendar that is made up again, not a secret
    if samples:
        read, meetings, unreadable = read_samples(samples)
        print(
            f"samples of the documentation: {read} events, {meetings} meetings, {unreadable} unreadable, no exception"
        )
    made = list(specs(events, random, NOW - BACK, NOW + AHEAD))
    with Graph((ME, "Davide Rossi")) as graph, tempfile.TemporaryDirectory() as folder:
        calendar = graph.calendars.default
        for spec in made:
            show(calendar, spec)
        kinds = Counter(change.kind for spec in made for change in spec.changes)
        print(f"{events} events, {sum(spec.pattern is not None for spec in made)} of them series; {dict(kinds)}")
        synced = Synced(graph, Path(folder), "incremental", NOW)
        began = perf_counter()
        asked = synced.sync()
        print(f"first sync: {asked} requests, {len(synced.meetings())} meetings, {perf_counter() - began:.1f} s")
        truth = expected(written(made), NOW - BACK, NOW + AHEAD)
        found = synced.meetings()
        wrong += len(truth ^ found)
        people = {one for each in truth for one, _ in each[-1]}
        print(f"independent expansion: {len(truth)} meetings with {len(people)} people; {len(truth ^ found)} differ")
        for one in sorted(truth ^ found, key=repr)[:6]:
            print("   only", "expected" if one in truth else "reported", one)
        print(f"nothing new: {synced.sync()} request")
        happened: Counter[str] = Counter()
        asked, polls = 0, 0
        for number in range(edits):
            happened[edit(calendar, synced.now, random)] += 1
            synced.now += timedelta(minutes=random.randint(5, 60))
            if random.random() < 0.8 or number == edits - 1:  # noqa: PLR2004 - now and then two edits meet one poll
                asked, polls = asked + synced.sync(), polls + 1
        print(f"{edits} edits: {dict(happened)}")
        print(f"{polls} polls, {asked / polls:.1f} requests each; {count_of(synced)}")
        synced.now += timedelta(days=1)
        synced.sync()
        fresh = Synced(graph, Path(folder), "fresh", synced.now)
        asked = fresh.sync()
        one, other = synced.dump(), fresh.dump()
        wrong += one != other
        print(
            f"fresh sync: {asked} requests; dumps of {len(one)} and {len(other)} lines",
            "equal" if one == other else "DIFFER",
        )
        for line in sorted(set(one) ^ set(other))[:6]:
            print("   only", "incremental" if line in one else "fresh", line[:300])
        wrong += len(graph.violations)
        print(f"breaches of Microsoft's types and rules: {len(graph.violations)}", *graph.violations[:3])
        synced.close()
        fresh.close()
    return wrong


def count_of(synced: Synced) -> str:
    """What stands, in a few words."""
    gone = sum(isinstance(seen, Removal) for seen in synced.seen.values())
    return f"{len(synced.seen) - gone} records stand, {gone} were removed"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=Path)
    given = parser.parse_args()
    sys.exit(bool(main(given.events, given.edits, given.seed, given.samples)))

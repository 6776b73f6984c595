"""Real calendar files through the double of Microsoft Graph and `outlook-calendar`: what goes in comes out.

    python benchmarks/proofs/outlook_files.py DATA/calendar

Every occurrence that icalendar and recurring-ical-events find in a file (at most 300 of each) becomes an event as Graph
writes it, with the file's UID wrapped as Exchange does. All of them are one calendar, synced into one store.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tests' own server, also in a clone that is not installed
sys.path.insert(0, str(Path(__file__).parents[1]))

import recurring_ical_events
from generate_calendar import ME, instant, name_of
from icalendar import Calendar
from outlook_calendar import Synced

from syncd.model import Meeting, MeetingStatus, Unreadable
from syncd.pipeline.normalize import event_key
from syncd.testing import NOW
from tests.servers.graph import Graph
from tests.servers.graph_series import global_object_id, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from icalendar import Event

MOST: Final = 300
PATIENCE: Final = 3
"""Seconds for one file."""

SINCE: Final = NOW - timedelta(days=30 * 365)
UNTIL: Final = NOW + timedelta(days=61)
ADDRESS: Final = re.compile(r'"?(?:mailto:)?([^\s"@/][^\s"@]*@[^\s"@]+)"?')
ANSWERS: Final = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentativelyAccepted"}
NEVER: Final = "0001-01-01T00:00:00Z"

Told = tuple[str, str, datetime, datetime, bool, bool, frozenset[str]]
"""UID key, original start, start, end, all day, cancelled, everybody's address."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event of a file: what is said of it, and the same in Graph's words."""

    told: Told
    resource: dict[str, object]


def occurrences(path: Path, number: int) -> Iterator[Occurrence]:
    """Whatever the two libraries make of a file; they may raise anything."""
    calendar = Calendar.from_ical(path.read_bytes())
    series = {str(each.get("UID", "")) for each in calendar.walk("VEVENT") if "RRULE" in each or "RDATE" in each}
    query = recurring_ical_events.of(calendar, skip_bad_series=True)
    for index, event in enumerate(islice(query.after(SINCE), MOST)):
        start = event["DTSTART"].dt
        if instant(zoned(start)) >= UNTIL:
            return
        yield occurrence(event, str(event.get("UID", "")) in series, f"{number}.{index}")


def occurrence(event: Event, in_series: bool, name: str) -> Occurrence:  # noqa: FBT001 - it is one or the other
    """One event, told twice."""
    start, end = zoned(event["DTSTART"].dt), zoned(event["DTEND"].dt)
    whole = not isinstance(start, datetime)
    uid = f"{name.partition('.')[0]}-{event.get('UID', '')}"[:200].encode("ascii", "replace").decode().strip()
    named = zoned(event["RECURRENCE-ID"].dt) if "RECURRENCE-ID" in event else start
    if isinstance(named, datetime) is whole:
        named = start
    attendees = event.get("ATTENDEE", [])
    people = [mailbox(one) for one in (attendees if isinstance(attendees, list) else [attendees])]
    organizer = {"emailAddress": mailbox(event.get("ORGANIZER", f"mailto:{ME}"))["emailAddress"]}
    cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    day = named.date() if isinstance(named, datetime) else named
    original = name_of(named) if in_series else ""
    begin, finish = instant(start), max(instant(start), instant(end))
    finish = max(finish, begin + timedelta(days=1)) if whole else finish
    resource: dict[str, object] = {
        "id": f"AAMk{name}=",
        "type": "occurrence" if named == start else "exception",
        "seriesMasterId": f"AAMkS{uid}=",
        "originalStart": f"{instant(named):%Y-%m-%dT%H:%M:%SZ}",
        "iCalUId": global_object_id(1, day if in_series else None, uid),
        "subject": str(event.get("SUMMARY", "")),
        "start": {"dateTime": stamp(begin), "timeZone": "UTC"},
        "end": {"dateTime": stamp(finish), "timeZone": "UTC"},
        "isAllDay": whole,
        "isCancelled": cancelled,
        "isOrganizer": False,
        "organizer": organizer,
        "attendees": people,
        "responseStatus": {"response": "none", "time": NEVER},
    }
    if not in_series:
        resource |= {"type": "singleInstance", "seriesMasterId": None, "originalStart": None}
    addresses = {address_of(one) for one in (organizer, *people) if one.get("type") != "resource"}
    told = (event_key(uid), original, begin, finish, whole, cancelled, frozenset(addresses - {""}))
    return Occurrence(told, resource)


def zoned(moment: date) -> date:
    """Local times are in UTC here, where the owner lives; Graph knows whole seconds."""
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(microsecond=0)
    return moment


def mailbox(value: object) -> dict[str, object]:
    """An ORGANIZER or ATTENDEE as a recipient of Graph."""
    parameters = getattr(value, "params", {})
    address = str(value).strip()
    address = address[7:] if address.lower().startswith("mailto:") else address
    kind = "resource" if str(parameters.get("CUTYPE", "")).upper() in ("ROOM", "RESOURCE") else "required"
    answer = ANSWERS.get(str(parameters.get("PARTSTAT", "")).upper(), "none")
    return {
        "type": kind,
        "status": {"response": answer, "time": NEVER},
        "emailAddress": {"name": str(parameters.get("CN", "")), "address": address},
    }


def address_of(recipient: dict[str, object]) -> str:
    """Its address, folded; empty when it is none."""
    inner = recipient["emailAddress"]
    match = ADDRESS.fullmatch(str(inner["address"]).strip().lower()) if isinstance(inner, dict) else None
    return match[1] if match else ""


def give_up(*_: object) -> None:
    """End what takes too long: a series of every minute since 1970."""
    raise TimeoutError


def main(folder: Path) -> int:
    """Print what came out beside what went in; how many things differ."""
    warnings.simplefilter("ignore")  # the libraries say what they guess about time zones
    signal.signal(signal.SIGALRM, give_up)
    counts: Counter[str] = Counter()
    expected: dict[tuple[str, str, datetime], Told] = {}
    with Graph((ME, "Davide Rossi")) as graph, tempfile.TemporaryDirectory() as at:
        for number, path in enumerate(sorted(folder.rglob("*.ics"))):
            signal.alarm(PATIENCE)
            try:
                found = list(occurrences(path, number))
            except Exception:  # noqa: BLE001 - what the other libraries cannot read says nothing about us
                counts["files they cannot read in time, or at all"] += 1
                continue
            finally:
                signal.alarm(0)
            counts["files"] += 1
            for one in found:
                key = one.told[0], one.told[1], one.told[2]
                if key[0] and key not in expected and one.told[3] > SINCE:
                    expected[key] = one.told
                    graph.calendars.default.add_resource(one.resource)
        synced = Synced(graph, Path(at), "files", NOW, back=NOW - SINCE)
        asked = synced.sync()
        meetings = [seen for seen in synced.seen.values() if isinstance(seen, Meeting)]
        unreadable = [seen for seen in synced.seen.values() if isinstance(seen, Unreadable)]
        synced.close()
    told = {
        (
            event_key(one.uid), one.recurrence_id, one.start, one.end, one.all_day,
            one.status is MeetingStatus.CANCELLED, frozenset(each.address.lower() for each in one.participants),
        )
        for one in meetings
    }  # fmt: skip
    wanted = {each for each in expected.values() if each[-1]}
    print(dict(counts))
    print(f"{len(expected)} occurrences, {len(wanted)} of them name somebody; {asked} requests")
    print(f"{len(meetings)} meetings, {len(unreadable)} unreadable; {len(wanted ^ told)} differ")
    for one in sorted(wanted ^ told, key=repr)[:8]:
        print("   only", "expected" if one in wanted else "reported", one)
    print(f"breaches of Microsoft's types and rules: {len(graph.violations)}", *graph.violations[:3])
    return len(wanted ^ told) + len(unreadable) + len(graph.violations)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    sys.exit(bool(main(parser.parse_args().folder)))

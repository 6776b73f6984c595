"""The law of google-calendar: whatever was edited, read bit by bit or listed anew, it is as if it were read afresh."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.google_calendar import AHEAD, SLIDE
from syncd.model import Meeting
from tests.contract.google_calendar_account import ROME, CalendarAccount, facts, guests
from tests.servers.google import Google
from tests.servers.google_clock import NOON, FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from googleapiclient._apis.calendar.v3.schemas import Event, EventDateTime

    from syncd.model import Observation

NAMES = ("one", "two")
RULES = (
    "FREQ=WEEKLY",
    "FREQ=DAILY;COUNT=9",
    "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=12",
    "FREQ=MONTHLY",
    "FREQ=DAILY;INTERVAL=3",
)
ZONES = (ROME, "America/New_York")
ADDRESSES = ("ada@example.org", "bob@example.org", "carla@example.org")

Edit = tuple[str, str, int, int]
"""What happens to which event, and two numbers that say how."""

_OFTEN = ("series", "move", "skip", "delete", "read")
_SOMETIMES = ("single", "all-day", "people", "restore", "end", "days", "crash")

edits = st.lists(
    st.tuples(
        st.sampled_from(_OFTEN + _OFTEN + _SOMETIMES), st.sampled_from(NAMES), st.integers(-25, 80), st.integers(0, 11)
    ),
    min_size=6,
    max_size=20,
)


def moment(days: int, hour: int, zone: str = "") -> EventDateTime:
    """So many days from the day of the test; without a zone, all of that day."""
    day = NOON.date() + timedelta(days=days)
    if not zone:
        return {"date": day.isoformat()}
    return {
        "dateTime": datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).isoformat(),
        "timeZone": zone,
    }


def event(name: str, days: int, number: int, zone: str) -> Event:
    hour = 8 + number
    return {
        "id": name,
        "summary": f"{name} {number}",
        "start": moment(days, hour, zone),
        "end": moment(days + (not zone), hour + 1, zone),
        "attendees": guests(*ADDRESSES[: 1 + number % 3]),
        "sequence": number % 2,
    }


def original(series: Event, number: int) -> EventDateTime:
    """The original start of the occurrence so many weeks on; of some rules it is none."""
    start = series["start"]
    if "date" in start:
        return {"date": (datetime.fromisoformat(start["date"]) + timedelta(weeks=number)).date().isoformat()}
    zone = start["timeZone"]
    local = datetime.fromisoformat(start["dateTime"]).astimezone(ZoneInfo(zone)) + timedelta(weeks=number)
    return {"dateTime": local.isoformat(), "timeZone": zone}


def carry_out(account: CalendarAccount, edit: Edit) -> None:  # noqa: C901 - one case for each edit
    """One edit by whoever may edit the calendar, or a read, or one that dies, or a few days that pass."""
    what, name, days, number = edit
    calendar = account.primary
    zone = ZONES[number % 2]
    try:
        before = calendar.event(name)
    except KeyError:
        before = None
    series = before if before is not None and "recurrence" in before else None
    match what:
        case "read":
            account.read()
        case "crash":
            account.read(pages=1 + number % 4)
        case "days":
            account.clock.advance(timedelta(days=number).total_seconds())
        case "single":
            calendar.put(event(name, days, number, zone))
        case "series" | "all-day":
            rule = f"RRULE:{RULES[number % len(RULES)]}"
            calendar.put({**event(name, days, number, zone if what == "series" else ""), "recurrence": [rule]})
        case "people" if before is not None and "start" in before:
            calendar.change(name, attendees=guests(*ADDRESSES[number % 3 :]))
        case "delete" if before is not None:
            calendar.cancel(name)
        case "end" if series is not None:
            calendar.change(name, recurrence=[f"RRULE:FREQ=WEEKLY;COUNT={1 + number}"])
        case "skip" if series is not None:
            calendar.cancel_instance(name, original(series, number))
        case "move" | "restore" if series is not None:
            place = original(series, number)
            moved = event("", days, number, zone) if what == "move" else event("", number * 7, number, "")
            changed: Event = {**moved, "recurringEventId": name, "originalStartTime": place}
            del changed["id"]
            calendar.put(changed)
        case _:
            return


@contextmanager
def an_account() -> Iterator[CalendarAccount]:
    clock = FakeClock()
    with Google(clock=clock) as google:
        yield CalendarAccount(google, clock, time_zone=ZoneInfo(ROME))
    assert google.violations == []


def in_window(found: Mapping[str, Observation], account: CalendarAccount) -> dict[str, Observation]:
    """Without what lies at the end of the window, which a later read sees a little further."""
    end = account.clock() + AHEAD - SLIDE
    return {
        name: seen
        for name, seen in found.items()
        if not (isinstance(seen, Meeting) and seen.recurrence_id and seen.start >= end)
    }


@pytest.fixture(scope="module", autouse=True)
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors.google_calendar.PAGE", 6)
        yield


@settings(max_examples=40, deadline=None)
@given(edits)
def test_edits_read_bit_by_bit_lead_where_a_fresh_read_does(happened: list[Edit]) -> None:
    with an_account() as account:
        account.primary.page_most = 2
        for edit in happened:
            carry_out(account, edit)
        account.read()
        assert in_window(facts(account), account) == in_window(account.read(afresh=True), account)


@settings(max_examples=20, deadline=None)
@given(edits, edits, st.integers(1, 6))
def test_a_full_list_mends_everything_ahead_and_takes_nothing_from_the_past(
    before: list[Edit], after: list[Edit], died_after: int
) -> None:
    with an_account() as account:
        for edit in before:
            carry_out(account, edit)
        account.read()
        for edit in after:
            if edit[0] not in ("read", "crash"):
                carry_out(account, edit)
        account.relist(pages=died_after)
        account.read()
        stored, fresh = in_window(facts(account), account), in_window(account.read(afresh=True), account)
        assert fresh.items() <= stored.items()
        for name in stored.keys() - fresh.keys():
            seen = stored[name]
            assert isinstance(seen, Meeting)
            assert seen.start <= account.clock()

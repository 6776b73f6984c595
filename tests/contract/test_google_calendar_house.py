"""What the house makes of google-calendar (faults 34, 36, 58), and which of an account's calendars it reads."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from connectors._google_calendar_lists import Entry, chosen
from connectors._google_scopes import CALENDAR_SCOPES
from connectors.ics import Ics, IcsOptions
from syncd.connector import Checks, SignsIn
from syncd.errors import CursorExpired, Misconfigured, Transient
from syncd.memory import Remembered
from syncd.model import Meeting, Response, Role, VerdictKind
from syncd.pipeline.policy import Me, Policy
from syncd.store import Store, StoredMemory
from syncd.sync import OpenAccount, derive, poll
from syncd.testing import context
from tests.contract.google_calendar_account import (
    DAY,
    YEAR,
    CalendarAccount,
    addresses,
    facts,
    guests,
    meeting,
    meetings,
    weekly,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

FAMILY = "c_family@group.calendar.google.com"
POLICY = Policy(me=Me(name="Davide Rossi", addresses=("davide@rossi.example",)))


@pytest.fixture
def account(google: Google, google_clock: FakeClock) -> CalendarAccount:
    return CalendarAccount(google, google_clock)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'syncd.db'}") as opened:
        yield opened


# ------------------------------------------------------------------------------- 34, 36, 58: what the house makes of it


def source(account: CalendarAccount, store: Store, name: str = "calendar") -> OpenAccount:
    return OpenAccount(name, "google-calendar", account.open(memory=StoredMemory(store, name)), YEAR)


def read_into(store: Store, account: CalendarAccount) -> None:
    opened = source(account, store)
    outcome = poll(store, opened, account.clock())
    opened.connector.close()
    assert outcome.error is None
    derive(store, POLICY)


def met(store: Store, account: CalendarAccount) -> int:
    """How many meetings are over now that brought the owner and somebody together."""
    touches = [touch for _, found in store.histories(None) for touch in found]
    return sum(touch.until <= account.clock() and touch.verdict is VerdictKind.HUMAN for touch in touches)


def test_34_a_meeting_i_decline_later_is_withdrawn_and_comes_back_when_i_accept(
    account: CalendarAccount, store: Store
) -> None:
    answers = {"email": "davide@rossi.example", "self": True}
    both = [*guests("ada@example.org"), {**answers, "responseStatus": "accepted"}]
    organizer = {"email": "ada@example.org"}
    account.primary.put(meeting(account.clock() - DAY, id="one", organizer=organizer, attendees=both))
    read_into(store, account)
    before = list(store.dump())
    assert met(store, account) == 1
    account.primary.change("one", attendees=[both[0], {**answers, "responseStatus": "declined"}])
    read_into(store, account)
    assert met(store, account) == 0
    account.primary.change("one", attendees=[both[0], {**answers, "responseStatus": "accepted"}])
    read_into(store, account)
    assert list(store.dump()) == before


def test_34_my_own_answer_is_part_of_what_is_reported(account: CalendarAccount) -> None:
    mine = {"email": "davide@rossi.example", "self": True, "responseStatus": "declined"}
    account.primary.put(meeting(account.clock(), attendees=[*guests("ada@example.org"), mine]))
    (seen,) = account.read().values()
    assert isinstance(seen, Meeting)
    mine_told = {person.response for person in seen.participants if person.address == "davide@rossi.example"}
    assert mine_told == {Response.DECLINED, None}, "None: who organizes has no answer"


def test_34_a_meeting_i_decline_by_an_alias_is_not_met_and_the_alias_is_nobody(
    account: CalendarAccount, store: Store
) -> None:
    alias = {"email": "drossi@rossi.example", "self": True, "responseStatus": "accepted"}
    organizer = {"email": "ada@example.org"}
    both = [*guests("ada@example.org"), alias]
    account.primary.put(meeting(account.clock() - DAY, id="one", organizer=organizer, attendees=both))
    account.primary.put(weekly(account.clock() - 2 * DAY, id="two", organizer=organizer, attendees=both))
    read_into(store, account)
    assert met(store, account) == 2
    for name in ("one", "two"):
        account.primary.change(name, attendees=[both[0], {**alias, "responseStatus": "declined"}])
    read_into(store, account)
    assert met(store, account) == 0
    assert [one.addresses for one, _ in store.histories(None)] == [("ada@example.org",)]


def test_34_in_the_calendar_a_service_account_reads_self_is_whom_it_acts_for(account: CalendarAccount) -> None:
    account.google.oauth.delegated = frozenset(CALENDAR_SCOPES)
    account.subject = "davide.rossi@rossi.example"
    alias = {"email": "drossi@rossi.example", "self": True, "responseStatus": "declined"}
    theirs = account.google.calendars_of(account.subject).primary
    theirs.put(meeting(account.clock(), organizer={"email": "ada@example.org"}, attendees=[alias]))
    (seen,) = account.read().values()
    assert addresses(seen) == {"ada@example.org", "davide.rossi@rossi.example"}


def test_34_in_the_calendar_of_a_colleague_self_is_the_colleague(account: CalendarAccount) -> None:
    marco = {"email": "marco@rossi.example", "self": True, "responseStatus": "declined"}
    colleague = account.google.calendars.add("marco@rossi.example", "Marco", access_role="writer")
    colleague.put(meeting(account.clock(), attendees=[*guests("davide@rossi.example"), marco]))
    team = account.google.calendars.add("c_1@group.calendar.google.com", "Team")
    team.put(meeting(account.clock(), attendees=[*guests("davide@rossi.example"), marco]))
    account.google.calendars.all = dict(reversed(account.google.calendars.all.items()))
    for seen in account.read(calendars=("marco@rossi.example", "Team")).values():
        assert isinstance(seen, Meeting)
        told = {person.address: person.response for person in seen.participants if person.role is Role.ATTENDEE}
        assert told == {"davide@rossi.example": Response.ACCEPTED, "marco@rossi.example": Response.DECLINED}


def test_36_a_meeting_that_ends_while_nobody_runs_becomes_contact_once(account: CalendarAccount, store: Store) -> None:
    account.primary.put(weekly(account.clock() + DAY, id="one"))
    read_into(store, account)
    assert met(store, account) == 0
    account.clock.advance((40 * DAY).total_seconds())
    read_into(store, account)
    assert met(store, account) == 6
    after = list(store.dump())
    asked = account.google.calls["calendar.events.list"]
    read_into(store, account)
    assert list(store.dump()) == after
    assert account.google.calls["calendar.events.list"] == asked + 1


def test_36_days_that_come_into_the_window_are_told_from_what_is_remembered(account: CalendarAccount) -> None:
    now = account.clock()
    account.primary.put(weekly(now + DAY, id="one"))
    account.primary.put(meeting(now + 400 * DAY, id="far"))
    account.read()
    assert len(meetings(account)) == 9 + 1
    account.clock.advance((7 * DAY).total_seconds())
    entered = account.read()
    assert len(entered) == 1
    assert len(meetings(account)) == 10 + 1
    assert account.read() == {}


def test_58_the_same_meeting_in_a_feed_and_at_google_is_one_interaction(
    account: CalendarAccount, store: Store, tmp_path: Path
) -> None:
    now = account.clock().replace(microsecond=0)
    account.primary.put(weekly(now - 15 * DAY, id="one", iCalUID="one@google.com"))
    account.google.calendars.add(FAMILY, "Family")
    account.google.calendars.all[FAMILY].put(weekly(now - 15 * DAY, id="other", iCalUID="one@google.com"))
    feed = tmp_path / "calendar.ics"
    feed.write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:one@google.com\nSUMMARY:A talk\n"
        f"DTSTART;TZID=Europe/Rome:{(now - 15 * DAY).astimezone():%Y%m%d}T130000\nDURATION:PT1H\n"
        "RRULE:FREQ=WEEKLY\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    with ExitStack() as stack:
        calendars = account.open(memory=StoredMemory(store, "google"), calendars=("primary", "Family"))
        published = Ics(IcsOptions(type="ics", path=feed), context(now=account.clock))
        for connector in (calendars, published):
            stack.callback(connector.close)
        for name, connector in (("google", calendars), ("feed", published)):
            assert poll(store, OpenAccount(name, name, connector, YEAR), account.clock()).error is None
    derive(store, POLICY)
    people = {one.id: touches for one, touches in store.histories(None)}
    (touches,) = people.values()
    occurrences = {(touch.at, touch.kind) for touch in touches}
    assert len(touches) == len(occurrences) == 3 + 8
    assert store.counts().interactions == 11


# ------------------------------------------------------------------------------- which calendars are read


def test_several_calendars_are_read_and_a_meeting_in_two_is_two_facts(account: CalendarAccount) -> None:
    start = account.clock() - DAY
    family = account.google.calendars.add("fam/ily#1@group.calendar.google.com", "Family")
    account.primary.put(meeting(start, id="one", iCalUID="same@google.com"))
    family.put(meeting(start, id="two", iCalUID="same@google.com"))
    found = account.read(calendars=("primary", "family"))
    assert set(found) == {"davide@rossi.example/one", "fam%2Fily%231@group.calendar.google.com/two"}
    assert {seen.uid for seen in found.values() if isinstance(seen, Meeting)} == {"same@google.com"}


def test_a_calendar_that_nobody_has_is_named_beside_those_there_are(account: CalendarAccount) -> None:
    account.google.calendars.add(FAMILY, "Family")
    account.google.calendars.add("2", "Boss", access_role="reader")
    account.google.calendars.add("3", "Marco", access_role="writer")
    with pytest.raises(Misconfigured, match="Holidays") as raised:
        account.read(calendars=("Holidays",))
    assert '"Family"' in raised.value.hint
    assert not any(name in raised.value.hint for name in ("Boss", "Marco"))


def test_a_colleagues_calendar_is_read_only_when_it_is_named_by_its_id(account: CalendarAccount) -> None:
    boss = account.google.calendars.add("boss@rossi.example", "Boss", access_role="reader")
    boss.put(meeting(account.clock()))
    boss.put(meeting(account.clock(), visibility="private"))
    with pytest.raises(Misconfigured, match="somebody else's") as raised:
        account.read(calendars=("Boss",))
    assert "boss@rossi.example" in raised.value.hint
    assert len(account.read(calendars=("boss@rossi.example",))) == 1, "private events show nothing, and are nothing"


@pytest.mark.parametrize(
    ("calendar", "role"),
    [
        ("marco@rossi.example", "reader"),
        ("marco@rossi.example", "writerWithoutPrivateAccess"),
        ("marco@rossi.example", "writer"),
        ("marco@rossi.example", "owner"),
        ("c_1@group.calendar.google.com", "writer"),
        ("c_2@import.calendar.google.com", "owner"),
    ],
)
def test_a_calendar_of_others_is_not_read_by_its_name_whatever_i_may_do_there(
    account: CalendarAccount, calendar: str, role: str
) -> None:
    account.google.calendars.add(calendar, "Marco", access_role=role).put(meeting(account.clock()))
    with pytest.raises(Misconfigured, match='"Marco" is somebody else\'s') as raised:
        account.read(calendars=("primary", "Marco"))
    assert f'in place of its name: "{calendar}"' in raised.value.hint
    assert account.pages == []
    assert len(account.read(calendars=("primary", calendar))) == 1


def test_what_i_call_my_own_calendars_is_enough_to_read_them(account: CalendarAccount) -> None:
    account.primary.entry["summaryOverride"] = "Me"
    account.google.calendars.add("C_1@Group.Calendar.Google.com", "Team").put(meeting(account.clock()))
    account.add()
    assert len(account.read(calendars=("me", " TEAM "))) == 2


def test_of_two_calendars_of_one_name_none_is_taken(account: CalendarAccount) -> None:
    ids = ("c_1@group.calendar.google.com", "c_2@group.calendar.google.com")
    for number, calendar in enumerate(ids):
        account.google.calendars.add(calendar, "Work").put(meeting(account.clock() + number * DAY))
    with pytest.raises(Misconfigured, match='2 calendars called "work"') as raised:
        account.read(calendars=("work",))
    assert all(f'"{calendar}"' in raised.value.hint for calendar in ids)
    assert account.pages == []
    assert len(account.read(calendars=ids[1:])) == 1


def test_a_calendar_that_a_list_names_twice_is_one_calendar() -> None:
    work = Entry(id=FAMILY, summary="Work", accessRole="owner")
    assert chosen([work, work], ["Work"], "calendar") == {FAMILY: work}


def test_of_two_calendars_of_one_name_mine_is_meant(account: CalendarAccount) -> None:
    theirs = account.google.calendars.add("work@rossi.example", "Work", access_role="writer")
    theirs.put(meeting(account.clock()))
    account.google.calendars.add(FAMILY, "Work").put(meeting(account.clock(), id="mine"))
    assert [name.rpartition("/")[2] for name in account.read(calendars=("Work",))] == ["mine"]


def test_of_two_calendars_of_one_name_and_neither_mine_both_ids_are_said(account: CalendarAccount) -> None:
    for calendar, role in (("a@rossi.example", "reader"), ("b@rossi.example", "writer"), ("c", "freeBusyReader")):
        account.google.calendars.add(calendar, "Work", access_role=role)
    with pytest.raises(Misconfigured) as raised:
        account.read(calendars=("Work",))
    assert '"a@rossi.example", "b@rossi.example". Then' in raised.value.hint


@pytest.mark.parametrize("wanted", ["busy@rossi.example", "Busy"])
def test_a_calendar_that_only_shows_who_is_busy_is_refused(account: CalendarAccount, wanted: str) -> None:
    account.google.calendars.add("busy@rossi.example", "Busy", access_role="freeBusyReader")
    with pytest.raises(Misconfigured, match="not with whom"):
        account.read(calendars=(wanted,))


def test_a_calendar_that_is_no_longer_read_loses_what_lies_ahead(account: CalendarAccount) -> None:
    now = account.clock()
    family = account.google.calendars.add(FAMILY, "Family")
    family.put(weekly(now - 15 * DAY, id="one"))
    account.read(calendars=("primary", "Family"))
    assert len(meetings(account)) == 3 + 8
    with pytest.raises(CursorExpired):
        account.read()
    account.relist()
    assert len(meetings(account)) == 3
    assert Remembered(account.pages).notes() == {}


def test_a_calendar_that_moves_to_another_zone_is_read_again(account: CalendarAccount) -> None:
    account.primary.put({"summary": "A day", "start": {"date": "2026-03-04"}, "end": {"date": "2026-03-05"}})
    account.read()
    account.primary.entry["timeZone"] = "America/New_York"
    with pytest.raises(CursorExpired, match="time zones"):
        account.read()
    account.relist()
    assert f"{meetings(account)[0].start:%H:%M}" == "05:00"


def test_one_calendar_in_trouble_holds_back_no_other(account: CalendarAccount) -> None:
    family = account.google.calendars.add(FAMILY, "Family")
    account.add(2)
    family.put(meeting(account.clock()))
    account.google.fail(status=500, method="calendar.events.list", after=1)
    with pytest.raises(Transient):
        account.read(calendars=("primary", "Family"))
    assert len(meetings(account)) == 2
    account.google.mend()
    account.read(calendars=("primary", "Family"))
    assert len(meetings(account)) == 3


def test_a_check_says_what_is_read_and_what_is_not(account: CalendarAccount) -> None:
    account.google.calendars.add(FAMILY, "Family")
    account.google.calendars.add("2", "Holidays", access_role="reader")
    connector = account.open(calendars=("primary", "Family"))
    assert isinstance(connector, Checks)
    assert isinstance(connector, SignsIn)
    assert connector.check() == ("reads the calendars davide@rossi.example, Family", "does not read Holidays")
    connector.close()


def test_an_event_with_an_endless_id_is_an_event_all_the_same(account: CalendarAccount) -> None:
    account.primary.put(meeting(account.clock(), id="a" * 1024))
    account.primary.put(weekly(account.clock(), id="b" * 1024))
    account.read()
    assert len(meetings(account)) == 1 + 9
    assert max(map(len, facts(account))) < 400
    assert facts(account) == account.read(afresh=True)


def test_a_quiet_calendar_costs_two_requests_and_no_page(account: CalendarAccount) -> None:
    account.add(3)
    account.read()
    asked, pages = len(account.google.requests), len(account.pages)
    account.read()
    assert len(account.google.requests) - asked == 2
    assert len(account.pages) == pages


def test_descriptions_and_places_never_leave_google_and_titles_only_when_wanted(account: CalendarAccount) -> None:
    account.primary.put(meeting(account.clock(), description="secret", location="somewhere"))
    account.read(subjects=False)
    (asked,) = {request.query["fields"][0] for request in account.google.requests if "events" in request.method}
    assert not any(word in asked for word in ("description", "location", "summary", "*"))
    scopes = {scope.rpartition("/")[2] for grant in account.google.oauth.grants for scope in grant.scopes}
    assert scopes == {"calendar.events.readonly", "calendar.calendarlist.readonly"}

"""What google-calendar survives: faults 31 to 36 of the sync rules, and calendars that come, go, or are not its own."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from connectors.ics import Ics, IcsOptions
from syncd.connector import Checks, SignsIn
from syncd.errors import AuthRequired, CursorExpired, Misconfigured, Transient
from syncd.memory import Remembered
from syncd.model import Meeting, Removal, Response, Unreadable
from syncd.pipeline.policy import Me, Policy
from syncd.store import Store, StoredMemory
from syncd.sync import OpenAccount, derive, poll
from syncd.testing import context
from tests.contract.google_calendar_account import YEAR, CalendarAccount, at, guests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from googleapiclient._apis.calendar.v3.schemas import Event

    from syncd.model import Observation
    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

DAY = timedelta(days=1)
POLICY = Policy(me=Me(name="Davide Rossi", addresses=("davide@rossi.example",)))


@pytest.fixture
def account(google: Google, google_clock: FakeClock) -> CalendarAccount:
    return CalendarAccount(google, google_clock)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'syncd.db'}") as opened:
        yield opened


def meeting(start: datetime, *addresses: str, **fields: object) -> Event:
    """An hour with these people."""
    event = {
        "summary": "A talk",
        "start": at(start),
        "end": at(start + timedelta(hours=1)),
        "attendees": guests(*addresses or ("ada@example.org",)),
        **fields,
    }
    return cast("Event", event)


def weekly(start: datetime, **fields: object) -> Event:
    return meeting(start, recurrence=["RRULE:FREQ=WEEKLY"], **fields)


def facts(account: CalendarAccount) -> dict[str, Observation]:
    """What a store holds after everything that was read."""
    last = {seen.remote_id: seen for page in account.pages for seen in page.observations}
    return {name: seen for name, seen in last.items() if not isinstance(seen, Removal)}


def meetings(account: CalendarAccount) -> list[Meeting]:
    return sorted((seen for seen in facts(account).values() if isinstance(seen, Meeting)), key=lambda seen: seen.start)


def addresses(seen: Observation) -> set[str]:
    assert isinstance(seen, Meeting)
    return {person.address for person in seen.participants}


# ------------------------------------------------------------------------------- 31: tokens


@pytest.mark.parametrize("page", [1, 3])
def test_31_a_token_that_is_gone_on_any_page_expires_the_cursor_and_loses_nothing(
    account: CalendarAccount, page: int
) -> None:
    account.add(9)
    account.read()
    account.primary.page_most = 2
    account.add(7)
    account.primary.expire_sync_tokens(on_page=page)
    with pytest.raises(CursorExpired):
        account.read()
    assert len(meetings(account)) == 9, "nothing of a list that broke off is reported"
    account.relist()
    assert facts(account) == account.read(afresh=True)
    assert len(meetings(account)) == 16


def test_31_a_list_that_ends_without_a_token_is_no_list(account: CalendarAccount) -> None:
    account.add(3)
    account.primary.omits_sync_token = True
    with pytest.raises(Transient, match="without the token"):
        account.read()
    assert account.pages == []
    account.primary.omits_sync_token = False
    assert len(account.read()) == 3


def test_31_other_settings_than_the_cursor_was_written_for_expire_it(account: CalendarAccount) -> None:
    account.add(3)
    account.read()
    asked = len(account.google.requests)
    with pytest.raises(CursorExpired, match="settings"):
        account.read(subjects=False)
    assert len(account.google.requests) == asked, "before anything is asked"


def test_31_every_page_of_a_list_is_asked_with_the_same_parameters(account: CalendarAccount) -> None:
    account.primary.page_most = 2
    account.add(5)
    account.read()
    account.add(3)
    account.read()
    lists = [dict(asked.query) for asked in account.google.requests if asked.method == "calendar.events.list"]
    assert len(lists) == 5
    assert ["timeMin" in query for query in lists] == [True, True, True, False, False]
    assert ["syncToken" in query for query in lists] == [False, False, False, True, True]
    free = {"timeMin", "syncToken", "pageToken"}
    assert len({repr({key: query[key] for key in sorted(query.keys() - free)}) for query in lists}) == 1


def test_31_empty_pages_are_followed_to_the_end(account: CalendarAccount) -> None:
    account.primary.empty_pages = 3
    account.add(2)
    assert len(account.read()) == 2


def test_31_a_list_that_breaks_off_is_taken_up_on_the_page_it_reached(account: CalendarAccount) -> None:
    account.primary.page_most = 2
    account.add(8)
    account.google.fail(status=503, method="calendar.events.list", after=2)
    with pytest.raises(Transient):
        account.read()
    assert facts(account) == {}
    account.google.mend()
    before = account.google.calls["calendar.events.list"]
    account.read()
    assert account.google.calls["calendar.events.list"] - before == 2
    assert len(meetings(account)) == 8


def test_31_a_full_list_takes_away_what_lies_ahead_and_leaves_the_past(account: CalendarAccount) -> None:
    now = account.clock()
    account.primary.put(meeting(now + 5 * DAY, id="ahead"))
    account.primary.put(meeting(now - 5 * DAY, id="behind"))
    account.primary.put(weekly(now - 15 * DAY, id="series"))
    account.read()
    for name in ("ahead", "behind", "series"):
        account.primary.cancel(name)
    account.primary.expire_sync_tokens()
    account.relist()
    assert all(seen.start < now for seen in meetings(account))
    assert len(meetings(account)) == 1 + 3


def test_31_a_full_list_keeps_a_past_change_it_is_too_short_to_show(account: CalendarAccount) -> None:
    now = account.clock()
    account.primary.put(weekly(now - 500 * DAY, id="series"))
    account.primary.put(
        {
            **meeting(now - 200 * DAY, "carla@example.org"),
            "recurringEventId": "series",
            "originalStartTime": at(now - 199 * DAY + 4 * DAY),
        }
    )
    account.read()
    moved = next(seen for seen in meetings(account) if "carla@example.org" in addresses(seen))
    account.clock.advance((200 * DAY).total_seconds())
    account.relist()
    assert facts(account)[moved.remote_id] == moved


# ------------------------------------------------------------------------------- 32: cancelled, moved, split


def test_32_a_deleted_event_is_removed(account: CalendarAccount) -> None:
    account.primary.put(meeting(account.clock() - DAY, id="one"))
    account.read()
    account.primary.cancel("one")
    assert account.read() == {"davide@rossi.example/one": Removal("davide@rossi.example/one")}


def test_32_a_cancelled_series_is_removed_with_all_that_was_changed_about_it(account: CalendarAccount) -> None:
    now = account.clock()
    account.primary.put(weekly(now - 8 * DAY, id="one"))
    account.primary.put(
        {**meeting(now + 3 * DAY), "recurringEventId": "one", "originalStartTime": at(now - 8 * DAY + 14 * DAY)}
    )
    account.primary.cancel_instance("one", at(now - DAY))
    account.read()
    assert len(meetings(account)) > 5
    account.primary.cancel("one")
    account.read()
    assert facts(account) == {}
    assert Remembered(account.pages).notes() == {}, "and nothing of it is remembered"


@pytest.mark.parametrize("sparse", [False, True])
def test_32_a_cancelled_occurrence_is_removed_and_stays_away(account: CalendarAccount, *, sparse: bool) -> None:
    now = account.clock()
    account.primary.sparse_cancellations = sparse
    account.primary.put(weekly(now - 8 * DAY, id="one"))
    account.read()
    account.primary.cancel_instance("one", at(now - DAY))
    (gone,) = account.read().values()
    assert isinstance(gone, Removal)
    account.primary.change("one", summary="A new title")
    account.read()
    assert gone.remote_id not in facts(account)
    assert {seen.title for seen in meetings(account)} == {"A new title"}


def test_32_a_series_that_is_split_goes_on_as_another(account: CalendarAccount) -> None:
    now = account.clock()
    account.primary.put(weekly(now - 15 * DAY, id="one"))
    account.read()
    before = [seen.start for seen in meetings(account)]
    cut = now - DAY
    account.primary.change("one", recurrence=[f"RRULE:FREQ=WEEKLY;UNTIL={cut - DAY:%Y%m%dT%H%M%SZ}"])
    rest = f"one_R{cut:%Y%m%dT%H%M%S}"
    account.primary.put(weekly(cut, id=rest, iCalUID=f"{rest}@google.com", summary="The rest"))
    account.read()
    assert [seen.start for seen in meetings(account)] == before
    assert [seen.title for seen in meetings(account)][:3] == ["A talk", "A talk", "The rest"]


def test_32_what_a_shortened_series_no_longer_has_is_removed_from_its_past_too(account: CalendarAccount) -> None:
    now = account.clock()
    account.primary.put(weekly(now - 29 * DAY, id="one"))
    account.read()
    account.primary.change("one", recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    account.read()
    assert len(meetings(account)) == 2


def test_32_an_exception_may_come_before_its_series(account: CalendarAccount) -> None:
    now = account.clock()
    account.primary.page_most = 1
    early: Event = {
        **meeting(now + 2 * DAY, id="one_early"),
        "recurringEventId": "one",
        "originalStartTime": at(now + DAY),
        "iCalUID": "one@google.com",
    }
    account.primary.put(early)
    assert len(account.read()) == 1
    account.primary.put(weekly(now + DAY, id="one"))
    account.read()
    assert meetings(account)[0].start == now + 2 * DAY
    assert facts(account) == account.read(afresh=True)


# ------------------------------------------------------------------------------- 33: people


def test_33_guests_who_are_left_out_of_an_answer_are_not_left_out_of_the_meeting(account: CalendarAccount) -> None:
    account.primary.put(meeting(account.clock() + DAY, "ada@example.org", "bob@example.org", id="one"))
    account.read()
    mine = [{"email": "davide@rossi.example", "self": True, "responseStatus": "accepted"}]
    account.primary.change("one", attendees=mine, attendeesOmitted=True)
    account.read()
    (seen,) = meetings(account)
    assert addresses(seen) >= {"ada@example.org", "bob@example.org", "davide@rossi.example"}
    account.primary.change("one", attendees=guests("ada@example.org"), attendeesOmitted=None)
    account.read()
    assert "bob@example.org" not in addresses(meetings(account)[0])


def test_33_guests_who_are_left_out_of_one_occurrence_are_those_of_its_series(account: CalendarAccount) -> None:
    now = account.clock()
    account.primary.put(weekly(now, id="one"))
    account.read()
    account.primary.put(
        {
            **meeting(now + DAY, "davide@rossi.example"),
            "recurringEventId": "one",
            "originalStartTime": at(now),
            "attendeesOmitted": True,
        }
    )
    (moved,) = account.read().values()
    assert "ada@example.org" in addresses(moved)


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
    """How many people the owner met, by what is over now."""
    return sum(bool(touches) for _, touches in store.histories(account.clock()))


def test_34_a_meeting_i_decline_later_is_withdrawn_and_comes_back_when_i_accept(
    account: CalendarAccount, store: Store
) -> None:
    answers = {"email": "davide@rossi.example", "self": True}
    both = [*guests("ada@example.org"), {**answers, "responseStatus": "accepted"}]
    organizer = {"email": "ada@example.org"}
    account.primary.put(meeting(account.clock() - DAY, id="one", organizer=organizer, attendees=both))
    read_into(store, account)
    before = list(store.dump())
    account.primary.change("one", attendees=[both[0], {**answers, "responseStatus": "declined"}])
    read_into(store, account)
    assert list(store.dump()) != before
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


def test_36_a_meeting_that_ends_while_nobody_runs_becomes_contact_once(account: CalendarAccount, store: Store) -> None:
    account.primary.put(weekly(account.clock() + DAY, id="one"))
    read_into(store, account)
    account.clock.advance((40 * DAY).total_seconds())
    read_into(store, account)
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
    account.google.calendars.add("family", "Family")
    account.google.calendars.all["family"].put(weekly(now - 15 * DAY, id="other", iCalUID="one@google.com"))
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
    account.google.calendars.add("1", "Family")
    account.google.calendars.add("2", "Boss", access_role="reader")
    with pytest.raises(Misconfigured, match="Holidays") as raised:
        account.read(calendars=("Holidays",))
    assert '"Family"' in raised.value.hint
    assert "Boss" not in raised.value.hint


def test_a_colleagues_calendar_is_read_only_when_it_is_named_by_its_id(account: CalendarAccount) -> None:
    boss = account.google.calendars.add("boss@rossi.example", "Boss", access_role="reader")
    boss.put(meeting(account.clock()))
    boss.put(meeting(account.clock(), visibility="private"))
    with pytest.raises(Misconfigured, match="somebody else's") as raised:
        account.read(calendars=("Boss",))
    assert "boss@rossi.example" in raised.value.hint
    assert len(account.read(calendars=("boss@rossi.example",))) == 1, "private events show nothing, and are nothing"


def test_a_calendar_that_only_shows_who_is_busy_is_refused(account: CalendarAccount) -> None:
    account.google.calendars.add("busy@rossi.example", "Busy", access_role="freeBusyReader")
    with pytest.raises(Misconfigured, match="not with whom"):
        account.read(calendars=("busy@rossi.example",))


def test_a_calendar_that_is_no_longer_read_loses_what_lies_ahead(account: CalendarAccount) -> None:
    now = account.clock()
    family = account.google.calendars.add("family", "Family")
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
    family = account.google.calendars.add("family", "Family")
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
    account.google.calendars.add("1", "Family")
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


# ------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded", "calendarUsageLimits"])
def test_a_limit_is_waited_for(account: CalendarAccount, reason: str) -> None:
    account.add(2)
    account.google.fail(2, status=403, reason=reason, method="calendar.events.list")
    assert len(account.read()) == 2
    assert account.clock.paused > 0


@pytest.mark.parametrize("reason", ["notACalendarUser", "accessNotConfigured"])
def test_an_account_without_a_calendar_is_a_matter_of_settings(account: CalendarAccount, reason: str) -> None:
    account.google.fail(status=403, reason=reason)
    with pytest.raises(Misconfigured):
        account.read()


def test_a_sign_in_without_the_permission_wants_another(account: CalendarAccount) -> None:
    account.google.fail(status=403, reason="insufficientPermissions")
    with pytest.raises(AuthRequired):
        account.read()


def test_a_portal_in_googles_place_is_no_calendar(account: CalendarAccount) -> None:
    account.google.show_page()
    with pytest.raises(Transient):
        account.read()


def test_a_series_that_cannot_be_followed_keeps_what_was_read_of_it(account: CalendarAccount) -> None:
    account.primary.put(weekly(account.clock() - 15 * DAY, id="one"))
    account.read()
    before = facts(account)
    account.primary.change("one", summary="A new title")
    account.primary.break_event("one", recurrence=["RRULE:FREQ=SECONDLY"])
    (reported,) = account.read().values()
    assert isinstance(reported, Unreadable)
    assert {name: seen for name, seen in facts(account).items() if isinstance(seen, Meeting)} == before
    account.primary.change("one", summary="A new title")
    account.primary.break_event("one", recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    account.read()
    assert [seen.title for seen in facts(account).values() if isinstance(seen, Meeting)] == ["A new title"] * 2
    assert not any(isinstance(seen, Unreadable) for seen in facts(account).values())

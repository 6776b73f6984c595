"""What google-calendar survives: faults 31 to 33 of the sync rules, and what Google refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from syncd.errors import AuthRequired, CursorExpired, Misconfigured, Transient
from syncd.memory import Remembered
from syncd.model import Meeting, Removal, Unreadable
from tests.contract.google_calendar_account import (
    DAY,
    ROME,
    CalendarAccount,
    addresses,
    at,
    facts,
    guests,
    meeting,
    meetings,
    weekly,
)
from tests.servers.google_calendar_query import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from googleapiclient._apis.calendar.v3.schemas import Event

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock


@pytest.fixture
def account(google: Google, google_clock: FakeClock) -> CalendarAccount:
    return CalendarAccount(google, google_clock)


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


def in_rome(account: CalendarAccount) -> None:
    account.time_zone = ZoneInfo(ROME)


def for_somebody_else(account: CalendarAccount) -> None:
    account.subject = "ada@rossi.example"


def of_another_address(account: CalendarAccount) -> None:
    account.google.address = "ada@rossi.example"


@pytest.mark.parametrize("changed", [in_rome, for_somebody_else, of_another_address])
def test_31_other_settings_than_the_cursor_was_written_for_expire_it(
    account: CalendarAccount, changed: Callable[[CalendarAccount], None]
) -> None:
    account.add(3)
    account.read()
    changed(account)
    asked = len(account.google.requests)
    with pytest.raises(CursorExpired, match="settings"):
        account.read()
    assert len(account.google.requests) == asked, "before anything is asked"


@pytest.mark.parametrize(("subjects", "calendars"), [(False, ["primary"]), (True, ["davide@rossi.example"])])
def test_31_other_wishes_than_the_cursor_was_written_for_expire_it(
    account: CalendarAccount, *, subjects: bool, calendars: list[str]
) -> None:
    account.add(3)
    account.read()
    with pytest.raises(CursorExpired, match="settings"):
        account.read(subjects=subjects, calendars=calendars)


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


@pytest.mark.parametrize("length", [1, 2])
def test_31_a_list_that_goes_in_circles_is_given_up(
    account: CalendarAccount, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    account.primary.page_most = 2
    account.add(9)
    onwards, begun = Query.following, list[str]()

    def circling(query: Query, last: str) -> str:
        begun.append(onwards(query, last))
        return begun[0] if query.place.page == length + 1 else begun[-1]

    monkeypatch.setattr(Query, "following", circling)
    with pytest.raises(Transient, match="circles"):
        account.read(pages=9)
    assert facts(account) == {}


def test_31_what_a_list_brought_that_was_dropped_half_way_is_not_believed(account: CalendarAccount) -> None:
    account.primary.page_most = 1
    for name in ("one", "two", "three"):
        account.primary.put(meeting(account.clock() + DAY, id=name))
    account.read(pages=1)
    assert any("/one#" in key for key in Remembered(account.pages).notes())
    account.primary.cancel("one")
    account.relist()
    assert facts(account) == account.read(afresh=True)
    assert set(facts(account)) == {"davide@rossi.example/two", "davide@rossi.example/three"}


def test_what_changes_after_a_crash_amid_the_reporting_is_reported_too(
    account: CalendarAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.google_calendar.PAGE", 2)
    for name in ("a", "b", "c", "d", "e"):
        account.primary.put(meeting(account.clock() + DAY, id=name))
    account.read(pages=2)
    assert set(facts(account)) == {"davide@rossi.example/a", "davide@rossi.example/b"}
    account.primary.change("a", summary="Another talk")
    account.primary.cancel("b")
    account.read()
    assert facts(account) == account.read(afresh=True)
    assert sorted(seen.title for seen in meetings(account)) == ["A talk"] * 3 + ["Another talk"]


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

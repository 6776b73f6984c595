"""The double of Google Calendar, driven by Google's own client library, which must not notice anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.servers import google_clients
from tests.servers.google_calendar import CALENDAR_LIST, EVENTS
from tests.servers.google_clients import calendar_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from googleapiclient._apis.calendar.v3 import CalendarResource, EventsHttpRequest
    from googleapiclient._apis.calendar.v3.schemas import Event

    from tests.servers.google import Google
    from tests.servers.google_calendar_events import Calendar
    from tests.servers.google_clock import FakeClock

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def service(google: Google) -> Iterator[CalendarResource]:
    with calendar_client(google.endpoint, google.oauth.sign_in(EVENTS, CALENDAR_LIST).access) as found:
        yield found


@pytest.fixture
def calendar(google: Google) -> Calendar:
    return google.calendars.primary


def meeting(key: str, start: datetime = MONDAY, **more: object) -> Event:
    """An hour with somebody."""
    event: Event = {
        "id": key,
        "summary": f"About {key}",
        "start": {"dateTime": start.isoformat(), "timeZone": "Europe/Rome"},
        "end": {"dateTime": (start + timedelta(hours=1)).isoformat(), "timeZone": "Europe/Rome"},
        "attendees": [
            {"email": "davide@rossi.example", "self": True, "responseStatus": "accepted"},
            {"email": "mia@example.com", "responseStatus": "needsAction"},
        ],
    }
    return {**event, **more}  # type: ignore[typeddict-item]  # further fields, by name


def read(request: EventsHttpRequest, service: CalendarResource) -> tuple[list[list[str]], str]:
    """The ids of every page, and the sync token of the last one."""
    pages: list[list[str]] = []
    while True:
        answer = request.execute()
        pages.append([each["id"] for each in answer["items"]])
        following = service.events().list_next(request, answer)
        if following is None:
            return pages, answer.get("nextSyncToken", "")
        assert "nextSyncToken" not in answer
        request = following


def refused(request: object) -> tuple[int, str]:
    """The status of a request that must fail, and the reason."""
    error = google_clients.refused(request)
    return error.status_code, google_clients.reason(error)


def test_calendars_are_listed_by_role_and_hidden_and_deleted_only_on_demand(
    google: Google, service: CalendarResource
) -> None:
    google.calendars.add("family@group.calendar.google.com", "Family", access_role="writer")
    google.calendars.add("room@resource.calendar.google.com", "Room", access_role="freeBusyReader")
    google.calendars.add("old@group.calendar.google.com", "Old", hidden=True)
    google.calendars.add("gone@group.calendar.google.com", "Gone")
    google.calendars.remove("gone@group.calendar.google.com")
    shown = service.calendarList().list().execute()
    assert [(each["summary"], each.get("primary", False)) for each in shown["items"]] == [
        ("davide@rossi.example", True),
        ("Family", False),
        ("Room", False),
    ]
    assert len(service.calendarList().list(showHidden=True, showDeleted=True).execute()["items"]) == 5
    assert len(service.calendarList().list(minAccessRole="writer").execute()["items"]) == 2
    assert not service.calendarList().list(syncToken=shown["nextSyncToken"]).execute()["items"]
    google.calendars.restrict("family@group.calendar.google.com", "reader")
    changed = service.calendarList().list(syncToken=shown["nextSyncToken"]).execute()["items"]
    assert [each["accessRole"] for each in changed] == ["reader"]


def test_the_calendar_list_has_pages(google: Google, service: CalendarResource) -> None:
    for number in range(3):
        google.calendars.add(f"{number}@group.calendar.google.com", f"Calendar {number}")
    first = service.calendarList().list(maxResults=3).execute()
    second = service.calendarList().list(maxResults=3, pageToken=first["nextPageToken"]).execute()
    assert (len(first["items"]), len(second["items"])) == (3, 1)
    assert "nextSyncToken" in second


def test_primary_is_the_account_itself(google: Google, service: CalendarResource) -> None:
    entry = service.calendarList().get(calendarId="primary").execute()
    assert (entry["id"], entry["timeZone"], entry["accessRole"]) == (google.address, "Europe/Rome", "owner")
    assert refused(service.calendarList().get(calendarId="nobody@example.com")) == (404, "notFound")


def test_events_come_in_pages_and_the_last_has_the_sync_token(calendar: Calendar, service: CalendarResource) -> None:
    calendar.load(meeting(f"e{number}") for number in range(5))
    pages, token = read(service.events().list(calendarId="primary", maxResults=2), service)
    assert pages == [["e0", "e1"], ["e2", "e3"], ["e4"]]
    assert read(service.events().list(calendarId="primary", syncToken=token), service)[0] == [[]]


def test_pages_may_be_short_or_empty(calendar: Calendar, service: CalendarResource) -> None:
    calendar.load(meeting(f"e{number}") for number in range(3))
    calendar.page_most, calendar.empty_pages = 2, 2
    assert read(service.events().list(calendarId="primary"), service)[0] == [[], [], ["e0", "e1"], ["e2"]]


def test_a_sync_token_brings_what_changed_and_what_was_deleted(calendar: Calendar, service: CalendarResource) -> None:
    calendar.load([meeting("moved"), meeting("kept"), meeting("gone")])
    _, token = read(service.events().list(calendarId="primary"), service)
    calendar.change("moved", start={"dateTime": "2026-03-05T09:00:00Z"})
    calendar.cancel("gone")
    calendar.put(meeting("new"))
    answer = service.events().list(calendarId="primary", syncToken=token).execute()
    assert [each["id"] for each in answer["items"]] == ["moved", "gone", "new"]
    assert answer["items"][1].keys() == {"kind", "etag", "id", "status"}
    again, _ = read(service.events().list(calendarId="primary", syncToken=answer["nextSyncToken"]), service)
    assert again == [[]]


def test_what_changes_between_two_pages_is_told_now_or_with_the_next_token(
    calendar: Calendar, service: CalendarResource
) -> None:
    calendar.load(meeting(f"e{number}") for number in range(4))

    def change() -> None:
        calendar.cancel("e0")
        calendar.put(meeting("late"))

    calendar.during_listing[1] = change
    pages, token = read(service.events().list(calendarId="primary", maxResults=2), service)
    assert pages[0] == ["e0", "e1"]
    later, _ = read(service.events().list(calendarId="primary", syncToken=token), service)
    assert later == [["e0", "late"]]


def test_the_first_listing_may_begin_at_a_time_and_the_token_remembers_it(
    calendar: Calendar, service: CalendarResource
) -> None:
    calendar.load([meeting("old", MONDAY - timedelta(days=400)), meeting("now")])
    calendar.put(meeting("series", MONDAY - timedelta(days=400), recurrence=["RRULE:FREQ=WEEKLY"]))
    calendar.put(meeting("ended", MONDAY - timedelta(days=400), recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"]))
    start = (MONDAY - timedelta(days=30)).isoformat()
    pages, token = read(service.events().list(calendarId="primary", timeMin=start), service)
    assert pages == [["now", "series"]]
    calendar.change("old", summary="Changed")
    calendar.change("now", start={"dateTime": "2020-01-01T09:00:00Z"}, end={"dateTime": "2020-01-01T10:00:00Z"})
    assert read(service.events().list(calendarId="primary", syncToken=token), service)[0] == [["now"]]


@pytest.mark.parametrize(
    "extra",
    [
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-01-01T00:00:00Z"},
        {"updatedMin": "2026-01-01T00:00:00Z"},
        {"iCalUID": "x@example.com"},
        {"orderBy": "updated"},
        {"q": "lunch"},
        {"showDeleted": False},
    ],
)
def test_a_sync_token_stands_alone(service: CalendarResource, extra: dict[str, object]) -> None:
    _, token = read(service.events().list(calendarId="primary"), service)
    request = service.events().list(calendarId="primary", syncToken=token, **extra)  # type: ignore[arg-type]  # parametrized
    assert refused(request)[0] == 400


def test_a_sync_token_wants_the_parameters_it_was_given_for(calendar: Calendar, service: CalendarResource) -> None:
    _, token = read(service.events().list(calendarId="primary", eventTypes=["default"]), service)
    calendar.put(meeting("new"))
    request = service.events().list(calendarId="primary", syncToken=token)
    assert refused(request)[0] == 400
    calendar.on_changed_parameters = "garbage"
    pages, following = read(request, service)
    assert pages == [[]]
    assert following


@pytest.mark.parametrize("page", [1, 3])
def test_a_sync_token_expires_on_the_first_page_or_on_a_later_one(
    calendar: Calendar, service: CalendarResource, page: int
) -> None:
    _, token = read(service.events().list(calendarId="primary", maxResults=1), service)
    calendar.load(meeting(f"e{number}") for number in range(5))
    calendar.expire_sync_tokens(on_page=page)
    request = service.events().list(calendarId="primary", maxResults=1, syncToken=token)
    for _ in range(page - 1):
        following = service.events().list_next(request, request.execute())
        assert following
        request = following
    assert refused(request) == (410, "fullSyncRequired")
    assert read(service.events().list(calendarId="primary"), service)[1]


def test_a_sync_token_can_be_missing_and_an_ordered_listing_has_none(
    calendar: Calendar, service: CalendarResource
) -> None:
    assert not read(service.events().list(calendarId="primary", orderBy="updated"), service)[1]
    calendar.omits_sync_token = True
    assert not read(service.events().list(calendarId="primary"), service)[1]


@pytest.mark.parametrize("token", ["garbage", "WyJzIl0"])
def test_a_token_of_nobody_is_400(service: CalendarResource, token: str) -> None:
    assert refused(service.events().list(calendarId="primary", syncToken=token))[0] == 400
    assert refused(service.events().list(calendarId="primary", pageToken=token))[0] == 400


def test_a_page_token_belongs_to_its_request(calendar: Calendar, service: CalendarResource) -> None:
    calendar.load(meeting(f"e{number}") for number in range(3))
    following = service.events().list(calendarId="primary", maxResults=1).execute()["nextPageToken"]
    assert refused(service.events().list(calendarId="primary", pageToken=following, showDeleted=True))[0] == 400


def test_a_series_is_one_master_and_its_exceptions_or_single_events(
    calendar: Calendar, service: CalendarResource, google_clock: FakeClock
) -> None:
    calendar.put(meeting("series", recurrence=["RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20260304T090000Z"]))
    moved = calendar.put(
        {
            **meeting("x", MONDAY + timedelta(days=1, hours=5)),
            "id": "series_20260303T090000Z",
            "recurringEventId": "series",
            "originalStartTime": {"dateTime": "2026-03-03T10:00:00+01:00"},
        }
    )
    gone = calendar.cancel_instance("series", {"dateTime": "2026-03-05T10:00:00+01:00"})
    assert google_clock.now > MONDAY
    whole = service.events().list(calendarId="primary").execute()["items"]
    assert [each["id"] for each in whole] == ["series", moved, gone]
    assert whole[2].keys() == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
    single = service.events().list(calendarId="primary", singleEvents=True, orderBy="startTime").execute()["items"]
    assert [each["id"] for each in single] == ["series_20260302T090000Z", moved]
    instances = service.events().instances(calendarId="primary", eventId="series").execute()["items"]
    assert [each["id"] for each in instances] == ["series_20260302T090000Z", moved]
    assert instances[1]["iCalUID"] == "series@google.com"
    with_gone = service.events().instances(calendarId="primary", eventId="series", showDeleted=True).execute()["items"]
    assert [each["status"] for each in with_gone] == ["confirmed", "confirmed", "cancelled"]


def test_a_series_keeps_its_wall_clock_over_the_change_of_summer_time(
    calendar: Calendar, service: CalendarResource
) -> None:
    start = datetime(2026, 3, 27, 9, tzinfo=UTC)
    calendar.put(meeting("series", start, recurrence=["RRULE:FREQ=DAILY;UNTIL=20260330T080000Z"]))
    items = service.events().instances(calendarId="primary", eventId="series").execute()["items"]
    assert [each["start"]["dateTime"] for each in items] == [
        "2026-03-27T10:00:00+01:00",
        "2026-03-28T10:00:00+01:00",
        "2026-03-29T10:00:00+02:00",
        "2026-03-30T10:00:00+02:00",
    ]


def test_a_series_of_days_has_instances_named_after_days(calendar: Calendar, service: CalendarResource) -> None:
    event = meeting("days", recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    calendar.put({**event, "start": {"date": "2026-03-27"}, "end": {"date": "2026-03-29"}})
    items = service.events().instances(calendarId="primary", eventId="days").execute()["items"]
    assert [(each["id"], each["start"]["date"], each["end"]["date"]) for each in items] == [
        ("days_20260327", "2026-03-27", "2026-03-29"),
        ("days_20260403", "2026-04-03", "2026-04-05"),
    ]


def test_what_is_left_of_a_deleted_occurrence_is_more_or_less(calendar: Calendar, service: CalendarResource) -> None:
    calendar.put(meeting("series", recurrence=["RRULE:FREQ=DAILY;COUNT=4"]))
    gone = calendar.cancel_instance("series", {"dateTime": "2026-03-03T09:00:00Z"})
    calendar.cancel(calendar.put(meeting("theirs", organizer={"email": "lena@example.com"})))
    calendar.sparse_cancellations = True
    assert service.events().get(calendarId="primary", eventId=gone).execute().keys() == {"kind", "etag", "id", "status"}
    calendar.tells_all_of_cancelled = True
    assert "attendees" in service.events().get(calendarId="primary", eventId="theirs").execute()


def test_a_deleted_series_takes_its_exceptions_along(calendar: Calendar, service: CalendarResource) -> None:
    calendar.put(meeting("series", recurrence=["RRULE:FREQ=DAILY;COUNT=4"]))
    calendar.cancel_instance("series", {"dateTime": "2026-03-03T09:00:00Z"})
    _, token = read(service.events().list(calendarId="primary"), service)
    calendar.cancel("series")
    assert read(service.events().list(calendarId="primary"), service)[0] == [[]]
    assert read(service.events().list(calendarId="primary", syncToken=token), service)[0] == [["series"]]
    assert not service.events().instances(calendarId="primary", eventId="series").execute()["items"]


def test_one_edit_of_a_series_sends_every_single_instance_again(calendar: Calendar, service: CalendarResource) -> None:
    calendar.put(meeting("series", recurrence=["RRULE:FREQ=DAILY;COUNT=4"]))
    _, token = read(service.events().list(calendarId="primary", singleEvents=True), service)
    calendar.change("series", summary="Renamed")
    pages, _ = read(service.events().list(calendarId="primary", singleEvents=True, syncToken=token), service)
    assert len(pages[0]) == 4


def test_events_are_found_by_kind_and_by_uid(calendar: Calendar, service: CalendarResource) -> None:
    calendar.load(
        [meeting("talk"), meeting("cake", eventType="birthday"), meeting("desk", eventType="workingLocation")]
    )
    events = service.events()
    assert read(events.list(calendarId="primary", eventTypes=["default", "birthday"]), service)[0] == [["talk", "cake"]]
    assert read(events.list(calendarId="primary", iCalUID="desk@google.com"), service)[0] == [["desk"]]


def test_changes_are_found_by_time_with_what_was_deleted(
    calendar: Calendar, service: CalendarResource, google_clock: FakeClock
) -> None:
    calendar.load([meeting("early"), meeting("gone")])
    google_clock.advance(60)
    since = google_clock.now.isoformat()
    calendar.cancel("gone")
    calendar.put(meeting("late"))
    assert read(service.events().list(calendarId="primary", updatedMin=since), service)[0] == [["gone", "late"]]


def test_too_many_attendees_leave_only_the_owner(calendar: Calendar, service: CalendarResource) -> None:
    calendar.put(meeting("crowd"))
    few = service.events().list(calendarId="primary", maxAttendees=1).execute()["items"][0]
    assert few["attendeesOmitted"]
    assert [each["email"] for each in few["attendees"]] == ["davide@rossi.example"]
    assert "attendeesOmitted" not in service.events().list(calendarId="primary", maxAttendees=2).execute()["items"][0]


def test_who_may_see_only_when_the_owner_is_busy_sees_nothing_else(google: Google, service: CalendarResource) -> None:
    colleague = google.calendars.add("lena@example.com", "Lena", access_role="freeBusyReader")
    colleague.put(meeting("secret"))
    event = service.events().list(calendarId="lena@example.com").execute()["items"][0]
    assert event.keys().isdisjoint({"summary", "attendees", "organizer"})
    google.calendars.restrict("lena@example.com", "reader")
    assert "summary" in service.events().get(calendarId="lena@example.com", eventId="secret").execute()
    colleague.change("secret", visibility="private")
    assert "summary" not in service.events().get(calendarId="lena@example.com", eventId="secret").execute()


def test_times_are_told_in_the_zone_that_is_asked_for(calendar: Calendar, service: CalendarResource) -> None:
    calendar.put(meeting("talk"))
    answer = service.events().list(calendarId="primary", timeZone="Asia/Tokyo").execute()
    assert answer["timeZone"] == "Asia/Tokyo"
    assert answer["items"][0]["start"]["dateTime"] == "2026-03-02T18:00:00+09:00"


def test_one_event_or_one_instance_can_be_had(calendar: Calendar, service: CalendarResource) -> None:
    calendar.put(meeting("series", recurrence=["RRULE:FREQ=DAILY;COUNT=4"]))
    events = service.events()
    instance = events.get(calendarId="primary", eventId="series_20260303T090000Z").execute()
    assert instance["originalStartTime"]["dateTime"] == "2026-03-03T10:00:00+01:00"
    assert refused(events.get(calendarId="primary", eventId="series_20270303T090000Z")) == (404, "notFound")
    assert refused(events.instances(calendarId="primary", eventId="nobody")) == (404, "notFound")
    calendar.put(meeting("single"))
    assert refused(events.instances(calendarId="primary", eventId="single"))[0] == 400


def test_a_calendar_that_was_removed_is_404(google: Google, service: CalendarResource) -> None:
    google.calendars.add("family@group.calendar.google.com", "Family")
    google.calendars.remove("family@group.calendar.google.com")
    assert refused(service.events().list(calendarId="family@group.calendar.google.com")) == (404, "notFound")


def test_a_broken_event_is_told_as_it_is_broken_and_the_others_stay_judged(
    google: Google, calendar: Calendar, service: CalendarResource
) -> None:
    calendar.load([meeting("broken"), meeting("whole")])
    calendar.break_event("broken", start=None, end={"date": "tomorrow"}, attendees="everybody")
    items = service.events().list(calendarId="primary").execute()["items"]
    assert "start" not in items[0]
    assert items[0]["end"] == {"date": "tomorrow"}
    assert not google.violations
    calendar.change("whole", sequence="first")
    service.events().list(calendarId="primary").execute()
    assert any("items/0/sequence" in each for each in google.violations)
    google.violations.clear()


def test_the_list_of_calendars_needs_its_own_scope(google: Google) -> None:
    with calendar_client(google.endpoint, google.oauth.sign_in(EVENTS).access) as service:
        assert service.events().list(calendarId="primary").execute()["items"] == []
        assert refused(service.calendarList().list()) == (403, "insufficientPermissions")


def test_reading_changes_nothing_and_every_change_shows(
    google: Google, calendar: Calendar, service: CalendarResource
) -> None:
    calendar.put(meeting("talk"))
    before = google.snapshot()
    read(service.events().list(calendarId="primary"), service)
    assert google.snapshot() == before
    calendar.change("talk", summary="Other")
    assert google.snapshot() != before

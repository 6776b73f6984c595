"""What one event of Google Calendar says: when it is, who is in it, and what it is not (faults 32, 33, 35)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from connectors._google_calendar_events import Home, noted_event
from connectors._google_calendar_series import UNREAD, Arrival, arrivals, meetings
from connectors._occurrences import Window
from connectors._timezones import Zones
from syncd.model import Meeting, MeetingStatus, Response, Role, Unreadable
from syncd.pipeline.normalize import event_key, normal_address

if TYPE_CHECKING:
    from collections.abc import Mapping

HOME = Home(Zones({}, "", ZoneInfo("Europe/Rome")))
MY_OWN = replace(HOME, owner="davide@rossi.example")
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
NINE = {"dateTime": "2026-03-04T09:00:00+01:00", "timeZone": "Europe/Rome"}
TEN = {"dateTime": "2026-03-04T10:00:00+01:00", "timeZone": "Europe/Rome"}
ADA = {"email": "ada@example.org", "displayName": "Ada Lovelace", "responseStatus": "accepted"}
MINE = "davide@rossi.example/one"


def item(**fields: object) -> dict[str, object]:
    """An event called "one", with Ada in it."""
    return {
        "id": "one",
        "iCalUID": "one@google.com",
        "start": NINE,
        "end": TEN,
        "attendees": [ADA],
        **fields,
    }


def said(*items: object) -> dict[str, Meeting | Unreadable]:
    """What these items, all of one event, come to."""
    came = [first(each) for each in items]
    assert len({each.event_id for each in came}) == 1
    return meetings(MINE, {each.name: each.text for each in came}, WINDOW, HOME)


def first(one: object) -> Arrival:
    """What is noted of an item."""
    return next(arrivals(one, HOME))


def one(**fields: object) -> Meeting:
    """The only meeting of an event with these fields."""
    (meeting,) = said(item(**fields)).values()
    assert isinstance(meeting, Meeting)
    return meeting


def refused(**fields: object) -> str:
    """Why an event with these fields cannot be read."""
    (seen,) = said(item(**fields)).values()
    assert isinstance(seen, Unreadable)
    return seen.reason


# ------------------------------------------------------------------------------- one event


def test_a_meeting_is_what_the_event_says() -> None:
    meeting = one(summary=" Tea \n and sugar ", sequence=3, status="tentative")
    assert (meeting.remote_id, meeting.uid, meeting.recurrence_id) == (MINE, "one@google.com", "")
    assert (meeting.start, meeting.end) == (datetime(2026, 3, 4, 8, tzinfo=UTC), datetime(2026, 3, 4, 9, tzinfo=UTC))
    assert (meeting.title, meeting.sequence, meeting.status) == ("Tea and sugar", 3, MeetingStatus.TENTATIVE)
    (ada,) = meeting.participants
    assert (ada.address, ada.name, ada.role, ada.response) == (
        "ada@example.org",
        "Ada Lovelace",
        Role.ATTENDEE,
        Response.ACCEPTED,
    )


@pytest.mark.parametrize(
    ("start", "end", "utc", "minutes"),
    [
        (NINE, TEN, "08:00", 60),
        (NINE, {}, "08:00", None),
        (TEN, NINE, "09:00", 0),
        ({"dateTime": "2026-03-04T09:00:00+01:00"}, {"dateTime": "2026-03-04T03:30:00-05:00"}, "08:00", 30),
        ({"dateTime": "2026-03-04T09:00:00"}, TEN, "08:00", 60),
        ({"dateTime": "2026-03-04T09:00:00", "timeZone": "America/New_York"}, TEN, "14:00", 0),
        ({"dateTime": "2026-03-04T09:00:00Z", "timeZone": "Mars/Phobos"}, TEN, "09:00", 0),
        ({"date": "2026-03-04"}, {"date": "2026-03-05"}, "23:00", 24 * 60),
        ({"date": "2026-03-04"}, {"date": "2026-03-07"}, "23:00", 72 * 60),
        ({"date": "2026-03-29"}, {"date": "2026-03-30"}, "23:00", 23 * 60),
        ({"date": "2026-03-04"}, {"date": "2026-03-01"}, "23:00", 24 * 60),
    ],
)
def test_a_time_is_read_as_it_was_meant(
    start: Mapping[str, str], end: Mapping[str, str], utc: str, minutes: int | None
) -> None:
    if minutes is None:
        assert refused(start=start, end=end) == "'' is no date."
        return
    meeting = one(start=start, end=end)
    assert (f"{meeting.start:%H:%M}", meeting.end - meeting.start) == (utc, timedelta(minutes=minutes))
    assert meeting.all_day is ("date" in start)


def test_an_event_without_an_end_takes_no_time() -> None:
    event = item()
    del event["end"]
    (meeting,) = said(event).values()
    assert isinstance(meeting, Meeting)
    assert meeting.start == meeting.end


def test_a_meeting_far_ahead_is_known_at_once() -> None:
    later = {"dateTime": "2031-03-04T09:00:00Z"}
    assert one(start=later, end=later).start.year == 2031


@pytest.mark.parametrize("kind", ["birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation", "of 2031"])
def test_35_an_event_of_another_type_is_no_meeting(kind: str) -> None:
    assert said(item(eventType=kind)) == {}
    assert first(item(eventType=kind)).passed_over == kind


def test_an_event_that_says_neither_what_nor_who_is_nothing() -> None:
    assert said(item(attendees=[])) == {}
    assert said(item(attendees=[], organizer={"email": "davide@rossi.example", "self": True})) == {}
    assert one(attendees=[], organizer={"email": "ada@example.org"}).participants
    assert one(attendees=[], summary="Dentist").participants == ()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"start": None}, "It has no start."),
        ({"start": {"dateTime": "soon"}}, "'soon' is no date."),
        ({"start": {"date": "2026-02-30"}}, "'2026-02-30' is no date."),
        ({"start": ["2026-03-04"]}, "Its start cannot be read."),
        ({"start": {"dateTime": "0001-01-01T00:00:00+14:00"}}, "no date"),
        ({"attendees": [None]}, "Its attendees.0 cannot be read."),
        ({"attendees": {"email": 7}}, "Its attendees cannot be read."),
        ({"recurrence": "RRULE:FREQ=DAILY"}, "Its recurrence cannot be read."),
        ({"recurrence": ["RRULE:FREQ=MINUTELY"]}, "no meeting does"),
        ({"recurrence": ["RRULE:FREQ=NEVER"]}, "FREQ=NEVER"),
        ({"recurrence": ["RDATE:2026"] * 1001}, "Its recurrence cannot be read."),
        ({"sequence": "many"}, "Its sequence cannot be read."),
        ({"summary": {"secret": "plan"}}, "Its summary cannot be read."),
    ],
)
def test_an_event_that_nobody_can_read_says_why_and_quotes_no_more_than_a_date(
    fields: Mapping[str, object], field: str
) -> None:
    reason = refused(**fields)
    assert field in reason
    assert "secret" not in reason


@pytest.mark.parametrize("hostile", [None, 7, "event", [], {}, {"id": ""}, {"id": {}}, {"id": None, "start": NINE}])
def test_what_is_no_event_at_all_has_a_name_of_its_own(hostile: object) -> None:
    came = first(hostile)
    assert came.event_id
    assert came.name == UNREAD
    assert came == first(hostile)


# ------------------------------------------------------------------------------- people (fault 33)


def test_33_only_people_with_an_address_take_part() -> None:
    meeting = one(
        organizer={"email": "c_1234@group.calendar.google.com", "displayName": "Team"},
        attendees=[
            ADA,
            {"displayName": "Nobody knows the address", "id": "114"},
            {"email": "room-4@example.org", "resource": True},
            {"email": "c_5678@resource.calendar.google.com"},
            {"email": "unknownorganizer@calendar.google.com"},
            {"email": "davide@rossi.example", "self": True, "responseStatus": "declined"},
            {"email": "bob@example.org", "displayName": "bob@example.org", "optional": True},
        ],
    )
    assert [(person.address, person.name, person.response) for person in meeting.participants] == [
        ("ada@example.org", "Ada Lovelace", Response.ACCEPTED),
        ("davide@rossi.example", "", Response.DECLINED),
        ("bob@example.org", "", None),
    ]


def test_33_addresses_of_calendars_are_no_people_for_the_pipeline_either() -> None:
    for name in ("c_1@group.calendar.google.com", "c_2@resource.calendar.google.com", "x@import.calendar.google.com"):
        assert normal_address(name) == ""


def test_33_three_hundred_guests_are_three_hundred_people() -> None:
    crowd = [{"email": f"guest{number}@example.org", "responseStatus": "needsAction"} for number in range(300)]
    assert len(one(attendees=crowd).participants) == 300


def test_33_a_hidden_guest_list_leaves_who_invites_and_who_is_invited() -> None:
    meeting = one(
        organizer={"email": "ada@example.org"},
        attendees=[{"email": "davide@rossi.example", "self": True, "responseStatus": "tentative"}],
        attendeesOmitted=True,
    )
    assert [(person.address, person.role) for person in meeting.participants] == [
        ("ada@example.org", Role.ORGANIZER),
        ("davide@rossi.example", Role.ATTENDEE),
    ]


ALIAS = {"email": "drossi@rossi.example", "self": True, "responseStatus": "declined"}


def people(home: Home, **fields: object) -> list[tuple[str, Role, Response | None]]:
    """Who is in an event with these fields, in a calendar that is `home`."""
    (seen,) = meetings(MINE, {"": first(item(**fields)).text}, WINDOW, home).values()
    assert isinstance(seen, Meeting)
    return [(person.address, person.role, person.response) for person in seen.participants]


def test_34_by_whatever_alias_i_was_invited_to_my_own_calendar_it_is_i_who_answers() -> None:
    assert people(MY_OWN, attendees=[ADA, ALIAS], organizer={"email": "info@rossi.example", "self": True}) == [
        ("davide@rossi.example", Role.ORGANIZER, None),
        ("davide@rossi.example", Role.ATTENDEE, Response.DECLINED),
        ("ada@example.org", Role.ATTENDEE, Response.ACCEPTED),
    ]


def test_34_of_two_invitations_of_mine_the_one_google_marks_as_mine_is_answered() -> None:
    asked = {"email": "davide@rossi.example", "responseStatus": "needsAction"}
    assert people(MY_OWN, attendees=[asked, ALIAS]) == [("davide@rossi.example", Role.ATTENDEE, Response.DECLINED)]


def test_34_in_any_other_calendar_self_is_somebody_else() -> None:
    assert people(HOME, attendees=[ALIAS], organizer=ALIAS) == [
        ("drossi@rossi.example", Role.ORGANIZER, Response.DECLINED),
        ("drossi@rossi.example", Role.ATTENDEE, Response.DECLINED),
    ]


def test_34_a_note_of_before_self_was_asked_for_is_read_as_it_was() -> None:
    note = first(item(attendees=[ADA, {**ALIAS, "self": False}])).text
    assert '"self"' not in note
    (seen,) = meetings(MINE, {"": note}, WINDOW, MY_OWN).values()
    assert isinstance(seen, Meeting)
    assert [person.address for person in seen.participants] == ["ada@example.org", "drossi@rossi.example"]


def test_33_an_alias_i_was_invited_by_before_does_not_answer_beside_the_one_i_am_invited_by_now() -> None:
    before = noted_event(first(item(attendees=[ADA, ALIAS])).text)
    now = noted_event(first(item(attendees=[{**ALIAS, "email": "davide@rossi.example"}], attendeesOmitted=True)).text)
    assert [one.email for one in now.with_people_of(before).attendees] == ["davide@rossi.example", "ada@example.org"]


# ------------------------------------------------------------------------------- series (fault 32)

WEEKLY = {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"], "summary": "Weekly"}
SECOND = {"recurringEventId": "one", "originalStartTime": {"dateTime": "2026-03-11T09:00:00+01:00"}}


def exception(**fields: object) -> dict[str, object]:
    """What is different about the second occurrence."""
    return {**item(id="one_20260311T080000Z"), **SECOND, **fields}


def times(found: Mapping[str, Meeting | Unreadable]) -> list[str]:
    return sorted(f"{seen.start:%m-%d %H:%M}" for seen in found.values() if isinstance(seen, Meeting))


def test_a_series_is_told_occurrence_by_occurrence_in_the_zone_it_was_meant_in() -> None:
    found = said(item(**WEEKLY))
    assert times(found) == ["03-04 08:00", "03-11 08:00", "03-18 08:00", "03-25 08:00"]
    assert f"{MINE}#2026-03-11T08:00:00Z" in found
    assert times(said(item(recurrence=["RRULE:FREQ=MONTHLY;COUNT=2"]))) == ["03-04 08:00", "04-04 07:00"]


def test_dates_of_a_series_are_added_and_taken_out() -> None:
    lines = [
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "EXDATE;TZID=Europe/Rome:20260311T090000",
        "RDATE;TZID=Europe/Rome:20260320T100000",
        "EXRULE:FREQ=YEARLY",
        "nonsense",
    ]
    assert times(said(item(recurrence=lines))) == ["03-04 08:00", "03-18 08:00", "03-20 09:00"]


def test_an_all_day_series_begins_at_midnight_where_its_calendar_is() -> None:
    found = said(
        item(start={"date": "2026-03-27"}, end={"date": "2026-03-28"}, recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    )
    assert times(found) == ["03-26 23:00", "03-27 23:00", "03-28 23:00", "03-29 22:00"]
    assert f"{MINE}#2026-03-29" in found


def test_32_a_cancelled_exception_has_only_three_fields() -> None:
    gone = {"id": "one_20260311T080000Z", "status": "cancelled", **SECOND}
    assert times(said(item(**WEEKLY), gone)) == ["03-04 08:00", "03-18 08:00", "03-25 08:00"]
    assert times(said(gone, item(**WEEKLY))) == ["03-04 08:00", "03-18 08:00", "03-25 08:00"]
    del gone["originalStartTime"]
    assert times(said(item(**WEEKLY), gone)) == ["03-04 08:00", "03-18 08:00", "03-25 08:00"]
    assert said(gone) == {}


def test_32_a_cancelled_exception_may_have_nothing_but_its_id() -> None:
    came = tuple(arrivals({"id": "one_20260311T080000Z", "status": "cancelled"}, HOME))
    assert [(each.event_id, each.name) for each in came] == [
        ("one_20260311T080000Z", ""),
        ("one", "2026-03-11T08:00:00Z"),
    ]
    days = tuple(arrivals({"id": "one_20260311", "status": "cancelled"}, HOME))
    assert [each.name for each in days] == ["", "2026-03-11"]
    assert len(tuple(arrivals({"id": "one_R20260311T080000", "status": "cancelled"}, HOME))) == 1


def test_32_an_occurrence_that_moved_to_another_day_keeps_its_name() -> None:
    moved = exception(start={"dateTime": "2026-04-15T17:00:00+02:00"}, end={"dateTime": "2026-04-15T18:00:00+02:00"})
    found = said(item(**WEEKLY), moved)
    assert times(found) == ["03-04 08:00", "03-18 08:00", "03-25 08:00", "04-15 15:00"]
    seen = found[f"{MINE}#2026-03-11T08:00:00Z"]
    assert isinstance(seen, Meeting)
    assert (seen.uid, seen.recurrence_id) == ("one@google.com", "2026-03-11T08:00:00Z")


def test_32_an_occurrence_becomes_a_whole_day_and_a_day_becomes_an_hour() -> None:
    whole = exception(start={"date": "2026-03-11"}, end={"date": "2026-03-12"})
    seen = said(item(**WEEKLY), whole)[f"{MINE}#2026-03-11T08:00:00Z"]
    assert isinstance(seen, Meeting)
    assert seen.all_day
    days = item(start={"date": "2026-03-04"}, end={"date": "2026-03-05"}, recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    hour = exception(originalStartTime={"date": "2026-03-05"})
    other = said(days, hour)[f"{MINE}#2026-03-05"]
    assert isinstance(other, Meeting)
    assert not other.all_day


def test_32_a_series_that_became_all_day_still_lacks_the_occurrence_that_was_cancelled() -> None:
    days = item(start={"date": "2026-03-04"}, end={"date": "2026-03-05"}, **WEEKLY)
    gone = {"id": "one_20260311T080000Z", "status": "cancelled", **SECOND}
    assert times(said(days, gone)) == ["03-03 23:00", "03-17 23:00", "03-24 23:00"]


def test_an_exception_without_its_series_is_a_meeting_of_its_own() -> None:
    assert times(said(exception())) == ["03-04 08:00"]


def test_an_exception_that_nobody_can_read_hides_nothing_but_itself() -> None:
    found = said(item(**WEEKLY), exception(start={"dateTime": "soon"}))
    assert times(found) == ["03-04 08:00", "03-18 08:00", "03-25 08:00"]
    assert isinstance(found[f"{MINE}#2026-03-11T08:00:00Z"], Unreadable)


def test_58_a_series_that_was_split_is_one_series_to_the_pipeline() -> None:
    later = one(id="one_R20260318T080000", iCalUID="one_R20260318T080000@google.com", **WEEKLY | {"recurrence": []})
    assert event_key(later.uid) == event_key("one@google.com")

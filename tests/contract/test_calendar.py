"""What a calendar says, occurrence by occurrence, and what becomes of events that nobody can read (fault 50)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._calendar import CalendarReading, read_calendar
from connectors._calendar_text import read_text
from connectors._occurrences import Window
from syncd.model import Meeting, MeetingStatus, Response, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

ROME = ZoneInfo("Europe/Rome")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2026, 5, 1, tzinfo=UTC)


def event(*lines: str, uid: str = "one@example.org") -> str:
    return "\n".join(["BEGIN:VEVENT", *([f"UID:{uid}"] if uid else []), *lines, "END:VEVENT\n"])


def calendar(*parts: str) -> str:
    return "BEGIN:VCALENDAR\nVERSION:2.0\n" + "".join(parts) + "END:VCALENDAR\n"


def read(text: str, *, since: datetime = SINCE, until: datetime = UNTIL, titles: bool = True) -> CalendarReading:
    reading = read_calendar(read_text(text.encode(), titles=titles), Window(since, until), ROME, lambda: False)
    assert reading is not None
    return reading


def one(*lines: str) -> Meeting:
    reading = read(calendar(event(*lines)))
    assert reading.unreadable == ()
    (meeting,) = reading.meetings
    return meeting


def starts(meetings: Iterable[Meeting]) -> list[str]:
    return [f"{meeting.start:%m-%d %H:%M}" for meeting in meetings]


# ------------------------------------------------------------------------------- one event


def test_a_meeting_is_what_the_event_says() -> None:
    meeting = one(
        "DTSTART;TZID=Europe/Rome:20260304T100000",
        "DTEND;TZID=Europe/Rome:20260304T113000",
        "SUMMARY:Tea\\, with milk\\nand sugar",
        "SEQUENCE:3",
        "STATUS:TENTATIVE",
        'ORGANIZER;CN="Lovelace, Ada":MAILTO:ada@example.org',
        "ATTENDEE;CN=Bob;PARTSTAT=accepted:mailto:bob@example.org",
    )
    assert (meeting.start, meeting.end) == (
        datetime(2026, 3, 4, 9, tzinfo=UTC),
        datetime(2026, 3, 4, 10, 30, tzinfo=UTC),
    )
    assert (meeting.remote_id, meeting.uid, meeting.recurrence_id) == ("one@example.org", "one@example.org", "")
    assert (meeting.title, meeting.sequence, meeting.status) == ("Tea, with milk and sugar", 3, MeetingStatus.TENTATIVE)
    assert [(p.address, p.name, p.role, p.response) for p in meeting.participants] == [
        ("ada@example.org", "Lovelace, Ada", Role.ORGANIZER, None),
        ("bob@example.org", "Bob", Role.ATTENDEE, Response.ACCEPTED),
    ]


def test_a_title_is_not_even_kept_when_titles_are_off() -> None:
    text = calendar(event("DTSTART:20260304T090000Z", "SUMMARY:secret plans"))
    assert "secret" not in str(read_text(text.encode(), titles=False))
    assert read(text, titles=False).meetings[0].title == ""


@pytest.mark.parametrize(
    ("lines", "start", "minutes"),
    [
        (("DTSTART:20260304T090000Z", "DURATION:PT45M"), "09:00", 45),
        (("DTSTART:20260304T090000Z", "DTEND:20260304T080000Z"), "09:00", 0),
        (("DTSTART:20260304T090000Z",), "09:00", 0),
        (("DTSTART:20260304T090000Z", "DURATION:-PT5M"), "09:00", 0),
        (("DTSTART:20260304T090000Z", "DTEND:whenever"), "09:00", 0),
        (("DTSTART:20260304T100000", "DTEND:20260304T103000"), "09:00", 30),
        (("DTSTART:20260304T100000+0100",), "09:00", 0),
        (("DTSTART:2026-03-04T09:00:00Z",), "09:00", 0),
        (("DTSTART:20260303T240000Z",), "00:00", 0),
        (("DTSTART;VALUE=DATE:20260304",), "23:00", 24 * 60),
        (("DTSTART;VALUE=DATE:20260304", "DTEND;VALUE=DATE:20260304"), "23:00", 24 * 60),
        (("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330"), "23:00", 23 * 60),
        (("DTSTART;VALUE=DATE:20260304", "DTEND:20260306T000000"), "23:00", 48 * 60),
    ],
)
def test_a_time_is_read_as_it_was_meant(lines: tuple[str, ...], start: str, minutes: int) -> None:
    meeting = one(*lines)
    assert (f"{meeting.start:%H:%M}", meeting.end - meeting.start) == (start, timedelta(minutes=minutes))
    assert meeting.all_day is ("VALUE=DATE" in lines[0])


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Helsinki", "08:00"),
        ("europe/helsinki", "08:00"),
        ("/example.org/Olson_1/Europe/Helsinki", "08:00"),
        ('"FLE Standard Time"', "08:00"),
        ("tzone://Microsoft/Utc", "10:00"),
        ('"tzone://Microsoft/Utc"', "10:00"),
        ("GMT+0100", "09:00"),
        ("America_New_York", "15:00"),
        ("EST5EDT", "15:00"),
        ('"(UTC-05:00) Eastern Time (US & Canada)"', "15:00"),
        ('"(UTC+05:30) Chennai, Kolkata, Mumbai"', "04:30"),
        ("Customized Time Zone 1", "09:00"),
        ("Mars/Phobos", "09:00"),
    ],
)
def test_a_time_zone_is_known_by_any_of_its_names(zone: str, start: str) -> None:
    assert f"{one(f'DTSTART;TZID={zone}:20260304T100000').start:%H:%M}" == start


def test_a_zone_that_nobody_knows_is_the_calendars_own_and_is_named() -> None:
    reading = read(calendar("X-WR-TIMEZONE:Asia/Tokyo\n", event("DTSTART;TZID=Somewhere:20260304T100000")))
    assert starts(reading.meetings) == ["03-04 01:00"]
    assert reading.unknown_zones == {"Somewhere"}


def test_a_zone_that_the_calendar_describes_is_read_from_there_and_forgotten() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Customized Time Zone 1\nBEGIN:STANDARD\nDTSTART:16010101T000000\n"
        "TZOFFSETFROM:+0300\nTZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    meeting = event("DTSTART;TZID=Customized Time Zone 1:20260304T100000")
    assert starts(read(calendar(zone, meeting)).meetings) == ["03-04 07:00"]
    assert starts(read(calendar(meeting)).meetings) == ["03-04 09:00"], "one feed's zone is not another's"


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("ATTENDEE:MAILTO:bob@example.org", "bob@example.org"),
        ("ATTENDEE;CN=Bob:mailto:bob%2Btea@example.org", "bob+tea@example.org"),
        ("ATTENDEE:bob@example.org", "bob@example.org"),
        ("ATTENDEE;EMAIL=bob@example.org:urn:uuid:6f9c", "bob@example.org"),
        ("ATTENDEE;EMAIL=bob@example.org:/123/principal/", "bob@example.org"),
        ('ATTENDEE;CN="a:b;c,d":mailto:bob@example.org', "bob@example.org"),
        ('ATTENDEE;CN="never closed:mailto:bob@example.org', "bob@example.org"),
        ("ATTENDEE;CN=a:b;X=2:mailto:bob@example.org", "bob@example.org"),
        ("ATTENDEE:invalid:nomail", ""),
        ("ATTENDEE:urn:uuid:6f9c", ""),
        ("ATTENDEE;CUTYPE=ROOM:mailto:room@example.org", ""),
        ("ATTENDEE;CUTYPE=resource:mailto:beamer@example.org", ""),
        ("ATTENDEE;CUTYPE=GROUP:mailto:team@example.org", ""),
        ("ATTENDEE;ROLE=NON-PARTICIPANT:mailto:fyi@example.org", ""),
        ("ATTENDEE:", ""),
        ("ORGANIZER:mailto:c_12ab@group.calendar.google.com", ""),
        ("ATTENDEE:mailto:c_34cd@resource.calendar.google.com", ""),
        ("ORGANIZER:mailto:unknownorganizer@calendar.google.com", ""),
        ("ATTENDEE:mailto:bob@mycalendar.google.com", "bob@mycalendar.google.com"),
    ],
)
def test_who_takes_part_is_a_person_with_an_address(line: str, address: str) -> None:
    people = one("DTSTART:20260304T090000Z", line).participants
    assert [person.address for person in people] == ([address] if address else [])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ACCEPTED", Response.ACCEPTED), ("Tentative", Response.TENTATIVE), ("declined", Response.DECLINED),
        ("DELEGATED", Response.DECLINED), ("NEEDS-ACTION", Response.NEEDS_ACTION), ("X-PERHAPS", None),
    ],
)  # fmt: skip
def test_an_answer_is_read_in_any_case(said: str, meant: Response | None) -> None:
    (person,) = one("DTSTART:20260304T090000Z", f"ATTENDEE;PARTSTAT={said}:mailto:bob@example.org").participants
    assert person.response is meant


def test_a_cancelled_meeting_stays_as_cancelled() -> None:
    assert one("DTSTART:20260304T090000Z", "STATUS:cancelled").status is MeetingStatus.CANCELLED
    withdrawn = calendar("METHOD:CANCEL\n", event("DTSTART:20260304T090000Z", "SEQUENCE:1"))
    invited = calendar("METHOD:REQUEST\n", event("DTSTART:20260304T090000Z", "SEQUENCE:1"))
    for text in (withdrawn + invited, invited + withdrawn):
        assert [meeting.status for meeting in read(text).meetings] == [MeetingStatus.CANCELLED]


def test_the_latest_edition_of_an_event_holds_wherever_it_stands() -> None:
    old, new = event("DTSTART:20260304T090000Z", "SEQUENCE:1"), event("DTSTART:20260305T090000Z", "SEQUENCE:2")
    for text in (calendar(old, new), calendar(new, old), calendar(new) + calendar(old)):
        assert starts(read(text).meetings) == ["03-05 09:00"]


def test_an_event_without_a_name_keeps_the_one_it_is_given() -> None:
    nameless = event("DTSTART:20260304T090000Z", "ATTENDEE:mailto:bob@example.org", uid="")
    (first,) = read(calendar(nameless)).meetings
    again, twin = read(calendar(nameless, nameless)).meetings
    assert first.uid
    assert {again.remote_id, twin.remote_id} > {first.remote_id}


# ------------------------------------------------------------------------------- what repeats


WEEKLY = ("DTSTART;TZID=Europe/Rome:20260305T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=5")
PLAIN = ["03-05 09:00", "03-12 09:00", "03-19 09:00", "03-26 09:00", "04-02 08:00"]


def test_a_series_follows_the_clock_on_the_wall() -> None:
    reading = read(calendar(event(*WEEKLY)))
    assert starts(reading.meetings) == PLAIN
    assert reading.meetings[-1].recurrence_id == "2026-04-02T08:00:00Z"
    assert reading.meetings[-1].remote_id == "one@example.org#2026-04-02T08:00:00Z"


def test_an_all_day_series_is_named_by_its_days() -> None:
    reading = read(calendar(event("DTSTART;VALUE=DATE:20260305", "RRULE:FREQ=DAILY;COUNT=2")))
    assert [meeting.recurrence_id for meeting in reading.meetings] == ["2026-03-05", "2026-03-06"]
    assert starts(reading.meetings) == ["03-04 23:00", "03-05 23:00"]


@pytest.mark.parametrize(
    "exception",
    ["EXDATE;TZID=Europe/Rome:20260312T100000", "EXDATE:20260312T090000Z", "EXDATE;VALUE=DATE:20260312"],
)
def test_an_exception_takes_one_away(exception: str) -> None:
    assert starts(read(calendar(event(*WEEKLY, exception))).meetings) == [PLAIN[0], *PLAIN[2:]]


def test_an_added_date_and_a_period_add_one() -> None:
    added = event(*WEEKLY, "RDATE;TZID=Europe/Rome:20260306T100000", "RDATE;VALUE=PERIOD:20260307T090000Z/PT3H")
    meetings = read(calendar(added)).meetings
    assert starts(meetings)[:3] == ["03-05 09:00", "03-06 09:00", "03-07 09:00"]
    assert meetings[2].end - meetings[2].start == timedelta(hours=3)


def test_an_occurrence_that_moved_keeps_its_name() -> None:
    moved = event("RECURRENCE-ID;TZID=Europe/Rome:20260312T100000", "DTSTART;TZID=Europe/Rome:20260313T150000")
    for text in (calendar(event(*WEEKLY), moved), calendar(moved) + calendar(event(*WEEKLY))):
        meetings = read(text).meetings
        assert starts(meetings) == [PLAIN[0], "03-13 14:00", *PLAIN[2:]]
        assert meetings[1].recurrence_id == "2026-03-12T09:00:00Z"


def test_an_occurrence_may_be_named_by_its_day_alone() -> None:
    moved = event("RECURRENCE-ID;VALUE=DATE:20260312", "DTSTART;TZID=Europe/Rome:20260313T150000")
    assert starts(read(calendar(event(*WEEKLY), moved)).meetings) == [PLAIN[0], "03-13 14:00", *PLAIN[2:]]


def test_an_occurrence_that_moved_into_the_window_from_outside_is_in_it() -> None:
    moved = event("RECURRENCE-ID;TZID=Europe/Rome:20260312T100000", "DTSTART;TZID=Europe/Rome:20270101T100000")
    reading = read(
        calendar(event(*WEEKLY), moved), since=datetime(2026, 12, 1, tzinfo=UTC), until=datetime(2027, 2, 1, tzinfo=UTC)
    )
    assert [meeting.recurrence_id for meeting in reading.meetings] == ["2026-03-12T09:00:00Z"]


def test_this_and_future_moves_all_that_follow_each_under_its_own_name() -> None:
    later = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Rome:20260319T100000",
        "DTSTART;TZID=Europe/Rome:20260319T120000",
        "DURATION:PT2H",
    )
    meetings = read(calendar(event(*WEEKLY), later)).meetings
    assert starts(meetings) == [*PLAIN[:2], "03-19 11:00", "03-26 11:00", "04-02 10:00"]
    assert [meeting.recurrence_id[5:16] for meeting in meetings] == [start.replace(" ", "T") for start in PLAIN]
    assert {meeting.end - meeting.start for meeting in meetings[2:]} == {timedelta(hours=2)}


def test_a_change_without_its_series_is_a_meeting() -> None:
    (meeting,) = read(calendar(event("RECURRENCE-ID:20260312T090000Z", "DTSTART:20260312T100000Z"))).meetings
    assert (meeting.recurrence_id, starts([meeting])) == ("2026-03-12T09:00:00Z", ["03-12 10:00"])


def test_a_change_of_an_older_edition_is_forgotten_with_its_occurrence() -> None:
    moved = event("RECURRENCE-ID:20260313T090000Z", "DTSTART:20260313T150000Z", "SEQUENCE:0")
    assert starts(read(calendar(event(*WEEKLY, "SEQUENCE:1"), moved)).meetings) == PLAIN


def test_a_cancelled_occurrence_is_reported_as_such() -> None:
    off = event("RECURRENCE-ID;TZID=Europe/Rome:20260312T100000", "DTSTART:20260312T090000Z", "STATUS:CANCELLED")
    statuses = [meeting.status for meeting in read(calendar(event(*WEEKLY), off)).meetings]
    assert statuses.count(MeetingStatus.CANCELLED) == 1
    assert statuses[1] is MeetingStatus.CANCELLED


def test_a_cancelled_series_is_cancelled_throughout() -> None:
    off = calendar("METHOD:CANCEL\n", event("DTSTART;TZID=Europe/Rome:20260305T100000", "SEQUENCE:1"))
    meetings = read(calendar(event(*WEEKLY)) + off).meetings
    assert [meeting.status for meeting in meetings] == [MeetingStatus.CANCELLED] * 5


def test_a_series_since_long_ago_is_worked_out_for_the_window_only() -> None:
    text = calendar(event("DTSTART;VALUE=DATE:16040304", "RRULE:FREQ=YEARLY"))
    assert [meeting.recurrence_id for meeting in read(text).meetings] == ["2026-03-04"]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=YEARLY;BYMONTHDAY=5;COUNT=2", ["03-05"]),
        ("FREQ=YEARLY;BYWEEKNO=10,11;COUNT=2", ["03-05", "03-12"]),
        ("FREQ=DAILY;BYDAY=MO, TU, TH;COUNT=2", ["03-05", "03-09"]),
        ("FREQ=DAILY\\;COUNT=2", ["03-05", "03-06"]),
        ("FREQ=DAILY;UNTIL=20260306", ["03-05", "03-06"]),
        ("FREQ=DAILY;UNTIL=20260306T235959", ["03-05", "03-06"]),
        ("FREQ=HOURLY;INTERVAL=24;COUNT=2", ["03-05", "03-06"]),
        ("FREQ=WEEKLY;X-UNKNOWN=1;COUNT=2", ["03-05", "03-12"]),
    ],
)
def test_a_rule_is_read_as_it_was_meant(rule: str, days: list[str]) -> None:
    found = read(calendar(event("DTSTART:20260305T000000Z", f"RRULE:{rule}"))).meetings
    assert [f"{meeting.start:%m-%d}" for meeting in found] == days


# ------------------------------------------------------------------------------- what nobody can read


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "It has no start."),
        (("DTSTART:soon",), "Its DTSTART 'soon' is no date."),
        (("DTSTART:20260230T100000Z",), "Its DTSTART '20260230T100000Z' is no date."),
        (("DTSTART:20260305T100000Z", "RECURRENCE-ID:never"), "Its RECURRENCE-ID 'never' is no date."),
        (("DTSTART:20260305T100000Z", "RRULE:FREQ=SOMETIMES"), "Its rule 'FREQ=SOMETIMES' cannot be read."),
        (("DTSTART:20260305T100000Z", "RRULE:W1 MO #0"), "Its rule 'W1 MO #0' cannot be read."),
        (
            ("DTSTART:20260305T100000Z", "RRULE:FREQ=DAILY;INTERVAL=0"),
            "Its rule 'FREQ=DAILY;INTERVAL=0' cannot be followed.",
        ),
        (("DTSTART:19700101T000000Z", "RRULE:FREQ=MINUTELY"), "It repeats minutely without an end; no meeting does."),
        (("DTSTART:19700101T000000Z", "RRULE:FREQ=SECONDLY;COUNT=99999999"), "asks for too many steps"),
        (("DTSTART:19700101T000000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "cannot be followed"),
        (("DTSTART:19700101T000000Z", "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300"), "cannot be followed"),
        (("DTSTART:20260305T100000Z", "RRULE:FREQ=MINUTELY;COUNT=50000"), "asks for too many steps"),
        (("DTSTART:00010101T000000", "RRULE:FREQ=DAILY"), "asks for too many steps"),
    ],
)
def test_one_bad_event_among_a_hundred_loses_no_other(lines: tuple[str, ...], reason: str) -> None:
    good = [event("DTSTART:20260304T090000Z", uid=f"{number}@example.org") for number in range(100)]
    reading = read(calendar(*good[:50], event(*lines, uid="bad@example.org"), *good[50:]))
    assert len(reading.meetings) == 100
    (unreadable,) = reading.unreadable
    assert reason in unreadable.reason


def test_an_event_that_is_not_closed_ends_where_the_next_begins() -> None:
    open_event = event("DTSTART:20260304T090000Z", "DURATION:PT1H").replace("END:VEVENT\n", "")
    reading = read(calendar(open_event, event("DTSTART:20260305T090000Z", uid="two@example.org")))
    assert starts(reading.meetings) == ["03-04 09:00", "03-05 09:00"]


def test_alarms_tasks_and_journals_are_no_meetings() -> None:
    alarm = "BEGIN:VALARM\nTRIGGER:-PT15M\nUID:alarm\nATTENDEE:mailto:nobody@example.org\nEND:VALARM"
    todo = "BEGIN:VTODO\nUID:todo\nDTSTART:20260304T090000Z\nEND:VTODO\n"
    reading = read(calendar(todo, event("DTSTART:20260304T090000Z", alarm)))
    assert [(meeting.uid, meeting.participants) for meeting in reading.meetings] == [("one@example.org", ())]
    assert reading.unreadable == ()


def test_reading_stops_when_it_is_told_to() -> None:
    text = read_text(calendar(event(*WEEKLY)).encode(), titles=True)
    assert read_calendar(text, Window(SINCE, UNTIL), ROME, lambda: True) is None


def test_when_there_is_no_time_left_series_wait_and_single_events_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._calendar.PATIENCE", 0.0)
    single = event("DTSTART:20260304T090000Z", uid="two@example.org")
    reading = read(calendar(event(*WEEKLY), single))
    assert [meeting.uid for meeting in reading.meetings] == ["two@example.org"]
    assert "no time left" in reading.unreadable[0].reason


@pytest.mark.parametrize("filler", [" ", ";", "a", '"', ";a=", ';a="b"', "\\", "@", ",", "(", "\t", "1", "Mon "])
@pytest.mark.parametrize(
    "start", ["ATTENDEE", "ATTENDEE;CN=", "ATTENDEE:", "DTSTART;TZID=", "RRULE:", "DURATION:", "UID:"]
)
def test_a_line_without_an_end_is_read_in_a_moment(start: str, filler: str) -> None:
    assert read(calendar(event("DTSTART:20260304T090000Z", start + filler * 30_000))).events == 1


@given(st.lists(st.sampled_from(calendar(event(*WEEKLY), event("DTSTART:20260304T090000Z")).split("\n")), max_size=40))
def test_lines_in_any_order_never_raise(lines: list[str]) -> None:
    read("\n".join(lines))


@given(st.binary(max_size=300), st.integers(0, 300))
def test_bytes_of_any_kind_never_raise(noise: bytes, place: int) -> None:
    text = calendar(event(*WEEKLY)).encode()
    body = text[:place] + noise + text[place:]
    assert read_calendar(read_text(body, titles=True), Window(SINCE, UNTIL), ROME, lambda: False) is not None

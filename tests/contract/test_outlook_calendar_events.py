"""What one event of an Outlook calendar means: who is in it, when it is, and which occurrence of what it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._outlook_calendar_event import Owner, read_event
from syncd.model import Meeting, MeetingStatus, Participant, Response, Role, Unreadable
from tests.contract.outlook_event import ME, OWNER, ROME, at, event, meeting, person
from tests.servers.graph_series import global_object_id


def test_a_meeting_with_everything_that_counts() -> None:
    assert meeting(event()) == Meeting(
        remote_id="c0ffee/AAMk1=",
        start=datetime(2026, 3, 4, 10, tzinfo=UTC),
        end=datetime(2026, 3, 4, 11, tzinfo=UTC),
        participants=(
            Participant("anna@example.org", "Anna Bianchi", Role.ORGANIZER),
            Participant(ME, "Davide Rossi", Role.ATTENDEE, Response.ACCEPTED),
            Participant("bruno@example.net", "Bruno Conti", Role.ATTENDEE, Response.ACCEPTED),
        ),
        uid=global_object_id(1),
        title="Coffee",
    )


# Who.


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("accepted", Response.ACCEPTED),
        ("organizer", Response.ACCEPTED),
        ("tentativelyAccepted", Response.TENTATIVE),
        ("declined", Response.DECLINED),
        ("notResponded", Response.NEEDS_ACTION),
        ("none", None),
        ("somethingNew", None),
    ],
)
def test_what_others_answered(said: str, meant: Response | None) -> None:
    found = meeting(event(attendees=[person("bruno@example.net", "", said)]))
    assert [one.response for one in found.participants if one.address == "bruno@example.net"] == [meant]


@pytest.mark.parametrize("listed", ["none", "notResponded", "accepted"])
def test_my_answer_is_the_one_of_my_own_copy(listed: str) -> None:
    found = meeting(event(attendees=[person(ME.upper(), "", listed)], responseStatus={"response": "declined"}))
    assert [one.response for one in found.participants if one.address == ME.upper()] == [Response.DECLINED]


def test_no_answer_of_mine_is_an_open_one() -> None:
    found = meeting(event(attendees=[person(ME)], responseStatus={"response": "none"}))
    assert [one.response for one in found.participants if one.address == ME] == [Response.NEEDS_ACTION]


def test_whoever_was_invited_through_a_group_answered_all_the_same() -> None:
    found = meeting(event(attendees=[person("everybody@northwind.example")], responseStatus={"response": "declined"}))
    assert Participant(ME, "", Role.ATTENDEE, Response.DECLINED) in found.participants


def test_what_i_called_is_mine_under_whatever_alias_exchange_wrote() -> None:
    alias = {"emailAddress": {"name": "Davide Rossi", "address": "outlook_4711@outlook.example"}}
    found = meeting(event(isOrganizer=True, organizer=alias, responseStatus={"response": "organizer"}))
    assert [one.address for one in found.participants if one.role is Role.ORGANIZER] == [ME]


def test_in_a_calendar_that_is_shared_the_answer_is_its_owners() -> None:
    of_bruno = Owner("beef", ("bruno@example.net",), ROME)
    found = meeting(event(responseStatus={"response": "declined"}), of_bruno)
    assert [one.response for one in found.participants if one.role is Role.ATTENDEE] == [None, Response.DECLINED]


def test_rooms_equipment_and_names_without_an_address_are_nobody() -> None:
    attendees = [
        person("room-4@northwind.example", "Room 4", kind="resource"),
        person("/O=EXCHANGE/OU=FIRST/CN=RECIPIENTS/CN=ANNA", "Anna"),
        person("/o=ExchangeLabs/cn=x@y", "Anna"),
        person("", "Nobody"),
        person("not an address"),
        {"type": "required", "emailAddress": None},
        {"type": "required"},
        "bruno@example.net",
        None,
    ]
    assert [one.address for one in meeting(event(attendees=attendees)).participants] == ["anna@example.org", ME]


@pytest.mark.parametrize(
    "written", ["bruno@example.net", " bruno@example.net ", "'bruno@example.net'", '"mailto:bruno@example.net"',
                "Bruno <bruno@example.net>", "SMTP:bruno@example.net"],
)  # fmt: skip
def test_an_address_with_something_around_it_is_an_address(written: str) -> None:
    assert meeting(event(attendees=[person(written)])).participants[1].address == "bruno@example.net"


def test_one_who_is_invited_twice_is_there_once() -> None:
    twice = [person("Bruno@example.net", "Bruno"), person("bruno@example.net", "Bruno Conti")]
    assert len(meeting(event(attendees=twice)).participants) == 3


@pytest.mark.parametrize(
    "shown",
    [
        {"organizer": None, "attendees": [], "subject": None, "responseStatus": None},
        {"organizer": None, "attendees": [], "subject": "Busy"},
        {"isDraft": True},
    ],
)
def test_what_is_only_free_or_busy_and_what_nobody_was_told_of_is_no_meeting(shown: dict[str, object]) -> None:
    assert read_event(event(**shown), OWNER) is None


def test_a_cancelled_meeting_stays_and_says_so() -> None:
    assert meeting(event(isCancelled=True)).status is MeetingStatus.CANCELLED


def test_a_private_meeting_is_a_meeting() -> None:
    assert meeting(event(sensitivity="private")).participants


# When.


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("2026-03-04T10:00:00.0000000", "UTC"),
        ("2026-03-04T10:00:00", "tzone://Microsoft/Utc"),
        ("2026-03-04T10:00:00", "tzone://Microsoft/Custom"),
        ("2026-03-04T10:00:00", ""),
        ("2026-03-04T10:00:00Z", "Pacific Standard Time"),
        ("2026-03-04T11:00:00.0000000", "W. Europe Standard Time"),
        ("2026-03-04T11:00:00", "Europe/Rome"),
        ("2026-03-04T10:00:00", "Nowhere/Land"),
    ],
)
def test_a_time_in_whatever_zone_it_is_written(written: str, zone: str) -> None:
    assert meeting(event(start=at(written, zone))).start == datetime(2026, 3, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "start",
    [
        None,
        "2026-03-04",
        {},
        at(""),
        at("soon"),
        at("0001-01-01T00:00:00.0000000"),
        at("9999-12-31T23:59:59.9999999"),
        {"dateTime": 1, "timeZone": None},
        at("2026-03-04T10:00:00" + "0" * 100_000),
    ],
)
def test_a_meeting_without_a_time_is_unreadable(start: object) -> None:
    read = read_event(event(start=start), OWNER)
    assert isinstance(read, Unreadable)
    assert read.remote_id == "c0ffee/AAMk1="
    assert read.reason.endswith(".")


@pytest.mark.parametrize("end", [None, at("9999-12-31T23:59:59.9999999"), at("2026-03-04T09:00:00"), at("late")])
def test_an_end_that_is_none_is_the_start(end: object) -> None:
    found = meeting(event(end=end))
    assert found.end == found.start


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [
        ("2026-03-04T00:00:00.0000000", "2026-03-05T00:00:00.0000000", "UTC"),
        ("2026-03-04T00:00:00.0000000", "2026-03-05T00:00:00.0000000", "New Zealand Standard Time"),
        ("2026-03-04T08:00:00.0000000", "2026-03-05T08:00:00.0000000", "UTC"),
        ("2026-03-04T00:00:00", "2026-03-04T00:00:00", "UTC"),
    ],
)
def test_a_whole_day_begins_at_midnight_where_the_owner_lives(start: str, end: str, zone: str) -> None:
    found = meeting(event(isAllDay=True, start=at(start, zone), end=at(end, zone)))
    assert (found.start, found.end) == (datetime(2026, 3, 3, 23, tzinfo=UTC), datetime(2026, 3, 4, 23, tzinfo=UTC))
    assert found.all_day


# Anything.

_TEXTS = st.text(st.characters(), max_size=20)  # lone surrogates too: JSON can write them
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner))
_TIMES = st.builds(at, st.datetimes().map(lambda moment: moment.isoformat()) | st.text(), st.text())


_FIELDS = st.dictionaries(st.sampled_from([*event(), "originalStart"]), _VALUES | _TIMES)


@given(fields=_FIELDS, full=st.booleans(), of_days=st.none() | st.booleans())
def test_whatever_graph_says_gives_a_record_or_none(
    *, fields: dict[str, object], full: bool, of_days: bool | None
) -> None:
    read = read_event({**(event() if full else {}), **fields}, OWNER, of_days=of_days)
    if isinstance(read, Meeting):
        assert read.remote_id.startswith("c0ffee/")
        assert read.start <= read.end
        assert read.start.utcoffset() == timedelta()
        assert read.uid
        (read.remote_id + read.uid + read.title + read.recurrence_id).encode()


@given(_VALUES)
def test_what_is_no_event_at_all_is_unreadable(value: object) -> None:
    if not isinstance(value, dict):
        assert isinstance(read_event(value, OWNER), Unreadable)

"""What one event of an Outlook calendar means: who is in it, when it is, and which occurrence of what it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._outlook_calendar_event import Json, Owner, completed, is_bare, read_event
from syncd.model import Meeting, MeetingStatus, Participant, Response, Role, Unreadable
from syncd.pipeline.normalize import event_key
from syncd.pipeline.reconcile import keys_of
from tests.servers.graph_series import global_object_id

ROME = ZoneInfo("Europe/Rome")
ME = "d.rossi@northwind.example"
OWNER = Owner("c0ffee", (ME, "davide@northwind.example"), ROME)
NOBODY = "0001-01-01T00:00:00Z"


def person(address: str, name: str = "", response: str = "none", kind: str = "required") -> Json:
    return {
        "type": kind,
        "status": {"response": response, "time": NOBODY},
        "emailAddress": {"name": name, "address": address},
    }


def at(text: str, zone: str = "UTC") -> Json:
    return {"dateTime": text, "timeZone": zone}


def event(**fields: object) -> dict[str, object]:
    return {
        "id": "AAMk1=",
        "type": "singleInstance",
        "seriesMasterId": None,
        "iCalUId": global_object_id(1),
        "subject": "Coffee",
        "start": at("2026-03-04T10:00:00.0000000"),
        "end": at("2026-03-04T11:00:00.0000000"),
        "isAllDay": False,
        "isCancelled": False,
        "isDraft": False,
        "isOrganizer": False,
        "organizer": {"emailAddress": {"name": "Anna Bianchi", "address": "anna@example.org"}},
        "attendees": [person(ME, "Davide Rossi"), person("bruno@example.net", "Bruno Conti", "accepted")],
        "responseStatus": {"response": "accepted", "time": NOBODY},
        **fields,
    }


def occurrence(**fields: object) -> dict[str, object]:
    return event(
        **{
            "id": "AAMk2=",
            "type": "occurrence",
            "seriesMasterId": "AAMk1=",
            "originalStart": "2026-03-04T10:00:00Z",
            **fields,
        }
    )


def meeting(item: object, owner: Owner = OWNER, *, of_days: bool | None = None) -> Meeting:
    read = read_event(item, owner, of_days=of_days)
    assert isinstance(read, Meeting), read
    return read


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


# Which occurrence.


def test_an_occurrence_is_named_by_its_series_and_its_original_start() -> None:
    found = meeting(occurrence(iCalUId=global_object_id(1, datetime(2026, 3, 4, tzinfo=UTC).date())))
    assert (found.remote_id, found.recurrence_id) == ("c0ffee/AAMk1=#2026-03-04T10:00:00Z", "2026-03-04T10:00:00Z")
    assert event_key(found.uid) == event_key(global_object_id(1))


def test_an_occurrence_that_was_moved_keeps_its_name() -> None:
    moved = occurrence(type="exception", start=at("2026-03-06T15:00:00"), end=at("2026-03-06T16:00:00"))
    assert meeting(moved).remote_id == meeting(occurrence()).remote_id
    assert meeting(moved, of_days=False).start == datetime(2026, 3, 6, 15, tzinfo=UTC)


def test_an_occurrence_that_does_not_tell_its_original_start_still_begins_then() -> None:
    assert meeting(occurrence(originalStart=None)).recurrence_id == "2026-03-04T10:00:00Z"


def test_an_occurrence_that_was_moved_and_does_not_tell_from_where_is_named_by_its_id_and_its_series() -> None:
    uid = global_object_id(1, datetime(2026, 7, 1, tzinfo=UTC).date())
    moved = occurrence(
        type="exception", originalStart=None, iCalUId=uid,
        start=at("2026-07-03T15:00:00"), end=at("2026-07-03T16:00:00"),
    )  # fmt: skip
    series = event(type="seriesMaster", start=at("2026-03-04T10:00:00"))
    found = read_event(moved, OWNER, of_days=False, series=series)
    assert isinstance(found, Meeting)
    assert found.recurrence_id == "2026-07-01T09:00:00Z", "eleven o'clock in Rome, in summer too"
    assert meeting(moved).recurrence_id == "2026-07-03T15:00:00Z", "nobody knows better"
    absurd = global_object_id(1, datetime(1, 1, 1, tzinfo=UTC).date())
    for item, master in (moved, {**series, "start": None}), ({**moved, "iCalUId": absurd}, series):
        hidden = read_event(item, OWNER, of_days=False, series=master)
        assert isinstance(hidden, Meeting)
        assert hidden.recurrence_id == "2026-07-03T15:00:00Z"


@pytest.mark.parametrize(
    "original",
    ["2026-03-04T08:00:00Z", "2026-03-03T23:00:00Z", "2026-03-03T15:00:00Z", "2026-03-04T00:00:00Z", None],
)
def test_an_all_day_occurrence_is_named_by_its_day_in_whatever_zone_its_series_was_made(original: str | None) -> None:
    days = {"isAllDay": True, "originalStart": original}
    same = occurrence(**days, start=at("2026-03-04T00:00:00"), end=at("2026-03-05T00:00:00"))
    assert meeting(same).recurrence_id == "2026-03-04"
    if original:
        moved = {**same, "type": "exception", "start": at("2026-03-09T00:00:00"), "end": at("2026-03-10T00:00:00")}
        assert meeting(moved).recurrence_id == "2026-03-04"


def test_the_day_in_an_exchange_id_is_believed_where_midnight_is_farthest_away() -> None:
    uid = global_object_id(1, datetime(2026, 3, 4, tzinfo=UTC).date())
    moved = occurrence(
        type="exception", isAllDay=True, originalStart="2026-03-03T11:00:00Z", iCalUId=uid,
        start=at("2026-03-09T00:00:00"), end=at("2026-03-10T00:00:00"),
    )  # fmt: skip
    assert meeting(moved).recurrence_id == "2026-03-04"


def test_midnight_where_the_owner_lives_is_recognised_wherever_that_is() -> None:
    moved = occurrence(
        type="exception", isAllDay=True, originalStart="2026-03-03T11:00:00Z", iCalUId=None,
        start=at("2026-03-09T00:00:00"), end=at("2026-03-10T00:00:00"),
    )  # fmt: skip
    assert meeting(moved, Owner("c0ffee", (ME,), ZoneInfo("Pacific/Auckland"))).recurrence_id == "2026-03-04"


def test_one_hour_of_an_all_day_series_is_still_named_by_its_day_and_the_other_way_round() -> None:
    hour = occurrence(type="exception", originalStart="2026-03-03T23:00:00Z")
    assert meeting(hour, of_days=True).recurrence_id == "2026-03-04"
    day = occurrence(type="exception", isAllDay=True, start=at("2026-03-04T00:00:00"), end=at("2026-03-05T00:00:00"))
    assert meeting(day, of_days=False).recurrence_id == "2026-03-04T10:00:00Z"


def test_one_occurrence_i_alone_was_invited_to_is_the_one_of_the_series_in_other_calendars() -> None:
    uid = global_object_id(1, datetime(2026, 3, 4, tzinfo=UTC).date())
    assert meeting(event(iCalUId=uid)).recurrence_id == "2026-03-04T10:00:00Z"
    assert meeting(event(iCalUId=uid, start=at("2026-03-09T10:00:00"))).recurrence_id == "2026-03-04"
    assert meeting(event(iCalUId=uid, isAllDay=True)).recurrence_id == "2026-03-04"
    assert meeting(event()).recurrence_id == ""


def test_an_event_without_a_uid_is_named_by_its_id() -> None:
    assert meeting(event(iCalUId=None)).uid == "AAMk1="
    assert meeting(occurrence(iCalUId=None)).uid == "AAMk1="


@pytest.mark.parametrize("identifier", ["AAMk\ud800", "AAMk\n", "A" * 5000])
def test_an_id_that_no_store_could_keep_is_kept_as_its_hash(identifier: str) -> None:
    found = meeting(event(id=identifier, iCalUId=None))
    assert found.remote_id.encode().isascii()
    assert len(found.remote_id) < 100
    assert found.remote_id != meeting(event(id=f"{identifier}A")).remote_id
    found.uid.encode()


def test_ids_differ_by_case_alone() -> None:
    assert meeting(event(id="AAMka=")).remote_id != meeting(event(id="AAMkA=")).remote_id


def test_a_foreign_uid_comes_out_of_the_id_exchange_wrapped_it_in() -> None:
    wrapped = meeting(event(iCalUId=global_object_id(7, None, "4711@google.com"))).uid
    assert event_key(wrapped) == event_key("4711@google.com")


def test_the_same_occurrence_at_google_and_at_exchange_is_one_meeting() -> None:
    day = datetime(2026, 3, 4, tzinfo=UTC).date()
    at_exchange = meeting(occurrence(iCalUId=global_object_id(7, day, "4711@google.com")))
    for uid in ("4711@google.com", "4711_R20260101T100000@google.com", global_object_id(7, None, "4711@google.com")):
        elsewhere = Meeting("x", at_exchange.start, at_exchange.end, (), uid=uid, recurrence_id="2026-03-04T10:00:00Z")
        assert keys_of(elsewhere).key == keys_of(at_exchange).key
    another = meeting(occurrence(originalStart="2026-03-11T10:00:00Z"))
    assert keys_of(another).key != keys_of(at_exchange).key


# Bare occurrences.


def test_a_bare_occurrence_takes_from_its_series_what_it_lacks() -> None:
    bare = {
        "id": "AAMk2=", "type": "occurrence", "seriesMasterId": "AAMk1=",
        "start": at("2026-03-11T10:00:00"), "end": at("2026-03-11T11:00:00"),
    }  # fmt: skip
    assert is_bare(bare)
    assert not is_bare(occurrence())
    found = meeting(completed(bare, {**event(), "type": "seriesMaster"}))
    assert found.remote_id == "c0ffee/AAMk1=#2026-03-11T10:00:00Z"
    assert found.start == datetime(2026, 3, 11, 10, tzinfo=UTC)
    assert [one.address for one in found.participants] == ["anna@example.org", ME, "bruno@example.net"]


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

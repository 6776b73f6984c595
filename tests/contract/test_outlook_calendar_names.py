"""Which occurrence of what an event of an Outlook calendar is, and by what name it is known elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors._outlook_calendar_event import Owner, completed, is_bare, read_event
from syncd.model import Meeting
from syncd.pipeline.normalize import event_key
from syncd.pipeline.reconcile import keys_of
from tests.contract.outlook_event import ME, OWNER, at, event, meeting, occurrence
from tests.servers.graph_series import global_object_id


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

"""`outlook-calendar` while a calendar lives: series change, meetings move, and the window goes with the days."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.errors import CursorExpired, Transient
from syncd.model import Meeting, MeetingStatus, Removal, Response
from syncd.testing import NOW
from tests.contract.outlook_diary import ANNA, BRUNO, ME, Diary
from tests.servers.graph import graph_server
from tests.servers.graph_series import Pattern

ROME = ZoneInfo("Europe/Rome")
WEEKLY = Pattern("weekly")


def test_a_quiet_poll_is_one_request(diary: Diary) -> None:
    diary.meet(pattern=WEEKLY)
    diary.poll()
    asked = diary.graph.count()
    diary.poll()
    assert diary.graph.count() == asked + 1


def test_a_day_on_which_nothing_changed_is_told_in_no_page(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._outlook_calendar_reading.PAGE", 2)
    for days in range(1, 8):
        diary.meet(days=days)
    assert len(diary.poll()) == 7
    diary.wait(days=1)
    assert diary.poll() == []


def test_one_change_is_looked_for_where_it_happened(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._outlook_calendar_views.PER_PAGE", 10)
    identifiers = [diary.meet(days=days) for days in range(-80, 50)]
    diary.poll()
    asked = diary.graph.count()
    diary.meet("New", days=5)
    assert len(diary.poll()) == 1
    assert diary.graph.count() == asked + 2, "the change, and the days around it"
    asked = diary.graph.count()
    diary.calendar.delete(identifiers[70])
    assert [type(seen) for seen in diary.poll()] == [Removal]
    assert diary.graph.count() == asked + 3, "and a question for what is not there"
    asked = diary.graph.count()
    diary.meet("Far away", days=200)
    assert diary.poll() == []
    assert diary.graph.count() == asked + 1


def test_what_is_touched_while_a_poll_is_broken_off_is_not_forgotten(diary: Diary) -> None:
    first, second = diary.meet(days=-50), diary.meet(days=40)
    diary.poll()
    diary.calendar.delete(first)
    diary.graph.fail("calendarView?", 503, times=99)
    with pytest.raises(Transient):
        diary.poll()
    diary.graph.mend()
    diary.calendar.delete(second)
    assert {type(seen) for seen in diary.poll()} == {Removal}
    assert diary.standing() == {}


def test_the_link_is_taken_before_the_listing(diary: Diary) -> None:
    diary.poll()
    asked = [each.target for each in diary.graph.requests]
    assert asked.index(next(each for each in asked if "/delta" in each)) < asked.index(
        next(each for each in asked if "calendarView?" in each)
    )


def test_one_occurrence_is_moved_cancelled_or_taken_out(diary: Diary) -> None:
    series = diary.meet(days=1, pattern=Pattern("weekly", count=4))
    diary.poll()
    moved, cancelled, deleted = (diary.calendar.occurrence(series, number) for number in (1, 2, 3))
    before = diary.meetings()
    elsewhere = before[1].start + timedelta(days=1)
    diary.calendar.update(moved, start=elsewhere, end=elsewhere + timedelta(hours=2))
    diary.calendar.update(cancelled, isCancelled=True)
    diary.calendar.delete(deleted)
    told = {seen.remote_id: seen for seen in diary.poll()}
    assert told.keys() == {meeting.remote_id for meeting in before[1:]}
    again = told[before[1].remote_id]
    assert isinstance(again, Meeting)
    assert (again.start, again.recurrence_id) == (elsewhere, before[1].recurrence_id)
    off = told[before[2].remote_id]
    assert isinstance(off, Meeting)
    assert off.status is MeetingStatus.CANCELLED
    assert told[before[3].remote_id] == Removal(before[3].remote_id)


def test_a_series_that_changes_its_hour_is_told_anew_and_its_old_hours_are_gone(diary: Diary) -> None:
    series = diary.meet(days=1, pattern=Pattern("weekly", count=3))
    diary.poll()
    before = {meeting.remote_id for meeting in diary.meetings()}
    start = diary.now + timedelta(days=1, hours=2)
    diary.calendar.update(series, start=start, end=start + timedelta(hours=1))
    told = diary.poll()
    assert {seen.remote_id for seen in told if isinstance(seen, Removal)} == before
    assert len(diary.meetings()) == 3


def test_a_meeting_becomes_a_series_and_a_series_one_meeting_again(diary: Diary) -> None:
    identifier = diary.meet(days=1)
    diary.poll()
    diary.calendar._entries[identifier].pattern = Pattern("weekly", count=3)
    diary.calendar.update(identifier, subject="Weekly")
    diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Weekly"] * 3
    diary.calendar._entries[identifier].pattern = None
    diary.calendar.update(identifier, subject="Once")
    diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Once"]


def test_a_person_added_to_a_series_is_in_every_occurrence(diary: Diary) -> None:
    series = diary.meet(pattern=Pattern("weekly", count=3))
    diary.poll()
    person = {
        "type": "required",
        "status": {"response": "none"},
        "emailAddress": {"address": BRUNO[0], "name": BRUNO[1]},
    }
    diary.calendar.update(series, attendees=[person])
    diary.poll()
    assert [meeting.participants[-1].address for meeting in diary.meetings()] == [BRUNO[0]] * 3


def test_an_answer_i_take_back_later_is_told(diary: Diary) -> None:
    identifier = diary.meet(organizer=ANNA, response="accepted")
    diary.poll()
    diary.calendar.update(identifier, responseStatus={"response": "declined"})
    (told,) = diary.poll()
    assert isinstance(told, Meeting)
    assert [one.response for one in told.participants if one.address == ME] == [Response.DECLINED]


def test_a_past_meeting_taken_out_of_the_calendar_did_not_happen(diary: Diary) -> None:
    identifier = diary.meet(days=-30)
    diary.poll()
    diary.calendar.delete(identifier)
    assert [type(seen) for seen in diary.poll()] == [Removal]


def test_what_began_before_the_window_and_ends_in_it_belongs_to_it(diary: Diary) -> None:
    begin = diary.now - timedelta(days=91)
    identifier = diary.calendar.add("Conference", begin, begin + timedelta(days=3), attendees=[ANNA])
    diary.poll()
    diary.calendar.update(identifier, subject="Fair")
    assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Fair"]
    diary.calendar.delete(identifier)
    assert [type(seen) for seen in diary.poll()] == [Removal]


def test_what_left_the_window_stays_whatever_becomes_of_it(diary: Diary) -> None:
    identifier = diary.meet(days=-60)
    diary.poll()
    diary.wait(days=45)
    diary.poll()
    diary.calendar.delete(identifier)
    diary.wait(days=2)
    assert diary.poll() == []
    assert len(diary.meetings()) == 1


def test_the_window_goes_with_the_days_though_nothing_changes(diary: Diary) -> None:
    series = diary.calendar.add("Standup", diary.now, attendees=[ANNA], pattern=WEEKLY)
    assert diary.calendar.ids() == [series]
    diary.poll()
    for _ in range(20):
        diary.wait(days=4, hours=1)
        diary.poll()
    assert diary.standing() == {seen.remote_id: seen for seen in diary.afresh().poll(NOW - timedelta(days=1))}
    assert diary.graph.count("deltatoken") >= 1
    assert diary.graph.count("/delta?startDateTime") > 10, "and so does that of change tracking"


def test_after_a_long_time_away_nothing_in_between_is_missing(diary: Diary) -> None:
    goes = diary.meet("Changed while away", days=50)
    diary.poll()
    began = diary.now
    diary.wait(days=300)
    diary.calendar.add("Made while away", began + timedelta(days=100), attendees=[ANNA])
    diary.calendar.delete(goes)
    diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Made while away"]


def test_after_a_long_time_away_a_forgotten_link_makes_no_gap(diary: Diary) -> None:
    goes = diary.meet("Changed while away", days=50)
    diary.meet("Long ago", days=-400)
    diary.poll()
    diary.wait(days=300)
    diary.calendar.add("Made while away", diary.now - timedelta(days=200), attendees=[ANNA])
    diary.calendar.delete(goes)
    diary.cursor = None
    asked = diary.graph.count()
    assert {type(seen) for seen in diary.poll()} == {Removal, Meeting}
    assert [meeting.title for meeting in diary.meetings()] == ["Long ago", "Made while away"]
    diary.cursor = None
    diary.poll()
    assert diary.graph.count() - asked < 20, "nor is the far past read once more"


def test_a_meeting_put_off_beyond_the_window_comes_back_with_it(diary: Diary) -> None:
    identifier = diary.meet()
    diary.poll()
    start = diary.now + timedelta(days=80)
    diary.calendar.update(identifier, start=start, end=start + timedelta(hours=1))
    assert [type(seen) for seen in diary.poll()] == [Removal]
    diary.wait(days=30)
    assert [type(seen) for seen in diary.poll()] == [Meeting]


@pytest.mark.parametrize("days", [-90.5, -95, -200])
def test_a_meeting_put_back_before_the_window_is_told_where_it_went(diary: Diary, days: float) -> None:
    identifier = diary.meet()
    diary.poll()
    start = diary.now + timedelta(days=days)
    diary.calendar.update(identifier, start=start, end=start + timedelta(hours=1))
    (told,) = diary.poll()
    assert isinstance(told, Meeting)
    assert told.start == start
    diary.wait(days=1)
    assert diary.poll() == []
    assert diary.meetings() == [told]


def test_a_meeting_that_becomes_a_draft_is_no_meeting_for_now(diary: Diary) -> None:
    identifier = diary.meet()
    diary.poll()
    diary.calendar.update(identifier, isDraft=True)
    assert [type(seen) for seen in diary.poll()] == [Removal]
    diary.calendar.update(identifier, isDraft=False)
    assert [type(seen) for seen in diary.poll()] == [Meeting]


def test_the_first_sync_goes_back_to_the_horizon_and_no_further(diary: Diary) -> None:
    for days in (-1200, -1094.9, -700, -400, -91, -90, -89, 0, 60, 62):
        diary.meet(f"{days}", days=days)
    diary.calendar.add("Long", diary.now - timedelta(days=1100), diary.now - timedelta(days=1090), attendees=[ANNA])
    titles = [seen.title for seen in diary.poll() if isinstance(seen, Meeting)]
    assert sorted(titles) == sorted(["Long", "-1094.9", "-700", "-400", "-91", "-90", "-89", "0", "60"])
    assert titles[0] == "60", "the newest first"


def test_a_first_sync_shorter_than_the_window_is_all_there_is(diary: Diary) -> None:
    diary.meet(days=-10)
    diary.meet(days=-30)
    assert len(diary.poll(diary.now - timedelta(days=20))) == 1


def test_a_past_of_many_meetings_at_one_moment_is_read_whole(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._outlook_calendar_reading.PAGE", 2)
    for number in range(5):
        diary.meet(f"{number}", days=-200)
    diary.meet(days=-201)
    diary.meet(days=-199)
    pages = diary.pages()
    assert len(diary.meetings()) == 7
    for number in range(1, len(pages)):
        resumed = diary.afresh()
        for page in pages[:number]:
            resumed.memory.keep(page)
            resumed.known.update((seen.remote_id, seen) for seen in page.observations)
            resumed.cursor = page.cursor
        resumed.poll()
        assert resumed.standing() == diary.standing()


def test_changed_settings_read_everything_again(diary: Diary) -> None:
    diary.meet("Old", days=-300)
    diary.meet("New", days=-3)
    diary.poll()
    diary.zone = ROME
    with pytest.raises(CursorExpired):
        diary.poll()
    diary.cursor = None
    assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Old"], "the window is as it was"


def test_an_all_day_meeting_is_on_its_day_where_the_owner_lives() -> None:
    with graph_server() as graph:
        diary = Diary(graph, zone=ROME)
        diary.meet("Offsite", days=3, all_day=True, pattern=Pattern("daily", count=2))
        diary.poll()
        first, second = diary.meetings()
        assert (first.recurrence_id, second.recurrence_id) == ("2026-03-07", "2026-03-08")
        assert first.start.astimezone(ROME) == datetime(2026, 3, 7, tzinfo=ROME)
        assert first.end == second.start


def test_the_only_occurrence_left_of_an_all_day_series_keeps_its_name_when_it_gets_an_hour(diary: Diary) -> None:
    series = diary.meet("Fair", days=3, all_day=True, pattern=Pattern("daily", count=1))
    diary.poll()
    (before,) = diary.meetings()
    start = diary.now + timedelta(days=3)
    diary.calendar.update(
        diary.calendar.occurrence(series, 0), isAllDay=False, start=start, end=start + timedelta(hours=1)
    )
    (told,) = diary.poll()
    assert isinstance(told, Meeting)
    assert (told.remote_id, told.recurrence_id, told.all_day) == (before.remote_id, before.recurrence_id, False)


# The law: whatever happens, reading what changed and reading everything afresh end up with the same.

_DAYS = st.integers(min_value=-80, max_value=55)
_NUMBER = st.integers(min_value=0, max_value=11)
_EDITS = st.one_of(
    st.tuples(st.just("single"), _DAYS, st.booleans()),
    st.tuples(st.just("series"), _DAYS, st.booleans()),
    st.tuples(st.just("move"), _NUMBER, _DAYS),
    st.tuples(st.just("move one"), _NUMBER, _DAYS),
    st.tuples(st.just("cancel"), _NUMBER, st.booleans()),
    st.tuples(st.just("delete"), _NUMBER, st.booleans()),
    st.tuples(st.just("invite"), _NUMBER, st.booleans()),
    st.tuples(st.just("poll"), st.integers(0, 3), st.booleans()),
)


def edit(diary: Diary, kind: str, number: int, value: int) -> None:
    """One thing that happens to a calendar; `number` says to which of its events, or when."""
    calendar = diary.calendar
    known = calendar.ids()
    if kind in ("single", "series"):
        pattern = Pattern("weekly", count=5, until=None) if kind == "series" else None
        diary.meet(f"{len(known)}", days=number, all_day=bool(value), pattern=pattern)
    elif kind == "poll":
        if value:
            diary.graph.expire()
            diary.cursor = None
        diary.wait(hours=8 * number)
        diary.poll()
    elif known:
        chosen = known[number % len(known)]
        if kind != "move" and calendar.event(chosen)["type"] == "seriesMaster":
            chosen = calendar.occurrence(chosen, number % 5)
        change(diary, kind, chosen, value)


def change(diary: Diary, kind: str, chosen: str, value: int) -> None:
    """`chosen` is a single event, or an occurrence that may be gone already."""
    if kind == "delete":
        diary.calendar.delete(chosen)
    elif kind == "cancel":
        diary.calendar.update(chosen, isCancelled=bool(value))
    elif kind == "invite":
        mailbox = {"address": BRUNO[0], "name": BRUNO[1]}
        diary.calendar.update(
            chosen, attendees=[{"type": "required", "emailAddress": mailbox, "status": {"response": "none"}}]
        )
    else:
        start = datetime.combine((NOW + timedelta(days=value)).date(), NOW.timetz())
        diary.calendar.update(chosen, start=start, end=start + timedelta(hours=1))


@settings(max_examples=20, deadline=None)
@given(edits=st.lists(_EDITS, max_size=14))
def test_reading_what_changed_equals_reading_afresh(edits: list[tuple[str, int, int]]) -> None:
    with graph_server() as graph:
        diary = Diary(graph)
        for kind, number, value in edits:
            edit(diary, kind, number, value)
        diary.poll()
        assert diary.standing() == {seen.remote_id: seen for seen in diary.afresh().poll()}
        assert diary.poll() == []

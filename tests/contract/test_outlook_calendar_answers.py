"""`outlook-calendar` where Graph's answers leave out, repeat themselves, lead elsewhere, or lie."""

from __future__ import annotations

import logging
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from syncd.errors import Transient
from syncd.model import Meeting, Removal, Unreadable
from tests.contract.outlook_diary import ANNA, BRUNO, ME, Diary
from tests.servers.graph_series import Pattern

if TYPE_CHECKING:
    from datetime import datetime

    from tests.servers.graph import Graph
    from tests.servers.graph_contract import Resource
    from tests.servers.graph_requests import Asked

WEEKLY = Pattern("weekly")


def bare(series: str, start: datetime) -> Resource:
    """An occurrence as change tracking shows it, and as some shared calendars do."""
    return {
        "type": "occurrence",
        "seriesMasterId": series,
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
    }


# 38: occurrences without their people.


def test_bare_occurrences_are_completed_from_their_series_which_is_asked_for_once(graph: Graph) -> None:
    diary = Diary(graph, calendars=("Team",))
    team = graph.calendars.add("Team", BRUNO, shared=True)
    series = team.add("Standup", diary.now + timedelta(days=700), attendees=[ANNA], pattern=WEEKLY)
    for week in range(3):
        team.add_resource(bare(series, diary.now - timedelta(weeks=week)))
    diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Standup"] * 3
    assert all(len(meeting.participants) == 2 for meeting in diary.meetings())
    assert len({meeting.recurrence_id for meeting in diary.meetings()}) == 3
    assert graph.count(f"/events/{series.rstrip('=')}") == 1


def test_an_occurrence_whose_series_is_not_shown_is_not_passed_off_as_a_meeting(diary: Diary) -> None:
    diary.calendar.add_resource(bare("AAMkGone=", diary.now))
    told = diary.poll()
    assert [type(seen) for seen in told] == [Unreadable]
    diary.wait(days=1)
    assert diary.poll() == [], "it was said once"


def test_what_was_known_of_an_occurrence_outlives_that_its_series_is_not_shown(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = diary.meet("Standup", days=1, pattern=Pattern("weekly", count=2))
    diary.poll()
    known = diary.meetings()
    assert len(known) == 2
    shown = diary.calendar.view

    def stripped(start: datetime, end: datetime) -> list[Resource]:
        return [{name: item[name] for name in ("id", *bare(series, diary.now))} for item in shown(start, end)]

    monkeypatch.setattr(diary.calendar, "view", stripped)
    diary.graph.fail(f"/events/{series}", 404, "ErrorItemNotFound", times=99)
    diary.wait(days=1)
    diary.poll()
    assert diary.meetings() == known


def test_a_series_that_cannot_be_asked_for_now_is_asked_for_again(diary: Diary) -> None:
    series = diary.calendar.add("Standup", diary.now + timedelta(days=700), attendees=[ANNA], pattern=WEEKLY)
    diary.calendar.add_resource(bare(series, diary.now))
    diary.graph.fail(f"/events/{series}", 500, times=99)
    with pytest.raises(Transient):
        diary.poll()
    assert diary.meetings() == []
    diary.graph.mend()
    diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Standup"]


def test_a_calendar_without_change_tracking_is_looked_at_once_an_hour(graph: Graph) -> None:
    diary = Diary(graph, calendars=("Team",))
    team = graph.calendars.add("Team", BRUNO, shared=True)
    graph.fail("calendarView/delta", 403, "ErrorAccessDenied", times=999)
    team.add("Kick-off", diary.now, attendees=[ANNA])
    assert len(diary.poll()) == 1
    team.add("Retro", diary.now, attendees=[ANNA])
    diary.wait(minutes=50)
    assert diary.poll() == []
    diary.wait(minutes=11)
    assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Retro"]


# 39: what change tracking says besides.


def test_what_is_removed_outside_the_window_removes_nothing_inside(diary: Diary) -> None:
    diary.meet(days=3)
    far = diary.meet(days=400)
    diary.poll()
    diary.calendar.update(far, subject="Moved")
    diary.calendar.delete(far)
    assert diary.poll() == []
    assert len(diary.meetings()) == 1


def test_a_round_that_repeats_and_shuffles_itself_changes_nothing(diary: Diary) -> None:
    diary.calendar.repeat, diary.calendar.order = 3, Random(4)  # noqa: S311 - an order, not a secret
    diary.meet(days=3, pattern=WEEKLY)
    diary.poll()
    diary.calendar.restore()
    assert diary.poll() == []


def test_empty_pages_with_a_link_are_followed_to_the_end(diary: Diary) -> None:
    diary.graph.links.empty = 3
    diary.poll()
    diary.meet()
    assert len(diary.poll()) == 1
    assert diary.poll() == []


@pytest.mark.parametrize(
    "host", ["https://evil.example", "http://127.0.0.1:9", "https://graph.microsoft.com.evil.example"]
)
def test_a_link_to_another_host_is_never_followed(diary: Diary, host: str) -> None:
    diary.meet()
    diary.poll()
    cursor = diary.cursor
    diary.meet(days=2)
    diary.graph.links.host = host
    with pytest.raises(Transient):
        diary.poll()
    assert diary.cursor == cursor, "nor kept"
    diary.graph.links.host = None
    assert len(diary.poll()) == 1


def lead_in_circles(graph: Graph, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever leads on below `part` leads to where the first of its links led."""
    issue, first = graph.links.issue, dict[str, str]()

    def circle(asked: Asked, path: str, name: str, state: object) -> str:
        link = issue(asked, path, name, state)
        return first.setdefault(path, link) if name == "$skiptoken" and path.endswith(part) else link

    monkeypatch.setattr(graph.links, "issue", circle)


def test_a_listing_that_leads_in_circles_is_given_up_after_the_other_calendars(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._outlook_calendar_views.PER_PAGE", 2)
    diary = Diary(graph, calendars=("Calendar", "Projects"))
    graph.calendars.add("Projects").add("Kick-off", diary.now, attendees=[ANNA])
    for days in range(1, 8):
        diary.meet(days=days)
    lead_in_circles(graph, f"{diary.calendar.id}/calendarView", monkeypatch)
    with pytest.raises(Transient, match=r"'Calendar' of .* leads in circles"):
        diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Kick-off"]


def test_change_tracking_that_leads_in_circles_is_done_without(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._outlook_calendar_views.PER_PAGE", 2)
    for days in range(1, 8):
        diary.meet(days=days)
    lead_in_circles(diary.graph, "/delta", monkeypatch)
    assert len(diary.poll()) == 7


# What a listing lacks.


def test_a_listing_that_lost_everything_removes_nothing(
    diary: Diary, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for days in range(1, 41):
        diary.meet(days=days)
    diary.meet(days=2, pattern=Pattern("weekly", count=5))
    diary.poll()
    monkeypatch.setattr(diary.calendar, "view", lambda *_: [])
    diary.wait(days=1)
    with caplog.at_level(logging.WARNING):
        assert diary.poll() == []
    assert "lacked 45 events that are there" in caplog.text
    monkeypatch.undo()
    assert len(diary.standing()) == 45


def test_a_calendar_that_was_emptied_is_empty(diary: Diary) -> None:
    identifiers = [diary.meet(days=days) for days in range(1, 41)]
    identifiers.append(diary.meet(days=2, pattern=Pattern("weekly", count=5)))
    diary.poll()
    for identifier in identifiers:
        diary.calendar.delete(identifier)
    asked = diary.graph.count()
    assert len(diary.poll()) == 45
    assert diary.standing() == {}
    assert diary.graph.count() - asked < 30, "of very many not every single one is asked for"


def test_a_question_that_cannot_be_answered_now_removes_nothing(diary: Diary) -> None:
    identifier = diary.meet("Goes")
    diary.poll()
    diary.calendar.delete(identifier)
    diary.meet("Comes")
    diary.graph.fail(f"/events/{identifier}", 503, times=99)
    with pytest.raises(Transient):
        diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Goes", "Comes"], "and holds back nothing"
    diary.graph.mend()
    diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Comes"]


def test_what_could_never_be_read_is_forgotten_when_it_is_gone(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Resource] = [
        {"subject": "Without an id", "start": None},
        {"id": "AAMkBad=", "organizer": {"emailAddress": {"address": "anna@example.org"}}, "start": None},
        {"id": "AAMkOne=", "seriesMasterId": "AAMkGone=", "type": "occurrence", "start": None},
    ]
    monkeypatch.setattr(diary.calendar, "view", lambda *_: shown)
    told = diary.poll()
    assert {type(seen) for seen in told} == {Unreadable}
    assert len(diary.standing()) == 3
    shown.clear()
    diary.wait(days=1)
    assert {type(seen) for seen in diary.poll()} == {Removal}
    assert diary.standing() == {}
    diary.graph.violations.clear()  # an event without an id is none of Microsoft's types


def test_what_nobody_knows_the_time_of_is_told_once_whatever_span_it_turns_up_in(diary: Diary) -> None:
    anna = {"emailAddress": {"address": ANNA[0], "name": ANNA[1]}}
    diary.calendar.add_resource({"organizer": anna, "start": None, "end": None})
    diary.meet(days=-1000)
    assert [type(seen) for seen in diary.poll()].count(Unreadable) == 1


def test_what_nobody_knows_the_time_of_is_looked_for_everywhere_when_it_changes(diary: Diary) -> None:
    anna = {"emailAddress": {"address": ANNA[0], "name": ANNA[1]}}
    identifier = diary.calendar.add_resource({"organizer": anna, "start": None, "end": None})
    diary.poll()
    diary.calendar.delete(identifier)
    assert [type(seen) for seen in diary.poll()] == [Removal]


def test_answers_that_hold_no_list_and_calendars_without_an_id_are_an_outage(diary: Diary) -> None:
    diary.graph.fail("calendarView?", 200)
    with pytest.raises(Transient):
        diary.poll()


# 40 and 58 are told in test_outlook_calendar_events; 36: a meeting ends while nobody watches.


def test_a_meeting_that_ends_while_nobody_watches_was_told_before(diary: Diary) -> None:
    diary.meet(days=2)
    (told,) = diary.poll()
    assert isinstance(told, Meeting)
    assert told.start > diary.now
    diary.wait(days=30)
    assert diary.poll() == []
    assert diary.meetings() == [told]


def test_an_event_that_changes_calendars_is_one_record_in_the_end(graph: Graph) -> None:
    diary = Diary(graph, calendars=("Calendar", "Other"))
    other = graph.calendars.add("Other")
    identifier = diary.meet()
    diary.poll()
    diary.calendar.delete(identifier)
    other.add("Coffee", diary.now + timedelta(days=1), attendees=[(ME, "Davide Rossi"), ANNA])
    diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Coffee"]

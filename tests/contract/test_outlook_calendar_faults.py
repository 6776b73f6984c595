"""`outlook-calendar` where Graph forgets what it said, or refuses to say more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.errors import AuthRequired, CursorExpired, Misconfigured, Transient
from syncd.model import Meeting, Removal
from tests.contract.outlook_diary import ANNA, Diary
from tests.servers.graph_series import Pattern

if TYPE_CHECKING:
    from tests.servers.graph import Graph

WEEKLY = Pattern("weekly")


# 37: what Graph forgets and refuses.


@pytest.mark.parametrize(
    ("status", "code"),
    [(410, "SyncStateNotFound"), (400, "syncStateNotFound"), (404, "SyncStateInvalid"), (410, "resyncRequired")],
)
def test_a_forgotten_link_is_read_again_without_harm(diary: Diary, status: int, code: str) -> None:
    for days in (-700, -300, -20, 5):
        diary.meet(days=days)
    diary.poll()
    before, asked = diary.standing(), diary.graph.count()
    diary.graph.expire(status, code)
    with pytest.raises(CursorExpired):
        diary.poll()
    gone = diary.meet("Lunch", days=-3)
    diary.cursor = None
    told = diary.poll()
    assert [seen.remote_id.rpartition("/")[2] for seen in told] == [gone], "what was read before is not read again"
    assert before.items() <= diary.standing().items()
    assert diary.graph.count() - asked < 8, "nor is it asked for"


def test_after_a_forgotten_link_what_vanished_meanwhile_is_removed(diary: Diary) -> None:
    stays, goes = diary.meet(days=-1), diary.meet(days=-2)
    diary.poll()
    diary.calendar.delete(goes)
    diary.graph.expire()
    diary.cursor = None
    (told,) = diary.poll()
    assert isinstance(told, Removal)
    assert told.remote_id.endswith(goes)
    assert [meeting.remote_id.rpartition("/")[2] for meeting in diary.meetings()] == [stays]


@pytest.mark.parametrize("retry_after", [None, "7"])
@pytest.mark.parametrize(
    ("status", "code"), [(429, "TooManyRequests"), (503, "x"), (504, "x"), (429, "MailboxConcurrency")]
)
def test_a_busy_graph_is_waited_for(diary: Diary, status: int, code: str, retry_after: str | None) -> None:
    diary.meet()
    diary.graph.fail("calendarView", status, code, retry_after=retry_after, times=2)
    assert len(diary.poll()) == 1


@pytest.mark.parametrize("part", ["calendarView/delta", "calendarView?", "skiptoken", "/me/calendar?"])
def test_an_outage_anywhere_in_a_poll_loses_nothing(diary: Diary, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setattr("connectors._outlook_calendar_views.PER_PAGE", 2)
    for days in (-500, -400, -300, -3, -2, -1, 1, 2, 3):
        diary.meet(days=days)
    diary.graph.fail(part, 500, times=50)
    with pytest.raises(Transient):
        diary.poll()
    diary.graph.mend()
    diary.poll()
    assert diary.standing() == {seen.remote_id: seen for seen in diary.afresh().poll()}
    assert len(diary.standing()) == 9


def test_a_listing_that_is_forgotten_while_it_is_read_is_an_outage(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._outlook_calendar_views.PER_PAGE", 2)
    for days in range(1, 6):
        diary.meet(days=days)
    diary.graph.fail("calendarView?$skiptoken", 410, "SyncStateNotFound")
    with pytest.raises(Transient, match="lost the listing"):
        diary.poll()


def test_a_web_page_in_its_place_removes_nothing(diary: Diary) -> None:
    diary.meet()
    diary.poll()
    diary.wait(days=2)
    diary.graph.show_page("calendarView?", times=5)
    with pytest.raises(Transient):
        diary.poll()
    assert len(diary.standing()) == 1


def test_a_calendar_that_is_gone_does_not_hold_up_the_others(graph: Graph) -> None:
    diary = Diary(graph, calendars=("Team", "Calendar"))
    team = graph.calendars.add("Team")
    team.add("Kick-off", diary.now, attendees=[ANNA])
    diary.poll()
    graph.calendars.drop(team)
    diary.meet("Coffee")
    with pytest.raises(Transient, match="'Team' of accounts"):
        diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Kick-off", "Coffee"]
    graph.calendars.add("Something else")
    graph.calendars.add("Team").add("Again", diary.now, attendees=[ANNA])
    diary.poll()
    assert sorted(meeting.title for meeting in diary.meetings()) == ["Again", "Coffee", "Kick-off"]


def test_a_calendar_whose_question_is_never_taken_does_not_starve_the_others(graph: Graph) -> None:
    diary = Diary(graph, calendars=("Calendar", "Projects"))
    graph.calendars.add("Projects").add("Kick-off", diary.now, attendees=[ANNA])
    diary.meet("Coffee")
    graph.fail(f"{graph.calendars.default.id}/calendarView", 400, "ErrorInvalidRequest", times=9999)
    with pytest.raises(Transient, match=r"'Calendar' of accounts\.test .*ErrorInvalidRequest") as raised:
        diary.poll()
    assert raised.value.hint
    assert [meeting.title for meeting in diary.meetings()] == ["Kick-off"]
    graph.mend()
    assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Coffee"]


def test_old_meetings_that_are_never_shown_do_not_starve_the_other_calendars(graph: Graph) -> None:
    diary = Diary(graph, calendars=("Calendar", "Projects"))
    graph.calendars.add("Projects").add("Kick-off", diary.now - timedelta(days=400), attendees=[ANNA])
    diary.meet("Coffee")
    graph.fail_after(3, f"{graph.calendars.default.id}/calendarView?", 400, "ErrorInvalidRequest", times=9999)
    with pytest.raises(Transient, match="'Calendar' of"):
        diary.poll()
    assert [meeting.title for meeting in diary.meetings()] == ["Kick-off", "Coffee"]


def test_a_calendar_whose_change_tracking_is_not_taken_is_read_all_the_same(diary: Diary) -> None:
    diary.meet("Coffee")
    diary.graph.fail("calendarView/delta", 400, "ErrorInvalidRequest", times=9999)
    assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Coffee"]
    diary.meet("Lunch", days=2)
    diary.wait(minutes=61)
    assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Lunch"]


def test_a_calendar_that_stays_away_for_a_day_is_a_matter_for_its_owner(graph: Graph) -> None:
    diary = Diary(graph, calendars=("Team", "Calendar"))
    team = graph.calendars.add("Team")
    diary.poll()
    graph.calendars.drop(team)
    for _ in range(2):
        with pytest.raises(Transient, match="'Team' of accounts"):
            diary.poll()
        diary.wait(hours=23)
    diary.wait(hours=2)
    for days in range(3):
        diary.meet(f"Coffee {days}", days=days)
        with pytest.raises(Misconfigured, match="shows no calendar called 'Team'"):
            diary.poll()
        diary.wait(days=1)
    assert len(diary.meetings()) == 3, "the other calendar is read meanwhile"


@pytest.mark.parametrize("span", [{"minutes": 15}, {"days": 30}])
def test_a_calendar_that_is_away_for_a_moment_goes_on_where_it_was(diary: Diary, span: dict[str, float]) -> None:
    for days in (-300, -20, 5):
        diary.meet(days=days)
    diary.poll()
    for _ in range(2):
        diary.graph.fail(f"{diary.calendar.id}/calendarView", 404, "ErrorItemNotFound", times=9)
        with pytest.raises(Transient, match="the default calendar of accounts"):
            diary.poll()
        diary.graph.mend()
        diary.meet("Lunch", days=1)
        assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Lunch"]
        diary.wait(**span)
    assert len(diary.standing()) == 5


def test_a_mailbox_that_shows_nothing_asks_for_the_sign_in(diary: Diary) -> None:
    diary.graph.fail("calendarView", 403, "ErrorAccessDenied", times=99)
    with pytest.raises(AuthRequired):
        diary.poll()

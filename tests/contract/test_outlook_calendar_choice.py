"""Which of an account's Outlook calendars are read: by name, by id, and what becomes of those left out."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from syncd.errors import Misconfigured
from syncd.model import Meeting
from tests.contract.outlook_diary import ANNA, ME, Diary
from tests.servers.graph import graph_server
from tests.servers.graph_series import Pattern

ROME = ZoneInfo("Europe/Rome")
WEEKLY = Pattern("weekly")


def test_calendars_are_found_by_name_and_by_id() -> None:
    with graph_server() as graph:
        family, work = graph.calendars.add("Family"), graph.calendars.add("Work")
        diary = Diary(graph, calendars=("FAMILY", work.id))
        for calendar in (graph.calendars.default, family, work):
            calendar.add(calendar.name, diary.now, attendees=[ANNA])
        diary.poll()
        assert sorted(meeting.title for meeting in diary.meetings()) == ["Family", "Work"]
        assert diary.check() == (
            "Family: 1 of 1 events of the last 90 days name other people",
            "Work: 1 of 1 events of the last 90 days name other people",
        )


def test_a_calendar_that_is_added_is_read_and_one_that_is_left_out_keeps_its_meetings() -> None:
    with graph_server() as graph:
        diary, family = Diary(graph, calendars=("Calendar",)), graph.calendars.add("Family")
        diary.meet("Work", days=-300)
        family.add("Dinner", diary.now - timedelta(days=300), attendees=[ANNA])
        diary.poll()
        diary.names = ("Calendar", "Family")
        assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Dinner"]
        diary.names = ("Family",)
        assert diary.poll() == []
        diary.names = ("Family", "Calendar")
        diary.meet("Lunch")
        assert [seen.title for seen in diary.poll() if isinstance(seen, Meeting)] == ["Lunch"]


def test_what_a_calendar_holds_is_told_by_check(diary: Diary) -> None:
    diary.meet(days=-3)
    diary.meet(days=-4, attendees=[])
    diary.meet(days=-5, attendees=[(ME, "Davide Rossi")])
    assert diary.check() == ("Calendar: 1 of 3 events of the last 90 days name other people",)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("Nowhere",), "shows no calendar called 'Nowhere'"),
        (("Twin",), "2 calendars of accounts.test are called 'Twin'"),
        (("Calendar", "calendar"), "names the calendar 'Calendar' twice"),
    ],
)
def test_a_name_that_means_no_calendar_or_two_is_a_sentence(names: tuple[str, ...], sentence: str) -> None:
    with graph_server() as graph:
        graph.calendars.add("Twin")
        graph.calendars.add("Twin")
        with pytest.raises(Misconfigured, match=sentence) as raised:
            Diary(graph, calendars=names).poll()
        assert raised.value.hint


def test_a_name_that_means_no_calendar_is_told_by_check(diary: Diary) -> None:
    with pytest.raises(Misconfigured, match="shows no calendar called 'Nowhere'"):
        Diary(diary.graph, calendars=("Calendar", "Nowhere")).check()

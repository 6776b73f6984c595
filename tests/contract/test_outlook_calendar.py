"""`outlook-calendar` keeps the eight promises, on one calendar of the double of Graph, and on two."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.testing import NOW, ConnectorContract
from tests.contract.outlook_diary import ANNA, Diary
from tests.servers.graph import graph_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from syncd.connector import Connector, Memory
    from tests.servers.graph import Graph


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._outlook_calendar_reading.PAGE", 4)
    monkeypatch.setattr("connectors._outlook_calendar_views.PER_PAGE", 5)


class Outlook:
    """Numbered meetings: plenty of them go far back in time, fewer lie about today, where changes are seen."""

    def __init__(self, graph: Graph, no_patience: Callable[[], None], *names: str) -> None:
        self.graph = graph
        self.no_patience = no_patience
        self.diary = Diary(graph, calendars=names)
        self.calendars = [graph.calendars.default, *([graph.calendars.add("Family")] if names else [])]
        self.added = 0

    @property
    def since(self) -> datetime:
        return NOW - timedelta(days=365)

    @property
    def plenty(self) -> int:
        return 14

    def open(
        self, *, stopping: Callable[[], bool] = lambda: False, subjects: bool = True, memory: Memory | None = None
    ) -> Connector:
        return self.diary.open(stopping=stopping, subjects=subjects, memory=memory)

    def add(self, count: int = 1) -> None:
        apart = timedelta(days=20 if count == self.plenty else 3)
        for number in range(count):
            calendar = self.calendars[number % len(self.calendars)]
            start = NOW + timedelta(days=50) - number * apart - timedelta(hours=self.added)
            calendar.add(f"Meeting {self.added}", start, attendees=[ANNA])
            self.added += 1

    def add_hostile(self) -> None:
        person = {"emailAddress": {"name": "Anna", "address": "anna@example.org"}}
        nonsense = {"dateTime": "soon", "timeZone": "UTC"}
        self.calendars[0].add_resource({"subject": "?", "organizer": person, "start": nonsense, "end": nonsense})

    def remove(self, remote_id: str) -> None:
        identifier = remote_id.rpartition("/")[2]
        next(each for each in self.calendars if identifier in each.ids()).delete(identifier)

    def expire(self) -> None:
        self.graph.expire()

    def deny(self) -> None:
        self.graph.deny()

    def throttle(self) -> None:
        self.graph.throttle("120")

    def stall(self) -> None:
        self.graph.stall()
        self.no_patience()

    def mend(self) -> None:
        self.graph.mend()

    def snapshot(self) -> object:
        return self.graph.snapshot()


class TestOneCalendar(ConnectorContract):
    @pytest.fixture
    def remote(self, no_patience: Callable[[], None]) -> Iterator[Outlook]:
        with graph_server() as graph:
            yield Outlook(graph, no_patience)


class TestTwoCalendars(ConnectorContract):
    @pytest.fixture
    def remote(self, no_patience: Callable[[], None]) -> Iterator[Outlook]:
        with graph_server() as graph:
            yield Outlook(graph, no_patience, "Calendar", "family")

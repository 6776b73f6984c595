"""`ics` keeps the eight promises on a feed from a real web server, and on a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.ics import Ics, IcsOptions
from syncd.testing import NOW, ConnectorContract, context
from tests.contract.places import OnDisk
from tests.servers.web import Answer, Web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from syncd.connector import Connector, Memory


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.ics.PAGE", 4)


class Calendar(ABC):
    """What both have in common: numbered meetings, one each day from long ago until soon."""

    def __init__(self) -> None:
        self.events: dict[str, str] = {}

    @property
    def since(self) -> datetime:
        return NOW - timedelta(days=365)

    @property
    def plenty(self) -> int:
        return 12

    @abstractmethod
    def options(self) -> IcsOptions: ...

    @abstractmethod
    def publish(self) -> None: ...

    def open(
        self, *, stopping: Callable[[], bool] = lambda: False, subjects: bool = True, memory: Memory | None = None
    ) -> Connector:
        return Ics(self.options(), context(stopping=stopping, subjects=subjects, memory=memory))

    def add(self, count: int = 1) -> None:
        for number in range(len(self.events), len(self.events) + count):
            start = NOW + timedelta(days=10 - number)
            self.events[f"{number}@example.org"] = (
                f"BEGIN:VEVENT\nUID:{number}@example.org\nDTSTAMP:20260101T000000Z\nSUMMARY:Meeting {number}\n"
                f"DTSTART:{start:%Y%m%dT%H%M%SZ}\nDURATION:PT1H\nATTENDEE:mailto:ada@example.org\nEND:VEVENT\n"
            )
        self.publish()

    def add_hostile(self) -> None:
        number = len(self.events)
        self.events[f"{number}@example.org"] = f"BEGIN:VEVENT\nUID:{number}@example.org\nDTSTART:soon\nEND:VEVENT\n"
        self.publish()

    def remove(self, remote_id: str) -> None:
        del self.events[remote_id]
        self.publish()

    def text(self) -> bytes:
        return f"BEGIN:VCALENDAR\nVERSION:2.0\n{''.join(self.events.values())}END:VCALENDAR\n".encode()


class Feed(Calendar):
    def __init__(self, web: Web) -> None:
        super().__init__()
        self.web = web
        self.path = "/calendar.ics"
        self.edition = 0
        self.publish()

    def options(self) -> IcsOptions:
        return IcsOptions(type="ics", url=self.web.url(self.path), time_limit=timedelta(seconds=0.5))

    def publish(self) -> None:
        self.edition += 1
        self.web.answers[self.path] = Answer(self.text(), etag=f'"{self.edition}"')

    def expire(self) -> None:
        self.path = "/moved.ics"
        self.publish()

    def deny(self) -> None:
        self.web.answers[self.path] = Answer(status=403)

    def throttle(self) -> None:
        self.web.answers[self.path] = Answer(status=503, headers={"Retry-After": "120"})

    def stall(self) -> None:
        self.web.answers[self.path] = Answer(silent=True)

    def mend(self) -> None:
        self.publish()

    def snapshot(self) -> object:
        assert {request.method for request in self.web.requests} <= {"GET"}
        return dict(self.web.answers)


class File(Calendar, OnDisk):
    def __init__(self, folder: Path) -> None:
        Calendar.__init__(self)
        OnDisk.__init__(self, folder / "calendar.ics")
        self.publish()

    def options(self) -> IcsOptions:
        return IcsOptions(type="ics", path=self.place)

    def publish(self) -> None:
        self.place.write_bytes(self.text())


class TestFeed(ConnectorContract):
    @pytest.fixture
    def remote(self) -> Iterator[Feed]:
        with Web() as web:
            yield Feed(web)


class TestFile(ConnectorContract):
    @pytest.fixture
    def remote(self, tmp_path: Path) -> File:
        return File(tmp_path)

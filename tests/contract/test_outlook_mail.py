"""`outlook-mail` keeps the eight promises, on a double of Microsoft Graph that knows its documented traps."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.testing import ConnectorContract
from tests.contract.outlook import ANNA, SINCE, Outlook, outlook_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from syncd.connector import Connector, Memory


class Mailbox:
    """Letters in three folders, weeks old; every fourth was sent."""

    def __init__(self, outlook: Outlook, no_patience: Callable[[], None]) -> None:
        self.outlook = outlook
        self.no_patience = no_patience
        self.number = 0

    @property
    def since(self) -> datetime:
        return SINCE

    @property
    def plenty(self) -> int:
        return 24

    def open(
        self, *, stopping: Callable[[], bool] = lambda: False, subjects: bool = True, memory: Memory | None = None
    ) -> Connector:
        return self.outlook.connector(stopping=stopping, subjects=subjects, memory=memory)

    def add(self, count: int = 1) -> None:
        owner = self.outlook.graph.owner
        for _ in range(count):
            self.number += 1
            folder = ("inbox", "archive", "inbox", "sentitems")[self.number % 4]
            sender, to = (owner, ANNA) if folder == "sentitems" else (ANNA, owner)
            long_ago = not self.outlook.graph.requests  # what comes while somebody reads comes now
            at = self.outlook.now - timedelta(days=20 if long_ago else 0, hours=self.number)
            self.outlook.mailbox.add(folder, f"Letter {self.number}", at, sender=sender, to=[to])

    def add_hostile(self) -> None:
        nobody: dict[str, object] = {"from": None, "sender": None}
        self.outlook.mailbox.add("inbox", "From nobody", self.outlook.now, fields=nobody)

    def remove(self, remote_id: str) -> None:
        self.outlook.mailbox.delete(remote_id)

    def expire(self) -> None:
        self.outlook.graph.expire()

    def deny(self) -> None:
        self.outlook.graph.deny()
        self.outlook.authority.deny()

    def throttle(self) -> None:
        self.outlook.graph.throttle()

    def stall(self) -> None:
        self.outlook.graph.stall()
        self.no_patience()

    def mend(self) -> None:
        self.outlook.graph.mend()
        self.outlook.authority.mend()
        self.outlook.sign_in()

    def snapshot(self) -> object:
        return self.outlook.graph.snapshot()


class TestTracked(ConnectorContract):
    """Folders so small that change tracking begins at the horizon."""

    @pytest.fixture
    def remote(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_patience: Callable[[], None]
    ) -> Iterator[Mailbox]:
        with outlook_at(tmp_path, monkeypatch) as outlook:
            yield Mailbox(outlook, no_patience)


class TestSwept(ConnectorContract):
    """Folders so large that what is older is listed."""

    @pytest.fixture
    def remote(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_patience: Callable[[], None]
    ) -> Iterator[Mailbox]:
        monkeypatch.setattr("connectors._outlook_mail_reading.MOST_TRACKED", 0)
        with outlook_at(tmp_path, monkeypatch) as outlook:
            yield Mailbox(outlook, no_patience)

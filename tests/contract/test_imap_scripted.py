"""`imap` keeps the eight promises also where no real server can be made to: with one that is busy or silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.testing import ConnectorContract
from tests.contract.imap_account import HORIZON, connector, letter
from tests.servers.scripted_imap import PASSWORD, ScriptedImap

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from syncd.connector import Connector, Memory


class ScriptedAccount:
    """The scripted server, as the contract sees a source."""

    def __init__(self, server: ScriptedImap) -> None:
        self.server = server
        self.password = PASSWORD
        self.first_sync = "3 years"
        self.written = 0

    @property
    def since(self) -> datetime:
        return HORIZON

    @property
    def plenty(self) -> int:
        return 13

    def open(
        self, *, stopping: Callable[[], bool] = lambda: False, subjects: bool = True, memory: Memory | None = None
    ) -> Connector:
        return connector(
            self.server,
            stopping=stopping,
            subjects=subjects,
            memory=memory,
            password=self.password,
            first_sync=self.first_sync,
        )

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            self.written += 1
            self.server.boxes["INBOX"].add(letter(self.written))

    def add_hostile(self) -> None:
        self.server.boxes["INBOX"].add(b"Subject: \xff\xfe\x00 nobody\r\nTo: undisclosed-recipients:;\r\n\r\n")

    def remove(self, remote_id: str) -> None:
        box = self.server.boxes["INBOX"]
        box.mails = [mail for mail in box.mails if not remote_id.endswith(f"/{mail.uid}")]

    def expire(self) -> None:
        self.first_sync = "2 years"

    def deny(self) -> None:
        self.password = "wrong"

    def throttle(self) -> None:
        self.server.refusals = dict.fromkeys(
            ["LOGIN", "LIST", "EXAMINE"], "NO [LIMIT] Too many simultaneous connections"
        )

    def stall(self) -> None:
        self.server.silent.set()

    def mend(self) -> None:
        self.password = PASSWORD
        self.server.refusals = {}
        self.server.silent.clear()

    def snapshot(self) -> object:
        return repr(self.server.boxes)


class TestScripted(ConnectorContract):
    @pytest.fixture
    def remote(self, scripted: ScriptedImap) -> ScriptedAccount:
        return ScriptedAccount(scripted)

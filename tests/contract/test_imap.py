"""`imap` keeps the eight promises against a real Dovecot."""

from __future__ import annotations

import imaplib
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from connectors._imap_options import ImapOptions
from connectors.imap import Imap
from syncd.testing import NOW, ConnectorContract, cannot, context
from tests.contract.imap_account import REFERENCE, letter
from tests.servers.dovecot import PASSWORD, Dovecot, require_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syncd.connector import Connector, Memory

_USERS = count(1)
HOSTILE = b"Subject: \xff\xfe nobody wrote this\r\nTo: undisclosed-recipients:;\r\n\r\n"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(require_program()) as server:
        yield server


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.imap.PAGE", 4)


class DovecotAccount:
    """A mailbox of its own on the server; its letters lie in INBOX and in one folder beside it, by turns."""

    def __init__(self, server: Dovecot) -> None:
        self.server = server
        self.user = f"user{next(_USERS)}@example.com"
        self.password = PASSWORD
        self.first_sync = "3 years"
        self.written = 0

    @property
    def since(self) -> datetime:
        return NOW - timedelta(days=365)

    @property
    def plenty(self) -> int:
        return 13

    def open(
        self, *, stopping: Callable[[], bool] = lambda: False, subjects: bool = True, memory: Memory | None = None
    ) -> Connector:
        options = ImapOptions.model_validate(
            {
                "type": "imap",
                "address": self.user,
                "host": self.server.host,
                "port": self.server.port,
                "tls": "none",
                "password": REFERENCE,
                "first_sync": self.first_sync,
            }
        )
        return Imap(
            options, context(stopping=stopping, subjects=subjects, secrets={REFERENCE: self.password}, memory=memory)
        )

    def add(self, count: int = 1) -> None:
        with self.server.client(self.user) as client:
            client.create("Archive")
            for _ in range(count):
                self.written += 1
                folder = ("INBOX", "Archive")[self.written % 2]
                client.append(folder, "", imaplib.Time2Internaldate(NOW), letter(self.written))

    def add_hostile(self) -> None:
        self.server.deliver(self.user, "INBOX", HOSTILE, NOW)

    def remove(self, remote_id: str) -> None:
        folder, _, uid = remote_id.split("/")
        with self.server.client(self.user) as client:
            client.select(folder)
            client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
            client.expunge()

    def expire(self) -> None:
        self.first_sync = "2 years"  # a server never says so; what a cursor depends on are the settings

    def deny(self) -> None:
        self.password = "wrong"

    def throttle(self) -> None:
        cannot("Dovecot is never too busy; the scripted server is")

    def stall(self) -> None:
        cannot("Dovecot always answers; the scripted server can fall silent")

    def mend(self) -> None:
        self.password = PASSWORD

    def snapshot(self) -> object:
        state: list[object] = []
        with self.server.client(self.user) as client:
            for folder in ("INBOX", "Archive"):
                client.select(folder, readonly=True)
                state += [client.response("UIDVALIDITY"), client.response("UIDNEXT")]
                state += [client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE RFC822.SIZE)")[1]]
        return state


class TestDovecot(ConnectorContract):
    @pytest.fixture
    def remote(self, dovecot: Dovecot) -> DovecotAccount:
        return DovecotAccount(dovecot)

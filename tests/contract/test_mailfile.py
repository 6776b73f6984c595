"""`mailfile` keeps the eight promises on an mbox, on a Maildir and on a folder of single messages."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connectors._mbox import entries, identity
from connectors.mailfile import MailFile, MailFileOptions
from syncd.testing import NOW, ConnectorContract, context
from tests.contract.places import OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syncd.connector import Connector, Memory


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.mailfile.PAGE", 4)


def letter(number: int) -> bytes:
    """A message; the number tells it from all others."""
    sent = NOW - timedelta(days=1, minutes=number)
    return (
        f"Message-ID: <{number}@example.org>\n"
        f"Date: {sent:%a, %d %b %Y %H:%M:%S +0000}\n"
        f"From: Ada Lovelace <ada{number}@example.org>\n"
        "To: me@example.com\n"
        f"Subject: Letter {number}\n"
        "\n"
        f"From here on I write to you about {number}.\n"
    ).encode()


HOSTILE = b"Subject: \xff\xfe\x00 nobody wrote this\nTo: undisclosed-recipients:;\n\n\x00\n"


def separated(message: bytes) -> bytes:
    """The message as it stands in an mbox."""
    return b"From MAILER-DAEMON Tue Mar  3 08:00:00 2026\n" + message.replace(b"\nFrom ", b"\n>From ") + b"\n"


class Files(OnDisk, ABC):
    """What the three layouts have in common."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "mail")
        self.written = 0

    def open(
        self, *, stopping: Callable[[], bool] = lambda: False, subjects: bool = True, memory: Memory | None = None
    ) -> Connector:
        options = MailFileOptions(type="mailfile", path=self.place)
        return MailFile(options, context(stopping=stopping, subjects=subjects, memory=memory))

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            self.written += 1
            self.deliver(letter(self.written))

    def add_hostile(self) -> None:
        self.written += 1
        self.deliver(HOSTILE)

    @abstractmethod
    def deliver(self, message: bytes) -> None: ...


class Mbox(Files):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.place.touch()

    def deliver(self, message: bytes) -> None:
        with self.place.open("ab") as file:
            file.write(separated(message))

    def remove(self, remote_id: str) -> None:
        whole = self.place.read_bytes()
        with self.place.open("rb") as file:
            found = list(entries(file, 0, lambda: False))
        ends = [entry.start for entry in found[1:]] + [len(whole)]
        kept = [
            whole[entry.start : end]
            for entry, end in zip(found, ends, strict=True)
            if not remote_id.endswith(identity(entry))
        ]
        assert len(kept) == len(found) - 1
        self.place.write_bytes(b"".join(kept))


class Maildir(Files):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for part in ("cur", "new", "tmp", ".Archive/cur", ".Archive/new"):
            (self.place / part).mkdir(parents=True)

    def deliver(self, message: bytes) -> None:
        folder = self.place if self.written % 2 else self.place / ".Archive"
        (folder / "new" / f"1772524800.M{self.written}P1.host").write_bytes(message)

    def remove(self, remote_id: str) -> None:
        folder, _, unique = remote_id.rpartition("/")
        (self.place / folder / "new" / unique).unlink()


class Singles(Files):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.place.mkdir()

    def deliver(self, message: bytes) -> None:
        path = self.place / f"letter {self.written}.eml"
        path.write_bytes(message)
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))

    def remove(self, remote_id: str) -> None:
        (self.place / remote_id).unlink()


class TestMbox(ConnectorContract):
    @pytest.fixture
    def remote(self, tmp_path: Path) -> Mbox:
        return Mbox(tmp_path)


class TestMaildir(ConnectorContract):
    @pytest.fixture
    def remote(self, tmp_path: Path) -> Maildir:
        return Maildir(tmp_path)


class TestSingleMessages(ConnectorContract):
    @pytest.fixture
    def remote(self, tmp_path: Path) -> Singles:
        return Singles(tmp_path)

"""A disk that is full and one that may not be written: said once, and gone on with as soon as that is possible."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager, suppress
from datetime import timedelta
from email import message_from_bytes
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from syncd.model import LetterState
from tests.daemon.house import CONFIG, House, write_mail
from tests.servers.smtp_sink import Accepted, SmtpSink
from tests.small_disk import small_disk
from tests.system.letters import LETTER, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.system.shell import Shell

HOUR = timedelta(hours=1)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path, 256) as path:
        yield path


def remount(disk: Path, options: str) -> None:
    """Change the disk while it is there."""
    subprocess.run(["/bin/mount", "-o", f"remount,{options}", disk], check=True)  # noqa: S603 - the disk of this test


def fill(disk: Path) -> None:
    """Leave no room at all."""
    with suppress(OSError), (disk / "ballast").open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@contextmanager
def house_on(disk: Path, folder: Path, send: str = "") -> Iterator[House]:
    """A house whose store lies on the disk; `send` says how its digests travel."""
    text = CONFIG.replace("sqlite:///syncd.db", f"sqlite:///{disk}/syncd.db")
    if send:
        text = text.replace('via = "maildir"\npath = "inbox"\n', send)
    house = House(folder, text=text)
    try:
        yield house
    finally:
        house.store.close()


def troubles(said: pytest.LogCaptureFixture, words: str) -> int:
    return sum(words in record.getMessage() for record in said.records if record.levelname in {"WARNING", "ERROR"})


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "syncd.daemon")
    return caplog


def test_a_full_disk_is_said_once_and_all_is_read_once_there_is_room(
    disk: Path, tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    with house_on(disk, tmp_path) as house:
        for number in range(1500):
            write_mail(tmp_path, number, house.time.now - number * HOUR)
        house.run(3 * HOUR)
        before = house.store.counts().observations
        assert before < 1500
        assert troubles(said, str(disk)) == 1
        remount(disk, "size=32m")
        house.run(3 * HOUR)
        assert house.store.counts().observations == 1500
        assert house.store.pending() is None
        assert len(house.digests()) == 1


def test_a_disk_that_may_not_be_written_ends_the_service_with_a_sentence(disk: Path, shell: Shell) -> None:
    (shell.home / "box").write_text(LETTER.format(number=1), encoding="utf-8")
    shell.configure(
        '[me]\naddresses = ["elena@conti.example"]\n[accounts.mail]\ntype = "mailfile"\n'
        f'path = "{shell.home}/box"\n[digest]\nto = "elena@conti.example"\n[store]\nurl = "sqlite:///{disk}/syncd.db"\n'
    )
    remount(disk, "size=32m")
    assert shell.run("sync").returncode == 0
    remount(disk, "ro")
    refused(shell.run("run"), 73, f"not allowed to write to {disk}/syncd.db")


def test_a_disk_that_is_full_while_a_digest_is_taken_brings_no_second_one(disk: Path, tmp_path: Path) -> None:
    arrived: list[str] = []
    meanwhile: list[Timer] = []

    def take(one: Accepted) -> None:
        arrived.append(message_from_bytes(one.content)["Message-ID"])
        fill(disk)
        meanwhile.append(Timer(0.5, (disk / "ballast").unlink))
        meanwhile[-1].start()

    with SmtpSink(taken=take) as sink:
        send = f'via = "smtp"\nhost = "127.0.0.1"\nport = {sink.port}\ntls = "none"\n'
        remount(disk, "size=8m")
        with house_on(disk, tmp_path, send) as house:
            write_mail(tmp_path, 1, house.time.now)
            house.run(4 * HOUR)
            assert len(arrived) == 1
            assert [letter.state for letter in house.store.letters()] == [LetterState.SENT]
    for timer in meanwhile:
        timer.join()

"""Killed at any moment and started again, syncd ends where one undisturbed sync would have ended."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random
from subprocess import TimeoutExpired
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from syncd.clock import system_clock
from syncd.demo import write_world
from syncd.demo.cast import ZONE
from syncd.demo.mail import write_letters
from syncd.store import Store
from tests.servers.dovecot import PASSWORD, SENT, Dovecot, require_program
from tests.servers.mailboxes import import_mboxes
from tests.system.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def resident(home: Path, accounts: str) -> Shell:
    """A terminal whose store lies in `home`."""
    home.mkdir()
    shell = Shell(home, {"IMAP_PASSWORD": PASSWORD})
    shell.configure(accounts + f'\n[store]\nurl = "sqlite:///{home}/syncd.db"\n')
    return shell


def contents(shell: Shell) -> list[str]:
    with Store.open(f"sqlite:///{shell.home}/syncd.db") as store:
        return list(store.dump())


def survive(tmp_path: Path, accounts: str, deaths: int) -> None:
    """Sync once undisturbed, and once with deaths at random moments, the same each time; the stores must be equal."""
    undisturbed = resident(tmp_path / "undisturbed", accounts)
    start = perf_counter()
    assert undisturbed.run("sync").returncode == 0
    took = perf_counter() - start
    killed = resident(tmp_path / "killed", accounts)
    chance = Random(59)  # noqa: S311 - moments to kill at, nothing to guard
    died = 0
    for _ in range(deaths):
        process = killed.start("sync")
        with suppress(TimeoutExpired):
            process.wait(chance.uniform(0.3, 1.0) * took)
        process.kill()
        died += process.wait() == -9
    assert died, "it was never at work when it should have died; this test proved nothing"
    resumed = killed.run("sync")
    assert resumed.returncode == 0, resumed.stderr
    assert contents(killed) == contents(undisturbed)
    assert killed.json("sync")["accounts"][0]["new"] == 0


@pytest.fixture
def mail_and_meetings(tmp_path: Path) -> str:
    """The demo world's accounts, without the one in trouble."""
    config = write_world(tmp_path, system_clock()).config.read_text(encoding="utf-8")
    accounts = config.partition("[accounts.club]")[0].replace('path = "', f'path = "{tmp_path}/')
    return accounts + '[digest]\nto = "elena@conti.example"\n'


def test_a_sync_of_files_survives_ten_deaths(tmp_path: Path, mail_and_meetings: str) -> None:
    survive(tmp_path, mail_and_meetings, deaths=10)


@pytest.fixture
def mailbox() -> Iterator[str]:
    """An account on a real Dovecot that holds the letters of the demo world."""
    now = system_clock().astimezone(ZONE)
    with Dovecot(require_program()) as server:
        boxes = server.folder / "boxes"
        boxes.mkdir()
        for letter in write_letters(now, now.date() - timedelta(days=360)):
            with (boxes / (SENT if letter.sent else "INBOX")).open("ab") as box:
                box.write(letter.as_mbox())
        import_mboxes(server, "elena", boxes)
        yield (
            '[me]\naddresses = ["elena@conti.example"]\n[accounts.mail]\ntype = "imap"\nusername = "elena"\n'
            f'address = "elena@conti.example"\nhost = "127.0.0.1"\nport = {server.port}\ntls = "none"\n'
            'password = { env = "IMAP_PASSWORD" }\n[digest]\nto = "elena@conti.example"\n'
        )


def test_a_sync_over_imap_survives_five_deaths(tmp_path: Path, mailbox: str) -> None:
    survive(tmp_path, mailbox, deaths=5)

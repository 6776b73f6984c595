"""Whatever is wrong outside: one clear sentence, what to do next, the right exit code, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.system.letters import LETTER, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.system.shell import Shell

ME = """\
[me]
name = "Elena Conti"
addresses = ["elena@conti.example"]

[digest]
to = "elena@conti.example"
"""


def with_account(**options: object) -> str:
    lines = (f"{name} = {json.dumps(value)}" for name, value in options.items())
    return ME + "\n[accounts.mail]\n" + "\n".join(lines) + "\n"


@pytest.fixture
def box(shell: Shell) -> Path:
    """An mbox of ten letters, which the configured account reads."""
    path = shell.home / "box"
    path.write_text("".join(LETTER.format(number=number) for number in range(10)), encoding="utf-8")
    shell.configure(with_account(type="mailfile", path=str(path), first_sync="40 years"))
    return path


@pytest.fixture
def synced(shell: Shell, box: Path) -> Path:
    assert shell.json("sync")["accounts"][0]["new"] == 10
    return box


@pytest.fixture
def database(shell: Shell, synced: Path) -> Path:
    """The one file that syncd keeps."""
    assert synced.exists()
    found = [path for path in shell.home.rglob("*.db") if path.is_file()]
    assert len(found) == 1
    return found[0]


def test_without_a_configuration_it_says_where_one_belongs(shell: Shell) -> None:
    refused(shell.run("sync"), 78, "config.toml")


def test_every_mistake_in_the_configuration_is_told_at_once_with_its_place(shell: Shell) -> None:
    path = shell.configure(ME + 'tu = 1\n\n[accounts.mail]\ntype = "imap"\n\n[circles.friends]\ncadance = "6 weeks"\n')
    done = shell.run("sync")
    refused(done, 78, f"{path}:7:1", '"tu"', f"{path}:13:1", 'did you mean "cadence"?', "syncd config check")


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C reaches the commands that are started, also where the tests themselves were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_is_answered_with_what_became_of_it(shell: Shell) -> None:
    interrupts = '{ command = ["sh", "-c", "kill -INT $PPID; read forever"] }'
    shell.configure(ME + f'\n[accounts.mail]\ntype = "ics"\nurl = {interrupts}\n')
    done = shell.run("sync")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "syncd: stopped. What was written stands; to go on, type the same command again.\n"


def test_a_configuration_that_is_not_toml_is_told_with_its_place(shell: Shell) -> None:
    path = shell.configure("[me\n")
    refused(shell.run("sync"), 78, f"{path}:1:")


def test_a_key_of_a_later_version_is_refused_by_name(shell: Shell) -> None:
    shell.configure(with_account(type="mailfile", path="box") + "\n[replies]\nenabled = true\n")
    refused(shell.run("sync"), 78, "replies", "supported by this version yet")


def test_an_account_that_is_not_there_is_a_usage_error_that_lists_those_that_are(shell: Shell, synced: Path) -> None:
    assert synced.exists()
    refused(shell.run("sync", "work"), 2, "work", "mail")


def test_a_name_nobody_has_is_a_usage_error(shell: Shell, synced: Path) -> None:
    assert synced.exists()
    refused(shell.run("show", "Zoltan"), 2, "Zoltan", "syncd people")


def test_a_date_that_is_none_is_a_usage_error(shell: Shell, synced: Path) -> None:
    assert synced.exists()
    refused(shell.run("digest", "--date", "yesterday"), 2, "yesterday", "2026-10-06")


def over_imap(host: str, **options: object) -> str:
    account = {"type": "imap", "address": "elena@conti.example", "host": host, "tls": "none"} | options
    return with_account(**account) + 'password = { env = "IMAP_PASSWORD" }\n'


def test_a_host_out_of_reach_is_unavailable(shell: Shell) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        closed_port = server.getsockname()[1]
    shell.configure(over_imap("127.0.0.1", port=closed_port))
    shell.env["IMAP_PASSWORD"] = "secret"
    refused(shell.run("sync"), 69, "mail:", "127.0.0.1")
    assert shell.json("status", code=1)["accounts"][0]["state"] == "failing"


def test_plain_text_to_a_host_elsewhere_is_refused_before_anything_is_sent(shell: Shell) -> None:
    shell.configure(over_imap("imap.conti.example"))
    refused(shell.run("sync"), 78, "tls")


def test_mail_that_vanished_is_told_and_what_was_read_stays(shell: Shell, synced: Path) -> None:
    people = [(one["id"], one["interactions"]) for one in shell.json("people")]
    synced.unlink()
    refused(shell.run("sync"), 78, "mail:", str(synced))
    assert [(one["id"], one["interactions"]) for one in shell.json("people")] == people


def test_a_malformed_message_is_set_aside_and_the_others_are_read(shell: Shell, box: Path) -> None:
    with box.open("ab") as mbox:
        mbox.write(b"From MAILER-DAEMON Tue Mar  3 08:00:00 2026\nFrom: \xff\xfe\x00\nDate: never\n\n\n")
        mbox.write(LETTER.format(number=99).encode())
    account = shell.json("sync")["accounts"][0]
    assert (account["new"] >= 11, account["error"]) == (True, None)


def test_a_malformed_event_is_set_aside_and_the_others_are_read(shell: Shell) -> None:
    event = "BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260301T080000Z\nDTSTART:{start}\nDURATION:PT1H\nEND:VEVENT\n"
    path = shell.home / "calendar.ics"
    path.write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n"
        + event.format(uid="good", start="20260303T100000Z")
        + event.format(uid="bad", start="soon")
        + "END:VCALENDAR\n",
        encoding="utf-8",
    )
    shell.configure(with_account(type="ics", path=str(path), first_sync="40 years"))
    assert shell.json("sync")["accounts"] == [{"name": "mail", "new": 1, "unreadable": 1, "error": None}]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if mount is None or os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603 - a tmpfs for this test
        pytest.skip("only root, where it may mount, can make a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607 - the tmpfs of this test


def test_a_full_disk_is_told_and_what_was_read_before_stays(shell: Shell, small_disk: Path) -> None:
    box = shell.home / "box"
    box.write_text("".join(LETTER.format(number=number) for number in range(10)), encoding="utf-8")
    shell.configure(
        with_account(type="mailfile", path=str(box), first_sync="40 years")
        + f'\n[store]\nurl = "sqlite:///{small_disk}/syncd.db"\n'
    )
    before = shell.json("sync")["accounts"][0]["new"]
    with box.open("a", encoding="utf-8") as mbox:
        mbox.writelines(LETTER.format(number=number) for number in range(10, 9000))
    refused(shell.run("sync"), 73, str(small_disk))
    assert before == 10
    assert shell.json("status", code=0)["accounts"][0]["observations"] >= 10


def test_a_disk_that_may_not_be_written_is_told(shell: Shell, box: Path) -> None:
    assert box.exists()
    shell.env["STATE_DIRECTORY"] = "/proc/syncd"
    refused(shell.run("sync"), 73, "/proc/syncd")


def test_a_digest_that_cannot_be_written_is_told(shell: Shell, synced: Path) -> None:
    assert synced.exists()
    refused(shell.run("digest", "--html", "/proc/digest.html"), 73, "/proc/digest.html")


def test_a_locked_database_is_told_and_the_same_command_works_later(shell: Shell, synced: Path, database: Path) -> None:
    with synced.open("a", encoding="utf-8") as mbox:
        mbox.write(LETTER.format(number=11))
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused(shell.run("sync"), 75)
    assert shell.json("sync")["accounts"][0]["new"] == 1


def test_a_database_of_a_newer_version_is_left_alone(shell: Shell, database: Path) -> None:
    with closing(sqlite3.connect(database)) as other, other:
        other.execute("UPDATE syncd_version SET version_num = '9999'")
    refused(shell.run("sync"), 73, "newer")
    with closing(sqlite3.connect(database)) as other:
        assert other.execute("SELECT version_num FROM syncd_version").fetchone() == ("9999",)


def test_a_file_that_is_no_database_is_told_and_left_alone(shell: Shell, database: Path) -> None:
    database.write_bytes(b"This is a letter, not a database. " * 40)
    refused(shell.run("sync"), 73, str(database))
    assert database.read_bytes().startswith(b"This is a letter")

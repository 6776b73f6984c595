"""A backup is one state of the store, whoever writes meanwhile; restored, on either database, it is that state again."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from syncd.connector import Note, Page
from syncd.errors import Exit, StoreError
from syncd.model import Decision, DecisionKind, Letter, LetterState
from syncd.store import Store
from syncd.store.backup import back_up
from syncd.store.restore import open_backup, put_back
from syncd.store.schema import metadata
from tests.store.reader import LETTERS, PAGES, read_on
from tests.store.records import ME, NOON, derive, fill, mail, meeting
from tests.unprivileged import as_nobody, open_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.store.conftest import NewUrl

ROOT = Path(__file__).parents[2]
TODAY = date(2024, 5, 6)
LETTER = Letter(TODAY, "<digest@syncd>", ME, b"Subject: Two people\r\n\r\n\xff\x00", LetterState.SENT)


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with store.transactions.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def populate(store: Store) -> None:
    """Something in the tables that facts, conclusions, words of the owner and letters fill."""
    fill(store, "work", *(mail(number) for number in range(20)), meeting(1))
    fill(store, "home", mail(3, "Archive/3"))
    account = store.account("work")
    assert account
    store.commit_page("work", Page((), "9", notes=(Note("a", "text"),)), account.cursor)
    derive(store)
    store.decide(Decision(DecisionKind.MUTE, "anna@arup.example", "", NOON))
    store.post(LETTER, ["p:1", "p:2"])
    store.digest_key()


@pytest.fixture
def full(store: Store) -> Store:
    populate(store)
    return store


def opened(path: Path) -> Store:
    return Store.open(f"sqlite:///{path}")


def restore(url: str, file: Path, folder: Path, now: datetime = NOON, due: date | None = None) -> object:
    with open_backup(file, folder) as held:
        return put_back(url, held, folder, now, due)


# ------------------------------------------------------------------------------- made


def test_a_backup_holds_every_row_of_every_table(full: Store, tmp_path: Path) -> None:
    back_up(full.transactions, tmp_path / "backup.db")
    with opened(tmp_path / "backup.db") as held:
        assert everything(held) == everything(full)


def test_a_backup_is_one_file_for_its_owner_alone(full: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    before = os.umask(0)
    try:
        back_up(full.transactions, folder / "to-day?#%41 [1].db")
    finally:
        os.umask(before)
    (made,) = folder.iterdir()
    assert (made.name, stat.S_IMODE(made.stat().st_mode)) == ("to-day?#%41 [1].db", 0o600)


def test_new_records_of_a_store_that_was_moved_are_still_derived(full: Store, tmp_path: Path) -> None:
    fill(full, "work", mail(100))
    derive(full)
    account = full.account("work")
    assert account
    full.commit_page("work", Page((), "10"), account.cursor)
    with full.transactions.writing() as connection:  # the newest record, the one the watermark stands at, goes
        connection.exec_driver_sql("DELETE FROM fact WHERE seq = (SELECT max(seq) FROM fact)")
    back_up(full.transactions, tmp_path / "backup.db")
    with opened(tmp_path / "backup.db") as held:
        fill(held, "work", mail(101))
        batch = held.pending()
        assert batch
        assert [one.observation.remote_id for one in batch.facts] == ["INBOX/1/101"]


def test_a_file_that_is_there_is_left_as_it_is_unless_it_is_to_be_replaced(full: Store, tmp_path: Path) -> None:
    path = tmp_path / "backup.db"
    path.write_text("A letter to my aunt.")
    with pytest.raises(StoreError, match="is there already") as refusal:
        back_up(full.transactions, path)
    assert refusal.value.hint == f"To replace it: syncd backup {path} --force"
    assert path.read_text() == "A letter to my aunt."

    back_up(full.transactions, path, replace=True)
    with opened(path) as held:
        assert held.counts() == full.counts()


@pytest.mark.parametrize("name", ["folder", "syncd.db"])
def test_what_is_no_place_for_a_backup_is_refused(sqlite: Path, name: str) -> None:
    (sqlite.parent / "folder").mkdir()
    with opened(sqlite) as store, pytest.raises(StoreError, match="is no place for a backup"):
        back_up(store.transactions, sqlite.parent / name, replace=True)


def test_a_folder_one_may_not_write_to_is_named(full: Store) -> None:
    with open_folder() as folder, pytest.raises(StoreError, match="cannot be written: Permission denied") as refusal:
        with as_nobody():
            back_up(full.transactions, folder / "backup.db")
    assert refusal.value.exit is Exit.CANNOT_WRITE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_without_room_keeps_nothing_of_a_backup(full: Store, tmp_path: Path) -> None:
    fill(full, "work", *(mail(number) for number in range(200, 2000)))
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(  # noqa: S603 - as root, into a folder of this test
        ["/bin/mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"this machine lets nobody mount a small disk: {mount.stderr.decode().strip()}")
    try:
        with pytest.raises(StoreError, match=r"The disk that holds .* is full; no backup was made"):
            back_up(full.transactions, disk / "backup.db")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["/bin/umount", disk], check=True)  # noqa: S603 - what was mounted above

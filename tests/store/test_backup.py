"""A backup is one state of the store, whoever writes meanwhile; restored on either database it is that state again."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.connector import Page
from syncd.errors import Exit, StoreError
from syncd.store import Store
from syncd.store.backup import back_up, copy_pages
from tests.small_disk import small_disk
from tests.store.reader import LETTERS, read_on
from tests.store.records import derive, fill, mail
from tests.store.whole import everything, fill_what_is_empty, on_sqlite, opened, populate, restore
from tests.unprivileged import as_nobody, open_folder

if TYPE_CHECKING:
    from tests.store.conftest import NewUrl

ROOT = Path(__file__).parents[2]


@pytest.fixture
def full(store: Store) -> Store:
    populate(store)
    return store


# ------------------------------------------------------------------------------- made


def test_a_backup_holds_every_row_of_every_table(full: Store, tmp_path: Path) -> None:
    fill_what_is_empty(full)
    wanted = everything(full)
    back_up(full.transactions, tmp_path / "backup.db")
    with opened(tmp_path / "backup.db") as held:
        assert everything(held) == wanted
    assert all(wanted.values())


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


@on_sqlite
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


@on_sqlite
def test_a_backup_that_is_replaced_leaves_no_log_to_be_taken_for_one_of_the_new(full: Store, tmp_path: Path) -> None:
    path = tmp_path / "backup.db"
    back_up(full.transactions, path)
    with opened(path) as used:
        fill(used, "home", *(mail(number, f"Old/{number}") for number in range(200)))
        log = Path(f"{path}-wal").read_bytes()
    Path(f"{path}-wal").write_bytes(log)  # as a crash leaves it

    back_up(full.transactions, path, replace=True)
    with opened(path) as held:
        assert everything(held) == everything(full)


@on_sqlite
def test_what_a_dead_process_left_half_made_is_cleared_away_in_time(full: Store, tmp_path: Path) -> None:
    path, others = tmp_path / "backup.db", tmp_path / ".other.db.1.partial"
    abandoned, at_work = (tmp_path / f".{path.name}.{number}.partial" for number in "12")
    for partial in (abandoned, at_work, others):
        partial.write_text("half")
    for partial in (abandoned, others):
        os.utime(partial, (0, 0))
    back_up(full.transactions, path)
    assert {one for one in (abandoned, at_work, others) if one.exists()} == {at_work, others}


@pytest.mark.parametrize("name", ["folder", "syncd.db"])
def test_what_is_no_place_for_a_backup_is_refused(sqlite: Path, name: str) -> None:
    (sqlite.parent / "folder").mkdir()
    for replace in (False, True):
        with opened(sqlite) as store, pytest.raises(StoreError, match="is no place for a backup"):
            back_up(store.transactions, sqlite.parent / name, replace=replace)


@on_sqlite
def test_a_folder_one_may_not_write_to_is_named(full: Store) -> None:
    with (
        open_folder() as folder,
        pytest.raises(StoreError, match="cannot be written: Permission denied") as refusal,
        as_nobody(),
    ):
        back_up(full.transactions, folder / "backup.db")
    assert refusal.value.exit is Exit.CANNOT_WRITE


def test_a_disk_without_room_keeps_nothing_of_a_backup(full: Store, tmp_path: Path) -> None:
    fill(full, "work", *(mail(number) for number in range(200, 2000)))
    with small_disk(tmp_path, 256) as disk:
        with pytest.raises(StoreError, match=r"The disk that holds .* is full; no backup was made"):
            back_up(full.transactions, disk / "backup.db")
        assert list(disk.iterdir()) == []


# ------------------------------------------------------------------------------- while others write


def test_every_backup_that_is_made_while_another_process_reads_mail_holds_whole_pages(
    new_url: NewUrl, tmp_path: Path
) -> None:
    url, back, clean = new_url(), new_url(), new_url()
    paths = [tmp_path / f"{number}.backup" for number in range(4)]
    with Store.open(url) as store, reader(url, "work") as busy:
        assert busy.stdout
        for path in paths:
            busy.stdout.readline()  # another page is written, and the next one begins
            back_up(store.transactions, path)
        busy.communicate()
    for path in paths:
        with opened(path) as held:
            account = held.account("work")
            assert account
            stored = sum(line.startswith("fact") for line in held.dump())
            assert stored == int(account.cursor or 0) * (LETTERS + 1) + 1

    restore(back, paths[1], tmp_path)
    with Store.open(back) as resumed, Store.open(clean) as undisturbed:
        for one in (resumed, undisturbed):
            read_on(one, "work")
        assert list(resumed.dump()) == list(undisturbed.dump())


def reader(url: str, account: str) -> subprocess.Popen[str]:
    """A process of its own that reads the account, and tells how far it is."""
    return subprocess.Popen(  # noqa: S603 - this very Python, on a module of the tests
        [sys.executable, "-m", "tests.store.reader", url, account], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_a_writer_does_not_make_a_backup_start_again(sqlite: Path, tmp_path: Path) -> None:
    with opened(sqlite) as store, opened(sqlite) as other:
        fill(store, "work", *(mail(number) for number in range(3000)))
        moments: list[int] = []

        def write(_: int, left: int, __: int) -> None:
            moments.append(left)
            fill(other, "work", mail(5000 + len(moments)))

        with store.transactions.reading() as connection, closing(sqlite3.connect(tmp_path / "copy.db")) as target:
            copy_pages(connection, target, pages=10, progress=write)
        assert len(moments) > 5
        assert moments == sorted(moments, reverse=True)
    with opened(tmp_path / "copy.db") as held:
        assert held.counts().observations == 3000

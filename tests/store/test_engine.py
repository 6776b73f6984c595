"""Opening a database, keeping it private, and the sentence for everything that can be wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from syncd.errors import Exit, StoreBusy, StoreError, StoreUnfit
from syncd.store import Store, engine
from tests.small_disk import small_disk
from tests.store.records import fill, mail, page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.postgres import PostgresServer

NOBODY = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers give up on each other at once."""
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.05)


# ------------------------------------------------------------------------------- private


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_new_store_is_for_its_owner_alone(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "state" / "syncd.db"
    before = os.umask(mask)
    try:
        with Store.open(f"sqlite:///{path}") as store:
            fill(store, "work", mail(1))
            modes = {one.name: mode(one) for one in path.parent.iterdir()}
    finally:
        os.umask(before)

    assert modes == {"syncd.db": 0o600, "syncd.db-wal": 0o600, "syncd.db-shm": 0o600}
    assert mode(path.parent) == 0o700


def test_a_store_that_others_could_read_is_closed_to_them(sqlite: Path) -> None:
    sqlite.chmod(0o644)
    Store.open(f"sqlite:///{sqlite}").close()
    assert mode(sqlite) == 0o600


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Store.open(f"sqlite:///{tmp_path / 'syncd.db'}").close()
    assert mode(tmp_path) == 0o755


# ------------------------------------------------------------------------------- the right address


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("syncd.db", "no address of a database"),
        ("mysql://localhost/syncd", "not in mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_one_that_does(url: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as refusal:
        Store.open(url)
    assert "sqlite:////home/me/syncd.db" in refusal.value.hint


def test_without_its_driver_postgresql_is_refused_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError) as refusal:
        Store.open("postgresql://127.0.0.1/syncd")
    assert refusal.value.hint == "Type: pip install 'syncd[postgres]'"


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as failure:
        Store.open("postgresql://owner:secret@127.0.0.1:1/syncd")
    assert (
        failure.value.title == "syncd cannot connect to postgresql://owner:***@127.0.0.1:1/syncd: Connection refused."
    )
    assert "secret" not in str(failure.value)


def test_a_database_that_does_not_exist_is_told_in_the_servers_words(postgres: PostgresServer) -> None:
    with pytest.raises(StoreError, match='database "nothing" does not exist') as failure:
        Store.open(postgres.url("nothing"))
    assert failure.value.hint == f"When this works, syncd does too: psql {postgres.url('nothing')}"


# ------------------------------------------------------------------------------- refused, damaged


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the powers of root, which no file mode stops."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_to_all(tmp_path: Path) -> Path:
    """A folder that another user can reach."""
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o077:
            folder.chmod(0o755)
    return tmp_path


def test_a_folder_one_may_not_write_to_is_named(open_to_all: Path) -> None:
    open_to_all.chmod(0o555)
    with as_nobody(), pytest.raises(StoreError, match="Permission denied") as failure:
        Store.open(f"sqlite:///{open_to_all / 'state' / 'syncd.db'}")
    assert failure.value.exit is Exit.CANNOT_WRITE
    assert failure.value.hint.startswith("See who may: ls -ld")


@pytest.mark.usefixtures("open_to_all")
def test_a_store_one_may_not_write_to_says_so_and_keeps_what_it_has(sqlite: Path) -> None:
    with Store.open(f"sqlite:///{sqlite}") as store:
        fill(store, "work", mail(1))
    sqlite.chmod(0o400)
    os.chown(sqlite, NOBODY if os.geteuid() == 0 else -1, -1)
    with (
        as_nobody(),
        pytest.raises(StoreError, match="not allowed to write"),
        Store.open(f"sqlite:///{sqlite}") as store,
    ):
        fill(store, "work", mail(2))
    sqlite.chmod(0o600)
    with Store.open(f"sqlite:///{sqlite}") as store:
        assert store.counts().observations == 1


def test_a_database_user_who_may_only_read_is_told_so_and_can_read(postgres: PostgresServer) -> None:
    name = postgres.new_database()
    with Store.open(postgres.url(name)) as store:
        fill(store, "work", mail(1))
    postgres.execute("CREATE ROLE guest LOGIN")
    postgres.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest", name)
    with Store.open(postgres.url(name).replace("syncd@", "guest@")) as store:
        with pytest.raises(StoreError, match="not allowed to write"):
            fill(store, "work", mail(2))
        assert store.counts().observations == 1


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "syncd.db"
    path.write_bytes(b"Dear owner, this is a letter.\n" * 100)
    with pytest.raises(StoreError, match="damaged, or no database") as failure:
        Store.open(f"sqlite:///{path}")
    assert f"mv {path} {path}.damaged" in failure.value.hint
    assert path.read_bytes().startswith(b"Dear owner")


def test_a_damaged_page_is_reported_when_it_is_met(sqlite: Path) -> None:
    with Store.open(f"sqlite:///{sqlite}") as store:
        fill(store, "work", *(mail(number) for number in range(300)))
    content = bytearray(sqlite.read_bytes())
    content[8 * 4096 :] = b"\xff" * len(content[8 * 4096 :])
    sqlite.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), Store.open(f"sqlite:///{sqlite}") as store:
        list(store.dump())


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "places.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE moz_places (id INTEGER)")
    with pytest.raises(StoreError, match="another program"):
        Store.open(f"sqlite:///{path}")
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("moz_places",)]
    other.close()


def test_on_postgresql_other_tables_are_good_neighbours_unless_they_bear_our_names(postgres: PostgresServer) -> None:
    shared, taken = postgres.new_database(), postgres.new_database()
    postgres.execute("CREATE TABLE invoice (id INTEGER)", shared)
    postgres.execute("CREATE TABLE account (id INTEGER)", taken)

    Store.open(postgres.url(shared)).close()
    with pytest.raises(StoreError, match="another program"):
        Store.open(postgres.url(taken))


# ------------------------------------------------------------------------------- full


def limit_pages(store: Store, pages: int) -> None:
    """Let SQLite believe that the disk has room for so many pages of 4 KiB."""
    store._database.engine.dispose()
    event.listen(
        store._database.engine, "connect", lambda line, _: line.execute(f"PRAGMA max_page_count={pages}") and None
    )


def test_a_full_disk_costs_the_page_and_nothing_else(sqlite: Path) -> None:
    many = [mail(number) for number in range(2000)]
    with Store.open(f"sqlite:///{sqlite}") as store:
        fill(store, "work", mail(5000))
        before = list(store.dump())
        limit_pages(store, 50)
        with pytest.raises(StoreError, match="is full") as failure:
            store.commit_page("work", page("2", *many), "1")
        assert failure.value.exit is Exit.CANNOT_WRITE
        assert list(store.dump()) == before

    with Store.open(f"sqlite:///{sqlite}") as store:
        assert store.commit_page("work", page("2", *many), "1").new == 2000


def test_a_disk_that_is_really_full_costs_the_page_and_nothing_else(tmp_path: Path) -> None:
    with small_disk(tmp_path, 400) as disk, Store.open(f"sqlite:///{disk / 'syncd.db'}") as store:
        fill(store, "work", mail(1))
        before = list(store.dump())
        with pytest.raises(StoreError, match="is full"):
            fill(store, "work", *(mail(number) for number in range(2000)))
        assert list(store.dump()) == before


# ------------------------------------------------------------------------------- busy


@pytest.mark.usefixtures("impatient")
def test_while_another_writes_a_writer_is_told_to_come_back_and_a_reader_is_not_disturbed(url: str) -> None:
    with Store.open(url) as ours, Store.open(url) as theirs:
        fill(ours, "work", mail(1))
        with theirs.rehearse() as busy:
            fill(busy, "work", mail(2))
            with pytest.raises(StoreBusy, match="Another syncd is writing") as failure:
                ours.commit_page("work", page("2", mail(3)), "1")
            assert failure.value.exit is Exit.TRY_LATER
            assert ours.counts().observations == 1
        assert ours.commit_page("work", page("2", mail(3)), "1").new == 1


def test_a_constraint_that_we_broke_is_a_bug_and_keeps_its_own_name(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)null") as bug, store._transactions.writing() as connection:
        connection.exec_driver_sql("INSERT INTO decision (kind) VALUES (NULL)")
    assert not isinstance(bug.value, StoreError)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_store_whose_file_was_taken_away_is_used_no_further(sqlite: Path, *, replaced: bool) -> None:
    with Store.open(f"sqlite:///{sqlite}") as store:
        fill(store, "work", mail(1))
        for file in sqlite.parent.glob(f"{sqlite.name}*"):
            file.rename(file.with_name(f"old-{file.name}"))
        if replaced:
            Store.open(f"sqlite:///{sqlite}").close()
        with pytest.raises(StoreUnfit, match="taken away or replaced"):
            store.counts()
        with pytest.raises(StoreUnfit):
            fill(store, "home", mail(2))
    with Store.open(f"sqlite:///{sqlite.with_name(f'old-{sqlite.name}')}") as store:
        assert [account.name for account in store.accounts()] == ["work"]

"""The schema: made once, read cheaply afterwards, and never guessed at when a newer syncd made it."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, table, update

import syncd.store
from syncd.connector import Note, Page
from syncd.errors import Exit, StoreError
from syncd.store import Store
from syncd.store.engine import open_database
from syncd.store.schema import VERSION, VERSION_TABLE, metadata
from tests.small_disk import small_disk
from tests.store.records import fill, mail

if TYPE_CHECKING:
    from tests.servers.postgres import PostgresServer
    from tests.store.conftest import NewUrl

OPEN = "import sys; from syncd.store import Store; Store.open(sys.argv[1]).close(); print('alembic' in sys.modules)"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'syncd.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.new_database())


def test_the_migrations_make_the_tables_that_the_schema_names(store: Store) -> None:
    with store._transactions.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_version_that_the_schema_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(syncd.store.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [VERSION]


def set_version(url: str, version: str) -> None:
    database = open_database(url)
    with database.writing() as connection:
        connection.execute(update(table(VERSION_TABLE, column("version_num"))).values(version_num=version))
    database.close()


def test_a_store_of_a_newer_syncd_is_refused_and_left_as_it_is(url: str) -> None:
    with Store.open(url) as store:
        fill(store, "work", mail(1))
        before = list(store.dump())
    set_version(url, "9999")

    with pytest.raises(StoreError, match="was written by a newer syncd") as refusal:
        Store.open(url)
    assert (refusal.value.hint, refusal.value.exit) == ("Type: pip install -U syncd", Exit.CANNOT_WRITE)
    set_version(url, VERSION)
    with Store.open(url) as store:
        assert list(store.dump()) == before


def make_first_schema(url: str) -> None:
    """A store as the first version left it: an account with one mail and one word of the owner."""
    database = open_database(url)
    with database.writing() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(syncd.store.__file__).parent / "migrations"))
        command.upgrade(config, "0001")
        for statement in (
            (
                "INSERT INTO account (id, name, connector, cursor, status, last_sync, observations)"
                " VALUES (1, 'work', 'imap', '1', 'ok', 1714996800000000, 1)"
            ),
            (
                "INSERT INTO fact (account, remote_id, kind, payload)"
                """ VALUES (1, 'INBOX/1/1', 'message', '[1714996800000000,[],"<1@mail.example>","",[],"Matter"]')"""
            ),
            "INSERT INTO decision (kind, subject, object, at) VALUES ('mute', 'anna@arup.example', '', 0)",
        ):
            connection.exec_driver_sql(statement)
    database.close()


def test_a_store_of_the_first_version_is_brought_up_to_date_with_all_it_holds(empty_url: str) -> None:
    make_first_schema(empty_url)
    with Store.open(empty_url) as store:
        account = store.account("work")
        assert account
        assert (account.cursor, account.status, account.observations, account.reading) == ("1", "ok", 1, None)
        assert [one.subject for one in store.decisions()] == ["anna@arup.example"]
        assert store.known("work", ["INBOX/1/1"]) == {"INBOX/1/1"}
        store.commit_page("work", Page((mail(2),), "2", notes=(Note("a", "text"),)), "1")
        assert (dict(store.notes("work")), store.counts().observations) == ({"a": "text"}, 2)
        with store._transactions.reading() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            assert compare_metadata(context, metadata) == []


# ------------------------------------------------------------------------------- kept before it is changed


def place_of_copy(folder: Path) -> Path:
    """Where the store is copied to before it is migrated, whichever database it is."""
    return folder / f"syncd.db.before-{VERSION}"


def version_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        (version,) = database.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608 - our own name
        return str(version)


def test_an_older_store_is_copied_as_it_was_before_it_is_changed(empty_url: str, tmp_path: Path) -> None:
    make_first_schema(empty_url)
    Store.open(empty_url, tmp_path).close()

    copy = place_of_copy(tmp_path)
    assert (version_of(copy), stat.S_IMODE(copy.stat().st_mode)) == ("0001", 0o600)
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT remote_id FROM fact").fetchall() == [("INBOX/1/1",)]
        assert database.execute("SELECT subject FROM decision").fetchall() == [("anna@arup.example",)]
    with Store.open(f"sqlite:///{copy}") as store:  # and it can be used, or restored, as any other backup
        assert store.known("work", ["INBOX/1/1"]) == {"INBOX/1/1"}


def test_what_happened_to_the_schema_is_said_once(
    empty_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_first_schema(empty_url)
    with caplog.at_level("INFO", "syncd"):
        for _ in range(2):
            Store.open(empty_url, tmp_path).close()
    assert [str(place_of_copy(tmp_path)) in line for line in caplog.messages] == [True]


def test_a_copy_of_an_attempt_that_did_not_end_makes_way_for_a_newer_one(empty_url: str, tmp_path: Path) -> None:
    make_first_schema(empty_url)
    place_of_copy(tmp_path).write_text("half a copy")
    Store.open(empty_url, tmp_path).close()
    assert version_of(place_of_copy(tmp_path)) == "0001"


def test_a_new_store_and_one_that_is_up_to_date_leave_no_copy(empty_url: str, tmp_path: Path) -> None:
    for _ in range(2):
        Store.open(empty_url, tmp_path).close()
    assert list(tmp_path.glob("*before*")) == []


def version_at(url: str) -> str:
    database = open_database(url)
    with database.reading() as connection:
        version = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar_one()  # noqa: S608 - ours
    database.close()
    return str(version)


def test_a_store_that_cannot_be_copied_is_not_changed(empty_url: str, tmp_path: Path) -> None:
    make_first_schema(empty_url)
    place_of_copy(tmp_path).mkdir()
    with pytest.raises(
        StoreError, match=r"cannot be copied before: .* is no place for a backup\. Nothing was changed\."
    ):
        Store.open(empty_url, tmp_path)
    assert version_at(empty_url) == "0001"


def test_on_a_disk_without_room_for_a_copy_an_older_store_is_not_changed(tmp_path: Path) -> None:
    with small_disk(tmp_path, 192) as disk:
        url = f"sqlite:///{disk / 'syncd.db'}"
        make_first_schema(url)
        with pytest.raises(StoreError, match=r"The disk that holds .* is full; .* Nothing was changed\.") as refusal:
            Store.open(url)
        assert "df -h" in refusal.value.hint
        assert version_at(url) == "0001"
        assert {one.name for one in disk.iterdir()} <= {"syncd.db", "syncd.db-wal", "syncd.db-shm"}


DIE = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from syncd.store import Store

steps = int(sys.argv[3])

@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *_):
    global steps
    steps -= statement.lstrip().upper().startswith(("CREATE", "ALTER", "UPDATE"))
    if not steps:
        os.kill(os.getpid(), signal.SIGKILL)

Store.open(sys.argv[1], Path(sys.argv[2])).close()
"""


@pytest.mark.parametrize("steps", [1, 5, 9])
def test_a_migration_that_is_killed_left_the_store_as_it_was_and_is_done_the_next_time(
    empty_url: str, tmp_path: Path, steps: int
) -> None:
    make_first_schema(empty_url)
    with started(DIE, empty_url, str(tmp_path), str(steps)) as killed:
        pass
    assert killed.returncode == -signal.SIGKILL
    assert version_at(empty_url) == "0001"

    with Store.open(empty_url, tmp_path) as store:
        assert store.known("work", ["INBOX/1/1"]) == {"INBOX/1/1"}
        with store.transactions.reading() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            assert compare_metadata(context, metadata) == []
    assert version_of(place_of_copy(tmp_path)) == "0001"


def test_of_many_that_bring_the_same_store_up_to_date_one_does(empty_url: str) -> None:
    make_first_schema(empty_url)
    openers = [started(OPEN, empty_url) for _ in range(3)]

    assert "True\n" in {one.communicate()[0] for one in openers}
    assert [one.returncode for one in openers] == [0] * 3


def test_a_store_that_is_up_to_date_opens_without_alembic(new_url: NewUrl) -> None:
    assert started(OPEN, new_url()).communicate()[0] == "False\n"


def test_many_that_make_the_same_store_at_once_make_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state' / 'syncd.db'}"
    openers = [started(OPEN, url) for _ in range(3)]

    assert {one.communicate()[0] for one in openers} <= {"True\n", "False\n"}
    assert [one.returncode for one in openers] == [0] * 3
    with Store.open(url) as store:
        assert store.counts().observations == 0


def test_many_that_make_the_same_store_on_a_server_at_once_make_one(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.new_database())
    openers = [started(OPEN, url) for _ in range(3)]

    assert {one.communicate()[0] for one in openers} <= {"True\n", "False\n"}
    assert [one.returncode for one in openers] == [0] * 3


def started(program: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python of its own at work on `program`."""
    return subprocess.Popen(  # noqa: S603 - this very Python, on a program of this file
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True
    )

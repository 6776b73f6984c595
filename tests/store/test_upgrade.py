"""The schema: made once, read cheaply afterwards, and never guessed at when a newer syncd made it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, table, update

import syncd.store
from syncd.errors import Exit, StoreError
from syncd.store import Store
from syncd.store.engine import open_database
from syncd.store.schema import VERSION, VERSION_TABLE, metadata
from tests.store.records import fill, mail

if TYPE_CHECKING:
    from tests.servers.postgres import PostgresServer
    from tests.store.conftest import NewUrl

OPEN = "import sys; from syncd.store import Store; Store.open(sys.argv[1]).close(); print('alembic' in sys.modules)"


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

"""Every test of the store runs on SQLite and on PostgreSQL, each on a database of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncd.store import Store
from tests.servers.postgres import PostgresServer, require_programs

NewUrl = Callable[[], str]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    pytest.importorskip("psycopg", reason="psycopg is missing; type: pip install 'syncd[postgres]'")
    with PostgresServer(require_programs()) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store that holds nothing, to copy."""
    path = tmp_path_factory.mktemp("template") / "syncd.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """A PostgreSQL store that holds nothing, to copy."""
    name = postgres.new_database()
    Store.open(postgres.url(name)).close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> NewUrl:
    """Each call gives the address of another store that holds nothing."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")

        def copy_file() -> str:
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
            shutil.copy(template, path)
            return f"sqlite:///{path}"

        return copy_file
    server: PostgresServer = request.getfixturevalue("postgres")
    original: str = request.getfixturevalue("migrated_postgres")
    return lambda: server.url(server.new_database(original))


@pytest.fixture
def url(new_url: NewUrl) -> str:
    return new_url()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Path:
    """A SQLite store of one's own that holds nothing."""
    return Path(shutil.copy(migrated_sqlite, tmp_path / "syncd.db"))

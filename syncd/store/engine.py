"""Opening a database, and the two ways to use it: a reading and a writing transaction.

There is one writer at a time on every database (SQLite's own lock, an advisory lock on PostgreSQL), so that numbers
taken inside a writing transaction grow in the order in which they become visible.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import AbstractContextManager, closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import create_engine, event, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from syncd.errors import StoreError
from syncd.store.failures import busy, taken_away, translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import URL, Connection, Dialect, Engine, Table
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

WAIT_SECONDS = 10
"""How long a writer waits for another one before it gives up with StoreBusy."""

_OWNER_ONLY = 0o600
_OTHERS = 0o077
_WRITER_LOCK = 0x73796E6364  # "syncd"
_CACHE_KIB = 16384
_CHECKPOINT_PAGES = 4000  # 16 MB of log: half the checkpoints of the default in a first sync

_IN_ONE_LIST = 500

SqlValue = str | int | bytes | None
Value = TypeVar("Value")


class Transactions(Protocol):
    """Where transactions come from: a database, or a rehearsal on one."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the database from its first statement to its last."""
        ...

    def writing(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        """A transaction that no other writer overlaps; committed at the end, rolled back by an exception.

        A `durable` one is on the disk when it is committed, with all before it.
        """
        ...


class Database:
    """An engine, with what distinguishes the two kinds of database kept inside."""

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self.place = place
        self._sqlite = engine.dialect.name == "sqlite"
        self._file: tuple[int, int] | None = None
        if self._sqlite:
            self._file = self._file_in_place()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See Transactions.reading."""
        self._require_file()
        with self.engine.connect() as connection:
            if not self._sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """See Transactions.writing. Raises StoreBusy when another writer does not finish in WAIT_SECONDS."""
        self._require_file()
        options = self.engine.connect().execution_options(writes=True, durable=durable)
        with options as connection, connection.begin():
            yield connection

    def compact(self) -> None:
        """Write the database anew, so that nothing of what was deleted is left in its files.

        Needs room for a second copy, and everybody else to let go for a moment: raises StoreError, StoreBusy.
        """
        if not self._sqlite:
            with self.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM FULL")
            return
        with closing(self.engine.raw_connection()) as raw:
            cursor = raw.cursor()
            try:
                cursor.execute("VACUUM")
                blocked, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise translate(error, self.place) or error from error
        if blocked:
            raise busy(self.place)

    def close(self) -> None:
        """Let go of every connection; safe to call twice."""
        self.engine.dispose()

    def _require_file(self) -> None:
        """SQLite goes on writing into a file that was deleted or moved: a service would do so for months."""
        if self._sqlite and self._file_in_place() != self._file:
            raise taken_away(self.place)

    def _file_in_place(self) -> tuple[int, int] | None:
        """Which file of which disk is at our place (inode(7)); None where there is none."""
        try:
            at = os.stat(self.place)  # noqa: PTH116 - before every transaction: no Path is made for it
        except FileNotFoundError:
            return None
        except OSError:
            return self._file
        return at.st_dev, at.st_ino


class Rehearsal:
    """One connection whose transaction is never committed; what is written in it is a savepoint."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See Transactions.reading."""
        yield self._connection

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:  # noqa: ARG002 - nothing of it is kept
        """See Transactions.writing; an exception undoes only what this one wrote."""
        with self._connection.begin_nested():
            yield self._connection


def shred(connection: Connection) -> None:
    """Let SQLite overwrite what is deleted through this connection from now on; PostgreSQL has its vacuum for that."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def open_database(url: str | URL) -> Database:
    """The database at an SQLAlchemy URL: SQLite in a file, or PostgreSQL through psycopg 3.

    A SQLite file and its folder are created when missing, for the owner alone (0600, 0700); a looser file is tightened.
    The schema is not looked at. Raises StoreError.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "What [store] names is no address of a database.",
            "Write it under [store] like sqlite:////home/me/syncd.db or postgresql://localhost/syncd",
        ) from error
    match parsed.get_backend_name():
        case "sqlite":
            return _open_sqlite(parsed)
        case "postgresql":
            return _open_postgres(parsed.set(drivername="postgresql+psycopg"))
        case other:
            raise StoreError(
                f"syncd keeps its records in SQLite or PostgreSQL, not in {other}.",
                "Write the address under [store] like sqlite:////home/me/syncd.db or postgresql://localhost/syncd",
            )


def _open_sqlite(url: URL) -> Database:
    if not url.database or url.database == ":memory:":
        raise StoreError(
            "A SQLite database needs a file to live in.",
            "Write the address under [store] like sqlite:////home/me/syncd.db",
        )
    path = Path(url.database)
    try:
        _keep_private(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}.", f"See who may: ls -ld {path.parent}") from error
    engine = create_engine(url, max_overflow=-1, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return _translating(engine, str(path))


def _keep_private(path: Path) -> None:
    """Create the folder and the file for the owner alone; SQLite gives its log files the mode of the database."""
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _OWNER_ONLY))
    for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if one.exists() and one.stat().st_mode & _OTHERS:
            one.chmod(_OWNER_ONLY)


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin when we say so, and as what we say
    for setting in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=NORMAL",  # whole after any crash; a power cut may undo the last pages, with their cursors
        f"cache_size=-{_CACHE_KIB}",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("writes"):
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('durable') else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _open_postgres(url: URL) -> Database:
    try:
        # "format" lets one row be a tuple on both databases
        engine = create_engine(url, max_overflow=-1, paramstyle="format", pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"PostgreSQL needs the Python package {error.name!r}, which is not installed.",
            "Type: pip install 'syncd[postgres]'",
        ) from error
    event.listen(engine, "connect", _prepare_postgres)
    event.listen(engine, "begin", _begin_postgres)
    return _translating(engine, url.set(drivername="postgresql").render_as_string(hide_password=True))


def _prepare_postgres(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
    cursor.close()
    connection.commit()


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def _translating(engine: Engine, place: str) -> Database:
    def say(context: ExceptionContext) -> StoreError | None:
        return translate(context.original_exception, place)

    event.listen(engine, "handle_error", say)
    return Database(engine, place)


def put(connection: Connection, table: Table, rows: Sequence[tuple[SqlValue, ...]]) -> None:
    """Insert rows in one executemany; each has the table's columns in their order, without a number it counts itself.

    The hot half of every page: the statement is compiled once, and the rows go to the driver as they are. Plain values
    only: sqlite3 takes twice the time for a StrEnum, which it asks how it wants to be adapted.
    """
    if rows:
        connection.exec_driver_sql(_insert_statement(table, connection.dialect), list(rows))


def put_in_place(connection: Connection, table: Table, rows: Sequence[tuple[SqlValue, ...]]) -> None:
    """Insert rows as `put` does, each in place of the one with the same primary key."""
    if rows:
        connection.exec_driver_sql(_upsert_statement(table, connection.dialect), list(rows))


@lru_cache
def _upsert_statement(table: Table, dialect: Dialect) -> str:
    """SQLite and PostgreSQL write it alike."""
    named = dialect.identifier_preparer.format_column
    key = ", ".join(named(column) for column in table.primary_key)
    new = ", ".join(f"{named(one)} = excluded.{named(one)}" for one in table.columns if not one.primary_key)
    return f"{_insert_statement(table, dialect)} ON CONFLICT ({key}) DO UPDATE SET {new}"


@lru_cache
def _insert_statement(table: Table, dialect: Dialect) -> str:
    columns = [column.name for column in table.columns if column is not table.autoincrement_column]
    return str(insert(table).inline().compile(dialect=dialect, column_keys=columns))


def batches(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in portions that stand in one IN list: SQLite takes 32,766, but short statements stay cached."""
    for start in range(0, len(values), _IN_ONE_LIST):
        yield values[start : start + _IN_ONE_LIST]

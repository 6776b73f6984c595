"""A backup: one state of the whole database in one SQLite file, made while others go on writing.

SQLite's own pages are copied under a snapshot, so that a busy writer neither waits nor makes the copy start again;
PostgreSQL's rows are read in one transaction. The file appears under its name only when it is whole and on the disk.
"""

from __future__ import annotations

import glob
import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import URL, MetaData

from syncd.durable import settle
from syncd.errors import StoreError
from syncd.store import migrations
from syncd.store.engine import open_database
from syncd.store.failures import PRIMARY_CODE
from syncd.store.schema import VERSION, VERSION_TABLE
from syncd.store.transfer import copy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from syncd.store.engine import Transactions

    Progress = Callable[[int, int, int], object]

_ABANDONED: Final = 3600.0
"""Seconds without a write after which a half-made backup belongs to a process that died."""

_LOGS: Final = ("-wal", "-shm", "-journal")
"""What SQLite puts beside a file while it is used."""

DATABASE_NAME: Final = "syncd.db"

_OTHER_NAME: Final = "Name another file: syncd backup FILE"


def back_up(transactions: Transactions, path: Path, *, replace: bool = False) -> None:
    """Write the store as it is now to `path`, for its owner alone (0600); whoever writes meanwhile is not disturbed.

    It holds all that the store does; sign-ins are files of their own, and not in it. A file that is there already is
    left alone, unless `replace`. Raises StoreError, and leaves nothing behind, when the file cannot be written or the
    store is damaged.
    """
    with transactions.reading() as connection:
        _require_place(connection.engine.url, path)
        if path.exists() and not replace:
            raise _there_already(path)
        write_copy(connection, path, replace=replace)


def place_beside(database: URL, aside: Path, what: str) -> Path:
    """Where syncd puts a copy that nobody named: beside a SQLite file, in the folder `aside` for PostgreSQL."""
    file = database.database if database.get_backend_name() == "sqlite" else None
    return Path(f"{file or aside / DATABASE_NAME}.{what}")


def write_copy(source: Connection, path: Path, *, replace: bool, version: str = VERSION) -> None:
    """Write what the transaction of `source` sees, of a schema of this `version`, as `back_up` does."""
    of_pages = source.dialect.name == "sqlite"
    try:
        _require_place(source.engine.url, path)
        with _partial(path) as partial:
            if of_pages:
                with closing(sqlite3.connect(partial)) as target:
                    target.execute("PRAGMA journal_mode=OFF")
                    target.execute("PRAGMA synchronous=OFF")  # until it is sealed, nothing of it counts
                    copy_pages(source, target)
            else:
                _copy_rows(source, partial, version)
            _seal(partial)
            _give_name(partial, path, replace=replace)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.", _OTHER_NAME) from error
    except sqlite3.Error as error:
        raise _unfinished(path, error) from error
    except StoreError as error:
        if isinstance(error.__cause__, sqlite3.Error) and not of_pages:  # the file failed, not the database
            raise _unfinished(path, error.__cause__) from error
        raise


def _require_place(database: URL, path: Path) -> None:
    """Refuse what is no file, and the store itself."""
    if not path.exists():
        return
    of_sqlite = database.get_backend_name() == "sqlite"
    if not path.is_file() or (of_sqlite and path.samefile(database.database or "")):
        raise StoreError(f"{path} is no place for a backup.", _OTHER_NAME)


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, for its owner alone; gone at the end, with whatever SQLite put beside it."""
    number, name = tempfile.mkstemp(".partial", f".{path.name}.", path.parent)
    os.close(number)
    partial = Path(name)
    try:
        for other in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
            with suppress(FileNotFoundError):
                if partial.stat().st_mtime - other.stat().st_mtime > _ABANDONED:
                    other.unlink()
        yield partial
    finally:
        for log in ("", *_LOGS):
            Path(f"{partial}{log}").unlink(missing_ok=True)


def copy_pages(
    source: Connection, target: sqlite3.Connection, pages: int = 1024, progress: Progress | None = None
) -> None:
    """Copy a SQLite database as the transaction of `source` sees it (sqlite.org/backup.html), so many pages at a time.

    The snapshot stays open from the first page to the last, so that what others commit meanwhile neither shows nor
    makes the copy begin again. `progress` is what sqlite3.Connection.backup calls.
    """
    source.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1").all()  # a snapshot begins with its first reading
    driver = cast("sqlite3.Connection", source.connection.driver_connection)
    driver.backup(target, pages=pages, progress=progress)


def _copy_rows(source: Connection, partial: Path, version: str) -> None:
    database = open_database(URL.create("sqlite", database=str(partial)))
    try:
        with database.writing() as target:
            migrations.run(target, version)
            tables = MetaData()
            tables.reflect(target)
            for table in tables.sorted_tables:
                if table.name != VERSION_TABLE:
                    copy(source, target, table)
    finally:
        database.close()


def _seal(partial: Path) -> None:
    """Make it one file that is whole and on the disk; raises StoreError when the copy is as damaged as its source."""
    with closing(sqlite3.connect(partial)) as made:
        made.execute("PRAGMA journal_mode=DELETE")
        (verdict,) = made.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
    settle(partial)


def _give_name(partial: Path, path: Path, *, replace: bool) -> None:
    """Let the finished file appear under its name, for good."""
    if replace:
        for log in _LOGS:
            Path(f"{path}{log}").unlink(missing_ok=True)  # SQLite would take them for those of the new file
        partial.replace(path)
    else:
        try:
            path.hardlink_to(partial)
        except FileExistsError:
            raise _there_already(path) from None
        except OSError:  # a file system without links
            partial.rename(path)
    settle(path.parent)


def _there_already(path: Path) -> StoreError:
    return StoreError(f"{path} is there already, and was left as it is.", f"To replace it: syncd backup {path} --force")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file is damaged, or no database (sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & PRIMARY_CODE in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _unfinished(path: Path, error: sqlite3.Error) -> StoreError:
    if is_damage(error):
        return StoreError(
            "The store is damaged; no backup was made of it.", "Put back an earlier one: syncd restore FILE"
        )
    if getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE == sqlite3.SQLITE_FULL:
        return StoreError(
            f"The disk that holds {path} is full; no backup was made.",
            "Free some space (to see where it went, type: df -h), or name a file on another disk.",
        )
    return StoreError(f"{path} cannot be written: {error}.", _OTHER_NAME)

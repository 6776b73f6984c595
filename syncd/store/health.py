"""How the database itself is: what it is, how large, and whether it is whole; for `syncd doctor`.

Nothing is written. What only SQLite or PostgreSQL knows is asked of each in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column, select, table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from syncd.store import outbox
from syncd.store.schema import VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.model import Letter
    from syncd.store import Store

_MOST_FAULTS = 3


@dataclass(frozen=True, slots=True)
class Health:
    """One database: `size` in bytes with what is not merged yet, `schema` its revision, `faults` what is damaged."""

    kind: str
    size: int
    schema: str
    faults: tuple[str, ...] = ()


def examine(store: Store) -> Health:
    """Look through the whole database for damage (SQLite's quick_check). Raises StoreError."""
    with store.transactions.reading() as connection:
        schema = connection.execute(
            select(column("version_num")).select_from(table(VERSION_TABLE))
        ).scalar_one_or_none()
        if connection.dialect.name == "sqlite":
            return Health("SQLite", _sqlite_size(connection), str(schema), _sqlite_faults(connection))
        size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        return Health(f"PostgreSQL {str(version).split()[0]}", int(size), str(schema))


def newest_letter(store: Store) -> Letter | None:
    """The digest of the last day that has one, in whatever state. Raises StoreError."""
    with store.transactions.reading() as connection:
        return outbox.newest(connection)


def file_of(url: str) -> Path | None:
    """The file that a database URL names; None for a server, and for what is no URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def _sqlite_size(connection: Connection) -> int:
    pages, width = (connection.exec_driver_sql(f"PRAGMA {what}").scalar_one() for what in ("page_count", "page_size"))
    log = Path(f"{connection.engine.url.database}-wal")
    return int(pages) * int(width) + (log.stat().st_size if log.exists() else 0)


def _sqlite_faults(connection: Connection) -> tuple[str, ...]:
    found = connection.exec_driver_sql(f"PRAGMA quick_check({_MOST_FAULTS})").scalars().all()
    return tuple(str(fault) for fault in found if fault != "ok")

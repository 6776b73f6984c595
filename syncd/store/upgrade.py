"""Bringing a database to the schema of this program, or refusing it with a sentence.

The version is read cheaply first. What is older is copied aside before it is changed, and changed in one transaction.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column, inspect, select, table

from syncd.errors import StoreBusy, StoreError
from syncd.store import migrations
from syncd.store.backup import place_beside, write_copy
from syncd.store.failures import foreign, newer
from syncd.store.schema import VERSION, VERSION_TABLE, metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.store.engine import Database

_log = logging.getLogger(__name__)


def upgrade(database: Database, aside: Path | None = None) -> None:
    """Create or migrate the schema, in one transaction; nothing happens when it is the current one.

    Before a migration the database is copied to `NAME.before-VERSION`: beside a SQLite file, or into the folder `aside`
    (a PostgreSQL database that is given none is migrated without). One copy is kept for each version.

    Raises StoreError when the database is another program's or a newer syncd's, or when it cannot be copied (nothing is
    changed then), StoreBusy while somebody writes.
    """
    with database.reading() as connection:
        if _version(connection, database.place) == VERSION:
            return
    with database.writing() as connection:
        version = _version(connection, database.place)  # again: another process may have been first
        if version == VERSION:
            return
        if version is not None:
            if not migrations.is_known(version):
                raise newer(database.place)
            _keep(database, version, aside)
        migrations.run(connection, VERSION)


def _version(connection: Connection, place: str) -> str | None:
    """The revision the database is at; None for one without our tables."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        return connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar_one_or_none()
    ours_to_take = connection.dialect.name == "postgresql" and not tables & metadata.tables.keys()
    if tables and not ours_to_take:
        raise foreign(place)
    return None


def _keep(database: Database, version: str, aside: Path | None) -> None:
    """Copy the database as it is, by a connection of its own: the one that will migrate holds the writer's lock."""
    if aside is None and database.engine.dialect.name != "sqlite":
        return
    path = place_beside(database.engine.url, aside or Path(), f"before-{VERSION}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with database.reading() as connection:
            write_copy(connection, path, replace=True, version=version)
    except StoreBusy:
        raise
    except StoreError as error:
        raise StoreError(
            f"{database.place} is to be brought to schema {VERSION}, and cannot be copied before: {error.title} "
            "Nothing was changed.",
            f"{path.parent} needs room for a copy (see: df -h {path.parent}); then type the same command again.",
        ) from error
    _log.info("%s is brought to schema %s; as it was, it is kept in %s.", database.place, VERSION, path)

"""Bringing a database to the schema of this program, or refusing it with a sentence.

The version is read cheaply first; alembic is imported only when it is not the current one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column, inspect, select, table

from syncd.store.failures import foreign, newer
from syncd.store.schema import VERSION, VERSION_TABLE, metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.store.engine import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Create or migrate the schema, in one transaction; nothing happens when it is the current one.

    Raises StoreError when the database is another program's or a newer syncd's, StoreBusy while somebody writes.
    """
    with database.reading() as connection:
        if _version(connection, database.place) == VERSION:
            return
    with database.writing() as connection:
        version = _version(connection, database.place)  # again: another process may have been first
        if version != VERSION:
            _migrate(connection, version, database.place)


def _version(connection: Connection, place: str) -> str | None:
    """The revision the database is at; None for one without our tables."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        return connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar_one_or_none()
    ours_to_take = connection.dialect.name == "postgresql" and not tables & metadata.tables.keys()
    if tables and not ours_to_take:
        raise foreign(place)
    return None


def _migrate(connection: Connection, version: str | None, place: str) -> None:
    from alembic import command  # noqa: PLC0415 - only a new or an old database needs it
    from alembic.config import Config  # noqa: PLC0415 - likewise
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - likewise

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise newer(place)
    command.upgrade(config, "head")

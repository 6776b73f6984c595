"""Tables copied from one database into another, whichever kind each is: row by row, in bounded memory.

A backup of a PostgreSQL database is made so, and every backup is restored so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select

from syncd.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Row, Table

    from syncd.store.engine import SqlValue

    Cells = tuple[SqlValue, ...]
    Rewrite = Callable[[Row[Any]], Cells | None]  # SQLAlchemy knows the columns of a Row when it runs, mypy does not

_AT_ONCE: Final = 2000
_GIVEN: Final = "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)"
_GIVE_ON: Final = "SELECT setval(pg_get_serial_sequence(%s, %s)::regclass, %s)"


def copy(source: Connection, target: Connection, table: Table, rewrite: Rewrite = tuple) -> None:
    """Insert the rows of a table in the order of its key, each as `rewrite` gives it back, or not at all.

    The table has the same columns on both sides. Afterwards the target numbers its new rows after every row that either
    of them ever had, so that what lies past a watermark goes on doing so.
    """
    statement = str(insert(table).inline().compile(dialect=target.dialect, column_keys=table.columns.keys()))
    wanted = select(table).order_by(*table.primary_key)
    with source.execute(wanted, execution_options={"yield_per": _AT_ONCE}) as rows:
        for portion in rows.partitions():
            if kept := [cells for row in portion if (cells := rewrite(row)) is not None]:
                target.exec_driver_sql(statement, kept)
    if last := max(_last_number(source, table), _last_number(target, table)):
        _count_past(target, table, last)


def _last_number(connection: Connection, table: Table) -> int:
    """The highest number that the database ever gave to a row of this table; 0 when it gives none."""
    number = table.autoincrement_column
    if number is None:
        return 0
    highest: int | None = connection.execute(select(func.max(number))).scalar_one()
    if connection.dialect.name == "sqlite":
        given = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).scalar()
    else:
        given = connection.exec_driver_sql(_GIVEN, (table.name, number.name)).scalar()
    return max(highest or 0, given or 0)


def _count_past(connection: Connection, table: Table, last: int) -> None:
    """Let the next row of the table have a number above `last`; SQLite counts by itself where it reuses none."""
    number = table.autoincrement_column
    if number is None:
        return
    if connection.dialect.name == "sqlite":
        if metadata.tables[table.name].dialect_options["sqlite"]["autoincrement"]:
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, last))
    else:
        connection.exec_driver_sql(_GIVE_ON, (table.name, number.name, last))

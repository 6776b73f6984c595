"""What the store knows of each account: its cursor, and how its last pass went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from syncd.errors import CursorMoved
from syncd.model import Account, AccountStatus
from syncd.store.codec import from_micros, to_micros
from syncd.store.schema import account

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

_FAILING = {AccountStatus.FAILING, AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED}


def find(connection: Connection, name: str) -> Account | None:
    """The account called `name`."""
    row = connection.execute(select(account).where(account.c.name == name)).one_or_none()
    return None if row is None else _account(row)


def find_all(connection: Connection) -> tuple[Account, ...]:
    """Every account, by name."""
    return tuple(_account(row) for row in connection.execute(select(account).order_by(account.c.name)))


def _account(row: Row[*tuple[object, ...]]) -> Account:
    return Account(
        name=row.name,
        connector=row.connector,
        cursor=row.cursor,
        status=AccountStatus(row.status),
        last_sync=None if row.last_sync is None else from_micros(row.last_sync),
        failing_since=None if row.failing_since is None else from_micros(row.failing_since),
        error=row.error,
        hint=row.hint,
        observations=row.observations,
        unreadable=row.unreadable,
    )


def names(connection: Connection) -> dict[int, str]:
    """The name of each account by its number."""
    return dict(iter(connection.execute(select(account.c.id, account.c.name))))


def enrol(connection: Connection, name: str, connector: str) -> Account:
    """The account, made when it is new; when another connector takes it over, its cursor means nothing any more."""
    known = find(connection, name)
    if known is not None and known.connector == connector:
        return known
    fresh = {"connector": connector, "cursor": None, "status": AccountStatus.NEW}
    changed = (
        update(account).where(account.c.name == name).values(fresh).returning(account)
        if known
        else insert(account).values(name=name, **fresh).returning(account)
    )
    return _account(connection.execute(changed).one())


def move_cursor(connection: Connection, name: str, expected: str | None, cursor: str) -> int:
    """Compare and swap; the account's number. Raises CursorMoved, or KeyError when there is no such account."""
    moved: int | None = connection.execute(
        update(account)
        .where(account.c.name == name, account.c.cursor.is_not_distinct_from(expected))
        .values(cursor=cursor)
        .returning(account.c.id)
    ).scalar_one_or_none()
    if moved is not None:
        return moved
    if find(connection, name) is None:
        raise KeyError(name)
    raise CursorMoved(
        f"Another sync of {name} went on meanwhile; its work stands, and this page was left to it.",
        "See how far it is: syncd status",
    )


def forget_cursor(connection: Connection, name: str) -> None:
    """The next pass starts at the horizon."""
    connection.execute(update(account).where(account.c.name == name).values(cursor=None))


def count(connection: Connection, number: int, observations: int, unreadable: int) -> None:
    """Add to the account's counters, in the transaction that changed what they count."""
    if observations or unreadable:
        connection.execute(
            update(account)
            .where(account.c.id == number)
            .values(observations=account.c.observations + observations, unreadable=account.c.unreadable + unreadable)
        )


def record_outcome(
    connection: Connection, name: str, at: datetime, status: AccountStatus, said: tuple[str, str]
) -> None:
    """How a pass went, with what to show for it: the error and its hint."""
    error, hint = said
    failing_since = func.coalesce(account.c.failing_since, to_micros(at)) if status in _FAILING else None
    change = update(account).where(account.c.name == name)
    change = change.values(status=status, error=error, hint=hint, failing_since=failing_since)
    connection.execute(change.values(last_sync=to_micros(at)) if status is AccountStatus.OK else change)

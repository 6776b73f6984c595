"""What the store knows of each account: its cursor, and how its last pass went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import case, func, insert, select, update

from syncd.errors import CursorMoved
from syncd.model import Account, AccountStatus, Reading
from syncd.store import notes
from syncd.store.codec import from_micros, to_micros
from syncd.store.schema import account

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

_FAILING = {AccountStatus.FAILING, AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED}
_NO_READING = dict.fromkeys(
    ("reading_done", "reading_total", "reading_at", "reading_since", "reading_start", "reader"), None
)


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
        reading=_reading(row),
        failures=row.failures,
        retry_at=None if row.retry_at is None else from_micros(row.retry_at),
    )


def _reading(row: Row[*tuple[object, ...]]) -> Reading | None:
    if row.reading_done is None:
        return None
    return Reading(
        done=row.reading_done,
        total=row.reading_total,
        at=from_micros(row.reading_at),
        since=from_micros(row.reading_since),
        start=row.reading_start,
        reader=row.reader,
    )


def names(connection: Connection) -> dict[int, str]:
    """The name of each account by its number."""
    return dict(iter(connection.execute(select(account.c.id, account.c.name))))


def enrol(connection: Connection, name: str, connector: str) -> Account:
    """The account, made when it is new; another connector that takes it over cannot read the cursor or the notes."""
    known = find(connection, name)
    if known is not None and known.connector == connector:
        return known
    fresh = {"connector": connector, "cursor": None, "status": AccountStatus.NEW, **_NO_READING}
    notes.tear_up(connection, name)
    changed = (
        update(account).where(account.c.name == name).values(fresh).returning(account)
        if known
        else insert(account).values(name=name, **fresh).returning(account)
    )
    return _account(connection.execute(changed).one())


def move_cursor(
    connection: Connection, name: str, expected: str | None, cursor: str, reading: Reading | None = None
) -> int:
    """Compare and swap; the account's number. Raises CursorMoved, or KeyError when there is no such account.

    An account that shows how far its reading is, and was never read to the end, is in its first sync; an error of an
    earlier pass is over then.
    """
    move = update(account).where(account.c.name == name, account.c.cursor.is_not_distinct_from(expected))
    move = move.values(cursor=cursor)
    if reading:
        first = account.c.last_sync.is_(None)
        move = move.values(
            reading_done=reading.done,
            reading_total=reading.total,
            reading_at=to_micros(reading.at),
            reading_since=to_micros(reading.since),
            reading_start=reading.start,
            reader=reading.reader,
            status=case((first, AccountStatus.FIRST_SYNC.value), else_=account.c.status),
            error=case((first, ""), else_=account.c.error),
            hint=case((first, ""), else_=account.c.hint),
        )
    moved: int | None = connection.execute(move.returning(account.c.id)).scalar_one_or_none()
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
    connection: Connection,
    name: str,
    at: datetime,
    status: AccountStatus,
    said: tuple[str, str],
    retry_at: datetime | None,
) -> None:
    """How a pass went, with what to show for it: the error and its hint."""
    error, hint = said
    failing_since = func.coalesce(account.c.failing_since, to_micros(at)) if status in _FAILING else None
    change = update(account).where(account.c.name == name)
    change = change.values(
        status=status,
        error=error,
        hint=hint,
        failing_since=failing_since,
        failures=account.c.failures + 1 if status in _FAILING else 0,
        retry_at=None if retry_at is None else to_micros(retry_at),
    )
    if status is AccountStatus.OK:
        change = change.values(last_sync=to_micros(at), **_NO_READING)
    else:
        nobody = case((account.c.reading_done.is_not(None), ""), else_=None)
        change = change.values(reader=nobody)
    connection.execute(change)


def signed_in(connection: Connection, name: str) -> None:
    """An account that waited for its owner is ready: to be read on, or to be read at all."""
    ready = case(
        (account.c.last_sync.is_not(None), AccountStatus.OK.value),
        (account.c.reading_done.is_not(None), AccountStatus.FIRST_SYNC.value),
        else_=AccountStatus.NEW.value,
    )
    connection.execute(
        update(account)
        .where(account.c.name == name, account.c.status == AccountStatus.SIGN_IN)
        .values(status=ready, error="", hint="", failing_since=None, failures=0, retry_at=None)
    )

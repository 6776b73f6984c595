"""Letters on their way: stored whole before they are sent, one a day at most, each with the people it showed.

Every step is a compare-and-swap: of two processes that take it at once, one does.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from syncd.model import Letter, LetterState
from syncd.store.codec import from_micros, to_micros
from syncd.store.engine import put
from syncd.store.schema import letter, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

ON_THEIR_WAY = frozenset({LetterState.RENDERED, LetterState.SENDING, LetterState.SENT})
"""Where a letter stands that was mailed, or may yet be."""

SETTLED = frozenset(LetterState) - {LetterState.PLANNED}
"""Where the digest of a day stands that needs no other one."""


def plan(connection: Connection, day: date, at: datetime) -> bool:
    """Claim a day whose digest is about to be composed; False when it has a letter.

    A plan that nobody carried out, a quiet day and a letter that failed make way.
    """
    if not _make_way(connection, day):
        return False
    _insert(connection, Letter(day, "", "", b"", LetterState.PLANNED, changed=at))
    return True


def post(connection: Connection, one: Letter, people: Sequence[str]) -> bool:
    """Put a letter into the outbox, and note whom it shows; False when its day has one already.

    One that failed makes way: it reached nobody, and what made it fail may be mended. The bytes of others that are
    done with are let go: nobody needs them, and they name people.
    """
    if not _make_way(connection, one.day):
        return False
    _insert(connection, one)
    put(connection, shown, [(one.day.isoformat(), person) for person in dict.fromkeys(people)])
    done = letter.c.state.not_in([LetterState.RENDERED, LetterState.SENDING])
    connection.execute(update(letter).where(done, letter.c.day != one.day.isoformat()).values(content=b""))
    return True


def _make_way(connection: Connection, day: date) -> bool:
    """Whether a day has no letter that was mailed or may yet be; what else stood there is gone."""
    this = letter.c.day == day.isoformat()
    state = connection.execute(select(letter.c.state).where(this)).scalar_one_or_none()
    if state in ON_THEIR_WAY:
        return False
    if state is not None:
        connection.execute(delete(shown).where(shown.c.day == day.isoformat()))
        connection.execute(delete(letter).where(this))
    return True


def _insert(connection: Connection, one: Letter) -> None:
    values = {"day": one.day.isoformat(), "message_id": one.message_id, "recipient": one.recipient}
    connection.execute(insert(letter).values(**values, content=one.content, **_standing(one)))


def _standing(one: Letter) -> dict[str, object]:
    """What changes of a letter on its way."""
    return {
        "state": one.state,
        "attempts": one.attempts,
        "error": one.error,
        "failures": one.failures,
        "resumed": one.resumed,
        "retry_at": one.retry_at and to_micros(one.retry_at),
        "changed": one.changed and to_micros(one.changed),
    }


def letters(connection: Connection, states: Sequence[LetterState]) -> tuple[Letter, ...]:
    """The letters in any of these states, oldest first; all of them when no state is named."""
    wanted = select(letter).order_by(letter.c.day)
    if states:
        wanted = wanted.where(letter.c.state.in_(states))
    return tuple(_letter(row) for row in connection.execute(wanted))


def newest(
    connection: Connection, states: Collection[LetterState] = frozenset(LetterState), until: date | None = None
) -> Letter | None:
    """The letter of the last day, none after `until`, that has one in any of these states."""
    last = select(letter).where(letter.c.state.in_(states)).order_by(letter.c.day.desc()).limit(1)
    if until:
        last = last.where(letter.c.day <= until.isoformat())
    row = connection.execute(last).one_or_none()
    return None if row is None else _letter(row)


def _letter(row: Row[*tuple[object, ...]]) -> Letter:
    return Letter(
        day=date.fromisoformat(row.day),
        message_id=row.message_id,
        recipient=row.recipient,
        content=row.content,
        state=LetterState(row.state),
        attempts=row.attempts,
        error=row.error,
        failures=row.failures,
        resumed=row.resumed,
        retry_at=None if row.retry_at is None else from_micros(row.retry_at),
        changed=None if row.changed is None else from_micros(row.changed),
    )


def move(connection: Connection, seen: Letter, after: Letter) -> bool:
    """Let a letter that is as it was `seen` stand as it is `after`; False when somebody else moved it first."""
    as_seen = (
        letter.c.day == seen.day.isoformat(),
        letter.c.state == seen.state,
        letter.c.attempts == seen.attempts,
        letter.c.failures == seen.failures,
        letter.c.resumed == seen.resumed,
    )
    return connection.execute(update(letter).where(*as_seen).values(**_standing(after))).rowcount == 1


def last_day(connection: Connection, states: Collection[LetterState], until: date | None = None) -> date | None:
    """The last day, none after `until`, whose digest is in any of these states."""
    last = select(func.max(letter.c.day)).where(letter.c.state.in_(states))
    if until:
        last = last.where(letter.c.day <= until.isoformat())
    day = connection.execute(last).scalar_one()
    return None if day is None else date.fromisoformat(day)


def days_shown(connection: Connection) -> dict[str, tuple[date, ...]]:
    """On which days each person stood in a digest that was mailed or may yet be, oldest first."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    seen = select(shown.c.person, shown.c.day).join(letter, letter.c.day == shown.c.day)
    seen = seen.where(letter.c.state.in_(ON_THEIR_WAY)).order_by(shown.c.day)
    for person, day in connection.execute(seen):
        days[person].append(date.fromisoformat(day))
    return {person: tuple(found) for person, found in days.items()}

"""Letters on their way: stored whole before they are sent, one a day at most, each with the people it showed."""

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
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


def post(connection: Connection, one: Letter, people: Sequence[str]) -> bool:
    """Put a letter into the outbox, and note whom it shows; False when its day has one already.

    One that was refused makes way: it reached nobody, and what made it fail may be mended.
    """
    day = one.day.isoformat()
    before = connection.execute(select(letter.c.state).where(letter.c.day == day)).scalar_one_or_none()
    if before == LetterState.FAILED.value:
        connection.execute(delete(shown).where(shown.c.day == day))
        connection.execute(delete(letter).where(letter.c.day == day))
    elif before is not None:
        return False
    connection.execute(
        insert(letter).values(
            day=day,
            message_id=one.message_id,
            recipient=one.recipient,
            content=one.content,
            state=one.state,
            attempts=one.attempts,
            error=one.error,
        )
    )
    put(connection, shown, [(day, person) for person in dict.fromkeys(people)])
    return True


def letters(connection: Connection, states: Sequence[LetterState]) -> tuple[Letter, ...]:
    """The letters in any of these states, oldest first; all of them when no state is named."""
    wanted = select(letter).order_by(letter.c.day)
    if states:
        wanted = wanted.where(letter.c.state.in_(states))
    return tuple(
        Letter(
            date.fromisoformat(row.day),
            row.message_id,
            row.recipient,
            row.content,
            LetterState(row.state),
            row.attempts,
            row.error,
            row.failures,
            row.resumed,
            None if row.retry_at is None else from_micros(row.retry_at),
        )
        for row in connection.execute(wanted)
    )


def mark(connection: Connection, day: date, state: LetterState, error: str, at: datetime | None) -> bool:
    """Where the letter of a day stands; every move to SENDING counts as an attempt.

    Only a queued letter begins to be sent: False when another syncd was first.
    """
    sending = state is LetterState.SENDING
    change = update(letter).where(letter.c.day == day.isoformat())
    if sending:
        change = change.where(letter.c.state == LetterState.RENDERED)
    changed = connection.execute(
        change.values(
            state=state,
            error=error,
            attempts=letter.c.attempts + int(sending),
            changed=None if at is None else to_micros(at),
        )
    )
    return changed.rowcount == 1


def last_day(connection: Connection) -> date | None:
    """The last day that has a letter."""
    day = connection.execute(select(func.max(letter.c.day))).scalar_one()
    return None if day is None else date.fromisoformat(day)


def days_shown(connection: Connection) -> dict[str, tuple[date, ...]]:
    """On which days each person stood in a digest, oldest first; a digest that was refused showed nobody."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    seen = select(shown.c.person, shown.c.day).join(letter, letter.c.day == shown.c.day)
    seen = seen.where(letter.c.state != LetterState.FAILED).order_by(shown.c.day)
    for person, day in connection.execute(seen):
        days[person].append(date.fromisoformat(day))
    return {person: tuple(found) for person, found in days.items()}

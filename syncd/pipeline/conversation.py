"""Which exchanges with somebody count as conversation.

A verdict judges one record by its headers; here the whole history with one person decides. Two-way wins: what looks
like bulk is a letter after all when it answers the owner (sync-rules 10).
"""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from syncd.model import Direction, InteractionKind, Role, VerdictKind
from syncd.pipeline.machines import is_machine_address, is_persons_name, is_role_address
from syncd.pipeline.normalize import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from syncd.model import Person, Tally, Touch
    from syncd.pipeline.policy import Ignore

_FASTEST_ANSWER = timedelta(minutes=5)
"""A machine acknowledges a mail sooner than a person answers it."""

# Bound once: looking a member up in its enum costs more than all else the loop over touches does with it.
_IN, _OUT, _FROM, _MAIL = Direction.IN, Direction.OUT, Role.FROM, InteractionKind.MAIL
_HUMAN, _LIST = VerdictKind.HUMAN, VerdictKind.LIST

_order = attrgetter("until", "interaction", "role")


def in_order(touches: Iterable[Touch]) -> list[Touch]:
    """The touches, oldest first, in an order that does not depend on the one given."""
    return sorted(touches, key=_order)


def conversation(person: Person, touches: Sequence[Touch], ignore: Ignore, folded: Sequence[Tally] = ()) -> list[Touch]:
    """The touches that count, of `touches` in order (`in_order`), one for each interaction.

    `folded` is what came before them and is only counted: it too says whether the owner wrote, and was written to.

    What a person wrote, and every meeting, counts. Mail through a list counts once the owner wrote to them; bulk mail
    when it answers a mail of the owner. An office (info@) is nobody, unless somebody with a name of their own answers
    there: then it counts once it went both ways, its answers included. What went to many never counts, nor does mail in
    which they are only another recipient.
    """
    letters = {
        touch.message_id: touch.until
        for touch in touches
        if touch.direction is _OUT and touch.verdict is _HUMAN and touch.kind is _MAIL
    }
    wrote = bool(letters) or any(one.sent for one in folded)
    office = is_office(person)
    if office and not is_persons_name(person.name):
        return []
    counted: list[Touch] = []
    previous = -1
    for touch in touches:
        verdict = touch.verdict
        if touch.direction is _IN and touch.role is not _FROM:
            continue
        if verdict is _HUMAN or (
            wrote
            and (
                verdict is _LIST
                or (_is_answer(touch, letters) and verdict in _answering(person, ignore, office=office))
            )
        ):
            if touch.interaction == previous:
                counted.pop()  # they stand in it twice; `in_order` puts To behind Cc
            counted.append(touch)
            previous = touch.interaction
    heard = any(touch.direction is _IN for touch in counted) or any(one.received for one in folded)
    return [] if office and not (wrote and heard) else counted


def is_office(person: Person) -> bool:
    """True when every address of theirs is the mailbox of an office: info@, support@."""
    return all(map(is_role_address, person.addresses))


def _answering(person: Person, ignore: Ignore, *, office: bool) -> tuple[VerdictKind, ...]:
    """The verdicts that an answer of this person may carry and still be a letter.

    Bulk: sales software adds List-Unsubscribe to what a person writes. Automated: only of an office, whose address
    alone earned it that verdict; from a person's address it is an out-of-office reply.
    """
    if any(is_machine_address(one) or any(matches(bad, one) for bad in ignore.addresses) for one in person.addresses):
        return ()
    return (VerdictKind.BULK, VerdictKind.AUTOMATED) if office else (VerdictKind.BULK,)


def _is_answer(touch: Touch, letters: Mapping[str, datetime]) -> bool:
    asked = letters.get(touch.in_reply_to) if touch.in_reply_to else None
    return asked is not None and touch.until - asked >= _FASTEST_ANSWER

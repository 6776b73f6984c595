"""What all ties of a mailbox together say of its owner: when they were there, and how often their silences end.

Learned again for each day from what was known by then, from nobody else's mail, and explained by two numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from syncd.pipeline.silence import Owner, away, logit_of_silence, weeks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

EVERY = 15
"""Days between the days on which the past is asked; they are the same ones whoever asks, and whenever."""

AHEAD = 60
"""Days after such a day in which a tie was quiet, or was not."""

LOOKED_BACK = 24
LEAST_DAYS = 3
LONGEST_SILENCE = 270
"""A tie is asked about that had three days of contact or more, both ways, the last of them no longer ago than this."""

_COUNTS = 0.15
_DOUBT = 1.0

_STEPS = 20
_LONGEST_STEP = 1.0
_CLOSE_ENOUGH = 1e-9


class Contact(NamedTuple):
    """The days (since the epoch) of contact with one person, oldest first, each once; which of them were the owner's.

    `mutual` is the first day by which both had taken part, None when they never did.
    """

    days: Sequence[int]
    mine: Sequence[int]
    mutual: int | None


class Outcome(NamedTuple):
    """What was to be expected of a tie on a day of the past (the logit of a silence), and what came of it."""

    day: int
    expected: float
    quiet: bool


def owner_of(contacts: Iterable[Contact]) -> Owner:
    """The owner of a mailbox as its ties show them; nothing later than the day that is asked about may be in them.

    The past is judged as of the last day of any contact, so that time alone changes nothing.
    """
    ties = tuple(contacts)
    mine = tuple(sorted({day for tie in ties for day in tie.mine}))
    until = max((tie.days[-1] for tie in ties if tie.days), default=0)
    return Owner(mine, lean([one for tie in ties for one in outcomes(tie, mine, asked_on(until))]))


def asked_on(until: int) -> range:
    """The days of the past that are asked about on the day `until`: the last of a year whose outcome is known."""
    newest = (until - AHEAD) // EVERY
    return range((newest - LOOKED_BACK + 1) * EVERY, newest * EVERY + 1, EVERY)


def outcomes(tie: Contact, mine: Sequence[int], asked: range) -> Iterator[Outcome]:
    """What came of one tie in the 60 days after each day that is `asked` about (`asked_on`); `mine` as in `Owner`."""
    if tie.mutual is None or len(tie.days) < LEAST_DAYS or not asked:
        return
    first = max(asked[0], (max(tie.mutual, tie.days[LEAST_DAYS - 1]) // EVERY + 1) * EVERY)
    last = min(asked[-1], tie.days[-1] + LONGEST_SILENCE)
    weeks = weeks_of(tie.days)
    for day in range(first, last + 1, EVERY):
        known = bisect_left(tie.days, day)
        if day - tie.days[known - 1] <= LONGEST_SILENCE:
            expected = logit_of_silence(tie.days[:known], weeks[known - 1], day, away(mine, day), AHEAD)
            yield Outcome(day, expected, known == len(tie.days) or tie.days[known] >= day + AHEAD)


def lean(past: Iterable[Outcome]) -> float:
    """By how much the logit of a silence is to be moved for this owner, judged by `past`.

    The maximum of the likelihood under a normal prior of mean 0 and variance 1. An outcome counts 0.15: those of one
    tie overlap fourfold, and people go quiet together. With few outcomes it is almost nothing.
    """
    known = [(one.expected, one.quiet) for one in past]
    moved = 0.0
    for _ in range(_STEPS):
        slope, curve = -moved / _DOUBT, 1.0 / _DOUBT
        for expected, quiet in known:
            chance = 1.0 / (1.0 + math.exp(-expected - moved))
            slope += _COUNTS * (quiet - chance)
            curve += _COUNTS * chance * (1.0 - chance)
        step = max(-_LONGEST_STEP, min(_LONGEST_STEP, slope / curve))
        moved += step
        if abs(step) < _CLOSE_ENOUGH:
            break
    return moved

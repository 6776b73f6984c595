"""The chance that a tie stays quiet: the one probability that the states and the digest are decided by.

A closed form of a few numbers with documented coefficients, the same for everybody, and one number that each owner's
own past adds to them (docs/decisions/0020-the-chance-of-silence.md). While nobody exchanges anything it never falls.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DAY = 86400.0

HORIZON = timedelta(days=60)
"""`Tie.p_alive` is the chance of an exchange within this time."""

_PRESENCE = -0.66
_STEADY = 0.155
_WEEKS = -0.45
_AWAY = 0.25
_AHEAD = -0.82
_CONSTANT = -0.35

_FITTED_AHEAD = 60.0

_RATE, _RATE_DAYS = 0.3, 6.0
_LIVING, _DYING = 2.0, 1.0
"""MBG/NBD: rates are gamma(0.3, 6 days) among ties, the chance to end at an exchange is beta(1, 2)."""

_BEYOND_DOUBT = 20.0
"""An exponential model is surer of an end than anybody should be: its logit counts up to here."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What all ties of a mailbox together say of its owner (`syncd.pipeline.owner` learns it).

    `days` are those (since the epoch, oldest first) on which they wrote to or met anybody; `lean` is by how much the
    logit of every silence is moved, because theirs used to end more often than others' (below 0) or less often.
    """

    days: Sequence[int] = ()
    lean: float = 0.0


def chance_of_silence(days: Iterable[int], now: float, owner: Owner, horizon: timedelta = HORIZON) -> float:
    """The chance, in 0..1, that nothing is exchanged from `now` (epoch seconds) until `horizon` is over.

    `days` are those of contact (since the epoch, oldest first, each once), none later than `now`. Somebody with whom
    nothing was ever exchanged stays quiet: 1.
    """
    known = tuple(days)
    if not known:
        return 1.0
    today = now / DAY
    logit = logit_of_silence(known, weeks_of(known)[-1], today, away(owner.days, today), horizon.total_seconds() / DAY)
    return 1.0 / (1.0 + math.exp(-logit - owner.lean))


def weeks_of(days: Sequence[int]) -> list[int]:
    """In how many weeks each day and those before it lie; the days oldest first."""
    begins = (day // 7 != before // 7 for before, day in pairwise(days))
    return list(accumulate(begins, initial=1))


def away(days: Sequence[int], today: float) -> float:
    """For how many days an owner active on `days` wrote to and met nobody; 0 when they never did: nothing is known."""
    known = bisect_right(days, today)
    return today - days[known - 1] if known else 0.0


def logit_of_silence(days: Sequence[int], weeks: int, today: float, away: float, ahead: float) -> float:
    """The logit of the chance that nothing is exchanged within the days `ahead`, before an owner's own past is asked.

    `days` lie in so many `weeks`. `today` is in days since the epoch, its fraction the time of day; none of `days` is
    later. The logit is a sum of

    - presence: the logarithm of the sum of 1 / (age + 1) over the days of contact. The odds of a return fall as a power
      of the silence, and each day of contact adds its own (Anderson and Schooler, Psychological Science 2 (1991));
    - the logit of the same chance by MBG/NBD (Batislam, Denizel and Filiztekin, Int. J. of Research in Marketing 24
      (2007)): a steady rate until the tie ends, which knows that a silence says more of a lively tie;
    - the logarithm of the number of weeks with contact: what is spread over time lasts (Ureña-Carrion, Saramäki and
      Kivelä, EPJ Data Science 9 (2020));
    - the logarithm of 1 + the days for which the owner has been `away` from everybody;
    - the logarithm of how far `ahead` is looked.
    """
    tomorrow = today + 1.0
    presence = sum([1.0 / (tomorrow - day) for day in days])
    first, last = days[0], days[-1]
    return (
        _CONSTANT
        + _PRESENCE * math.log(presence)
        + _STEADY * _steady(len(days), last - first, max(0.0, today - last), ahead)
        + _WEEKS * math.log(weeks)
        + _AWAY * math.log1p(away)
        + _AHEAD * math.log(ahead / _FITTED_AHEAD)
    )


def _steady(exchanges: int, span: int, silence: float, ahead: float) -> float:
    """MBG/NBD: the logit of no exchange in the days `ahead`, after so many within `span` days and then a `silence`."""
    shape, known = _RATE + exchanges - 1, _RATE_DAYS + span + silence
    ended = math.log(_DYING / (_LIVING + exchanges - 1)) + shape * math.log(known / (_RATE_DAYS + span))
    returns = -math.expm1(-shape * math.log1p(ahead / known))
    return min(_BEYOND_DOUBT, math.log(math.exp(min(ended, _BEYOND_DOUBT)) + 1.0 - returns) - math.log(returns))

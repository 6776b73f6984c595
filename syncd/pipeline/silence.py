"""The chance that a tie stays quiet: the one probability that the states and the digest are decided by.

A closed form of four numbers with documented coefficients, fitted on contact histories of people nobody here knows
(docs/decisions/0020-the-chance-of-silence.md). Without a new exchange of anybody's it never falls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

DAY = 86400.0

HORIZON = timedelta(days=60)
"""`Tie.p_alive` is the chance of an exchange within this time."""

_PRESENCE = -0.63
_DEATH = 0.185
_WEEKS = -0.40
_OWNER_SILENT = 0.22
_HORIZON = -0.76
_CONSTANT = -0.35

_RATE, _RATE_DAYS = 0.3, 6.0
_LIVING, _DYING = 2.0, 1.0
"""MBG/NBD: rates are gamma(0.3, 6 days) among ties, the chance to end at an exchange is beta(1, 2)."""

_BARELY = 1e-6
_BEYOND_DOUBT = 50.0


@dataclass(frozen=True, slots=True)
class Owner:
    """What all ties of a mailbox say together: since when its owner wrote to nobody and met nobody (epoch seconds)."""

    last_active: float | None = None


def chance_of_silence(days: Collection[int], now: float, owner: Owner, horizon: timedelta = HORIZON) -> float:
    """The chance, in 0..1, that nothing is exchanged from `now` (epoch seconds) until `horizon` is over.

    `days` are the days of contact up to `now` (days since the epoch, each once). The logit is a sum of

    - presence: the logarithm of the sum of 1 / (age + 1) over the days of contact. The odds of a return fall as a power
      of the silence, and each day of contact adds its own (Anderson and Schooler, Psychological Science 2 (1991));
    - the logit of the same chance by MBG/NBD (Batislam, Denizel and Filiztekin, Int. J. of Research in Marketing 24
      (2007)): a steady rate until the tie ends, which knows that a long silence says more of a lively tie;
    - the logarithm of the number of weeks with contact: what is spread over time lasts (Urena-Carrion, Saramäki and
      Kivelä, EPJ Data Science 9 (2020));
    - the logarithm of 1 + the days since the owner wrote to or met anybody;
    - the logarithm of the horizon.

    Somebody with whom nothing was ever exchanged stays quiet: 1.
    """
    if not days:
        return 1.0
    today = now / DAY + 1.0
    presence = math.fsum([1.0 / max(1.0, today - day) for day in days])
    first, last = min(days), max(days)
    weeks = len({day // 7 for day in days})
    ahead = horizon.total_seconds() / DAY
    away = max(0.0, now - owner.last_active) / DAY if owner.last_active is not None else 0.0
    logit = (
        _CONSTANT
        + _PRESENCE * math.log(presence)
        + _DEATH * _logit(_steady(len(days), last - first, max(0.0, now / DAY - last), ahead))
        + _WEEKS * math.log(weeks)
        + _OWNER_SILENT * math.log1p(away)
        + _HORIZON * math.log(ahead / (HORIZON.total_seconds() / DAY))
    )
    return 1.0 / (1.0 + math.exp(-logit))


def _steady(exchanges: int, span: int, silence: float, ahead: float) -> float:
    """MBG/NBD: the chance of no exchange in the days `ahead`, after so many within `span` days and then a `silence`."""
    shape, known = _RATE + exchanges - 1, _RATE_DAYS + span + silence
    ended = math.log(_DYING / (_LIVING + exchanges - 1)) + shape * math.log(known / (_RATE_DAYS + span))
    returns = -math.expm1(shape * math.log(known / (known + ahead)))
    return 1.0 - returns / (1.0 + math.exp(min(ended, _BEYOND_DOUBT)))


def _logit(chance: float) -> float:
    within = min(max(chance, _BARELY), 1.0 - _BARELY)
    return math.log(within / (1.0 - within))

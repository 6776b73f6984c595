"""What a measure rests on, in one sentence: so many exchanges, how often, how long quiet, what came of such silences.

It is what `syncd explain` shows; the digest has sentences of its own (`syncd.pipeline.phrases`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from syncd.pipeline.silence import DAY, HORIZON, away
from syncd.pipeline.spans import elapsed, usual, wanted

if TYPE_CHECKING:
    from datetime import timedelta

    from syncd.pipeline.score import History
    from syncd.pipeline.silence import Owner

_A_SILENCE = 2 * DAY
_ENOUGH_SILENCES = 2
_WORTH_SAYING_AWAY = 7
_WORTH_SAYING_LEAN = 0.5


class Measured(NamedTuple):
    """What was found of a tie on a day: the usual silence, the one it is held against, the chance of an exchange."""

    rhythm: timedelta | None
    cadence: timedelta | None
    p_alive: float


def proof_of(history: History, found: Measured, owner: Owner, now: datetime) -> str:
    """The sentence; `history` must hold something, and nothing later than `now`."""
    seconds = now.timestamp()
    parts = (
        _exchanged(history, now),
        f"about every {usual(found.rhythm)}" if found.rhythm else "",
        _unanswered(history, seconds),
        f"quiet for {elapsed((seconds - history.quiet_since) / DAY)}",
        _such_silences(history, seconds - history.last),
        f"held against {wanted(found.cadence)}" if found.cadence else "",
        _owner_away(owner, seconds / DAY),
        f"{found.p_alive:.0%} chance of another within {HORIZON.days} days{_leaning(owner)}",
    )
    return "; ".join(part for part in parts if part) + "."


def _exchanged(history: History, now: datetime) -> str:
    sides = f"{history.sent} sent, {history.received} received, {history.met} met"
    months = _count(len(history.months), "month")
    return f"{_count(history.exchanges, 'exchange')} ({sides}) in {months} since {_month(history.first, now)}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _month(seconds: float, now: datetime) -> str:
    first = datetime.fromtimestamp(seconds, UTC)
    return f"{first:%B}" if first.year == now.year else f"{first:%B %Y}"


def _unanswered(history: History, seconds: float) -> str:
    if not history.unanswered:
        return ""
    written = f", the last {elapsed((seconds - history.last) / DAY)} ago"
    return f"{history.unanswered} of yours unanswered{written if history.quiet_since < history.last else ''}"


def _such_silences(history: History, silence: float) -> str:
    """How many of the silences between two conversations lasted as long as this one has; each of them ended."""
    if silence <= _A_SILENCE or len(history.gaps) < _ENOUGH_SILENCES:
        return ""
    as_long = sum(gap >= silence for gap in history.gaps)
    if not as_long:
        return f"none of the {len(history.gaps)} silences before lasted as long"
    return f"{as_long} of the {len(history.gaps)} silences before lasted as long and ended by {_itself(as_long)}"


def _itself(number: int) -> str:
    return "itself" if number == 1 else "themselves"


def _owner_away(owner: Owner, today: float) -> str:
    days = away(owner.days, today)
    return f"you were in touch with nobody for {elapsed(days)}" if days >= _WORTH_SAYING_AWAY else ""


def _leaning(owner: Owner) -> str:
    if abs(owner.lean) < _WORTH_SAYING_LEAN:
        return ""
    return f" (your silences end {'less' if owner.lean > 0 else 'more'} often than most)"

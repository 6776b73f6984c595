"""How strong a tie is, how often two people usually talk, and the chance that they will again.

Plain arithmetic on epoch seconds, one pass over a person's exchanges. Nothing here rises while nothing happens: every
term depends on the day only through the age of what was exchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from syncd.model import Direction, InteractionKind, Role, Tie, TieState, VerdictKind
from syncd.pipeline.proof import Measured, proof_of
from syncd.pipeline.silence import DAY, Owner, chance_of_silence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from syncd.model import Touch

MAIL_WEIGHT = 1.0
MEETING_WEIGHT = 2.0
ASIDE_WEIGHT = 0.5
"""A mail through a list, or one of mine that has them only in Cc."""

PAUSE = 2 * DAY
"""Exchanges no further apart than this are one conversation."""

_FORGETTING = -0.7
_HALF_STRENGTH = 0.5
_STRANGER = 0.2

_GAPS_FOR_A_RHYTHM = 4
HARDLY_BACK = 0.1
"""A chance of an exchange within 60 days at which it is not waited for any longer (decision 22)."""

FOLLOWED_FOR = timedelta(days=45)
"""The longest silence in which a tie that is judged by its own past is left to itself, however likely a return is."""

_LEFT_ALONE = 30 * DAY

_COOLING_FROM = 0.75
_LOST_BELOW = 0.15
_LOST_CADENCES = 3
_LOST_SOONEST = 180 * DAY
_LOST_FOR_SURE = 365 * DAY
_WARM_ABOVE = 0.5
_COLD_BELOW = 0.25
_STREAK = 2
_ANSWER = 7 * DAY

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

# Bound once: looking a member up in its enum costs more than all else the loop over touches does with it.
_IN, _OUT, _MAIL, _LIST = Direction.IN, Direction.OUT, InteractionKind.MAIL, VerdictKind.LIST
_CC, _BCC = Role.CC, Role.BCC


@dataclass(frozen=True, slots=True)
class History:
    """What a person's exchanges add up to; the same on every day on which none is added.

    Times are epoch seconds, `gaps` the silences between conversations in seconds. `days` holds, oldest first, the
    weight of the weightiest exchange of each day of contact (days since the epoch); `months` counts exchanges by
    year * 12 + month - 1 (UTC). `unanswered` counts the days on which I wrote since their last sign of life, an answer
    to it within a week not counted. `quiet_since` is the last exchange, except that a second mail of mine into silence
    does not make it less quiet: then it is the last one before the unanswered. `mine` are the days on which I wrote to
    them or met them, oldest first; `mutual` is the day by which both had taken part, None when they never did.
    """

    sent: int = 0
    received: int = 0
    met: int = 0
    first: float = 0.0
    last: float = 0.0
    quiet_since: float = 0.0
    mutual: int | None = None
    unanswered: int = 0
    conversations: int = 0
    gaps: tuple[float, ...] = ()
    mine: tuple[int, ...] = ()
    days: Mapping[int, float] = field(default_factory=dict)
    months: Mapping[int, int] = field(default_factory=dict)

    @property
    def exchanges(self) -> int:
        """Mails of either side, meetings and talks."""
        return self.sent + self.received + self.met

    @property
    def both_ways(self) -> bool:
        """True when both have taken part: mail in both directions, or a meeting or talk."""
        return self.met > 0 or (self.sent > 0 and self.received > 0)


def history_of(touches: Sequence[Touch]) -> History:
    """What these touches, all of which count, oldest first, add up to."""
    if not touches:
        return History()
    sent = received = met = unanswered = month = 0
    conversations = 1
    previous = first = touches[0].until.timestamp()
    settled: float | None = None
    to_answer = -math.inf
    today = asked_on = -1
    days: dict[int, float] = {}
    mine: dict[int, None] = {}
    months: dict[int, int] = {}
    gaps: list[float] = []
    for touch in touches:
        when, direction, weight = touch.until.timestamp(), touch.direction, _weight(touch)
        day = int(when // DAY)
        if day != today:
            today, days[day] = day, weight
            month = _month_of(day)
        elif weight > days[day]:
            days[day] = weight
        months[month] = months.get(month, 0) + 1
        if when - previous > PAUSE:
            gaps.append(when - previous)
            conversations += 1
        previous = when
        if direction is _OUT:
            sent += 1
            mine[day] = None
            if day == asked_on or weight < MAIL_WEIGHT:
                continue
            asked_on = day
            if when - to_answer <= _ANSWER:
                to_answer, settled = -math.inf, when
            else:
                unanswered += 1
            continue
        if direction is _IN:
            received += 1
        else:
            met += 1
            mine[day] = None
        unanswered, asked_on, to_answer, settled = 0, -1, when, when
    return History(
        sent=sent,
        received=received,
        met=met,
        first=first,
        last=previous,
        quiet_since=previous if unanswered < _STREAK or settled is None else settled,
        mutual=_mutual_since(touches),
        unanswered=unanswered,
        conversations=conversations,
        gaps=tuple(gaps),
        mine=tuple(mine),
        days=days,
        months=months,
    )


def _mutual_since(touches: Iterable[Touch]) -> int | None:
    sides: set[Direction] = set()
    for touch in touches:
        sides.add(touch.direction)
        if len(sides) > 1 or touch.direction is Direction.MUTUAL:
            return int(touch.until.timestamp() // DAY)
    return None


def _weight(touch: Touch) -> float:
    if touch.kind is not _MAIL:
        return MEETING_WEIGHT
    aside = touch.verdict is _LIST or touch.role is _CC or touch.role is _BCC
    return ASIDE_WEIGHT if aside else MAIL_WEIGHT


@lru_cache(1 << 14)
def _month_of(day: int) -> int:
    calendar = date.fromordinal(_EPOCH_ORDINAL + day)
    return calendar.year * 12 + calendar.month - 1


def strength_of(history: History, now: float) -> float:
    """Tie strength in 0..1: how present somebody is in the owner's life on the day `now` (epoch seconds).

    The sum over days of contact of weight * age^-0.7 (base-level activation: Anderson and Schooler, "Reflections of the
    environment in memory", Psychological Science 2 (1991), found that the odds of a correspondent's next mail follow
    this power law), times the reciprocity of the mail (geometric over arithmetic mean of both directions), saturating:
    half for a conversation a month, 0.8 for one a week. Somebody with whom it never went both ways keeps a fifth.
    """
    today = now / DAY - 0.5
    presence = 0.0
    for day, weight in history.days.items():
        age = today - day
        presence += weight if age <= 0 else weight * math.pow(age + 1.0, _FORGETTING)
    mine, theirs = history.sent + history.met + 0.5, history.received + history.met + 0.5
    presence *= 2.0 * math.sqrt(mine * theirs) / (mine + theirs)
    strength = presence / (presence + _HALF_STRENGTH)
    return strength if history.both_ways else strength * _STRANGER


def rhythm_of(history: History) -> timedelta | None:
    """The usual silence between two conversations: the median, of the logarithms when two lie in the middle.

    None with fewer than four silences to learn from.
    """
    gaps = sorted(history.gaps)
    if len(gaps) < _GAPS_FOR_A_RHYTHM:
        return None
    middle = len(gaps) // 2
    return timedelta(seconds=gaps[middle] if len(gaps) % 2 else math.sqrt(gaps[middle - 1] * gaps[middle]))


@dataclass(frozen=True, slots=True)
class Pace:
    """How often is enough for a tie: `cadence` None is never; `follow` lets what came of such silences decide.

    Where it does, somebody is cold who has been silent for a month and will hardly be back by themselves, and everybody
    after 45 days: no later than the cadence. `placed` False: nobody said anything about this person, so that the
    chance of a return alone tells how it stands.
    """

    cadence: timedelta | None = None
    follow: bool = False
    placed: bool = False


def measure(person: str, history: History, pace: Pace, now: datetime, owner: Owner) -> Tie:
    """The measure of one tie on the day `now`; `history` must hold nothing later."""
    seconds = now.timestamp()
    if not history.exchanges:
        never = "You have never exchanged a word that counts."
        return Tie(person, 0.0, None, None, 0.0, TieState.COLD, never, cadence=pace.cadence)
    rhythm = rhythm_of(history)
    cadence = min(pace.cadence, FOLLOWED_FOR) if pace.cadence and pace.follow else pace.cadence
    p_alive = 1.0 - chance_of_silence(history.days, seconds, owner)
    state = _state(history, pace, p_alive, seconds)
    return Tie(
        person=person,
        strength=strength_of(history, seconds),
        rhythm=rhythm,
        last=datetime.fromtimestamp(history.last, UTC),
        p_alive=p_alive,
        state=state,
        reason=proof_of(history, Measured(rhythm, cadence, p_alive), owner, now),
        sent=history.sent,
        received=history.received,
        met=history.met,
        interactions=history.exchanges,
        unanswered=history.unanswered,
        months_active=len(history.months),
        cadence=cadence,
    )


def _untracked(p_alive: float, pace: Pace) -> TieState:
    if p_alive >= _WARM_ABOVE:
        return TieState.WARM
    if pace.placed or p_alive >= _COLD_BELOW:
        return TieState.COOLING
    return TieState.COLD if p_alive >= _LOST_BELOW else TieState.LOST


def _state(history: History, pace: Pace, p_alive: float, seconds: float) -> TieState:
    if pace.cadence is None:
        return _untracked(p_alive, pace)
    enough = pace.cadence.total_seconds()
    since_last, quiet = seconds - history.last, seconds - history.quiet_since
    long_ago = since_last > max(_LOST_CADENCES * enough, _LOST_SOONEST)
    if long_ago and (p_alive < _LOST_BELOW or since_last > _LOST_FOR_SURE):
        return TieState.LOST
    if pace.follow:
        enough = min(enough, FOLLOWED_FOR.total_seconds())
        cold = since_last > enough or (since_last > _LEFT_ALONE and p_alive <= HARDLY_BACK)
    else:
        cold = quiet > enough
    if cold:
        return TieState.COLD
    return TieState.COOLING if quiet > _COOLING_FROM * enough else TieState.WARM

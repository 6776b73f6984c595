"""How a relationship stands on a given day, and everything a digest or an explanation may say about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

    from syncd.model.concluded import Direction, Interaction, InteractionKind, Person, VerdictKind
    from syncd.model.observed import Role


@dataclass(frozen=True, slots=True)
class Touch:
    """An interaction from the side of one person: what scoring and the digest's sentences need of it."""

    interaction: int
    at: datetime
    until: datetime
    kind: InteractionKind
    direction: Direction
    verdict: VerdictKind
    role: Role  # theirs
    subject: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    accounts: tuple[str, ...] = ()  # where copies of it were seen
    address: str = ""  # the address of theirs that stood in it (normalized, literal)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is kept of a year (UTC) of exchanges with one address, once they are older than `privacy.history`.

    `first` and `last` are the ends of the first and the last one. `months` has a bit for each month with exchanges, the
    lowest for January; there was contact on so many `days`, in so many `weeks`, and the days weigh so much in sum
    (`pipeline.score`). `accounts` is where copies were seen, `names` what the address was called, with how often. All
    counts are 0 for an address that nothing came of, of somebody who is known by another one.
    """

    address: str
    year: int
    sent: int
    received: int
    met: int
    first: datetime
    last: datetime
    months: int = 0
    days: int = 0
    weeks: int = 0
    weight: float = 0.0
    accounts: tuple[str, ...] = ()
    names: tuple[tuple[str, int], ...] = ()

    @property
    def exchanges(self) -> int:
        """Mails of either side, and meetings."""
        return self.sent + self.received + self.met


class TieState(StrEnum):
    """How a relationship stands on a given day."""

    WARM = "warm"
    COOLING = "cooling"
    COLD = "cold"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Tie:
    """The measure of one relationship on one day.

    `strength` is in 0..1; `rhythm` is the learned usual gap, None when there is too little to learn from; `p_alive` in
    0..1 is the chance of an exchange within 60 days; `cadence` is the gap it is held against (None: not followed).
    """

    person: str
    strength: float
    rhythm: timedelta | None
    last: datetime | None
    p_alive: float
    state: TieState
    reason: str
    sent: int = 0
    received: int = 0
    met: int = 0
    interactions: int = 0
    unanswered: int = 0  # mails of mine in a row since their last sign of life
    months_active: int = 0
    cadence: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Relationship:
    """A person, how the tie stands, and everything a digest or an explanation may say about it."""

    person: Person
    tie: Tie
    circle: str  # "" when no rule matched
    because: str  # the rule and its config line, or why nobody follows this person
    followed: bool  # two-way contact, in a circle with a cadence, not muted, not ignored
    months: tuple[int, ...]  # exchanges in each of the last twelve months, oldest first
    first: datetime | None = None
    last_touch: Touch | None = None
    last_inbound: Touch | None = None  # the last mail of theirs that was a conversation
    last_outbound: Touch | None = None  # the last mail of mine to them
    next_meeting: datetime | None = None
    former: str = ""  # the job we shared, when one of us has left it
    left_on: date | None = None  # the day that job ended
    company: str = ""
    company_since: date | None = None
    birthday: str = ""  # MM-DD or YYYY-MM-DD
    tags: tuple[str, ...] = ()
    muted: bool = False
    snoozed_until: date | None = None
    yearly: tuple[tuple[int, int], ...] = ()  # (year, exchanges)
    accounts: tuple[str, ...] = ()  # every account this person was seen in
    last_met: datetime | None = None  # the end of the last meeting or talk
    quiet_since: datetime | None = None  # since when nothing has come of it: what a gap is counted from
    new_address: str = ""  # the address they moved to lately
    new_address_since: date | None = None
    they_left: bool = False  # who left the job we shared: they, or the owner
    goodbye_on: date | None = None  # the day of their goodbye mail
    shared: Touch | None = None  # the last wide meeting both were at, if later than the last contact


@dataclass(frozen=True, slots=True)
class Appointment:
    """A meeting of today, and the people in it."""

    meeting: Interaction
    people: tuple[str, ...]

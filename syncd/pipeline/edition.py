"""The day a digest is written for: its date in the owner's zone, what was shown before, and whom it may name.

What the sections share about people lives here: who is hidden, who was just met or will be soon, how to call them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncd.pipeline.freshness import Freshness
from syncd.pipeline.score import FOLLOWED_FOR
from syncd.pipeline.spans import Span, elapsed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, tzinfo

    from syncd.model import Phrase, Relationship
    from syncd.pipeline.policy import Policy

_DAY = 86400.0

GROWN_BY = 0.75
"""A silence that somebody was shown in has to grow by this part of itself before they are shown in it again."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One day's digest in the making.

    `shown` says when a person (by id) was last named; `sources` how far the accounts can be trusted, `met_today` holds
    the ids of those who stand in today's agenda.
    """

    policy: Policy
    now: datetime
    zone: tzinfo
    shown: Mapping[str, date]
    sources: Freshness = field(default_factory=Freshness)
    met_today: frozenset[str] = frozenset()

    @property
    def today(self) -> date:
        """The owner's local date."""
        return self.day_of(self.now)

    def day_of(self, moment: datetime) -> date:
        """The owner's local date of a moment."""
        return moment.astimezone(self.zone).date()

    def since(self, moment: datetime) -> Span:
        """How long ago a moment is, in words of whole local days."""
        return elapsed((self.today - self.day_of(moment)).days)

    def days_since(self, moment: datetime) -> float:
        """How long ago a moment is, in days."""
        return (self.now - moment).total_seconds() / _DAY

    def is_hidden(self, one: Relationship) -> bool:
        """Whether somebody must not be named at all: let go, ignored or snoozed."""
        return one.muted or one.snoozed_until is not None

    def just_talked(self, one: Relationship) -> bool:
        """Whether there was contact within the last `soon` days."""
        return one.tie.last is not None and self.now - one.tie.last <= self.policy.digest.soon

    def meeting_soon(self, one: Relationship) -> date | None:
        """The day of a meeting within the next `soon` days."""
        if one.person.id in self.met_today:
            return self.today
        ahead = one.next_meeting
        return self.day_of(ahead) if ahead and ahead - self.now <= self.policy.digest.soon else None

    def rests_until(self, one: Relationship) -> date | None:
        """The day before which somebody shown does not come back; None when free to be shown.

        Where their own past is what counts, a silence they were shown in has to grow first: what was left
        unheeded is not asked for at the same pace for ever.
        """
        seen = self.shown.get(one.person.id)
        if seen is None:
            return None
        back_on = seen + self.policy.digest.repeat_after
        if one.tie.last and self.shown_in_this_silence(one) and self.judges_by_past(one):
            back_on = max(back_on, seen + (seen - self.day_of(one.tie.last)) * GROWN_BY)
        return back_on if back_on > self.today else None

    def shown_in_this_silence(self, one: Relationship) -> bool:
        """Whether somebody was shown, and nothing was exchanged since."""
        seen = self.shown.get(one.person.id)
        return seen is not None and one.tie.last is not None and self.day_of(one.tie.last) <= seen

    def judges_by_past(self, one: Relationship) -> bool:
        """Whether what became of silences decides about somebody, rather than a length of time that the owner gave."""
        circle = self.policy.circle(one.circle)
        if circle is None or circle.cadence is None or not circle.follow:
            return False
        return one.tie.cadence == min(circle.cadence, FOLLOWED_FOR)

    def doubt(self, one: Relationship) -> Phrase | None:
        """Why nothing may be claimed about somebody: they may have been in touch where nobody has looked."""
        return self.sources.doubt(one.accounts, self.zone)


def first_name(name: str) -> str:
    """What to call somebody: the first word of the name that is no initial, title or address; else all of it."""
    words = name.split()
    for word in words[:-1]:
        if not word.endswith(".") and len(word) > 1 and "@" not in word:
            return word
    return name

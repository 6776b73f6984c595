"""A person and everything that a digest or an explanation may say about them, as of one day.

Pure: only what is over by `now` counts, so that any past or future day can be asked for; a meeting ahead is named as
such. The order in which touches are handed over does not matter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd.model import Direction, InteractionKind, Relationship, Role, Tie, TieState, Touch, VerdictKind
from syncd.pipeline.careers import shared_job
from syncd.pipeline.circles import Candidate, assign, settings_of, words_of
from syncd.pipeline.conversation import conversation, in_order
from syncd.pipeline.owner import Contact, owner_of
from syncd.pipeline.recall import recalled
from syncd.pipeline.score import History, Pace, history_of, measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, tzinfo

    from syncd.model import Decision, Person, Tally
    from syncd.pipeline.policy import Policy
    from syncd.pipeline.silence import Owner

_BARS = 12
_NEWS = timedelta(days=60)
"""How long a new address is news, and for how long the old one must have been the only one."""

_UNMEASURED = Tie("", 0.0, None, None, 0.0, TieState.COLD, "")
"""Stands in for the measure until the owner is known."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that one history says of a relationship on a day; the measure of the tie also takes the owner."""

    history: History
    _pace: Pace
    _unmeasured: Relationship

    def measured(self, owner: Owner, now: datetime) -> Relationship:
        """The relationship, the tie measured on the day `now` as one of this owner's."""
        tie = measure(self._unmeasured.person.id, self.history, self._pace, now, owner)
        return replace(self._unmeasured, tie=tie)


def relate(known: Iterable[Known], now: datetime) -> list[Relationship]:
    """How the owner stands with everybody on the day of `now`, for which all of them are known, in their order.

    The ties are measured beside each other: together they say when the owner was there, and how often silences end.
    """
    everybody = tuple(known)
    owner = owner_of([Contact(tuple(one.history.days), one.history.mine, one.history.mutual) for one in everybody])
    return [one.measured(owner, now) for one in everybody]


def know(
    person: Person,
    touches: Sequence[Touch],
    words: Sequence[Decision],
    policy: Policy,
    now: datetime,
    folded: Sequence[Tally] = (),
) -> Known:
    """What is known of `person` on the day of `now`; `words` are the decisions about this person.

    `folded` is what came before `touches` and is only counted any more.

    Followed is somebody with whom it went both ways (mail in both directions, a meeting, or the owner's word that they
    talked), who has a cadence and is neither muted nor ignored.
    """
    zone = ZoneInfo(policy.me.time_zone)
    today = now.astimezone(zone).date()
    said = words_of(words)
    past = in_order(touch for touch in touches if touch.until <= now)
    folded = [one for one in folded if one.last <= now]
    counted = conversation(person, past, policy.ignore, folded)
    if said.talked:
        talks = (_talk(day, zone, now) for day in said.talked if day <= today)
        counted = in_order((*counted, *talks))
    history = recalled(history_of(counted), folded)
    known = in_order((*(echo for one in folded for echo in _echoes(one)), *past)) if folded else past
    job = shared_job(person.addresses, known, policy, now, zone) if policy.me.jobs else None
    settings = settings_of(person.addresses, policy.people) if policy.people else None
    placement = assign(Candidate(person.addresses, history, job), said, settings, policy)
    moved = _new_address(counted, now) if len(person.addresses) > 1 else None
    months = history.months
    this_month = today.year * 12 + today.month - 1
    relationship = Relationship(
        person=person,
        tie=_UNMEASURED,
        circle=placement.circle,
        because=placement.because,
        followed=history.both_ways
        and placement.pace.cadence is not None
        and not placement.muted
        and not placement.ignored,
        months=tuple([months.get(month, 0) for month in range(this_month - _BARS + 1, this_month + 1)]),
        first=min((*(one.first for one in folded if one.exchanges), *(one.until for one in counted[:1])), default=None),
        last_touch=counted[-1] if counted else None,
        last_inbound=_last_letter(counted, Direction.IN),
        last_outbound=_last_letter(counted, Direction.OUT),
        next_meeting=_next_meeting(touches, now),
        former=job.job if job and job.former else "",
        left_on=job.left_on if job else None,
        company=settings.company if settings and settings.company else job.job if job and not job.former else "",
        company_since=settings.company_since if settings else None,
        birthday=settings.birthday if settings else "",
        tags=said.tags,
        muted=placement.muted or placement.ignored,
        snoozed_until=said.snoozed_until if said.snoozed_until and said.snoozed_until > today else None,
        yearly=_yearly(history),
        accounts=_accounts(past, folded),
        last_met=next((touch.until for touch in reversed(counted) if touch.kind is not InteractionKind.MAIL), None),
        quiet_since=datetime.fromtimestamp(history.quiet_since, UTC) if history.exchanges else None,
        new_address=moved[0] if moved else "",
        new_address_since=moved[1].astimezone(zone).date() if moved else None,
        they_left=job.they_left if job else False,
        goodbye_on=job.left_on if job and job.goodbye else None,
        shared=_shared(past, counted),
    )
    return Known(history, placement.pace, relationship)


def _accounts(past: Sequence[Touch], folded: Sequence[Tally]) -> tuple[str, ...]:
    found = {account for touch in past for account in touch.accounts}
    return tuple(sorted(found.union(*(one.accounts for one in folded))))


def _echoes(tally: Tally) -> Iterator[Touch]:
    """The ends of a folded year in which somebody wrote or was met: when an address was in use, and no more."""
    if tally.received or tally.met:
        for at in (tally.first, tally.last):
            yield Touch(
                0, at, at, InteractionKind.MAIL, Direction.IN, VerdictKind.HUMAN, Role.FROM, address=tally.address
            )


def _talk(day: date, zone: tzinfo, now: datetime) -> Touch:
    """The owner's word that they talked that day: later than whatever was written on it."""
    at = min(now, datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC))
    return Touch(0, at, at, InteractionKind.TALK, Direction.MUTUAL, VerdictKind.HUMAN, Role.TO)


def _last_letter(counted: Sequence[Touch], direction: Direction) -> Touch | None:
    """The last mail of one side that was not a contribution to a list."""
    return next(
        (
            touch
            for touch in reversed(counted)
            if touch.direction is direction
            and touch.kind is InteractionKind.MAIL
            and touch.verdict is not VerdictKind.LIST
        ),
        None,
    )


def _next_meeting(touches: Iterable[Touch], now: datetime) -> datetime | None:
    return min(
        (
            touch.at
            for touch in touches
            if touch.until > now and touch.kind is InteractionKind.MEETING and touch.verdict is VerdictKind.HUMAN
        ),
        default=None,
    )


def _shared(past: Sequence[Touch], counted: Sequence[Touch]) -> Touch | None:
    """The last meeting of many at which both were, when nothing was exchanged since."""
    for touch in reversed(past):
        if counted and touch.until <= counted[-1].until:
            return None
        if touch.kind is InteractionKind.MEETING and touch.verdict is VerdictKind.WIDE:
            return touch
    return None


def _new_address(counted: Sequence[Touch], now: datetime) -> tuple[str, datetime] | None:
    """The address from which they write now, and since when, if it is news and they wrote from another one before."""
    first: dict[str, datetime] = {}
    latest = ""
    for touch in counted:
        if touch.address and touch.direction is Direction.IN:
            first.setdefault(touch.address, touch.at)
            latest = touch.address
    if len(first) < 2:  # noqa: PLR2004 - one address cannot be a new one
        return None
    since = first.pop(latest)
    if now - since <= _NEWS and min(first.values()) <= since - _NEWS:
        return latest, since
    return None


def _yearly(history: History) -> tuple[tuple[int, int], ...]:
    years: Counter[int] = Counter()
    for month, exchanges in history.months.items():
        years[month // 12] += exchanges
    return tuple(sorted(years.items()))

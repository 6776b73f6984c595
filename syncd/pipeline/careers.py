"""Who shares a job with the owner, and who did until one of the two left it.

A job is a set of domains and two dates. That the owner left is written in the configuration; that somebody else left is
concluded only when it can be proven from headers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.model import Direction, InteractionKind, Role
from syncd.pipeline.normalize import domain_of, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime, tzinfo

    from syncd.model import Touch
    from syncd.pipeline.policy import Job, Policy

_SILENT_SINCE = timedelta(days=14)
_NEW_ADDRESS = timedelta(days=30)
_GOODBYE_BEFORE_THE_LAST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SharedJob:
    """A job that the owner and somebody share, or shared until `left_on`.

    `they_left` says which of the two went; `goodbye` that they took leave by mail that day.
    """

    job: str
    because: str
    left_on: date | None = None
    they_left: bool = False
    goodbye: bool = False

    @property
    def former(self) -> bool:
        """True when one of the two has left."""
        return self.left_on is not None


def in_domains(patterns: Sequence[str], addresses: Iterable[str]) -> tuple[str, ...]:
    """The addresses whose domain fits one of `patterns`; a subdomain only where one says so (`*.arup.example`)."""
    return tuple(one for one in addresses if any(matches(pattern, domain_of(one)) for pattern in patterns))


def shared_job(
    addresses: Sequence[str], touches: Sequence[Touch], policy: Policy, now: datetime, zone: tzinfo
) -> SharedJob | None:
    """The job that connects the owner with somebody on the day of `now`.

    A present one wins over a former one, the one left last over the others. `touches` must hold nothing later.
    """
    today = now.astimezone(zone).date()
    former: SharedJob | None = None
    for job in policy.me.jobs:
        there = in_domains(job.domains, addresses) if job.since is None or job.since <= today else ()
        if not there:
            continue
        if job.until is not None and job.until < today:
            found = SharedJob(job.name, f"you left {job.name} on {job.until}", job.until)
        else:
            found = _their_leaving(job, frozenset(there), touches, policy.goodbyes, now, zone)
            if not found.former:
                return found
        if former is None or (former.left_on and found.left_on and former.left_on < found.left_on):
            former = found
    return former


def _is_theirs(touch: Touch) -> bool:
    return touch.kind is not InteractionKind.MAIL or (touch.direction is Direction.IN and touch.role is Role.FROM)


def _their_leaving(
    job: Job, there: frozenset[str], touches: Sequence[Touch], goodbyes: Sequence[str], now: datetime, zone: tzinfo
) -> SharedJob:
    """Whether they left a job that the owner still has: they said so, or another address took over for good."""
    colleague = SharedJob(job.name, f"{min(there)} is at {job.name}")
    seen = [touch for touch in touches if _is_theirs(touch)]
    at_work = [touch for touch in seen if touch.address in there]
    if not at_work or now - at_work[-1].until < _SILENT_SINCE:
        return colleague
    last = at_work[-1].until
    left_on = last.astimezone(zone).date()
    for touch in reversed(at_work):
        if last - touch.at > _GOODBYE_BEFORE_THE_LAST:
            break
        if touch.kind is InteractionKind.MAIL and any(word in touch.subject.casefold() for word in goodbyes):
            said_on = touch.at.astimezone(zone).date()
            return SharedJob(
                job.name, f'they said goodbye on {said_on}: "{touch.subject}"', said_on, they_left=True, goodbye=True
            )
    first_seen: dict[str, datetime] = {}
    for touch in seen:
        if touch.address and touch.kind is InteractionKind.MAIL and touch.address not in there:
            first = first_seen.setdefault(touch.address, touch.at)
            if touch.at > last and first > last - _NEW_ADDRESS:
                because = f"nothing from {job.name} since {left_on}, and {touch.address} took over"
                return SharedJob(job.name, because, left_on, they_left=True)
    return colleague

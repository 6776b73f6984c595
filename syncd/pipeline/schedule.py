"""When a digest is due and how long to wait after a failure: pure functions of the time and the last success.

Wall-clock times are the owner's. An hour that a clock change skips moves on with the clock, of one that comes twice the
first counts (PEP 495, fold 0).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from syncd.pipeline.policy import DigestPolicy, Policy

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_OBEYED = timedelta(hours=24)
"""A server that asks for a longer pause is not obeyed further than this."""

_JITTER = 0.5
_ONE_DAY = timedelta(days=1)
_YEARS_AHEAD = 366 * 10


def digest_due(now: datetime, last: date | None, policy: Policy) -> date | None:
    """The local date whose digest is to be written now, or None.

    Only today's: a missed day is not made up for. Due from the configured hour to the end of the day, once (`last` is
    the day of the newest digest), on the configured days of the week, and not in a pause.
    """
    today = now.astimezone(ZoneInfo(policy.me.time_zone)).date()
    if last is not None and last >= today:
        return None
    if not _is_day(today, policy.digest) or now < instant_of(today, policy):
        return None
    return today


def next_digest(now: datetime, last: date | None, policy: Policy) -> datetime:
    """When the next digest will be due, in UTC: `now` or earlier when one already is.

    Raises ValueError when the pauses leave no day within ten years.
    """
    today = now.astimezone(ZoneInfo(policy.me.time_zone)).date()
    for day in _days_from(today):
        if (last is None or last < day) and _is_day(day, policy.digest):
            return instant_of(day, policy)
    raise ValueError("The pauses in [digest] leave no day for a digest in the next ten years.")


def instant_of(day: date, policy: Policy) -> datetime:
    """The instant, in UTC, at which the digest of a local day is due."""
    local = datetime.combine(day, policy.digest.at, ZoneInfo(policy.me.time_zone))
    return local.astimezone(UTC)


def _days_from(today: date) -> Iterator[date]:
    for ahead in range(_YEARS_AHEAD):
        yield today + ahead * _ONE_DAY


def _is_day(day: date, digest: DigestPolicy) -> bool:
    return day.weekday() in digest.days and not any(first <= day <= last for first, last in digest.pause)


def back_off(failures: int, jitter: float, retry_after: timedelta | None = None) -> timedelta:
    """How long to wait after so many failures in a row (1 or more): 30 s, doubling to 6 h.

    `jitter` in 0..1 spreads the wait over its upper half, so that accounts which failed together do not return
    together. A `retry_after` of the server is the least that is waited, up to 24 h.
    """
    doublings = min(max(failures, 1) - 1, 32)
    wait = min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))
    spread = wait * (1 - _JITTER * min(max(jitter, 0.0), 1.0))
    return max(spread, min(retry_after, LONGEST_OBEYED)) if retry_after is not None else spread

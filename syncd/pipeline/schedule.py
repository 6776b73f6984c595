"""When an account is read, a digest is due, how long a failure waits: pure functions of the time and of what was last.

Wall-clock times are the owner's. An hour that a clock change skips moves on with the clock, of one that comes twice the
first counts (PEP 495, fold 0).
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd.model import AccountStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from syncd.model import Account
    from syncd.pipeline.policy import DigestPolicy, Policy

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_OBEYED = timedelta(hours=24)
"""A server that asks for a longer pause is not obeyed further than this."""
PAUSED_FOR = timedelta(days=1)
"""An account that waits for its owner is tried so often, in case somebody mended it elsewhere."""

DIGEST_PATIENCE = timedelta(minutes=10)
"""A digest that is due waits so long for what accounts have to say first, and for a network that is coming up."""

_JITTER = 0.5
_POLL_JITTER = 0.1
_PAUSED = (AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED)
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


def day_ends(now: datetime, policy: Policy) -> datetime:
    """When the owner's present day is over, in UTC."""
    zone = ZoneInfo(policy.me.time_zone)
    return datetime.combine(now.astimezone(zone).date() + _ONE_DAY, time(), zone).astimezone(UTC)


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


def next_poll(account: Account, last: datetime | None, every: timedelta, jitter: float, now: datetime) -> datetime:
    """When an account is to be read next: `now` or earlier when it is due. Quiet hours are not thought of.

    `last` is the last try, as far as anybody knows. None means due; so does one that lies in the future, since the
    clock went back: nobody waits a day for it to catch up. `jitter` in 0..1 spreads `every` over +-10 %. A pause that
    the source asked for holds, up to 24 h.
    """
    if last is not None and last > now:
        return now
    due = now if last is None else last + _rest(account, every, jitter)
    if account.retry_at and account.retry_at <= now + LONGEST_OBEYED:
        due = max(due, account.retry_at)
    return due


def _rest(account: Account, every: timedelta, jitter: float) -> timedelta:
    if account.status in _PAUSED:
        return PAUSED_FOR
    if account.failures:
        return back_off(account.failures, jitter)
    return every * (1 + _POLL_JITTER * (2 * min(max(jitter, 0.0), 1.0) - 1))


def quiet_until(now: datetime, hours: tuple[time, time] | None, zone: ZoneInfo) -> datetime | None:
    """The end, in UTC, of the quiet hours that `now` lies in; None outside of them.

    They begin at the first time and end right before the last, which may be one of the next day.
    """
    if hours is None:
        return None
    first, last = hours
    today = now.astimezone(zone).date()
    for day in (today - _ONE_DAY, today):
        begin = datetime.combine(day, first, zone).astimezone(UTC)
        end = datetime.combine(day + _ONE_DAY if last <= first else day, last, zone).astimezone(UTC)
        if begin <= now < end:
            return end
    return None


def holds_back_digest(account: Account, every: timedelta, now: datetime) -> bool:
    """True for an account that a due digest waits for, since it may have something to say within minutes.

    One that was read within its interval has said it. One in its first sync, one that waits for its owner or was asked
    to wait, and one that has failed for longer than the digest's patience would hold the digest up in vain.
    """
    if account.last_sync is None or account.status in _PAUSED or (account.retry_at and account.retry_at > now):
        return False
    if account.failing_since and now - account.failing_since > DIGEST_PATIENCE:
        return False
    return not timedelta() <= now - account.last_sync <= every * (1 + _POLL_JITTER)

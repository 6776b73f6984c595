"""Which accounts are behind, what the digest says about it, and which claims have to wait for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.model import AccountStatus, Entry
from syncd.pipeline import phrases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from syncd.model import Phrase, Source

STALE_AFTER = timedelta(days=2)
"""Without a successful sync for this long an account is behind, whatever its status says."""

_FAILING_GRACE = timedelta(days=1)
_PAUSED = (AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED)


def stale_accounts(sources: Sequence[Source], now: datetime) -> frozenset[str]:
    """The accounts whose silence proves nothing.

    Those that wait for the owner, were not read for two days (a day when reading fails), or not yet to their end.
    """
    return frozenset(source.account for source in sources if _is_stale(source, now))


def _is_stale(source: Source, now: datetime) -> bool:
    if source.last_sync is None or source.status in _PAUSED:
        return True
    patience = _FAILING_GRACE if source.status is AccountStatus.FAILING else STALE_AFTER
    return now - source.last_sync > patience


def notices(sources: Sequence[Source], now: datetime, zone: tzinfo) -> tuple[Entry, ...]:
    """One entry for each account that is stale or failing: since when (`at`), and what to do.

    An account that nobody tried to read yet, or whose first reading is still under way, is no trouble.
    """
    return tuple(
        Entry("", (_notice(source, zone),), at=_began(source))
        for source in sources
        if source.status is AccountStatus.FAILING
        or (_is_stale(source, now) and source.status is not AccountStatus.FIRST_SYNC and not _untried(source))
    )


def _untried(source: Source) -> bool:
    return source.last_sync is None and not source.error and source.status not in _PAUSED


def _began(source: Source) -> datetime | None:
    """When the trouble began, as far as it is known."""
    if source.failing_since:
        return source.failing_since
    return source.last_sync + STALE_AFTER if source.last_sync else None


def _notice(source: Source, zone: tzinfo) -> Phrase:
    hint = source.hint or f"Type: syncd sync {source.account}"
    if source.last_sync is None:
        return phrases.notice_never(source.account, source.error, hint)
    since = source.last_sync.astimezone(zone).date()
    if source.status is AccountStatus.SIGN_IN:
        return phrases.notice_sign_in(source.account, since, hint)
    return phrases.notice_stale(source.account, since, source.error, hint)

"""What each claim of a digest rests on: which sources are behind, what is said about it, and who waits for them.

A claim that somebody is going quiet, waits or is lost could be falsified by every source that ever showed them, "never
met" by every calendar, a meeting by the calendars that hold it, a birthday by none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.model import AccountStatus, Entry
from syncd.pipeline.phrases import caveats

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime, tzinfo

    from syncd.model import Phrase, Source

STALE_AFTER = timedelta(days=2)
"""Without a successful sync for this long an account is behind, whatever its status says."""

BROKEN_AFTER = timedelta(days=1)
"""Trouble that lasts longer is worth a mail of its own, and what the account said last no longer holds."""

BLIND_AT_MOST = timedelta(days=3)
"""A source that was never read could falsify every claim; one in trouble is not waited for any longer than this."""

_PAUSED = (AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED)
_NEVER_TO_ITS_END = (AccountStatus.NEW, AccountStatus.FIRST_SYNC)
_WAITED_FOR = frozenset({caveats.source_stale.__name__, caveats.source_never.__name__, caveats.source_reading.__name__})


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the sources of a day can be trusted.

    `behind` are those whose silence proves nothing, `blind` those among them of which so little was ever read that
    anybody may be in them, `reading` those whose first reading goes on, `watched` all that are in the configuration.
    Without any, nothing is doubted.
    """

    behind: tuple[Source, ...] = ()
    blind: tuple[Source, ...] = ()
    reading: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()

    def doubt(self, accounts: Collection[str], zone: tzinfo) -> Phrase | None:
        """Why nothing may be said of somebody who was seen in `accounts`; None when it may."""
        for source in (*(one for one in self.behind if one.account in accounts), *self.blind):
            return self._why(source, zone)
        return self._gone(accounts)

    def doubt_of_meeting(self, accounts: Collection[str], zone: tzinfo) -> Phrase | None:
        """Why a meeting that stands in `accounts` may be off; None when one of them says today that it is not."""
        behind = [source for source in self.behind if source.account in accounts]
        if not behind or any(account in self.watched for account in set(accounts) - {one.account for one in behind}):
            return self._gone(accounts)
        since = _last_read(behind[0], zone)
        hint = _way_out(behind[0])
        account = behind[0].account
        return caveats.meeting_unsure(account, since, hint) if since else caveats.source_never(account, hint)

    @property
    def doubts_firsts(self) -> bool:
        """Whether somebody who looks new may not be."""
        return any(self._counts(source) for source in self.behind)

    @property
    def doubts_meetings(self) -> bool:
        """Whether a meeting may lie where nobody has looked."""
        return any(self._counts(source) and source.shows != "mail" for source in self.behind)

    def _counts(self, source: Source) -> bool:
        """Whether a source that is behind was read once, or is still waited for."""
        return source.last_sync is not None or source in self.blind

    def _why(self, source: Source, zone: tzinfo) -> Phrase:
        since = _last_read(source, zone)
        if since:
            return caveats.source_stale(source.account, since, _way_out(source))
        if source.account in self.reading:
            return caveats.source_reading(source.account)
        return caveats.source_never(source.account, _way_out(source))

    def _gone(self, accounts: Collection[str]) -> Phrase | None:
        if not accounts or not self.watched or any(account in self.watched for account in accounts):
            return None
        return caveats.source_gone(min(accounts))


def freshness_of(sources: Sequence[Source], now: datetime) -> Freshness:
    """How far `sources`, which are all that the configuration has, can be trusted at `now`."""
    behind = tuple(source for source in sources if _is_stale(source, now))
    return Freshness(
        behind,
        tuple(source for source in behind if _is_blind(source, now)),
        frozenset(source.account for source in behind if is_being_read(source, now)),
        frozenset(source.account for source in sources),
    )


def waits_for_a_source(why: Phrase) -> bool:
    """Whether somebody is held back until a source has been read."""
    return why.code in _WAITED_FOR


def is_being_read(source: Source, now: datetime) -> bool:
    """Whether the first reading of a source is under way, or only about to begin."""
    if source.last_sync is not None and source.status not in _NEVER_TO_ITS_END:
        return False
    if source.heard is not None:
        lately = now - source.heard <= (BROKEN_AFTER if source.status is AccountStatus.FAILING else STALE_AFTER)
        return lately and source.status not in _PAUSED
    return source.status not in (AccountStatus.FAILING, *_PAUSED) and not source.error


def _is_stale(source: Source, now: datetime) -> bool:
    if source.last_sync is None or source.status in (*_PAUSED, *_NEVER_TO_ITS_END):
        return True
    patience = BROKEN_AFTER if source.status is AccountStatus.FAILING else STALE_AFTER
    return now - source.last_sync > patience


def _is_blind(source: Source, now: datetime) -> bool:
    """Whether a source that was never read to its end is still waited for.

    One whose settings cannot work is not: it is as good as not in the configuration, and named until it is corrected.
    """
    if is_being_read(source, now):
        return True
    if source.last_sync is not None or source.status is AccountStatus.MISCONFIGURED:
        return False
    began = _began(source)
    return began is not None and now - began <= BLIND_AT_MOST


# --------------------------------------------------------------------------- what is said about it


def notices(sources: Sequence[Source], now: datetime, zone: tzinfo) -> tuple[Entry, ...]:
    """One entry for each account that is stale or failing: since when (`at`), and what to do.

    An account that nobody tried to read yet, or whose first reading is still under way, is no trouble.
    """
    return tuple(
        Entry("", (_notice(source, zone),), at=_began(source))
        for source in sources
        if source.status is AccountStatus.FAILING or (_is_stale(source, now) and not is_being_read(source, now))
    )


def _began(source: Source) -> datetime | None:
    """When the trouble began, as far as it is known: of one that nobody tries to read, a day before it was stale."""
    if source.failing_since:
        return source.failing_since
    if source.last_sync:
        return source.last_sync + STALE_AFTER - BROKEN_AFTER
    return source.heard


def _notice(source: Source, zone: tzinfo) -> Phrase:
    hint = _way_out(source)
    since = _last_read(source, zone)
    if since is None:
        return caveats.notice_never(source.account, source.error, hint)
    if source.status is AccountStatus.SIGN_IN:
        return caveats.notice_sign_in(source.account, since, hint)
    return caveats.notice_stale(source.account, since, source.error, hint)


def _last_read(source: Source, zone: tzinfo) -> date | None:
    return source.last_sync.astimezone(zone).date() if source.last_sync else None


def _way_out(source: Source) -> str:
    return source.hint or f"Type: syncd sync {source.account}"

"""The digest of the day, from the store to the owner: planned, composed, rendered, and handed over, once.

The command line and the daemon mail by the same steps. One process at a time takes them, whoever holds the lease
`outbox`; each step is safe after any death.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Final, cast
from zoneinfo import ZoneInfo

from syncd import review
from syncd.accounts import House, open_account
from syncd.connector import KeepsLetters
from syncd.deliver import deliver_pending, drop, next_attempt, transport_for
from syncd.deliver.place import Place, Watched
from syncd.errors import DeliveryError, StoreError
from syncd.keeping import BELIEVED_AFTER
from syncd.model import Letter, LetterState
from syncd.pipeline.digest import is_news, people_shown
from syncd.processes import is_dead, this_process
from syncd.secrets import resolve
from syncd.store.folding import watch_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from syncd.config import Settings
    from syncd.deliver import Transport
    from syncd.model import Lease
    from syncd.pipeline.policy import Policy
    from syncd.store import Store

__all__ = ["deliver", "last_day", "next_attempt", "post_digest", "way"]

OUTBOX: Final = "outbox"
"""The lease of whoever composes or delivers."""

LONGEST: Final = timedelta(minutes=20)
"""No delivery takes longer: a mail server has ten minutes for its last answer, and one for each before."""

_HERE: Final = Lock()
"""Held beside the lease, which tells processes apart and not threads."""


def last_day(store: Store, policy: Policy, now: datetime) -> date | None:
    """The last day that needs no digest any more; None before the first. Raises StoreError.

    A day further ahead than tomorrow was written by a clock that was wrong, and nobody waits years for it: it counts
    only until the clock went on for half a day without a jump, since the present one may be the wrong one.
    """
    last = store.last_digest()
    tomorrow = now.astimezone(ZoneInfo(policy.me.time_zone)).date() + timedelta(days=1)
    if last is None or last <= tomorrow or now - watch_clock(store, now) < BELIEVED_AFTER:
        return last
    return store.last_digest(tomorrow)


def post_digest(store: Store, settings: Settings, policy: Policy, now: datetime) -> Letter | None:
    """Compose the digest of the local day of `now`, as it stands then: what it is, for the first time or anew.

    `rendered`: the letter waits in the outbox. `skipped`: there is nothing to say, and the day is done. `failed`: it
    cannot become a letter, `error` says why. None, and nothing written, when the day has a letter already, or another
    process is at it. Raises StoreError.
    """
    today = now.astimezone(ZoneInfo(policy.me.time_zone)).date()
    with _alone(store, now) as alone:
        if not alone:
            return None
        _let_go_of_the_past(store, today, now)
        return _compose(store, settings, policy, now) if store.plan(today, now) else None


def _let_go_of_the_past(store: Store, today: date, now: datetime) -> None:
    """Digests of earlier days that were never composed or sent: they have shown nobody."""
    for letter in store.letters(LetterState.PLANNED, LetterState.RENDERED):
        if letter.day < today:
            drop(store, letter, now)


def _compose(store: Store, settings: Settings, policy: Policy, now: datetime) -> Letter | None:
    """Carry out the plan of today."""
    from syncd.render import compose_letter  # noqa: PLC0415 - templates load only when something is rendered

    written = review.digest(store, policy, now, tuple(settings.accounts))
    plan = Letter(written.day, "", "", b"", LetterState.PLANNED)
    if policy.digest.empty == "skip" and not is_news(written, _last_told(store, written.day), policy):
        skipped = replace(plan, state=LetterState.SKIPPED, changed=now)
        return skipped if store.move(plan, skipped) else None
    try:
        letter = compose_letter(written, policy, store.digest_key(), settings.send.sender)
    except DeliveryError as error:
        failed = replace(plan, state=LetterState.FAILED, error=f"{error.title} {error.hint}", changed=now)
        return failed if store.move(plan, failed) else None
    letter = replace(letter, changed=now)
    return letter if store.post(letter, people_shown(written)) else None


def _last_told(store: Store, day: date) -> datetime | date | None:
    """When the last digest before this one that reached the owner, or will, was written."""
    last = store.last_mailed(day)
    if last is None or not last.content:
        return last.day if last else None
    return parsedate_to_datetime(BytesHeaderParser().parsebytes(last.content)["Date"])


def deliver(
    store: Store, settings: Settings, now: datetime, house: House | None = None, *, by_hand: bool = False
) -> tuple[Letter, ...]:
    """Hand over what is due in the outbox; the letters that were dealt with, each as it stands now.

    Nothing while another process is at it. Letters wait for their `retry_at`, unless somebody asks `by_hand`. What
    keeps a letter from going out is noted on it. Raises StoreError.
    """
    lent = house or House()
    with _alone(store, now) as alone:
        if not alone:
            return ()
        zone = ZoneInfo(settings.me.time_zone)
        return deliver_pending(store, lambda: way(settings, store, lent), now, zone, by_hand=by_hand, pause=lent.pause)


@contextmanager
def way(settings: Settings, store: Store, house: House) -> Iterator[Transport]:
    """The way that [digest.send] names, and the mailboxes in which a letter can be looked for, open while it is used.

    Nobody signs in before they are asked for something. Raises DeliveryError or AuthRequired when the settings or the
    secret of [digest.send] cannot work, Misconfigured when a library of the account is missing.
    """
    with ExitStack() as closing:
        if settings.send.via == "place":
            yield Place(_mailbox(settings, store, settings.send.account, house, closing), settings.send.folder)
            return
        transport = transport_for(settings.send, resolve)
        arrives = settings.digest.to.casefold()
        watched = [
            _mailbox(settings, store, name, house, closing)
            for name, account in settings.accounts.items()
            if issubclass(account.connector, KeepsLetters)
            and arrives in {address.casefold() for address in account.options.own_addresses()}
        ]
        yield Watched(transport, watched) if watched else transport


def _mailbox(settings: Settings, store: Store, name: str, house: House, closing: ExitStack) -> KeepsLetters:
    """The mailbox of an account that keeps letters, as `config check` made sure."""
    connector = open_account(settings, store, name, house).connector
    closing.callback(connector.close)
    return cast("KeepsLetters", connector)


@contextmanager
def _alone(store: Store, now: datetime) -> Iterator[bool]:
    """Whether nobody else composes or delivers while this lasts."""
    if not _HERE.acquire(blocking=False):
        yield False
        return
    try:
        seen = store.lease(OUTBOX)
        held = None if seen and _at_work(seen, now) else store.take_lease(OUTBOX, this_process(), now, seen)
        try:
            yield held is not None
        finally:
            if held:
                with suppress(StoreError):
                    store.release_lease(held)
    finally:
        _HERE.release()


def _at_work(lease: Lease, now: datetime) -> bool:
    """Whether its holder may live: not a dead process of this machine, nor one that took longer than it can."""
    return not is_dead(lease.holder) and now - lease.at <= LONGEST

"""One pass: poll an account page by page, then derive what the new facts touch.

The page rule lives here from the caller's side: a page is committed before the next one is asked for, and no
transaction is open while the network is. Deriving afterwards is incremental and equals a rebuild.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.connector import Progress, SignsIn, naming_what_is_missing
from syncd.errors import (
    AuthRequired,
    ConnectorError,
    CursorExpired,
    CursorMoved,
    Misconfigured,
    StoreBusy,
    StoreError,
    SyncdError,
    Transient,
)
from syncd.model import AccountStatus, PageReceipt, Reading
from syncd.pipeline.identity import resolve
from syncd.pipeline.own_addresses import learn_own
from syncd.pipeline.reconcile import reconcile
from syncd.pipeline.schedule import LONGEST_OBEYED
from syncd.processes import is_dead, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from syncd.clock import Clock
    from syncd.connector import Connector, Page
    from syncd.memory import Remembered
    from syncd.pipeline.own_addresses import OwnAddresses
    from syncd.pipeline.policy import Policy
    from syncd.store import Store

RULES_EDITION = "2"
"""Raised when the pipeline's own rules change, so that every store is derived again."""

Report = Callable[[Progress], None]

_SILENCE = timedelta(minutes=10)
"""A page takes a minute or two at most, waits included: whoever says nothing for so long has stopped."""


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """An account ready to be polled; for a rehearsal with the memory that its pages are kept in.

    `stopping` is what the connector asks between requests.
    """

    name: str
    kind: str
    connector: Connector
    first_sync: timedelta
    rehearsal: Remembered | None = None
    stopping: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one pass over one account brought, and the error that ended it before its end."""

    account: str
    receipt: PageReceipt
    error: SyncdError | None = None


@dataclass(frozen=True, slots=True)
class Derivation:
    """What deriving did: facts read, interactions standing after it."""

    facts: int = 0
    interactions: int = 0


def _silent(_: Progress) -> None:
    return


def poll(
    store: Store, source: OpenAccount, now: datetime, report: Report = _silent, clock: Clock | None = None
) -> Outcome:
    """Read everything new at `source` into `store`, and record how it went; how far it is stands beside each page.

    Never raises a ConnectorError: it is the outcome. A pass that ended early because it was told to stop is recorded as
    nothing: the next one goes on. An expired cursor is dropped and the account read again from its
    horizon, once. StoreError ends the pass and is raised, since the next account would meet it too; where the database
    is not what is full or broken, it is recorded as well. Without a `clock` no time passes, and nobody can know how
    fast the reading is.
    """
    receipt = PageReceipt()
    error: SyncdError | None = None
    try:
        for committed in _commit_pages(store, source, now, report, clock or (lambda: now)):
            receipt += committed
    except (ConnectorError, CursorMoved) as caught:
        error = with_hint(caught, source)
    except StoreError as broken:
        if not isinstance(broken, StoreBusy):
            with suppress(StoreError):
                store.record_outcome(source.name, now, AccountStatus.FAILING, (broken.title, broken.hint))
        raise
    if error is None and source.stopping():
        return Outcome(source.name, receipt)
    if not isinstance(error, CursorMoved):
        said = (error.title, error.hint) if error else ("", "")
        store.record_outcome(source.name, now, _status_after(error), said, _patience(error, now))
    return Outcome(source.name, receipt, error)


def record_failure(store: Store, account: str, kind: str, error: SyncdError, now: datetime) -> Outcome:
    """Record that an account could not be read for a reason its connector did not name; raises StoreError."""
    store.enrol(account, kind)
    store.record_outcome(account, now, _status_after(error), (error.title, error.hint), _patience(error, now))
    return Outcome(account, PageReceipt(), error)


def _patience(error: SyncdError | None, now: datetime) -> datetime | None:
    """Before when the source does not want to be asked again."""
    if not isinstance(error, Transient) or error.retry_after is None:
        return None
    return now + min(error.retry_after, LONGEST_OBEYED)


def with_hint(error: SyncdError, source: OpenAccount) -> SyncdError:
    """The same error; when its author knew no way out, the hint is to sign in again, or to try again."""
    if not error.hint and isinstance(error, AuthRequired) and isinstance(source.connector, SignsIn):
        error.hint = f"Type: syncd auth {source.name}"
    error.hint = error.hint or f"Nothing that was read is lost; to try again, type: syncd sync {source.name}"
    return error


def _commit_pages(
    store: Store, source: OpenAccount, now: datetime, report: Report, clock: Clock
) -> Iterator[PageReceipt]:
    cursor = store.enrol(source.name, source.kind).cursor
    try:
        yield from _follow(store, source, _reported(source, cursor, now, report), cursor, clock)
    except CursorExpired:
        store.forget_cursor(source.name)
        try:
            yield from _follow(store, source, _reported(source, None, now, report), None, clock)
        except CursorExpired as again:
            raise Transient(
                f"The source of {source.name} refuses the place it named itself a moment ago.",
                f"Type: syncd doctor {source.name}",
            ) from again


def _follow(
    store: Store, source: OpenAccount, pages: Iterator[Page], cursor: str | None, clock: Clock
) -> Iterator[PageReceipt]:
    reading: Reading | None = None
    for page in pages:
        reading = _further(reading, page.progress, clock())
        yield store.commit_page(source.name, page, cursor, reading)
        cursor = page.cursor


def _further(before: Reading | None, progress: Progress | None, at: datetime) -> Reading | None:
    """How far a pass is after its next page; what it took to find out what there is does not count."""
    if progress is None:
        return replace(before, at=at) if before else None
    if before is None or before.done == before.start or progress.done < before.done:
        since, start = (before.at, before.done) if before and before.done <= progress.done else (at, progress.done)
        return Reading(progress.done, progress.total, at, since, start, this_process())
    return replace(before, done=progress.done, total=progress.total, at=at)


def is_under_way(reading: Reading, now: datetime) -> bool:
    """True as long as the process that reads is alive; one on another machine, as long as it was heard lately."""
    if not reading.reader or abs(now - reading.at) > _SILENCE:
        return False
    return reading.reader == this_process() or not is_dead(reading.reader)


def _status_after(error: SyncdError | None) -> AccountStatus:
    match error:
        case None:
            return AccountStatus.OK
        case AuthRequired():
            return AccountStatus.SIGN_IN
        case Misconfigured():
            return AccountStatus.MISCONFIGURED
        case _:
            return AccountStatus.FAILING


def read_pages(store: Store, source: OpenAccount, now: datetime, report: Report = _silent) -> tuple[Page, ...]:
    """Everything new at `source`, held in memory and written nowhere: what `sync --dry-run` rehearses.

    Raises what the connector raises, but for an expired cursor: then everything since the horizon is read, once.
    """
    account = store.account(source.name)
    cursor = account.cursor if account and account.connector == source.kind else None
    pages: list[Page] = []

    def keep(page: Page) -> None:
        pages.append(page)
        if source.rehearsal:
            source.rehearsal.keep(page)

    try:
        for page in _reported(source, cursor, now, report):
            keep(page)
    except CursorExpired:
        for page in _reported(source, None, now, report):
            keep(page)
    return tuple(pages)


def _reported(source: OpenAccount, cursor: str | None, now: datetime, report: Report) -> Iterator[Page]:
    with naming_what_is_missing(source.kind):
        for page in source.connector.poll(cursor, now - source.first_sync):
            yield page
            if page.progress:
                report(page.progress)


def commit(store: Store, source: OpenAccount, pages: Sequence[Page]) -> PageReceipt:
    """Write pages that were read before; the sum of their receipts."""
    cursor = store.enrol(source.name, source.kind).cursor
    receipt = PageReceipt()
    for page in pages:
        receipt += store.commit_page(source.name, page, cursor)
        cursor = page.cursor
    return receipt


def own_addresses(store: Store, policy: Policy) -> OwnAddresses:
    """The owner's addresses: the configured ones, and those that their Sent folders show to be theirs."""
    return learn_own(policy.me.addresses, policy.me.name, store.sent_senders())


def derive(store: Store, policy: Policy, report: Report = _silent) -> Derivation:
    """Bring interactions and people up to date with the facts, the policy and the owner's decisions.

    Reads only what changed, unless the rules or the owner's own addresses did: then everything is derived again.
    Raises StoreError.
    """
    own = own_addresses(store, policy)
    edition = _fingerprint(RULES_EDITION, policy.derivation_key(), own.fingerprint())
    if store.derivation() != edition:
        store.restart_derivation(edition)
    facts = interactions = 0
    while pending := store.pending():
        plan = reconcile(pending.facts, own, policy.ignore, pending.gone)
        store.apply(plan, pending.through)
        facts += len(pending.facts)
        interactions += len(plan.interactions)
        report(Progress(facts, None))
    identify(store, policy, own)
    return Derivation(facts, interactions)


def identify(store: Store, policy: Policy, own: OwnAddresses) -> None:
    """Say again which addresses are one person, when the interactions, the decisions or the configuration changed."""
    decisions = store.decisions()
    key = _fingerprint(RULES_EDITION, repr(decisions), repr(policy.people), own.fingerprint())
    if store.identity_key() != key:
        store.apply_identities(resolve(store.sightings(), store.namesakes(), decisions, policy.people, own), key)


def rebuild(store: Store, policy: Policy, report: Report = _silent) -> Derivation:
    """Forget every conclusion and draw it again from the facts; the owner's decisions stay."""
    store.restart_derivation("")
    return derive(store, policy, report)


def _fingerprint(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()

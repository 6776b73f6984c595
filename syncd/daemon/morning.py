"""The digest of the day: when it is due, what it waits for, and the letters that wait to be delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd import mailing
from syncd.daemon.journal import one_line
from syncd.daemon.machine import Trials
from syncd.daemon.postman import Postman
from syncd.errors import StoreError, SyncdError
from syncd.model import LetterState
from syncd.pipeline.schedule import DIGEST_PATIENCE, day_ends, digest_due, holds_back_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from syncd.config import Settings
    from syncd.daemon.events import Delivered, Inbox
    from syncd.daemon.journal import Journal
    from syncd.daemon.machine import Machine
    from syncd.model import Account, Letter
    from syncd.pipeline.policy import Policy
    from syncd.store import Store

_LONGEST = timedelta(minutes=10)

_IN_HAND = timedelta(minutes=5)
"""What composing a digest and handing it over get of its day: one that waits for accounts until midnight is lost."""


class Morning:
    """Composes the digest of a day once, and sees that it is delivered."""

    def __init__(self, store: Store, machine: Machine, inbox: Inbox, journal: Journal) -> None:
        self._store = store
        self._machine = machine
        self._journal = journal
        self._postman = Postman(store, machine, inbox)
        self._waits_since: float | None = None
        self._day_left = timedelta()
        self._composing = Trials(machine, _LONGEST)
        self._delivering = Trials(machine, _LONGEST)

    @property
    def busy(self) -> bool:
        """Whether the postman is on the way."""
        return self._postman.busy

    def due(self, policy: Policy, now: datetime) -> bool:
        """Whether the digest of today is to be composed now."""
        if digest_due(now, mailing.last_day(self._store, policy, now), policy) is None:
            self._waits_since = None
            return False
        if self._waits_since is None:
            self._waits_since = self._machine.monotonic()
        self._day_left = day_ends(now, policy) - now
        return self._composing.ready

    def awaited(self, accounts: Iterable[Account], settings: Settings, now: datetime) -> frozenset[str]:
        """The accounts that are to be read before a digest that is due; none once its patience is over."""
        if self._patience <= timedelta():
            return frozenset()
        return frozenset(
            account.name for account in accounts if holds_back_digest(account, settings.poll_every(account.name), now)
        )

    def compose(self, settings: Settings, policy: Policy, now: datetime) -> None:
        """Put the digest into the outbox. A day with nothing to say is recorded as one."""
        try:
            letter = mailing.post_digest(self._store, settings, policy, now)
        except StoreError:
            raise
        except Exception as bug:  # noqa: BLE001 - accounts go on being read, and the digest is tried again later
            self._composing.failed()
            self._journal.bug("composing the digest", bug)
            return
        if letter is None:  # another process composes, or delivers
            self._composing.failed()
            return
        self._composing.succeeded()
        self._journal.letters([letter])

    def deliver(self, settings: Settings, now: datetime) -> None:
        """Let the postman go when a letter is to be sent, or looked after, now."""
        if self._postman.busy or not self._delivering.ready:
            return
        following = mailing.next_attempt(self._store, now)
        if following is not None and following <= now:
            self._postman.deliver(settings)

    def delivered(self, event: Delivered) -> None:
        """The postman is back."""
        self._postman.back()
        if event.letters:
            self._delivering.succeeded()
            self._journal.over("delivery", "Digests can be delivered again.")
        else:  # another process is at it, or nothing could be done
            self._delivering.failed()
        match event.error:
            case None:
                self._journal.letters(event.letters)
            case SyncdError() as error:
                self._journal.trouble("delivery", f"The digest cannot be delivered. {one_line(error)}")
            case bug:
                self._journal.bug("delivering the digest", bug)

    def next(self, following: datetime | None, now: datetime, awaited: Collection[str] = ()) -> timedelta:
        """How long until there is something to do: letters have their time, the digest is due at `following`.

        One that waits for accounts does so until they were read, or its patience is over.
        """
        instants = [now + self._patience if awaited else self._composing.at(now, following)]
        if not self._postman.busy:
            instants.append(self._delivering.at(now, mailing.next_attempt(self._store, now)))
        return min((at - now for at in instants if at), default=timedelta(days=1))

    @property
    def _patience(self) -> timedelta:
        """For how long a digest that is due may still wait."""
        here = self._machine.monotonic()
        waited = timedelta(seconds=here - (here if self._waits_since is None else self._waits_since))
        return min(DIGEST_PATIENCE - waited, self._day_left - _IN_HAND)

    def waiting(self) -> Letter | None:
        """The letter that waits in the outbox, if one does."""
        return next(iter(self._store.letters(LetterState.RENDERED, LetterState.SENDING)), None)

    def dismiss(self) -> None:
        """Let the postman end after this round."""
        self._postman.dismiss()

    def join(self, until: float) -> None:
        """Wait for the postman, up to a moment of the monotonic clock."""
        self._postman.join(until - self._machine.monotonic())

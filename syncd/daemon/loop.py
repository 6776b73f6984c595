"""The main loop: the only scheduler, and the only writer of derived tables. It never waits for a network.

Due times are worked out anew at each turn from the clock of that moment and what the store says, so that a clock that
jumps, a laptop that slept and a restart need no case of their own.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd import __version__, keeping, log, mailing, sync
from syncd.config import find_config, load
from syncd.daemon.events import Delivered, Order, PassEnded
from syncd.daemon.journal import Journal, one_line
from syncd.daemon.journal import log as journal
from syncd.daemon.machine import Trials
from syncd.daemon.morning import Morning
from syncd.daemon.roster import Roster
from syncd.daemon.status import moment, of_accounts
from syncd.daemon.watch import Watch
from syncd.errors import ConfigError, StoreBusy, StoreError, StoreUnfit
from syncd.model import Account, AccountStatus
from syncd.pipeline.schedule import next_digest, quiet_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from pathlib import Path

    from syncd.config import Settings
    from syncd.connector import Progress
    from syncd.daemon.events import Event, Inbox
    from syncd.daemon.machine import Machine
    from syncd.daemon.notify import Notifier
    from syncd.pipeline.policy import Policy
    from syncd.store import Store

SOON = 5.0
"""Seconds after which a busy store is asked again."""

FAREWELL = 2.0
"""Seconds that threads get to end at a stop; what they do not finish is done again at the next start."""

DERIVES = 300.0
"""Seconds between two derivations while a long read goes on."""

_LATER = timedelta(hours=1)
_STANDING_BY = timedelta(seconds=5)
_STORE_PATIENCE = timedelta(minutes=10)


class _Stopped(Exception):
    """A derivation was left between two batches, because it is time to stop."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the owner decided, as of the last good reading of the file."""

    settings: Settings
    policy: Policy
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """These settings with the policy they add up to."""
        policy = settings.policy()
        return cls(settings, policy, ZoneInfo(policy.me.time_zone))


class Daemon:
    """syncd as a service, until its inbox holds an Order.STOP. `config` is read again at an Order.RELOAD."""

    def __init__(
        self, config: Path | None, settings: Settings, store: Store, machine: Machine, inbox: Inbox, notifier: Notifier
    ) -> None:
        self._config = config
        self._rules = Rules.of(settings)
        self._store = store
        self._machine = machine
        self._inbox = inbox
        self._notifier = notifier
        self._journal = Journal()
        self._watch = Watch(store, machine)
        self._roster = Roster(store, machine, inbox, self._journal)
        self._morning = Morning(store, machine, inbox, self._journal)
        self._store_trials = Trials(machine, _STORE_PATIENCE)
        self._at_work = False
        self._derive_wanted = True
        self._derived = 0.0
        self._pinged = float("-inf")
        self._folded: date | None = None
        self._ready = False
        self._status = ""
        self._refused = ""  # why the present file is not in force

    @property
    def busy(self) -> bool:
        """Whether a thread is at work, and will say so when it is done."""
        return bool(self._roster.busy) or self._morning.busy

    def run(self) -> None:
        """Serve until told to stop; raises StoreUnfit when the store will not be usable by itself."""
        self._greet()
        try:
            while not self._inbox.stopping.is_set():
                event = self._inbox.next(self.turn())
                while event:
                    self.take(event)
                    event = self._inbox.next(0)
        finally:
            self._leave()

    def turn(self) -> float:
        """Do what is due, and return for how many seconds nothing will be."""
        now = self._machine.clock()
        self._ping()
        try:
            rest = self._work(now) if self._keep_watch() else _STANDING_BY
        except _Stopped:
            return 0.0
        except StoreBusy:
            rest = timedelta(seconds=SOON)
        except StoreUnfit:
            raise
        except StoreError as error:
            self._lose_store(error)
            rest = _LATER
        return min(max(rest.total_seconds(), 0.0), self._notifier.watchdog or self._machine.nap, self._machine.nap)

    def take(self, event: Event) -> None:
        """Act on what a thread, the owner or the service manager said."""
        match event:
            case Order.RELOAD:
                self._reload()
            case PassEnded():
                self._take_pass(event)
            case Delivered():
                self._morning.delivered(event)
            case Order.STOP:
                pass  # the inbox itself knows, so that a turn that lasts can be left

    # ----------------------------------------------------------------------- a turn

    def _keep_watch(self) -> bool:
        kept = self._watch.keep()
        if kept and not self._at_work:
            self._roster.appoint(self._rules.settings)
            if self._journal.over("watch", "This syncd keeps watch over the store now."):
                self._derive_wanted = True
        if not kept and self._at_work:
            self._roster.dismiss()
        if not kept and self._watch.other:
            self._journal.trouble("watch", f"This syncd stands by: {self._watch.other} keeps watch over the store.")
            self._show(f"stands by: {self._watch.other} keeps watch over the store")
        self._at_work = kept
        return kept

    def _work(self, now: datetime) -> timedelta:
        settings, policy = self._rules.settings, self._rules.policy
        accounts = self._accounts()
        self._journal.compare(accounts.values(), now)
        quiet = quiet_until(now, policy.polling.quiet_hours, self._rules.zone)
        resting = quiet is not None or not self._store_trials.ready
        digest = self._morning.due(policy, now)
        awaited = self._morning.awaited(accounts.values(), settings, now) if digest and not resting else frozenset()
        if not resting:
            self._roster.begin(settings, accounts, awaited, now)
        following = self._following(now)
        if not self._ready:
            self._show(self._state(accounts, now, following))
        self._derive()
        self._fold(now)
        if digest and not awaited and self._watch.keep(now=True):
            self._morning.compose(settings, policy, now)
        self._morning.deliver(settings, now)
        following = self._following(now)
        self._show(self._state(accounts, now, following))
        polls = self._roster.next(settings, accounts, now)
        if resting:
            polls = quiet - now if quiet else self._store_trials.wait
        return min(polls, self._morning.next(following, now, awaited))

    def _accounts(self) -> Mapping[str, Account]:
        """The accounts of the configuration as the store knows them, in the order of the file."""
        known = {account.name: account for account in self._store.accounts()}
        return {
            name: known.get(name) or Account(name, account.options.type, None, AccountStatus.NEW)
            for name, account in self._rules.settings.accounts.items()
        }

    def _derive(self) -> None:
        """Draw conclusions from what came in, and from time to time while a long read goes on."""
        overdue = bool(self._roster.busy) and self._machine.monotonic() - self._derived > DERIVES
        if (self._derive_wanted or overdue) and self._store_trials.ready:
            self._derived = self._machine.monotonic()
            sync.derive(self._store, self._rules.policy, self._breathe)
            self._derive_wanted = False

    def _fold(self, now: datetime) -> None:
        """Once a day, let what is older than [privacy] keeps become counts."""
        today = now.astimezone(self._rules.zone).date()
        if self._folded != today and self._store_trials.ready:
            keeping.fold(self._store, self._rules.policy, self._rules.settings.privacy.history, now)
            self._folded = today

    def _breathe(self, _: Progress) -> None:
        """Between two batches of a long derivation: it may take minutes, and what keeps us alive may not wait."""
        self._ping()
        if self._inbox.stopping.is_set():
            raise _Stopped
        with suppress(StoreBusy):
            self._watch.keep()

    def _following(self, now: datetime) -> datetime | None:
        """When the next digest is due; None when [digest] leaves no day for one."""
        try:
            return next_digest(now, mailing.last_day(self._store, self._rules.policy, now), self._rules.policy)
        except ValueError:
            return None

    # ----------------------------------------------------------------------- what was said

    def _take_pass(self, event: PassEnded) -> None:
        if isinstance(event.error, StoreUnfit):
            raise event.error
        self._derive_wanted |= self._roster.ended(event)
        if event.error and not isinstance(event.error, StoreBusy):
            self._lose_store(event.error)
        elif event.outcome:
            self._store_trials.succeeded()
            self._journal.over("store", "The store can be written again.")

    def _lose_store(self, error: StoreError) -> None:
        """The store cannot be used now: reading pauses, and goes on when it can."""
        self._store_trials.failed()
        self._journal.trouble("store", one_line(error), error.title)
        self._show(error.title)

    def _reload(self) -> None:
        """Read the file and let it be in force as a whole; with a fault in it, what was in force stays."""
        self._notifier.tell("RELOADING=1", f"MONOTONIC_USEC={int(self._machine.monotonic() * 1e6)}")
        try:
            settings = load(find_config(self._config))
        except ConfigError as error:
            first = str(error.problems[0]).splitlines()[0] if error.problems else error.title
            journal.error("The configuration was not reloaded, and the one before stays in force.\n%s", error)
            self._refused = f"the changed configuration is not in force: {first}"
        else:
            self._adopt(settings)
        self._notifier.tell("READY=1", self._status_of(self._refused or "the configuration was reloaded"))
        self._status = ""

    def _adopt(self, settings: Settings) -> None:
        before = self._rules.settings
        self._rules, self._refused = Rules.of(settings), ""
        configure_log(settings)
        journal.info("The configuration was reloaded: %s.", _named(settings))
        if settings.store_url != before.store_url:
            journal.warning("Another store takes effect after a restart; type: systemctl restart syncd")
        if self._at_work:
            self._roster.appoint(settings)
        self._derive_wanted, self._folded = True, None

    # ----------------------------------------------------------------------- how we are

    def _greet(self) -> None:
        accounts = self._accounts()
        self._journal.meet(accounts.values())
        journal.info("syncd %s reads %s.", __version__, _named(self._rules.settings))

    def _leave(self) -> None:
        """Stop within FAREWELL seconds, whatever the threads do, and let another begin at once."""
        self._notifier.tell("STOPPING=1", "STATUS=stopping")
        self._roster.dismiss()
        self._morning.dismiss()
        until = self._machine.monotonic() + FAREWELL
        self._roster.join(until)
        self._morning.join(until)
        with suppress(StoreError):
            self._watch.release()
        journal.info("syncd has stopped.")

    def _ping(self) -> None:
        every, moment_ = self._notifier.watchdog, self._machine.monotonic()
        if every is not None and moment_ - self._pinged >= every:
            self._pinged = moment_
            self._notifier.tell("WATCHDOG=1")

    def _state(self, accounts: Mapping[str, Account], now: datetime, following: datetime | None) -> str:
        said = [*of_accounts(tuple(accounts.values()), now, self._rules.zone)]
        if self._refused:
            said.insert(0, self._refused)
        if (letter := self._morning.waiting()) and letter.error:
            said.append(f"the digest of {letter.day} waits: {letter.error}")
        said.append(f"next digest {moment(following, now, self._rules.zone)}" if following else "no digest is due")
        return "; ".join(said)

    def _show(self, status: str) -> None:
        """Tell the service manager, when it changed; with the first of them, that we are ready."""
        line = " ".join(status.split())
        if line != self._status:
            self._status = line
            self._notifier.tell(*([] if self._ready else ["READY=1"]), self._status_of(line))
            self._ready = True

    def _status_of(self, line: str) -> str:
        """STATUS= that names nobody unless the owner wants it: every user of the machine can read it."""
        return f"STATUS={line if self._rules.settings.privacy.log_names else log.redact(line)}"


def configure_log(settings: Settings) -> None:
    """Let the log be as the settings say."""
    log.configure(settings.daemon.log_level, names=settings.privacy.log_names)


def _named(settings: Settings) -> str:
    names = ", ".join(settings.accounts)
    return f"{len(settings.accounts)} accounts ({names})" if len(settings.accounts) > 1 else f"the account {names}"

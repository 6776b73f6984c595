"""Looking whether everything works: `syncd doctor`.

A room for each concern; none of them changes anything, each failure names what mends it, and none hides another.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd.checkup import accounts, clock, database, delivery, disk, files, rounds, servers, unit
from syncd.checkup.finding import Check, Finding, Mark, failure, refused, worst
from syncd.clock import system_clock
from syncd.config import find_config, load
from syncd.config.paths import default_store_url, state_folder, tokens_folder
from syncd.connector import Server
from syncd.errors import ConfigError, Exit, SyncdError, UsageError
from syncd.store import Store
from syncd.store.health import file_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from syncd.clock import Clock
    from syncd.config import Settings

__all__ = ["Checkup", "Finding", "Mark", "checkup", "worst"]

_SIGN_IN = 90.0
"""Seconds: a connector's own patience with a slow server, and a secret's command that asks for a passphrase."""

_THREE_STEPS = 3.0 * servers.PATIENCE


@dataclass(frozen=True, slots=True)
class Checkup:
    """What could be opened of an installation: everything, or as much of it as still works."""

    found: tuple[Finding, ...]
    config: Path | None
    settings: Settings | None
    store: Store | None
    clock: Clock

    def findings(self, names: Sequence[str] = ()) -> Iterator[Finding]:
        """Everything there is to find, or only of the accounts called `names`; each as soon as it is known.

        Raises UsageError for the name of no account.
        """
        unknown = [name for name in names if self.settings and name not in self.settings.accounts]
        if unknown and self.settings:
            known = ", ".join(self.settings.accounts)
            raise UsageError(f"No account is called {unknown[0]!r}.", f"The accounts are: {known}")
        yield from (one for one in self.found if one.mark is not Mark.OK or not names)
        checks = (*self._of_accounts(names),) if names else (*self._of_machine(), *self._of_accounts(()), *self._mail())
        yield from rounds.make(checks)

    def _of_machine(self) -> Iterator[Check]:
        settings, store, now = self.settings, self.store, self.clock()
        file = _database_file(settings)
        yield Check("disk", partial(disk.look, file.parent if file else state_folder(), file))
        yield Check("clock", partial(clock.look, store, now))
        if store:
            yield Check("database", partial(database.look, store), patience=database.PATIENCE)
            yield Check("daemon", partial(database.look_for_daemon, store, now))
        yield Check("service", unit.look)
        if settings:
            yield Check("sign-ins", partial(accounts.look_for_leftovers, tokens_folder(), tuple(settings.accounts)))

    def _of_accounts(self, names: Sequence[str]) -> Iterator[Check]:
        settings, store = self.settings, self.store
        if settings is None:
            return
        wanted = [settings.accounts[name] for name in names or settings.accounts]
        theirs = [server for account in wanted for server in account.options.servers()]
        for server in dict.fromkeys((*theirs, *(() if names else _mail_server(settings)))):
            look = partial(servers.look, server, self.clock)
            yield Check("server", look, f"{server.host}:{server.port}", _THREE_STEPS)
        if store:
            for account in wanted:
                yield Check("account", partial(accounts.look, settings, store, account.name), account.name, _SIGN_IN)

    def _mail(self) -> Iterator[Check]:
        if self.settings and self.store:
            yield Check("delivery", partial(delivery.look, self.settings, self.store), patience=_SIGN_IN)
            zone = ZoneInfo(self.settings.me.time_zone)
            yield Check("digest", partial(delivery.look_back, self.store, zone))


@contextmanager
def checkup(option: Path | None, clock_: Clock = system_clock) -> Iterator[Checkup]:
    """Open what can be opened of the configuration named by `option`, or of the usual one; never raises SyncdError.

    Who may read the files is looked at first: opening a database tightens it.
    """
    with ExitStack() as closing:
        found: list[Finding] = []
        path, settings = _configuration(option, found)
        file = _database_file(settings)
        found += files.look(path, file, tokens_folder())
        store = None
        if settings:
            try:
                store = closing.enter_context(Store.open(settings.store_url, state_folder()))
            except SyncdError as error:
                found.append(refused("database", error))
        yield Checkup(tuple(found), path, settings, store, clock_)


def _configuration(option: Path | None, found: list[Finding]) -> tuple[Path | None, Settings | None]:
    try:
        path = find_config(option)
    except SyncdError as error:
        found.append(refused("config", error))
        return None, None
    try:
        settings = load(path)
    except ConfigError as error:
        found.append(_problems(error))
        return path, None
    found.append(Finding("config", Mark.OK, f"{path} is right"))
    return path, settings


def _problems(error: ConfigError) -> Finding:
    """The first problem with its place, and how many there are."""
    if not error.problems:
        return refused("config", error)
    first, others = error.problems[0], len(error.problems) - 1
    more = f" And {others} more problem{'s' if others > 1 else ''}." if others else ""
    what = f"{first.file}:{first.line}:{first.column}: {first.message}.{more}"
    return failure("config", what, "Type: syncd config check", Exit.CONFIG)


def _mail_server(settings: Settings) -> tuple[Server, ...]:
    send = settings.send
    return (Server(send.host, send.port, "smtp", send.tls),) if send.via == "smtp" else ()


def _database_file(settings: Settings | None) -> Path | None:
    return file_of(settings.store_url if settings else default_store_url())

"""An account of the configuration, opened: its connector, with everything that the house lends it.

The command line and the daemon open accounts alike; they differ in how long a wait lasts and when it is time to stop.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd.clock import system_clock, wait
from syncd.config.paths import tokens_folder
from syncd.connector import Context, naming_what_is_missing
from syncd.memory import Remembered
from syncd.secrets import resolve
from syncd.store import StoredMemory
from syncd.sync import OpenAccount
from syncd.tokens import TokenFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.clock import Clock
    from syncd.config import Settings
    from syncd.store import Store


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class House:
    """What depends on who opens an account: the clock, when to stop, and how to wait so many seconds, or less."""

    clock: Clock = system_clock
    stopping: Callable[[], bool] = _never
    pause: Callable[[float], None] = wait


def open_account(settings: Settings, store: Store, name: str, house: House, *, rehearsing: bool = False) -> OpenAccount:
    """The account called `name`, ready to be polled; constructing it does no I/O, and its connector is to be closed.

    While `rehearsing` it remembers what it reads in this process alone. Raises KeyError for a name that the settings
    do not have, Misconfigured when a library is missing.
    """
    account = settings.accounts[name]
    options = account.options
    stored = StoredMemory(store, name)
    rehearsal: Remembered | None = None
    if rehearsing:
        known = store.account(name)
        mine = known is not None and known.connector == options.type
        rehearsal = Remembered(beneath=stored if mine else None)
    context = Context(
        account=name,
        now=house.clock,
        stopping=house.stopping,
        secret=resolve,
        log=logging.getLogger(f"syncd.{name}"),
        time_zone=ZoneInfo(settings.me.time_zone),
        pause=house.pause,
        memory=rehearsal or stored,
        tokens=TokenFile(tokens_folder(), name),
        subjects=settings.privacy.subjects == "keep",
    )
    with naming_what_is_missing(options.type):
        connector = account.connector(options, context)
    return OpenAccount(name, options.type, connector, options.first_sync, rehearsal, house.stopping)

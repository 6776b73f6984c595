"""`syncd run`: accounts are read, conclusions drawn and the digest mailed, until somebody says stop."""

from __future__ import annotations

import faulthandler
import os
import random
import time
from typing import TYPE_CHECKING

from syncd.clock import system_clock
from syncd.config import find_config, load
from syncd.config.paths import state_folder
from syncd.daemon.events import Inbox
from syncd.daemon.journal import log
from syncd.daemon.loop import Daemon, configure_log
from syncd.daemon.machine import Machine
from syncd.daemon.notify import Notifier
from syncd.daemon.signals import heard
from syncd.errors import Exit, SyncdError
from syncd.store import Store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["serve"]


def serve(config: Path | None) -> int:
    """Run as a service until SIGTERM or SIGINT; the exit code. SIGHUP reads the configuration again.

    For the main thread. Raises ConfigError when the file cannot be in force at the start, StoreError when the store
    cannot be used.
    """
    notifier = Notifier.taken_from(os.environ, os.getpid())
    settings = load(find_config(config))
    configure_log(settings)
    faulthandler.enable()  # a watchdog ends who hangs by SIGABRT: where every thread was is then in the journal
    notifier.tell("STATUS=opening the store")
    inbox = Inbox()
    machine = Machine(system_clock, time.monotonic, random.random)
    with heard(inbox), Store.open(settings.store_url, state_folder()) as store:
        try:
            Daemon(config, settings, store, machine, inbox, notifier).run()
        except SyncdError:
            raise
        except Exception:  # noqa: BLE001 - a bug of ours: the log has it, and a new start mends most
            log.exception("syncd met a bug and ends; the service manager starts it again.")
            return Exit.REPORT
    return Exit.OK

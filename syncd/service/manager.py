"""systemd, asked by its own commands: the machine's manager, or that of the user who types.

Nothing here knows what the units say; every refusal becomes one sentence with the command that shows more.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from syncd.errors import Exit, SyncdError
from syncd.service.units import Scope

_PATIENCE = 20 * 60
"""Seconds: as long as the unit may take to start, and some."""

_RUNNING = frozenset({"initializing", "starting", "running", "degraded", "maintenance", "stopping"})
_CANNOT_LOCK_IN = frozenset({"217", "226"})
"""EXIT_USER and EXIT_NAMESPACE of systemd.exec(5)."""


class ServiceError(SyncdError):
    """The service cannot be installed, or does not start."""

    exit = Exit.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Manager:
    """The systemd of a scope."""

    scope: Scope

    @property
    def is_there(self) -> bool:
        """Whether a systemd runs that takes this user's orders."""
        try:
            return self._ask("is-system-running").stdout.strip() in _RUNNING
        except FileNotFoundError:
            return False

    def order(self, *words: str) -> None:
        """Have it do something; raises ServiceError when it refuses."""
        done = self._ask(*words)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["it does not say why"])[0]
            raise ServiceError(f"systemd refused {words[0]}: {reason}", f"Type: {self.command('status', 'syncd')}")

    def start(self, unit: str) -> None:
        """Start it, or start it anew; raises ServiceError with where to look when it does not come up."""
        self.forget_failure(unit)
        if self._ask("restart", unit).returncode == 0:
            return
        if self.fact(unit, "ExecMainStatus") in _CANNOT_LOCK_IN:
            raise ServiceError(
                "This machine does not let systemd lock the service in.",
                f"Type: {self.command('edit', unit)}, and loosen what this names: {self.journal(unit)} -n 20",
            )
        raise ServiceError(f"{unit} did not start.", f"To see why, type: {self.journal(unit)} -n 20")

    def forget_failure(self, unit: str) -> None:
        """Have it count no failure of the unit, so that it may start again at once."""
        self._ask("reset-failed", unit)

    def is_active(self, unit: str) -> bool:
        """Whether the unit runs now."""
        return self._ask("is-active", "--quiet", unit).returncode == 0

    def fact(self, unit: str, name: str) -> str:
        """A property of a unit, as `systemctl show` names it; empty when there is none."""
        return self._ask("show", "--property", name, "--value", unit).stdout.strip()

    def command(self, *words: str) -> str:
        """What its owner types to ask the same."""
        return " ".join(("systemctl", *self._whose, *words))

    def journal(self, unit: str) -> str:
        """What its owner types to read what the unit said."""
        return " ".join(("journalctl", *self._whose, "-u", unit.removesuffix(".service")))

    @property
    def lingers(self) -> bool:
        """Whether the services of this user go on when nobody is logged in (loginctl(1), enable-linger)."""
        return self.scope is Scope.SYSTEM or Path("/var/lib/systemd/linger", _user_name()).exists()

    @property
    def _whose(self) -> tuple[str, ...]:
        return () if self.scope is Scope.SYSTEM else ("--user",)

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run("systemctl", *self._whose, *words)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of systemd to its end; raises FileNotFoundError where there is none."""
    own = f"/run/user/{os.geteuid()}"  # as pam_systemd(8) says it to a login, and to sudo and cron not
    bus = {"XDG_RUNTIME_DIR": own} if "XDG_RUNTIME_DIR" not in os.environ and os.access(own, os.X_OK) else {}
    return subprocess.run(  # noqa: S603 - systemd's own commands, with names of this package
        words,
        env={**os.environ, **bus, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""

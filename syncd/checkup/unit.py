"""The service: which unit runs syncd here, whether it does, and whether it is the one of this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd import __version__
from syncd.checkup.finding import Finding, Mark, failure
from syncd.service import TIMER, Manager, Scope, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHECK = "service"
_INSTALL = "Type: syncd service install"


def look() -> Iterator[Finding]:
    """Every unit of syncd, the owner's own and the machine's."""
    there = [(scope, unit, version) for scope in Scope for unit, version in installed(scope).items()]
    managers = {scope: Manager(scope) for scope in Scope}
    for scope, unit, version in there:
        yield from _unit(managers[scope], unit, version)
    if there:
        return
    if any(manager.is_there for manager in managers.values()):
        yield Finding(_CHECK, Mark.NOTE, "syncd is not installed as a service, so nothing happens by itself", _INSTALL)
    else:
        yield Finding(_CHECK, Mark.SKIPPED, "no systemd runs here; what starts syncd is not known")


def _unit(manager: Manager, unit: str, version: str | None) -> Iterator[Finding]:
    about = unit if manager.scope is Scope.SYSTEM else f"{unit} (yours)"
    if not manager.is_there:
        yield Finding(_CHECK, Mark.NOTE, f"{about} is installed, and its systemd does not answer")
    elif not manager.is_active(unit):
        ended = manager.fact(unit, "Result")
        how = f" ({ended}, exit code {manager.fact(unit, 'ExecMainStatus')})" if ended not in {"", "success"} else ""
        look_or_start = (
            f"To see why, type: {manager.journal(unit)} -n 20"
            if how
            else f"Type: {manager.command('enable', '--now', unit)}"
        )
        yield failure(_CHECK, f"{about} does not run{how}.", look_or_start)
    elif version and version != __version__:
        yield Finding(_CHECK, Mark.NOTE, f"{about} is of syncd {version}, and this is {__version__}", _INSTALL)
    else:
        yield Finding(_CHECK, Mark.OK, f"{about} is active{_last_words(manager, unit)}")
    if not manager.lingers:
        yield Finding(_CHECK, Mark.NOTE, f"{about} stops when you log out", "Type: loginctl enable-linger")


def _last_words(manager: Manager, unit: str) -> str:
    said = "" if unit == TIMER else manager.fact(unit, "StatusText")
    return f": {said}" if said else ""

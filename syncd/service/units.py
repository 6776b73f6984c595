"""The unit files: those that syncd ships, with the words of this installation in them, and whose they are by now.

What `syncd service install` writes carries a seal, a hash of the rest; a file whose seal does not fit was edited, and
belongs to its owner from then on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2s
from pathlib import Path
from typing import TYPE_CHECKING

import syncd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncd.service.place import Place

DAEMON = "syncd.service"
TIMER = "syncd.timer"

_FAILED = "syncd-failed.service"
_BY_TIMER = ("syncd-sync.service", "syncd-digest.service", TIMER)
_HARDENING = "hardening.conf"
_INSTALLATION = "installation.conf"
"""Sorts behind `hardening.conf`, and before the `override.conf` that `systemctl edit` writes."""

_SHIPPED_PROGRAM = {"system": "/usr/bin/syncd", "user": "%h/.local/bin/syncd"}
_SEAL = re.compile(r"# Written by syncd (\S+): syncd service install\. Edited, it is yours\. Seal (\w+)\n")


class Scope(StrEnum):
    """Whose service it is: one person's own, or the whole machine's."""

    USER = "user"
    SYSTEM = "system"

    @property
    def folder(self) -> Path:
        """Where its owner's units lie (systemd.unit(5), the unit search path)."""
        return Path("/etc/systemd/system") if self is Scope.SYSTEM else Path.home() / ".config/systemd/user"


class Standing(StrEnum):
    """Whose a file is that lies where a unit belongs."""

    MISSING = "missing"
    OURS = "ours"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class UnitFile:
    """One file of a service: where it goes, and every character of it."""

    path: Path
    text: str


def unit_files(scope: Scope, place: Place, *, timer: bool) -> tuple[UnitFile, ...]:
    """Every file of the daemon, or with `timer` of the two services that a timer starts, as `place` needs them."""
    services = [*(_BY_TIMER if timer else (DAEMON,)), _FAILED]
    named = [(name, _shipped(scope, name)) for name in services]
    for service in (name for name in services if name.endswith(".service")):
        if service != _FAILED:
            named.append((f"{service}.d/{_HARDENING}", _shipped(scope, f"{DAEMON}.d/{_HARDENING}")))
        if particular := _installation(scope, service, place):
            named.append((f"{service}.d/{_INSTALLATION}", particular))
    files = [UnitFile(scope.folder / name, _sealed(_with_program(scope, text, place))) for name, text in named]
    if scope is Scope.SYSTEM:
        files += (UnitFile(path, _sealed(_shipped(scope, path_name(path)))) for path in _BESIDE)
    return tuple(files)


_BESIDE = (Path("/etc/sysusers.d/syncd.conf"), Path("/etc/tmpfiles.d/syncd.conf"))
"""What the whole machine's service needs that is no unit: its user, and the folder of its configuration."""


def path_name(path: Path) -> str:
    """What `/etc/sysusers.d/syncd.conf` is called among the shipped files: `sysusers.d-syncd.conf`."""
    return f"{path.parent.name}-{path.name}"


def all_paths(scope: Scope) -> tuple[Path, ...]:
    """Every place where a file of this scope may lie, of the daemon and of the timer."""
    services = (DAEMON, *_BY_TIMER, _FAILED)
    within = [f"{name}.d/{drop_in}" for name in services for drop_in in (_HARDENING, _INSTALLATION)]
    units = [scope.folder / name for name in (*services, *within)]
    return (*units, *(_BESIDE if scope is Scope.SYSTEM else ()))


def standing(path: Path) -> Standing:
    """Whether nothing lies at `path`, what syncd wrote there, or something else."""
    text = _read(path)
    if text is None:
        return Standing.MISSING
    seal = _SEAL.match(text)
    return Standing.OURS if seal and seal[2] == _hash(text[seal.end() :]) else Standing.EDITED


def installed(scope: Scope) -> dict[str, str | None]:
    """The units by which syncd runs here, `syncd.service` or `syncd.timer`, and the version that wrote each.

    None in place of a version where somebody else did.
    """
    texts = {name: _read(scope.folder / name) for name in (DAEMON, TIMER)}
    seals = {name: _SEAL.match(text) for name, text in texts.items() if text is not None}
    return {name: seal[1] if seal else None for name, seal in seals.items()}


def owners_drop_ins(scope: Scope, service: str) -> Iterator[Path]:
    """The drop-ins of `service` that its owner wrote."""
    folder = scope.folder / f"{service}.d"
    if folder.is_dir():
        yield from (path for path in sorted(folder.glob("*.conf")) if standing(path) is Standing.EDITED)


def verbatim(value: str) -> str:
    """`value` as the whole value of a setting that is not split into words: only a per cent sign means something."""
    return value.replace("%", "%%")


def quoted(word: str) -> str:
    """`word` as one of the words of a setting, which do not end at its spaces (systemd.syntax(7))."""
    escaped = verbatim(word).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if re.search(r"[\s\"'\\;]", word) else escaped


def _installation(scope: Scope, service: str, place: Place) -> str:
    """What differs here from the shipped units; empty when nothing does."""
    unit: list[str] = []
    settings = [
        *(f"Environment={quoted(f'{name}={value}')}" for name, value in place.environment),
        *(credential.setting for credential in place.credentials),
    ]
    if service != _FAILED:
        settings += _setting("ExecPaths", place.runs_from) + _setting("BindReadOnlyPaths", place.runs_from)
        settings += _setting("ReadWritePaths", place.writes) + _setting("NoExecPaths", place.writes)
        if place.config != scope_config(scope):
            unit = ["[Unit]", "ConditionPathExists=", f"ConditionPathExists={verbatim(str(place.config))}", ""]
    if not settings:
        return ""
    lines = ["# Where this syncd lies, and what its configuration asks of systemd.", *unit, "[Service]", *settings]
    return "".join(f"{line}\n" for line in lines)


def scope_config(scope: Scope) -> Path:
    """Which configuration the shipped units read."""
    return Path("/etc/syncd/config.toml") if scope is Scope.SYSTEM else Path.home() / ".config/syncd/config.toml"


def _setting(name: str, paths: Sequence[Path]) -> list[str]:
    return [f"{name}={' '.join(quoted(str(path)) for path in paths)}"] if paths else []


def _with_program(scope: Scope, text: str, place: Place) -> str:
    path, *words = map(quoted, place.program)  # a variable is looked for in every word but the first
    command = " ".join((path, *(word.replace("$", "$$") for word in words)))
    shipped = re.compile(rf"^(Exec\w+=-?){re.escape(_SHIPPED_PROGRAM[scope])}\b", re.MULTILINE)
    return shipped.sub(lambda found: found[1] + command, text)


def _shipped(scope: Scope, name: str) -> str:
    return (_units() / scope / name).read_text(encoding="utf-8")


def _units() -> Path:
    """The folder of the units: inside the package once it is installed, beside it in a checkout."""
    package = Path(syncd.__file__).parent
    inside = package / "units"
    return inside if inside.is_dir() else package.parent / "systemd"


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _sealed(text: str) -> str:
    head = f"# Written by syncd {syncd.__version__}: syncd service install. Edited, it is yours. Seal {_hash(text)}\n"
    return head + text


def _hash(text: str) -> str:
    return blake2s(text.encode(), digest_size=8).hexdigest()

"""What is particular to this installation: its program, its configuration, what it writes, its credentials.

A service that is locked in sees less than its owner does: not /tmp, and the whole machine's no home. What lies there is
found before the service is started, and not by its failure.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from syncd.config.paths import SYSTEM_STATE, tokens_folder
from syncd.connector import SecretRef
from syncd.errors import UsageError
from syncd.service.units import DAEMON, Scope, owners_drop_ins, quoted, scope_config, verbatim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from syncd.config import Settings

_RUNS_ANYWAY = (Path("/usr"), Path("/lib"))
_PRIVATE = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - what PrivateTmp= hides, nothing is put there
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
_FOR_EVERYBODY = "sudo python3 -m venv /opt/syncd && sudo /opt/syncd/bin/pip install syncd"
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(/[^?]+)")


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret that systemd hands to the service: its name, and the file that it is read from."""

    name: str
    file: Path
    encrypted: bool = False

    @property
    def setting(self) -> str:
        """Its line in a unit (systemd.exec(5))."""
        kind = "LoadCredentialEncrypted" if self.encrypted else "LoadCredential"
        return f"{kind}={verbatim(f'{self.name}:{self.file}')}"

    @property
    def deposit(self) -> str:
        """What its owner types to put the secret where it is looked for; the command then waits for it."""
        if self.encrypted:
            return f"sudo systemd-creds encrypt --name={self.name} - {self.file}"
        return f"install -D -m 600 /dev/stdin {self.file}"


@dataclass(frozen=True, slots=True)
class Place:
    """One installation: the words that start syncd, and what the shipped units do not know of it."""

    program: tuple[str, ...]
    config: Path
    runs_from: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    credentials: tuple[Credential, ...] = ()
    missing: tuple[Credential, ...] = ()
    """Credentials that the configuration names, and where each was looked for."""
    remarks: tuple[str, ...] = ()
    """Sentences on what will not work in a service as it does in a terminal."""

    @property
    def command(self) -> str:
        """What to type in place of `syncd`."""
        return " ".join(self.program)


def survey(scope: Scope, settings: Settings, config: Path) -> Place:
    """What a service of `scope` needs to run this very installation with this configuration."""
    program, config = _program(), Path(os.path.abspath(config))  # noqa: PTH100 - resolve() would follow a link
    runs_from = _executable(program)
    has, lacks = _credentials(scope, settings, config)
    return Place(
        program=program,
        config=config,
        runs_from=runs_from,
        writes=tuple(_written(scope, settings)),
        environment=tuple(_environment(scope, config)),
        credentials=has,
        missing=lacks,
        remarks=tuple(_remarks(scope, settings, runs_from)),
    )


def require_in_sight(scope: Scope, place: Place) -> None:
    """Raise UsageError when the program or its configuration lies where a service of `scope` does not look."""
    looked_at = [("The program", folder, _FOR_EVERYBODY) for folder in (Path(place.program[0]), *place.runs_from)]
    copy = f"sudo install -D -m 640 {place.config} {scope_config(scope)}"
    for what, path, mend in (*looked_at, ("The configuration", place.config, copy)):
        match _hidden_by(scope, path):
            case None:
                continue
            case folder if folder in _PRIVATE:
                raise UsageError(
                    f"{what} lies in {path}, and a service has a {folder} of its own.", "Move it elsewhere."
                )
            case _:
                raise UsageError(
                    f"{what} lies in {path}, and a service of the whole machine sees no home.", f"Type: {mend}"
                )


def state_folder(scope: Scope) -> Path:
    """Where the service keeps its database, unless the configuration says otherwise, and its sign-ins."""
    return SYSTEM_STATE if scope is Scope.SYSTEM else tokens_folder().parent


def _program() -> tuple[str, ...]:
    """The command that was typed, as a link if it is one, so that an upgrade by pipx reaches it."""
    typed = Path(sys.argv[0])
    beside = Path(sys.executable).parent / "syncd"
    if typed.is_absolute() and typed.name == "syncd" and os.access(typed, os.X_OK):
        return (str(typed),)
    if os.access(beside, os.X_OK):
        return (str(beside),)
    return (sys.executable, "-m", "syncd")


def _executable(program: tuple[str, ...]) -> tuple[Path, ...]:
    """The folders from which programs and libraries have to run, beyond those that the units name."""
    real = Path(os.path.realpath(program[0]))
    wanted = (Path(program[0]).parent, real.parent, Path(sys.prefix), Path(sys.base_prefix))
    outside = [path for path in dict.fromkeys(wanted) if not any(path.is_relative_to(usual) for usual in _RUNS_ANYWAY)]
    return tuple(path for path in outside if not any(path != other and path.is_relative_to(other) for other in outside))


def _hidden_by(scope: Scope, path: Path) -> Path | None:
    hiding = (*_PRIVATE, *_HOMES) if scope is Scope.SYSTEM else _PRIVATE
    return next((folder for folder in hiding if path.is_relative_to(folder)), None)


def _written(scope: Scope, settings: Settings) -> Iterator[Path]:
    """Folders that the configuration has syncd write to, beyond its state folder, which the units name."""
    usual = SYSTEM_STATE if scope is Scope.SYSTEM else Path.home() / ".local/state/syncd"
    wanted = [] if scope is Scope.SYSTEM else [state_folder(scope)]
    if "store" in settings.model_fields_set and (file := _SQLITE.match(settings.store_url)):
        wanted.append(Path(file[1]).parent)
    if settings.send.via == "maildir" and settings.send.path:
        wanted.append(settings.send.path)
    yield from (path for path in dict.fromkeys(wanted) if not path.is_relative_to(usual))


def _environment(scope: Scope, config: Path) -> Iterator[tuple[str, str]]:
    """What the service would otherwise see differently from this terminal."""
    if config != scope_config(scope):
        yield "SYNCD_CONFIG", str(config)
    if scope is Scope.USER and (state := os.environ.get("XDG_STATE_HOME")):
        yield "XDG_STATE_HOME", state


def _credentials(
    scope: Scope, settings: Settings, config: Path
) -> tuple[tuple[Credential, ...], tuple[Credential, ...]]:
    """Those whose file is in its usual place, and those that nobody provides."""
    theirs = "".join(path.read_text(encoding="utf-8") for path in owners_drop_ins(scope, DAEMON))
    has: list[Credential] = []
    lacks: list[Credential] = []
    for name in dict.fromkeys(ref.credential for ref in _secrets(settings) if ref.credential):
        if re.search(
            rf"^\s*(Load|Set)Credential(Encrypted)?\s*=\s*\"?{re.escape(name)}(:|\"|\s*$)", theirs, re.MULTILINE
        ):
            continue
        usual = [Credential(name, config.parent / "credentials" / name)]
        if scope is Scope.SYSTEM:
            usual = [
                Credential(name, Path(f"/etc/credstore.encrypted/syncd.{name}"), encrypted=True),
                Credential(name, Path(f"/etc/credstore/syncd.{name}")),
            ]
        there = [credential for credential in usual if credential.file.exists()]
        (has if there else lacks).append((there or usual)[0])
    return tuple(has), tuple(lacks)


def _secrets(settings: Settings) -> Iterator[SecretRef]:
    for options in (*(account.options for account in settings.accounts.values()), settings.send):
        yield from _within(options)


def _within(table: BaseModel) -> Iterator[SecretRef]:
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, SecretRef):
            yield value
        elif isinstance(value, BaseModel):
            yield from _within(value)


def _remarks(scope: Scope, settings: Settings, runs_from: tuple[Path, ...]) -> Iterator[str]:
    if settings.send.via == "sendmail" and not _is_modest(settings.send.command):
        yield (
            'The digest goes by via = "sendmail". A service of syncd may not gain rights, as the sendmail of Postfix '
            'and of Exim must; for them write: via = "smtp", host = "localhost", tls = "none"'
        )
    may_run = (*_RUNS_ANYWAY, *runs_from, *((Path.home() / ".local",) if scope is Scope.USER else ()))
    for command in dict.fromkeys(ref.command[0] for ref in _secrets(settings) if ref.command):
        found = Path(os.path.realpath(shutil.which(os.path.expanduser(command)) or "/usr/missing"))  # noqa: PTH111 - a command is not always a path
        if not any(found.is_relative_to(folder) for folder in may_run):
            yield (
                f"The command {command} lies in {found.parent}, from where the service may not run anything; in "
                f"`{_edit(scope)}` write, below [Service]: ExecPaths={quoted(str(found.parent))}"
            )
    for name, account in settings.accounts.items():
        for path in _paths(account.options):
            if _hidden_by(scope, path):
                yield (
                    f"The account {name} reads {path}, which the service does not see; in `{_edit(scope)}` write, "
                    f"below [Service]: BindReadOnlyPaths={quoted(str(path))}"
                )


def _paths(options: BaseModel) -> Iterable[Path]:
    values = (getattr(options, name) for name in type(options).model_fields)
    return (value for value in values if isinstance(value, Path))


def _is_modest(command: tuple[str, ...]) -> bool:
    """A sendmail that only passes on what it is given to a server, and needs nobody's rights for it."""
    found = shutil.which(command[0])
    return found is not None and Path(os.path.realpath(found)).name in {"msmtp", "ssmtp", "esmtp"}


def _edit(scope: Scope) -> str:
    return "systemctl edit syncd" if scope is Scope.SYSTEM else "systemctl --user edit syncd"

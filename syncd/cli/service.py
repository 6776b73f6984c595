"""`syncd service`: let systemd run syncd, from now on and after every start of the machine, or no more.

A unit that its owner edited is never overwritten, and uninstalling keeps every record of syncd.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli.session import ConfigOption, lend_config, paper, talk
from syncd.config import NoConfig, find_config, load
from syncd.errors import Exit, UsageError
from syncd.service import (
    DAEMON,
    TIMER,
    Manager,
    Place,
    Scope,
    ServiceError,
    Standing,
    all_paths,
    require_in_sight,
    standing,
    survey,
    unit_files,
)
from syncd.service.files import make_folders, put, take_away
from syncd.service.place import state_folder
from syncd.service.system import USER, is_root, let_read, make_user, try_as_user
from syncd.service.units import scope_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncd.service import UnitFile

services = typer.Typer(no_args_is_help=True, help="Have systemd run syncd by itself.")

SERVICES_OF_TIMER = "'syncd-*'"
"""As a shell and journalctl take them."""

SystemOption = Annotated[
    bool, typer.Option("--system", help="For the whole machine, as a user of its own; needs root.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Also units that were edited.")]


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.add_typer(services, name="service")


@services.callback()
def _root(context: typer.Context, *, config: ConfigOption = None) -> None:
    lend_config(context, config)


@services.command("install")
def install(
    *,
    system: SystemOption = False,
    timer: Annotated[
        bool, typer.Option("--timer", help="No daemon: a sync each quarter of an hour, and the digest when due.")
    ] = False,
    force: ForceOption = False,
    show: Annotated[bool, typer.Option("--print", help="Print the files and change nothing.")] = False,
    config: ConfigOption = None,
) -> int:
    """Write the units, start them, and say what was done and what to type next."""
    scope = Scope.SYSTEM if system else Scope.USER
    path = _config(scope, config)
    settings = load(path)
    place = survey(scope, settings, path)
    files = unit_files(scope, place, timer=timer)
    if show:
        for file in files:
            typer.echo(f"# {file.path}\n{file.text}")
        _warn(scope, place)
        return Exit.OK
    manager = _manager(scope, place, "install")
    require_in_sight(scope, place)
    _respect(files, scope, force=force)
    unit, other = (TIMER, DAEMON) if timer else (DAEMON, TIMER)
    put(files)
    if scope is Scope.SYSTEM:
        make_user()
        let_read(path)
        try_as_user(place)
    make_folders(place.writes if scope is Scope.SYSTEM else (state_folder(scope), *place.writes), scope)
    if standing(scope.folder / other) is not Standing.MISSING:
        manager.order("disable", "--now", other)
    kept = take_away(set(all_paths(scope)) - {file.path for file in files}, force=force)
    manager.order("daemon-reload")
    manager.order("enable", unit)
    manager.start(unit)
    _explain(manager, place, files, unit)
    _mention(kept, "stays as you edited it")
    return Exit.OK


@services.command("uninstall")
def uninstall(*, system: SystemOption = False, force: ForceOption = False) -> int:
    """Stop it and remove what `install` wrote; what syncd knows stays."""
    scope = Scope.SYSTEM if system else Scope.USER
    paths = [path for path in all_paths(scope) if standing(path) is not Standing.MISSING]
    if not paths:
        paper.print("No service of syncd is installed here.")
        return Exit.OK
    manager = _manager(scope, None, "uninstall")
    for unit in (DAEMON, TIMER):
        if scope.folder / unit in paths:
            manager.order("disable", "--now", unit)
            manager.forget_failure(unit)
    kept = take_away(paths, force=force)
    manager.order("daemon-reload")
    paper.print("syncd is stopped, and no longer started by systemd.")
    _mention(kept, "stays, since you edited it")
    paper.print(f"What it knows stays in {state_folder(scope)}; to forget that too: rm -r {state_folder(scope)}")
    if scope is Scope.SYSTEM:
        paper.print(f"Its user stays as well; to remove it: userdel {USER}")
    return Exit.OK


def _config(scope: Scope, config: Path | None) -> Path:
    """A machine's service reads the machine's configuration, not that of the root who installs it."""
    if scope is Scope.USER or config is not None:
        return find_config(config)
    usual = scope_config(scope)
    if not usual.exists():
        raise NoConfig(
            f"There is no configuration file at {usual}.",
            f"Type: sudo install -D -m 640 ~/.config/syncd/config.toml {usual}",
        )
    return usual


def _manager(scope: Scope, place: Place | None, doing: str) -> Manager:
    """The systemd that will do it; raises UsageError without the rights for it, ServiceError where there is none."""
    command = place.command if place else "syncd"
    if scope is Scope.SYSTEM and not is_root():
        raise UsageError(
            f"To {doing} a service of the whole machine takes root.", f"Type: sudo {command} service {doing} --system"
        )
    manager = Manager(scope)
    if not manager.is_there:
        raise ServiceError(*_without_systemd(scope, command))
    return manager


def _without_systemd(scope: Scope, command: str) -> tuple[str, str]:
    if scope is Scope.USER and Path("/run/systemd/system").is_dir():
        return (
            "The systemd of this user cannot be reached: this is no login of their own.",
            "Log in as that user (ssh, or: machinectl shell USER@), then type the same command again.",
        )
    instead = (
        f"Have whatever starts your services start: {command} run\nOr, in `crontab -e`, a line like this: "
        f"*/15 * * * *  {command} sync; {command} digest send --if-due"
    )
    return "No systemd runs here.", instead


def _respect(files: Sequence[UnitFile], scope: Scope, *, force: bool) -> None:
    """Raise ServiceError when a file that would be written was edited by its owner."""
    edited = [file.path for file in files if standing(file.path) is Standing.EDITED]
    if edited and not force:
        edit = Manager(scope).command("edit", "syncd")
        raise ServiceError(
            f"These were edited, or written by somebody else: {', '.join(map(str, edited))}",
            f"To have them overwritten, add --force; what you changed belongs in a drop-in, by: {edit}",
        )


def _explain(manager: Manager, place: Place, files: Sequence[UnitFile], unit: str) -> None:
    scope = manager.scope
    names = [file.path.name for file in files if file.path.parent == scope.folder]
    paper.print(f"Written to {scope.folder}: {', '.join(names)}, and what goes with them.", markup=False)
    if scope is Scope.SYSTEM:
        paper.print(f"They run as the user {USER}, who may read {place.config}.", markup=False)
    if unit == DAEMON:
        said = manager.fact(unit, "StatusText")
        paper.print(f"syncd runs{f': {said}' if said else ''}.", markup=False)
    else:
        paper.print("syncd reads your accounts each quarter of an hour, and mails the digest when it is due.")
    when = "after every start of the machine" if manager.lingers else "whenever you are logged in"
    paper.print(f"It is started by itself {when}.\n\nTo type next:")
    rows = dict(_commands(manager, place, unit))
    width = max(map(len, rows))
    for command, purpose in rows.items():
        paper.print(f"  {command:<{width}}  {purpose}", markup=False)
    _warn(scope, place)


def _commands(manager: Manager, place: Place, unit: str) -> Iterator[tuple[str, str]]:
    """What its owner may want to type from now on, and what for."""
    yield manager.command("status", unit.removesuffix(".service")), "how it is"
    yield f"{manager.journal('syncd' if unit == DAEMON else SERVICES_OF_TIMER)} -f", "what it says, as it says it"
    if unit == DAEMON:
        yield manager.command("reload", "syncd"), "after you changed the configuration"
    who = f"sudo -u {USER} " if manager.scope is Scope.SYSTEM else ""
    yield f"{who}{place.command} doctor", "whether everything works"
    if not manager.lingers:
        yield "loginctl enable-linger", "to have it go on when you log out"


def _warn(scope: Scope, place: Place) -> None:
    again = f"{place.command} service install{' --system' if scope is Scope.SYSTEM else ''}"
    for credential in place.missing:
        talk.print(
            f"\nThe credential {credential.name!r} is in no place where a service finds it. Type:\n"
            f"  {credential.deposit}\n  {again}",
            markup=False,
        )
    for remark in place.remarks:
        talk.print(f"\n{remark}", markup=False)


def _mention(paths: Sequence[Path], sentence: str) -> None:
    for path in paths:
        talk.print(f"{path} {sentence}.", markup=False)

"""`syncd backup` and `restore`: all that syncd knows, in one file, and back from it."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from syncd import log
from syncd.cli.session import ConfigOption, paper, progress_bars, session, talk
from syncd.clock import system_clock
from syncd.config import find_config, load
from syncd.config.paths import state_folder
from syncd.errors import Exit, UsageError
from syncd.pipeline.schedule import digest_due
from syncd.store.backup import back_up
from syncd.store.restore import Restored, open_backup, put_back
from syncd.sync import derive

if TYPE_CHECKING:
    from syncd.store import Store


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it.", show_default=False)],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file when it is there already.")] = False,
    config: ConfigOption = None,
) -> int:
    """Write all that syncd knows to one file, also while it is at work; sign-ins are not in it."""
    with session(config) as at:
        back_up(at.store.transactions, file, replace=force)
    paper.print(f"{file} holds all that syncd knows, but your sign-ins ({file.stat().st_size:,} bytes).", markup=False)
    _say(f"To put it back, type: syncd restore {quote(str(file))}")
    return Exit.OK


def restore(
    file: Annotated[Path, typer.Argument(help="What syncd backup wrote.", show_default=False)],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: ConfigOption = None,
) -> int:
    """Put a backup in the place of what syncd knows now, which is kept in another file."""
    settings = load(find_config(config))
    log.configure(settings.daemon.log_level)
    policy, now = settings.policy(), system_clock()
    with open_backup(file, state_folder()) as held:
        _say(_contents(file, held))
        if not yes and not _agreed(file):
            _say("Nothing was changed.")
            return Exit.OK
        due = digest_due(now, held.last_digest(), policy)
        restored = put_back(settings.store_url, held, state_folder(), now, due)
    _tell(restored)
    with session(config) as at, progress_bars() as bar:
        derive(at.store, at.policy, bar("working out who is who"))
        paper.print(f"{at.store.counts().observations:,} records are back from {file}.", markup=False)
    return Exit.OK


def _contents(file: Path, held: Store) -> str:
    counts = held.counts()
    read = max((account.last_sync for account in held.accounts() if account.last_sync), default=None)
    until = f", read until {read:%Y-%m-%d %H:%M} UTC" if read else ""
    return f"{file} holds {counts.observations:,} records{until}, and {len(held.decisions()):,} decisions of yours."


def _agreed(file: Path) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "What syncd knows now would be replaced.", f"If so, type: syncd restore {quote(str(file))} --yes"
        )
    return typer.confirm("Put this in the place of what syncd knows now?", err=True)


def _tell(restored: Restored) -> None:
    """What was put aside, and what will not happen."""
    if restored.kept:
        _say(f"What was there before is kept; to go back, type: syncd restore {quote(str(restored.kept))}")
    if restored.damaged:
        _say(f"The damaged database is now {restored.damaged}")
    if restored.left_out:
        day = restored.left_out
        _say(f"The digest of {day} may have been mailed and is left out; to have it, type: syncd digest send")


def _say(sentence: str) -> None:
    """On one line, however long, so that a command in it can be copied."""
    talk.print(sentence, markup=False)

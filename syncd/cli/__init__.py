"""The command line: a family of commands per file, no logic of its own.

`main` is the one place where an error becomes words on stderr and an exit code.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from io import TextIOWrapper
from typing import Annotated, cast

import typer

from syncd import __version__
from syncd.cli import (
    auth,
    config,
    data,
    decisions,
    demo,
    digest,
    doctor,
    export,
    forget,
    people,
    run,
    service,
    state,
    sync,
)
from syncd.cli.session import ConfigOption, lend_config
from syncd.errors import ConfigError, Exit, SyncdError

YOUNG_OBJECTS = 100_000
"""Facts and interactions are trees without cycles: the collector finds nothing there, and took a fifth of the time."""

_Misuse = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[2])
"""ClickException, of the click that this typer uses: newer ones carry their own, which `import click` would miss."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a disk says to which stdout was led, when it takes no more (write(2))."""

STDOUT = 1

NOT_FOR_OTHERS_TO_WRITE = 0o022
"""Taken from the mode of every file and folder that is made, however loose the umask is that syncd was started with."""

INTERRUPTED = 130
"""What shells say of a command that Ctrl-C ended: 128 and the number of SIGINT."""

app = typer.Typer(
    name="syncd",
    help="Watches your mail and calendars, and says which relationships are going quiet.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if wanted:
        typer.echo(f"syncd {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    del version
    lend_config(context, config)


for family in (demo, auth, run, sync, digest, people, decisions, state, doctor, service, config, data, export, forget):
    family.register(app)


def main() -> None:
    """Run the command line; every expected error ends as a sentence and the exit code that belongs to it."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 50, 50)
    os.umask(os.umask(0o777) | NOT_FOR_OTHERS_TO_WRITE)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without the letters of a name still shows the rest
    code = _run()
    if code == INTERRUPTED:
        typer.echo("syncd: stopped. What was written stands; to go on, type the same command again.", err=True)
    sys.exit(code)


def _run() -> int:
    try:
        outcome = app(standalone_mode=False)
        sys.stdout.flush()
    except SyncdError as error:
        placed = isinstance(error, ConfigError) and error.problems
        typer.echo(str(error) if placed else f"syncd: {error}", err=True)
        return error.exit
    except _Misuse as error:
        error.show()
        return Exit.USAGE
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        if error.filename is not None or error.errno not in {errno.EPIPE, *_NO_ROOM}:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)  # what is still to be flushed
        if error.errno == errno.EPIPE:  # whoever read it has read enough
            return Exit.REPORT
        typer.echo(
            f"syncd: What it says cannot be written: {error.strerror}.\nTo see where room is left: df -h", err=True
        )
        return Exit.CANNOT_WRITE
    return outcome if isinstance(outcome, int) else Exit.OK

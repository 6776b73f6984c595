"""`syncd run`: the service, in the foreground; systemd and Ctrl-C end it alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.cli.session import ConfigOption  # noqa: TC001 - typer reads annotations when the program runs

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("run")(run)


def run(*, config: ConfigOption = None) -> int:
    """Read the accounts whenever they are due and mail the digest of each day, until told to stop."""
    from syncd.daemon import serve  # noqa: PLC0415 - every other command does without its threads

    return serve(config)

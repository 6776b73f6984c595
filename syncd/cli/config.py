"""`syncd config`: check the file, show what is in force, print its schema."""

from __future__ import annotations

from typing import Annotated

import typer

from syncd.cli.session import ConfigOption, lend_config, print_json, talk
from syncd.config import find_config, load, schema
from syncd.config import show as written_out
from syncd.errors import Exit

configs = typer.Typer(no_args_is_help=True, help="The configuration file.")


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.add_typer(configs, name="config")


@configs.callback()
def _root(context: typer.Context, *, config: ConfigOption = None) -> None:
    lend_config(context, config)


@configs.command("check")
def check(
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing when the file is right.")] = False,
    config: ConfigOption = None,
) -> int:
    """Say whether the file is right, or everything that is wrong with it."""
    path = find_config(config)
    settings = load(path)
    if not quiet:
        talk.print(f"{path} is right: {len(settings.accounts)} account(s).", markup=False)
    return Exit.OK


@configs.command("show")
def show(*, config: ConfigOption = None) -> int:
    """Print every setting in force, defaults included; secrets stay references."""
    typer.echo(written_out(load(find_config(config))))
    return Exit.OK


@configs.command("schema")
def print_schema() -> int:
    """Print the JSON schema, for editors that complete and check TOML."""
    print_json(schema())
    return Exit.OK

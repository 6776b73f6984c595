"""`syncd demo`: a believable year in a temporary folder, read by the real connectors."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from syncd.cli import digest, people, sync
from syncd.cli.session import paper, progress_bars, session, talk
from syncd.clock import system_clock
from syncd.errors import Exit
from syncd.review import is_contact, relationships

PEOPLE_SHOWN = 15


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Write the world here; a new temporary folder by default.")
    ] = None,
) -> int:
    """Show what syncd does, on an invented year of mail and meetings."""
    from syncd.demo import write_world  # noqa: PLC0415 - it loads a calendar library that no other command needs

    place = folder or Path(tempfile.mkdtemp(prefix="syncd-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    world = write_world(place, system_clock())
    with session(world.config) as at:
        with at.sources([]) as sources, progress_bars() as bar:
            for outcome in sync.run(at, sources, bar):
                sync.report(outcome)
        paper.print()
        contacts = [one for one in relationships(at.store, at.policy, at.now) if is_contact(one) and not one.muted]
        people.print_table(at, contacts[:PEOPLE_SHOWN])
        if len(contacts) > PEOPLE_SHOWN:
            paper.print(f"and {len(contacts) - PEOPLE_SHOWN} more", style="dim")
        paper.print()
        digest.print_text(at, digest.compose(at, None))
        paper.print()
        digest.write_html(digest.compose(at, None), at, place / "digest.html")
    talk.print(
        f'Ask it more:\n  export SYNCD_CONFIG={os.fspath(world.config)}\n  syncd explain "{contacts[0].person.name}"',
        markup=False,
    )
    return Exit.OK

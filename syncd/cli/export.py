"""`syncd export`: people or exchanges for other programs, as JSON or CSV."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli.session import ConfigOption, session, talk
from syncd.durable import replacing
from syncd.errors import Exit, StoreError, UsageError
from syncd.export import INTERACTIONS, PEOPLE, interaction_rows, person_row, write_csv, write_json
from syncd.review import is_contact, relationships
from syncd.store.readings import interactions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from syncd.cli.session import Session
    from syncd.export import Value

_STDOUT = Path("-")


class What(StrEnum):
    """What can be exported."""

    PEOPLE = "people"
    INTERACTIONS = "interactions"


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("export")(export)


def export(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array, an object on each line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table with a header line (RFC 4180).")] = False,
    vcard: Annotated[bool, typer.Option("--vcard", hidden=True)] = False,
    ics: Annotated[bool, typer.Option("--ics", hidden=True)] = False,
    what: Annotated[What, typer.Option("--what", help="People, or every exchange with them.")] = What.PEOPLE,
    everybody: Annotated[
        bool, typer.Option("--all", help="Also strangers, newsletters and machines; without it your contacts.")
    ] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="A file, for you alone (0600).")] = _STDOUT,
    config: ConfigOption = None,
) -> int:
    """Write your people, or the exchanges with them, for other programs."""
    if vcard or ics:
        raise UsageError("syncd cannot write vCard or iCalendar files yet.", "Type: syncd export --csv, or --json")
    if as_json == as_csv:
        raise UsageError("Say in which form.", "Type one of: syncd export --json | syncd export --csv")
    with session(config) as at, _opened(output) as out:
        at.refresh()
        columns, rows = (
            (PEOPLE, _people(at, everybody=everybody))
            if what is What.PEOPLE
            else (INTERACTIONS, _exchanges(at, everybody=everybody))
        )
        if as_csv:
            write_csv(columns, rows, out)
        else:
            write_json(rows, out)
    if output != _STDOUT:
        talk.print(f"{output} is written; only you can read it.", markup=False)
    return Exit.OK


def _people(at: Session, *, everybody: bool) -> Iterator[Mapping[str, Value]]:
    for one in relationships(at.store, at.policy, at.now):
        if everybody or is_contact(one):
            yield person_row(one)


def _exchanges(at: Session, *, everybody: bool) -> Iterator[Mapping[str, Value]]:
    """With contacts: what is only with others is left out."""
    chosen = {one.person.id for one in relationships(at.store, at.policy, at.now) if everybody or is_contact(one)}
    whose = {address: one.id for one in at.store.people() for address in one.addresses}
    for exchange in interactions(at.store):
        if everybody or any(whose.get(other.address) in chosen for other in exchange.contacts):
            yield from interaction_rows(exchange, whose)


@contextmanager
def _opened(output: Path) -> Iterator[TextIO]:
    """Where to write: stdout as UTF-8, or a new file that takes the place of `output` when it is whole."""
    if output == _STDOUT:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        yield sys.stdout
        return
    try:
        with replacing(output) as file:
            yield file
    except OSError as error:
        raise _unwritable(output, error) from error


def _unwritable(output: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{output} cannot be written: {error.strerror}.", "Name another file: syncd export --csv --output FILE"
    )

"""The owner's word about people: done, snooze, mute, tag, merge, split, undo.

A decision outranks every inference, survives every rebuild, and never touches the configuration file.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli.session import ConfigOption, session, talk
from syncd.connector import parse_span
from syncd.errors import Exit, UsageError
from syncd.model import Decision, DecisionKind
from syncd.pipeline.normalize import normal_address
from syncd.review import find_person, relationships
from syncd.sync import derive

if TYPE_CHECKING:
    from pathlib import Path

Name = Annotated[str, typer.Argument(help="A name, an address or an id.")]


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    for command in (done, snooze, mute, unmute, tag, merge, split, undo):
        app.command(command.__name__)(command)


def _decide(config: Path | None, name: str, kind: DecisionKind, value: str, said: str) -> int:
    with session(config) as at:
        at.refresh()
        everybody = relationships(at.store, at.policy, at.now)
        if kind is DecisionKind.UNMUTE:
            everybody = tuple(one for one in everybody if one.muted)
        one = find_person(everybody, name)
        at.store.decide(Decision(kind, one.person.addresses[0], value, at.now))
    talk.print(f"{one.person.name}: {said} Take it back with: syncd undo", markup=False)
    return Exit.OK


def done(name: Name, *, config: ConfigOption = None) -> int:
    """Say that you have talked today: the clock starts again."""
    with session(config) as at:
        today = at.now.astimezone(at.zone).date().isoformat()
    return _decide(config, name, DecisionKind.TALKED, today, "noted, you talked today.")


def snooze(
    name: Name,
    length: Annotated[str, typer.Argument(metavar="TIME", help='How long, like "2w" or "1 month".')] = "2w",
    *,
    config: ConfigOption = None,
) -> int:
    """Leave a person out of the digest for a while."""
    try:
        span = parse_span(length)
    except ValueError as error:
        raise UsageError(f"{error}.", f"For example: syncd snooze {name} 2w") from None
    with session(config) as at:
        until = (at.now + max(span, timedelta(days=1))).astimezone(at.zone).date().isoformat()
    return _decide(config, name, DecisionKind.SNOOZE, until, f"left alone until {until}.")


def mute(name: Name, *, config: ConfigOption = None) -> int:
    """Let go: never name this person anywhere."""
    return _decide(config, name, DecisionKind.MUTE, "", "let go, and never named again.")


def unmute(name: Name, *, config: ConfigOption = None) -> int:
    """Name a muted person again."""
    return _decide(config, name, DecisionKind.UNMUTE, "", "back again.")


def tag(name: Name, label: Annotated[str, typer.Argument(metavar="TAG")], *, config: ConfigOption = None) -> int:
    """Tag a person, for rules with `when = { tag = ... }`."""
    return _decide(config, name, DecisionKind.TAG, label, f"tagged {label}.")


def merge(name: Name, other: Annotated[str, typer.Argument(metavar="OTHER")], *, config: ConfigOption = None) -> int:
    """Say that two are one person."""
    with session(config) as at:
        at.refresh()
        everybody = relationships(at.store, at.policy, at.now)
        first, second = find_person(everybody, name), find_person(everybody, other)
        if first.person.id == second.person.id:
            raise UsageError(
                f"{name!r} and {other!r} are one person already, {first.person.name}.",
                f"See why: syncd explain {first.person.id}",
            )
        at.store.decide(Decision(DecisionKind.SAME, first.person.addresses[0], second.person.addresses[0], at.now))
        derive(at.store, at.policy)
    talk.print(f"{first.person.name} and {second.person.name} are one now. Take it back with: syncd undo", markup=False)
    return Exit.OK


def split(
    name: Name,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The address that is somebody else's.")],
    *,
    config: ConfigOption = None,
) -> int:
    """Say that an address is somebody else's."""
    with session(config) as at:
        at.refresh()
        one = find_person(relationships(at.store, at.policy, at.now), name)
        address = normal_address(address)
        if address not in one.person.addresses:
            theirs = ", ".join(one.person.addresses)
            raise UsageError(f"{address!r} is not one of {one.person.name}'s addresses.", f"Theirs are: {theirs}")
        at.store.decide(Decision(DecisionKind.DIFFERENT, address, "", at.now))
        derive(at.store, at.policy)
    talk.print(f"{address} stands alone now. Take it back with: syncd undo", markup=False)
    return Exit.OK


def undo(*, config: ConfigOption = None) -> int:
    """Take back your last decision."""
    with session(config) as at:
        decision = at.store.undo()
        if decision is None:
            raise UsageError("There is no decision to take back.", "See the people you can decide about: syncd people")
        derive(at.store, at.policy)
    talk.print(f"Taken back: {decision.kind.value} {decision.subject} {decision.object}".rstrip(), markup=False)
    return Exit.OK

"""`syncd sync`: poll the accounts now, or rehearse it with `--dry-run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncd import sync as passes
from syncd.cli.session import ConfigOption, JsonOption, paper, print_json, progress_bars, session, talk
from syncd.clock import system_clock
from syncd.errors import AuthRequired, ConnectorError, Exit, Misconfigured, SyncdError
from syncd.keeping import fold
from syncd.model import PageReceipt
from syncd.review import is_contact, relationships

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from syncd.cli.session import Session
    from syncd.connector import Progress
    from syncd.model import Relationship
    from syncd.store import Store
    from syncd.sync import OpenAccount, Outcome

    Bar = Callable[[str], Callable[[Progress], None]]

MOST_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("sync")(sync)


def sync(
    accounts: Annotated[list[str] | None, typer.Argument(help="Which accounts; all when none is named.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read, say what would change, write nothing.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> int:
    """Read what is new in your accounts."""
    with session(config) as at, at.sources(accounts or [], rehearsing=dry_run) as sources, progress_bars() as bar:
        outcomes = rehearse(at, sources, bar, talk if as_json else paper) if dry_run else run(at, sources, bar)
    if as_json:
        print_json({"accounts": [_as_json(outcome) for outcome in outcomes]})
    else:
        for outcome in outcomes:
            report(outcome)
    return exit_code(outcomes)


def run(at: Session, sources: Sequence[OpenAccount], bar: Bar) -> list[Outcome]:
    """Poll every source, derive, and fold what is older than is kept; an account's error is its outcome alone."""
    outcomes = [passes.poll(at.store, source, at.now, bar(source.name), system_clock) for source in sources]
    passes.derive(at.store, at.policy, bar("working out who is who"))
    fold(at.store, at.policy, at.settings.privacy.history, at.now)
    return outcomes


def rehearse(at: Session, sources: Sequence[OpenAccount], bar: Bar, out: Console = paper) -> list[Outcome]:
    """Poll into memory, derive inside a transaction that is rolled back, and print on `out` what would have changed."""
    outcomes = []
    read = []
    for source in sources:
        try:
            read.append((source, passes.read_pages(at.store, source, at.now, bar(source.name))))
        except ConnectorError as error:
            outcomes.append(passes.Outcome(source.name, PageReceipt(), passes.with_hint(error, source)))
    with at.store.rehearse() as trial:
        before = _contacts(at, trial)
        outcomes += [passes.Outcome(source.name, passes.commit(trial, source, pages)) for source, pages in read]
        passes.derive(trial, at.policy)
        after = _contacts(at, trial)
    _print_plan(before, after, out)
    return outcomes


def _contacts(at: Session, store: Store) -> dict[str, Relationship]:
    """Everybody who may be named."""
    return {one.person.id: one for one in relationships(store, at.policy, at.now) if is_contact(one) and not one.muted}


def _print_plan(before: dict[str, Relationship], after: dict[str, Relationship], out: Console) -> None:
    changed = [
        (one, one.tie.interactions - (before[known].tie.interactions if known in before else 0))
        for known, one in after.items()
    ]
    changed = [(one, more) for one, more in changed if more or one.person.id not in before]
    for one, more in changed[:MOST_SHOWN]:
        word = "new" if one.person.id not in before else "known"
        out.print(f"would record {more:+d} with {one.person.name} ({word})", markup=False)
    if len(changed) > MOST_SHOWN:
        out.print(f"and with {len(changed) - MOST_SHOWN} more people")
    for gone in before.keys() - after.keys():
        out.print(f"would fold {before[gone].person.name} into another person, or drop them", markup=False)
    if not changed:
        out.print("would change nothing between you and anybody")


def report(outcome: Outcome) -> None:
    """One line on stdout for what an account brought, and its error on stderr."""
    receipt = outcome.receipt
    parts = [f"{receipt.new:,} new"]
    if receipt.changed:
        parts.append(f"{receipt.changed:,} changed")
    if receipt.unreadable:
        parts.append(f"{receipt.unreadable:,} unreadable")
    paper.print(f"{outcome.account}: {', '.join(parts)}", markup=False)
    if outcome.error:
        talk.print(f"{outcome.account}: {outcome.error}", markup=False)


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "name": outcome.account,
        "new": outcome.receipt.new,
        "unreadable": outcome.receipt.unreadable,
        "error": outcome.error.title if outcome.error else None,
    }


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The code of the error that most needs the owner: configuration, then sign-in, then reach."""
    return worst_of([outcome.error for outcome in outcomes if outcome.error])


def worst_of(errors: Sequence[SyncdError]) -> int:
    """The exit code of the error that most needs the owner."""
    for kind in (Misconfigured, AuthRequired, SyncdError):
        for error in errors:
            if isinstance(error, kind):
                return error.exit
    return Exit.OK

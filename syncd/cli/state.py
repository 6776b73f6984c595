"""`syncd status`, `doctor` and `rebuild`: how syncd itself is."""

from __future__ import annotations

from datetime import timedelta
from textwrap import indent
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli.digest import outcome_of
from syncd.cli.session import ConfigOption, JsonOption, Session, paper, print_json, progress_bars, session, talk
from syncd.cli.sync import worst_of
from syncd.connector import Checks, SignsIn, naming_what_is_missing
from syncd.deliver import transport_for
from syncd.errors import Exit, SyncdError
from syncd.model import Account, AccountStatus, Letter, LetterState, Reading
from syncd.pipeline.schedule import next_digest
from syncd.review import is_contact, relationships
from syncd.secrets import resolve
from syncd.sync import is_under_way, with_hint
from syncd.sync import rebuild as derive_again

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from syncd.sync import OpenAccount


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("status")(status)
    app.command("doctor")(doctor)
    app.command("rebuild")(rebuild)


def status(*, as_json: JsonOption = False, config: ConfigOption = None) -> int:
    """Say how fresh every account is, and when the next digest is due."""
    with session(config) as at:
        at.refresh()
        known = {account.name: account for account in at.store.accounts()}
        accounts = [
            known.get(name, Account(name, account.options.type, None, AccountStatus.NEW))
            for name, account in at.settings.accounts.items()
        ]
        counts = at.store.counts()
        everybody = relationships(at.store, at.policy, at.now)
        contacts = sum(is_contact(one) and not one.muted for one in everybody)
        stuck = _stuck_letter(at)
        following = _next_digest(at)
        if as_json:
            print_json(
                {
                    "accounts": [_as_value(account, at.now) for account in accounts],
                    "people": contacts,
                    "interactions": counts.interactions,
                    "next_digest": following,
                }
            )
        else:
            for account in accounts:
                _print_account(at, account)
            paper.print(f"{contacts:,} people, {counts.interactions:,} interactions")
            if stuck:
                paper.print(outcome_of(stuck), markup=False)
            when = f"{following.astimezone(at.zone):%a %d %b %H:%M}" if following else "never: [digest] leaves no day"
            paper.print(f"next digest {when}", markup=False)
    return Exit.REPORT if stuck or any(account.error for account in accounts) else Exit.OK


def _stuck_letter(at: Session) -> Letter | None:
    """The last digest, when it could not be sent."""
    last = at.store.last_digest()
    unsent = at.store.letters(LetterState.RENDERED, LetterState.FAILED)
    return next((letter for letter in unsent if letter.day == last and letter.error), None)


def _next_digest(at: Session) -> datetime | None:
    try:
        return next_digest(at.now, at.store.last_digest(), at.policy)
    except ValueError:
        return None


def _as_value(account: Account, now: datetime) -> dict[str, object]:
    return {
        "name": account.name,
        "connector": account.connector,
        "state": account.status.value,
        "last_sync": account.last_sync,
        "observations": account.observations,
        "unreadable": account.unreadable,
        "error": account.error or None,
        "progress": _progress(account.reading, now) if account.reading else None,
    }


def _print_account(at: Session, account: Account) -> None:
    parts = [account.name, account.connector, account.status.value]
    if account.status is not AccountStatus.FIRST_SYNC:
        parts.append(f"{account.last_sync.astimezone(at.zone):%Y-%m-%d %H:%M}" if account.last_sync else "never read")
        unreadable = f", {account.unreadable:,} unreadable" if account.unreadable else ""
        parts.append(f"{account.observations:,} records{unreadable}")
    if account.reading:
        parts.append(how_far(account.reading, at.now, at.zone))
    paper.print("  ".join(parts), markup=False)
    if account.error:
        paper.print(indent(f"{account.error}\n{account.hint}".rstrip(), "  "), markup=False)


def how_far(reading: Reading, now: datetime, zone: tzinfo) -> str:
    """How far a read is that did not reach its end; then how fast it goes and when it will be done, or when it stopped.

    What nobody can know yet is not said.
    """
    if reading.total:
        share = min(100, 100 * reading.done // reading.total)
        said = [f"{reading.done:,} of {reading.total:,} ({share} %)"]
    else:
        said = [f"{reading.done:,} read"]
    if not is_under_way(reading, now):
        said.append(f"stopped at {_moment(reading.at, now, zone)}")
        return ", ".join(said)
    if reading.per_minute:
        said.append(f"{reading.per_minute:,.0f} a minute" if reading.per_minute >= 1 else "less than one a minute")
    if reading.done_at:
        said.append(f"done about {_moment(reading.done_at, now, zone)}")
    return ", ".join(said)


def _moment(moment: datetime, now: datetime, zone: tzinfo) -> str:
    near = abs(moment - now) < timedelta(days=6)
    return f"{moment.astimezone(zone):{'%a %H:%M' if near else '%a %d %b %Y %H:%M'}}"


def _progress(reading: Reading, now: datetime) -> dict[str, object]:
    rate = reading.per_minute
    goes_on = is_under_way(reading, now)
    return {
        "done": reading.done,
        "total": reading.total,
        "per_minute": round(rate, 1) if rate and goes_on else None,
        "done_at": reading.done_at if goes_on else None,
        "stopped_at": None if goes_on else reading.at,
    }


def doctor(
    accounts: Annotated[list[str] | None, typer.Argument(help="Which accounts; all when none is named.")] = None,
    *,
    config: ConfigOption = None,
) -> int:
    """Look whether everything works: configuration, database, every account, delivery."""
    errors: list[SyncdError] = []
    with session(config) as at:
        paper.print("config: right")
        paper.print(f"database: right, {at.store.counts().observations:,} records")
        with at.sources(accounts or []) as sources:
            for source in sources:
                try:
                    found = _checked(source)
                except SyncdError as error:
                    errors.append(with_hint(error, source))
                    talk.print(f"{source.name}: {error}", markup=False)
                else:
                    for sentence in found:
                        paper.print(f"{source.name}: {sentence}", markup=False)
        try:
            transport_for(at.settings.send, resolve)
        except SyncdError as error:
            errors.append(error)
            talk.print(f"digest: {error}", markup=False)
        else:
            paper.print(f"digest: goes to {at.policy.digest.to} by {at.settings.send.via}", markup=False)
    return worst_of(errors)


def _checked(source: OpenAccount) -> tuple[str, ...]:
    """What the connector itself finds."""
    with naming_what_is_missing(source.kind):
        match source.connector:
            case Checks():
                return source.connector.check()
            case SignsIn():
                return source.connector.sign_in_state()
            case _:
                return ("nothing to check",)


def rebuild(*, config: ConfigOption = None) -> int:
    """Draw every conclusion again from the stored facts; your decisions stay."""
    with session(config) as at, progress_bars() as bar:
        done = derive_again(at.store, at.policy, bar("deriving"))
        paper.print(f"{done.facts:,} facts gave {at.store.counts().interactions:,} interactions.")
    return Exit.OK

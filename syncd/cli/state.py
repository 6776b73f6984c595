"""`syncd status` and `rebuild`: how syncd itself is, and what comes next."""

from __future__ import annotations

from datetime import timedelta
from textwrap import indent
from typing import TYPE_CHECKING

from syncd.checkup.database import in_words, is_alive
from syncd.cli.digest import outcome_of
from syncd.cli.session import ConfigOption, JsonOption, Session, paper, print_json, progress_bars, session
from syncd.daemon.journal import in_words as lasting
from syncd.daemon.watch import LEASE
from syncd.errors import Exit
from syncd.mailing import last_day
from syncd.model import Account, AccountStatus, Letter, LetterState, Reading
from syncd.pipeline.schedule import back_off, next_digest, next_poll, quiet_until
from syncd.review import is_contact, relationships
from syncd.store.health import newest_letter
from syncd.sync import is_under_way
from syncd.sync import rebuild as derive_again

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    import typer

    from syncd.model import Lease


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("status")(status)
    app.command("rebuild")(rebuild)


def status(*, as_json: JsonOption = False, config: ConfigOption = None) -> int:
    """Say how fresh every account is, what is tried next, whether syncd runs, and when the next digest is due.

    --json gives {"accounts": [...], "people", "interactions", "next_digest", "daemon", "letter"}. An account has name,
    connector, state, last_sync, observations, unreadable, error, progress (null, or done, total, per_minute, done_at,
    stopped_at), hint, failing_since, failures (passes in a row), retry_at (what its source asked for) and next_poll
    (null while nothing runs, or it waits for you). `daemon` is null, or holder, running and beat_at; `letter` is the
    last digest: null, or day, state, error, attempts and retry_at. Instants are ISO 8601 in UTC.
    """
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
        letter, lease, following = newest_letter(at.store), at.store.lease(LEASE), _next_digest(at)
        runs = lease is not None and is_alive(lease, at.now)
        if as_json:
            print_json(
                {
                    "accounts": [_as_value(at, account, runs=runs) for account in accounts],
                    "people": contacts,
                    "interactions": counts.interactions,
                    "next_digest": following,
                    "daemon": _daemon(lease, runs=runs),
                    "letter": _letter(letter),
                }
            )
        else:
            for account in accounts:
                _print_account(at, account, runs=runs)
            paper.print(f"{contacts:,} people, {counts.interactions:,} interactions")
            paper.print(_watch(at, lease, runs=runs), markup=False)
            if letter and letter.error:
                paper.print(_standing(letter, at), markup=False)
            when = f"{following.astimezone(at.zone):%a %d %b %H:%M}" if following else "never: [digest] leaves no day"
            paper.print(f"next digest {when}", markup=False)
    died = lease is not None and not runs
    stuck = letter is not None and bool(letter.error) and letter.state is not LetterState.SENT
    return Exit.REPORT if died or stuck or any(account.error for account in accounts) else Exit.OK


def _watch(at: Session, lease: Lease | None, *, runs: bool) -> str:
    """Whether syncd runs, and where."""
    if lease is None:
        return "syncd run: not running, so nothing happens by itself unless a timer does it"
    if runs:
        return f"syncd run: {in_words(lease)}, last heard of {lasting(at.now - lease.at)} ago"
    ended = _moment(lease.at, at.now, at.zone)
    return f"syncd run: not running; {in_words(lease)} was last heard of at {ended}. To see why, type: syncd doctor"


def _daemon(lease: Lease | None, *, runs: bool) -> dict[str, object] | None:
    return {"holder": lease.holder, "running": runs, "beat_at": lease.at} if lease else None


def _standing(letter: Letter, at: Session) -> str:
    """What became of the last digest, and when it is tried again."""
    again = f" It is tried again at {_moment(letter.retry_at, at.now, at.zone)}." if letter.retry_at else ""
    return f"{outcome_of(letter)}{again}"


def _letter(letter: Letter | None) -> dict[str, object] | None:
    if letter is None:
        return None
    return {
        "day": letter.day,
        "state": letter.state.value,
        "error": letter.error or None,
        "attempts": letter.attempts,
        "retry_at": letter.retry_at,
    }


def _next_digest(at: Session) -> datetime | None:
    try:
        return next_digest(at.now, last_day(at.store, at.policy, at.now), at.policy)
    except ValueError:
        return None


def _next_poll(at: Session, account: Account) -> datetime | None:
    """When a running syncd reads an account next, give or take a tenth; None when it waits for its owner."""
    if account.status in (AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED) or account.last_sync is None:
        return None
    every = at.settings.poll_every(account.name)
    if account.failures:
        rest = at.now + back_off(account.failures, 0)
        due = max(rest, account.retry_at or rest)
    else:
        due = max(next_poll(account, account.last_sync, every, 0.5, at.now), at.now)
    return quiet_until(due, at.policy.polling.quiet_hours, at.zone) or due


def _as_value(at: Session, account: Account, *, runs: bool) -> dict[str, object]:
    return {
        "name": account.name,
        "connector": account.connector,
        "state": account.status.value,
        "last_sync": account.last_sync,
        "observations": account.observations,
        "unreadable": account.unreadable,
        "error": account.error or None,
        "progress": _progress(account.reading, at.now) if account.reading else None,
        "hint": account.hint or None,
        "failing_since": account.failing_since,
        "failures": account.failures,
        "retry_at": account.retry_at,
        "next_poll": _next_poll(at, account) if runs else None,
    }


def _print_account(at: Session, account: Account, *, runs: bool) -> None:
    parts = [account.name, account.connector, account.status.value]
    if account.status is not AccountStatus.FIRST_SYNC:
        parts.append(f"{account.last_sync.astimezone(at.zone):%Y-%m-%d %H:%M}" if account.last_sync else "never read")
        unreadable = f", {account.unreadable:,} unreadable" if account.unreadable else ""
        parts.append(f"{account.observations:,} records{unreadable}")
    if account.reading:
        parts.append(how_far(account.reading, at.now, at.zone))
    following = _next_poll(at, account) if runs and not account.reading else None
    if following and not account.failures:
        parts.append(f"next about {_moment(following, at.now, at.zone)}")
    paper.print("  ".join(parts), markup=False)
    if account.error:
        paper.print(indent(f"{account.error}\n{account.hint}".rstrip(), "  "), markup=False)
    if account.failures and following:
        times = f"{account.failures:,} times in a row" if account.failures > 1 else "once"
        paper.print(f"  failed {times}, tried again by {_moment(following, at.now, at.zone)}", markup=False)


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


def rebuild(*, config: ConfigOption = None) -> int:
    """Draw every conclusion again from the stored facts; your decisions stay."""
    with session(config) as at, progress_bars() as bar:
        done = derive_again(at.store, at.policy, bar("deriving"))
        paper.print(f"{done.facts:,} facts gave {at.store.counts().interactions:,} interactions.")
    return Exit.OK

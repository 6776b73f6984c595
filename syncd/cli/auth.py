"""`syncd auth`: sign in to an account at its provider, see how the sign-in is, or revoke it."""

from __future__ import annotations

from contextlib import suppress
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from syncd.cli.desk import TerminalDesk
from syncd.cli.session import ConfigOption, Session, paper, session, talk
from syncd.cli.sync import worst_of
from syncd.config.paths import tokens_folder
from syncd.connector import SignsIn, naming_what_is_missing
from syncd.errors import Exit, StoreBusy, SyncdError, UsageError
from syncd.sync import with_hint
from syncd.tokens import left_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from syncd.sync import OpenAccount


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("auth")(auth)


def auth(
    account: Annotated[
        str | None, typer.Argument(help="Which account; --status looks at all when none is named.")
    ] = None,
    *,
    device: Annotated[bool, typer.Option("--device", help="Sign in with a code, on another device.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open no browser.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how the sign-in is; sign in to nothing.")] = False,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Revoke the sign-in at the provider, and forget it.")
    ] = False,
    config: ConfigOption = None,
) -> int:
    """Sign in to an account at its provider, with the owner's browser."""
    if (status or revoke) and (device or no_browser or (status and revoke)):
        raise UsageError(
            "These options do not go together.", "Type one of: syncd auth ACCOUNT [--device | --status | --revoke]"
        )
    with session(config) as at:
        if account is None:
            return _tell_all(at, wanted="status" if status else "out" if revoke else "in")
        with at.sources([account]) as (source,):
            connector = _signing_in(source)
            if status:
                _print(_asked(source, connector.sign_in_state))
            elif revoke:
                _print(_asked(source, connector.sign_out))
            else:
                desk = TerminalDesk(browser=not no_browser)
                _print(_asked(source, lambda: connector.sign_in(desk, device=device)))
                with suppress(StoreBusy):  # the next pass over the account clears its error too
                    at.store.signed_in(account)
                talk.print(f"To read it, type: syncd sync {account}", markup=False)
    return Exit.OK


def _signing_in(source: OpenAccount) -> SignsIn:
    if isinstance(source.connector, SignsIn):
        return source.connector
    raise UsageError(
        f"{source.name} is read by {source.kind}, which has no sign-in at a provider.",
        f"What it needs, a password for example, is named under [accounts.{source.name}]; "
        f"to see whether that works, type: syncd doctor {source.name}",
    )


def _asked(source: OpenAccount, question: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """What the connector answers; its errors always say what to type."""
    try:
        with naming_what_is_missing(source.kind):
            return question()
    except SyncdError as error:
        raise with_hint(error, source) from error


def _print(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        paper.print(sentence, markup=False)


def _tell_all(at: Session, *, wanted: Literal["status", "in", "out"]) -> int:
    """A line for each account that signs in; to sign in or out, one of them has to be named."""
    errors: list[SyncdError] = []
    with at.sources([]) as sources:
        ours = [(source, source.connector) for source in sources if isinstance(source.connector, SignsIn)]
        if wanted != "status":
            names = ", ".join(source.name for source, _ in ours)
            known = f"These accounts sign in: {names}" if ours else "No account of your configuration signs in."
            raise UsageError(f"Which account should sign {wanted}?", known)
        for source, connector in ours:
            try:
                said = _asked(source, connector.sign_in_state)
            except SyncdError as error:
                errors.append(error)
                said = (error.title, error.hint)
            _print([f"{source.name}: {' '.join(said)}"])
        if not ours:
            _print(["No account of your configuration signs in at a provider."])
        for path in left_over(tokens_folder(), [source.name for source, _ in ours]):
            talk.print(
                f"{path} is a sign-in of no account of this configuration. Take back at its provider what it allows, "
                f"then type: rm {quote(str(path))}",
                markup=False,
            )
    return worst_of(errors)

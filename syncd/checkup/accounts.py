"""Every account, asked by its own connector whether it lets us in; and sign-ins that no account uses any more."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from syncd.accounts import House, open_account
from syncd.checkup.finding import Finding, Mark, refused
from syncd.connector import Checks, SignsIn, naming_what_is_missing
from syncd.errors import SyncdError
from syncd.sync import with_hint
from syncd.tokens import left_over

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from syncd.config import Settings
    from syncd.store import Store
    from syncd.sync import OpenAccount

_CHECK = "account"


def look(settings: Settings, store: Store, name: str) -> Iterator[Finding]:
    """What the connector of the account called `name` finds; nothing is read, and nothing kept."""
    source = open_account(settings, store, name, House())
    try:
        for sentence in _asked(source):
            yield Finding(_CHECK, Mark.OK, sentence, about=name)
    except SyncdError as error:
        yield refused(_CHECK, with_hint(error, source), about=name)
    finally:
        source.connector.close()


def _asked(source: OpenAccount) -> tuple[str, ...]:
    with naming_what_is_missing(source.kind):
        match source.connector:
            case Checks():
                return source.connector.check()
            case SignsIn():
                return source.connector.sign_in_state()
    return ("nothing to check",)


def look_for_leftovers(folder: Path, accounts: Collection[str]) -> Iterator[Finding]:
    """Sign-ins in `folder` that none of `accounts` uses: they still open what they opened."""
    for path in left_over(folder, accounts):
        yield Finding(
            "sign-ins",
            Mark.NOTE,
            f"{path} is a sign-in of no account of this configuration",
            f"Take back at its provider what it allows, then type: rm {quote(str(path))}",
        )

"""Somebody at a terminal who signs in at the real OAuth server, on a clock that can be put forward."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors._microsoft import CALENDARS, MicrosoftAccount
from syncd.testing import HeldTokens, context
from tests.contract.microsoft_account import microsoft_options
from tests.contract.signing_owner import Owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.connector import Tokens
    from tests.servers.oidc import Oidc

ANYTHING = "/me/calendars"
"""A path at which the server says whose token it was given, as long as that holds."""


class Clock:
    """The machine's clock, which can be put forward; waiting puts it forward too."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)  # noqa: TID251 - the server lives by the machine's clock

    def pause(self, seconds: float) -> None:
        self.ahead += seconds


class Desktop:
    """One machine with its clock, its kept sign-in, and as many runs of the program as `open` is called."""

    def __init__(self, server: Oidc, tokens: Tokens | None = None) -> None:
        self.server = server
        self.clock = Clock()
        self.held = HeldTokens()
        self.tokens = tokens or self.held
        self._accounts: list[MicrosoftAccount] = []

    def open(self, *scopes: str, **more: str) -> MicrosoftAccount:
        account = opened(self.server.authority, self.tokens, self.clock, *scopes, **more)
        self._accounts.append(account)
        return account

    def sign_in(self, *scopes: str, **more: str) -> tuple[str, ...]:
        """Through the browser, which does what `Oidc.as_` said."""
        owner = Owner(opens=self.browse)
        try:
            return self.open(*scopes, **more).sign_in(owner)
        finally:
            owner.leave()

    def browse(self, url: str) -> None:
        """Follow an address to wherever it ends, as the browser does."""
        self.server.browse(url)

    def close(self) -> None:
        for account in self._accounts:
            account.close()


def opened(authority: str, tokens: Tokens, clock: Clock, *scopes: str, **more: str) -> MicrosoftAccount:
    """An account whose sign-in and whose Graph are both at `authority`."""
    options = microsoft_options(authority, authority=authority, **more)
    lent = context(now=clock.now, pause=clock.pause, tokens=tokens)
    return MicrosoftAccount(options, lent, scopes or (CALENDARS,))


class PhoneOwner(Owner):
    """An owner without a browser, who reads the code off the terminal and does something with it."""

    def __init__(self, act: Callable[[str], None]) -> None:
        super().__init__(opens=None)
        self.act = act

    def say(self, text: str) -> None:
        super().say(text)
        code = re.search(r"code (\S+)", text)
        if code:
            self.act(code[1])

"""A connector whose account at the provider signs in for it: the one hand-over for Google and Microsoft alike.

`syncd auth` speaks to connectors (`SignsIn`); who signs in, and for which scopes, only the account knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncd.connector import Desk, SignsIn


class SignsInByAccount:
    """`SignsIn`, by way of `_account`."""

    _account: SignsIn

    def sign_in(self, desk: Desk, *, device: bool = False) -> tuple[str, ...]:
        """See `SignsIn.sign_in`."""
        return self._account.sign_in(desk, device=device)

    def sign_in_state(self) -> tuple[str, ...]:
        """See `SignsIn.sign_in_state`."""
        return self._account.sign_in_state()

    def sign_out(self) -> tuple[str, ...]:
        """See `SignsIn.sign_out`."""
        return self._account.sign_out()

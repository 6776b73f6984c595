"""What every account in the double of Google has in common: its sign-in, and what can go wrong with all of Google."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors._google_tokens import Kept
from syncd.connector import SecretRef
from syncd.testing import HeldTokens
from tests.servers.google_oauth import CLIENT_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

CLIENT: Final = SecretRef(env="CLIENT")


class GoogleRemote:
    """An account that is signed in with these scopes; the half of a `syncd.testing.Remote` that is Google's."""

    def __init__(self, google: Google, clock: FakeClock, scopes: tuple[str, ...]) -> None:
        self.google = google
        self.clock = clock
        self.no_patience: Callable[[], None] = lambda: None
        self._scopes = scopes
        self.tokens = self._signed_in()

    def deny(self) -> None:
        self.google.oauth.revoke_all()

    def throttle(self) -> None:
        self.google.fail(status=429, reason="rateLimitExceeded")

    def stall(self) -> None:
        self.google.silence()
        self.no_patience()

    def mend(self) -> None:
        self.google.mend()
        self.tokens = self._signed_in()

    def snapshot(self) -> object:
        return self.google.snapshot()

    def _signed_in(self) -> HeldTokens:
        now = self.clock()
        grant = self.google.oauth.sign_in(*self._scopes)
        kept = Kept(
            address=self.google.address,
            client_id=CLIENT_ID,
            scopes=self._scopes,
            refresh_token=grant.refresh,
            access_token=grant.access,
            expires_at=grant.expires,
            signed_in_at=now,
            refreshed_at=now,
        )
        return HeldTokens(kept.text())

"""An account at the double of Google, as its owner set it up: the client, the sign-in, and what is asked of it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

from connectors._google import GoogleAccount, GoogleOptions
from connectors._google_scopes import GMAIL_SCOPES
from connectors._google_tokens import Kept
from syncd.connector import SecretRef
from syncd.errors import ConnectorError, StoreError
from syncd.testing import HeldTokens, context
from tests.contract.signing_owner import Owner, redirected, visit
from tests.servers.google_oauth import CLIENT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from syncd.connector import Context, Tokens
    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

CLIENT: Final = SecretRef(env="GOOGLE_CLIENT")
KEY: Final = SecretRef(env="GOOGLE_KEY")


def client_json(google: Google, **changed: str) -> str:
    """The double's Desktop client, changed."""
    client = json.loads(google.client_json())
    return json.dumps({"installed": {**client["installed"], **changed}})


def sign_in_file(google: Google, scopes: tuple[str, ...], now: datetime) -> Kept:
    """A sign-in that the double honours, as `syncd auth` would have written it `now`."""
    grant = google.oauth.sign_in(*scopes)
    return Kept(
        address=google.address,
        client_id=CLIENT_ID,
        scopes=scopes,
        refresh_token=grant.refresh,
        access_token=grant.access,
        expires_at=grant.expires,
        signed_in_at=now,
        refreshed_at=now,
    )


class FullDisk(HeldTokens):
    """The file of a sign-in where nothing can be written any more."""

    def write(self, text: str) -> None:
        del text
        raise StoreError("The sign-in cannot be kept: No space left on device.")


@dataclass(slots=True)
class Setup:
    """What the owner configured, and the file of their sign-in.

    `client_json` empty: no client. `key_json`: a service account in its place. `endpoint`: another than the double.
    """

    google: Google
    clock: FakeClock
    scopes: tuple[str, ...] = GMAIL_SCOPES
    address: str = ""
    tokens: Tokens = field(default_factory=HeldTokens)
    client_json: str | None = None
    key_json: str = ""
    subject: str | None = None
    subjects: bool = True
    stopping: Callable[[], bool] = lambda: False
    endpoint: str = ""

    def context(self) -> Context:
        secrets = {CLIENT: self.google.client_json() if self.client_json is None else self.client_json}
        if self.key_json:
            secrets[KEY] = self.key_json
        return context(
            "mail",
            now=self.clock,
            pause=self.clock.pause,
            secrets=secrets,
            tokens=self.tokens,
            stopping=self.stopping,
            subjects=self.subjects,
        )

    def options(self) -> GoogleOptions:
        chosen: dict[str, object] = {
            "type": "gmail",
            "address": self.address or self.google.address,
            "endpoint": self.endpoint or self.google.endpoint,
        }
        if self.key_json:
            chosen["service_account"] = KEY
        elif self.client_json != "":
            chosen["client"] = CLIENT
        if self.subject:
            chosen["subject"] = self.subject
        return GoogleOptions.model_validate(chosen)

    @contextmanager
    def opened(self) -> Iterator[GoogleAccount]:
        """The account, without jitter."""
        account = GoogleAccount(self.options(), self.context(), self.scopes, jitter=lambda: 1.0)
        try:
            yield account
        finally:
            account.close()

    def ask(self) -> str:
        """One request to the API: whose account it is."""
        with self.opened() as account:
            return account.owner()

    def signed_in(self, **changed: object) -> Kept:
        """Put the file of a sign-in there that the double honours."""
        kept = sign_in_file(self.google, self.scopes, self.clock()).model_copy(
            update={"address": self.address or self.google.address, **changed}
        )
        self.tokens.write(kept.text())
        return kept

    @property
    def kept(self) -> Kept:
        """What stands in the file."""
        text = self.tokens.read()
        assert text is not None
        return Kept.model_validate_json(text)


def refused(setup: Setup) -> ConnectorError:
    """The one sentence a request ends with."""
    with pytest.raises(ConnectorError) as raised:
        setup.ask()
    error = raised.value
    assert error.title.endswith(".")
    assert "\n" not in error.title
    return error


def agree(url: str) -> None:
    """The owner agrees in the browser, which comes back to syncd."""
    visit(redirected(url))


def sign_in(setup: Setup, owner: Owner | None = None) -> str:
    """What an owner who agrees, or another, is told in the end."""
    owner = owner or Owner(agree)
    try:
        with setup.opened() as account:
            return "\n".join(account.sign_in(owner))
    finally:
        owner.leave()


def authorize_url(owner: Owner) -> str:
    """The address that the owner is asked to open."""
    return next(line.strip() for text in owner.said for line in text.splitlines() if "/o/oauth2/auth?" in line)

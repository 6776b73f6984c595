"""The sign-in of a Microsoft account between two runs: kept in one file, renewed by msal, one process at a time.

A sign-in that was refused is remembered as refused, so that nobody asks again until the owner has signed in anew.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from connectors._microsoft_sign_in_refusals import CANNOT_RENEW, Refusal, explained
from syncd.errors import AuthRequired

if TYPE_CHECKING:
    from connectors._microsoft_msal import Client, Result
    from connectors._microsoft_options import MicrosoftOptions
    from syncd.connector import Context

MARGIN: Final = timedelta(minutes=5)
"""A token that is this close to its end is renewed before it is used."""


class SignIn(BaseModel):
    """What `syncd auth` left behind: whose sign-in, for what, msal's cache, and the current access token."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    version: Literal[1] = 1
    client_id: str
    authority: str
    scopes: tuple[str, ...]
    address: str
    username: str
    home_account_id: str
    signed_in: AwareDatetime
    cache: dict[str, dict[str, dict[str, JsonValue]]] = Field(repr=False)
    access: str = Field(repr=False)
    expires: AwareDatetime
    refused: Refusal | None = None

    @property
    def lasts(self) -> bool:
        """Whether there is a refresh token in msal's cache (its schema is that of all of Microsoft's libraries)."""
        kept = self.cache.get("RefreshToken", {}).values()
        return any(token.get("home_account_id") == self.home_account_id for token in kept)


class Keeper:
    """The sign-in of one account, as a source of access tokens."""

    def __init__(self, options: MicrosoftOptions, context: Context, scopes: tuple[str, ...]) -> None:
        self._options = options
        self._context = context
        self._scopes = scopes
        self._held: SignIn | None = None
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """msal, which finds its way around the authority at first use."""
        if self._client is None:
            from connectors._microsoft_msal import Client  # noqa: PLC0415 - a token that is fresh needs no msal (0.3 s)

            self._client = Client(self._options, self._scopes, self._context.account)
        return self._client

    def close(self) -> None:
        """Let go of the connection; safe to call twice."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def access_token(self, refused: str = "") -> str:
        """A token that is good for some minutes, and is not the one that Graph just refused.

        Raises AuthRequired when there is no sign-in or Microsoft refuses it, Misconfigured when Microsoft does not know
        the client, Transient when nobody can say now, StoreError when a new one could not be kept.
        """
        if self._held is None or self._held.access == refused or not self._is_fresh(self._held):
            with self._context.tokens.locked():
                kept = self.read()
                stale = kept.access == refused or not self._is_fresh(kept)
                self._held = self._renewed(kept) if stale else kept
        return self._held.access

    def renew(self) -> SignIn:
        """The sign-in after asking Microsoft whether it still holds. Raises as `access_token` does."""
        with self._context.tokens.locked():
            self._held = self._renewed(self.read())
        return self._held

    def read(self) -> SignIn:
        """What is kept. Raises AuthRequired when that is nothing, unreadable, refused, or for other settings."""
        text = self._context.tokens.read()
        account = self._context.account
        if text is None:
            raise AuthRequired(f"Nobody signed in for the account {account} yet.", f"Type: syncd auth {account}")
        try:
            kept = SignIn.model_validate_json(text)
        except ValidationError as error:
            raise AuthRequired(
                f"The sign-in kept for the account {account} cannot be read any more.", f"Type: syncd auth {account}"
            ) from error
        if kept.refused is not None:
            raise explained(kept.refused, self._options, self._scopes, account)
        changed = self._changed(kept)
        if changed:
            raise AuthRequired(
                f"The account {account} signed in with another {changed} than it has now.",
                f"Type: syncd auth {account}",
            )
        return kept

    def write(self, result: Result, username: str) -> SignIn:
        """Keep what a sign-in just brought, in place of whatever was there."""
        now = self._context.now()
        with self._context.tokens.locked():
            self._held = SignIn(
                client_id=self._options.client_id,
                authority=self._options.sign_in_at,
                scopes=self._scopes,
                address=self._options.address,
                username=username,
                home_account_id=self.client.home_account_id(),
                signed_in=now.astimezone(UTC),
                cache=json.loads(self.client.cache.serialize()),
                access=result["access_token"],
                expires=_end(result, now),
            )
            self._context.tokens.write(self._held.model_dump_json(indent=1))
        return self._held

    def _renewed(self, kept: SignIn) -> SignIn:
        """The sign-in with a new access token, written; inside the lock."""
        tokens, account = self._context.tokens, self._context.account
        if not kept.lasts:
            raise explained(Refusal(error=CANNOT_RENEW), self._options, self._scopes, account)
        tokens.write(kept.model_dump_json(indent=1))  # on a full disk this fails before the refresh token is used up
        result = self.client.refresh(json.dumps(kept.cache), kept.home_account_id)
        if result is None or "access_token" not in result:
            refusal = Refusal.found_in(result)
            refused = explained(refusal, self._options, self._scopes, account)
            if isinstance(refused, AuthRequired):
                tokens.write(kept.model_copy(update={"refused": refusal}).model_dump_json(indent=1))
            raise refused
        renewed = kept.model_copy(
            update={
                "cache": json.loads(self.client.cache.serialize()),
                "access": result["access_token"],
                "expires": _end(result, self._context.now()),
            }
        )
        tokens.write(renewed.model_dump_json(indent=1))
        return renewed

    def _changed(self, kept: SignIn) -> str:
        options = self._options
        if (kept.client_id, kept.authority) != (options.client_id, options.sign_in_at):
            return "client_id or cloud"
        if kept.address.casefold() != options.address.casefold():
            return "address"
        return "" if set(self._scopes) <= set(kept.scopes) else "set of permissions"

    def _is_fresh(self, kept: SignIn) -> bool:
        return kept.expires - self._context.now() > MARGIN


def _end(result: Result, now: datetime) -> datetime:
    return (now + timedelta(seconds=result.get("expires_in", 0))).astimezone(UTC)

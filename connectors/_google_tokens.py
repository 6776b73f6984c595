"""A sign-in as it is kept between polls, and how it is refreshed: once for all processes, and never after it died.

The access token of the file is shared; who finds it expired refreshes it under the file's lock (RFC 6749 section 6).
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlencode

import google.auth.credentials
import httplib2
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connectors._google_errors import VENDOR_ERRORS, Busy, not_google, sign_in_over, unreached
from connectors._quote import quote
from connectors._retry_after import retry_after
from syncd.errors import AuthRequired, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors._google_client import Client
    from syncd.connector import Context

TIMEOUT: Final = 60.0
"""Seconds a request to Google may stay silent."""

EARLY: Final = timedelta(minutes=2)
"""A token that ends so soon is refreshed before it is used."""

_NO_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client", "deleted_client", "disabled_client"})
_NOT_ADMITTED: Final = frozenset({"access_denied", "invalid_scope"})
_BUSY: Final = frozenset({"temporarily_unavailable", "server_error", "internal_failure", "slow_down"})
_DAY: Final = 86_400
_TESTING_LIFE: Final = timedelta(days=7)
_UNUSED_LIFE: Final = timedelta(days=180)
_ROUGHLY: Final = timedelta(hours=12)


class Kept(BaseModel):
    """The file of one sign-in.

    `ends_at` is when Google will end it, where it said so. `dead` is why it is over: nobody asks Google again then.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    version: Literal[1] = 1
    address: str
    client_id: str
    scopes: tuple[str, ...]
    refresh_token: str = Field(repr=False)
    access_token: str = Field("", repr=False)
    expires_at: AwareDatetime
    signed_in_at: AwareDatetime
    refreshed_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    dead: str = ""

    def text(self) -> str:
        """As it is written."""
        return self.model_dump_json(indent=1)


class TokenAnswer(BaseModel):
    """What the token endpoint grants (RFC 6749 section 5.1); Google says when a sign-in for a time ends."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: str = Field(repr=False, min_length=1)
    expires_in: int = 3600
    refresh_token: str = Field("", repr=False)
    refresh_token_expires_in: int | None = None
    scope: str = ""

    def ends_at(self, now: datetime) -> datetime:
        """When the access token, granted `now`, ends; in a day at the latest."""
        return now + timedelta(seconds=min(max(self.expires_in, 0), _DAY))

    def sign_in_ends_at(self, now: datetime) -> datetime | None:
        """When the sign-in, made `now`, ends; None when Google does not say, or not within ten years."""
        seconds = self.refresh_token_expires_in
        return now + timedelta(seconds=seconds) if seconds is not None and 0 < seconds < 3650 * _DAY else None


class _Refusal(BaseModel):
    """Why it grants nothing (RFC 6749 section 5.2)."""

    model_config = ConfigDict(extra="ignore")

    error: str = Field(min_length=1)
    error_description: str = ""
    error_subtype: str = ""


class GrantOverError(Exception):
    """invalid_grant: the code, or the refresh token, is worth nothing (any more); `subtype` is Google's closer word."""

    def __init__(self, said: str, subtype: str) -> None:
        super().__init__(said)
        self.subtype = subtype


def post(url: str, body: bytes, context: Context, *, what: str, admit: str = "") -> bytes:
    """One POST to an OAuth endpoint; its answer when it says 200.

    `what` it asks for, and how the client is admitted, go into the errors. Raises GrantOverError for invalid_grant,
    Misconfigured when the client is not known or not admitted, AuthRequired for any other refusal, Transient otherwise.
    """
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "syncd"}
    with closing(httplib2.Http(timeout=TIMEOUT)) as web:
        web.follow_redirects = False
        try:
            response, content = web.request(url, "POST", body=body, headers=headers)
        except VENDOR_ERRORS as error:
            raise unreached(error) from error
    status = int(response.status)
    if status == HTTPStatus.OK and not content.lstrip().startswith(b"<"):
        return bytes(content)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = retry_after(response.get("retry-after", ""), context.now())
        raise Busy(f"Google's sign-in service is busy ({status}).", "Nothing to do: syncd tries again.", wait)
    raise _refused(content, context, what, admit)


def _refused(content: bytes, context: Context, what: str, admit: str) -> Exception:
    try:
        refusal = _Refusal.model_validate_json(content)
    except ValidationError:
        return not_google()
    said = quote(f"{refusal.error}: {refusal.error_description}" if refusal.error_description else refusal.error)
    if refusal.error == "invalid_grant":
        return GrantOverError(said, refusal.error_subtype)
    if refusal.error in _NO_CLIENT or (admit and refusal.error in _NOT_ADMITTED):
        return Misconfigured(
            f"Google does not admit the client of the account {context.account} ({said}).",
            admit
            or "Look whether it still stands at https://console.cloud.google.com/auth/clients; add a secret to it, or "
            f"make another, put that JSON file where `client` says, then type: syncd auth {context.account}",
        )
    if refusal.error in _BUSY:
        return Busy(f"Google's sign-in service is busy ({said}).", "Nothing to do: syncd tries again.")
    return AuthRequired(f"Google refused {what} ({said}).", f"Type: syncd auth {context.account}")


def form(fields: Mapping[str, str]) -> bytes:
    """The body of such a POST."""
    return urlencode(fields).encode()


def granted(content: bytes) -> TokenAnswer:
    """The token in an answer of the endpoint. Raises Transient when that is not what it is."""
    try:
        return TokenAnswer.model_validate_json(content)
    except ValidationError as error:
        raise not_google() from error


class SignIn:
    """The sign-in of one account: read, checked against the settings, refreshed."""

    def __init__(self, context: Context, *, address: str, scopes: tuple[str, ...], client: Client) -> None:
        self._context = context
        self._address = address
        self._scopes = scopes
        self._client = client

    def kept(self) -> Kept:
        """The sign-in as it stands. Raises AuthRequired when there is none, it is over, or it is of other settings."""
        text = self._context.tokens.read()
        if text is None:
            raise sign_in_over(self._context, f"Nobody has signed in for the account {self._context.account} yet.")
        try:
            kept = Kept.model_validate_json(text)
        except ValidationError as error:
            raise sign_in_over(
                self._context, f"The sign-in of the account {self._context.account} cannot be read."
            ) from error
        if kept.dead:
            raise sign_in_over(self._context, kept.dead)
        changed = self._changed(kept)
        if changed:
            raise sign_in_over(
                self._context, f"The account {self._context.account} signed in with another {changed} than it has now."
            )
        return kept

    def access(self, stale: str = "") -> Kept:
        """The sign-in with a token that works: refreshed when it has expired, or when it is still the `stale` one.

        Raises AuthRequired, Misconfigured, Transient; StoreError when it cannot be written (the old one stays).
        """
        kept = self.kept()
        if self._works(kept, stale):
            return kept
        with self._context.tokens.locked():
            kept = self.kept()
            if self._works(kept, stale):
                return kept
            return self._refreshed(kept)

    def _refreshed(self, kept: Kept) -> Kept:
        fields = {
            "grant_type": "refresh_token",
            "refresh_token": kept.refresh_token,
            "client_id": self._client.client_id,
            "client_secret": self._client.client_secret.get_secret_value(),
        }
        try:
            content = post(self._client.token_uri, form(fields), self._context, what="to go on with the sign-in")
        except GrantOverError as error:
            why = f"The sign-in of the account {self._context.account} is over: {self._cause(kept, error)}."
            self._context.tokens.write(kept.model_copy(update={"dead": why, "access_token": ""}).text())
            raise sign_in_over(self._context, why) from error
        answer, now = granted(content), self._context.now()
        fresh = kept.model_copy(
            update={
                "access_token": answer.access_token,
                "refresh_token": answer.refresh_token or kept.refresh_token,
                "expires_at": answer.ends_at(now),
                "refreshed_at": now,
            }
        )
        self._context.tokens.write(fresh.text())
        return fresh

    def _works(self, kept: Kept, stale: str) -> bool:
        fresh = kept.expires_at - EARLY > self._context.now()
        return bool(kept.access_token) and kept.access_token != stale and fresh

    def _changed(self, kept: Kept) -> str:
        if kept.client_id != self._client.client_id:
            return "client"
        if kept.address.casefold() != self._address.casefold():
            return "address"
        return "" if set(self._scopes) == set(kept.scopes) else "set of permissions"

    def _cause(self, kept: Kept, end: GrantOverError) -> str:
        """The likeliest reason for which Google ended it, from what is known of it."""
        now = self._context.now()
        if "rapt" in end.subtype:
            return "the Workspace wants its people to sign in again from time to time (Google Cloud session control)"
        if now - kept.refreshed_at >= _UNUSED_LIFE:
            return "it was not used for six months"
        ended = kept.ends_at is not None and now >= kept.ends_at - _ROUGHLY
        unused_since_before = kept.refreshed_at - kept.signed_in_at <= _TESTING_LIFE + _ROUGHLY
        if ended or (now - kept.signed_in_at >= _TESTING_LIFE - _ROUGHLY and unused_since_before):
            return (
                "it was seven days old, and Google ends sign-ins of an app in testing then; "
                "publish the app at https://console.cloud.google.com/auth/audience first"
            )
        return (
            "most likely the password was changed or access was taken back at https://myaccount.google.com/connections "
            "(a hundred newer sign-ins with the same client end one, too)"
        )


class Access(google.auth.credentials.Credentials):
    """What authorizes requests: a token of the sign-in, renewed through `renew(stale token)` when it has ended."""

    def __init__(self, context: Context, renew: Callable[[str], tuple[str, datetime]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library's own base class
        self._now = context.now
        self._renew = renew

    @property
    def expired(self) -> bool:
        """Whether the token has ended, or will while it is used; by the house's clock."""
        return self.expiry is None or self.expiry.replace(tzinfo=UTC) - EARLY <= self._now()

    def refresh(self, request: object) -> None:  # noqa: ARG002 - tokens are fetched through our own door
        """Take the token that was refreshed meanwhile, or refresh it. Raises ConnectorError or StoreError."""
        self.grant(*self._renew(self.token or ""))

    def grant(self, token: str, expires_at: datetime) -> None:
        """From now on this token, until then."""
        self.token = token
        self.expiry = expires_at.astimezone(UTC).replace(tzinfo=None)

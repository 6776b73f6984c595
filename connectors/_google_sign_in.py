"""The owner signs in at Google, once: the steps in the console, the consent, whom and what it is for, in plain words.

Nothing is kept of a sign-in that lacks a permission or is somebody else's.
"""

from __future__ import annotations

from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from google_auth_oauthlib.flow import Flow

from connectors._google_client import CLIENTS, Client, is_missing, read_client
from connectors._google_errors import sign_in_over
from connectors._google_scopes import boxes, console_steps, console_warning, what_it_sees
from connectors._google_tokens import Access, GrantOverError, Kept, SignIn, TokenAnswer, form, granted, post
from connectors._oauth import Denied, Loopback, answer_of
from syncd.errors import AuthRequired, ConnectorError, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connectors._google import GoogleOptions
    from syncd.connector import Context, Desk

PERMISSIONS: Final = "https://myaccount.google.com/connections"

_BY_HAND: Final = f"Google could not be told; take it back yourself at {PERMISSIONS}"
_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})


class Consent:
    """The sign-in of one account with the owner's own client. `whose` asks the API whom a token belongs to."""

    def __init__(
        self, options: GoogleOptions, context: Context, scopes: tuple[str, ...], whose: Callable[[Access], str]
    ) -> None:
        self._options = options
        self._context = context
        self._scopes = scopes
        self._whose = whose

    def sign_in(self, desk: Desk) -> tuple[str, ...]:
        """See `SignsIn.sign_in`."""
        client = self._client_or_steps(desk)
        desk.say(console_warning(self._options.address))
        with Loopback() as loopback:
            flow = self._flow(client, loopback.redirect_uri)
            url, state = flow.authorization_url(
                prompt="consent", login_hint=self._options.address, state=token_urlsafe(32)
            )
            url = urlsplit(url)._replace(scheme=urlsplit(client.auth_uri).scheme).geturl()
            try:
                came_back = loopback.wait(desk, self._context, url, state=state)
            except Denied as error:
                raise self._denied(error) from error
            code = answer_of(came_back).get("code", "")
            answer = self._exchanged(client, code, flow.redirect_uri, flow.code_verifier)
        self._require_scopes(answer)
        self._require_owner(answer)
        kept = self._kept(client, answer)
        with self._context.tokens.locked():
            self._context.tokens.write(kept.text())
        return (
            f"Signed in as {self._options.address}.",
            *what_it_sees(self._scopes, subjects=self._context.subjects),
            self._until(kept),
        )

    def state(self) -> tuple[str, ...]:
        """See `SignsIn.sign_in_state`; asks nobody."""
        kept = SignIn(
            self._context, address=self._options.address, scopes=self._scopes, client=self._client_or_steps(None)
        ).kept()
        return (
            f"Signed in as {kept.address} since {self._day(kept.signed_in_at)}.",
            f"Last renewed on {self._day(kept.refreshed_at)}.",
            *what_it_sees(self._scopes, subjects=self._context.subjects),
            self._until(kept),
        )

    def sign_out(self) -> tuple[str, ...]:
        """See `SignsIn.sign_out`."""
        tokens, account = self._context.tokens, self._context.account
        with tokens.locked():
            try:
                text = tokens.read()
                if text is None:
                    return (f"Nobody is signed in for the account {account}.",)
                told = self._revoked(text)
            except AuthRequired:
                told = _BY_HAND
            finally:
                tokens.erase()
        return (told, f"The sign-in of the account {account} is forgotten here.")

    def _client_or_steps(self, desk: Desk | None) -> Client:
        """The client. Raises as `read_client`, after `desk` was shown how to make one when there is none."""
        reference = self._options.client
        try:
            if reference is None:
                raise Misconfigured(
                    f"The account {self._context.account} names no client yet, and Google lets nobody in without one.",
                    f"Make one at {CLIENTS}, let `client` name its JSON file, "
                    f"then type: syncd auth {self._context.account}",
                )
            return read_client(reference, self._context)
        except ConnectorError as error:
            if desk is not None and (isinstance(error, Misconfigured) or (reference and is_missing(reference))):
                desk.say(console_steps(self._context.account, self._scopes))
            raise

    def _flow(self, client: Client, redirect_uri: str) -> Flow:
        """Who asks for consent, with a challenge (RFC 7636) and for lasting access.

        oauthlib takes no http, not even on this machine, so it is told https; who uses the address puts that right.
        """
        config = {
            "client_id": client.client_id,
            "auth_uri": urlsplit(client.auth_uri)._replace(scheme="https").geturl(),
            "token_uri": client.token_uri,
        }
        return Flow.from_client_config(
            {"installed": config}, list(self._scopes), redirect_uri=redirect_uri, autogenerate_code_verifier=True
        )

    def _exchanged(self, client: Client, code: str, redirect_uri: str, verifier: str) -> TokenAnswer:
        """The tokens for the code that came back (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": client.client_id,
            "client_secret": client.client_secret.get_secret_value(),
            "code_verifier": verifier,
        }
        try:
            return granted(post(client.token_uri, form(fields), self._context, what="the sign-in"))
        except GrantOverError as error:
            raise sign_in_over(
                self._context, f"Google did not accept the answer of this sign-in ({error}); it may have been too old."
            ) from error

    def _require_scopes(self, answer: TokenAnswer) -> None:
        """Raises AuthRequired when a box was left unticked, or when there is no lasting sign-in.

        An answer that names no scope grants what was asked for (RFC 6749 section 5.1).
        """
        missing = set(self._scopes) - set(answer.scope.split()) if answer.scope else set()
        if missing:
            raise AuthRequired(
                f"Google did not allow everything that syncd reads; this was refused: {boxes(missing)}.",
                f"Nothing was kept. Type: syncd auth {self._context.account} (and leave every box ticked)",
            )
        if not answer.refresh_token:
            raise AuthRequired(
                "Google let syncd in for an hour only, without a lasting sign-in.",
                f"Remove syncd at {PERMISSIONS}, then type: syncd auth {self._context.account}",
            )

    def _require_owner(self, answer: TokenAnswer) -> None:
        """Raises AuthRequired when somebody else signed in.

        What was granted is dropped, not revoked: that could end the sign-in of another account of theirs at Google.
        """

        def never(_stale: str) -> tuple[str, datetime]:
            raise sign_in_over(self._context, "Google does not accept the sign-in it has just granted.")

        access = Access(self._context, never)
        access.grant(answer.access_token, answer.ends_at(self._context.now()))
        name = self._context.account
        try:
            found = self._whose(access)
        except Misconfigured as error:
            hint = error.hint.replace(f"syncd sync {name}", f"syncd auth {name}")
            raise Misconfigured(error.title, hint) from error
        if not same_account(found, self._options.address):
            raise AuthRequired(
                f"{found} signed in, but the account {name} is {self._options.address}.",
                f"Nothing was kept. Choose {self._options.address} at Google this time, "
                f'or write address = "{found}" under [accounts.{name}], then type: syncd auth {name}',
            )

    def _kept(self, client: Client, answer: TokenAnswer) -> Kept:
        now = self._context.now()
        return Kept(
            address=self._options.address,
            client_id=client.client_id,
            scopes=self._scopes,
            refresh_token=answer.refresh_token,
            access_token=answer.access_token,
            expires_at=answer.ends_at(now),
            signed_in_at=now,
            refreshed_at=now,
            ends_at=answer.sign_in_ends_at(now),
        )

    def _until(self, kept: Kept) -> str:
        if kept.ends_at is None:
            return (
                "It lasts until you take it back. (An app that is still in testing ends it after seven days; "
                "see docs/google.md.)"
            )
        return (
            f"It lasts until {self._day(kept.ends_at)}, because your app is in testing. "
            "Publish the app at https://console.cloud.google.com/auth/audience, then sign in again, and it stays."
        )

    def _revoked(self, text: str) -> str:
        """Take the sign-in back at Google; what came of it."""
        try:
            kept = Kept.model_validate_json(text)
            client = self._client_or_steps(None)
        except (ValueError, ConnectorError):
            return _BY_HAND
        if kept.dead:
            return "It was over already."
        try:
            self._give_back(client, kept.refresh_token)
        except (AuthRequired, GrantOverError):
            return "Google had ended it already."
        except ConnectorError as error:
            return f"{_BY_HAND} ({error.title})"
        return (
            "Google has taken it back. Other accounts of this address with the same client may be signed out by that."
        )

    def _give_back(self, client: Client, token: str) -> None:
        """Revoke a token (RFC 7009)."""
        post(client.revoke_uri, form({"token": token}), self._context, what="to take the sign-in back")

    def _denied(self, error: Denied) -> ConnectorError:
        account = self._context.account
        if error.error == "access_denied":
            return AuthRequired(
                error.title,
                f"If you agreed: an app in testing lets in only its test users. See docs/google.md, "
                f"then type: syncd auth {account}",
            )
        if error.error == "admin_policy_enforced":
            return AuthRequired(
                error.title,
                "Ask the administrator of your Workspace to trust your client (Admin console, Security, API controls), "
                f"then type: syncd auth {account}",
            )
        return error

    def _day(self, moment: datetime) -> str:
        return moment.astimezone(self._context.time_zone).strftime("%Y-%m-%d %H:%M")


def same_account(one: str, other: str) -> bool:
    """Whether two addresses open the same account: case aside; at Gmail also dots, tags and the older domain."""
    return _account_of(one) == _account_of(other)


def _account_of(address: str) -> tuple[str, str]:
    name, _, domain = address.strip().casefold().rpartition("@")
    if domain in _GMAIL:
        return name.partition("+")[0].replace(".", ""), "gmail.com"
    return name, domain

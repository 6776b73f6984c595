"""msal, behind a typed door: what it is asked, what it answers, and what its exceptions mean.

It finds the endpoints, holds the cache and speaks OAuth; when it is asked, and what is kept, is decided elsewhere.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypedDict
from urllib.parse import urlsplit

import msal
import requests

from connectors._microsoft_refusals import broken
from connectors._microsoft_sign_in_refusals import CANNOT_RENEW, Refusal, explained
from syncd.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors._microsoft_options import MicrosoftOptions
    from syncd.errors import ConnectorError

CONNECT_WITHIN: float = 10.0
ANSWER_WITHIN: float = 30.0
"""Seconds in which a connection is made, and in which the sign-in answers."""

_SHORTEST_INTERVAL: Final = 1


class Claims(TypedDict, total=False):
    """What Microsoft says of who signed in (learn.microsoft.com/entra/identity-platform/id-token-claims-reference)."""

    preferred_username: str
    upn: str
    email: str
    tid: str


class Result(TypedDict, total=False):
    """What the token endpoint answers (RFC 6749 sections 5.1 and 5.2), with the claims msal read out of it."""

    access_token: str
    expires_in: int
    scope: str
    id_token_claims: Claims
    error: str
    error_description: str
    error_codes: list[int]


class CodeFlow(TypedDict):
    """A sign-in in the browser that was begun: msal's own notes, of which two matter here."""

    auth_uri: str
    state: str


class DeviceFlow(TypedDict):
    """A sign-in with a code that was begun (RFC 8628 section 3.2); msal changes `interval` as it is told to."""

    user_code: str
    verification_uri: str
    interval: int
    expires_in: int


class Client:
    """A public client of the authority that the options name; it looks around there when it is made.

    Every method raises Transient when nobody answers or nobody understands the answer; the constructor also
    Misconfigured, when the tenant does not exist.
    """

    def __init__(self, options: MicrosoftOptions, scopes: tuple[str, ...], account: str) -> None:
        logging.getLogger("msal").setLevel(logging.CRITICAL)  # it logs answers it cannot read; we say so ourselves
        self._options = options
        self._names = scopes
        self._scopes = [options.scope(name) for name in scopes]
        self._account = account
        self._host = urlsplit(options.sign_in_at).hostname or ""
        self.cache = msal.SerializableTokenCache()
        self._session = _Session()
        with self._closing_when_it_fails(), self._translated():
            self._app = msal.PublicClientApplication(
                options.client_id,
                authority=f"{options.sign_in_at}/{options.tenant}",
                token_cache=self.cache,
                http_client=self._session,
                instance_discovery=False,  # the hosts are ours or the owner's: nobody has to vouch for them
            )

    def refresh(self, cache: str, home_account_id: str) -> Result | None:
        """A new access token out of a cache that was kept; None for an empty answer.

        msal says None as well when it finds nothing to ask with; then nobody was asked, and waiting would not help.
        """
        before = self._session.asked
        with self._translated():
            self.cache.deserialize(cache)
            account = {"home_account_id": home_account_id, "environment": self._host}
            result: Result | None = self._app.acquire_token_silent_with_error(self._scopes, account, force_refresh=True)
        return {"error": CANNOT_RENEW} if result is None and self._session.asked == before else result

    def begin(self, redirect_uri: str, user: str) -> CodeFlow:
        """A sign-in in the browser, with PKCE and a state."""
        self.cache.deserialize("")
        with self._translated(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it would rather have form_post, which no loopback listener needs
            flow: CodeFlow = self._app.initiate_auth_code_flow(self._scopes, redirect_uri=redirect_uri, login_hint=user)
        return flow

    def finish(self, flow: CodeFlow, answer: Mapping[str, str]) -> Result:
        """What the code in the redirect is worth."""
        with self._translated():
            result: Result = self._app.acquire_token_by_auth_code_flow(dict(flow), dict(answer))
        return result

    def begin_with_code(self) -> DeviceFlow:
        """A sign-in on another device. Raises AuthRequired or Misconfigured when Microsoft does not begin one."""
        self.cache.deserialize("")
        with self._translated():
            flow: DeviceFlow = self._app.initiate_device_flow(self._scopes)
        if "user_code" not in flow:
            raise self.refusal(flow)
        return flow

    def ask_once(self, flow: DeviceFlow) -> Result:
        """Whether the code was entered by now: one request, no waiting."""
        with self._translated(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it goes by the machine's clock, we by the one we are lent
            result: Result = self._app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
        flow["interval"] = max(flow["interval"], _SHORTEST_INTERVAL)
        return result

    def refusal(self, answer: Mapping[str, object] | None) -> ConnectorError:
        """The error for an answer without a token."""
        return explained(Refusal.found_in(answer), self._options, self._names, self._account)

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def home_account_id(self) -> str:
        """Whose sign-in the cache holds: Microsoft's own id of the account, not its name, which may change."""
        accounts = self._app.get_accounts()
        return str(accounts[0]["home_account_id"]) if accounts else ""

    @contextmanager
    def _closing_when_it_fails(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except requests.RequestException as error:
            raise broken(error, self._host) from error
        except msal.exceptions.MsalServiceError as error:
            raise Transient(f"{self._host} cannot sign anybody in now.") from error
        except (ValueError, RuntimeError, LookupError, TypeError, AttributeError) as error:  # of a body unlike OAuth's
            # The body of a refused discovery is only in the exception msal met before its own.
            refusal = Refusal.found_in({"error": "invalid_tenant", "error_description": str(error.__context__)})
            if refusal.code:
                raise explained(refusal, self._options, self._names, self._account) from error
            raise Transient(
                f"{self._host} answered with something that is no sign-in.",
                "A network that wants a sign-in first does this; open a web page, then type: "
                f"syncd auth {self._account}",
            ) from error


class _Session(requests.Session):
    """What msal asks with: never without a timeout, and never on to another host with a sign-in in hand."""

    asked: int = 0

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - the library's own signature
        self.asked += 1
        kwargs.setdefault("timeout", (CONNECT_WITHIN, ANSWER_WITHIN))
        return super().request(*args, **{**kwargs, "allow_redirects": False})

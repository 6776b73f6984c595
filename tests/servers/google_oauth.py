"""Google's OAuth endpoints: consent, tokens (PKCE, refresh, service accounts), revocation.

Consent is given at once, in the way the test says. What a real Desktop client must send and did not is a violation.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypedDict
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CLIENT_ID: Final = "1234567890-abcdef.apps.googleusercontent.com"
CLIENT_SECRET: Final = "GOCSPX-not-a-secret"
ROBOT: Final = "syncd@project.iam.gserviceaccount.example"
LIFETIME: Final = 3599
"""How long an access token lives, in seconds."""

_AUTHORIZE: Final = frozenset(
    [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "access_type",
        "prompt",
        "login_hint",
        "include_granted_scopes",
        "code_challenge",
        "code_challenge_method",
        "hd",
    ]
)
_AUDIENCE: Final = "https://oauth2.googleapis.com/token"
"""What google.auth signs into an assertion whatever the key's own token_uri is."""

_JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(slots=True)
class Grant:
    """What an account allowed: the tokens and what they are good for."""

    account: str
    scopes: frozenset[str]
    refresh: str
    access: str
    expires: datetime
    until: datetime | None = None
    """When the refresh token dies by itself; None: never."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an OAuth endpoint says."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Code:
    account: str
    scopes: frozenset[str]
    challenge: str
    redirect: str
    with_refresh: bool


class _Claims(TypedDict, total=False):
    iss: str
    sub: str
    scope: str
    aud: str
    iat: int
    exp: int


class OAuth:
    """Google's authorization server, for one Desktop client and one service account.

    `account` consents, to `consents_to` of the scopes it is asked for (None: all), unless `denies` names an error of
    the redirect ("access_denied"). `rotates`: each refresh gives a new refresh token. `delegated`: the scopes a
    Workspace admin allowed the service account. `refresh_lifetime`: so many seconds a refresh token lives, as in an app
    whose publishing status is Testing (604799), or where access was granted for a time. `wrong_state` answers a sign-in
    with a state nobody sent.
    """

    def __init__(self, account: str, now: Callable[[], datetime], violations: list[str]) -> None:
        self.account = account
        self.consents_to: frozenset[str] | None = None
        self.denies = ""
        self.rotates = False
        self.wrong_state = False
        self.lifetime = LIFETIME
        self.refresh_lifetime: int | None = None
        self.delegated: frozenset[str] = frozenset()
        self.grants: list[Grant] = []
        self.endpoint = ""
        self._now = now
        self._violations = violations
        self._codes: dict[str, _Code] = {}
        self._count = 0
        self._key: rsa.RSAPrivateKey | None = None

    # For a test

    def client_json(self) -> str:
        """The JSON of a Desktop client, as the Google console gives it to its owner; its addresses lead here."""
        return json.dumps(
            {
                "installed": {
                    "client_id": CLIENT_ID,
                    "project_id": "syncd-test",
                    "auth_uri": f"{self.endpoint}/o/oauth2/auth",
                    "token_uri": f"{self.endpoint}/token",
                    "auth_provider_x509_cert_url": f"{self.endpoint}/oauth2/v1/certs",
                    "client_secret": CLIENT_SECRET,
                    "redirect_uris": ["http://localhost"],
                }
            }
        )

    def service_account_json(self) -> str:
        """The JSON key of a service account; its token address leads here."""
        pem = self._robot_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "syncd-test",
                "private_key_id": "1",
                "private_key": pem.decode(),
                "client_email": ROBOT,
                "client_id": "1",
                "auth_uri": f"{self.endpoint}/o/oauth2/auth",
                "token_uri": f"{self.endpoint}/token",
            }
        )

    def sign_in(self, *scopes: str, account: str = "") -> Grant:
        """A grant, without the browser: what a test's connector starts with."""
        return self._grant(account or self.account, frozenset(scopes), refresh=True)

    def revoke_all(self) -> None:
        """From now on every token is refused, and a refresh says invalid_grant."""
        self.grants.clear()

    def expire_access(self) -> None:
        """From now on every access token is refused with 401; refreshing still works."""
        for grant in self.grants:
            grant.expires = self._now()

    def forget_key(self) -> None:
        """From now on the key of the service account is another one."""
        self._key = None

    def holder(self, access: str) -> Grant | None:
        """Whose access token this is, while it lives."""
        found = next((grant for grant in self.grants if grant.access == access), None)
        return found if found and found.expires > self._now() else None

    # Endpoints

    def authorize(self, query: Mapping[str, str]) -> Said:
        """The consent page, answered at once: a redirect to the client."""
        self._complain(query)
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != CLIENT_ID:
            return _page(401, "Error 401: invalid_client. The OAuth client was not found.")
        if not re.fullmatch(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/[^?#]*)?", redirect):
            return _page(400, "Error 400: redirect_uri_mismatch")
        if query.get("response_type") != "code" or not query.get("scope"):
            return _page(400, "Error 400: invalid_request")
        state = "somebody-elses" if self.wrong_state else query.get("state", "")
        if self.denies:
            return _redirect(redirect, {"error": self.denies, "state": state})
        asked = frozenset(query["scope"].split())
        granted = asked if self.consents_to is None else asked & self.consents_to
        earlier = [grant for grant in self.grants if grant.account == self.account]
        if query.get("include_granted_scopes") == "true":
            granted = granted.union(*(grant.scopes for grant in earlier))
        code = self._code(
            _Code(
                self.account,
                granted,
                query.get("code_challenge", ""),
                redirect,
                query.get("access_type") == "offline" and (query.get("prompt") == "consent" or not earlier),
            )
        )
        answer = {"state": state, "code": code, "scope": " ".join(sorted(granted)), "authuser": "0"}
        return _redirect(redirect, {**answer, "prompt": "consent"})

    def token(self, form: Mapping[str, str]) -> Said:
        """The token endpoint (RFC 6749 sections 4.1.3 and 6, RFC 7636 section 4.5, RFC 7523)."""
        if form.get("grant_type") == _JWT_GRANT:
            return self._for_robot(form.get("assertion", ""))
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            return _refused("invalid_client", "The OAuth client was not found.", 401)
        match form.get("grant_type"):
            case "authorization_code":
                return self._for_code(form)
            case "refresh_token":
                return self._for_refresh(form.get("refresh_token", ""))
        return _refused("unsupported_grant_type", "Invalid grant_type: " + form.get("grant_type", ""))

    def revoke(self, form: Mapping[str, str]) -> Said:
        """The revocation endpoint (RFC 7009); with one token the whole grant goes."""
        token = form.get("token", "")
        found = [grant for grant in self.grants if token in (grant.access, grant.refresh)]
        if not token or not found:
            return _refused("invalid_token", "Token expired or revoked")
        for grant in found:
            self.grants.remove(grant)
        return Said(200, b"{}", {"Content-Type": "application/json; charset=utf-8"})

    def _complain(self, query: Mapping[str, str]) -> None:
        """What a Desktop client must send to the consent page, and what it must not."""
        for name in query.keys() - _AUTHORIZE:
            self._violations.append(f"authorize: unknown parameter {name}")
        for name in ("state", "code_challenge", "login_hint"):
            if not query.get(name):
                self._violations.append(f"authorize: {name} is missing")
        if query.get("access_type") != "offline":
            self._violations.append("authorize: without access_type=offline there is no refresh token")
        if query.get("code_challenge_method") != "S256":
            self._violations.append("authorize: code_challenge_method is not S256")

    def _for_code(self, form: Mapping[str, str]) -> Said:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            return _refused("invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != code.redirect:
            return _refused("redirect_uri_mismatch", "Bad Request")
        verifier = form.get("code_verifier", "")
        if code.challenge and _challenge(verifier) != code.challenge:
            return _refused("invalid_grant", "Invalid code verifier.")
        if not re.fullmatch(r"[A-Za-z0-9\-._~]{43,128}", verifier):
            self._violations.append("token: the PKCE verifier is not 43 to 128 unreserved characters")
        return self._issued(self._grant(code.account, code.scopes, refresh=code.with_refresh), with_refresh=True)

    def _for_refresh(self, refresh: str) -> Said:
        grant = next((each for each in self.grants if refresh and each.refresh == refresh), None)
        if grant is None or (grant.until and grant.until <= self._now()):
            return _refused("invalid_grant", "Token has been expired or revoked.")
        grant.access, grant.expires = self._new("ya29."), self._now() + timedelta(seconds=self.lifetime)
        if self.rotates:
            grant.refresh = self._new("1//")
        return self._issued(grant, with_refresh=self.rotates)

    def _for_robot(self, assertion: str) -> Said:
        try:
            head, body, signature = assertion.split(".")
            self._robot_key.public_key().verify(
                _unpad(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
            claims: _Claims = json.loads(_unpad(body))
        except (ValueError, InvalidSignature):
            return _refused("invalid_grant", "Invalid JWT Signature.")
        if claims.get("iss") != ROBOT or claims.get("aud") not in (f"{self.endpoint}/token", _AUDIENCE):
            return _refused("invalid_grant", "Invalid JWT: wrong issuer or audience.")
        if not 0 < claims.get("exp", 0) - claims.get("iat", 0) <= timedelta(hours=1).total_seconds():
            return _refused("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes).")
        scopes = frozenset(claims.get("scope", "").split())
        if not scopes <= self.delegated:
            return _refused(
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized "
                "for any of the scopes requested.",
                401,
            )
        if "sub" not in claims:
            self._violations.append("token: a service account reads nobody's mail without a subject")
        return self._issued(self._grant(claims.get("sub", ROBOT), scopes, refresh=False), with_refresh=False)

    def _grant(self, account: str, scopes: frozenset[str], *, refresh: bool) -> Grant:
        expires = self._now() + timedelta(seconds=self.lifetime)
        until = None if self.refresh_lifetime is None else self._now() + timedelta(seconds=self.refresh_lifetime)
        grant = Grant(account, scopes, self._new("1//") if refresh else "", self._new("ya29."), expires, until)
        self.grants.append(grant)
        return grant

    def _issued(self, grant: Grant, *, with_refresh: bool) -> Said:
        body: dict[str, object] = {
            "access_token": grant.access,
            "expires_in": self.lifetime,
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }
        if with_refresh and grant.refresh:
            body["refresh_token"] = grant.refresh
            if grant.until:
                body["refresh_token_expires_in"] = int((grant.until - self._now()).total_seconds())
        return _json(200, body)

    def _code(self, code: _Code) -> str:
        key = self._new("4/")
        self._codes[key] = code
        return key

    def _new(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{sha256(f'{prefix}{self._count}'.encode()).hexdigest()[:40]}"

    @property
    def _robot_key(self) -> rsa.RSAPrivateKey:
        if self._key is None:
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._key


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _unpad(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(status: int, body: Mapping[str, object]) -> Said:
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return Said(status, json.dumps(body).encode(), headers)


def _refused(error: str, description: str, status: int = 400) -> Said:
    return _json(status, {"error": error, "error_description": description})


def _page(status: int, text: str) -> Said:
    return Said(status, f"<!DOCTYPE html><p>{text}</p>".encode(), {"Content-Type": "text/html; charset=utf-8"})


def _redirect(address: str, query: Mapping[str, str]) -> Said:
    return Said(302, b"", {"Location": f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"})

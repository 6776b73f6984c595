"""Where the double's owner signed in: an authority over https on loopback that turns refresh tokens into new ones.

It plays no sign-in (a real OAuth server does, for `syncd auth`); a connector's test needs one that is there already.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msal

from connectors._microsoft_tokens import SignIn
from tests.servers.loopback import HttpAnswer, LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.servers.certificate import Certificate
    from tests.servers.graph import Graph
    from tests.servers.graph_contract import Resource
    from tests.servers.loopback import HttpRequest

CLIENT_ID: Final = "11111111-2222-3333-4444-555555555555"
RESOURCE: Final = "https://graph.microsoft.com"

_WHO: Final = {"uid": "00000000-0000-0000-0000-00000000000a", "utid": "00000000-0000-0000-0000-00000000000b"}
HOME_ACCOUNT: Final = f"{_WHO['uid']}.{_WHO['utid']}"


class Authority(LoopbackServer):
    """For a `with` statement. Whoever asks has to trust its certificate: REQUESTS_CA_BUNDLE names `chain`.

    `deny` refuses every refresh with invalid_grant; `requests` are the paths that were asked for.
    """

    def __init__(self, graph: Graph, certificate: Certificate) -> None:
        super().__init__(certificate)
        self._graph = graph
        self._refresh_token = "refresh-0"
        self._number = 0
        self._denied = False
        self.requests: list[str] = []

    def settings(self) -> dict[str, str]:
        """What the options of an account at this authority and its Graph say, besides `type`."""
        return settings_of(self._graph, self.origin)

    def deny(self) -> None:
        """The sign-in is revoked: no token is accepted, and none is given."""
        self._denied = True
        self._graph.revoke()

    def mend(self) -> None:
        """Undo `deny`."""
        self._denied = False
        self._graph.accept(self._graph.access_token)

    def answer(self, asked: HttpRequest) -> HttpAnswer:
        """Where everything is, to whoever only looks; tokens to whoever posts."""
        self.requests.append(asked.target)
        status, told = self._exchange(asked.form) if asked.method == "POST" else (200, self._places())
        return HttpAnswer.of(status, {"Content-Type": "application/json"}, json.dumps(told).encode())

    def _places(self) -> Resource:
        root = f"{self.origin}/common"
        return {
            "issuer": f"{root}/v2.0",
            "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            "token_endpoint": f"{root}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
        }

    def _exchange(self, given: Mapping[str, str]) -> tuple[int, Resource]:
        """A new access token, and a new refresh token, for the refresh token that is valid (it rotates)."""
        if self._denied or given.get("refresh_token") != self._refresh_token:
            refusal = "AADSTS70000: The provided value for the input parameter 'refresh_token' is not valid."
            return 400, {"error": "invalid_grant", "error_description": refusal, "error_codes": [70000]}
        self._number += 1
        self._refresh_token = f"refresh-{self._number}"
        self._graph.accept(f"token-{self._number}")
        return 200, _tokens(f"token-{self._number}", self._refresh_token, given.get("scope", ""))


def settings_of(graph: Graph, authority: str = "https://127.0.0.1:9") -> dict[str, str]:
    """What the options of an account at this Graph say, besides `type`; without an authority no token is renewed."""
    return {"address": graph.owner[0], "client_id": CLIENT_ID, "authority": authority, "graph": graph.origin}


def signed_in(graph: Graph, now: datetime, authority: str = "https://127.0.0.1:9") -> str:
    """What `syncd auth` would have kept of a sign-in, good for an hour from `now`: the text of `Context.tokens`."""
    names = tuple(graph.scope.split())
    cache = msal.SerializableTokenCache()
    cache.add(
        {
            "client_id": CLIENT_ID,
            "scope": [f"{RESOURCE}/{name}" for name in names],
            "token_endpoint": f"{authority}/common/oauth2/v2.0/token",
            "response": _tokens(graph.access_token, "refresh-0", graph.scope),
        }
    )
    return SignIn(
        client_id=CLIENT_ID,
        authority=authority,
        scopes=names,
        address=graph.owner[0],
        username=graph.owner[0],
        home_account_id=HOME_ACCOUNT,
        signed_in=now,
        cache=json.loads(cache.serialize()),
        access=graph.access_token,
        expires=now + timedelta(hours=1),
    ).model_dump_json()


def _tokens(access: str, refresh: str, scope: str) -> Resource:
    who = urlsafe_b64encode(json.dumps(_WHO).encode()).decode()
    claims = {"preferred_username": "davide@northwind.example", "sub": _WHO["uid"], "aud": CLIENT_ID}
    body = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return {
        "token_type": "Bearer",
        "scope": scope,
        "expires_in": 3600,
        "access_token": access,
        "refresh_token": refresh,
        "client_info": who,
        "id_token": f"e30.{body}.",
    }

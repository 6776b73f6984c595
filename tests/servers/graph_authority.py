"""Where the double's owner signed in: an authority over https on loopback that turns refresh tokens into new ones.

It plays no sign-in (a real OAuth server does, for `syncd auth`); a connector's test needs one that is there already.
"""

from __future__ import annotations

import json
import ssl
from base64 import urlsafe_b64encode
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qs

import msal

from connectors._microsoft_tokens import SignIn

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    from tests.servers.certificate import Certificate
    from tests.servers.graph import Graph
    from tests.servers.graph_contract import Resource

CLIENT_ID: Final = "11111111-2222-3333-4444-555555555555"
RESOURCE: Final = "https://graph.microsoft.com"

_WHO: Final = {"uid": "00000000-0000-0000-0000-00000000000a", "utid": "00000000-0000-0000-0000-00000000000b"}
HOME_ACCOUNT: Final = f"{_WHO['uid']}.{_WHO['utid']}"


class Authority:
    """For a `with` statement. Whoever asks has to trust its certificate: REQUESTS_CA_BUNDLE names `chain`.

    `deny` refuses every refresh with invalid_grant; `requests` are the paths that were asked for.
    """

    def __init__(self, graph: Graph, certificate: Certificate) -> None:
        self._graph = graph
        self._refresh_token = "refresh-0"
        self._number = 0
        self._denied = False
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are the point
        protected = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        protected.load_cert_chain(certificate.chain, certificate.key)
        self._server.socket = protected.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def origin(self) -> str:
        """What https://login.microsoftonline.com is to the real one."""
        return f"https://127.0.0.1:{self._server.server_address[1]}"

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

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(authority) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's below
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
                pass

            def do_GET(self) -> None:
                root = f"{authority.origin}/common"
                self._say(
                    200,
                    {
                        "issuer": f"{root}/v2.0",
                        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                        "token_endpoint": f"{root}/oauth2/v2.0/token",
                        "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
                    },
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                self._say(*authority._exchange({name: values[0] for name, values in parse_qs(body).items()}))

            def _say(self, status: int, told: Resource) -> None:
                authority.requests.append(self.path)
                said = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

        return Handler

    def _exchange(self, given: dict[str, str]) -> tuple[int, Resource]:
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

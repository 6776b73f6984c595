"""A server that says what it is told to, in turn: Microsoft's sign-in with its AADSTS refusals, and a moody Graph.

`oidc.py` is the real thing; this one plays what no OAuth server but Microsoft's would ever say.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from tests.servers.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; the names of headers in lower case, a form read out of its body."""

    method: str
    target: str
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said once; `silent` is never saying anything, `cut` is hanging up instead."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    cut: bool = False

    @classmethod
    def of(cls, value: object, status: int = 200, **headers: str) -> Reply:
        """A reply in JSON; `Retry_After` is the header Retry-After."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(json.dumps(value).encode(), status, {"Content-Type": "application/json", **named})


class Scripted:
    """Says by path what it was given, in turn, and the last of it for ever; for a `with` statement."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[Asked] = []
        self._over = Event()
        self._scheme = "https" if certificate else "http"
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                scripted._serve(self)

            do_POST = do_GET  # noqa: N815 - the library's own name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are the point
        if certificate:
            protected = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            protected.load_cert_chain(certificate.chain, certificate.key)
            self._server.socket = protected.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def root(self) -> str:
        """Scheme, host and port."""
        return f"{self._scheme}://localhost:{self._server.server_address[1]}"

    def at(self, path: str) -> list[Asked]:
        """What was asked there."""
        return [asked for asked in self.asked if urlsplit(asked.target).path == path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", 0))).decode()
        self.asked.append(Asked(handler.command, handler.path, headers, dict(parse_qsl(body))))
        replies = self.replies.get(urlsplit(handler.path).path, [Reply(b"nothing here", 404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if reply.silent:
            self._over.wait()
        if reply.silent or reply.cut:
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply.body)


TENANT: Final = "/common/v2.0"


class Entra(Scripted):
    """Microsoft's sign-in, which answers every question for a token as it is told to; it needs a certificate."""

    def __init__(self, certificate: Certificate, tenant: str = TENANT) -> None:
        super().__init__(certificate)
        self.replies[f"{tenant}/.well-known/openid-configuration"] = [
            Reply.of(
                {
                    "issuer": f"{self.root}{tenant}",
                    "authorization_endpoint": f"{self.root}{tenant}/authorize",
                    "token_endpoint": f"{self.root}{tenant}/token",
                    "device_authorization_endpoint": f"{self.root}{tenant}/devicecode",
                }
            )
        ]

    def say(self, *replies: Reply) -> None:
        """What the token endpoint says from now on."""
        self.replies[f"{TENANT}/token"] = list(replies)

    def refuse(self, error: str, code: int = 0, words: str = "No.") -> None:
        """What Microsoft says when it does not give a token."""
        said = f"AADSTS{code}: {words}\r\nTrace ID: 0\r\nTimestamp: 2026-01-01" if code else words
        self.say(Reply.of({"error": error, "error_description": said, "error_codes": [code] if code else []}, 400))

    def offer_code(self, *, lasts: int = 900, every: int = 5) -> None:
        """Begin device flows from now on."""
        offer = {
            "user_code": "ABCD1234",
            "device_code": "the device",
            "verification_uri": "https://microsoft.example/devicelogin",
            "expires_in": lasts,
            "interval": every,
        }
        self.replies[f"{TENANT}/devicecode"] = [Reply.of(offer)]

    @property
    def tokens_asked_for(self) -> int:
        """How often somebody asked for a token."""
        return len(self.at(f"{TENANT}/token"))

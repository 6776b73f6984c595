"""A server that says what it is told to, in turn: Microsoft's sign-in with its AADSTS refusals, and a moody Graph.

`oidc.py` is the real thing; this one plays what no OAuth server but Microsoft's would ever say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.servers.loopback import HANGS_UP, HttpAnswer, LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.certificate import Certificate
    from tests.servers.loopback import HttpRequest


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


class Scripted(LoopbackServer):
    """Says by path what it was given, in turn, and the last of it for ever; for a `with` statement."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__(certificate)
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[HttpRequest] = []

    @property
    def root(self) -> str:
        """Scheme, host and port, where the host has a name."""
        return f"{self._scheme}://localhost:{self.port}"

    def at(self, path: str) -> list[HttpRequest]:
        """What was asked there."""
        return [asked for asked in self.asked if asked.path == path]

    def answer(self, asked: HttpRequest) -> HttpAnswer:
        """The reply whose turn it is."""
        self.asked.append(asked)
        replies = self.replies.get(asked.path, [Reply(b"nothing here", 404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if reply.silent:
            self._over.wait()
        if reply.silent or reply.cut:
            return HANGS_UP
        return HttpAnswer.of(reply.status, reply.headers, reply.body)


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

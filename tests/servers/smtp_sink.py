"""A real SMTP server (aiosmtpd) on this machine that keeps what it accepts, and fails when the script says so.

The script holds, for each verb, what to do the next times it comes: an SMTP reply, "close" (drop the line), "hang"
(never answer), "close-after" (take the message, then drop the line before saying so), "hang-after" (take it, and never
say so), or "" (behave). Where the script has nothing, `mood` decides, so that a seeded chance can play the server.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tests.servers.certificate import Certificate

USERNAME = "davide"
PASSWORD = "correct horse"
_LOST = "421 4.4.2 the line is gone"
_TOOK_IT = frozenset({"close-after", "hang-after"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that the sink took, with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


class SmtpSink:
    """The server, as a context; `port` is where it listens.

    A `greylist` refuses every envelope at its first visit (RFC 6647). What is accepted is also given to `taken`.
    """

    def __init__(
        self,
        certificate: Certificate | None = None,
        *,
        implicit: bool = False,
        sign_in: bool = False,
        greylist: bool = False,
        taken: Callable[[Accepted], None] = lambda _: None,
    ) -> None:
        self.accepted: list[Accepted] = []
        self.script: defaultdict[str, list[str]] = defaultdict(list)
        self.mood: Callable[[str], str] = lambda _: ""
        self.signed_in: list[str] = []
        self.port = 0
        self._taken = taken
        self._strangers: set[tuple[str, str]] | None = set() if greylist else None
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(certificate.chain, certificate.key)
        self._implicit = implicit
        self._sign_in = sign_in
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        encrypted_at_once = self._context if self._implicit else None
        self._server = await self._loop.create_server(self._protocol, "127.0.0.1", 0, ssl=encrypted_at_once)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _protocol(self) -> SMTP:
        later = None if self._implicit else self._context
        return SMTP(
            self,
            hostname="sink",
            loop=self._loop,
            tls_context=later,
            require_starttls=later is not None,
            authenticator=self._authenticate,
            auth_require_tls=later is not None,
        )

    async def _next(self, server: SMTP, verb: str) -> str | None:
        planned = self.script[verb].pop(0) if self.script[verb] else self.mood(verb)
        if planned == "close":
            _drop(server)
            return _LOST
        if planned == "hang":
            await asyncio.Event().wait()
        return planned or None

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        planned = self.script["AUTH"].pop(0) if self.script["AUTH"] else ""
        right = (given.login, given.password) == (USERNAME.encode(), PASSWORD.encode())
        if planned or not right:
            return AuthResult(success=False, handled=False, message=planned or "535 5.7.8 bad credentials")
        self.signed_in.append(USERNAME)
        return AuthResult(success=True)

    async def handle_EHLO(  # noqa: N802 - the name by which aiosmtpd finds it
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet, unless the script has a refusal."""
        session.host_name = hostname
        planned = await self._next(server, "EHLO")
        return [planned] if planned else responses

    async def handle_MAIL(  # noqa: N802 - likewise
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Note the sender, once it is known who brings the mail."""
        if self._sign_in and not session.authenticated:
            return "530 5.7.0 sign in first"
        envelope.mail_from = address
        return await self._next(server, "MAIL") or "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - likewise
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Note a recipient."""
        planned = await self._next(server, "RCPT") or self._greylisted(envelope.mail_from or "", address)
        if not planned:
            envelope.rcpt_tos.append(address)
        return planned or "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        """Keep the message, unless the script refuses it."""
        planned = await self._next(server, "DATA")
        if planned and planned not in _TOOK_IT:
            return planned
        accepted = Accepted(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.original_content or b"")
        self.accepted.append(accepted)
        self._taken(accepted)
        if planned == "hang-after":
            await asyncio.Event().wait()
        if planned:
            _drop(server)
            return _LOST
        return "250 2.0.0 queued"

    def _greylisted(self, sender: str, recipient: str) -> str | None:
        """The refusal of an envelope that was never seen before."""
        if self._strangers is None or (sender, recipient) in self._strangers:
            return None
        self._strangers.add((sender, recipient))
        return "451 4.7.1 Greylisted, come back later"


def _drop(server: SMTP) -> None:
    """Cut the line without a farewell."""
    if not isinstance(server.transport, asyncio.Transport):
        raise TypeError("there is no line to cut")
    server.transport.abort()

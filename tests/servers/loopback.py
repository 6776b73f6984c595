"""HTTP on 127.0.0.1, for every server of the tests that speaks it: what is asked, what is said, a thread a connection.

Of a server that is closed nothing is left: it hangs up on everybody, and waits for its threads.
"""

from __future__ import annotations

import socket
import ssl
import sys
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from tests.servers.certificate import Certificate

_LOOKS_UP_EVERY: Final = 0.005  # seconds in which it may notice that it shall end


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What somebody asked for: `target` as it was sent; the names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of a form in the body."""
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What goes over the line, piece by piece; behind the `last` answer the server hangs up."""

    pieces: Iterable[bytes] = ()
    last: bool = False

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> Self:
        """A whole answer, in one piece; its length is said unless `headers` say another."""
        data = head_of(status, {"Content-Length": str(len(body)), **headers}) + body
        return cls((data,), last=headers.get("Connection") == "close")


HANGS_UP: Final = HttpAnswer(last=True)
"""Not a word."""


def head_of(status: int, headers: Mapping[str, str]) -> bytes:
    """What comes before a body."""
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class LoopbackServer(ABC):
    """Answers for as long as its `with` statement lasts; over https when it has a certificate.

    Whoever holds an answer back waits for `_over`, which is set when the server closes.
    """

    def __init__(self, certificate: Certificate | None = None) -> None:
        self._over = Event()
        self._scheme = "https" if certificate else "http"
        self._listener = _Listener(self.answer, certificate)
        self._thread = Thread(target=self._listener.serve_forever, args=(_LOOKS_UP_EVERY,))

    @abstractmethod
    def answer(self, asked: HttpRequest) -> HttpAnswer:
        """What is said to a request; called in the thread of its connection."""

    @property
    def port(self) -> int:
        """Where it listens, from the beginning."""
        return int(self._listener.server_address[1])

    @property
    def origin(self) -> str:
        """Scheme, address and port."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.hang_up()
        self._listener.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them
    request_queue_size = 32

    def __init__(self, answer: Callable[[HttpRequest], HttpAnswer], certificate: Certificate | None) -> None:
        self.answer = answer
        self._lines: set[socket.socket] = set()
        self._protection: ssl.SSLContext | None = None
        if certificate:
            self._protection = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._protection.load_cert_chain(certificate.chain, certificate.key)
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        """The next connection; hands are shaken in its own thread, so that nobody waits for who does not."""
        line, address = super().get_request()
        if self._protection:
            line = self._protection.wrap_socket(line, server_side=True, do_handshake_on_connect=False)
        self._lines.add(line)
        return line, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection that has ended."""
        if isinstance(request, socket.socket):
            self._lines.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every connection, once no other can come."""
        for line in list(self._lines):
            with suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)  # not TLS's own, which would pull it from under a reader

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are the point; whatever else goes wrong here is a fault of ours, to be seen."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # only printed


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        pass

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # whoever asked was killed while asking
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(HttpRequest(self.command, self.path, headers, body))
        for piece in answer.pieces:
            self.wfile.write(piece)
        self.close_connection = self.close_connection or answer.last

"""A real web server on loopback that answers as it is told to: late, never, in circles, packed, protected, or half."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from tests.servers.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for; the names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a request.

    `etag` answers a conditional request with 304 when it still fits. `pause` is the time in seconds before each byte of
    `slow` ("header" or "body"); with `silent` nothing is ever said.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    modified: str = ""
    slow: str = ""
    pause: float = 0.02
    silent: bool = False


class Web:
    """Answers by path, over https when it has a certificate; remembers what it was asked. For a `with` statement."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        self._scheme = "https" if certificate else "http"
        self.answers: dict[str, Answer] = {}
        self.requests: list[Request] = []
        self._over = Event()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def __getattr__(self, name: str) -> object:
                if name.startswith("do_"):
                    return self._answer
                raise AttributeError(name)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
                pass

            def _answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                web.requests.append(Request(self.command, self.path, headers))
                web._say(self, web.answers.get(self.path, Answer(status=404)), headers)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are the point
        if certificate:
            protected = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            protected.load_cert_chain(certificate.chain, certificate.key)
            self._server.socket = protected.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of `path`."""
        return f"{self._scheme}://{host}:{self.port}{path}"

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

    def _say(self, handler: BaseHTTPRequestHandler, answer: Answer, asked: Mapping[str, str]) -> None:
        if answer.silent:
            self._over.wait()
            return
        unchanged = (answer.etag and asked.get("if-none-match") == answer.etag) or (
            answer.modified and asked.get("if-modified-since") == answer.modified
        )
        head = [f"HTTP/1.1 {304 if unchanged else answer.status} Said"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        head += [f"ETag: {answer.etag}"] if answer.etag else []
        head += [f"Last-Modified: {answer.modified}"] if answer.modified else []
        if not unchanged and "Content-Length" not in answer.headers:
            head.append(f"Content-Length: {len(answer.body)}")
        self._write(handler, "\r\n".join([*head, "Connection: close", "", ""]).encode(), answer, part="header")
        if not unchanged:
            self._write(handler, answer.body, answer, part="body")
        handler.close_connection = True

    def _write(self, handler: BaseHTTPRequestHandler, data: bytes, answer: Answer, *, part: str) -> None:
        if answer.slow != part:
            handler.wfile.write(data)
            return
        for byte in data:
            if self._over.wait(answer.pause):
                return
            handler.wfile.write(bytes([byte]))

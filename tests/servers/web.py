"""A real web server on loopback that answers as it is told to: late, never, in circles, packed, protected, or half."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.servers.loopback import HANGS_UP, HttpAnswer, LoopbackServer, head_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.certificate import Certificate
    from tests.servers.loopback import HttpRequest


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


class Web(LoopbackServer):
    """Answers by target, over https when it has a certificate; remembers what it was asked. For a `with` statement."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__(certificate)
        self.answers: dict[str, Answer] = {}
        self.requests: list[HttpRequest] = []

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of `path`."""
        return f"{self._scheme}://{host}:{self.port}{path}"

    def answer(self, asked: HttpRequest) -> HttpAnswer:
        """What the test has for this target; nothing is there otherwise."""
        self.requests.append(asked)
        answer = self.answers.get(asked.target, Answer(status=404))
        if answer.silent:
            self._over.wait()
            return HANGS_UP
        return HttpAnswer(self._said(answer, asked.headers), last=True)

    def _said(self, answer: Answer, asked: Mapping[str, str]) -> Iterator[bytes]:
        unchanged = (answer.etag and asked.get("if-none-match") == answer.etag) or (
            answer.modified and asked.get("if-modified-since") == answer.modified
        )
        headers = {"Connection": "close"}
        headers |= {"ETag": answer.etag} if answer.etag else {}
        headers |= {"Last-Modified": answer.modified} if answer.modified else {}
        headers |= {} if unchanged else {"Content-Length": str(len(answer.body))}
        head = head_of(304 if unchanged else answer.status, headers | dict(answer.headers))
        yield from self._slowly(head, answer.pause) if answer.slow == "header" else (head,)
        if not unchanged:
            yield from self._slowly(answer.body, answer.pause) if answer.slow == "body" else (answer.body,)

    def _slowly(self, data: bytes, pause: float) -> Iterator[bytes]:
        for byte in data:
            if self._over.wait(pause):
                return
            yield bytes([byte])

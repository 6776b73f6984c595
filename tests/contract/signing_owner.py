"""The owner at the terminal while they sign in, played by the test: what they see, open and paste."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.client import HTTPConnection
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser was given."""

    status: int
    headers: dict[str, str]
    text: str


def visit(url: str, verb: str = "GET") -> Shown:
    """One request, on a connection of its own; no redirect is followed."""
    parts = urlsplit(url)
    line = HTTPConnection(parts.netloc, timeout=10)
    try:
        line.request(verb, parts._replace(scheme="", netloc="").geturl() or "/")
        answer = line.getresponse()
        return Shown(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode())
    finally:
        line.close()


def redirected(url: str) -> str:
    """Where the provider's consent page sends the browser."""
    return urljoin(url, visit(url).headers["location"])


def ignore(_: str) -> None:
    """Nothing happens in the browser."""


@dataclass(slots=True)
class Owner:
    """A `Desk`. `opens` is what happens in their browser (None: they have none), `pastes` what they paste, in turn."""

    opens: Callable[[str], None] | None = ignore
    pastes: Callable[[str], list[str]] = lambda _: []
    said: list[str] = field(default_factory=list)
    asked: int = 0
    url: str = ""
    _threads: list[Thread] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    def browse(self, url: str) -> bool:
        self.url = url
        if self.opens is None:
            return False
        self._start(self.opens, url)
        return True

    def on_paste(self, question: str, take: Callable[[str], None]) -> None:
        assert question
        pastes = self.pastes(self.url)
        self.asked += 1
        if self.asked <= len(pastes):
            self._start(take, pastes[self.asked - 1])

    def _start(self, act: Callable[[str], None], text: str) -> None:
        thread = Thread(target=act, args=(text,))
        self._threads.append(thread)
        thread.start()

    def leave(self) -> None:
        """Wait until everything they began is over."""
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

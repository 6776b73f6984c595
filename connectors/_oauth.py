"""Where a browser comes back to after a sign-in: a listener on this machine, or an address the owner pastes.

Shared by all providers of OAuth (RFC 8252 section 7.3); it listens on 127.0.0.1, and only while a sign-in waits.
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from queue import Empty, SimpleQueue
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import TYPE_CHECKING, Final, Literal, Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from connectors._quote import quote
from syncd.errors import AuthRequired

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from syncd.connector import Context, Desk

LONGEST_HEAD: Final = 1 << 14
"""Bytes that the head of a request may have; a redirect has a few hundred."""

SILENCE: Final = 5.0
"""Seconds a visitor may take to say what it wants."""

PASTES: Final = 3
"""So often the owner is asked to paste, when what came was no answer."""

_QUESTION: Final = "If the browser ends at a page it cannot show, copy the address of that page and paste it here:"
_LOOK: Final = 0.2
"""Seconds between two looks whether it is time to stop."""

_LONGEST_PASTE: Final = 8192
_CODE: Final = re.compile(r"[^\s?&:#]{6,2048}")
_HEAD: Final = re.compile(rb"GET (/[^ ]*) HTTP/1\.[01]\r?\n")


class Denied(AuthRequired):
    """The owner or the provider said no; `error` is the provider's word for it (RFC 6749 section 4.1.2.1)."""

    def __init__(self, title: str, hint: str, error: str) -> None:
        super().__init__(title, hint)
        self.error = error


def answer_of(url: str) -> Mapping[str, str]:
    """What a redirected address says: its query, or its fragment; the first of what is said twice."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query or parts.fragment, keep_blank_values=True, max_num_fields=50)
    return dict(reversed(pairs))


class Loopback:
    """A place to come back to, for a `with` statement. `host_name` is what the provider wants to read in its address.

    Raises AuthRequired when this machine does not let it listen.
    """

    def __init__(self, host_name: Literal["127.0.0.1", "localhost"] = "127.0.0.1", path: str = "/") -> None:
        self._path = path
        self._host_name = host_name
        self._server: _Listener | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        try:
            self._server = _Listener(self._path)
        except OSError as error:
            raise AuthRequired(
                f"This machine does not let syncd listen for the answer ({error.strerror}).",
                "Sign in on another machine and copy the file of the sign-in here.",
            ) from error
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        if self._thread is not None:
            self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self._listener.port

    @property
    def redirect_uri(self) -> str:
        """The address the provider is to send the browser to."""
        return f"http://{self._host_name}:{self.port}{self._path}"

    def wait(self, desk: Desk, context: Context, url: str, *, state: str, seconds: float = 600) -> str:
        """Show the owner `url`; the whole address the browser came back to, or that the owner pasted.

        Visitors that bring another `state`, or none, are sent away. Raises AuthRequired when the owner or the provider
        refuses (`Denied`), when what is pasted does not answer this sign-in, when it is time to stop, after `seconds`.
        """
        listener, again = self._listener, f"Type: syncd auth {context.account}"
        listener.expect(state)
        until = context.now() + timedelta(seconds=seconds)
        self._invite(desk, url)
        pasting = _Pasting(desk, listener.answers)
        pasting.ask()
        while True:
            answer = _next(listener.answers)
            if isinstance(answer, _Pasted):
                found = self._pasted(answer.text, state, again)
                if found is None:
                    pasting.repeat(again)
                    continue
                return _accepted(found, again)
            if answer is not None:
                return _accepted(answer, again)
            if context.stopping():
                raise AuthRequired("The sign-in was given up.", again)
            if context.now() >= until:
                raise AuthRequired(f"Nobody signed in within {round(seconds / 60)} minutes.", again)

    @property
    def _listener(self) -> _Listener:
        if self._server is None:
            raise RuntimeError("Loopback is for a with statement")
        return self._server

    def _invite(self, desk: Desk, url: str) -> None:
        if desk.browse(url):
            desk.say(f"Your browser shows where to sign in. If it does not, open this address:\n\n  {url}\n")
            return
        desk.say(
            f"Open this address in a browser:\n\n  {url}\n\n"
            "If the browser is on another machine, let its answer come here; type there first:\n\n"
            f"  ssh -L {self.port}:127.0.0.1:{self.port} {socket.gethostname()}\n"
        )

    def _pasted(self, text: str, state: str, hint: str) -> str | None:
        """The address that `text` is or stands for: whole, only what follows the question mark, or the bare code."""
        text = text.strip().strip("<>\"'")[:_LONGEST_PASTE]
        try:
            said = answer_of(text if "?" in text or "#" in text else f"?{text}")
        except ValueError:
            return None
        if not said.keys() & {"code", "error"}:
            if "=" in text or not _CODE.fullmatch(text):
                return None
            said = {"code": unquote(text), "state": state}
        if not _same(said.get("state", ""), state):
            raise AuthRequired("What was pasted answers another sign-in.", hint)
        return f"{self.redirect_uri}?{urlencode(said)}"


def _accepted(url: str, hint: str) -> str:
    said = answer_of(url)
    error = said.get("error")
    if not error:
        return url
    words = said.get("error_description", "")
    shown = quote(f"{error}: {words}" if words else error)
    raise Denied(f"The sign-in was refused ({shown}).", hint, error)


@dataclass(frozen=True, slots=True)
class _Pasted:
    text: str


_Answers = SimpleQueue["str | _Pasted"]


def _next(answers: _Answers) -> str | _Pasted | None:
    with suppress(Empty):
        return answers.get(timeout=_LOOK)
    return None


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


class _Pasting:
    """Asks the owner for the address; again, but not for ever, when it was none."""

    def __init__(self, desk: Desk, answers: _Answers) -> None:
        self._desk = desk
        self._answers = answers
        self._left = PASTES

    def ask(self) -> None:
        self._left -= 1
        self._desk.on_paste(_QUESTION, lambda text: self._answers.put(_Pasted(text)))

    def repeat(self, hint: str) -> None:
        """Ask once more. Raises AuthRequired when that was the last time."""
        if not self._left:
            raise AuthRequired("What was pasted is not the answer to a sign-in.", hint)
        self._desk.say(
            "That is not the answer. Copy the whole address from the browser after you agreed; it has code= in it."
        )
        self.ask()


class _Listener(ThreadingTCPServer):
    """Takes visitors on 127.0.0.1, each in a thread: browsers open connections on which they say nothing."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, path: str) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.path = path
        self.answers: _Answers = SimpleQueue()
        self._state = ""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def expect(self, state: str) -> None:
        self._state = state

    def take(self, target: str) -> str | None:
        """What to show a visitor who asks for `target`; None when it is not the one that is expected."""
        parts = urlsplit(target)
        if parts.path != self.path or not self._state:
            return None
        try:
            said = answer_of(target)
        except ValueError:
            return None
        if not said.keys() & {"code", "error"} or not _same(said.get("state", ""), self._state):
            return None
        self.answers.put(f"http://127.0.0.1:{self.port}{target}")
        return "You were not signed in." if "error" in said else "syncd has its answer."

    def handle_error(self, request: object, client_address: object) -> None:
        """Visitors that hang up are no matter; nothing of what they said is printed."""


class _Visit(StreamRequestHandler):
    """One visitor: reads the head of its request, answers with a page, and closes."""

    timeout = SILENCE
    server: _Listener

    def handle(self) -> None:
        first = self.rfile.readline(LONGEST_HEAD)
        size = len(first)
        while size < LONGEST_HEAD:
            line = self.rfile.readline(LONGEST_HEAD - size)
            size += len(line)
            if line in {b"\r\n", b"\n", b""}:
                break
        asked = _HEAD.fullmatch(first)
        if asked is None or size >= LONGEST_HEAD:
            self.wfile.write(_page("400 Bad Request", "This is not what syncd waits for."))
            return
        words = self.server.take(asked[1].decode("latin-1"))
        if words is None:
            self.wfile.write(_page("404 Not Found", "This is not what syncd waits for."))
        else:
            self.wfile.write(_page("200 OK", f"{words} You can close this tab; the terminal says how it went."))


def _page(status: str, words: str) -> bytes:
    body = (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>syncd</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:30rem;margin:20vh auto;padding:0 1rem}"
        f"@media(prefers-color-scheme:dark){{body{{background:#111;color:#eee}}}}</style><p>{words}</p></html>"
    ).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body

"""A local double of Microsoft Graph v1.0 over real HTTP on loopback: calendars and mail of one mailbox.

What it says is held against Microsoft's own types, and what it is asked against its documented rules; `violations`
collects every breach of either, and `graph_server` fails on any.
"""

from __future__ import annotations

import json
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Self

from tests.servers.graph_calendars import Calendars
from tests.servers.graph_contract import contract
from tests.servers.graph_mail import Mailbox
from tests.servers.graph_requests import Asked, Fault, Links, Refused
from tests.servers.graph_rules import breaches_of_request, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from tests.servers.graph_contract import Resource

OWNER: Final = ("davide@northwind.example", "Davide Rossi")

_CALENDAR: Final = frozenset({"calendar", "calendars", "calendarView", "events"})


class Graph:
    """The double; for a `with` statement. Knobs are methods; `calendars` and `mailbox` are what the owner sees.

    `requests` holds every request; `most_in_flight` is how many may be under way at once before it is called
    MailboxConcurrency (Microsoft allows 4 of one app in one mailbox; syncd wants 1).
    """

    def __init__(self, owner: tuple[str, str] = OWNER) -> None:
        self.owner = owner
        self.calendars = Calendars(owner)
        self.mailbox = Mailbox(owner)
        self.links = Links(lambda: self.origin, self._complain)
        self.requests: list[Asked] = []
        self.violations: list[str] = []
        self.faults: deque[Fault] = deque()
        self.most_in_flight = 1
        self.access_token = "token-0"
        self.scope = "Calendars.ReadBasic Mail.ReadBasic"
        self._tokens = {self.access_token}
        self._denied = False
        self._in_flight = 0
        self._lock = Lock()
        self._over = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are the point
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def origin(self) -> str:
        """What https://graph.microsoft.com is to the real one; its API lies at /v1.0."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    # What can go wrong.

    def accept(self, token: str) -> None:
        """Also this bearer token opens the mailbox."""
        self._tokens.add(token)

    def revoke(self) -> None:
        """No bearer token so far is accepted any more (401); the authority may give a new one."""
        self._tokens.clear()

    def deny(self) -> None:
        """From now on every request is refused (401), whatever its token."""
        self._denied = True

    def fail(
        self, part: str = "", status: int = 503, code: str = "", *, retry_after: str | None = None, times: int = 1
    ) -> None:
        """The next so many requests whose target holds `part` are answered with this error."""
        self.faults.append(Fault(part, status, code or f"Error{status}", retry_after, times))

    def fail_after(self, number: int, part: str = "", status: int = 503, code: str = "", *, times: int = 1) -> None:
        """The same, once `number` such requests were answered as ever."""
        self.faults.append(Fault(part, status, code or f"Error{status}", None, times, after=number))

    def throttle(self, retry_after: str | None = None, times: int = 1_000_000) -> None:
        """Every request is answered with 429, with or without Retry-After."""
        self.fail("", 429, "TooManyRequests", retry_after=retry_after, times=times)

    def stall(self, part: str = "", times: int = 1_000_000) -> None:
        """Requests whose target holds `part` are accepted, and never answered."""
        self.faults.append(Fault(part, silent=True, times=times))

    def show_page(self, part: str = "", times: int = 1) -> None:
        """A captive portal or proxy answers in its place, with a web page and 200."""
        self.faults.append(Fault(part, page=b"<!DOCTYPE html><html><body>Sign in to WiFi</body></html>", times=times))

    def expire(self, status: int = 410, code: str = "SyncStateNotFound") -> None:
        """No link handed out so far is honoured: 410 with a Location, 400/404 syncStateNotFound, resyncRequired."""
        self.links.expire(status, code)

    def mend(self) -> None:
        """Undo `deny`, `fail`, `throttle`, `stall` and `show_page`; silent requests are let go."""
        self._denied = False
        self._tokens.add(self.access_token)
        self.faults.clear()
        self._over.set()
        self._over = Event()

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return self.calendars.snapshot(), self.mailbox.snapshot()

    def count(self, part: str = "") -> int:
        """How many requests so far had `part` in their target."""
        return sum(part in asked.target for asked in self.requests)

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

    # How it answers.

    def _handler(graph) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1
            timeout = 60

            def __getattr__(self, name: str) -> object:
                if name.startswith("do_"):
                    return self._answer
                raise AttributeError(name)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
                pass

            def _answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.rfile.read(int(headers.get("content-length") or 0))
                answer = graph._graph(Asked.of(self.command, self.path, headers))
                if answer is None:
                    self.close_connection = True
                    return
                status, said, extra = answer
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

        return Handler

    def _graph(self, asked: Asked) -> tuple[int, bytes, dict[str, str]] | None:
        """(status, body, headers) of the answer; None when there is none."""
        with self._lock:
            self.requests.append(asked)
            self._in_flight += 1
            crowded = self._in_flight > self.most_in_flight
            fault = next((fault for fault in self.faults if fault.strikes(asked.target)), None)
            over = self._over
        try:
            if fault is not None and fault.silent:
                with self._lock:
                    self._in_flight -= 1
                over.wait()
                with self._lock:
                    self._in_flight += 1
                return None
            if fault is not None and fault.page:
                return 200, fault.page, {"Content-Type": "text/html; charset=utf-8"}
            try:
                self._admit(asked, fault, crowded=crowded)
                with self._lock:
                    answer = self._answer(asked)
            except Refused as refused:
                headers = {"Content-Type": "application/json", **refused.headers}
                return refused.status, json.dumps(refused.body).encode(), headers
            headers = {"Content-Type": "application/json;odata.metadata=minimal;charset=utf-8"}
            if asked.headers.get("prefer"):
                headers["Preference-Applied"] = asked.headers["prefer"]
            return 200, json.dumps(answer).encode(), headers
        finally:
            with self._lock:
                self._in_flight -= 1

    def _admit(self, asked: Asked, fault: Fault | None, *, crowded: bool) -> None:
        """Raise whatever keeps a request from being answered, and note what is wrong with it."""
        for breach in breaches_of_request(asked):
            self._complain(f"{breach}: {asked.method} {asked.target}")
        if crowded:
            self._complain(f"more than {self.most_in_flight} requests were under way: {asked.target}")
            message = "Application is over its MailboxConcurrency limit."
            raise Refused(429, "ApplicationThrottled", message, {"Retry-After": "1"})
        if asked.method != "GET":
            raise Refused(405, "MethodNotAllowed")
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self._denied or token not in self._tokens:
            challenge = {"WWW-Authenticate": 'Bearer realm="", authorization_uri=""'}
            raise Refused(401, "InvalidAuthenticationToken", "Lifetime validation failed.", challenge)
        if fault is not None:
            headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            raise Refused(fault.status, fault.code, "", headers)

    def _answer(self, asked: Asked) -> Resource:
        kind = kind_of(asked.path)
        if kind is None:
            raise Refused(400, "BadRequest", "Resource not found for the segment.")
        name, is_page = kind
        room = self.calendars if asked.path[1] in _CALENDAR else self.mailbox
        answer = room.answer(asked, self.links)
        context = f"{self.origin}/v1.0/$metadata#{'Collection(' + name + ')' if is_page else name}"
        answer = {"@odata.context": context, **answer}
        if is_page:
            wrong = list(contract().breaches_of_page(name, answer, delta=asked.path[-1] == "delta"))
        else:
            wrong = list(contract().breaches(name, answer))
        for breach in wrong:
            self._complain(f"the double itself: {breach}")
        return answer

    def _complain(self, breach: str) -> None:
        self.violations.append(breach)


@contextmanager
def graph_server() -> Iterator[Graph]:
    """A double for one test, which fails when any request or answer broke a rule."""
    with Graph() as graph:
        yield graph
    assert graph.violations == []

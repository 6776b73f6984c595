"""A local double of Microsoft Graph v1.0 over real HTTP on loopback: calendars and mail of one mailbox.

What it says is held against Microsoft's own types, and what it is asked against its documented rules; `violations`
collects every breach of either, and `graph_server` fails on any.
"""

from __future__ import annotations

import json
from collections import deque
from contextlib import contextmanager
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from tests.servers.graph_calendars import Calendars
from tests.servers.graph_contract import contract
from tests.servers.graph_mail import Mailbox
from tests.servers.graph_requests import Asked, Fault, Links, Refused
from tests.servers.graph_rules import breaches_of_request, kind_of
from tests.servers.loopback import HANGS_UP, HttpAnswer, LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from tests.servers.graph_contract import Resource
    from tests.servers.loopback import HttpRequest

OWNER: Final = ("davide@northwind.example", "Davide Rossi")

_CALENDAR: Final = frozenset({"calendar", "calendars", "calendarView", "events"})


class Graph(LoopbackServer):
    """The double; for a `with` statement. Knobs are methods; `calendars` and `mailbox` are what the owner sees.

    `requests` holds every request; `most_in_flight` is how many may be under way at once before it is called
    MailboxConcurrency (Microsoft allows 4 of one app in one mailbox; syncd wants 1).
    """

    def __init__(self, owner: tuple[str, str] = OWNER) -> None:
        super().__init__()
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
        self._mended = Event()

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
        with self._lock:
            self._denied = False
            self._tokens.add(self.access_token)
            self.faults.clear()
            self._mended.set()
            self._mended = Event()

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return self.calendars.snapshot(), self.mailbox.snapshot()

    def count(self, part: str = "") -> int:
        """How many requests so far had `part` in their target."""
        return sum(part in asked.target for asked in self.requests)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mended.set()
        super().__exit__(kind, error, trace)

    # How it answers.

    def answer(self, asked: HttpRequest) -> HttpAnswer:
        """What the mailbox holds, unless something is wrong with the request or shall go wrong with it."""
        return self._said(Asked.of(asked.method, asked.target, asked.headers))

    def _said(self, asked: Asked) -> HttpAnswer:
        with self._lock:
            self.requests.append(asked)
            fault = next((fault for fault in self.faults if fault.strikes(asked.target)), None)
            silent = fault is not None and fault.silent
            self._in_flight += not silent
            crowded = self._in_flight > self.most_in_flight
            mended = self._mended
        if silent:
            mended.wait()
            return HANGS_UP
        try:
            if fault is not None and fault.page:
                return HttpAnswer.of(200, {"Content-Type": "text/html; charset=utf-8"}, fault.page)
            self._admit(asked, fault, crowded=crowded)
            with self._lock:
                found = self._found(asked)
        except Refused as refused:
            return _in_json(refused.status, {"Content-Type": "application/json", **refused.headers}, refused.body)
        finally:
            with self._lock:
                self._in_flight -= 1
        headers = {"Content-Type": "application/json;odata.metadata=minimal;charset=utf-8"}
        if asked.headers.get("prefer"):
            headers["Preference-Applied"] = asked.headers["prefer"]
        return _in_json(200, headers, found)

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

    def _found(self, asked: Asked) -> Resource:
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


def _in_json(status: int, headers: Mapping[str, str], body: Resource) -> HttpAnswer:
    return HttpAnswer.of(status, headers, json.dumps(body).encode())


@contextmanager
def graph_server() -> Iterator[Graph]:
    """A double for one test, which fails when any request or answer broke a rule."""
    with Graph() as graph:
        yield graph
    assert graph.violations == []

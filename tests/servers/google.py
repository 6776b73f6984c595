"""Gmail v1, Calendar v3 and Google's OAuth endpoints in one server on loopback, for connectors under test.

Everything asked and everything answered is held against Google's discovery documents; breaches stand in `violations`.
What goes wrong, and when, the test says.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

from syncd.clock import system_clock
from tests.servers import google_contract
from tests.servers.google_batch import Part, read_parts, write_parts
from tests.servers.google_calendar import Calendars
from tests.servers.google_faults import Fault, Faults, Quota
from tests.servers.google_gmail import UNITS, Mailbox
from tests.servers.google_oauth import OAuth, Said
from tests.servers.google_replies import (
    Answer,
    Call,
    Refusal,
    insufficient,
    masked,
    parse_mask,
    unauthenticated,
)
from tests.servers.loopback import HANGS_UP, HttpAnswer, LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from tests.servers.google_contract import Contract, Method
    from tests.servers.google_oauth import Grant
    from tests.servers.google_replies import Mask
    from tests.servers.loopback import HttpRequest

OWNER: Final = "davide@rossi.example"
_BATCHES: Final = ("/batch", "/batch/gmail/v1", "/batch/calendar/v3")
_RECORDS: Final = ("messages", "history", "items")
_MOST_PARTS: Final = 100
_JSON: Final = {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "private", "Vary": "Origin"}


@dataclass(slots=True)
class Request:
    """What was asked: `method` is the id of the API's method ("batch", "oauth.token" ...; empty: nobody's).

    `part` is the position inside a batch, None outside. `status` 0 is an answer that never came.
    """

    verb: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    method: str = ""
    part: int | None = None
    status: int = 0


@dataclass(slots=True)
class _Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)


class Google(Faults, LoopbackServer):
    """The server, as a context. `clock` moves the quota and the access tokens.

    `mailbox`, `calendars` and `oauth` are the owner's; of another account `mailbox_of` and `calendars_of`. `stride` N
    holds one record in N against the contract (for benchmarks; requests are always checked). `orders_parts` gives the
    order in which the parts of a batch are answered; by default the last comes first.
    """

    def __init__(self, *, clock: Callable[[], datetime] = system_clock, address: str = OWNER, stride: int = 1) -> None:
        super().__init__()
        self.address = address
        self.violations: list[str] = []
        self.requests: list[Request] = []
        self.quota = Quota(clock)
        self.oauth = OAuth(address, clock, self.violations)
        self.orders_parts: Callable[[list[int]], list[int]] = lambda places: places[::-1]
        self._clock = clock
        self._stride = stride
        self._answers = count()
        self._mailboxes: dict[str, Mailbox] = {}
        self._calendars: dict[str, Calendars] = {}
        self._lock = RLock()
        self.oauth.endpoint = self.endpoint

    def __enter__(self) -> Self:
        for contract in (google_contract.gmail(), google_contract.calendar()):
            contract.find("GET", "/")  # reads the document now: the first request must not wait for it
        return super().__enter__()

    # What a test looks at

    @property
    def endpoint(self) -> str:
        """The address of everything; Calendar lies under /calendar/v3/."""
        return self.origin

    @property
    def mailbox(self) -> Mailbox:
        """The owner's mail."""
        return self.mailbox_of(self.address)

    @property
    def calendars(self) -> Calendars:
        """The owner's calendars."""
        return self.calendars_of(self.address)

    def mailbox_of(self, account: str) -> Mailbox:
        """An account's mail; empty at first."""
        return self._mailboxes.setdefault(account, Mailbox(account))

    def calendars_of(self, account: str) -> Calendars:
        """An account's calendars; only an empty primary one at first."""
        if account not in self._calendars:
            self._calendars[account] = Calendars(account, self._clock)
        return self._calendars[account]

    @property
    def units(self) -> int:
        """Gmail's quota units spent so far."""
        return self.quota.spent

    @property
    def calls(self) -> Counter[str]:
        """How often each method was asked for, parts of batches too."""
        return Counter(request.method for request in self.requests)

    def client_json(self) -> str:
        """See `OAuth.client_json`."""
        return self.oauth.client_json()

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return (
            tuple((key, each.snapshot()) for key, each in sorted(self._mailboxes.items())),
            tuple((key, each.snapshot()) for key, each in sorted(self._calendars.items())),
        )

    # Serving

    def answer(self, asked: HttpRequest) -> HttpAnswer:
        """What the owner has, unless the request breaks a rule or a fault is due."""
        address = urlsplit(asked.target)
        request = Request(asked.method, address.path, _parse_query(address.query), asked.headers)
        with self._lock:
            self.requests.append(request)
            found = self._route(request)
            fault = self.struck(request.method, request.part)
        kind = fault.kind if fault else ""
        if kind == "silence" or (fault and kind == "slow" and self._over.wait(fault.seconds)):
            self._over.wait()
            return HANGS_UP
        with self._lock:
            reply = self._faulty(fault) or self._answered(request, found, asked.body)
        request.status = reply.status
        whole = HttpAnswer.of(reply.status, reply.headers, reply.body)
        if kind != "cut":
            return whole
        half = max(1, len(reply.body) // 2)
        return HttpAnswer((piece[:-half] for piece in whole.pieces), last=True)

    def _route(self, request: Request) -> _Found | None:
        """Who serves this; notes it in the request, and breaches of the contract in `violations`."""
        oauth = {"/o/oauth2/auth": ("GET", "authorize"), "/token": ("POST", "token"), "/revoke": ("POST", "revoke")}
        if request.path in oauth:
            verb, name = oauth[request.path]
            request.method = f"oauth.{name}"
        elif request.path.rstrip("/") in _BATCHES:
            verb, request.method = "POST", "batch"
        else:
            verb = "GET"
            contract = google_contract.calendar() if request.path.startswith("/calendar/") else google_contract.gmail()
            if found := contract.find(request.verb, request.path):
                method, parts = found
                request.method = method.id
                if request.verb == verb:
                    self.violations += contract.judge_query(method, request.query)
                    return _Found(contract, method, parts)
            else:
                self.violations.append(f"{request.verb} {request.path}: no such method")
        if request.verb != verb:
            self.violations.append(f"{request.verb} {request.path}: a reader only reads")
        return None

    def _faulty(self, fault: Fault | None) -> _Reply | None:
        if fault and fault.kind == "html":
            return _Reply(fault.status, fault.text.encode(), {"Content-Type": "text/html; charset=UTF-8"})
        return self._refused(fault.refusal) if fault and fault.refusal else None

    def _answered(self, request: Request, found: _Found | None, body: bytes) -> _Reply:
        try:
            if request.method.startswith("oauth."):
                return self._authorization(request, body)
            grant = self._grant(request)
            if request.method == "batch" and request.verb == "POST":
                return self._batch(request, grant, body)
            if found is None:
                raise Refusal(404, "notFound", "Not Found")  # noqa: TRY301 - every refusal is worded in one place
            return self._call(request, found, grant)
        except Refusal as refusal:
            return self._refused(refusal)

    def _authorization(self, request: Request, body: bytes) -> _Reply:
        form = dict(parse_qsl(body.decode())) if body else {name: values[0] for name, values in request.query.items()}
        kind, _, basic = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":  # RFC 6749 section 2.3.1
            form["client_id"], _, form["client_secret"] = b64decode(basic).decode().partition(":")
        said: Said
        match request.method, request.verb:
            case "oauth.authorize", "GET":
                said = self.oauth.authorize(form)
            case "oauth.token", "POST":
                said = self.oauth.token(form)
            case "oauth.revoke", "POST":
                said = self.oauth.revoke(form)
            case _:
                raise Refusal(405, "httpMethodNotAllowed", "Method Not Allowed")
        return _Reply(said.status, said.body, said.headers)

    def _grant(self, request: Request) -> Grant:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if "access_token" in request.query or "oauth_token" in request.query:
            self.violations.append(f"{request.path}: a token in an address ends up in logs")
        grant = self.oauth.holder(token) if kind == "Bearer" else None
        if grant is None:
            raise unauthenticated(presented=bool(token))
        return grant

    def _call(self, request: Request, found: _Found, grant: Grant) -> _Reply:
        method = found.method
        if not method.scopes & grant.scopes:
            raise insufficient(method.scopes)
        account = found.parts.get("userId", "me")
        if account not in ("me", grant.account):
            raise Refusal(403, "forbidden", f"Delegation denied for {grant.account}", status_name="PERMISSION_DENIED")
        mask = _mask(request.query.get("fields", ("",))[0])
        if unknown := list(found.contract.judge_mask(method, mask)):
            self.violations.append(f"{method.id}: fields names {', '.join(unknown)}, which no answer has")
            raise Refusal(400, "invalidParameter", f"Invalid field selection {unknown[0]}", location="fields")
        call = Call(method.id, found.parts, request.query, grant.account, grant.scopes)
        if method.id in UNITS:
            self.quota.spend(grant.account, UNITS[method.id])
            answer = self.mailbox_of(grant.account).answer(call)
        elif method.id.startswith(("calendar.events.", "calendar.calendarList.")):
            answer = self.calendars_of(grant.account).answer(call)
        else:
            self.violations.append(f"{method.id}: nothing here needs it")
            raise Refusal(501, "notImplemented", "This double does not serve it.")
        return self._told(found, mask, answer)

    def _told(self, found: _Found, mask: Mask, answer: Answer) -> _Reply:
        if answer.judged is not None:
            self._judge(found, answer.judged)
        return _Reply(200, json.dumps(masked(answer.body, mask)).encode())

    def _judge(self, found: _Found, body: Mapping[str, object]) -> None:
        """Hold an answer against the contract, of many records one in `stride`."""
        name = next((name for name in _RECORDS if name in body), "")
        records = body.get(name)
        if isinstance(records, list):
            self.violations += found.contract.judge_answer(found.method, {**body, name: records[:: self._stride]})
        elif next(self._answers) % self._stride == 0:
            self.violations += found.contract.judge_answer(found.method, body)

    def _refused(self, refusal: Refusal) -> _Reply:
        self.violations += google_contract.judge_error(refusal.body)
        return _Reply(refusal.status, json.dumps(refusal.body).encode(), {**_JSON, **refusal.headers})

    def _batch(self, request: Request, grant: Grant, body: bytes) -> _Reply:
        asked = read_parts(request.headers.get("content-type", ""), body)
        if not asked or len(asked) > _MOST_PARTS:
            self.violations.append(f"a batch of {len(asked)} parts")
            raise Refusal(400, "badRequest", "The batch request could not be processed.")
        replies = [self._part(number, part, request, grant) for number, part in enumerate(asked)]
        order = self.orders_parts(list(range(len(asked))))
        written, kind = write_parts([(asked[place], replies[place]) for place in order])
        return _Reply(200, written, {"Content-Type": kind})

    def _part(self, number: int, part: Part, outer: Request, grant: Grant) -> tuple[int, bytes, Mapping[str, str]]:
        address = urlsplit(part.target)
        query = _parse_query(address.query)
        request = Request(part.verb, address.path, query, part.headers, part=number)
        self.requests.append(request)
        found = self._route(request)
        try:
            if "authorization" in part.headers:
                grant = self._grant(request)
            fault = self.struck(request.method, request.part)
            if found is None or outer.path.startswith("/batch/calendar") != address.path.startswith("/calendar/"):
                raise Refusal(404, "notFound", "Not Found")  # noqa: TRY301 - every refusal is worded in one place
            reply = self._faulty(fault) or self._call(request, found, grant)
        except Refusal as refusal:
            reply = self._refused(refusal)
        request.status = reply.status
        return reply.status, reply.body, reply.headers


@dataclass(frozen=True, slots=True)
class _Found:
    contract: Contract
    method: Method
    parts: Mapping[str, str]


@lru_cache(maxsize=64)
def _parse_query(text: str) -> Mapping[str, Sequence[str]]:
    """The parts of a batch mostly ask alike."""
    return parse_qs(text, keep_blank_values=True)


@lru_cache(maxsize=64)
def _mask(text: str) -> Mask:
    return parse_mask(text)

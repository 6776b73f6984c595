"""How Microsoft Graph is asked: what every request carries, what is waited for, what is refused (faults 37, 39, 63)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from connectors import _microsoft_graph
from connectors._microsoft import CALENDARS, MicrosoftAccount
from connectors._microsoft_graph import Graph
from connectors._microsoft_refusals import NotAllowed, NotTaken, NotThere
from syncd.errors import AuthRequired, ConnectorError, CursorExpired, Misconfigured, Transient
from syncd.testing import NOW, context
from tests.contract.microsoft_account import ACCESS, microsoft_options, signed_in
from tests.servers.certificate import make_certificate
from tests.servers.entra import Reply, Scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

PATH = "/me/calendarView"
TARGET = f"/v1.0{PATH}"
PAGE = {"value": [{"id": "AAMk="}]}


class House:
    """A clock that moves when somebody waits, and a stop that comes after so many seconds of waiting."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.stop_after = 1e9

    def now(self) -> datetime:
        return NOW + timedelta(seconds=sum(self.waits))

    def stopping(self) -> bool:
        return sum(self.waits) >= self.stop_after


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def graph() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture
def account(graph: Scripted, house: House) -> Iterator[MicrosoftAccount]:
    options = microsoft_options(graph.root)
    lent = context(
        now=house.now, stopping=house.stopping, pause=house.waits.append, tokens=signed_in(options, CALENDARS)
    )
    account = MicrosoftAccount(options, lent, (CALENDARS,))
    yield account
    account.close()


def graph_error(code: str, status: int, inner: str = "", **headers: str) -> Reply:
    error: dict[str, object] = {"code": code, "message": "No."}
    if inner:
        error["innerError"] = {"code": inner}
    return Reply.of({"error": error}, status, **headers)


def refusal(account: MicrosoftAccount, path: str = PATH) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        account.get(path)
    assert raised.value.title.endswith(".")
    assert "\n" not in raised.value.title
    assert ACCESS not in str(raised.value)
    return raised.value


def test_every_request_prefers_immutable_ids_and_utc_also_on_links(graph: Scripted, account: MicrosoftAccount) -> None:
    graph.replies[TARGET] = [Reply.of(PAGE)]
    account.get(PATH, {"$select": "id"}, ("odata.maxpagesize=50",))
    account.get(f"{graph.root}{TARGET}?$skiptoken=x", prefer=("odata.maxpagesize=50",))
    account.get(f"{graph.root}{TARGET}?$deltatoken=x")
    always = 'IdType="ImmutableId", outlook.timezone="UTC"'
    assert [asked.headers["prefer"] for asked in graph.asked] == [
        f"{always}, odata.maxpagesize=50",
        f"{always}, odata.maxpagesize=50",
        always,
    ]
    assert {asked.method for asked in graph.asked} == {"GET"}
    assert {asked.headers["authorization"] for asked in graph.asked} == {f"Bearer {ACCESS}"}
    assert account.requests == 3


def test_an_opaque_link_is_followed_to_the_letter(graph: Scripted, account: MicrosoftAccount) -> None:
    graph.replies[TARGET] = [Reply.of(PAGE)]
    link = f"{TARGET}?%24deltatoken=a%2Bb%2Fc%3D%3D&startDateTime=2026-01-01T00%3A00%3A00Z"
    assert account.get(graph.root + link) == PAGE
    assert graph.asked[0].target == link


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me",
        "http://evil.example/v1.0/me",
        "{root}.evil.example/v1.0/me",
        "{root}@evil.example/v1.0/me",
        "http://evil.example\\@{host}/v1.0/me",
        "http://evil.example#@{host}/v1.0/me",
        "http://user@{host}/v1.0/me",
        "https://{host}/v1.0/me",
        "http://localhost:1/v1.0/me",
        "http://localhost:notaport/v1.0/me",
        "http://[/v1.0/me",
        "{root}/v1.0/me\nHost: evil.example",
        "file:///etc/passwd",
    ],
)
def test_a_link_that_leads_to_another_host_is_refused_and_gets_no_token(
    graph: Scripted, account: MicrosoftAccount, link: str
) -> None:
    hostile = link.format(root=graph.root, host=graph.root.partition("://")[2])
    assert not account.owns(hostile)
    error = refusal(account, hostile)
    assert isinstance(error, Transient)
    assert "not followed" in error.title
    assert not graph.asked


def test_a_link_with_the_port_spelled_out_is_the_same_place() -> None:
    graph = Graph("https://graph.microsoft.com", context(), lambda _: ACCESS)
    assert graph.owns("https://graph.microsoft.com:443/v1.0/me")
    assert graph.owns("https://GRAPH.microsoft.com/v1.0/me")
    assert not graph.owns("https://graph.microsoft.us/v1.0/me")
    assert not graph.owns("https://graph.microsoft.com:8443/v1.0/me")


PIECES = [
    "https://",
    "graph.microsoft.com",
    "evil.example",
    "@",
    ":",
    "\\",
    "/",
    "#",
    "?",
    "%40",
    "443",
    ".",
    " ",
    "\t",
    "[",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_a_link_taken_for_ours_is_one_that_a_connection_would_take_for_ours(link: str) -> None:
    if Graph("https://graph.microsoft.com", context(), lambda _: ACCESS).owns(link):
        asked = requests.Request("GET", link).prepare().url or ""
        assert parse_url(asked).host == "graph.microsoft.com"
        assert (parse_url(asked).port or 443) == 443


def test_a_redirect_is_not_followed(graph: Scripted, account: MicrosoftAccount) -> None:
    with Scripted() as elsewhere:
        elsewhere.replies["/"] = [Reply.of(PAGE)]
        graph.replies[TARGET] = [Reply(b"", 302, {"Location": f"{elsewhere.root}/"})]
        assert isinstance(refusal(account), Transient)
        assert not elsewhere.asked


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_graph_is_waited_for_as_long_as_it_asks(
    graph: Scripted, account: MicrosoftAccount, house: House, status: int
) -> None:
    graph.replies[TARGET] = [graph_error("ApplicationThrottled", status, Retry_After="7"), Reply.of(PAGE)]
    assert account.get(PATH) == PAGE
    assert sum(house.waits) == 7
    assert max(house.waits) <= 1


@pytest.mark.parametrize("status", [429, 503, 504])
def test_a_graph_that_does_not_say_how_long_is_asked_less_and_less_often(
    graph: Scripted, account: MicrosoftAccount, house: House, status: int
) -> None:
    graph.replies[TARGET] = [graph_error("MailboxConcurrency", status)] * 3 + [Reply.of(PAGE)]
    assert account.get(PATH) == PAGE
    assert sum(house.waits) == 5 + 10 + 20


def test_patience_ends_after_a_minute_and_the_wish_is_handed_on(
    graph: Scripted, account: MicrosoftAccount, house: House
) -> None:
    graph.replies[TARGET] = [graph_error("TooManyRequests", 429, Retry_After="40")]
    error = refusal(account)
    assert isinstance(error, Transient)
    assert error.retry_after == timedelta(seconds=40)
    assert sum(house.waits) == 40
    assert len(graph.asked) == 2


def test_a_wish_that_is_longer_than_our_patience_is_not_waited_for(
    graph: Scripted, account: MicrosoftAccount, house: House
) -> None:
    graph.replies[TARGET] = [graph_error("TooManyRequests", 429, Retry_After="600")]
    error = refusal(account)
    assert isinstance(error, Transient)
    assert error.retry_after == timedelta(minutes=10)
    assert not house.waits


def test_a_date_to_wait_for_is_understood(graph: Scripted, account: MicrosoftAccount, house: House) -> None:
    graph.replies[TARGET] = [
        graph_error("UnknownError", 503, Retry_After="Wed, 04 Mar 2026 09:30:03 GMT"),
        graph_error("UnknownError", 503, Retry_After="soon"),
        graph_error("UnknownError", 503, Retry_After="0"),
        Reply.of(PAGE),
    ]
    assert account.get(PATH) == PAGE
    assert sum(house.waits) == 3 + 5 + 1


def test_waiting_ends_when_it_is_time_to_stop(graph: Scripted, account: MicrosoftAccount, house: House) -> None:
    house.stop_after = 3
    graph.replies[TARGET] = [graph_error("TooManyRequests", 429, Retry_After="30")]
    assert isinstance(refusal(account), Transient)
    assert sum(house.waits) == 3
    assert len(graph.asked) == 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (graph_error("syncStateNotFound", 410), CursorExpired),
        (graph_error("syncStateNotFound", 400), CursorExpired),
        (graph_error("SyncStateInvalid", 400), CursorExpired),
        (graph_error("badRequest", 400, inner="resyncRequired"), CursorExpired),
        (graph_error("ResyncRequired", 409), CursorExpired),
        (Reply(b"", 410, {"Location": "https://graph.microsoft.com/v1.0/me/"}), CursorExpired),
        (graph_error("ErrorItemNotFound", 404), NotThere),
        (graph_error("ErrorInvalidIdMalformed", 400), NotThere),
        (graph_error("ErrorAccessDenied", 403), NotAllowed),
        (graph_error("Authorization_RequestDenied", 403), NotAllowed),
        (graph_error("MailboxNotEnabledForRESTAPI", 404), Misconfigured),
        (graph_error("ErrorMissingEmailAddress", 400), Misconfigured),
        (graph_error("ErrorNonExistentMailbox", 404), Misconfigured),
        (graph_error("OrganizationFromTenantGuidNotFound", 404), Misconfigured),
        (graph_error("MailboxNotHostedInExchangeOnline", 404), Misconfigured),
        (graph_error("ResourceNotFound", 404), Misconfigured),
        (graph_error("BadRequest", 400), NotTaken),
        (Reply(b"<html>blocked by the proxy</html>", 403), Transient),
        (Reply(b"<html>sign in to this hotel</html>", 404), Transient),
        (Reply(b"<html>sign in to this hotel</html>", 200), Transient),
        (Reply(b'{"value": [', 200), Transient),
        (Reply(b"[]", 200), Transient),
        (Reply(b"", 200), Transient),
        (Reply(b"[" * 100_000, 200), Transient),
        (Reply(b"teapot", 418), Transient),
    ],
)
def test_each_refusal_says_what_to_do(
    graph: Scripted, account: MicrosoftAccount, reply: Reply, expected: type[ConnectorError]
) -> None:
    graph.replies[TARGET] = [reply]
    assert type(refusal(account)) is expected
    assert len(graph.asked) == 1


def test_a_link_that_graph_no_longer_understands_begins_anew(graph: Scripted, account: MicrosoftAccount) -> None:
    graph.replies[TARGET] = [graph_error("BadRequest", 400)]
    assert isinstance(refusal(account, f"{graph.root}{TARGET}?$deltatoken=old"), CursorExpired)


def test_a_refused_token_with_nothing_to_renew_it_is_for_the_owner(graph: Scripted, account: MicrosoftAccount) -> None:
    graph.replies[TARGET] = [graph_error("InvalidAuthenticationToken", 401)]
    error = refusal(account)
    assert isinstance(error, AuthRequired)
    assert "syncd auth test" in error.hint


def test_a_silent_graph_is_given_up(
    graph: Scripted, account: MicrosoftAccount, no_patience: Callable[[], None]
) -> None:
    no_patience()
    graph.replies[TARGET] = [Reply(silent=True)]
    assert isinstance(refusal(account), Transient)
    assert len(graph.asked) == 1


def test_a_connection_that_breaks_is_made_again_once(graph: Scripted, account: MicrosoftAccount) -> None:
    graph.replies[TARGET] = [Reply(cut=True), Reply.of(PAGE)]
    assert account.get(PATH) == PAGE
    graph.replies[TARGET] = [Reply(cut=True)]
    assert isinstance(refusal(account), Transient)
    assert len(graph.asked) == 4


def test_an_answer_that_breaks_off_is_no_answer(graph: Scripted, account: MicrosoftAccount) -> None:
    graph.replies[TARGET] = [Reply(b'{"value": []}', headers={"Content-Length": "99", "Connection": "close"})]
    assert isinstance(refusal(account), Transient)


def test_an_endless_answer_is_cut_off(
    graph: Scripted, account: MicrosoftAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_microsoft_graph, "MOST", 1 << 20)
    graph.replies[TARGET] = [Reply(b'{"value": "' + b"x" * (2 << 20) + b'"}')]
    assert "MB at once" in refusal(account).title


def test_an_answer_that_comes_in_drops_for_ever_is_given_up(
    graph: Scripted, account: MicrosoftAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._microsoft_graph.WHOLE_WITHIN", timedelta(microseconds=-1))
    graph.replies[TARGET] = [Reply.of({"value": []})]
    failed = refusal(account)
    assert isinstance(failed, Transient)
    assert "in time" in failed.title


def test_a_graph_that_is_not_there_is_a_sentence(house: House) -> None:
    options = microsoft_options("http://127.0.0.1:1")
    lent = context(now=house.now, tokens=signed_in(options, CALENDARS))
    assert isinstance(refusal(MicrosoftAccount(options, lent, (CALENDARS,))), Transient)


def test_a_certificate_nobody_vouches_for_is_a_sentence(tmp_path: Path) -> None:
    with Scripted(make_certificate(tmp_path)) as server:
        options = microsoft_options(server.root)
        account = MicrosoftAccount(options, context(tokens=signed_in(options, CALENDARS)), (CALENDARS,))
        error = refusal(account)
        account.close()
    assert isinstance(error, Transient)
    assert "certificate" in error.title
    assert not server.asked


def test_constructing_asks_nobody_anything() -> None:
    account = MicrosoftAccount(microsoft_options(), context(), (CALENDARS,))
    account.close()
    account.close()
    assert account.requests == 0

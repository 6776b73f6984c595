"""Where a browser comes back to: what is taken for an answer, what is sent away, and that nothing stays open."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _oauth
from connectors._oauth import Denied, Loopback, answer_of
from syncd.errors import AuthRequired
from syncd.testing import context
from tests.contract.signing_owner import Owner, Shown, visit
from tests.servers.google_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STATE = "the-state-of-this-sign-in"
AUTHORIZE = f"https://accounts.example/auth?client_id=1&state={STATE}"


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


def wait(loopback: Loopback, owner: Owner, clock: FakeClock | None = None) -> str:
    try:
        return loopback.wait(owner, context("mail", now=clock or FakeClock()), AUTHORIZE, state=STATE)
    finally:
        owner.leave()


def answer(loopback: Loopback, **said: str) -> str:
    return f"{loopback.redirect_uri}?{urlencode({'state': STATE, **said})}"


def browser(seen: list[Shown], *urls: str) -> Callable[[str], None]:
    """A browser that visits these addresses, whatever it was sent to."""
    return lambda _: seen.extend(visit(url) for url in urls)


# ------------------------------------------------------------------------------- the redirect


def test_the_address_the_browser_comes_back_to_is_taken(loopback: Loopback) -> None:
    seen: list[Shown] = []
    came = wait(loopback, Owner(browser(seen, answer(loopback, code="4/abc"))))
    assert answer_of(came) == {"state": STATE, "code": "4/abc"}
    assert seen[0].status == 200


def test_the_page_says_to_close_the_tab_and_nothing_else(loopback: Loopback) -> None:
    seen: list[Shown] = []
    wait(loopback, Owner(browser(seen, answer(loopback, code="4/secret"))))
    (shown,) = seen
    assert "You can close this tab" in shown.text
    assert "secret" not in shown.text
    assert "http" not in shown.text, "it loads nothing from anywhere"
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_two_names_of_this_machine_lead_to_the_same_place() -> None:
    names: tuple[Literal["127.0.0.1", "localhost"], ...] = ("127.0.0.1", "localhost")
    for name in names:
        with Loopback(host_name=name) as loopback:
            assert loopback.redirect_uri == f"http://{name}:{loopback.port}/"
            wait(loopback, Owner(browser([], answer(loopback, code="4/abc"))))


def test_a_path_of_ones_own_is_the_only_one_taken() -> None:
    with Loopback(path="/back") as loopback:
        seen: list[Shown] = []
        elsewhere = answer(loopback, code="1").replace("/back", "/")
        came = wait(loopback, Owner(browser(seen, elsewhere, answer(loopback, code="2"))))
        assert answer_of(came)["code"] == "2"
        assert [shown.status for shown in seen] == [404, 200]


@pytest.mark.parametrize(
    "visitor",
    ["favicon.ico", "?", "?code=x", "?code=x&state=", "?code=x&state=another", f"?state={STATE}", "../etc/passwd"],
)
def test_a_visitor_that_does_not_answer_this_sign_in_is_sent_away(loopback: Loopback, visitor: str) -> None:
    seen: list[Shown] = []
    urls = (f"{loopback.redirect_uri}{visitor}", answer(loopback, code="right"))
    came = wait(loopback, Owner(browser(seen, *urls)))
    assert answer_of(came)["code"] == "right"
    assert [shown.status for shown in seen] == [404, 200]


@pytest.mark.parametrize("asked", ["?code=4/abc", "?code=4/abc&state="])
def test_a_visitor_that_comes_before_a_sign_in_waits_is_sent_away(loopback: Loopback, asked: str) -> None:
    assert visit(f"{loopback.redirect_uri}{asked}").status == 404
    came = wait(loopback, Owner(browser([], answer(loopback, code="4/mine"))))
    assert answer_of(came)["code"] == "4/mine"


def test_only_get_is_an_answer(loopback: Loopback) -> None:
    seen: list[Shown] = []

    def browse(_: str) -> None:
        seen.append(visit(answer(loopback, code="posted"), "POST"))
        seen.append(visit(answer(loopback, code="right")))

    assert answer_of(wait(loopback, Owner(browse)))["code"] == "right"
    assert [shown.status for shown in seen] == [400, 200]


def test_a_browser_that_opens_a_line_and_says_nothing_blocks_nobody(loopback: Loopback) -> None:
    with closing(socket.create_connection(("127.0.0.1", loopback.port))):
        assert wait(loopback, Owner(browser([], answer(loopback, code="4/abc"))))


def test_a_request_without_end_is_cut_off(loopback: Loopback) -> None:
    replies: list[bytes] = []

    def browse(_: str) -> None:
        with closing(socket.create_connection(("127.0.0.1", loopback.port), timeout=10)) as line:
            line.sendall(b"GET /" + b"x" * _oauth.LONGEST_HEAD)
            replies.append(line.recv(100))
        visit(answer(loopback, code="right"))

    assert answer_of(wait(loopback, Owner(browse)))["code"] == "right"
    assert not replies[0] or b" 400 " in replies[0]


def test_it_listens_on_this_machine_alone_and_only_while_a_sign_in_waits() -> None:
    with Loopback() as loopback:
        port = loopback.port
        assert loopback._listener.server_address[0] == "127.0.0.1"
        socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_an_owner_who_breaks_off_leaves_nothing_open() -> None:
    def break_off(_: str) -> list[str]:
        raise KeyboardInterrupt

    ports: list[int] = []

    def sign_in() -> None:
        with Loopback() as loopback:
            ports.append(loopback.port)
            wait(loopback, Owner(pastes=break_off))

    with pytest.raises(KeyboardInterrupt):
        sign_in()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]))


# ------------------------------------------------------------------------------- the paste


@pytest.mark.parametrize(
    "pasted",
    [
        "http://127.0.0.1:1/?state={state}&code=4%2Fabc&scope=x",
        "  <http://localhost:1/?code=4/abc&state={state}>\n",
        "http://localhost:1/#code=4%2Fabc&state={state}",
        "code=4%2Fabc&state={state}",
        "4/abcdef",
        "4%2Fabcdef",
    ],
)
def test_what_the_owner_pastes_is_an_answer_however_much_of_it(loopback: Loopback, pasted: str) -> None:
    came = wait(loopback, Owner(None, lambda _: [pasted.format(state=STATE)]))
    assert came.startswith(loopback.redirect_uri)
    assert answer_of(came)["state"] == STATE
    assert answer_of(came)["code"] in {"4/abc", "4/abcdef"}


@pytest.mark.parametrize(
    "nonsense", ["", "no", "https://example.org/", "http://127.0.0.1/?x=1", AUTHORIZE, "a b c d e"]
)
def test_nonsense_is_asked_for_again(loopback: Loopback, nonsense: str) -> None:
    owner = Owner(None, lambda _: [nonsense, answer(loopback, code="right")])
    assert answer_of(wait(loopback, owner))["code"] == "right"
    assert "That is not the answer" in owner.said[-1]


def test_nonsense_is_not_asked_for_without_end(loopback: Loopback) -> None:
    owner = Owner(None, lambda _: ["nonsense x"] * 99)
    with pytest.raises(AuthRequired, match="What was pasted is not the answer"):
        wait(loopback, owner)
    assert owner.asked == _oauth.PASTES


def test_an_answer_to_another_sign_in_is_refused(loopback: Loopback) -> None:
    with pytest.raises(AuthRequired, match="answers another sign-in"):
        wait(loopback, Owner(None, lambda _: ["http://127.0.0.1:1/?code=4/abc&state=yesterday"]))


def test_without_a_browser_the_address_and_a_way_to_it_are_shown(loopback: Loopback) -> None:
    owner = Owner(None, lambda _: ["4/abcdef"])
    wait(loopback, owner)
    assert AUTHORIZE in owner.said[0]
    assert f"ssh -L {loopback.port}:127.0.0.1:{loopback.port} {socket.gethostname()}" in owner.said[0]


# ------------------------------------------------------------------------------- no answer


def test_a_denial_is_a_sentence_with_the_providers_word_for_it(loopback: Loopback) -> None:
    denial = answer(loopback, error="access_denied", error_description="The \x1b[31muser\n said no. " + "x" * 999)
    seen: list[Shown] = []
    with pytest.raises(Denied, match=r"The sign-in was refused \(access_denied: The \[31muser said no\. x") as raised:
        wait(loopback, Owner(browser(seen, denial)))
    assert raised.value.error == "access_denied"
    assert raised.value.hint == "Type: syncd auth mail"
    assert len(raised.value.title) < 300
    assert "You were not signed in" in seen[0].text


def test_a_pasted_denial_is_one_too(loopback: Loopback) -> None:
    with pytest.raises(Denied, match="consent_required"):
        wait(loopback, Owner(None, lambda _: [answer(loopback, error="consent_required")]))


def test_an_owner_who_never_comes_is_not_waited_for(loopback: Loopback) -> None:
    clock = FakeClock()

    def go_away(_: str) -> list[str]:
        clock.advance(600)
        return []

    with pytest.raises(AuthRequired, match="Nobody signed in within 10 minutes"):
        wait(loopback, Owner(pastes=go_away), clock)


def test_a_sign_in_is_given_up_when_it_is_time_to_stop(loopback: Loopback) -> None:
    with pytest.raises(AuthRequired, match="given up"):
        loopback.wait(Owner(), context("mail", stopping=lambda: True), AUTHORIZE, state=STATE)


# ------------------------------------------------------------------------------- laws


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=8), st.sampled_from("?#"))
def test_what_an_address_says_is_read_back(said: dict[str, str], mark: str) -> None:
    assert answer_of(f"http://127.0.0.1:1/{mark}{urlencode(said)}") == said


@settings(max_examples=25, deadline=None)
@given(st.text())
def test_whatever_is_pasted_is_taken_or_asked_for_again(text: str) -> None:
    with Loopback() as loopback:
        try:
            assert answer_of(wait(loopback, Owner(None, lambda _: [text, "4/abcdef"]))).get("code")
        except AuthRequired:
            assert "code" in text or "error" in text

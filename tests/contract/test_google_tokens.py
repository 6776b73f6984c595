"""A sign-in at Google between polls: refreshed once for all, kept whole, and not asked about again when it is over."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from connectors._google_scopes import CALENDAR_SCOPES, GMAIL_SCOPES
from syncd.errors import AuthRequired, Misconfigured, StoreError, Transient
from syncd.testing import HeldTokens
from syncd.tokens import TokenFile
from tests.contract.google_account import FullDisk, Setup, client_json
from tests.servers.web import Answer, Web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

HOUR = 3600


@pytest.fixture
def setup(google: Google, google_clock: FakeClock) -> Setup:
    return Setup(google, google_clock)


def refreshes(google: Google) -> int:
    return google.calls["oauth.token"]


# ------------------------------------------------------------------------------- refreshing


def test_a_token_that_is_still_good_is_used(setup: Setup) -> None:
    setup.signed_in()
    assert setup.ask() == "davide@rossi.example"
    assert refreshes(setup.google) == 0


def test_a_token_that_ended_is_refreshed_and_kept(setup: Setup) -> None:
    before = setup.signed_in()
    setup.clock.advance(2 * HOUR)
    assert setup.ask() == "davide@rossi.example"
    after = setup.kept
    assert after.access_token != before.access_token
    assert after.refreshed_at == setup.clock()
    assert after.signed_in_at == before.signed_in_at
    assert after.expires_at == setup.clock() + timedelta(seconds=3599)
    setup.ask()
    assert refreshes(setup.google) == 1


def test_a_token_that_ends_during_a_long_poll_is_refreshed_in_it(setup: Setup) -> None:
    setup.signed_in()
    with setup.opened() as account:
        for _ in range(3):
            assert account.owner() == "davide@rossi.example"
            setup.clock.advance(HOUR - 60)
    assert refreshes(setup.google) == 2


def test_a_refused_token_is_refreshed_once_and_the_request_asked_again(setup: Setup) -> None:
    setup.signed_in()
    setup.google.oauth.expire_access()
    assert setup.ask() == "davide@rossi.example"
    assert refreshes(setup.google) == 1


def test_a_token_that_is_refused_again_means_to_sign_in_again(setup: Setup) -> None:
    setup.signed_in()
    setup.google.fail(status=401, reason="authError", method="gmail.")
    with pytest.raises(AuthRequired, match="does not accept the sign-in") as raised:
        setup.ask()
    assert raised.value.hint == "Type: syncd auth mail"
    assert refreshes(setup.google) == 1
    assert setup.google.calls["gmail.users.getProfile"] == 2


def test_a_new_refresh_token_replaces_the_old_one(setup: Setup) -> None:
    before = setup.signed_in()
    setup.google.oauth.rotates = True
    for _ in range(3):
        setup.clock.advance(2 * HOUR)
        assert setup.ask() == "davide@rossi.example"
    assert setup.kept.refresh_token != before.refresh_token


def test_a_token_somebody_else_refreshed_is_taken_from_the_file(setup: Setup) -> None:
    setup.signed_in()
    with setup.opened() as daemon:
        daemon.owner()
        setup.clock.advance(2 * HOUR)
        setup.ask()
        assert daemon.owner() == "davide@rossi.example"
    assert refreshes(setup.google) == 1


def test_two_who_find_it_ended_at_once_refresh_it_once(setup: Setup, tmp_path: Path) -> None:
    """With rotating tokens a second refresh would be refused; the lock of the file is what prevents it."""
    setup.tokens = TokenFile(tmp_path / "tokens", "mail")
    setup.google.oauth.rotates = True
    setup.signed_in()
    setup.clock.advance(2 * HOUR)
    start, found = Barrier(4), list[str]()

    def ask() -> None:
        start.wait(10)
        found.append(setup.ask())

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == ["davide@rossi.example"] * 4
    assert refreshes(setup.google) == 1


# ------------------------------------------------------------------------------- fault 29


def test_fault_29_a_sign_in_that_was_revoked_pauses_the_account_and_is_not_asked_about_again(setup: Setup) -> None:
    setup.signed_in(refreshed_at=setup.clock() + timedelta(days=29))
    setup.clock.advance(30 * 24 * HOUR)
    setup.google.oauth.revoke_all()
    with pytest.raises(AuthRequired, match="over: most likely the password was changed or access was taken") as raised:
        setup.ask()
    first = raised.value
    asked = len(setup.google.requests)
    with pytest.raises(AuthRequired) as raised:
        setup.ask()
    assert raised.value.title == first.title, "it is the same sentence"
    assert len(setup.google.requests) == asked, "and Google is not asked again"


def test_fault_29_a_dead_sign_in_lives_again_when_the_owner_signs_in(setup: Setup) -> None:
    setup.signed_in()
    setup.google.oauth.revoke_all()
    setup.clock.advance(2 * HOUR)
    with pytest.raises(AuthRequired):
        setup.ask()
    setup.signed_in()
    assert setup.ask() == "davide@rossi.example"


def test_fault_29_a_running_poll_takes_the_new_sign_in(setup: Setup) -> None:
    setup.signed_in()
    with setup.opened() as account:
        account.owner()
        setup.google.oauth.revoke_all()
        setup.signed_in()
        assert account.owner() == "davide@rossi.example"


@pytest.mark.parametrize(
    ("days", "unused", "known", "cause"),
    [
        (7, False, False, "seven days old, and Google ends sign-ins of an app in testing"),
        (9, True, False, "seven days old"),
        (9, False, False, "most likely the password was changed"),
        (2, False, False, "most likely the password was changed"),
        (7, False, True, "seven days old"),
        (200, True, False, "not used for six months"),
        (200, False, False, "most likely the password was changed"),
    ],
)
def test_fault_29_the_likeliest_cause_of_the_end_is_named(
    setup: Setup, days: int, cause: str, *, unused: bool, known: bool
) -> None:
    began = setup.clock()
    end = began + timedelta(days=days)
    setup.signed_in(
        refreshed_at=began if unused else end - timedelta(hours=1),
        ends_at=began + timedelta(days=7) if known else None,
    )
    setup.google.oauth.revoke_all()
    setup.clock.advance(days * 24 * HOUR)
    with pytest.raises(AuthRequired, match=cause):
        setup.ask()


def test_fault_29_a_session_that_the_workspace_ended_is_named(setup: Setup) -> None:
    said = b'{"error": "invalid_grant", "error_description": "reauth related error", "error_subtype": "invalid_rapt"}'
    setup.signed_in()
    with Web() as web:
        setup.client_json = client_json(setup.google, token_uri=web.url("/token"))
        web.answers["/token"] = Answer(said, status=400)
        setup.clock.advance(2 * HOUR)
        with pytest.raises(AuthRequired, match="session control"):
            setup.ask()


def test_fault_29_a_busy_token_endpoint_is_transient_and_costs_nothing(setup: Setup) -> None:
    before = setup.signed_in()
    setup.clock.advance(2 * HOUR)
    setup.google.fail(status=503, method="oauth.token", retry_after="120")
    with pytest.raises(Transient, match=r"sign-in service is busy \(503\)") as raised:
        setup.ask()
    assert raised.value.retry_after == timedelta(minutes=2)
    assert setup.kept == before
    setup.google.mend()
    assert setup.ask() == "davide@rossi.example"


def test_fault_29_a_full_disk_keeps_the_old_sign_in(setup: Setup) -> None:
    setup.signed_in()
    setup.clock.advance(2 * HOUR)
    setup.tokens = FullDisk(setup.tokens.read())
    before = setup.kept
    with pytest.raises(StoreError, match="No space left"):
        setup.ask()
    assert setup.kept == before


@pytest.mark.parametrize("trouble", ["page", "silence", "cut"])
def test_a_token_endpoint_that_is_not_google_is_transient(
    setup: Setup, trouble: str, no_patience: Callable[[], None]
) -> None:
    before = setup.signed_in()
    setup.clock.advance(2 * HOUR)
    match trouble:
        case "page":
            setup.google.show_page()
        case "silence":
            setup.google.silence("oauth.token")
            no_patience()
        case "cut":
            setup.google.cut("oauth.token", times=9)
    with pytest.raises(Transient):
        setup.ask()
    assert setup.kept == before


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_a_token_endpoint_that_redirects_is_not_followed(setup: Setup, status: int) -> None:
    setup.signed_in()
    setup.clock.advance(2 * HOUR)
    with Web() as web:
        setup.client_json = client_json(setup.google, token_uri=web.url("/token"))
        web.answers["/token"] = Answer(status=status, headers={"Location": "/elsewhere"})
        with pytest.raises(Transient):
            setup.ask()
        assert [request.path for request in web.requests] == ["/token"]


def test_a_client_that_is_gone_is_misconfigured_not_signed_out(setup: Setup) -> None:
    setup.signed_in()
    setup.clock.advance(2 * HOUR)
    setup.client_json = setup.google.client_json().replace("GOCSPX", "another")
    with pytest.raises(Misconfigured, match="invalid_client") as raised:
        setup.ask()
    assert "add a secret" in raised.value.hint  # Google shows a secret once: nobody can download the file again
    assert not setup.kept.dead


# ------------------------------------------------------------------------------- a sign-in of other settings


def test_a_sign_in_of_another_client_is_to_be_made_again(setup: Setup) -> None:
    setup.signed_in(client_id="yesterdays")
    with pytest.raises(AuthRequired, match="signed in with another client"):
        setup.ask()
    assert setup.google.requests == []


def test_a_sign_in_of_another_address_is_to_be_made_again(setup: Setup) -> None:
    setup.signed_in(address="ada@example.org")
    with pytest.raises(AuthRequired, match="signed in with another address"):
        setup.ask()
    setup.signed_in(address="Davide@Rossi.Example")
    assert setup.ask()


def test_a_sign_in_for_less_is_to_be_made_again(setup: Setup) -> None:
    setup.signed_in()
    setup.scopes = (*GMAIL_SCOPES, *CALENDAR_SCOPES)
    with pytest.raises(AuthRequired, match="another set of permissions"):
        setup.ask()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": 99}', '{"version": 1}', "\x00"])
def test_a_file_that_is_no_sign_in_is_to_be_made_again(setup: Setup, text: str) -> None:
    setup.tokens.write(text)
    with pytest.raises(AuthRequired, match="cannot be read") as raised:
        setup.ask()
    assert raised.value.hint == "Type: syncd auth mail"


def test_nobody_signed_in_is_a_sentence(setup: Setup) -> None:
    with pytest.raises(AuthRequired, match="Nobody has signed in for the account mail yet"):
        setup.ask()


def test_no_client_is_a_sentence(setup: Setup) -> None:
    setup.client_json = ""
    with pytest.raises(Misconfigured, match="names no client") as raised:
        setup.ask()
    assert "syncd auth mail" in raised.value.hint


# ------------------------------------------------------------------------------- the lock


@dataclass
class Watched(HeldTokens):
    """Notices whether it was written, or Google asked, without the lock."""

    held: bool = False
    careless: bool = False

    def __init__(self) -> None:
        super().__init__()

    def write(self, text: str) -> None:
        self.careless = self.careless or not self.held
        super().write(text)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with super().locked():
            self.held = True
            try:
                yield
            finally:
                self.held = False


def test_a_refresh_holds_the_lock_while_it_writes(setup: Setup) -> None:
    watched = Watched()
    watched.held = True
    setup.tokens = watched
    setup.signed_in()
    watched.held = False
    setup.clock.advance(2 * HOUR)
    setup.ask()
    setup.google.oauth.revoke_all()
    setup.clock.advance(2 * HOUR)
    with pytest.raises(AuthRequired):
        setup.ask()
    assert setup.kept.dead
    assert not watched.careless

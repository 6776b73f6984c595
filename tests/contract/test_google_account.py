"""An account at Google is asked politely, and whatever Google, or what stands in its way, says becomes a sentence."""

from __future__ import annotations

import json
import socket
import ssl
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import httplib2
import pytest
from googleapiclient.errors import HttpError
from hypothesis import given
from hypothesis import strategies as st

from connectors import _google
from connectors._google import GoogleAccount
from connectors._google_errors import Busy, Refused, Stopped, legible, translated
from connectors._google_scopes import GMAIL_SCOPES
from syncd.errors import AuthRequired, ConnectorError, Misconfigured, Transient
from syncd.testing import context
from tests.contract.google_account import Setup, refused
from tests.servers.certificate import make_certificate
from tests.servers.web import Answer, Web

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

WORDS = ("error", "errors", "details", "reason", "message", "status", "code", "error_description", "metadata")
PROFILE = "gmail.users.getProfile"


@pytest.fixture
def setup(google: Google, google_clock: FakeClock) -> Setup:
    setup = Setup(google, google_clock)
    setup.signed_in()
    return setup


# ------------------------------------------------------------------------------- patience (fault 26)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (429, "rateLimitExceeded"), (403, "rateLimitExceeded"), (403, "userRateLimitExceeded"), (403, "quotaExceeded"),
        (403, "calendarUsageLimits"), (500, "backendError"), (502, "badGateway"), (503, "backendError"),
        (504, "timeout"),
    ],
)  # fmt: skip
def test_fault_26_a_busy_google_is_asked_again_after_a_while(setup: Setup, status: int, reason: str) -> None:
    setup.google.fail(2, status=status, reason=reason, method=PROFILE)
    assert setup.ask() == "davide@rossi.example"
    assert setup.google.calls[PROFILE] == 3
    assert setup.clock.paused == pytest.approx(1 + 2)


def test_the_time_google_asks_for_is_waited(setup: Setup) -> None:
    setup.google.fail(1, status=429, reason="rateLimitExceeded", retry_after="7", method=PROFILE)
    assert setup.ask()
    assert 7 <= setup.clock.paused <= 8


def test_the_moment_google_asks_for_is_waited_until(setup: Setup) -> None:
    moment = format_datetime(setup.clock() + timedelta(seconds=9), usegmt=True)
    setup.google.fail(1, status=503, retry_after=moment, method=PROFILE)
    assert setup.ask()
    assert 9 <= setup.clock.paused <= 10


def test_the_moment_gmail_says_in_words_is_waited_until(setup: Setup) -> None:
    moment = (setup.clock() + timedelta(seconds=11)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    message = f"User-rate limit exceeded.  Retry after {moment}"
    setup.google.fail(1, status=429, reason="userRateLimitExceeded", message=message, method=PROFILE)
    assert setup.ask()
    assert 11 <= setup.clock.paused <= 12


def test_a_google_that_stays_busy_is_left_after_a_minute(setup: Setup) -> None:
    setup.google.fail(status=503, method=PROFILE)
    assert isinstance(refused(setup), Transient)
    assert setup.clock.paused <= _google.PATIENCE
    assert setup.google.calls[PROFILE] == 6


def test_a_wait_that_is_too_long_is_left_to_the_house(setup: Setup) -> None:
    setup.google.fail(status=429, reason="rateLimitExceeded", retry_after="3600", method=PROFILE)
    error = refused(setup)
    assert isinstance(error, Transient)
    assert error.retry_after == timedelta(hours=1)
    assert setup.clock.paused == 0
    assert setup.google.calls[PROFILE] == 1


def test_a_server_that_asks_for_no_wait_at_all_is_not_stormed(setup: Setup) -> None:
    setup.google.fail(status=429, reason="rateLimitExceeded", retry_after="0", method=PROFILE)
    assert isinstance(refused(setup), Transient)
    assert setup.google.calls[PROFILE] == 6


def test_waits_are_spread(google: Google, google_clock: FakeClock) -> None:
    setup = Setup(google, google_clock)
    setup.signed_in()
    google.fail(1, status=503, method=PROFILE)
    account = GoogleAccount(setup.options(), setup.context(), GMAIL_SCOPES, jitter=lambda: 0.5)
    assert account.owner()
    account.close()
    assert google_clock.paused == pytest.approx(0.75)


def test_whoever_waits_looks_whether_it_is_time_to_stop(setup: Setup) -> None:
    setup.stopping = lambda: setup.clock.paused >= 3
    setup.google.fail(status=503, retry_after="30", method=PROFILE)
    assert isinstance(refused(setup), Stopped)
    assert setup.clock.paused == 3


# ------------------------------------------------------------------------------- refusals (fault 26)


@pytest.mark.parametrize(
    ("status", "reason", "message", "kind", "words"),
    [
        (403, "insufficientPermissions", "", AuthRequired, "every box ticked"),
        (403, "forbidden", "Delegation denied for x", AuthRequired, "Delegation denied"),
        (403, "domainPolicy", "", Misconfigured, "administrator"),
        (403, "accessNotConfigured", "", Misconfigured, "switched off"),
        (403, "notACalendarUser", "", Misconfigured, "has no Google Calendar"),
        (403, "dailyLimitExceeded", "", Transient, "in a day"),
        (400, "failedPrecondition", "Mail service not enabled", Misconfigured, "no Gmail mailbox"),
    ],
)
def test_fault_26_every_refusal_says_what_to_do(
    setup: Setup, status: int, reason: str, message: str, *, kind: type[ConnectorError], words: str
) -> None:
    setup.google.fail(status=status, reason=reason, message=message, method=PROFILE)
    error = refused(setup)
    assert type(error) is kind
    assert words in str(error)
    assert error.hint
    assert setup.google.calls[PROFILE] == 1, "asking again would not help"


def test_what_a_day_allows_comes_back_only_hours_later(setup: Setup) -> None:
    setup.google.fail(status=403, reason="dailyLimitExceeded", method=PROFILE)
    error = refused(setup)
    assert isinstance(error, Transient)
    assert error.retry_after is not None
    assert error.retry_after >= timedelta(hours=1)


def test_a_day_that_is_used_up_is_not_mistaken_for_a_minute(setup: Setup) -> None:
    said = {"error": {"errors": [{"reason": "dailyLimitExceeded"}], "details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}}
    error = HttpError(httplib2.Response({"status": "403"}), json.dumps(said).encode())
    found = translated(error, setup.context())
    assert isinstance(found, Transient)
    assert not isinstance(found, Busy)


def test_only_a_link_into_googles_console_is_repeated(setup: Setup) -> None:
    message = "Enable it by visiting https://console.developers.google.com.evil.example/apis then retry."
    setup.google.fail(status=403, reason="accessNotConfigured", message=message, method=PROFILE)
    assert "evil" not in str(refused(setup))


@pytest.mark.parametrize(("status", "reason"), [(400, "invalid"), (404, "notFound"), (410, "fullSyncRequired")])
def test_a_request_that_is_not_honoured_is_for_the_connector(setup: Setup, status: int, reason: str) -> None:
    setup.google.fail(status=status, reason=reason, message="x" * 900, method=PROFILE)
    error = refused(setup)
    assert isinstance(error, Refused)
    assert (error.status, error.reason) == (status, reason)
    assert len(error.title) < 300


# ------------------------------------------------------------------------------- what stands in the way


@pytest.mark.parametrize("status", [200, 404, 407, 511])
def test_a_captive_portal_is_transient(setup: Setup, status: int) -> None:
    setup.google.show_page(status=status, times=30)
    error = refused(setup)
    assert isinstance(error, Transient)
    if status != 511:
        assert "with a web page" in error.title


def test_a_portal_that_redirects_is_not_followed(setup: Setup) -> None:
    with Web() as web:
        web.answers["/gmail/v1/users/me/profile?alt=json"] = Answer(status=302, headers={"Location": "/portal"})
        web.answers["/portal"] = Answer(b"<p>Welcome")
        setup.endpoint = web.url("")
        assert isinstance(refused(setup), Transient)
        assert [request.target for request in web.requests] == ["/gmail/v1/users/me/profile?alt=json"]


def test_a_silent_google_is_given_up(setup: Setup, no_patience: Callable[[], None]) -> None:
    no_patience()
    setup.google.silence(PROFILE)
    error = refused(setup)
    assert isinstance(error, Transient)
    assert "did not answer in time" in error.title


def test_an_answer_that_breaks_off_is_transient(setup: Setup) -> None:
    setup.google.cut(PROFILE, times=9)
    assert isinstance(refused(setup), Transient)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ssl.SSLCertVerificationError("self-signed"), "certificate"),
        (ssl.SSLError("wrong version"), "protected connection"),
        (httplib2.ServerNotFoundError("Unable to find the server"), "does not resolve"),
        (socket.gaierror(-2, "Name or service not known"), "does not resolve"),
        (TimeoutError(), "in time"),
        (ConnectionResetError(), "connection to Google failed"),
        (httplib2.HttpLib2Error("x"), "connection to Google failed"),
    ],
)
def test_trouble_on_the_way_is_a_sentence(setup: Setup, error: Exception, words: str) -> None:
    found = translated(error, setup.context())
    assert isinstance(found, Transient)
    assert not isinstance(found, Busy), "the house backs off, not the call"
    assert words in found.title


def test_a_page_in_another_alphabet_is_transient(setup: Setup) -> None:
    with Web() as web:
        web.answers["/gmail/v1/users/me/profile?alt=json"] = Answer("<p>Anmelden für das Café".encode("latin-1"))
        setup.endpoint = web.url("")
        assert "with a web page" in refused(setup).title


def test_a_certificate_that_nobody_vouches_for_is_transient(setup: Setup, tmp_path: Path) -> None:
    with Web(make_certificate(tmp_path)) as web:
        setup.endpoint = web.url("")
        assert "certificate that was shown for Google is not trusted" in refused(setup).title


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.integers(300, 599), JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=99))
def test_whatever_is_answered_becomes_one_of_ours(status: int, content: bytes) -> None:
    error = HttpError(httplib2.Response({"status": str(status)}), legible(content), uri="https://gmail.example/")
    found = translated(error, context("mail"))
    assert isinstance(found, ConnectorError)
    assert found.title.endswith(".")
    assert "\n" not in found.title
    assert len(found.title) < 400


@pytest.mark.parametrize("status", [400, 403, 404, 429])
def test_a_refusal_in_words_of_nobody_is_no_crash(setup: Setup, status: int) -> None:
    with Web() as web:
        setup.endpoint = web.url("")
        web.answers["/gmail/v1/users/me/profile?alt=json"] = Answer(b'{"error": {"message": 5}}', status=status)
        assert isinstance(refused(setup), Transient)


def test_an_error_of_ours_stays_what_it_is(setup: Setup) -> None:
    error = Misconfigured("It is.")
    assert translated(error, setup.context()) is error


# ------------------------------------------------------------------------------- what is logged


def test_googles_library_says_nothing_of_its_own_at_the_terminal(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.google.fail(1, status=403, reason="insufficientPermissions", method=PROFILE)
    assert isinstance(refused(setup), AuthRequired)
    assert caplog.text == ""

"""The double of Google's sign-in, driven by Google's own libraries."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request as Transport
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as RobotCredentials
from google_auth_oauthlib.flow import InstalledAppFlow

from tests.servers.google_calendar import EVENTS
from tests.servers.google_clients import gmail_client
from tests.servers.google_gmail import METADATA
from tests.servers.google_oauth import CLIENT_ID, CLIENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

REDIRECT = "http://127.0.0.1:8765/"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def transport() -> Iterator[Transport]:
    with requests.Session() as session:
        yield Transport(session)


def consent(google: Google, **changed: str) -> dict[str, str]:
    """What comes back to the client after the owner's answer."""
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT,
        "scope": METADATA,
        "state": "s",
        "access_type": "offline",
        "login_hint": google.address,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    answer = requests.get(f"{google.endpoint}/o/oauth2/auth", params=query | changed, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(REDIRECT)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchange(google: Google, code: str, **changed: str) -> requests.Response:
    """Trade a code for tokens."""
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": REDIRECT,
        "code": code,
        "code_verifier": VERIFIER,
    }
    return requests.post(f"{google.endpoint}/token", data=form | changed, timeout=10)


def credentials(google: Google, refresh: str) -> Credentials:
    """Google's own, that can only refresh."""
    return Credentials(
        None,
        refresh_token=refresh,
        token_uri=f"{google.endpoint}/token",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )


def test_googles_own_flow_signs_in_and_reads(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    flow = InstalledAppFlow.from_client_config(
        json.loads(google.client_json()), [METADATA], redirect_uri=REDIRECT, autogenerate_code_verifier=True
    )
    with flow.oauth2session:
        url, _ = flow.authorization_url(login_hint=google.address)
        answer = requests.get(url, allow_redirects=False, timeout=10)
        flow.fetch_token(authorization_response=answer.headers["Location"])
    assert flow.credentials.refresh_token
    with gmail_client(google.endpoint, str(flow.credentials.token)) as gmail:
        assert gmail.users().getProfile(userId="me").execute()["emailAddress"] == google.address


def test_a_code_is_good_once_and_only_with_its_verifier_and_address(google: Google) -> None:
    assert exchange(google, consent(google)["code"], code_verifier="w" * 43).json()["error"] == "invalid_grant"
    assert exchange(google, consent(google)["code"], redirect_uri="http://127.0.0.1:1/").status_code == 400
    code = consent(google)["code"]
    tokens = exchange(google, code).json()
    assert tokens["scope"] == METADATA
    assert tokens["expires_in"] == google.oauth.lifetime
    assert exchange(google, code).json()["error"] == "invalid_grant"


def test_the_owner_can_refuse_allow_less_or_be_somebody_else(google: Google) -> None:
    google.oauth.denies = "access_denied"
    assert consent(google) == {"error": "access_denied", "state": "s"}
    google.oauth.denies = ""
    google.oauth.consents_to = frozenset({"openid"})
    assert "scope" not in consent(google)
    google.oauth.consents_to = None
    google.oauth.account = "other@example.com"
    token = exchange(google, consent(google)["code"]).json()["access_token"]
    with gmail_client(google.endpoint, token) as gmail:
        assert gmail.users().getProfile(userId="me").execute()["emailAddress"] == "other@example.com"
    google.oauth.wrong_state = True
    assert consent(google)["state"] != "s"


def test_only_the_first_consent_or_a_forced_one_gives_a_refresh_token(google: Google) -> None:
    assert "refresh_token" in exchange(google, consent(google)["code"]).json()
    assert "refresh_token" not in exchange(google, consent(google)["code"]).json()
    assert "refresh_token" in exchange(google, consent(google, prompt="consent")["code"]).json()


def test_a_refresh_gives_a_new_access_token_and_a_new_refresh_token_on_demand(
    google: Google, google_clock: FakeClock, transport: Transport
) -> None:
    grant = google.oauth.sign_in(METADATA)
    before = grant.access
    google_clock.advance(4000)
    assert google.oauth.holder(before) is None
    own = credentials(google, grant.refresh)
    own.refresh(transport)
    assert own.token not in (None, before)
    google.oauth.rotates = True
    old = str(own.refresh_token)
    own.refresh(transport)
    assert own.refresh_token != old
    with pytest.raises(RefreshError):
        credentials(google, old).refresh(transport)


def test_in_an_app_that_is_being_tested_a_sign_in_dies_after_a_week(
    google: Google, google_clock: FakeClock, transport: Transport
) -> None:
    google.oauth.refresh_lifetime = 604_799
    tokens = exchange(google, consent(google)["code"]).json()
    assert tokens["refresh_token_expires_in"] == 604_799
    google_clock.advance(604_798)
    credentials(google, tokens["refresh_token"]).refresh(transport)
    google_clock.advance(1)
    with pytest.raises(RefreshError, match="invalid_grant"):
        credentials(google, tokens["refresh_token"]).refresh(transport)


def test_what_was_allowed_earlier_comes_along_on_demand(google: Google) -> None:
    google.oauth.sign_in(EVENTS)
    assert consent(google)["scope"] == METADATA
    assert set(consent(google, include_granted_scopes="true")["scope"].split()) == {METADATA, EVENTS}


def test_a_dead_sign_in_says_invalid_grant(google: Google, transport: Transport) -> None:
    own = credentials(google, google.oauth.sign_in(METADATA).refresh)
    google.oauth.revoke_all()
    with pytest.raises(RefreshError, match="invalid_grant"):
        own.refresh(transport)


def test_the_token_endpoint_can_fail_like_every_other(google: Google, transport: Transport) -> None:
    own = credentials(google, google.oauth.sign_in(METADATA).refresh)
    google.fail(1, status=403, reason="forbidden", method="oauth.token")
    with pytest.raises(RefreshError):
        own.refresh(transport)
    own.refresh(transport)
    google.slow_down(0.01, method="oauth.token", times=1)
    own.refresh(transport)


@pytest.mark.parametrize("which", ["access", "refresh"])
def test_revoking_either_token_ends_the_whole_grant(google: Google, which: str) -> None:
    grant = google.oauth.sign_in(METADATA)
    token = grant.access if which == "access" else grant.refresh
    assert requests.post(f"{google.endpoint}/revoke", data={"token": token}, timeout=10).status_code == 200
    assert google.oauth.holder(grant.access) is None
    assert requests.post(f"{google.endpoint}/revoke", data={"token": token}, timeout=10).status_code == 400


def test_a_wrong_client_is_refused(google: Google) -> None:
    code = consent(google)["code"]
    assert exchange(google, code, client_secret="wrong").json()["error"] == "invalid_client"
    answer = requests.get(f"{google.endpoint}/o/oauth2/auth", params={"client_id": "nobody"}, timeout=10)
    assert (answer.status_code, "invalid_client" in answer.text) == (401, True)
    google.violations.clear()


def test_a_service_account_acts_for_whom_the_admin_allowed(google: Google, transport: Transport) -> None:
    robot = RobotCredentials.from_service_account_info(
        json.loads(google.oauth.service_account_json()), scopes=[METADATA], subject=google.address
    )
    with pytest.raises(RefreshError, match="unauthorized_client"):
        robot.refresh(transport)
    google.oauth.delegated = frozenset({METADATA})
    robot.refresh(transport)
    with gmail_client(google.endpoint, str(robot.token)) as gmail:
        assert gmail.users().getProfile(userId="me").execute()["emailAddress"] == google.address


def test_a_service_account_with_another_key_is_refused(google: Google, transport: Transport) -> None:
    google.oauth.delegated = frozenset({METADATA})
    robot = RobotCredentials.from_service_account_info(
        json.loads(google.oauth.service_account_json()), scopes=[METADATA], subject=google.address
    )
    google.oauth.forget_key()
    with pytest.raises(RefreshError, match="invalid_grant"):
        robot.refresh(transport)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"code_challenge": ""}, "code_challenge is missing"),
        ({"code_challenge_method": "plain"}, "is not S256"),
        ({"state": ""}, "state is missing"),
        ({"login_hint": ""}, "login_hint is missing"),
        ({"access_type": "online"}, "no refresh token"),
        ({"bind_addr": "0.0.0.0"}, "unknown parameter bind_addr"),  # noqa: S104 - nothing is bound
    ],
)
def test_what_a_desktop_client_must_send_is_missed(google: Google, changed: dict[str, str], complaint: str) -> None:
    consent(google, **changed)
    assert any(complaint in each for each in google.violations)
    google.violations.clear()

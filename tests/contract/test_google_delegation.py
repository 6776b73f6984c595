"""A Workspace lets a service account read for its people: no sign-in, but an administrator who admits the scopes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from connectors._google_scopes import CALENDAR_SCOPES, GMAIL_SCOPES
from syncd.errors import AuthRequired, Misconfigured, Transient
from tests.contract.google_account import Setup, refused
from tests.contract.signing_owner import Owner
from tests.servers.web import Answer, Web

if TYPE_CHECKING:
    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock


@pytest.fixture
def robot(google: Google, google_clock: FakeClock) -> Setup:
    google.oauth.delegated = frozenset(GMAIL_SCOPES)
    return Setup(google, google_clock, key_json=google.oauth.service_account_json())


def test_a_service_account_reads_for_its_subject_without_a_sign_in(robot: Setup) -> None:
    assert robot.ask() == "davide@rossi.example"
    assert robot.tokens.read() is None
    robot.subject = "ada@rossi.example"
    assert robot.ask() == "ada@rossi.example"
    assert set(robot.options().own_addresses()) == {"davide@rossi.example", "ada@rossi.example"}


def test_a_service_account_gets_a_new_token_when_its_own_is_refused(robot: Setup) -> None:
    with robot.opened() as account:
        account.owner()
        robot.google.oauth.expire_access()
        assert account.owner() == "davide@rossi.example"


def test_scopes_that_the_workspace_did_not_admit_are_a_step_for_its_administrator(robot: Setup) -> None:
    robot.scopes = CALENDAR_SCOPES
    error = refused(robot)
    assert isinstance(error, Misconfigured)
    assert "unauthorized_client" in error.title
    assert "client ID 1 with exactly these scopes" in error.hint
    assert ",".join(CALENDAR_SCOPES) in error.hint


@pytest.mark.parametrize("error", ["access_denied", "invalid_scope"])
def test_a_workspace_says_in_more_than_one_way_that_it_did_not_admit_the_scopes(robot: Setup, error: str) -> None:
    with Web() as web:
        key = json.loads(robot.key_json)
        key["token_uri"] = web.url("/token")
        robot.key_json = json.dumps(key)
        web.answers["/token"] = Answer(json.dumps({"error": error}).encode(), status=401)
        refusal = refused(robot)
    assert isinstance(refusal, Misconfigured)
    assert "Manage domain-wide delegation" in refusal.hint


def test_signing_in_with_a_service_account_only_verifies(robot: Setup) -> None:
    with robot.opened() as account:
        said = "\n".join(account.sign_in(Owner()))
        assert "The service account reads for davide@rossi.example" in said
        assert account.sign_in_state()
        assert "Nobody is signed in" in account.sign_out()[0]
    assert robot.google.calls["oauth.authorize"] == 0
    assert robot.google.calls["gmail.users.getProfile"] == 1


def test_a_busy_token_endpoint_is_not_stormed_for_a_service_account(robot: Setup) -> None:
    robot.google.fail(status=503, method="oauth.token")
    assert isinstance(refused(robot), Transient)
    assert robot.google.calls["oauth.token"] == 1


@pytest.mark.parametrize("key", ['{"installed": {}}', "hush", '{"type": "service_account", "private_key": "hush"}'])
def test_what_is_no_key_is_refused(robot: Setup, key: str) -> None:
    robot.key_json = key
    error = refused(robot)
    assert isinstance(error, Misconfigured)
    assert "hush" not in str(error)


def test_a_key_that_cannot_be_used_is_refused(robot: Setup) -> None:
    broken = json.loads(robot.key_json)
    broken["private_key"] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    robot.key_json = json.dumps(broken)
    assert isinstance(refused(robot), Misconfigured)


def test_a_key_that_was_replaced_is_a_matter_of_signing_in(robot: Setup) -> None:
    broken = json.loads(robot.key_json)
    broken["client_email"] = "another@project.iam.gserviceaccount.example"
    robot.key_json = json.dumps(broken)
    error = refused(robot)
    assert isinstance(error, AuthRequired)
    assert "invalid_grant" in error.title


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("Invalid email or User ID", "names a user of your Workspace"),
        ("Invalid JWT Signature.", "a new JSON key"),
        ("Invalid grant: account not found", "a new JSON key"),
        (
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            "the clock of this machine",
        ),
    ],
)
def test_why_a_service_account_is_refused_is_told_apart(robot: Setup, words: str, advice: str) -> None:
    with Web() as web:
        key = json.loads(robot.key_json)
        key["token_uri"] = web.url("/token")
        robot.key_json = json.dumps(key)
        said = {"error": "invalid_grant", "error_description": words}
        web.answers["/token"] = Answer(json.dumps(said).encode(), status=400)
        error = refused(robot)
    assert isinstance(error, AuthRequired)
    assert advice in error.hint

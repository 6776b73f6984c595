"""What Microsoft's own refusals of a sign-in become: who has to do what, said once (faults 43, 63)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from connectors import _microsoft_msal
from connectors._microsoft import CALENDARS, MAIL, MicrosoftAccount
from syncd.errors import AuthRequired, ConnectorError, Misconfigured, Transient
from syncd.testing import HeldTokens, context
from tests.contract.microsoft_account import ADDRESS, CLIENT_ID, microsoft_options, sign_in
from tests.contract.microsoft_desktop import Clock, PhoneOwner
from tests.servers.certificate import make_certificate
from tests.servers.entra import TENANT, Entra, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import JsonValue


@pytest.fixture
def entra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.chain))
    with Entra(certificate) as server:
        yield server


class Kept:
    """An account that signed in an hour ago, whose every request therefore asks for a new token."""

    def __init__(self, entra: Entra, *scopes: str) -> None:
        self.clock = Clock()
        self.options = microsoft_options("http://127.0.0.1:1", authority=entra.root)
        secret: dict[str, JsonValue] = {
            "credential_type": "RefreshToken",
            "secret": "a refresh token",
            "home_account_id": "somebody.somewhere",
            "environment": "localhost",
            "client_id": CLIENT_ID,
        }
        cache = {"RefreshToken": {"any": secret}}
        names = scopes or (CALENDARS,)
        kept = sign_in(self.options, *names, expires=self.clock.now(), cache=cache)
        self.tokens = HeldTokens(kept.model_dump_json())
        lent = context(now=self.clock.now, pause=self.clock.pause, tokens=self.tokens)
        self.account = MicrosoftAccount(self.options, lent, names)


@pytest.fixture
def kept(entra: Entra) -> Iterator[Kept]:
    kept = Kept(entra)
    yield kept
    kept.account.close()


def refusal(kept: Kept) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        kept.account.get("/me/calendars")
    assert raised.value.title.endswith(".")
    assert "\n" not in raised.value.title
    assert "a refresh token" not in str(raised.value)
    return raised.value


OWNERS_TURN = [
    ("invalid_grant", 65001, "administrator to approve", "adminconsent?client_id="),
    ("access_denied", 90094, "administrator to approve", "adminconsent?client_id="),
    ("invalid_grant", 90008, "administrator to approve", "adminconsent?client_id="),
    ("invalid_grant", 50105, "administrator to approve", "adminconsent?client_id="),
    ("invalid_grant", 53003, "rules do not let this sign-in pass", "without --device"),
    ("interaction_required", 53000, "rules do not let this sign-in pass", "without --device"),
    ("interaction_required", 50076, "rules do not let this sign-in pass", "second step"),
    ("interaction_required", 50079, "rules do not let this sign-in pass", "second step"),
    ("interaction_required", 50158, "rules do not let this sign-in pass", "second step"),
    ("interaction_required", 0, "rules do not let this sign-in pass", "second step"),
    ("invalid_grant", 50020, "not one that the tenant common lets in", "Supported account types"),
    ("invalid_grant", 50034, "not one that the tenant common lets in", "Supported account types"),
    ("invalid_grant", 50173, "new password", "syncd auth test"),
    ("invalid_grant", 700082, "has run out", "syncd auth test"),
    ("invalid_grant", 50057, "locked", "syncd auth test"),
    ("invalid_grant", 0, "no longer accepts", "syncd auth test"),
    ("something_nobody_heard_of", 123456789, "no longer accepts", "syncd auth test"),
]


@pytest.mark.parametrize(("error", "code", "title", "hint"), OWNERS_TURN)
def test_what_only_the_owner_can_mend_is_said_and_not_asked_again(
    entra: Entra, kept: Kept, error: str, code: int, title: str, hint: str
) -> None:
    entra.refuse(error, code)
    first = refusal(kept)
    assert type(first) is AuthRequired
    assert title in first.title
    assert (f"AADSTS{code}" if code else error) in first.title
    assert hint in first.hint
    assert str(refusal(kept)) == str(first)
    assert entra.tokens_asked_for == 1


REGISTRATION = [
    ("invalid_client", 7000218, "does not allow programs like syncd", "Allow public client flows"),
    ("invalid_request", 50011, "does not know the address", "http://localhost"),
    ("unauthorized_client", 700016, "knows no app registration", "client_id"),
    ("invalid_request", 50194, "for one organisation only", "tenant"),
    ("invalid_request", 90002, "knows no organisation common", "tenant"),
    ("invalid_scope", 70011, "does not know these permissions", "cloud"),
    ("unauthorized_client", 0, "does not accept the app registration", "docs/microsoft.md"),
]


@pytest.mark.parametrize(("error", "code", "title", "hint"), REGISTRATION)
def test_a_mistake_in_the_app_registration_is_named_with_its_place(
    entra: Entra, kept: Kept, error: str, code: int, title: str, hint: str
) -> None:
    entra.refuse(error, code)
    found = refusal(kept)
    assert type(found) is Misconfigured
    assert title in found.title
    assert hint in found.hint
    assert json.loads(kept.tokens.text or "")["refused"] is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply.of({"error": "temporarily_unavailable"}, 400),
        Reply.of({"error": "server_error", "error_description": "AADSTS90033: A transient error."}, 400),
        Reply.of({"error": "invalid_grant", "error_codes": [50196]}, 400),
        Reply.of({}, 200),
        Reply.of({"error": "slow_down"}, 429, Retry_After="30"),
        Reply(b"try later", 429),
        Reply(b"out of order", 503),
        Reply(b"<html>sign in to this hotel</html>", 200),
        Reply(b"", 302, {"Location": "https://evil.example/"}),
        Reply(silent=True),
        Reply(cut=True),
    ],
)
def test_what_may_pass_is_waited_for_and_the_sign_in_kept(
    entra: Entra, kept: Kept, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    entra.say(reply)
    if reply.silent:
        monkeypatch.setattr(_microsoft_msal, "ANSWER_WITHIN", 1)
    assert isinstance(refusal(kept), Transient)
    assert json.loads(kept.tokens.text or "")["refused"] is None


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(b"<html>sign in to this hotel</html>"), Transient),
        (Reply(b"<html>sign in to this hotel</html>", 403), Transient),
        (Reply(b"out of order", 503), Transient),
        (Reply(b"", 302, {"Location": "https://evil.example/"}), Transient),
        (Reply(b"[]"), Transient),
        (Reply(b"{}"), Transient),
        (
            Reply.of({"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."}, 400),
            Misconfigured,
        ),
    ],
)
def test_an_authority_that_does_not_introduce_itself_is_a_sentence(
    entra: Entra, kept: Kept, reply: Reply, expected: type[ConnectorError]
) -> None:
    entra.replies[f"{TENANT}/.well-known/openid-configuration"] = [reply]
    assert type(refusal(kept)) is expected
    assert not entra.tokens_asked_for


def test_no_token_is_sent_on_by_a_redirect(entra: Entra, kept: Kept) -> None:
    entra.replies["/elsewhere"] = [Reply.of({"access_token": "a trap"})]
    entra.say(Reply(b"", 307, {"Location": f"{entra.root}/elsewhere"}))
    assert isinstance(refusal(kept), Transient)
    assert not entra.at("/elsewhere")


def test_a_new_refresh_token_takes_the_place_of_the_old_one(entra: Entra, kept: Kept) -> None:
    entra.say(
        Reply.of({"access_token": "one", "refresh_token": "a newer one", "expires_in": 60}),
        Reply.of({"access_token": "two", "expires_in": 60}),
    )
    for _ in range(3):
        refusal(kept)
    sent = [asked.form["refresh_token"] for asked in entra.at(f"{TENANT}/token")]
    assert sent == ["a refresh token", "a newer one", "a newer one"]


def test_the_message_to_the_administrator_can_be_sent_as_it_is(entra: Entra) -> None:
    kept = Kept(entra, CALENDARS, MAIL)
    entra.refuse("invalid_grant", 65001)
    assert (
        refusal(kept).hint
        == f"""Send this to whoever runs Microsoft 365 where you work:

    Please approve the application {CLIENT_ID} ("syncd") for {ADDRESS}.
    It runs on my own computer, sends nothing to anybody else, changes nothing, and reads only for me:
      https://graph.microsoft.com/Calendars.ReadBasic: when my meetings are, what they are called, who takes part; \
no descriptions, no attachments
      https://graph.microsoft.com/Mail.ReadBasic: who wrote to whom, when, and the subject; no texts, no attachments
    To approve: {entra.root}/organizations/adminconsent?client_id={CLIENT_ID}

When it is approved, type: syncd auth test"""
    )
    kept.account.close()


def test_a_device_code_that_is_refused_from_the_start_is_a_sentence(entra: Entra, kept: Kept) -> None:
    refused = {"error": "invalid_client", "error_description": "AADSTS7000218: The request body must contain ..."}
    entra.replies[f"{TENANT}/devicecode"] = [Reply.of(refused, 401)]
    with pytest.raises(Misconfigured, match="does not allow programs"):
        kept.account.sign_in(PhoneOwner(lambda _: None), device=True)


@pytest.mark.parametrize(
    ("error", "code", "title"),
    [
        ("authorization_declined", 70020, "not entered in time"),
        ("authorization_declined", 0, "declined"),
        ("expired_token", 70019, "not entered in time"),
        ("bad_verification_code", 0, "not entered in time"),
        ("invalid_grant", 53003, "rules do not let"),
    ],
)
def test_the_ends_of_a_device_code_are_sentences(entra: Entra, kept: Kept, error: str, code: int, title: str) -> None:
    entra.offer_code()
    entra.refuse(error, code)
    with pytest.raises(AuthRequired, match=title):
        kept.account.sign_in(PhoneOwner(lambda _: None), device=True)


def test_an_impatient_poll_is_slowed_down_and_an_outage_does_not_end_it(entra: Entra, kept: Kept) -> None:
    entra.offer_code(lasts=300, every=5)
    pending = Reply.of({"error": "authorization_pending"}, 400)
    entra.say(
        pending,
        Reply.of({"error": "slow_down"}, 400),
        Reply(cut=True),
        pending,
        Reply.of({"error": "authorization_declined"}, 400),
    )
    with pytest.raises(AuthRequired, match="declined"):
        kept.account.sign_in(PhoneOwner(lambda _: None), device=True)
    assert round(kept.clock.ahead) == 5 + 5 + 10 + 20 + 10


@pytest.mark.parametrize("device", [False, True])
def test_a_sign_in_that_cannot_begin_names_the_command_to_begin_it_again(
    entra: Entra, kept: Kept, *, device: bool
) -> None:
    entra.replies[f"{TENANT}/.well-known/openid-configuration"] = [Reply(cut=True)]
    with pytest.raises(Transient) as raised:
        kept.account.sign_in(PhoneOwner(lambda _: None), device=device)
    assert "syncd auth test" in raised.value.hint

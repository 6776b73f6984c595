"""Signing in at Google, played against an OAuth server: who, for what, and what is kept of it (fault 29)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors._google_scopes import CALENDAR_SCOPES, GMAIL_SCOPES
from connectors._google_sign_in import same_account
from connectors.gmail import Gmail
from connectors.google_calendar import GoogleCalendar
from syncd.connector import SignsIn
from syncd.errors import AuthRequired, Misconfigured, StoreError, UsageError
from syncd.tokens import TokenFile
from tests.contract.google_account import FullDisk, Setup, agree, authorize_url, client_json, sign_in
from tests.contract.signing_owner import Owner, redirected
from tests.servers.web import Answer, Web

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.connector import Connector
    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock


@pytest.fixture
def setup(google: Google, google_clock: FakeClock) -> Setup:
    return Setup(google, google_clock)


def asked(google: Google) -> dict[str, list[str]]:
    """What the consent page was asked for."""
    (request,) = [request for request in google.requests if request.method == "oauth.authorize"]
    return {name: list(values) for name, values in request.query.items()}


# ------------------------------------------------------------------------------- who agrees is signed in


def test_the_owner_agrees_in_the_browser_and_is_signed_in(setup: Setup) -> None:
    said = sign_in(setup)
    assert "Signed in as davide@rossi.example." in said
    assert setup.kept.refresh_token == setup.google.oauth.grants[0].refresh
    assert setup.ask() == "davide@rossi.example"


def test_the_owner_without_a_browser_pastes_the_address(setup: Setup) -> None:
    owner = Owner(None, lambda _: [redirected(authorize_url(owner))])
    assert "Signed in as davide@rossi.example." in sign_in(setup, owner)
    assert any("ssh -L" in text for text in owner.said)


def test_the_owner_may_paste_nothing_but_the_code(setup: Setup) -> None:
    owner = Owner(None, lambda _: [parse_qs(urlsplit(redirected(authorize_url(owner))).query)["code"][0]])
    assert "Signed in" in sign_in(setup, owner)


def test_google_is_asked_with_a_challenge_for_lasting_access_to_this_address(setup: Setup, google: Google) -> None:
    sign_in(setup)
    question = asked(google)
    assert question["code_challenge_method"] == ["S256"]
    assert question["access_type"] == ["offline"]
    assert question["prompt"] == ["consent"]
    assert question["login_hint"] == ["davide@rossi.example"]
    assert urlsplit(question["redirect_uri"][0]).hostname == "127.0.0.1"
    assert "include_granted_scopes" not in question


@pytest.mark.parametrize(
    ("connector", "scopes"),
    [
        (Gmail, ["gmail.metadata"]),
        (GoogleCalendar, ["calendar.events.readonly", "calendar.calendarlist.readonly"]),
    ],
)
def test_no_other_scope_is_ever_asked_for(
    setup: Setup, google: Google, connector: type[Connector], scopes: list[str]
) -> None:
    scopes = [f"https://www.googleapis.com/auth/{scope}" for scope in scopes]
    options = connector.Options.model_validate(setup.options().model_dump(exclude_unset=True))
    owner = Owner(agree)
    source = connector(options, setup.context())
    assert isinstance(source, SignsIn)
    source.sign_in(owner)
    owner.leave()
    setup.clock.advance(4000)
    list(source.poll(None, setup.clock()))
    source.close()
    assert google.calls["oauth.token"] == 2, "the code, and a refresh"
    assert asked(google)["scope"] == [" ".join(scopes)]
    assert list(setup.kept.scopes) == scopes
    assert all(grant.scopes == frozenset(scopes) for grant in google.oauth.grants)


def test_the_owner_is_told_what_syncd_sees_of_mail_and_what_it_cannot_do(setup: Setup) -> None:
    said = sign_in(setup)
    assert "senders, recipients, times and subjects. Never the text, never an attachment" in said
    assert "cannot send, change or delete" in said
    setup.subjects = False
    assert "times, no subjects" in sign_in(setup)


def test_the_owner_is_told_what_syncd_keeps_of_calendars(setup: Setup) -> None:
    setup.scopes = CALENDAR_SCOPES
    said = sign_in(setup)
    assert "titles, times and guests" in said
    assert "cannot invite, change or delete" in said


@pytest.mark.parametrize(
    ("seconds", "until"),
    [
        (604_799, "until 2026-03-16 11:59, because your app is in testing"),
        (None, "until you take it back"),
        (10**18, "until you take it back"),
        (-1, "until you take it back"),
    ],
)
def test_the_owner_is_told_when_a_sign_in_for_a_time_ends(setup: Setup, seconds: int | None, until: str) -> None:
    granted = {"access_token": "", "expires_in": 10**18, "refresh_token": "1//x", "refresh_token_expires_in": seconds}
    granted["access_token"] = setup.google.oauth.sign_in(*GMAIL_SCOPES).access
    with Web() as web:
        setup.client_json = client_json(setup.google, token_uri=web.url("/token"))
        web.answers["/token"] = Answer(json.dumps(granted).encode())
        assert until in sign_in(setup)
    with setup.opened() as account:
        assert until in "\n".join(account.sign_in_state())


def test_a_sign_in_for_another_address_of_the_same_mailbox_is_the_same(setup: Setup, google: Google) -> None:
    google.oauth.account = "davide.rossi@gmail.com"
    setup.address = "DavideRossi+syncd@googlemail.com"
    assert "Signed in" in sign_in(setup)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ada@Example.org", "ada@example.ORG", True),
        ("a.d.a@gmail.com", "ada@googlemail.com", True),
        ("ada+x@gmail.com", "ada@gmail.com", True),
        ("a.da@example.org", "ada@example.org", False),
        ("ada+x@example.org", "ada@example.org", False),
        ("ada@gmail.com", "bob@gmail.com", False),
        ("ada@gmail.com", "ada@gmail.com.example", False),
    ],
)
def test_dots_do_not_matter_at_gmail_alone(one: str, other: str, *, same: bool) -> None:
    assert same_account(one, other) is same


# ------------------------------------------------------------------------------- what is refused, and nothing is kept


def test_an_unticked_box_is_named_and_nothing_is_kept(setup: Setup, google: Google) -> None:
    setup.scopes = CALENDAR_SCOPES
    google.oauth.consents_to = frozenset(CALENDAR_SCOPES[:1])
    with pytest.raises(AuthRequired, match='refused: "See the list of Google calendars') as raised:
        sign_in(setup)
    assert raised.value.hint == "Nothing was kept. Type: syncd auth mail (and leave every box ticked)"
    assert setup.tokens.read() is None


def test_somebody_else_who_signed_in_is_named_and_nothing_is_kept(setup: Setup, google: Google) -> None:
    google.oauth.account = "work@rossi.example"
    with pytest.raises(AuthRequired) as raised:
        sign_in(setup)
    assert raised.value.title == "work@rossi.example signed in, but the account mail is davide@rossi.example."
    assert setup.tokens.read() is None
    assert len(google.oauth.grants) == 1, "revoking it could end another sign-in of theirs"


def test_the_wrong_calendar_account_is_noticed_too(setup: Setup, google: Google) -> None:
    setup.scopes = CALENDAR_SCOPES
    google.oauth.account = "work@rossi.example"
    with pytest.raises(AuthRequired, match=r"work@rossi\.example signed in"):
        sign_in(setup)
    assert setup.tokens.read() is None


def test_a_sign_in_that_fails_leaves_the_old_one(setup: Setup, google: Google) -> None:
    setup.signed_in()
    before = setup.tokens.read()
    google.oauth.denies = "access_denied"
    with pytest.raises(AuthRequired, match="access_denied"):
        sign_in(setup)
    assert setup.tokens.read() == before


def test_an_owner_who_says_no_is_told_of_test_users(setup: Setup, google: Google) -> None:
    google.oauth.denies = "access_denied"
    with pytest.raises(AuthRequired, match=r"The sign-in was refused \(access_denied\)\.") as raised:
        sign_in(setup)
    assert "test users" in raised.value.hint
    assert setup.tokens.read() is None


def test_a_workspace_that_says_no_is_a_matter_for_its_administrator(setup: Setup, google: Google) -> None:
    google.oauth.denies = "admin_policy_enforced"
    with pytest.raises(AuthRequired, match="admin_policy_enforced") as raised:
        sign_in(setup)
    assert "administrator" in raised.value.hint


def test_an_answer_with_a_state_nobody_sent_is_not_taken(setup: Setup, google: Google) -> None:
    google.oauth.wrong_state = True
    owner = Owner(None, lambda _: [redirected(authorize_url(owner))])
    with pytest.raises(AuthRequired, match="answers another sign-in"):
        sign_in(setup, owner)
    assert setup.tokens.read() is None


def test_a_code_that_is_too_old_is_a_sentence(setup: Setup) -> None:
    with pytest.raises(AuthRequired, match=r"did not accept the answer of this sign-in \(invalid_grant"):
        sign_in(setup, Owner(None, lambda _: ["4/yesterdays-code"]))
    assert setup.tokens.read() is None


def test_a_switched_off_api_is_a_step_in_the_console(setup: Setup, google: Google) -> None:
    google.fail(
        status=403,
        reason="accessNotConfigured",
        method="gmail.",
        message="Gmail API has not been used in project 12 before or it is disabled. Enable it by visiting "
        "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=12 then retry.",
    )
    with pytest.raises(Misconfigured) as raised:
        sign_in(setup)
    assert "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=12" in str(
        raised.value
    )
    assert raised.value.hint.endswith("then type: syncd auth mail")
    assert setup.tokens.read() is None


def test_a_full_disk_is_said_and_the_old_sign_in_stays(setup: Setup) -> None:
    setup.signed_in()
    setup.tokens = FullDisk(setup.tokens.read())
    before = setup.tokens.read()
    with pytest.raises(StoreError):
        sign_in(setup)
    assert setup.tokens.read() == before


def test_google_has_no_sign_in_with_a_code(setup: Setup) -> None:
    with setup.opened() as account, pytest.raises(UsageError, match="no sign-in with a code") as raised:
        account.sign_in(Owner(agree), device=True)
    assert raised.value.hint == "Type: syncd auth mail --no-browser"


# ------------------------------------------------------------------------------- how it stands, and the end of it


def test_a_sign_in_says_since_when_it_stands_and_asks_nobody(setup: Setup) -> None:
    sign_in(setup)
    before = len(setup.google.requests)
    with setup.opened() as account:
        said = "\n".join(account.sign_in_state())
    assert "Signed in as davide@rossi.example since 2026-03-09 12:00." in said
    assert len(setup.google.requests) == before


def test_no_sign_in_says_how_to_make_one(setup: Setup) -> None:
    with setup.opened() as account, pytest.raises(AuthRequired, match="Nobody has signed in") as raised:
        account.sign_in_state()
    assert raised.value.hint == "Type: syncd auth mail"


def test_a_sign_out_is_told_google_and_forgotten(setup: Setup, google: Google) -> None:
    sign_in(setup)
    with setup.opened() as account:
        said = "\n".join(account.sign_out())
    assert "Google has taken it back." in said
    assert google.oauth.grants == []
    assert setup.tokens.read() is None


@pytest.mark.parametrize("trouble", ["503", "page", "no client", "unreadable", "everybody's"])
def test_a_sign_out_that_google_does_not_hear_of_is_forgotten_here(
    setup: Setup, google: Google, trouble: str, tmp_path: Path
) -> None:
    file = TokenFile(tmp_path, "mail")
    setup.tokens = file
    setup.signed_in()
    match trouble:
        case "503":
            google.fail(method="oauth.revoke")
        case "page":
            google.show_page()
        case "no client":
            setup.client_json = ""
        case "unreadable":
            setup.tokens.write("{")
        case "everybody's":
            file.path.chmod(0o644)
    with setup.opened() as account:
        said = "\n".join(account.sign_out())
    assert "https://myaccount.google.com/connections" in said
    assert setup.tokens.read() is None


def test_a_sign_out_of_a_sign_in_that_is_over_is_quiet(setup: Setup, google: Google) -> None:
    setup.signed_in()
    google.oauth.revoke_all()
    with setup.opened() as account:
        assert account.sign_out()[0] == "Google had ended it already."
        assert account.sign_out() == ("Nobody is signed in for the account mail.",)
    setup.signed_in(dead="Over.")
    with setup.opened() as account:
        assert account.sign_out()[0] == "It was over already."
    assert setup.tokens.read() is None


# ------------------------------------------------------------------------------- nothing leaks


def test_no_secret_is_shown_or_logged(setup: Setup, google: Google, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    owner = Owner(agree)
    shown = sign_in(setup, owner) + "\n".join(owner.said) + repr(setup.kept)
    setup.clock.advance(4000)
    setup.ask()
    google.oauth.revoke_all()
    with pytest.raises(AuthRequired) as raised:
        setup.ask()
    shown += str(raised.value) + caplog.text
    secrets = [setup.kept.refresh_token, "GOCSPX-not-a-secret", *(grant.access for grant in google.oauth.grants)]
    assert not [secret for secret in secrets if secret and secret in shown]

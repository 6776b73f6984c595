"""Signing in at Microsoft, against a real OAuth server: in the browser, with a code, as somebody else, not at all."""

from __future__ import annotations

import re

import pytest

from connectors._microsoft import MAIL
from syncd.errors import AuthRequired
from tests.contract.microsoft_account import ADDRESS, CLIENT_ID
from tests.contract.microsoft_desktop import ANYTHING, Desktop, PhoneOwner
from tests.contract.signing_owner import Owner


def test_the_browser_comes_back_and_the_account_can_be_read(desktop: Desktop) -> None:
    said = desktop.sign_in()
    assert said[0] == f"Signed in as {ADDRESS}."
    assert "titles, times and guests" in said[1]
    assert "cannot invite, change or delete" in said[2]
    assert desktop.open().get(ANYTHING)["account"] == ADDRESS


def test_what_is_asked_for_is_reading_and_a_proof_of_it_comes_along(desktop: Desktop) -> None:
    owner = Owner(opens=desktop.browse)
    desktop.open(MAIL).sign_in(owner)
    owner.leave()
    assert "scope=https%3A%2F%2Fgraph.microsoft.com%2FMail.ReadBasic+offline_access+openid+profile" in owner.url
    assert "code_challenge_method=S256" in owner.url
    assert re.search(r"redirect_uri=http%3A%2F%2Flocalhost%3A\d+&", owner.url)
    assert "login_hint=d.rossi%40northwind.example" in owner.url


def test_what_the_browser_was_sent_to_can_be_pasted(desktop: Desktop) -> None:
    owner = Owner(opens=None, pastes=lambda url: [desktop.server.redirected(url)])
    said = desktop.open().sign_in(owner)
    owner.leave()
    assert said[0] == f"Signed in as {ADDRESS}."


def test_a_code_entered_on_a_phone_signs_in(desktop: Desktop) -> None:
    owner = PhoneOwner(lambda code: desktop.server.approve(code, ADDRESS))
    assert desktop.open().sign_in(owner, device=True)[0] == f"Signed in as {ADDRESS}."
    assert any(f"{desktop.server.authority}/common/v2.0/device" in line for line in owner.said)
    assert desktop.open().get(ANYTHING)["account"] == ADDRESS


def test_a_code_is_waited_for_as_long_as_it_lasts(desktop: Desktop) -> None:
    with pytest.raises(AuthRequired, match="not entered in time") as raised:
        desktop.open().sign_in(PhoneOwner(lambda _: None), device=True)
    assert "syncd auth test" in raised.value.hint
    assert 900 <= desktop.clock.ahead <= 910
    assert desktop.held.text is None


def test_a_code_that_runs_out_at_the_server_is_the_same_sentence(desktop: Desktop) -> None:
    owner = PhoneOwner(lambda code: desktop.server.deny(code, "expired_token", "expired"))
    with pytest.raises(AuthRequired, match="not entered in time"):
        desktop.open().sign_in(owner, device=True)


def test_a_code_declined_on_the_phone_is_a_sentence(desktop: Desktop) -> None:
    with pytest.raises(AuthRequired, match="declined"):
        desktop.open().sign_in(PhoneOwner(desktop.server.deny), device=True)
    assert desktop.held.text is None


def test_the_browser_can_say_no(desktop: Desktop) -> None:
    desktop.server.as_(answer="access_denied|AADSTS65004: User declined to consent to access the app.")
    with pytest.raises(AuthRequired, match=r"declined \(AADSTS65004\)"):
        desktop.sign_in()
    assert desktop.held.text is None


def test_an_approval_that_is_missing_comes_with_a_link_and_a_message(desktop: Desktop) -> None:
    desktop.server.as_(answer="consent_required|AADSTS90094: The grant requires admin permission.")
    with pytest.raises(AuthRequired, match=r"approve syncd first \(AADSTS90094\)") as raised:
        desktop.sign_in()
    assert f"{desktop.server.authority}/organizations/adminconsent?client_id={CLIENT_ID}" in raised.value.hint
    assert "https://graph.microsoft.com/Calendars.ReadBasic" in raised.value.hint


def test_another_account_in_the_browser_is_sent_away_and_nothing_is_kept(desktop: Desktop) -> None:
    desktop.server.as_("somebody@outlook.example")
    with pytest.raises(AuthRequired, match=r"^somebody@outlook\.example signed in") as raised:
        desktop.sign_in()
    assert 'username = "somebody@outlook.example"' in raised.value.hint
    assert desktop.held.text is None


def test_another_account_on_the_phone_is_sent_away_and_nothing_is_kept(desktop: Desktop) -> None:
    owner = PhoneOwner(lambda code: desktop.server.approve(code, "somebody@outlook.example"))
    with pytest.raises(AuthRequired, match=r"^somebody@outlook\.example signed in"):
        desktop.open().sign_in(owner, device=True)
    assert desktop.held.text is None


@pytest.mark.parametrize("name", ["rossid@northwind.example", "rossid@northwind.onmicrosoft.com"])
def test_the_name_an_organisation_gives_is_accepted_and_said(desktop: Desktop, name: str) -> None:
    desktop.server.as_(name)
    said = desktop.sign_in()
    assert said[0] == f"Signed in as {name}."
    assert ADDRESS in said[1]


def test_a_personal_account_of_the_same_domain_is_not_the_same_person(desktop: Desktop) -> None:
    desktop.server.as_("other@outlook.example")
    with pytest.raises(AuthRequired, match=r"^other@outlook\.example signed in"):
        desktop.sign_in(address="me@outlook.example")


def test_a_name_that_the_settings_know_is_the_owner(desktop: Desktop) -> None:
    said = desktop.sign_in(username="Davide@Fabrikam.example")
    assert said[0] == "Signed in as Davide@Fabrikam.example."


def test_a_permission_that_was_not_given_is_missed(desktop: Desktop) -> None:
    desktop.server.as_(scopes=[])
    with pytest.raises(AuthRequired, match=r"did not grant Calendars\.ReadBasic"):
        desktop.sign_in()
    assert desktop.held.text is None

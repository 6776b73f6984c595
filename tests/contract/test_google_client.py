"""The OAuth client is the owner's own: how it is made, what is none, and the guide that says so (docs/google.md)."""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from connectors._google import GoogleAccount
from connectors._google_scopes import CALENDAR_SCOPES, GMAIL_SCOPES, console_steps
from connectors.gmail import Gmail
from connectors.google_calendar import GoogleCalendar
from syncd.connector import SecretRef
from syncd.errors import AuthRequired, Misconfigured
from syncd.secrets import resolve
from tests.contract.google_account import Setup, agree, authorize_url, client_json, sign_in
from tests.contract.signing_owner import Owner, redirected

if TYPE_CHECKING:
    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock


UNPROTECTED = json.dumps(
    {
        "installed": {
            "client_id": "x",
            "client_secret": "hush",
            "auth_uri": "http://evil.example/",
            "token_uri": "https://accounts.example/token",
        }
    }
)


@pytest.fixture
def setup(google: Google, google_clock: FakeClock) -> Setup:
    return Setup(google, google_clock)


@pytest.mark.parametrize(
    ("scopes", "api"), [(GMAIL_SCOPES, "gmail.googleapis.com"), (CALENDAR_SCOPES, "calendar-json.googleapis.com")]
)
def test_an_owner_without_a_client_is_shown_how_to_make_one(setup: Setup, scopes: tuple[str, ...], api: str) -> None:
    setup.client_json, setup.scopes = "", scopes
    owner = Owner(agree)
    with pytest.raises(Misconfigured, match="names no client yet"):
        sign_in(setup, owner)
    (steps,) = owner.said
    for step in ("/projectcreate", f"/apis/library/{api}", "Publish app, or sign-in dies every 7 days", "Desktop app"):
        assert step in steps
    assert "[accounts.mail]" in steps
    assert setup.google.requests == []


def test_an_owner_whose_client_is_not_where_it_is_named_is_shown_how_to_make_one(setup: Setup, tmp_path: Path) -> None:
    nowhere = SecretRef(file=str(tmp_path / "google-client.json"))
    options = setup.options().model_copy(update={"client": nowhere})
    owner = Owner(agree)
    lent = replace(setup.context(), secret=resolve)
    with closing(GoogleAccount(options, lent, GMAIL_SCOPES)) as account:
        with pytest.raises(AuthRequired, match="No such file"):
            account.sign_in(owner)
        (steps,) = owner.said
        assert "Publish app, or sign-in dies every 7 days" in steps
        (tmp_path / "google-client.json").write_text("{}")
        (tmp_path / "google-client.json").chmod(0o644)
        with pytest.raises(AuthRequired, match="Others than its owner"):
            account.sign_in(owner)
    assert owner.said == [steps]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"web": {"client_id": "x", "client_secret": "hush"}}', "a Web client"),
        ('{"type": "service_account", "private_key": "hush"}', "the key of a service account"),
        ('{"installed": {"client_id": "x", "client_secret": "hush"}}', "something else"),
        (UNPROTECTED, "something else"),
        ("hush", "no JSON file"),
        ("[1]", "no JSON file"),
    ],
)  # fmt: skip
def test_what_is_not_a_desktop_client_is_refused_with_the_step_that_makes_one(
    setup: Setup, text: str, kind: str
) -> None:
    setup.client_json = text
    owner = Owner(agree)
    with pytest.raises(Misconfigured, match=f"names is {kind}") as raised:
        sign_in(setup, owner)
    assert '"Desktop app"' in raised.value.hint
    assert "Publish app" in owner.said[0]
    assert "hush" not in str(raised.value)
    assert "hush" not in str(raised.value.__cause__)


def test_a_client_that_was_deleted_is_a_sentence(setup: Setup) -> None:
    owner = Owner(None, lambda _: [redirected(authorize_url(owner))])
    setup.client_json = client_json(setup.google, client_secret="yesterdays")
    with pytest.raises(Misconfigured, match=r"does not admit the client of the account mail \(invalid_client"):
        sign_in(setup, owner)


GUIDE = (Path(__file__).parents[2] / "docs" / "google.md").read_text("utf-8")


def test_the_guide_names_every_scope_that_is_asked_for_and_no_other() -> None:
    assert set(re.findall(r"https://www\.googleapis\.com/auth/[\w.]+", GUIDE)) == {*GMAIL_SCOPES, *CALENDAR_SCOPES}


def test_the_guide_and_the_terminal_lead_to_the_same_pages_of_the_console() -> None:
    shown = console_steps("mail", GMAIL_SCOPES) + console_steps("calendar", CALENDAR_SCOPES)
    pages = set(re.findall(r"https://console\.cloud\.google\.com[\w/.-]+", shown))
    assert len(pages) == 6
    assert all(page in GUIDE for page in pages)


def test_the_accounts_the_guide_shows_are_right() -> None:
    blocks = [dedent(block) for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)]
    accounts = {name: table for block in blocks for name, table in tomllib.loads(block)["accounts"].items()}
    assert set(accounts) == {"personal", "personal-calendar", "work"}
    for table in accounts.values():
        options = (Gmail if table["type"] == "gmail" else GoogleCalendar).Options.model_validate(table)
        assert options.own_addresses() == (table["address"],)

"""What a configuration may say of a Microsoft account, and what belongs together in each of its clouds."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors._microsoft import CALENDARS, MicrosoftAccount, MicrosoftOptions
from connectors._microsoft_sign_in_refusals import approval_link
from syncd.testing import context
from tests.contract.microsoft_account import ADDRESS, CLIENT_ID


def options(**more: object) -> MicrosoftOptions:
    return MicrosoftOptions.model_validate({"type": "t", "address": ADDRESS, "client_id": CLIENT_ID, **more})


@pytest.mark.parametrize(
    ("cloud", "sign_in", "graph"),
    [
        ("global", "https://login.microsoftonline.com", "https://graph.microsoft.com"),
        ("usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
        ("dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        ("china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_sign_in_data_and_permissions_of_a_cloud_move_together(cloud: str, sign_in: str, graph: str) -> None:
    found = options(cloud=cloud)
    assert (found.sign_in_at, found.graph_root) == (sign_in, graph)
    assert found.scope(CALENDARS) == f"{graph}/Calendars.ReadBasic"
    account = MicrosoftAccount(found, context(), (CALENDARS,))
    assert account.owns(f"{graph}/v1.0/me/calendars?$deltatoken=x")
    others = {"https://graph.microsoft.com", "https://graph.microsoft.us", "https://dod-graph.microsoft.us"} - {graph}
    assert not any(account.owns(f"{other}/v1.0/me") for other in others)


def test_another_address_keeps_the_permissions_of_its_cloud() -> None:
    found = options(graph="http://127.0.0.1:4000/", authority="https://localhost:4001")
    assert (found.graph_root, found.sign_in_at) == ("http://127.0.0.1:4000", "https://localhost:4001")
    assert found.scope(CALENDARS) == "https://graph.microsoft.com/Calendars.ReadBasic"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("graph", "http://graph.example", "has to begin with https://"),
        ("graph", "https://graph.microsoft.com/v1.0", "only scheme, host and port"),
        ("graph", "https://me:secret@graph.example", "only scheme, host and port"),
        ("graph", "https://graph.example:notaport", "not an address"),
        ("graph", "graph.microsoft.com", "has to begin with https://"),
        ("authority", "http://127.0.0.1:4000", "has to begin with https://"),
        ("authority", "https://login.microsoftonline.com/common", "only scheme, host and port"),
        ("client_id", "my app", "pattern"),
        ("client_id", "8Q~aSecretNotAnId", "pattern"),
        ("tenant", "../common", "pattern"),
        ("tenant", "", "pattern"),
        ("cloud", "germany", "global"),
        ("address", "", "at least 1"),
        ("secret", "x", "not permitted"),
    ],
)
def test_what_cannot_be_safe_or_cannot_work_is_refused(key: str, value: str, words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        options(**{key: value})
    assert words in str(raised.value)


def test_a_client_id_is_needed() -> None:
    with pytest.raises(ValidationError, match="client_id"):
        MicrosoftOptions.model_validate({"type": "t", "address": ADDRESS})


def test_the_owners_names_are_the_address_and_the_sign_in_name() -> None:
    assert options().own_addresses() == (ADDRESS,)
    assert options(username="rossid@northwind.onmicrosoft.com").own_addresses() == (
        ADDRESS,
        "rossid@northwind.onmicrosoft.com",
    )


@pytest.mark.parametrize(
    ("tenant", "shown"),
    [("common", "organizations"), ("consumers", "organizations"), ("northwind.example", "northwind.example")],
)
def test_an_administrator_is_led_to_their_own_organisation(tenant: str, shown: str) -> None:
    expected = f"https://login.microsoftonline.com/{shown}/adminconsent?client_id={CLIENT_ID}"
    assert approval_link(options(tenant=tenant)) == expected

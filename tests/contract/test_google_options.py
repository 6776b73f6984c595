"""What the owner writes of an account at Google, and what it costs those who have none."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors._google import GoogleOptions
from connectors._retry_after import retry_after
from syncd.connector import SecretRef
from tests.contract.google_account import CLIENT, KEY
from tests.servers.google_clock import NOON


def options(**changed: object) -> GoogleOptions:
    return GoogleOptions.model_validate({"type": "gmail", "address": "ada@example.org", **changed})


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://localhost:1/x", "https://proxy.example"])
def test_another_endpoint_is_protected_or_on_this_machine(endpoint: str) -> None:
    assert options(endpoint=endpoint).endpoint == endpoint


@pytest.mark.parametrize("endpoint", ["http://proxy.example", "ftp://127.0.0.1", "proxy.example", "https://"])
def test_an_endpoint_in_the_clear_is_refused(endpoint: str) -> None:
    with pytest.raises(ValidationError, match="begin with https"):
        options(endpoint=endpoint)


def test_one_leave_is_enough() -> None:
    with pytest.raises(ValidationError, match="either client or service_account"):
        options(client=CLIENT, service_account=KEY)
    with pytest.raises(ValidationError, match="subject belongs to service_account"):
        options(client=CLIENT, subject="bob@example.org")
    with pytest.raises(ValidationError, match="a secret must not stand in this file"):
        options(client='{"installed": {}}')


@pytest.mark.parametrize("address", ["", "ada", "ada@", "a b@example.org"])
def test_an_address_is_one(address: str) -> None:
    with pytest.raises(ValidationError, match="has to be an e-mail address"):
        options(address=address)


def test_the_secrets_are_where_the_owner_says() -> None:
    assert options(client={"file": "x"}).client == SecretRef(file="x")


def test_knowing_the_connectors_loads_nothing_of_google() -> None:
    program = (
        "import sys, connectors.gmail, connectors.google_calendar\n"
        "print([name for name in sys.modules if name.split('.')[0] in "
        "{'google', 'googleapiclient', 'httplib2', 'google_auth_oauthlib', 'requests'}])"
    )
    done = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@given(st.text() | st.integers().map(str) | st.datetimes().map(format_datetime))
def test_whatever_a_server_says_of_waiting_is_at_most_a_day(value: str) -> None:
    wait = retry_after(value, NOON)
    assert wait is None or timedelta() <= wait <= timedelta(days=1)

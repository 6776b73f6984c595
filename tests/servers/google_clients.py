"""Google's own client library, pointed at a server on loopback: how the doubles are driven in their own tests."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypedDict

import google_auth_httplib2
import httplib2
import pytest
import requests
from google.api_core.client_options import ClientOptions
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from googleapiclient._apis.calendar.v3 import CalendarResource
    from googleapiclient._apis.gmail.v1 import GmailResource
    from googleapiclient._apis.gmail.v1.schemas import Message

    from tests.servers.google import Google

PATIENCE: Final = 10
_DAY: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)


@contextmanager
def gmail_client(endpoint: str, token: str, *, patience: float = PATIENCE) -> Iterator[GmailResource]:
    """Gmail v1 at this address; `patience` is the timeout in seconds."""
    with build("gmail", "v1", **_how(f"{endpoint}/", token, patience)) as service:
        yield service


@contextmanager
def calendar_client(endpoint: str, token: str, *, patience: float = PATIENCE) -> Iterator[CalendarResource]:
    """Calendar v3 at this address."""
    with build("calendar", "v3", **_how(f"{endpoint}/calendar/v3/", token, patience)) as service:
        yield service


class _How(TypedDict):
    http: google_auth_httplib2.AuthorizedHttp
    client_options: ClientOptions
    static_discovery: bool


def _how(address: str, token: str, patience: float) -> _How:
    credentials = Credentials(token)
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http(timeout=patience))
    return {"http": http, "client_options": ClientOptions(api_endpoint=address), "static_discovery": True}


def fill(google: Google, number: int) -> list[str]:
    """So many messages, a minute apart; their ids, the oldest first."""
    return [google.mailbox.add(f"Letter {each}", at=_DAY + timedelta(minutes=each)) for each in range(number)]


def batched(
    google: Google, gmail: GmailResource, mail_ids: Sequence[str]
) -> tuple[list[str], dict[str, Message | HttpError]]:
    """What a batch of `get` brings, by id."""
    found: dict[str, Message | HttpError] = {}

    def take(key: str, answer: Message, error: HttpError | None) -> None:
        found[key] = answer if error is None else error

    batch = BatchHttpRequest(batch_uri=f"{google.endpoint}/batch/gmail/v1")
    for mail_id in mail_ids:
        batch.add(
            gmail.users().messages().get(userId="me", id=mail_id, format="metadata", metadataHeaders=["From"]),
            callback=take,
            request_id=mail_id,
        )
    batch.execute()
    inner = [request.path.rsplit("/")[-1] for request in google.requests if request.part is not None]
    return inner, found


def ask(google: Google, target: str, token: str) -> requests.Response:
    """The answer to a request that the client library would not send."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{google.endpoint}{target}", headers=headers, timeout=10)


def refused(request: object) -> HttpError:
    """The error of a request that must fail."""
    with pytest.raises(HttpError) as raised:
        request.execute()  # type: ignore[attr-defined]  # every request has it; the stubs have no common type
    return raised.value


def reason(error: HttpError) -> str:
    """Why, in the server's word."""
    return str(json.loads(error.content)["error"]["errors"][0]["reason"])

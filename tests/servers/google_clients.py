"""Google's own client library, pointed at a server on loopback: how the doubles are driven in their own tests."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypedDict

import google_auth_httplib2
import httplib2
from google.api_core.client_options import ClientOptions
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from googleapiclient._apis.calendar.v3 import CalendarResource
    from googleapiclient._apis.gmail.v1 import GmailResource

PATIENCE: Final = 10


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

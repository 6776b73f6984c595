"""What gmail and google-calendar share: how a Google account is named, signed in to, and asked politely.

Light to import: googleapiclient and google.auth are loaded by the first request, not by the configuration.
"""

from __future__ import annotations

import logging
import random
import re
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol, TypeVar, overload

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from connectors._google_client import read_client, read_service_account, require_protection
from connectors._google_scopes import is_mail, what_it_sees
from syncd.connector import ConnectorOptions, SecretRef, Server
from syncd.errors import Misconfigured, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from google_auth_httplib2 import AuthorizedHttp
    from googleapiclient._apis.calendar.v3 import CalendarResource
    from googleapiclient._apis.gmail.v1 import GmailResource

    from connectors._google_sign_in import Consent
    from connectors._google_tokens import Access
    from syncd.connector import Context, Desk

PATIENCE: Final = 60.0
"""Seconds that one call may wait in all for Google to be ready again."""

FIRST_WAIT: Final = 1.0
"""Seconds before the first repetition when Google does not say how long; doubled each time, with jitter."""

SLICE: Final = 1.0
"""Seconds between two looks whether it is time to stop."""

_APIS: Final = "https://www.googleapis.com"

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")


def _require_address(value: str) -> str:
    if _ADDRESS.fullmatch(value):
        return value
    raise ValueError('it has to be an e-mail address, like "davide@rossi.example"')


Address = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_require_address)]

_SERVICE_PATHS: Final = {"gmail": "", "calendar": "calendar/v3/"}

Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class Executable(Protocol[Answer_co]):
    """A request of googleapiclient, as its stubs type it."""

    def execute(self, *, num_retries: int = 0) -> Answer_co:
        """Send it, once."""
        ...


class GoogleOptions(ConnectorOptions):
    """Whose account it is, and by whose leave syncd reads it."""

    address: Address = Field(description="the account's address; it is one of yours")
    client: SecretRef | None = Field(
        None, description="where the JSON file of your own Desktop client can be found; see docs/google.md"
    )
    service_account: SecretRef | None = Field(
        None, description="Workspace: where the JSON key of a service account can be found, in place of client"
    )
    subject: Address | None = Field(None, description="whom the service account acts for; default: the address")
    endpoint: str | None = Field(
        None, description="another address of Google's APIs, https, or http on this machine: for a proxy"
    )

    @field_validator("endpoint")
    @classmethod
    def _require_protection(cls, value: str | None) -> str | None:
        return require_protection(value) if value else value

    @model_validator(mode="after")
    def _accept_one_leave(self) -> GoogleOptions:
        if self.client and self.service_account:
            raise ValueError("name either client or service_account, not both")
        if self.subject and not self.service_account:
            raise ValueError("subject belongs to service_account; a client signs in as itself")
        return self

    def own_addresses(self) -> tuple[str, ...]:
        """The account's address, and that of the person the service account acts for."""
        return tuple(dict.fromkeys(name for name in (self.address, self.subject) if name))

    def servers(self) -> tuple[Server, ...]:
        """Where Google's APIs are asked; signing in has an address of its own."""
        return (Server.at(self.endpoint or _APIS),)


class GoogleAccount:
    """One account at Google. Constructing it does no I/O; `close` lets go of its connection.

    `access` authorizes its requests in place of the sign-in that is kept; `jitter` draws from 0 to 1.
    """

    def __init__(
        self,
        options: GoogleOptions,
        context: Context,
        scopes: tuple[str, ...],
        *,
        access: Access | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._options = options
        self._context = context
        self._scopes = scopes
        self._jitter = jitter
        self._access = access
        self._http: AuthorizedHttp | None = None

    def credentials(self) -> Access:
        """Credentials that work now, and renew themselves.

        Raises AuthRequired when nobody signed in, or the sign-in is over (Google is then not asked again),
        Misconfigured when the client is none, Transient; StoreError when a renewed sign-in cannot be kept.
        """
        if self._access is None:
            from connectors._google_tokens import Access  # noqa: PLC0415 - google.auth loads slowly

            self._access = Access(self._context, self._renewal())
        if not self._access.valid:
            self._access.refresh(None)
        return self._access

    @overload
    def service(self, name: Literal["gmail"], version: Literal["v1"]) -> GmailResource: ...
    @overload
    def service(self, name: Literal["calendar"], version: Literal["v3"]) -> CalendarResource: ...
    def service(self, name: Literal["gmail", "calendar"], version: str) -> GmailResource | CalendarResource:
        """The API `name`, from the discovery document inside the library: nothing is fetched. Raises as `credentials`.

        Not for two threads: all requests of an account share one connection.
        """
        http = self._authorized()
        from googleapiclient.discovery import build  # noqa: PLC0415 - it takes 0.2 s

        logging.getLogger("googleapiclient").setLevel(logging.ERROR)  # what it warns of, we say ourselves, or wait for
        endpoint = self._options.endpoint
        where = f"{endpoint.rstrip('/')}/{_SERVICE_PATHS[name]}" if endpoint else None
        service: GmailResource | CalendarResource = build(  # type: ignore[assignment]  # only `name` tells which one
            name,
            version,
            http=http,
            cache_discovery=False,
            static_discovery=True,
            client_options={"api_endpoint": where} if where else None,
        )
        return service

    def call(self, request: Executable[Answer]) -> Answer:
        """The answer to one request, which is repeated while Google asks us to slow down, for at most `PATIENCE`.

        Raises Transient, AuthRequired or Misconfigured; `_google_errors.Refused` (a Transient) for 400, 404 and 410,
        which the connectors interpret; `_google_errors.Stopped` (another) when it is time to stop.
        """
        return self._politely(lambda: self._checked(request.execute(num_retries=0)))

    def owner(self) -> str:
        """The address Google knows this account by, or that of its primary calendar. Raises as `call`."""
        if is_mail(self._scopes):
            return self.call(self.service("gmail", "v1").users().getProfile(userId="me")).get("emailAddress", "")
        return self.call(self.service("calendar", "v3").calendarList().get(calendarId="primary")).get("id", "")

    def sign_in(self, desk: Desk, *, device: bool = False) -> tuple[str, ...]:
        """See `SignsIn.sign_in`. Also raises StoreError, when the sign-in cannot be kept."""
        if device:
            raise UsageError(
                "Google has no sign-in with a code for mail and calendars.",
                f"Type: syncd auth {self._context.account} --no-browser",
            )
        if self._options.service_account is None:
            return self._consent().sign_in(desk)
        self.owner()
        return self.sign_in_state()

    def sign_in_state(self) -> tuple[str, ...]:
        """See `SignsIn.sign_in_state`. Of a service account, whether Google lets it in now."""
        if self._options.service_account is None:
            return self._consent().state()
        self.credentials()
        return (
            f"The service account reads for {self._subject}; nobody has to sign in.",
            *what_it_sees(self._scopes, subjects=self._context.subjects),
        )

    def sign_out(self) -> tuple[str, ...]:
        """See `SignsIn.sign_out`."""
        if self._options.service_account is None:
            return self._consent().sign_out()
        return (
            "Nobody is signed in: the service account needs no sign-in.",
            "To shut it out, remove its client ID in the Admin console (Manage domain-wide delegation).",
        )

    def close(self) -> None:
        """Let go of the connection; safe to call twice, never raises. The next request opens another."""
        if self._http is not None:
            with suppress(OSError):
                self._http.close()

    @property
    def _subject(self) -> str:
        return self._options.subject or self._options.address

    def _consent(self) -> Consent:
        from connectors._google_sign_in import Consent  # noqa: PLC0415 - only who signs in needs the flow

        def whose(access: Access) -> str:
            with closing(GoogleAccount(self._options, self._context, self._scopes, access=access)) as account:
                return account.owner()

        return Consent(self._options, self._context, self._scopes, whose)

    def _politely(self, ask: Callable[[], Answer]) -> Answer:
        from connectors._google_errors import (  # noqa: PLC0415 - googleapiclient loads slowly
            VENDOR_ERRORS,
            Busy,
            translated,
        )

        waited, wait = 0.0, FIRST_WAIT
        while True:
            try:
                return ask()
            except VENDOR_ERRORS as error:
                refusal = translated(error, self._context)
                if not isinstance(refusal, Busy):
                    raise refusal from error
                jitter = self._jitter()
                told = refusal.retry_after.total_seconds() + jitter if refusal.retry_after is not None else 0.0
                pause = max(told, wait * (1 + jitter) / 2)
                if waited + pause > PATIENCE:
                    raise refusal from error
            waited, wait = waited + pause, wait * 2
            self._pause(pause)

    def _pause(self, seconds: float) -> None:
        from connectors._google_errors import Stopped  # noqa: PLC0415 - googleapiclient loads slowly

        while seconds > 0:
            if self._context.stopping():
                raise Stopped("syncd stopped while Google asked it to wait.", "Nothing is lost.")
            self._context.pause(min(SLICE, seconds))
            seconds -= SLICE

    def _checked(self, answer: Answer) -> Answer:
        """`answer`, when it was JSON: the library hands on anything else as text."""
        if isinstance(answer, dict):
            return answer
        from connectors._google_errors import not_google  # noqa: PLC0415 - googleapiclient loads slowly

        raise not_google()

    def _authorized(self) -> AuthorizedHttp:
        if self._http is None:
            access = self.credentials()
            import google_auth_httplib2  # noqa: PLC0415 - google.auth loads slowly

            from connectors import _google_tokens  # noqa: PLC0415 - likewise
            from connectors._google_errors import Line  # noqa: PLC0415 - likewise

            web = Line(timeout=_google_tokens.TIMEOUT)
            web.follow_redirects = False
            self._http = google_auth_httplib2.AuthorizedHttp(access, http=web, max_refresh_attempts=1)
        return self._http

    def _renewal(self) -> Callable[[str], tuple[str, datetime]]:
        """How a token that ended is replaced."""
        from connectors._google_tokens import SignIn  # noqa: PLC0415 - google.auth loads slowly

        options, context = self._options, self._context
        if options.service_account is not None:
            from connectors._google_delegation import delegation  # noqa: PLC0415 - likewise

            key = read_service_account(options.service_account, context)
            return delegation(key, self._subject, self._scopes, context)
        if options.client is None:
            raise Misconfigured(
                f"The account {context.account} names no client, and Google lets nobody in without one.",
                f"Type: syncd auth {context.account} (it lists the steps that make one)",
            )
        client = read_client(options.client, context)
        sign_in = SignIn(context, address=options.address, scopes=self._scopes, client=client)

        def renew(stale: str) -> tuple[str, datetime]:
            kept = sign_in.access(stale)
            return kept.access_token, kept.expires_at

        return renew

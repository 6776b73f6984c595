"""What Google means by its refusals: wait, sign in again, change the settings, or leave it to the connector.

The vendor door: whatever googleapiclient, google.auth, httplib2 or a socket raises becomes one of ours here, once.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httplib2
from google.auth.exceptions import GoogleAuthError
from googleapiclient.errors import Error as ApiError
from googleapiclient.errors import HttpError
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors._quote import quote
from connectors._retry_after import bounded, retry_after
from syncd.errors import AuthRequired, ConnectorError, Misconfigured, Transient

if TYPE_CHECKING:
    from syncd.connector import Context

VENDOR_ERRORS: Final = (
    ApiError,
    GoogleAuthError,
    httplib2.HttpLib2Error,
    http.client.HTTPException,
    OSError,
    UnicodeDecodeError,
)
"""Everything that a request to Google may raise and that is not ours; what else comes up is a bug."""

DAILY_WAIT: Final = timedelta(hours=6)
"""How long a project is left alone that has used up its day."""

_RATE: Final = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "calendarUsageLimits", "calendarLimitsExceeded", "quotaExceeded",
     "concurrentLimitExceeded", "servingLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"}
)  # fmt: skip
_DAILY: Final = frozenset({"dailyLimitExceeded", "dailyLimitExceededUnreg"})
_SCOPES: Final = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes"})
_SWITCHED_OFF: Final = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_POLICY: Final = frozenset({"domainPolicy"})
_NO_SERVICE: Final = frozenset({"notACalendarUser", "calendarNotEnabled"})
_MAIL_NOT_ENABLED: Final = "mail service not enabled"
_CONSOLE_LINK: Final = re.compile(r"https://console\.(?:developers|cloud)\.google\.com/[^\s\"'<>]{1,300}")
_RETRY_AT: Final = re.compile(r"retry after (\d{4}-\d\d-\d\dT[0-9:.]{5,15}Z)", re.IGNORECASE)
_PROXY_LIBRARY: Final = "socks"
"""PySocks, through which httplib2 reaches proxies; nobody has to have it."""

_NOTHING_TO_DO: Final = "Nothing to do: syncd tries again."
_PERHAPS_A_PORTAL: Final = "A network that wants a sign-in first does this; open a web page, then type: syncd sync"
_TROUBLE: Final = (
    ((ssl.SSLCertVerificationError,), "The certificate that was shown for Google is not trusted.", _PERHAPS_A_PORTAL),
    ((ssl.SSLError,), "The protected connection to Google failed.", _PERHAPS_A_PORTAL),
    (
        (httplib2.ServerNotFoundError, socket.gaierror),
        "Google could not be found: its name does not resolve.",
        "Is this machine online? syncd tries again.",
    ),
    ((TimeoutError,), "Google did not answer in time.", _NOTHING_TO_DO),
)


class Refused(Transient):
    """The request itself was not honoured (400, 404, 410): what that means, only the connector knows."""

    def __init__(self, title: str, hint: str, *, status: int, reason: str) -> None:
        super().__init__(title, hint)
        self.status = status
        self.reason = reason


class Busy(Transient):
    """Google asks us to slow down, or has trouble of its own: the same request may work in a moment."""


class Stopped(Transient):
    """It was time to stop while we waited."""


class _Cause(BaseModel):
    """One entry of either list; entries of other kinds have no reason."""

    model_config = ConfigDict(extra="ignore")

    reason: str | None = None


class _Fault(BaseModel):
    """Both shapes of Google's errors: `errors` of the older APIs, `status` and `details` of the newer (AIP-193)."""

    model_config = ConfigDict(extra="ignore")

    message: str = ""
    status: str = ""
    errors: tuple[_Cause, ...] = ()
    details: tuple[_Cause, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        named = [cause.reason for cause in (*self.errors, *self.details) if cause.reason]
        return (*named, self.status)


class _FaultBody(BaseModel):
    """An error, or only its name (RFC 6750)."""

    model_config = ConfigDict(extra="ignore")

    error: _Fault | str
    error_description: str = ""


class Line(httplib2.Http):
    """A connection that lets nothing through over which googleapiclient stumbles."""

    def request(
        self, uri: str, method: str = "GET", *more: object, **named: object
    ) -> tuple[httplib2.Response[str], bytes]:
        """See httplib2; a refusal is `legible`."""
        response, content = super().request(uri, method, *more, **named)
        return response, content if response.status < HTTPStatus.MULTIPLE_CHOICES else legible(content)


def legible(content: bytes) -> bytes:
    """What a refusal says, when that is how Google speaks, or nothing: an HttpError of other JSON may be a crash."""
    return content if _read(content) is not None else b""


def translated(error: BaseException, context: Context) -> ConnectorError:
    """What `error` means, as one of ours. 400, 404 and 410 become `Refused`, which the connectors interpret.

    One 401 has led to a refresh before it comes here, so another one means that the sign-in is over.
    """
    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, HttpError):
        return _refusal(error, context)
    return unreached(error)


def unreached(error: BaseException) -> Transient:
    """Google could not be asked, or what answered was not Google: DNS, proxies, certificates, time."""
    if type(error).__module__ == _PROXY_LIBRARY:
        return Transient(
            "The proxy does not let us through to Google.", "Look at HTTPS_PROXY and NO_PROXY; syncd tries again."
        )
    if isinstance(error, UnicodeDecodeError):
        return not_google()
    for kinds, title, hint in _TROUBLE:
        if isinstance(error, kinds):
            return Transient(title, hint)
    return Transient("The connection to Google failed.", _NOTHING_TO_DO)


def not_google() -> Transient:
    """Something that answers with a web page in Google's place."""
    return Transient("Something else answered in Google's place, with a web page.", _PERHAPS_A_PORTAL)


def _refusal(error: HttpError, context: Context) -> ConnectorError:
    status = int(error.resp.status)
    fault = _read(error.content)
    reasons = frozenset(fault.reasons) if fault else frozenset()
    said = f": {quote(fault.message)}" if fault and fault.message else ""
    if _is_busy(status, reasons):
        return Busy(
            f"Google asks to be left alone for a while ({status}){said}.",
            "Nothing to do: syncd waits and goes on where it was.",
            _told_wait(error, fault, context.now()),
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return sign_in_over(context, f"Google does not accept the sign-in of the account {context.account} any more.")
    if fault is None:
        return not_google()
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(fault, reasons, said, context)
    if status == HTTPStatus.BAD_REQUEST and _MAIL_NOT_ENABLED in fault.message.lower():
        return Misconfigured(
            f"The address of the account {context.account} has no Gmail mailbox (mail service not enabled).",
            "Use the address of a mailbox at Google, or ask the administrator of the Workspace to switch Gmail on, "
            "then type: syncd config check",
        )
    return Refused(
        f"Google refused a request of the account {context.account} ({status}){said}.",
        f"If it stays so, type: syncd doctor {context.account}",
        status=status,
        reason=fault.reasons[0],
    )


def _is_busy(status: int, reasons: frozenset[str]) -> bool:
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}:
        return True
    slow_down = status == HTTPStatus.FORBIDDEN and bool(reasons & _RATE) and not reasons & _DAILY
    return slow_down or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _forbidden(fault: _Fault, reasons: frozenset[str], said: str, context: Context) -> ConnectorError:
    again = f"then type: syncd auth {context.account}"
    if reasons & _DAILY:
        return Transient(
            f"The Google project of the account {context.account} has used up what it may ask in a day{said}.",
            "Nothing to do: syncd goes on tomorrow.",
            DAILY_WAIT,
        )
    if reasons & _SWITCHED_OFF:
        link = _CONSOLE_LINK.search(fault.message)
        where = link[0].rstrip(".,)") if link else "https://console.cloud.google.com/apis/library"
        return Misconfigured(
            f"The Google project of the account {context.account} has this API switched off.",
            f"Enable it at {where}, wait a minute, then type: syncd sync {context.account}",
        )
    if reasons & _POLICY:
        return Misconfigured(
            f"The administrator of this Workspace does not let apps read the account {context.account}{said}.",
            f"Ask them to trust your client (Admin console, Security, API controls), {again}",
        )
    if reasons & _NO_SERVICE:
        return Misconfigured(
            f"The address of the account {context.account} has no Google Calendar{said}.",
            "Ask the administrator of the Workspace to switch it on, or use another address, "
            "then type: syncd config check",
        )
    if reasons & _SCOPES:
        return AuthRequired(
            f"The sign-in of the account {context.account} does not allow everything that syncd reads.",
            f"Type: syncd auth {context.account} (and leave every box ticked)",
        )
    return sign_in_over(context, f"Google does not let the account {context.account} read this{said}.")


def sign_in_over(context: Context, title: str) -> AuthRequired:
    """The error for a sign-in that has to be made again."""
    return AuthRequired(title, f"Type: syncd auth {context.account}")


def _told_wait(error: HttpError, fault: _Fault | None, now: datetime) -> timedelta | None:
    """The time Google asks for: in the header, or (Gmail) in the message."""
    told = retry_after(error.resp.get("retry-after", ""), now)
    if told is not None or fault is None:
        return told
    moment = _RETRY_AT.search(fault.message)
    if moment is None:
        return None
    try:
        wait = datetime.fromisoformat(moment[1]).astimezone(UTC) - now
    except ValueError:
        return None
    return bounded(wait)


def _read(content: bytes) -> _Fault | None:
    """What Google says about it; None when this is not how Google speaks."""
    try:
        body = _FaultBody.model_validate_json(content)
    except ValidationError:
        return None
    if isinstance(body.error, str):
        return _Fault(message=body.error_description or body.error, status=body.error)
    return body.error

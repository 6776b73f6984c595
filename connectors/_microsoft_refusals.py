"""What Microsoft Graph means by an answer that is not what was asked for: wait, sign in, set right, or read again.

Codes first, then status (learn.microsoft.com/graph/errors); a page without a code was written by somebody in between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import requests

from syncd.errors import AuthRequired, ConnectorError, CursorExpired, Misconfigured, Transient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

_EXPIRED: Final = frozenset({"errorinvalidsyncstatedata", "fullsyncrequired"})
_EXPIRED_BEGINNINGS: Final = ("syncstate", "resync")
_NO_MAILBOX: Final = frozenset(
    {
        "errormissingemailaddress",
        "errornonexistentmailbox",
        "mailboxnotenabledforrestapi",
        "mailboxnothostedinexchangeonline",
        "mailboxnotsupportedforrestapi",
        "organizationfromtenantguidnotfound",
        "resourcenotfound",
    }
)
_NOT_THERE: Final = frozenset(
    {"erroriteminvalid", "erroritemnotfound", "errorinvalididmalformed", "errorfoldernotfound"}
)
_LONGEST_CODE: Final = 80


class NotThere(ConnectorError):
    """Graph has no such folder, calendar or event, any more or for us; its caller knows what that means."""


class NotAllowed(AuthRequired):
    """Graph does not show this to this sign-in; where it is one of many, its caller may go on without."""


class NotTaken(Transient):
    """Graph does not take the question as it was put; where it can be put in another way, its caller may do that."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, what it asks to wait, and the whole body."""

    host: str
    status: int
    body: bytes
    retry_after: timedelta | None = None

    def as_object(self) -> dict[str, object]:
        """The body as a JSON object. Raises Transient when it is anything else: then Graph did not write it."""
        found = self._parsed()
        if found is None:
            what = "a web page" if self.is_web_page else "something that is no answer of Microsoft Graph"
            raise Transient(
                f"{self.host} answered with {what}.",
                "A network that wants a sign-in first does this; open a web page, then type: syncd sync",
            )
        return found

    @property
    def is_web_page(self) -> bool:
        """Whether somebody in between answered: a sign-in page of a network, a filter, a proxy."""
        return self.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the error, the outermost first (learn.microsoft.com/graph/errors, "error resource type")."""
        return tuple(_codes((self._parsed() or {}).get("error")))

    def _parsed(self) -> dict[str, object] | None:
        try:
            found: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def refused(answer: Answer, account: str, *, by_link: bool) -> ConnectorError:
    """The error for an answer that is not 200; `by_link` when an opaque link of Graph's own was followed.

    CursorExpired, NotThere, NotAllowed, AuthRequired, Misconfigured, NotTaken, or Transient for whatever may pass.
    """
    codes = frozenset(code.lower() for code in answer.codes)
    said = f"({' '.join((str(answer.status), *answer.codes[:1]))})"
    return (
        _expired(answer.status, codes, said, by_link=by_link)
        or _absent(answer, codes, said, account)
        or _forbidden(answer.status, codes, said, account)
        or _not_taken(answer.status, codes, said)
        or _passing(answer, said)
    )


def _expired(status: int, codes: frozenset[str], said: str, *, by_link: bool) -> CursorExpired | None:
    if status == requests.codes.gone or codes & _EXPIRED or any(code.startswith(_EXPIRED_BEGINNINGS) for code in codes):
        return CursorExpired(f"Microsoft Graph no longer knows where reading stopped {said}.")
    if status == requests.codes.bad_request and by_link and codes:
        return CursorExpired(f"Microsoft Graph does not take its own link any more {said}.")
    return None


def _absent(answer: Answer, codes: frozenset[str], said: str, account: str) -> ConnectorError | None:
    if codes & _NO_MAILBOX:
        return Misconfigured(
            f"Microsoft has no mailbox in the cloud for this account {said}.",
            "A mailbox on the organisation's own server, or an account without an Exchange licence, cannot be read "
            'this way: use type = "imap" or "ics", or correct `cloud`, `tenant` and `address`, '
            f"then type: syncd sync {account}",
        )
    if codes & _NOT_THERE or (answer.status == requests.codes.not_found and not answer.is_web_page):
        return NotThere(f"Microsoft Graph has nothing there {said}.")
    return None


def _forbidden(status: int, codes: frozenset[str], said: str, account: str) -> AuthRequired | None:
    if status == requests.codes.unauthorized:
        return AuthRequired(
            f"Microsoft Graph does not accept the sign-in {said}.",
            f"Type: syncd auth {account}\nIf that does not help, this account may have no mailbox at Microsoft.",
        )
    if status == requests.codes.forbidden and codes:
        return NotAllowed(
            f"Microsoft Graph does not show this to syncd {said}.",
            f"Type: syncd auth {account}\nIf that does not help, the organisation blocks it: ask whoever runs it.",
        )
    return None


def _not_taken(status: int, codes: frozenset[str], said: str) -> NotTaken | None:
    if status == requests.codes.bad_request and codes:
        return NotTaken(f"Microsoft Graph does not take what syncd asks {said}.")
    return None


def _passing(answer: Answer, said: str) -> Transient:
    if answer.status == requests.codes.too_many:
        return Transient(
            f"Microsoft Graph asks to be left alone for a while {said}.",
            "Nothing to do: syncd waits and goes on where it was.",
            answer.retry_after,
        )
    if answer.is_web_page or requests.codes.multiple_choices <= answer.status < requests.codes.bad_request:
        return Transient(
            f"Something between here and {answer.host} answers in its place ({answer.status}).",
            "A network that wants a sign-in first does this; open a web page, then type: syncd sync",
            answer.retry_after,
        )
    return Transient(f"Microsoft Graph cannot answer now {said}.", retry_after=answer.retry_after)


def broken(error: Exception, host: str) -> Transient:
    """The error for a request that got no answer, or half of one."""
    if isinstance(error, requests.exceptions.SSLError):
        return Transient(
            f"The certificate of {host} is not trusted.",
            "A network that wants a sign-in first does this too; open a web page, then type: syncd sync\n"
            "Where a company inspects all traffic, REQUESTS_CA_BUNDLE has to name its certificate.",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return Transient(f"The proxy on the way to {host} cannot be used.", "Look at HTTPS_PROXY in the environment.")
    if isinstance(error, requests.Timeout):
        return Transient(f"{host} did not answer in time.")
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return Transient(f"The answer of {host} broke off.")
    return Transient(f"{host} could not be reached.")


def _codes(error: object) -> Iterator[str]:
    while isinstance(error, Mapping):
        code = error.get("code")
        if isinstance(code, str) and code:
            yield "".join(letter for letter in code[:_LONGEST_CODE] if letter.isprintable())
        error = error.get("innerError") or error.get("innererror")

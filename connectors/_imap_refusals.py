"""What an IMAP server means by its refusals: wait, sign in again, or change the settings.

Response codes first (RFC 5530); most servers send none, so then the words they are known to use.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from connectors._quote import quote
from syncd.errors import AuthRequired, ConnectorError, Misconfigured, Transient

BUSY_FOR: Final = timedelta(minutes=5)
"""How long a server is left alone that says it is busy and not for how long."""

_BACKOFF: Final = re.compile(r"back-?off time:? *(\d{1,9}) *(milliseconds|ms|seconds|s)?\b", re.IGNORECASE)
_BUSY_CODES: Final = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "OVERQUOTA", "SERVERBUG", "THROTTLED"})
_BUSY: Final = re.compile(
    r"too many|throttl|temporar|rate.?limit|server (?:is )?busy|overquota|exceed|maximum number|unavailable|"
    r"server error|internal error|timed? ?out",
    re.IGNORECASE,
)
_PERHAPS_BUSY: Final = re.compile(r"try again|later|busy", re.IGNORECASE)
_WRONG_SECRET: Final = re.compile(r"invalid|incorrect|fail|wrong|denied|unknown user|no such user", re.IGNORECASE)
_SWITCHED_OFF: Final = re.compile(
    r"authenticated but not connected|not enabled for imap|imap (?:access )?(?:is |has been )?(?:disabled|not enabled)|"
    r"(?:enable|activate|turn on) imap|imap .{0,20}not allowed|basic ?auth(?:entication)? (?:is )?(?:disabled|blocked)|"
    r"logindisabled|plaintext authentication disallowed",
    re.IGNORECASE,
)
_APP_PASSWORD: Final = re.compile(r"app(?:lication)?.?specific|app password|authori[sz](?:ed|ation) code|web ?browser")


def is_busy(code: str, text: str) -> bool:
    """Whether a refusal means "not now"."""
    if code in _BUSY_CODES or _BACKOFF.search(text) or _BUSY.search(text):
        return True
    return bool(_PERHAPS_BUSY.search(text)) and not _WRONG_SECRET.search(text)


def busy(host: str, text: str) -> Transient:
    """The error for "not now", with the time the server asked for."""
    told = _BACKOFF.search(text)
    wait = BUSY_FOR
    if told:
        unit = "milliseconds" if (told[2] or "ms").lower().startswith("m") else "seconds"
        wait = timedelta(**{unit: int(told[1])})
    return Transient(
        f"{host} asks to be left alone for a while: {quote(text) or 'it is busy'}.",
        "Nothing to do: syncd waits and goes on where it was.",
        wait,
    )


def broken_off(account: str, host: str, farewell: str, text: str) -> Transient:
    """The error for a connection that was lost, perhaps with a word of farewell."""
    if farewell and is_busy("", farewell):
        return busy(host, farewell)
    return Transient(
        f"{host} broke off: {quote(text)}.",
        f"syncd goes on where it was. If it stays so, type: syncd doctor {account}",
    )


def sign_in_refused(account: str, host: str, user: str, code: str, text: str) -> ConnectorError:
    """The error for a sign-in that was refused."""
    said = f": {quote(text)}" if text else ""
    check = f"then type: syncd sync {account}"
    if code == "PRIVACYREQUIRED":
        return Misconfigured(
            f"{host} signs nobody in over an unprotected connection{said}.",
            f'Set tls = "implicit" or "starttls" for the account {account}, {check}',
        )
    if _SWITCHED_OFF.search(text):
        return Misconfigured(
            f"{host} accepts {user} but gives no mail over IMAP{said}.",
            f"Switch IMAP on in the settings of that mailbox, or use a token where passwords are refused, {check}",
        )
    if code not in {"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED"} and is_busy(code, text):
        return busy(host, text)
    if _APP_PASSWORD.search(text.lower()):
        hint = (
            f"Make an app password in the settings of that mailbox, put it where the account {account} points, {check}"
        )
    else:
        hint = f"Put the right password or token where the account {account} points, {check}"
    return AuthRequired(f"{host} does not let {user} in{said}.", hint)


def refused(account: str, host: str, user: str, code: str, text: str) -> ConnectorError:
    """The error for any other command that was refused and that nothing can be read without."""
    if _SWITCHED_OFF.search(text):
        return sign_in_refused(account, host, user, code, text)
    if is_busy(code, text):
        return busy(host, text)
    return Transient(
        f"{host} refused to show the mail of {user}: {quote(text) or 'it did not say why'}.",
        f"Type: syncd doctor {account}",
    )

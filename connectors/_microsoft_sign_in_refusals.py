"""What Microsoft means when it refuses a sign-in: who has to do what, and where.

Microsoft asks programs not to depend on its AADSTS numbers; so they only sharpen what the OAuth error already says
(learn.microsoft.com/entra/identity-platform/reference-error-codes, RFC 6749 section 5.2, RFC 8628 section 3.5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from connectors._microsoft_options import ANYBODY, CLOUDS
from connectors._microsoft_scopes import for_administrators
from syncd.errors import AuthRequired, ConnectorError, Misconfigured, Transient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors._microsoft_options import MicrosoftOptions

CANNOT_RENEW: Final = "no_refresh_token"
"""Our own word for a sign-in that holds nothing to renew it with."""

_AADSTS: Final = re.compile(r"AADSTS(\d{4,9})")

_APPROVAL: Final = frozenset({50105, 65001, 90008, 90094, 90095, 900941})
_CONDITIONS: Final = frozenset(
    {50005, 50072, 50074, 50076, 50079, 50097, 50129, 50131, 50158, 53000, 53001, 53002, 53003, 53004, 530002, 530003}
)
_WRONG_ACCOUNT: Final = frozenset({50020, 50034, 50128, 500200, 9000023, 90072})
_OVER: Final = frozenset({50078, 50089, 70043, 70044, 70008, 700082, 700084})
_ENDED_BY_PASSWORD: Final = frozenset({50132, 50133, 50173})
_LOCKED_OUT: Final = frozenset({50053, 50055, 50057, 50144})
_PASSING: Final = frozenset({50196, 90033, 90055, 700030, 90019})
_PASSING_ERRORS: Final = frozenset(
    {"temporarily_unavailable", "no_answer", "server_error", "slow_down", "too_many_requests"}
)
_DENIED: Final = frozenset({"access_denied", "authorization_declined"})
_RUN_OUT: Final = frozenset({"expired_token", "code_expired", "bad_verification_code"})
_RUN_OUT_CODES: Final = frozenset({70016, 70019, 70020})
_SETTINGS_ERRORS: Final = frozenset(
    {"unauthorized_client", "invalid_client", "invalid_scope", "unsupported_grant_type", "invalid_request"}
)
_MISTAKES: Final = (
    (
        frozenset({7000218, 70002}),
        "The app registration does not allow programs like syncd to sign in",
        'At {portal}, on its page "Authentication", switch on "Allow public client flows"',
    ),
    (
        frozenset({50011, 50117, 500113, 700011}),
        "The app registration does not know the address a sign-in comes back to",
        'At {portal}, on its page "Authentication", add "Mobile and desktop applications" with http://localhost',
    ),
    (
        frozenset({70001, 700003, 700016, 7000215}),
        "Microsoft knows no app registration with this client_id in the tenant {tenant}",
        'Compare `client_id`, `tenant` and `cloud` of {table} with its page "Overview" at {portal}',
    ),
    (
        frozenset({50194}),
        "The app registration is for one organisation only",
        "Set `tenant` of {table} to the id of that organisation",
    ),
    (
        frozenset({50059, 90002, 90023, 900023}),
        "Microsoft knows no organisation {tenant}",
        "Correct `tenant` of {table}",
    ),
    (
        frozenset({50001, 70011, 650053, 650057}),
        "Microsoft does not know these permissions there",
        "Compare `cloud` of {table} with where the app is registered",
    ),
)
"""Mistakes in the app registration, or in how the configuration names it: the numbers, what is wrong, what to do."""

_UNKNOWN_MISTAKE: Final = ("Microsoft does not accept the app registration", "Compare it with docs/microsoft.md")


class Refusal(BaseModel):
    """How Microsoft said no: OAuth's word, and Microsoft's number (0 when there is none)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    error: str
    code: int = 0

    @classmethod
    def found_in(cls, answer: Mapping[str, object] | None) -> Refusal:
        """The refusal in what the token endpoint or a redirect said; None is msal's word for an empty answer."""
        answer = answer or {}
        numbers = answer.get("error_codes")
        told = _AADSTS.search(str(answer.get("error_description", "")))
        if isinstance(numbers, list) and numbers and isinstance(numbers[0], int):
            code = numbers[0]
        else:
            code = int(told[1]) if told else 0
        return cls(error=str(answer.get("error") or "no_answer")[:80], code=code)

    def __str__(self) -> str:
        return f"AADSTS{self.code}" if self.code else self.error


def explained(refusal: Refusal, options: MicrosoftOptions, scopes: tuple[str, ...], account: str) -> ConnectorError:
    """The error for a refused sign-in: AuthRequired, Misconfigured when the settings are wrong, or Transient."""
    for look in (_passing, _needs_approval, _needs_conditions, _misregistered, _wrong_account):
        found = look(refusal, options, scopes, account)
        if found is not None:
            return found
    return _ended(refusal, account)


def approval_link(options: MicrosoftOptions) -> str:
    """Where an administrator lets an organisation use the app (learn.microsoft.com, grant-admin-consent)."""
    tenant = "organizations" if options.tenant in ANYBODY else options.tenant
    return f"{options.sign_in_at}/{tenant}/adminconsent?{urlencode({'client_id': options.client_id})}"


def _passing(refusal: Refusal, _: MicrosoftOptions, __: tuple[str, ...], ___: str) -> Transient | None:
    if refusal.code in _PASSING or (not refusal.code and refusal.error in _PASSING_ERRORS):
        return Transient(f"Microsoft's sign-in is busy ({refusal}).")
    return None


def _needs_approval(
    refusal: Refusal, options: MicrosoftOptions, scopes: tuple[str, ...], account: str
) -> AuthRequired | None:
    if refusal.code not in _APPROVAL and (refusal.code or refusal.error != "consent_required"):
        return None
    named = "\n".join(f"      {options.scope(name)}: {for_administrators(name)}" for name in scopes)
    return AuthRequired(
        f"The organisation wants an administrator to approve syncd first ({refusal}).",
        f"""Send this to whoever runs Microsoft 365 where you work:

    Please approve the application {options.client_id} ("syncd") for {options.user}.
    It runs on my own computer, sends nothing to anybody else, changes nothing, and reads only for me:
{named}
    To approve: {approval_link(options)}

When it is approved, type: syncd auth {account}""",
    )


def _needs_conditions(refusal: Refusal, _: MicrosoftOptions, __: tuple[str, ...], account: str) -> AuthRequired | None:
    if refusal.code not in _CONDITIONS and (refusal.code or refusal.error != "interaction_required"):
        return None
    return AuthRequired(
        f"The organisation's rules do not let this sign-in pass ({refusal}).",
        f"Type: syncd auth {account}\n"
        "Do it without --device, in the browser of a computer that the organisation manages, with the second step it\n"
        "asks for; and from the network where syncd will run, without a VPN, or with the one the organisation wants.\n"
        "If it is refused again, ask whoever runs Microsoft 365 there which conditional access rule it is: the rule's\n"
        f"name stands in their sign-in log beside {refusal}.",
    )


def _misregistered(
    refusal: Refusal, options: MicrosoftOptions, __: tuple[str, ...], account: str
) -> Misconfigured | None:
    known = [(title, hint) for codes, title, hint in _MISTAKES if refusal.code in codes]
    if not known and (refusal.error not in _SETTINGS_ERRORS or refusal.code in _WRONG_ACCOUNT):
        return None
    title, hint = known[0] if known else _UNKNOWN_MISTAKE
    names = {"tenant": options.tenant, "table": f"accounts.{account}", "portal": CLOUDS[options.cloud].portal}
    return Misconfigured(
        f"{title.format(**names)} ({refusal}).", f"{hint.format(**names)}, then type: syncd auth {account}"
    )


def _wrong_account(
    refusal: Refusal, options: MicrosoftOptions, __: tuple[str, ...], account: str
) -> AuthRequired | None:
    if refusal.code not in _WRONG_ACCOUNT:
        return None
    return AuthRequired(
        f"This account is not one that the tenant {options.tenant} lets in ({refusal}).",
        f"Sign in as {options.user}, then type: syncd auth {account}\n"
        f'If that was you, compare `tenant` of accounts.{account} with "Supported account types" of the app.',
    )


def _ended(refusal: Refusal, account: str) -> AuthRequired:
    """The sign-in is over, or never came to be; the likeliest cause, and how to begin again."""
    if refusal.error in _RUN_OUT or refusal.code in _RUN_OUT_CODES:
        title = "The code was not entered in time"
    elif refusal.error in _DENIED:
        title = "The sign-in was declined"
    elif refusal.code in _ENDED_BY_PASSWORD:
        title = "Microsoft ended the sign-in, as it does after a new password"
    elif refusal.code in _OVER:
        title = "The sign-in has run out"
    elif refusal.code in _LOCKED_OUT:
        title = "Microsoft has locked this account, or wants a new password first"
    elif refusal.error == CANNOT_RENEW:
        title = "The sign-in was not made to last"
    else:
        title = "Microsoft no longer accepts the sign-in; it was revoked, or not used for 90 days"
    return AuthRequired(f"{title} ({refusal}).", f"Type: syncd auth {account}")

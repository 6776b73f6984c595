"""A service account that acts for somebody in its Workspace (domain-wide delegation): its key suffices.

https://developers.google.com/identity/protocols/oauth2/service-account#delegatingauthority
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import google.auth.transport
from google.oauth2 import service_account

from connectors._google_tokens import GrantOverError, post
from syncd.errors import AuthRequired, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors._google_client import ServiceAccount
    from syncd.connector import Context


def delegation(
    key: ServiceAccount, subject: str, scopes: tuple[str, ...], context: Context
) -> Callable[[str], tuple[str, datetime]]:
    """Tokens with which the service account reads as `subject`; they are kept nowhere.

    Raises Misconfigured when the key cannot be used, or the Workspace has not admitted these scopes.
    """
    try:
        info = {**key.model_dump(), "private_key": key.private_key.get_secret_value()}
        delegated = (
            service_account.Credentials.from_service_account_info(info).with_scopes(scopes).with_subject(subject)
        )
    except ValueError as error:
        raise Misconfigured(
            f"The private key that `service_account` of accounts.{context.account} names cannot be used.",
            "Make a new JSON key at https://console.cloud.google.com/iam-admin/serviceaccounts, "
            f"then type: syncd auth {context.account}",
        ) from error
    door = _Door(context, key, scopes)

    def renew(_stale: str) -> tuple[str, datetime]:
        delegated.refresh(door)
        return delegated.token, delegated.expiry.replace(tzinfo=UTC)

    return renew


def _advice(said: str) -> str:
    """What to do about an invalid_grant, by the words that Google puts beside it."""
    if "timeframe" in said:
        return "Look whether the clock of this machine is right"
    if "Signature" in said or "account not found" in said:
        return (
            "Its key or the service account is gone: make a new JSON key at "
            "https://console.cloud.google.com/iam-admin/serviceaccounts"
        )
    return "Look whether `subject` names a user of your Workspace"


@dataclass(frozen=True, slots=True)
class _Said(google.auth.transport.Response):
    """An answer as google.auth wants to see it."""

    data: bytes
    status: int = HTTPStatus.OK

    @property
    def headers(self) -> Mapping[str, str]:
        return {}


class _Door(google.auth.transport.Request):
    """How google.auth reaches the token endpoint: through ours, so that it neither waits nor repeats by itself."""

    def __init__(self, context: Context, key: ServiceAccount, scopes: tuple[str, ...]) -> None:
        self._context = context
        self._key = key
        self._scopes = scopes

    def __call__(
        self,
        url: str,
        method: str = "POST",  # noqa: ARG002 - a token endpoint knows no other
        body: bytes = b"",
        headers: object = None,  # noqa: ARG002 - ours say the same
        timeout: object = None,  # noqa: ARG002 - ours is set
        **_: object,
    ) -> _Said:
        try:
            return _Said(post(url, body, self._context, what="to let the service account in", admit=self._admission))
        except GrantOverError as error:
            raise AuthRequired(
                f"Google does not let the service account of {self._context.account} act for this address ({error}).",
                f"{_advice(str(error))}, then type: syncd auth {self._context.account}",
            ) from error

    @property
    def _admission(self) -> str:
        """What the administrator has to do."""
        return (
            "In the Admin console (Security, Access and data control, API controls, Manage domain-wide delegation) "
            f"add the client ID {self._key.client_id} with exactly these scopes: {','.join(self._scopes)}. "
            f"Then type: syncd auth {self._context.account}"
        )

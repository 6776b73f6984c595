"""By whose leave syncd asks Google: the owner's own Desktop client, or a Workspace service account.

Both come from the console as JSON files; what is not one of the two is refused with the step that makes one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from syncd.errors import Misconfigured

if TYPE_CHECKING:
    from syncd.connector import Context, SecretRef

CLIENTS: Final = "https://console.cloud.google.com/auth/clients"

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def require_protection(url: str) -> str:
    """`url`, when it is https, or http on this machine. Raises ValueError with the sentence."""
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        return url
    raise ValueError("it has to begin with https://, or with http:// on this machine")


class Client(BaseModel):
    """A Desktop client: what stands under "installed" in the JSON file of the console."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    auth_uri: str
    token_uri: str

    @field_validator("auth_uri", "token_uri")
    @classmethod
    def _require_protection(cls, value: str) -> str:
        return require_protection(value)

    @property
    def revoke_uri(self) -> str:
        """Where a sign-in is taken back: beside the token endpoint."""
        parts = urlsplit(self.token_uri)
        return parts._replace(path=f"{parts.path.rpartition('/')[0]}/revoke").geturl()


class _ClientFile(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    installed: Client


class _AnyFile(BaseModel):
    """Which kind of JSON file of the console it is."""

    model_config = ConfigDict(hide_input_in_errors=True)

    web: object = None
    type: str = ""


class ServiceAccount(BaseModel):
    """A service account's key, as the console gives it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    type: str = Field(pattern="^service_account$")
    client_id: str = ""
    client_email: str = Field(min_length=1)
    private_key_id: str = ""
    private_key: SecretStr
    token_uri: str

    @field_validator("token_uri")
    @classmethod
    def _require_protection(cls, value: str) -> str:
        return require_protection(value)


def read_client(reference: SecretRef, context: Context) -> Client:
    """The Desktop client that `reference` leads to.

    Raises Misconfigured when it is something else, AuthRequired when it cannot be read.
    """
    text = context.secret(reference)
    try:
        return _ClientFile.model_validate_json(text).installed
    except ValidationError as error:
        raise Misconfigured(
            f"What `client` of accounts.{context.account} names is {_kind(text)}, not a Desktop client of Google.",
            f'Make a client of the type "Desktop app" at {CLIENTS}, download its JSON file, '
            f"let `client` name that file, then type: syncd auth {context.account}",
        ) from error


def is_missing(reference: SecretRef) -> bool:
    """Whether it names a file that is not there (yet)."""
    return reference.file is not None and not Path(reference.file).expanduser().exists()


def read_service_account(reference: SecretRef, context: Context) -> ServiceAccount:
    """The key that `reference` leads to.

    Raises Misconfigured when it is something else, AuthRequired when it cannot be read.
    """
    text = context.secret(reference)
    try:
        return ServiceAccount.model_validate_json(text)
    except ValidationError as error:
        raise Misconfigured(
            f"What `service_account` of accounts.{context.account} names is {_kind(text)}, "
            "not the key of a service account.",
            "Make a JSON key for the service account at https://console.cloud.google.com/iam-admin/serviceaccounts, "
            f"let `service_account` name that file, then type: syncd auth {context.account}",
        ) from error


def _kind(text: str) -> str:
    try:
        found = _AnyFile.model_validate_json(text)
    except ValidationError:
        return "no JSON file of Google's console"
    if found.web is not None:
        return "a Web client"
    if found.type == "service_account":
        return "the key of a service account"
    return "something else"

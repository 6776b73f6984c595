"""Whose Microsoft account it is, in which cloud, and through which app registration.

Sign-in, data and permissions of one cloud belong together; what cannot be safe or cannot work is refused here.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from syncd.connector import ConnectorOptions, Server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x20]*$")]
Guid = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, pattern=r"^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
    ),
]
CloudName = Literal["global", "usgov", "dod", "china"]

ANYBODY: Final = frozenset({"common", "organizations", "consumers"})
"""Names of tenants that stand for many."""

PERSONAL_TENANT: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal accounts (learn.microsoft.com, id-token-claims-reference, `tid`)."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """One of Microsoft's clouds: where to sign in, where the data is, and where apps are registered."""

    authority: str
    graph: str
    portal: str


CLOUDS: Final[Mapping[CloudName, Cloud]] = {
    "global": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com", "https://entra.microsoft.com"),
    "usgov": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us", "https://entra.microsoft.us"),
    "dod": Cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://entra.microsoft.us"),
    "china": Cloud(
        "https://login.partner.microsoftonline.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://entra.microsoftonline.cn",
    ),
}
"""Source: learn.microsoft.com/graph/deployments, "service root endpoints"; usgov is L4 (GCC High), dod is L5."""


class MicrosoftOptions(ConnectorOptions):
    """What both Outlook connectors are told of an account."""

    address: Text = Field(description="the mailbox's address; it is one of yours")
    username: Text | None = Field(None, description="the name you sign in with, when it is not the address")
    client_id: Guid = Field(description="the application (client) id of your own app registration")
    tenant: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", to_lower=True)] = Field(
        "common",
        description='who may sign in: "common", "organizations", "consumers", or the id or domain of one organisation',
    )
    cloud: CloudName = Field("global", description="the national cloud of the organisation")
    authority: str | None = Field(None, description="another address to sign in at, instead of the cloud's (https)")
    graph: str | None = Field(None, description="another address of Microsoft Graph, instead of the cloud's (https)")

    def own_addresses(self) -> tuple[str, ...]:
        """The mailbox's address, and the name to sign in with where that is an address."""
        return tuple(dict.fromkeys(name for name in (self.address, self.user) if "@" in name))

    def servers(self) -> tuple[Server, ...]:
        """Where one signs in, and where the data is."""
        return Server.at(self.sign_in_at), Server.at(self.graph_root)

    @field_validator("authority")
    @classmethod
    def _require_https(cls, value: str | None) -> str | None:
        return None if value is None else _origin(value, loopback=False)

    @field_validator("graph")
    @classmethod
    def _require_https_or_this_machine(cls, value: str | None) -> str | None:
        return None if value is None else _origin(value, loopback=True)

    @property
    def user(self) -> str:
        """The name to sign in with."""
        return self.username or self.address

    @property
    def sign_in_at(self) -> str:
        """The origin to sign in at, and nothing behind it."""
        return self.authority or CLOUDS[self.cloud].authority

    @property
    def graph_root(self) -> str:
        """The origin of Microsoft Graph, and nothing behind it."""
        return self.graph or CLOUDS[self.cloud].graph

    def scope(self, name: str) -> str:
        """The full name of a permission in this cloud, as in `https://graph.microsoft.com/Mail.ReadBasic`."""
        return f"{CLOUDS[self.cloud].graph}/{name}"


def _origin(value: str, *, loopback: bool) -> str:
    """Scheme, host and port of an address. Raises ValueError, with the sentence to show."""
    try:
        parts = urlsplit(value.strip())
        port = parts.port
    except ValueError as error:
        raise ValueError("this is not an address; write it like https://graph.microsoft.com") from error
    if not _is_safe(parts, loopback=loopback):
        also = ", or http:// to this machine" if loopback else ""
        raise ValueError(f"a sign-in travels there, so the address has to begin with https://{also}")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("write only scheme, host and port, like https://graph.microsoft.com")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _is_safe(parts: SplitResult, *, loopback: bool) -> bool:
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and _is_this_machine(parts.hostname))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"

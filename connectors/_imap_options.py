"""What a configuration file may say about an IMAP account; a setting that cannot be safe is refused here."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from syncd.connector import ConnectorOptions, SecretRef, Server

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x1f]*$")]

_PORTS = {"implicit": 993, "starttls": 143, "none": 143}


class ImapOptions(ConnectorOptions):
    """Where the mailbox is, how to get in, and what of it to read."""

    address: Text = Field(description="the mailbox's address; it is one of yours")
    username: Text | None = Field(None, description="the name to sign in with; default: the address")
    host: Text = Field(description="the IMAP server")
    tls: Literal["implicit", "starttls", "none"] = Field(
        "implicit", description='how the connection is protected; "none" is only for a server on this machine'
    )
    port: int = Field(
        default_factory=lambda data: _PORTS[data.get("tls", "implicit")],
        ge=1,
        le=65535,
        description="993 with implicit TLS, else 143",
    )
    password: SecretRef | None = Field(None, description="where the password can be found")
    token: SecretRef | None = Field(
        None, description="where an OAuth access token can be found, in place of a password"
    )
    folders: tuple[Text, ...] = Field((), description="only these folders; empty: all but drafts, junk and trash")
    sent: tuple[Text, ...] = Field((), description="the folders of sent mail, when they are not recognised")
    ca_file: Path | None = Field(None, description="certificates of a private authority, in PEM")

    @field_validator("tls")
    @classmethod
    def _refuse_the_clear(cls, value: str, info: ValidationInfo) -> str:
        if value == "none" and not _is_this_machine(str(info.data.get("host", "localhost"))):
            raise ValueError('tls = "none" is only for a server on this machine; use "implicit" or "starttls"')
        return value

    @model_validator(mode="after")
    def _require_one_secret(self) -> ImapOptions:
        if (self.password is None) == (self.token is None):
            raise ValueError("name either password or token, and where it can be found")
        return self

    @property
    def user(self) -> str:
        """The name to sign in with."""
        return self.username or self.address

    @property
    def secret(self) -> SecretRef:
        """Where the password or the token can be found."""
        secret = self.token or self.password
        if secret is None:
            raise ValueError("the validator requires one of both")
        return secret

    def own_addresses(self) -> tuple[str, ...]:
        """The mailbox's address, and the name to sign in with where that is an address."""
        return tuple(dict.fromkeys(name for name in (self.address, self.user) if "@" in name))

    def servers(self) -> tuple[Server, ...]:
        """The IMAP server."""
        return (Server(self.host, self.port, "imap", self.tls, self.ca_file),)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")

"""How the digest travels, as the file says it: the table [digest.send].

Each way of sending has keys of its own; one that means nothing to the chosen way is refused. What a way cannot do
without is asked for in `references.py`.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, StrictInt, ValidationInfo, field_validator

from syncd.config.tables import Table
from syncd.config.values import Address, Text
from syncd.connector import SecretRef

_PORTS = {"implicit": 465, "starttls": 587, "none": 25}
_ONLY_FOR = {
    **dict.fromkeys(("host", "port", "tls", "username", "password"), "smtp"),
    "command": "sendmail",
    "path": "maildir",
    **dict.fromkeys(("account", "folder"), "place"),
}


class SendSettings(Table):
    """How the digest travels. Connectors' rule of thumb holds: no plain text except on this machine."""

    via: Literal["place", "smtp", "sendmail", "maildir", "stdout"] = Field(
        "sendmail", description="how the digest is handed over"
    )
    account: Text = Field("", description="the account whose mailbox it is put into")
    folder: Text = Field("INBOX", description="the folder of that mailbox")
    host: Text = Field("", description="the SMTP server")
    tls: Literal["implicit", "starttls", "none"] = Field(
        "implicit", description='"none" only towards this very machine'
    )
    port: StrictInt = Field(
        default_factory=lambda data: _PORTS[data.get("tls", "implicit")], ge=1, le=65535,
        description="465 with implicit TLS, 587 with starttls, 25 with none",
    )  # fmt: skip
    username: Text = Field("", description="to sign in with at the SMTP server")
    password: SecretRef | None = Field(None, description="where the password can be found")
    command: tuple[Text, ...] = Field(
        ("/usr/sbin/sendmail", "-i"), min_length=1, description="the sendmail command; recipients are added to it"
    )
    path: Path | None = Field(None, description="the Maildir to put the digest in")
    sender: Address = Field("", alias="from", description="the From; default: digest.to")

    @field_validator(*_ONLY_FOR)
    @classmethod
    def _belongs_to_the_way(cls, value: object, info: ValidationInfo) -> object:
        key = str(info.field_name)
        if "via" in info.data and not used_by(info.data["via"], key):
            raise ValueError(f'{key} is only for via = "{_ONLY_FOR[key]}"')
        if key == "tls" and value == "none" and not is_loopback(info.data.get("host", "localhost")):
            raise ValueError('tls = "none" is only for a server on this machine; use "implicit" or "starttls"')
        return value


def used_by(via: str, key: str) -> bool:
    """Whether a key of [digest.send] means anything to this way of sending."""
    return _ONLY_FOR.get(key, via) == via


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

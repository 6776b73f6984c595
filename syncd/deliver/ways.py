"""The way of handing over that the owner chose in [digest.send], but for their own mailbox, which a connector opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.config.sending import is_loopback
from syncd.deliver.maildir import Maildir, Stdout
from syncd.deliver.sendmail import Sendmail
from syncd.deliver.smtp import Smtp
from syncd.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.config import SendSettings
    from syncd.connector import SecretRef
    from syncd.deliver.transport import Transport


def transport_for(send: SendSettings, secret: Callable[[SecretRef], str]) -> Transport:
    """The transport that [digest.send] names; its secret is resolved now, nothing else is touched.

    Raises DeliveryError when the settings cannot work, AuthRequired when the secret cannot be had.
    """
    match send.via:
        case "smtp":
            if send.tls == "none" and not is_loopback(send.host):
                raise DeliveryError(
                    f"{send.host} would be spoken to in plain text, and it is not this machine.",
                    'Set digest.send.tls to "implicit" or "starttls", then type: syncd config check',
                )
            password = secret(send.password) if send.password else ""
            return Smtp(send.host, send.port, send.tls, send.username, password, send.sender)
        case "sendmail":
            return Sendmail(send.command, send.sender)
        case "maildir" if send.path:
            return Maildir(send.path)
        case "stdout":
            return Stdout()
    missing = {"maildir": "path", "place": "account"}[send.via]
    raise DeliveryError(
        f'via = "{send.via}" needs digest.send.{missing}.', "Name it there, then type: syncd config check"
    )

"""A digest as a mail: multipart/alternative, the same bytes for the same digest, on every machine.

The headers say that a machine wrote it (RFC 3834), that nobody should answer it by machine, and which list it is of
(RFC 2919), so that our own connectors and other people's filters know it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd.connector import DIGEST_LIST_ID
from syncd.errors import DeliveryError
from syncd.model import Letter

if TYPE_CHECKING:
    from datetime import date

    from syncd.model import Digest
    from syncd.pipeline.policy import Policy
    from syncd.render.page import Page

_WIRE = compat32.clone(linesep="\r\n", max_line_length=None)
_NAME = "syncd"
_MAILBOX = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~][\w!#$%&'*+/=?^`{|}~.-]*@[a-z0-9-]+(\.[a-z0-9-]+)*", re.ASCII | re.IGNORECASE
)
"""An unquoted mailbox (RFC 5321 section 4.1.2) that no command takes for an option."""


def seal(page: Page, digest: Digest, policy: Policy, key: bytes, sender: str, bodies: tuple[str, str]) -> Letter:
    """The letter whose parts are `bodies` (text, HTML). Raises DeliveryError when an address cannot be mailed to."""
    to = mailbox(policy.digest.to, "digest.to")
    message = MIMEMultipart("alternative", _boundary(key, digest.day), policy=_WIRE)
    message["From"] = f"{_NAME} <{mailbox(sender, 'digest.send.sender') if sender else to}>"
    message["To"] = to
    charset = "us-ascii" if page.subject.isascii() else "utf-8"
    message["Subject"] = Header(page.subject, charset, maxlinelen=76, header_name="Subject").encode(linesep="\r\n")
    message["Date"] = format_datetime(_written(digest, policy))
    message["Message-ID"] = message_id(key, digest.day)
    message["List-Id"] = f"syncd digest <{DIGEST_LIST_ID}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = page.language
    quoted = Charset("utf-8")
    quoted.body_encoding = QP
    for body, kind in zip(bodies, ("plain", "html"), strict=True):
        part = MIMENonMultipart("text", kind, policy=_WIRE)
        part.set_payload(body, quoted)
        del part["MIME-Version"]
        message.attach(part)
    return Letter(digest.day, message["Message-ID"], to, message.as_bytes())


def message_id(key: bytes, day: date) -> str:
    """The one Message-ID of a day's digest: HMAC-SHA256 of the ISO day, so nobody without `key` can foretell it."""
    return f"<{_stamp(key, day.isoformat())}@{DIGEST_LIST_ID}>"


def mailbox(address: str, setting: str) -> str:
    """A bare address that may stand in a header and an envelope; its domain as an A-label (RFC 5890).

    Raises DeliveryError that names `setting` when it is none, or needs SMTPUTF8.
    """
    local, _, domain = address.strip().rpartition("@")
    try:
        bare = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        bare = ""
    if not _MAILBOX.fullmatch(bare):
        raise DeliveryError(
            f"{setting} is {address!r}, which is not an address that mail can be sent to.",
            f"Correct {setting}, then type: syncd config check",
        )
    return bare


def _written(digest: Digest, policy: Policy) -> datetime:
    """When the digest was written, in the owner's zone: its day's hour unless it says otherwise."""
    zone = ZoneInfo(policy.me.time_zone)
    if digest.generated:
        return digest.generated.astimezone(zone).replace(microsecond=0)
    return datetime.combine(digest.day, policy.digest.at, zone)


def _boundary(key: bytes, day: date) -> str:
    return f"={_stamp(key, f'boundary {day.isoformat()}')[:24]}="


def _stamp(key: bytes, text: str) -> str:
    """32 letters and digits: HMAC-SHA256 cut to 160 bits (RFC 2104 section 5).

    It is keyed, so that a body can no more foresee the boundary than a stranger the Message-ID.
    """
    return b32encode(hmac.digest(key, text.encode(), hashlib.sha256)[:20]).decode("ascii").lower()

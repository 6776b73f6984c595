"""One message as Gmail's API shows it (format=metadata) becomes a header block, and that an observation.

So a mail says the same through every door. Nothing that a stranger wrote into a header can add another one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors._gmail_queue import Times
from connectors._mail import read_message

if TYPE_CHECKING:
    from syncd.connector import Context
    from syncd.model import Message, Unreadable

FIELDS: Final = "id,labelIds,internalDate,payload/headers"
"""What is asked of a message: no snippet, which is a piece of its body, and nothing else that nobody reads."""

NOT_MAIL: Final = frozenset({"CHAT"})
NOT_YET: Final = frozenset({"DRAFT", "SPAM", "TRASH"})
"""What bears such a label is not mail between people, or not for now: it may be sent, or taken out again."""

LEFT_OUT: Final = NOT_MAIL | NOT_YET
"""Labels whose messages are not reported."""

_NAME: Final = re.compile(r"[!-9;-~]+")
_BREAKS: Final = str.maketrans("\r\n\0", "   ")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST: Final = 4_102_444_800_000
"""Milliseconds until the year 2100; what claims to arrive later has no date."""


class _Header(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str = ""
    value: str = ""


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore")

    headers: list[_Header] = []


class Metadata(BaseModel):
    """A message of users.messages.get; only what is read here."""

    model_config = ConfigDict(extra="ignore")

    id: str
    labelIds: list[str] = []  # noqa: N815 - the field's name in the API
    internalDate: int | None = None  # noqa: N815 - likewise
    payload: _Payload = _Payload()

    @property
    def arrived(self) -> datetime | None:
        """When Google accepted it, in UTC; None when it does not say, or says nonsense."""
        if self.internalDate is None or not 0 < self.internalDate < _MOST:
            return None
        return _EPOCH + timedelta(milliseconds=self.internalDate)

    @property
    def is_mail(self) -> bool:
        """False for what will never be mail, a chat."""
        return NOT_MAIL.isdisjoint(self.labelIds)

    @property
    def is_left_out(self) -> bool:
        """Whether it is not reported as its labels are now."""
        return not LEFT_OUT.isdisjoint(self.labelIds)

    def times(self, message: Message) -> Times:
        """When it was sent and when it arrived."""
        sent = message.at.timestamp()
        return Times(int(sent), int(self.arrived.timestamp() if self.arrived else sent))


def parse(body: bytes) -> Metadata | None:
    """What users.messages.get answered; None when that is not a message."""
    try:
        return Metadata.model_validate_json(body)
    except ValidationError:
        return None


def observe(remote_id: str, shown: Metadata, context: Context) -> Message | Unreadable | None:
    """What a message shows; None for our own digest. Never raises."""
    return read_message(
        remote_id,
        header_block(shown),
        shown.arrived,
        sent="SENT" in shown.labelIds,
        subjects=context.subjects,
        now=context.now(),
    )


def header_block(shown: Metadata) -> bytes:
    """The header fields as RFC 5322 writes them, one to a line; a line break inside a value is a space."""
    lines = [
        f"{header.name}: {header.value if header.value.isprintable() else header.value.translate(_BREAKS)}"
        for header in shown.payload.headers
        if _NAME.fullmatch(header.name)
    ]
    return "\n".join(lines).encode("utf-8", "replace")

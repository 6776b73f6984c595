"""A message as Microsoft Graph shows it becomes the header block it came from, and is read like every other mail.

Who took part is taken from Graph's own fields alone; internetMessageHeaders, which sent items lack and which may leave
out From and To, only say what kind of message it is and what it answers.
"""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connectors._mail import FIELDS, read_message
from connectors._mail_dates import parse_date
from syncd.model import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from syncd.connector import Context
    from syncd.model import Message

Row = dict[str, object]
"""One item of a page, as JSON has it."""

HEADERS: Final = "internetMessageHeaders"

_FIELDS: Final = (
    "internetMessageId", HEADERS, "from", "sender", "replyTo", "toRecipients", "ccRecipients",
    "bccRecipients", "sentDateTime", "receivedDateTime", "isDraft",
)  # fmt: skip

_EVENT: Final = "#microsoft.graph.eventMessage"
_METHODS: Final = {f"{_EVENT}Request": "; method=REQUEST", f"{_EVENT}Response": "; method=REPLY"}

_STRUCTURED: Final = frozenset({"message-id", "date", "from", "to", "cc", "bcc", "subject", "sender", "reply-to"})
_TELLING: Final = {name.lower(): name for name in FIELDS if name.lower() not in _STRUCTURED}
_BREAKS: Final = dict.fromkeys((*range(32), 0x7F, 0x85, 0x2028, 0x2029), " ")
_UNQUOTABLE: Final = {**_BREAKS, ord('"'): None, ord("\\"): None}
_ADDRESS: Final = re.compile(r'[^\s<>(),;:"\\]+@[^\s<>(),;:"\\@]+')
"""Exchange also gives X.500 names, empty ones, and whatever somebody typed: no addresses."""


class _Address(BaseModel):
    name: str | None = None
    address: str | None = None


class _Recipient(BaseModel):
    emailAddress: _Address | None = None  # noqa: N815 - the field's name in the API, here and below

    def written(self) -> str:
        """The mailbox as RFC 5322 writes it; empty when there is no address."""
        if self.emailAddress is None:
            return ""
        address = (self.emailAddress.address or "").strip()
        if not _ADDRESS.fullmatch(address):
            return ""
        name = (self.emailAddress.name or "").translate(_UNQUOTABLE).strip()
        return f'"{name}" <{address}>' if name else address


class _Header(BaseModel):
    name: str = ""
    value: str = ""


class _Item(BaseModel):
    """What is read of a message (learn.microsoft.com/graph/api/resources/message)."""

    model_config = ConfigDict(hide_input_in_errors=True)

    id: str = Field(min_length=1)
    type: str = Field("", alias="@odata.type")
    isDraft: bool | None = None  # noqa: N815
    internetMessageId: str | None = None  # noqa: N815
    sentDateTime: str | None = None  # noqa: N815
    receivedDateTime: str | None = None  # noqa: N815
    subject: str | None = None
    origin: _Recipient | None = Field(None, alias="from")
    sender: _Recipient | None = None
    replyTo: list[_Recipient | None] | None = None  # noqa: N815
    toRecipients: list[_Recipient | None] | None = None  # noqa: N815
    ccRecipients: list[_Recipient | None] | None = None  # noqa: N815
    bccRecipients: list[_Recipient | None] | None = None  # noqa: N815
    internetMessageHeaders: list[_Header | None] | None = None  # noqa: N815

    @field_validator("internetMessageHeaders", mode="before")
    @classmethod
    def _keep_what_is_read(cls, value: object) -> object:
        """The headers that say what kind of message it is; all others are let go unread."""
        if not isinstance(value, list):
            return value
        return [each for each in value if not isinstance(each, dict) or str(each.get("name")).lower() in _TELLING]


def selection(*, subjects: bool) -> str:
    """The $select of everything that is read of a message, and nothing else."""
    return ",".join((*_FIELDS, "subject") if subjects else _FIELDS)


def identifier(row: object) -> str:
    """The id of an item; empty when it has none."""
    found = row.get("id") if isinstance(row, dict) else None
    return found if isinstance(found, str) else ""


def is_partial(row: object) -> bool:
    """Whether an item says only what changed of it, as change tracking may (graph-docs issue 7776)."""
    return bool(identifier(row)) and isinstance(row, dict) and not row.keys() & {"receivedDateTime", "sentDateTime"}


def received(row: object) -> datetime | None:
    """When an item arrived, in UTC; None when it does not say."""
    found = row.get("receivedDateTime") if isinstance(row, dict) else None
    return parse_date(found) if isinstance(found, str) else None


def observe(row: object, folder: str, context: Context, *, sent: bool) -> Message | Unreadable | None:
    """What an item of a folder shows; None for a draft, and for our own digest. Never raises."""
    try:
        item = _Item.model_validate(row)
    except ValidationError as error:
        told = json.dumps(row, sort_keys=True, default=str).encode("utf-8", "replace")
        name = identifier(row) or f"{folder}/{blake2b(told, digest_size=8).hexdigest()}"
        where = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"]))
        return Unreadable(name, f"Microsoft Graph shows no message there (its {where or 'whole'} cannot be read).")
    if item.isDraft:
        return None
    return read_message(
        item.id,
        "\n".join(_lines(item, subjects=context.subjects)).encode("utf-8", "replace"),
        parse_date(item.receivedDateTime or ""),
        sent=sent,
        subjects=context.subjects,
        now=context.now(),
    )


def _lines(item: _Item, *, subjects: bool) -> Iterator[str]:
    """The header block, line by line."""
    structured = {
        "Message-ID": _line(item.internetMessageId),
        "Date": _line(item.sentDateTime),
        "Subject": _line(item.subject) if subjects else "",
        "From": _mailboxes([item.origin]),
        "Sender": _mailboxes([item.sender]),
        "Reply-To": _mailboxes(item.replyTo),
        "To": _mailboxes(item.toRecipients),
        "Cc": _mailboxes(item.ccRecipients),
        "Bcc": _mailboxes(item.bccRecipients),
    }
    yield from (f"{name}: {value}" for name, value in structured.items() if value)
    is_event = item.type.startswith(_EVENT)
    if is_event:
        yield f"Content-Type: text/calendar{_METHODS.get(item.type, '')}"
    for header in item.internetMessageHeaders or ():
        name = _TELLING.get(header.name.lower()) if header else None
        if header and name and not (is_event and name == "Content-Type"):
            yield f"{name}: {_line(header.value)}"


def _line(value: str | None) -> str:
    return (value or "").translate(_BREAKS)


def _mailboxes(recipients: Sequence[_Recipient | None] | None) -> str:
    written = [recipient.written() for recipient in recipients or () if recipient]
    return ", ".join(filter(None, written))

"""A message's header block becomes a `Message`: what every mail connector shares.

The block is split here, not by `email.parser`, which costs five times as much per message and loses raw eight-bit
names. A hostile message becomes `Unreadable`; nothing raises.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors._mail_addresses import reader
from connectors._mail_dates import sent_at
from connectors._mail_signals import signals_of
from connectors._mail_words import decode_bytes, decode_words, first_identifier, tidy
from syncd.connector import DIGEST_LIST_ID
from syncd.model import Message, Participant, Role, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FIELDS: Final = (
    "Message-ID", "In-Reply-To", "References", "Date", "From", "To", "Cc", "Bcc", "Subject", "Sender", "Reply-To",
    "Delivered-To", "X-Original-To", "Envelope-To", "Return-Path", "Content-Type", "Content-Class", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond", "Precedence", "List-Id", "List-Post",
    "List-Unsubscribe", "Feedback-ID", "X-Failed-Recipients", "X-Original-From", "X-Original-Sender",
    "X-Original-Message-ID", "X-Microsoft-Original-Message-ID", "X-Google-Original-Message-ID",
)  # fmt: skip
"""The header fields that are read, and no others, whatever else a header block holds."""

LONGEST_HEADER: Final = 1 << 19
LONGEST_SUBJECT: Final = 500

_SENDERS, _TO, _CC, _BCC = map(reader, (Role.FROM, Role.TO, Role.CC, Role.BCC))
_KNOWN: Final = {
    spelling: name.lower() for name in FIELDS for spelling in (name, name.lower(), name.upper(), name.capitalize())
} | {"Message-Id": "message-id"}
"""The usual spellings of the fields that are read."""

_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n") + b"\x7f"
_FOLD: Final = re.compile(r"\n(?=[ \t])")
_FIELD: Final = re.compile(r"^([^\s:]+)[ \t]*+:[ \t]*+(.*)", re.MULTILINE)


def fields(*, subjects: bool) -> tuple[str, ...]:
    """The header fields to ask a server for; without Subject when the owner wants no subjects read."""
    return FIELDS if subjects else tuple(name for name in FIELDS if name != "Subject")


def read_message(
    remote_id: str,
    header: bytes,
    arrived: datetime | None,
    *,
    sent: bool = False,
    subjects: bool = True,
    now: datetime | None = None,
) -> Message | Unreadable | None:
    """What `header` (a raw header block, RFC 5322 section 2.2) shows of one message; None for our own digest.

    `arrived` (IMAP INTERNALDATE, an mbox separator, a file's time; UTC) stands in for a Date that cannot be believed,
    and `now`, when given, bounds both (see `sent_at`). `sent` says that the message lies in a Sent folder. Unreadable
    when there is no usable date or no address at all. Never raises.
    """
    try:
        found = _split(header)
        if DIGEST_LIST_ID in found.get("list-id", ""):
            return None
        return _read(remote_id, found, sent_at(found.get("date", ""), arrived, now), sent=sent, subjects=subjects)
    except Exception as error:  # noqa: BLE001 - promise 7: whatever a stranger wrote, the other messages are read
        return Unreadable(remote_id, f"Its header could not be read ({type(error).__name__}: {error}).")


def _split(header: bytes) -> dict[str, str]:
    """The fields that are read, by lower-case name, unfolded; repeated ones joined with a line feed."""
    end = header.find(b"\r")
    if end >= 0 and header[end + 1 : end + 2] not in b"\r\n":  # lines that end as on an old Macintosh
        header = header.replace(b"\r", b"\n")
    text = decode_bytes(header[:LONGEST_HEADER].translate(None, _CONTROLS).lstrip(b"\n\t \xef\xbb\xbf"))
    if "\n\n" in text:
        text = text.partition("\n\n")[0]
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub("", text)
    told = _FIELD.findall(text)
    found = {_KNOWN[name]: value for name, value in told if name in _KNOWN}
    if len(found) == len(told):
        return found
    found.clear()
    for name, value in told:
        key = _KNOWN.get(name) or _KNOWN.get(name.lower())
        if key:
            found[key] = f"{found[key]}\n{value}" if key in found else value
    return found


def _read(
    remote_id: str, found: Mapping[str, str], at: datetime | None, *, sent: bool, subjects: bool
) -> Message | Unreadable:
    people: tuple[Participant, ...] = ()
    if "from" in found:
        people = _SENDERS(found["from"])
    if not people and "sender" in found:
        people = _SENDERS(found["sender"])
    sender = people[0].address.lower() if people else ""
    if "to" in found:
        people += _TO(found["to"])
    if "cc" in found:
        people += _CC(found["cc"])
    if "bcc" in found:
        people += _BCC(found["bcc"])
    if not people:
        reason = "None of From, To and Cc holds an address." if found else "There is no header that could be read."
        return Unreadable(remote_id, reason)
    if at is None:
        date = tidy(found.get("date", ""), 80)
        return Unreadable(remote_id, f"Its date {date!r} cannot be believed." if date else "It carries no date.")
    subject = found["subject"].partition("\n")[0] if subjects and "subject" in found else ""
    return Message(
        remote_id,
        at,
        people,
        first_identifier(found["message-id"]) if "message-id" in found else "",
        _parent(found),
        signals_of(found, sender, sent),
        tidy(decode_words(subject), LONGEST_SUBJECT) if subject else "",
    )


def _parent(found: Mapping[str, str]) -> str:
    """The message this one answers: In-Reply-To, else the last of References (RFC 5322 section 3.6.4)."""
    parent = first_identifier(found["in-reply-to"]) if "in-reply-to" in found else ""
    if parent or "references" not in found:
        return parent
    last = found["references"].rpartition("<")
    return first_identifier(last[1] + last[2]) if last[1] else ""

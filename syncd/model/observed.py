"""What a source showed: messages, meetings, and records that are gone or could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Role(StrEnum):
    """Why an address stands in a record (RFC 5322 section 3.6.3, RFC 5545 section 3.8.4)."""

    FROM = "from"
    TO = "to"
    CC = "cc"
    BCC = "bcc"
    ORGANIZER = "organizer"
    ATTENDEE = "attendee"


class Response(StrEnum):
    """What an attendee answered (RFC 5545 PARTSTAT)."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    NEEDS_ACTION = "needs-action"


@dataclass(frozen=True, slots=True)
class Participant:
    """One address in one record, as the source wrote it (decoded, trimmed, not yet normalized)."""

    address: str
    name: str
    role: Role
    response: Response | None = None


class SignalName(StrEnum):
    """The header fields, and the one folder role, that tell a person from a machine.

    A connector reports them only when they are there and say something (an ordinary Content-Type is not reported).
    """

    AUTO_SUBMITTED = "auto-submitted"
    AUTO_RESPONSE_SUPPRESS = "x-auto-response-suppress"
    AUTOREPLY = "x-autoreply"
    CALENDAR = "calendar"  # a text/calendar part, or Content-Class: calendarmessage; value: the method, if known
    CONTENT_TYPE = "content-type"  # only multipart/report; value: its report-type
    DELIVERED_TO = "delivered-to"
    FAILED_RECIPIENTS = "x-failed-recipients"
    FEEDBACK_ID = "feedback-id"
    FOLDER = "folder"  # the role of the folder it lies in, only "sent"
    LIST_ID = "list-id"  # the identifier between the angle brackets
    LIST_POST = "list-post"  # the address of the mailto: link
    LIST_UNSUBSCRIBE = "list-unsubscribe"
    ORIGINAL_FROM = "x-original-from"  # also X-Original-Sender
    ORIGINAL_ID = "original-message-id"  # X-Microsoft-, X-Google-, X-Original-Message-ID; one signal each
    PRECEDENCE = "precedence"
    REPLY_TO = "reply-to"  # the first address, only when it differs from From
    RETURN_PATH = "return-path"  # "<>" (null sender), or an address other than From's where no field of a list stands
    SENDER = "sender"  # the address, only when it differs from From


@dataclass(frozen=True, slots=True)
class Signal:
    """One header field that speaks about the kind of a message; the value trimmed and unfolded."""

    name: SignalName
    value: str


@dataclass(frozen=True, slots=True)
class Message:
    """What a mailbox showed of one message; never a body."""

    remote_id: str
    at: datetime
    participants: tuple[Participant, ...]
    message_id: str = ""
    in_reply_to: str = ""
    signals: tuple[Signal, ...] = ()
    subject: str = ""


class MeetingStatus(StrEnum):
    """RFC 5545 STATUS of an event."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Meeting:
    """One occurrence of an event.

    `recurrence_id` is the occurrence's *original* start (ISO 8601 UTC instant, or a date for all-day ones), and empty
    for an event that does not recur; it stays when the occurrence moves.
    """

    remote_id: str
    start: datetime
    end: datetime
    participants: tuple[Participant, ...]
    uid: str
    recurrence_id: str = ""
    status: MeetingStatus = MeetingStatus.CONFIRMED
    title: str = ""
    all_day: bool = False
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Removal:
    """The record is gone at the source, and what it said no longer holds."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that could not be read: a value, not an exception."""

    remote_id: str
    reason: str


Observation = Message | Meeting | Removal | Unreadable


@dataclass(frozen=True, slots=True)
class Keys:
    """What a fact may share with other copies of the same exchange, as 63-bit hashes; 0 shares nothing.

    `key` is the identity its source gave it, `content` who wrote what to whom on which day (UTC).
    """

    key: int
    content: int


@dataclass(frozen=True, slots=True)
class Fact:
    """An observation, the account that made it, and its keys where they are known already."""

    account: str
    observation: Message | Meeting
    keys: Keys | None = None

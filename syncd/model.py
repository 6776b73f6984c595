"""The vocabulary: what a source showed, what was concluded from it, what will be mailed.

Every noun is a frozen, slotted dataclass; sequences are tuples; every datetime is aware UTC.
Imports only the standard library, so that any room may import it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

# --------------------------------------------------------------------------- what a source showed


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
    RETURN_PATH = "return-path"  # only the null sender, value "<>"
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
class Fact:
    """An observation, and the account that made it."""

    account: str
    observation: Message | Meeting


# --------------------------------------------------------------------------- what was concluded


class VerdictKind(StrEnum):
    """Who or what is speaking in a record."""

    HUMAN = "human"
    LIST = "list"  # a person, through a mailing list, not to me directly
    BULK = "bulk"
    AUTOMATED = "automated"
    CALENDAR = "calendar"
    BOUNCE = "bounce"
    SELF = "self"
    WIDE = "wide"  # to more people than a conversation has
    DECLINED = "declined"  # a meeting that did not bring us together: declined, cancelled, nobody else in it


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind, with the sentence that explains it to the owner."""

    kind: VerdictKind
    reason: str


class InteractionKind(StrEnum):
    """The channel."""

    MAIL = "mail"
    MEETING = "meeting"
    TALK = "talk"  # the owner's word: `syncd done NAME`


class Direction(StrEnum):
    """From the owner's side."""

    IN = "in"
    OUT = "out"
    MUTUAL = "mutual"


@dataclass(frozen=True, slots=True)
class Contact:
    """The other side of an interaction: an address (normalized, literal), the name it carried there, its role."""

    address: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a fact can be found again."""

    account: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class Interaction:
    """One exchange between the owner and people, however many copies of it were seen.

    `at` is when it happened or starts, `until` when it is over (equal to `at` for mail): it counts as contact from
    `until` on. `id` is a 63-bit hash of its identity, the same in every derivation.
    """

    id: int
    kind: InteractionKind
    at: datetime
    until: datetime
    direction: Direction
    contacts: tuple[Contact, ...]
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    subject: str = ""
    message_id: str = ""
    in_reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Two addresses of one name that stood in one record as separate people: they are two persons."""

    interaction: int
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What reconciling concluded: these identities are void, these interactions stand in their place."""

    retired: frozenset[int]
    interactions: tuple[Interaction, ...]
    namesakes: tuple[Namesakes, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """What all interactions together say about one address.

    `human` counts those whose verdict is human or list; `names` are the display names with how often each was seen,
    most frequent first.
    """

    address: str
    names: tuple[tuple[str, int], ...]
    first: datetime
    last: datetime
    human: int


@dataclass(frozen=True, slots=True)
class Alias:
    """An address, the person it belongs to, and why."""

    address: str
    person: str
    because: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: a stable id (`p:` and eight hex digits), the best name known, every address."""

    id: str
    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identities:
    """Everybody, and for every address whose it is."""

    people: tuple[Person, ...]
    aliases: tuple[Alias, ...]


class DecisionKind(StrEnum):
    """The owner's word; it outranks every inference and survives every rebuild."""

    SAME = "same"  # object: the other address
    DIFFERENT = "different"  # object: the other address, or empty: this address stands alone
    IGNORE = "ignore"
    CIRCLE = "circle"  # object: the circle
    TAG = "tag"  # object: the tag
    SNOOZE = "snooze"  # object: the ISO date it ends on
    MUTE = "mute"
    UNMUTE = "unmute"
    TALKED = "talked"  # object: the ISO date


@dataclass(frozen=True, slots=True)
class Decision:
    """What the owner said about an address (and so about the person it belongs to), and when."""

    kind: DecisionKind
    subject: str
    object: str
    at: datetime


# --------------------------------------------------------------------------- how a tie stands


@dataclass(frozen=True, slots=True)
class Touch:
    """An interaction from the side of one person: what scoring and the digest's sentences need of it."""

    interaction: int
    at: datetime
    until: datetime
    kind: InteractionKind
    direction: Direction
    verdict: VerdictKind
    role: Role  # theirs
    subject: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    accounts: tuple[str, ...] = ()  # where copies of it were seen
    address: str = ""  # the address of theirs that stood in it (normalized, literal)


class TieState(StrEnum):
    """How a relationship stands on a given day."""

    WARM = "warm"
    COOLING = "cooling"
    COLD = "cold"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Tie:
    """The measure of one relationship on one day.

    `strength` is in 0..1; `rhythm` is the learned usual gap, None when there is too little to learn from; `p_alive` in
    0..1 is the chance that the tie is still alive; `cadence` is the gap it is held against (None: not followed).
    """

    person: str
    strength: float
    rhythm: timedelta | None
    last: datetime | None
    p_alive: float
    state: TieState
    reason: str
    sent: int = 0
    received: int = 0
    met: int = 0
    interactions: int = 0
    unanswered: int = 0  # mails of mine in a row since their last sign of life
    months_active: int = 0
    cadence: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Relationship:
    """A person, how the tie stands, and everything a digest or an explanation may say about it."""

    person: Person
    tie: Tie
    circle: str  # "" when no rule matched
    because: str  # the rule and its config line, or why nobody follows this person
    followed: bool  # two-way contact, in a circle with a cadence, not muted, not ignored
    months: tuple[int, ...]  # exchanges in each of the last twelve months, oldest first
    first: datetime | None = None
    last_touch: Touch | None = None
    last_inbound: Touch | None = None  # the last mail of theirs that was a conversation
    last_outbound: Touch | None = None  # the last mail of mine to them
    next_meeting: datetime | None = None
    former: str = ""  # the job we shared, when one of us has left it
    left_on: date | None = None  # the day that job ended
    company: str = ""
    company_since: date | None = None
    birthday: str = ""  # MM-DD or YYYY-MM-DD
    tags: tuple[str, ...] = ()
    muted: bool = False
    snoozed_until: date | None = None
    yearly: tuple[tuple[int, int], ...] = ()  # (year, exchanges)
    accounts: tuple[str, ...] = ()  # every account this person was seen in
    last_met: datetime | None = None  # the end of the last meeting or talk
    quiet_since: datetime | None = None  # since when nothing has come of it: what a gap is counted from
    new_address: str = ""  # the address they moved to lately
    new_address_since: date | None = None
    they_left: bool = False  # who left the job we shared: they, or the owner
    goodbye_on: date | None = None  # the day of their goodbye mail
    shared: Touch | None = None  # the last wide meeting both were at, if later than the last contact


@dataclass(frozen=True, slots=True)
class Appointment:
    """A meeting of today, and the people in it."""

    meeting: Interaction
    people: tuple[str, ...]


# --------------------------------------------------------------------------- what will be mailed


@dataclass(frozen=True, slots=True)
class Phrase:
    """A whole sentence by its name, with the values it holds; the renderer has it in every language."""

    code: str
    values: tuple[tuple[str, str | int | float | date | datetime], ...] = ()

    def value(self, name: str) -> str | int | float | date | datetime:
        """The value called `name`; KeyError when the phrase does not hold it."""
        return dict(self.values)[name]


class SectionKind(StrEnum):
    """The sections of a digest, in their order."""

    NOTICE = "notice"
    TODAY = "today"
    QUIET = "quiet"
    OWED = "owed"
    WEEK = "week"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a section.

    `title` is a name, a meeting's title, or empty when `why` says all. `why` says why now; `reason_to_write` is there
    only when a real one exists. `at` is the meeting's start (today) or the day (week).
    """

    title: str
    why: tuple[Phrase, ...]
    person: str = ""
    name: str = ""
    address: str = ""
    role: Phrase | None = None
    reason_to_write: Phrase | None = None
    months: tuple[int, ...] = ()
    at: datetime | date | None = None
    subject: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Entries of one kind."""

    kind: SectionKind
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Somebody or some claim that is due but not shown today, and why."""

    name: str
    person: str
    why: Phrase


class AccountStatus(StrEnum):
    """What an account is doing."""

    NEW = "new"
    OK = "ok"
    FIRST_SYNC = "first-sync"
    FAILING = "failing"
    SIGN_IN = "sign-in"
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True, slots=True)
class Source:
    """How fresh one account is: what the footer says, and what a notice is made of."""

    account: str
    connector: str
    last_sync: datetime | None
    error: str = ""
    hint: str = ""
    status: AccountStatus = AccountStatus.OK


@dataclass(frozen=True, slots=True)
class Digest:
    """What the owner is told on one day."""

    day: date
    headline: Phrase
    lead: tuple[Phrase, ...]
    sections: tuple[Section, ...]
    withheld: tuple[Withheld, ...] = ()
    sources: tuple[Source, ...] = ()
    back_on: date | None = None  # nobody shown comes back before this day
    generated: datetime | None = None

    def section(self, kind: SectionKind) -> tuple[Entry, ...]:
        """The entries of one section; empty when there is none."""
        return next((section.entries for section in self.sections if section.kind is kind), ())

    @property
    def empty(self) -> bool:
        """True when there is nothing to say: a quiet day sends nothing."""
        return not any(section.entries for section in self.sections)


# --------------------------------------------------------------------------- how a source stands


@dataclass(frozen=True, slots=True)
class Account:
    """What the store knows of one account."""

    name: str
    connector: str
    cursor: str | None
    status: AccountStatus
    last_sync: datetime | None = None  # the last pass that went through
    failing_since: datetime | None = None
    error: str = ""
    hint: str = ""
    observations: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class PageReceipt:
    """What committing one page changed."""

    new: int = 0
    changed: int = 0
    unreadable: int = 0

    def __add__(self, other: PageReceipt) -> PageReceipt:
        return PageReceipt(self.new + other.new, self.changed + other.changed, self.unreadable + other.unreadable)


class LetterState(StrEnum):
    """Where a digest stands on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Letter:
    """One digest in the outbox: the bytes that will be sent, however often it takes."""

    day: date
    message_id: str
    recipient: str
    content: bytes = field(repr=False)
    state: LetterState = LetterState.QUEUED
    attempts: int = 0
    error: str = ""

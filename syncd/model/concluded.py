"""What is concluded from facts: verdicts, interactions, who is who, and the owner's word, which outranks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from syncd.model.observed import Role


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

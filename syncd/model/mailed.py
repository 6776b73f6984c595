"""What will be mailed: phrases, entries and sections of a digest, and the letter that carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from syncd.model.sources import AccountStatus

if TYPE_CHECKING:
    from datetime import date, datetime


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


@dataclass(frozen=True, slots=True)
class Source:
    """How fresh one account is: what the footer says, and what a notice is made of."""

    account: str
    connector: str
    last_sync: datetime | None
    error: str = ""
    hint: str = ""
    status: AccountStatus = AccountStatus.OK
    failing_since: datetime | None = None
    heard: datetime | None = None  # the last sign of a reading that did not reach its end
    shows: str = ""  # "mail" when it cannot show meetings


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


class LetterState(StrEnum):
    """Where the digest of a day stands: planned -> rendered -> sending -> sent or failed; skipped when it is quiet.

    PLANNED claims the day; from RENDERED on the bytes stay the same, whatever happens.
    """

    PLANNED = "planned"
    RENDERED = "rendered"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Letter:
    """One digest in the outbox: the bytes that will be sent, however often it takes.

    `attempts` counts how often sending began, `failures` those in a row that failed, `resumed` how often a sending was
    taken up again that nobody saw the end of. Nobody tries before `retry_at`. It stands where it does since `changed`.
    """

    day: date
    message_id: str
    recipient: str
    content: bytes = field(repr=False)
    state: LetterState = LetterState.RENDERED
    attempts: int = 0
    error: str = ""
    failures: int = 0
    resumed: int = 0
    retry_at: datetime | None = None
    changed: datetime | None = None

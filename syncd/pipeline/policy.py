"""What the owner decided in the configuration file, as the pipeline reads it: values, no file, no parser.

`config.py` builds one `Policy`; its `derivation_key` says which derived tables it shapes, so that the store knows when
a changed rule calls for deriving again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta


@dataclass(frozen=True, slots=True)
class Job:
    """Where the owner worked: a domain (glob) plus dates tells a colleague from a former one."""

    name: str
    domains: tuple[str, ...]
    since: date | None = None
    until: date | None = None  # None: the present job


@dataclass(frozen=True, slots=True)
class Me:
    """The owner. `addresses` are literal addresses, globs ("*@davide.example") or regexes ("/^ceo@/")."""

    name: str = ""
    addresses: tuple[str, ...] = ()
    time_zone: str = "UTC"
    language: str = "en"
    jobs: tuple[Job, ...] = ()


@dataclass(frozen=True, slots=True)
class Circle:
    """How often is enough. `cadence` None means never: nobody in it is tracked as cold."""

    name: str
    cadence: timedelta | None
    first: timedelta | None = None  # the first note after a goodbye
    follow: bool = False  # judge by what became of such silences; at the latest after the cadence
    prefer: str = ""  # "meeting": after two unanswered mails, suggest a call


@dataclass(frozen=True, slots=True)
class When:
    """The conditions of a rule: all that are set must hold; within a tuple any one."""

    domain: tuple[str, ...] = ()
    job: tuple[str, ...] = ()  # names of jobs, or ("any",)
    former: bool | None = None
    tag: tuple[str, ...] = ()
    min_exchanges: int = 0
    min_replies_from_them: int = 0
    min_months: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Tried in order; the first that matches puts a person in its circle. `place` is file:line, for `explain`."""

    name: str
    when: When
    circle: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class PersonPolicy:
    """What the owner wrote about one person under [people.ADDRESS]."""

    address: str
    name: str = ""
    also: tuple[str, ...] = ()
    circle: str = ""
    cadence: timedelta | None = None
    mute: bool = False
    birthday: str = ""
    company: str = ""
    company_since: date | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Ignore:
    """What is not a conversation."""

    addresses: tuple[str, ...] = ("no-reply@*", "noreply@*", "notifications@*", "*@bounces.*")
    mailing_lists: bool = True
    automatic: bool = True
    mail_to_more_than: int = 8
    meetings_of_more_than: int = 12
    declined: bool = True


@dataclass(frozen=True, slots=True)
class DigestPolicy:
    """When a digest is due and how much it may say. `days` counts Monday as 0."""

    to: str = ""
    at: time = time(7, 0)
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    pause: tuple[tuple[date, date], ...] = ()
    people: int = 5
    lost: int = 1
    repeat_after: timedelta = timedelta(weeks=2)
    soon: timedelta = timedelta(days=3)
    owed_after: timedelta = timedelta(days=4)
    empty: str = "skip"
    sections: tuple[str, ...] = ("today", "quiet", "owed", "week", "lost")
    names_in_subject: bool = True


@dataclass(frozen=True, slots=True)
class Polling:
    """How often accounts are read, and between which wall-clock times of the owner's none is.

    `quiet_hours` begins at its first time and ends right before its last, which may be one of the next day.
    """

    every: timedelta = timedelta(minutes=10)
    quiet_hours: tuple[time, time] | None = None


DEFAULT_CIRCLES = (
    Circle("mentors", timedelta(weeks=6)),
    Circle("clients", timedelta(days=30.4375), prefer="meeting"),
    Circle("former-colleagues", timedelta(days=60.875), first=timedelta(weeks=4)),
    Circle("vendors", timedelta(days=91.3125)),
    Circle("friends-of-the-trade", timedelta(days=182.625), follow=True),
    Circle("colleagues", None),
)

DEFAULT_RULES = (
    Rule("mentors", When(tag=("mentor",)), "mentors", "built in"),
    Rule("people I worked with", When(job=("any",), former=True, min_exchanges=5), "former-colleagues", "built in"),
    Rule("current colleagues", When(job=("any",), former=False), "colleagues", "built in"),
    Rule(
        "anyone I really talk to",
        When(min_exchanges=6, min_replies_from_them=1, min_months=2),
        "friends-of-the-trade",
        "built in",
    ),
)


DEFAULT_GOODBYES = (
    "last day", "farewell", "moving on", "ultimo giorno", "saluti e grazie", "hari terakhir", "pamit",
)  # fmt: skip
"""Words in the subject of a mail by which somebody takes leave of a job."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the owner decided, with the defaults of a file that says nothing."""

    me: Me = field(default_factory=Me)
    circles: tuple[Circle, ...] = DEFAULT_CIRCLES
    rules: tuple[Rule, ...] = DEFAULT_RULES
    people: tuple[PersonPolicy, ...] = ()
    ignore: Ignore = field(default_factory=Ignore)
    digest: DigestPolicy = field(default_factory=DigestPolicy)
    polling: Polling = field(default_factory=Polling)
    goodbyes: tuple[str, ...] = DEFAULT_GOODBYES

    def derivation_key(self) -> str:
        """What of this policy shapes interactions; when it changes, they are derived again."""
        return repr((self.ignore, tuple(sorted(self.me.addresses)), self.me.name))

    def circle(self, name: str) -> Circle | None:
        """The circle called `name`, or None."""
        return next((circle for circle in self.circles if circle.name == name), None)

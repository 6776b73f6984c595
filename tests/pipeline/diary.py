"""An invented history with somebody, written down in one line per exchange."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING
from zlib import crc32

from syncd.model import (
    Decision,
    DecisionKind,
    Direction,
    InteractionKind,
    Person,
    Role,
    Touch,
    VerdictKind,
)
from syncd.pipeline.policy import Job, Me, Policy, Rule, When
from syncd.pipeline.relationships import know
from syncd.pipeline.silence import Owner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.model import Relationship

NOW = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
"""Tuesday, seven in the morning in Rome."""

TODAY = date(2026, 10, 6)

NORTHWIND = Job("Northwind", ("northwind.example", "*.northwind.example"), since=date(2025, 10, 13))
TOKOSAWAH = Job("Tokosawah", ("tokosawah.example",), since=date(2022, 2, 1), until=date(2025, 6, 30))

ME = Me("Davide Conti", ("davide@conti.example",), time_zone="Europe/Rome", jobs=(NORTHWIND, TOKOSAWAH))
POLICY = Policy(me=ME)

CLIENTS_ONLY = Policy(me=ME, rules=(Rule("everybody", When(), "clients", "my.toml:7"),))
"""Everybody belongs to a circle of one month."""

_numbers = count(1)


def at(day: str | date, hour: int = 8) -> datetime:
    """An hour (UTC) of a day."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def days_ago(days: float) -> datetime:
    """A moment so many days before NOW."""
    return NOW - timedelta(days=days)


def heard(
    when: str | datetime,
    subject: str = "",
    *,
    verdict: VerdictKind = VerdictKind.HUMAN,
    address: str = "",
    answers: str = "",
    role: Role = Role.FROM,
) -> Touch:
    """They wrote."""
    moment = at(when) if isinstance(when, str) else when
    return Touch(
        next(_numbers), moment, moment, InteractionKind.MAIL, Direction.IN, verdict, role,
        subject, f"{moment:%Y%m%d%H%M}@theirs.example", answers, ("mail",), address,
    )  # fmt: skip


def wrote(
    when: str | datetime,
    subject: str = "",
    *,
    role: Role = Role.TO,
    verdict: VerdictKind = VerdictKind.HUMAN,
    address: str = "",
) -> Touch:
    """I wrote."""
    moment = at(when, 9) if isinstance(when, str) else when
    return Touch(
        next(_numbers), moment, moment, InteractionKind.MAIL, Direction.OUT, verdict, role,
        subject, f"{moment:%Y%m%d%H%M}@mine.example", "", ("mail",), address,
    )  # fmt: skip


def met(
    when: str | datetime,
    title: str = "",
    *,
    verdict: VerdictKind = VerdictKind.HUMAN,
    address: str = "",
) -> Touch:
    """We met, for an hour from `when` on."""
    moment = at(when, 10) if isinstance(when, str) else when
    return Touch(
        next(_numbers), moment, moment + timedelta(hours=1), InteractionKind.MEETING, Direction.MUTUAL, verdict,
        Role.ATTENDEE, title, accounts=("calendar",), address=address,
    )  # fmt: skip


def both_wrote(first: str, last: str, every: int, address: str = "") -> list[Touch]:
    """A letter every so many days, mine and theirs in turn; mine first, theirs last when their number is even."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [
        (heard if turn % 2 else wrote)((start + timedelta(days=step)).isoformat(), address=address)
        for turn, step in enumerate(range(0, (end - start).days + 1, every))
    ]


def said(kind: DecisionKind, what: str = "", when: datetime = NOW) -> Decision:
    """My word about them."""
    return Decision(kind, "anna@rossi.example", what, when)


def person(name: str = "Anna Rossi", *addresses: str) -> Person:
    """Somebody; the address is made from the name when none is given."""
    words = name.lower().split()
    addresses = addresses or (f"{words[0]}@{words[-1]}.example",)
    return Person(f"p:{crc32(name.encode()):08x}", name, addresses)


def how_it_stands(
    touches: Sequence[Touch],
    *words: Decision,
    policy: Policy = POLICY,
    now: datetime = NOW,
    name: str = "Anna Rossi",
    addresses: tuple[str, ...] = (),
) -> Relationship:
    """What is concluded from a history with one person."""
    return know(person(name, *addresses), touches, words, policy, now).measured(Owner(), now)

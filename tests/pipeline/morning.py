"""A morning in an invented life: people as they stand, and the digest written about them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.model import (
    AccountStatus,
    Appointment,
    Direction,
    Evidence,
    Interaction,
    InteractionKind,
    SectionKind,
    Source,
    Verdict,
    VerdictKind,
)
from syncd.pipeline.digest import compose
from tests.pipeline.diary import CLIENTS_ONLY, NOW, days_ago, heard, how_it_stands, wrote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from syncd.model import Decision, Digest, Relationship, Touch
    from syncd.pipeline.policy import Policy

FRESH = (Source("mail", "imap", NOW - timedelta(minutes=8)), Source("calendar", "ics", NOW - timedelta(minutes=9)))


def letters(*days: float) -> list[Touch]:
    """A letter of theirs and my answer an hour later, so many days ago."""
    return [
        touch
        for day in sorted(days, reverse=True)
        for touch in (heard(days_ago(day)), wrote(days_ago(day) + timedelta(hours=1)))
    ]


def cold(name: str = "Anna Rossi", *words: Decision, days: float = 50, policy: Policy = CLIENTS_ONLY) -> Relationship:
    """Somebody who is due: silent for `days`, with a cadence of a month."""
    return how_it_stands(letters(days, days + 20, days + 60), *words, name=name, policy=policy)


def digest(
    *people: Relationship,
    agenda: Sequence[Appointment] = (),
    policy: Policy = CLIENTS_ONLY,
    now: datetime = NOW,
    shown: Mapping[str, date] | None = None,
    sources: Sequence[Source] = FRESH,
) -> Digest:
    """What is mailed about these people."""
    return compose(people, agenda, policy, now, shown or {}, sources)


def named(written: Digest, kind: SectionKind) -> list[str]:
    """Who stands in a section."""
    return [entry.name for entry in written.section(kind)]


def codes(written: Digest, kind: SectionKind) -> list[list[str]]:
    """The sentences of each entry of a section, by name."""
    return [[phrase.code for phrase in entry.why] for entry in written.section(kind)]


def appointment(
    *people: Relationship,
    title: str = "",
    start: timedelta = timedelta(hours=3),
    verdict: VerdictKind = VerdictKind.HUMAN,
    seen_in: Sequence[str] = (),
) -> Appointment:
    """A meeting of an hour, so long after NOW."""
    at = NOW + start
    meeting = Interaction(
        int(start.total_seconds()), InteractionKind.MEETING, at, at + timedelta(hours=1), Direction.MUTUAL, (),
        Verdict(verdict, ""), tuple(Evidence(account, "1") for account in seen_in), title,
    )  # fmt: skip
    return Appointment(meeting, tuple(one.person.id for one in people))


def failing(account: str, status: AccountStatus = AccountStatus.SIGN_IN, hours: float = 60) -> Source:
    """An account that was last read so many hours ago."""
    return Source(account, "imap", NOW - timedelta(hours=hours), "The password was refused.", "Type: x", status)

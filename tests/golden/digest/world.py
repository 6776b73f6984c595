"""A day in an invented life: Tuesday 6 October 2026, with something in every section.

The digests beside this file are what it must look like in each language; `python -m tests.golden.digest` writes them
again after a change that was meant, and the difference is what a reviewer reads.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from syncd.model import Digest, Entry, Phrase, Section, SectionKind, Source, Withheld
from syncd.pipeline.phrases import caveats, occasions, opening, persons
from syncd.pipeline.policy import DigestPolicy, Me, Policy
from syncd.pipeline.spans import Span, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

LANGUAGES = ("en", "it", "id")
KEY = bytes(range(32))
DAY = date(2026, 10, 6)
FRIDAY = date(2026, 10, 9)


def policy(language: str = "en", *, names_in_subject: bool = True) -> Policy:
    """The policy of Davide, who reads his digest in `language`."""
    return Policy(
        me=Me("Davide Rossi", ("davide@rossi.example",), "Europe/Rome", language),
        digest=DigestPolicy(to="davide@rossi.example", names_in_subject=names_in_subject),
    )


def _at(hour: int, minute: int, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour - 2, minute, tzinfo=UTC)


def _person(
    name: str,
    address: str,
    role: Phrase,
    months: Sequence[int],
    why: Sequence[Phrase],
    reason: Phrase | None = None,
) -> Entry:
    return Entry(
        title=name,
        why=tuple(why),
        person=f"p:{name[:4].lower()}",
        name=name,
        address=address,
        role=role,
        reason_to_write=reason,
        months=tuple(months),
    )


TODAY = (
    Entry(
        "Coffee with Luca Ferri",
        (
            occasions.first_meeting_since("Luca", date(2026, 3, 12)),
            occasions.waits_for_you("Luca", "Re: Sara", date(2026, 5, 8)),
        ),
        at=_at(10, 30),
    ),
    Entry(
        "Meridian quarterly review",
        (occasions.with_others("Priya Raman", 3), occasions.new_to_you("Hana Kim")),
        at=_at(15, 0),
    ),
)
QUIET = (
    _person(
        "Tom Okafor",
        "tom.okafor@heliolabs.example",
        persons.role_at("former-colleagues", "Northwind"),
        (9, 7, 8, 6, 9, 7, 8, 6, 9, 8, 3, 0),
        (persons.said_goodbye("Tom", date(2026, 9, 11)), persons.first_month()),
        persons.reason_new_address("heliolabs.example", date(2026, 10, 2)),
    ),
    _person(
        "Marta Bianchi",
        "marta.bianchi@arup.example",
        persons.role_at("mentors", "Arup"),
        (3, 2, 3, 2, 4, 2, 3, 2, 3, 0, 0, 0),
        (
            persons.quiet_rhythm(Span(13, Unit.WEEK), Span(6, Unit.WEEK)),
            persons.they_wrote_last("Marta", date(2026, 7, 7), "Re: Lisbon talk draft"),
        ),
        persons.reason_work_anniversary(5, "Arup", FRIDAY),
    ),
    _person(
        "Rana Khoury",
        "rana@levantfoods.example",
        persons.role_at("clients", "Levant Foods"),
        (5, 4, 6, 3, 5, 4, 5, 3, 4, 3, 2, 0),
        (persons.quiet_circle(Span(7, Unit.WEEK), "clients", Span(1, Unit.MONTH)), persons.unanswered(2)),
        persons.reason_call(3),
    ),
    _person(
        "Budi Santoso",
        "budi.santoso@tokosawah.example",
        persons.role_at("former-colleagues", "Tokosawah"),
        (2, 0, 3, 2, 0, 2, 2, 3, 0, 0, 0, 0),
        (
            persons.quiet_circle(Span(17, Unit.WEEK), "former-colleagues", Span(2, Unit.MONTH)),
            persons.met_last(date(2026, 6, 9), "Lunch"),
        ),
    ),
    _person(
        "Ingrid Solheim",
        "ingrid@fjordprint.example",
        persons.role_at("vendors", "Fjordprint"),
        (2, 0, 0, 3, 0, 0, 2, 0, 0, 0, 0, 0),
        (
            persons.quiet_circle(Span(5, Unit.MONTH), "vendors", Span(3, Unit.MONTH)),
            persons.you_wrote_last(date(2026, 5, 5), ""),
        ),
        persons.reason_first_exchange(2, date(2026, 10, 14)),
    ),
)
OWED = (
    Entry(
        "James Whitfield",
        (persons.waiting_for(Span(11, Unit.DAY)),),
        name="James Whitfield",
        address="james.whitfield@example.org",
        subject="A reference for Anna?",
        message_id="<abc@mail.example.org>",
    ),
    Entry(
        "Dewi Lestari",
        (persons.waiting_for(Span(6, Unit.DAY)),),
        name="Dewi Lestari",
        address="dewi@bandung.example",
        subject="Re: Panel in Bandung",
        message_id="<def@mail.bandung.example>",
    ),
)
WEEK = (
    Entry(
        "",
        (occasions.week_birthday("Aiko Tanaka"), occasions.week_last_contact(Span(3, Unit.WEEK))),
        at=date(2026, 10, 7),
    ),
    Entry("", (occasions.week_work_anniversary("Marta Bianchi", 5, "Arup"), occasions.week_on_list()), at=FRIDAY),
    Entry("", (occasions.week_job_ended("Tokosawah", 1), occasions.week_unwritten(6)), at=date(2026, 10, 11)),
)
LOST = (
    _person(
        "Samuel Adeyemi",
        "samuel.adeyemi@oriel.example",
        persons.role_at("former-colleagues", "Oriel"),
        (0,) * 12,
        (persons.lost_two_years(41, 2023, 2024, Span(19, Unit.MONTH)),),
        persons.reason_old_tie(),
    ),
)
NOTICE = (Entry("", (caveats.notice_sign_in("northwind", date(2026, 10, 4), "Type: syncd auth northwind"),)),)
FULL = Digest(
    day=DAY,
    headline=opening.headline_quiet(5),
    lead=(
        opening.lead_they_left("Tom", "Northwind", Span(3, Unit.WEEK)),
        opening.lead_rhythm("Marta", 2),
        opening.lead_owed_also("Dewi"),
    ),
    sections=(
        Section(SectionKind.TODAY, TODAY),
        Section(SectionKind.QUIET, QUIET),
        Section(SectionKind.OWED, OWED),
        Section(SectionKind.WEEK, WEEK),
        Section(SectionKind.LOST, LOST),
    ),
    withheld=(
        Withheld("Hiro Mori", "p:hiro", caveats.waits_turn()),
        Withheld("Chloé Durand", "p:chlo", caveats.waits_turn()),
        Withheld("Anna Kovacs", "p:anna", caveats.waits_turn()),
        Withheld("Lena Vogt", "p:lena", caveats.meets_soon(date(2026, 10, 8))),
    ),
    sources=tuple(
        Source(account, "imap", _at(6, 52 + place)) for place, account in enumerate(("work", "home", "club", "diary"))
    ),
    back_on=date(2026, 10, 20),
    generated=_at(7, 0),
)
"""Every section but the notice."""

TROUBLED = replace(
    FULL,
    sections=(Section(SectionKind.NOTICE, NOTICE), *FULL.sections),
    sources=(*FULL.sources[:3], Source("northwind", "imap", _at(21, 40, date(2026, 10, 4)), "signed out")),
)
"""The same day, with an account that is signed out."""

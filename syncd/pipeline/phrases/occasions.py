"""What a digest says of today's meetings and of the dates of the week."""
# ruff: noqa: D415, RUF002 - a docstring here is the sentence as the digest prints it, not a description

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.pipeline.phrases import phrase

if TYPE_CHECKING:
    from datetime import date

    from syncd.model import Phrase
    from syncd.pipeline.spans import Span


# --------------------------------------------------------------------------- today


def with_one(name: str) -> Phrase:
    """With Priya Raman."""
    return phrase("with_one", name=name)


def with_two(name: str, second: str) -> Phrase:
    """Priya Raman and Hana Kim."""
    return phrase("with_two", name=name, second=second)


def with_others(name: str, others: int) -> Phrase:
    """Priya Raman and 3 others. (`others` is 2 or more)"""
    return phrase("with_others", name=name, others=others)


def first_meeting_since(first: str, on: date) -> Phrase:
    """First time face to face with Luca since March. (with the year when it is another one)"""
    return phrase("first_meeting_since", first=first, on=on)


def first_meeting(first: str, since: date) -> Phrase:
    """You have been writing with Luca since March and never met."""
    return phrase("first_meeting", first=first, since=since)


def new_to_you(name: str) -> Phrase:
    """Hana Kim is new to you."""
    return phrase("new_to_you", name=name)


def waits_for_you(first: str, subject: str, on: date) -> Phrase:
    """Luca is waiting for your answer to “Re: Sara” of 3 May. (`subject` may be empty: to the mail of 3 May)"""
    return phrase("waits_for_you", first=first, subject=subject, on=on)


# --------------------------------------------------------------------------- this week: title, then note


def week_birthday(name: str) -> Phrase:
    """Aiko Tanaka’s birthday"""
    return phrase("week_birthday", name=name)


def week_work_anniversary(name: str, years: int, company: str) -> Phrase:
    """Marta Bianchi, 5 years at Arup"""
    return phrase("week_work_anniversary", name=name, years=years, company=company)


def week_job_ended(job: str, years: int) -> Phrase:
    """A year since you left Tokosawah (2: 2 years since ...)"""
    return phrase("week_job_ended", job=job, years=years)


def week_unwritten(people: int) -> Phrase:
    """Six people there you haven’t written to since"""
    return phrase("week_unwritten", people=people)


def week_on_list() -> Phrase:
    """On today’s list"""
    return phrase("week_on_list")


def week_last_contact(ago: Span) -> Phrase:
    """You were last in touch 3 weeks ago (0 days: today)"""
    return phrase("week_last_contact", ago=ago)

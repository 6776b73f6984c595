"""What a digest says of one person: who they are, why now, how it ended, what to write about, what is owed."""
# ruff: noqa: D415, RUF002 - a docstring here is the sentence as the digest prints it, not a description

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.pipeline.phrases import phrase

if TYPE_CHECKING:
    from datetime import date

    from syncd.model import Phrase
    from syncd.pipeline.spans import Span


# --------------------------------------------------------------------------- who: a person's second line


def role_at(circle: str, company: str) -> Phrase:
    """Client, Levant Foods (`circle` is its name in the configuration; the six built-in ones have a singular)"""
    return phrase("role_at", circle=circle, company=company)


def role_alone(circle: str) -> Phrase:
    """Client"""
    return phrase("role_alone", circle=circle)


# --------------------------------------------------------------------------- going quiet: why now (bold: `gap`)


def quiet_rhythm(gap: Span, rhythm: Span) -> Phrase:
    """Quiet for 13 weeks; you usually talk every 6 weeks. (the same unit twice: "every six")"""
    return phrase("quiet_rhythm", gap=gap, rhythm=rhythm)


def quiet_for(gap: Span) -> Phrase:
    """Quiet for 7 weeks."""
    return phrase("quiet_for", gap=gap)


def quiet_circle(gap: Span, circle: str, cadence: Span) -> Phrase:
    """Quiet for 7 weeks; clients are monthly. (the owner's own circle: “press” is every 2 weeks)"""
    return phrase("quiet_circle", gap=gap, circle=circle, cadence=cadence)


def quiet_person(gap: Span, cadence: Span) -> Phrase:
    """Quiet for 5 months; you wanted to talk every 4 months."""
    return phrase("quiet_person", gap=gap, cadence=cadence)


def said_goodbye(first: str, on: date) -> Phrase:
    """Tom said goodbye on 11 September and you haven’t written since."""
    return phrase("said_goodbye", first=first, on=on)


def they_left(first: str, job: str, on: date) -> Phrase:
    """Tom last wrote from Northwind on 11 September and you haven’t written since."""
    return phrase("they_left", first=first, job=job, on=on)


def you_left(first: str, job: str, on: date) -> Phrase:
    """You left Tokosawah on 11 September and haven’t written to Budi since."""
    return phrase("you_left", first=first, job=job, on=on)


def first_month() -> Phrase:
    """The first month is the one people remember."""
    return phrase("first_month")


def unanswered(mails: int) -> Phrase:
    """Your last 2 mails went unanswered. (1: Your last mail went unanswered.)"""
    return phrase("unanswered", mails=mails)


# --------------------------------------------------------------------------- how it ended last time


def they_wrote_last(first: str, on: date, subject: str) -> Phrase:
    """Marta wrote last, on 7 July: “Re: Lisbon talk draft”. (`subject` may be empty)"""
    return phrase("they_wrote_last", first=first, on=on, subject=subject)


def you_wrote_last(on: date, subject: str) -> Phrase:
    """You wrote last, on 5 May: “Paper samples”. (`subject` may be empty)"""
    return phrase("you_wrote_last", on=on, subject=subject)


def met_last(on: date, title: str) -> Phrase:
    """You last met on 9 June: “Lunch”. (`title` may be empty)"""
    return phrase("met_last", on=on, title=title)


def talked_last(on: date) -> Phrase:
    """You last talked on 9 June."""
    return phrase("talked_last", on=on)


# --------------------------------------------------------------------------- a reason to write


def reason_new_address(domain: str, since: date) -> Phrase:
    """Writing from a new address since Friday: heliolabs.example"""
    return phrase("reason_new_address", domain=domain, since=since)


def reason_birthday(first: str, on: date) -> Phrase:
    """Tom’s birthday is this Friday."""
    return phrase("reason_birthday", first=first, on=on)


def reason_work_anniversary(years: int, company: str, on: date) -> Phrase:
    """5 years at Arup this Friday."""
    return phrase("reason_work_anniversary", years=years, company=company, on=on)


def reason_first_exchange(years: int, on: date) -> Phrase:
    """2 years since your first exchange, next Wednesday."""
    return phrase("reason_first_exchange", years=years, on=on)


def reason_job_ended(job: str, years: int, on: date) -> Phrase:
    """1 year since you left Tokosawah, this Sunday."""
    return phrase("reason_job_ended", job=job, years=years, on=on)


def reason_both_at(title: str, on: date) -> Phrase:
    """You were both at “Supplier day” on 3 September."""
    return phrase("reason_both_at", title=title, on=on)


def reason_meeting_ahead(on: date) -> Phrase:
    """You will meet on 16 October. (more than `soon` away)"""
    return phrase("reason_meeting_ahead", on=on)


def reason_call(nth: int) -> Phrase:
    """A call may land better than a third email. (`nth` is 3)"""
    return phrase("reason_call", nth=nth)


def reason_old_tie() -> Phrase:
    """Old ties are easier to pick up than they look. A short note with no ask is enough."""
    return phrase("reason_old_tie")


# --------------------------------------------------------------------------- waiting for your reply


def waiting_for(wait: Span) -> Phrase:
    """11 days (beside the entry's subject: “A reference for Anna?” · 11 days)"""
    return phrase("waiting_for", wait=wait)


# --------------------------------------------------------------------------- lost touch (`gap` is the bold one)


def lost_one_year(exchanges: int, year: int, gap: Span) -> Phrase:
    """41 exchanges in 2023, then nothing for 19 months. (`year` is a number without grouping)"""
    return phrase("lost_one_year", exchanges=exchanges, year=year, gap=gap)


def lost_two_years(exchanges: int, year: int, second: int, gap: Span) -> Phrase:
    """41 exchanges in 2023 and 2024, then nothing for 19 months."""
    return phrase("lost_two_years", exchanges=exchanges, year=year, second=second, gap=gap)


def lost_years(exchanges: int, year: int, through: int, gap: Span) -> Phrase:
    """41 exchanges from 2021 to 2024, then nothing for 19 months."""
    return phrase("lost_years", exchanges=exchanges, year=year, through=through, gap=gap)

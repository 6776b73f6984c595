"""The sentences a digest opens with: its subject, its headline and the two or three that lead into it."""
# ruff: noqa: D403, D415, RUF002 - a docstring here is the sentence as the digest prints it, not a description

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.pipeline.phrases import phrase

if TYPE_CHECKING:
    from datetime import date, datetime

    from syncd.model import Phrase
    from syncd.pipeline.spans import Span


def subject_one(first: str) -> Phrase:
    """Tom is going quiet"""
    return phrase("subject_one", first=first)


def subject_two(first: str, second: str) -> Phrase:
    """Tom and Marta are going quiet"""
    return phrase("subject_two", first=first, second=second)


def subject_more(first: str, second: str, others: int) -> Phrase:
    """Tom, Marta and 3 others are going quiet (1: and 1 other; no names wanted, nobody quiet: the headline)"""
    return phrase("subject_more", first=first, second=second, others=others)


def headline_quiet(people: int) -> Phrase:
    """Five people worth a note"""
    return phrase("headline_quiet", people=people)


def headline_owed(people: int) -> Phrase:
    """Two people are waiting for your reply"""
    return phrase("headline_owed", people=people)


def headline_today(meetings: int) -> Phrase:
    """Two meetings today"""
    return phrase("headline_today", meetings=meetings)


def headline_week(dates: int) -> Phrase:
    """One date to remember this week"""
    return phrase("headline_week", dates=dates)


def headline_lost(people: int) -> Phrase:
    """One person worth finding again"""
    return phrase("headline_lost", people=people)


def headline_notice(accounts: int) -> Phrase:
    """One account needs your attention"""
    return phrase("headline_notice", accounts=accounts)


def headline_reading() -> Phrase:
    """A first reading is still under way"""
    return phrase("headline_reading")


def headline_nothing() -> Phrase:
    """Nobody needs a note today"""
    return phrase("headline_nothing")


def lead_they_left(first: str, job: str, ago: Span) -> Phrase:
    """Tom left Northwind 3 weeks ago and you haven’t written since."""
    return phrase("lead_they_left", first=first, job=job, ago=ago)


def lead_you_left(first: str, job: str, ago: Span) -> Phrase:
    """You left Tokosawah 3 weeks ago and haven’t written to Budi since."""
    return phrase("lead_you_left", first=first, job=job, ago=ago)


def lead_rhythm(first: str, times: int) -> Phrase:
    """Marta is twice past your usual rhythm. (`times` is 2 or more: twice, three times ...)"""
    return phrase("lead_rhythm", first=first, times=times)


def lead_quiet(first: str, gap: Span) -> Phrase:
    """You and Rana haven’t talked for 7 weeks."""
    return phrase("lead_quiet", first=first, gap=gap)


def lead_owed(first: str) -> Phrase:
    """Dewi is still waiting for an answer. (the first sentence of the lead)"""
    return phrase("lead_owed", first=first)


def lead_owed_also(first: str) -> Phrase:
    """And Dewi is still waiting for an answer. (the last sentence of the lead)"""
    return phrase("lead_owed_also", first=first)


def lead_meeting(title: str, at: datetime) -> Phrase:
    """“Coffee with Luca Ferri” is at 10:30."""
    return phrase("lead_meeting", title=title, at=at)


def lead_meeting_with(first: str, at: datetime) -> Phrase:
    """You meet Luca at 10:30."""
    return phrase("lead_meeting_with", first=first, at=at)


def lead_birthday(first: str, on: date) -> Phrase:
    """Aiko’s birthday is on Wednesday."""
    return phrase("lead_birthday", first=first, on=on)


def lead_work_anniversary(first: str, years: int, company: str, on: date) -> Phrase:
    """On Friday Marta will have been at Arup for 5 years."""
    return phrase("lead_work_anniversary", first=first, years=years, company=company, on=on)


def lead_job_ended(job: str, years: int, on: date) -> Phrase:
    """On Sunday it is 1 year since you left Tokosawah."""
    return phrase("lead_job_ended", job=job, years=years, on=on)


def lead_lost(first: str, gap: Span) -> Phrase:
    """You and Samuel lost touch 19 months ago."""
    return phrase("lead_lost", first=first, gap=gap)


def lead_notice(people: int) -> Phrase:
    """What there is to say about 3 people waits until it can be read again."""
    return phrase("lead_notice", people=people)


def lead_unread(account: str) -> Phrase:
    """What happens in fastmail is not known until it can be read again."""
    return phrase("lead_unread", account=account)


def lead_reading(account: str) -> Phrase:
    """fastmail is being read for the first time; what there is to say about people waits until that is done."""
    return phrase("lead_reading", account=account)


def lead_nothing() -> Phrase:
    """Everybody you follow is within their usual rhythm."""
    return phrase("lead_nothing")

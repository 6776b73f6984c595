"""Every sentence a digest can say, by its name: the one list that the catalogues of every language translate.

Each function makes one Phrase: its name is the phrase's code, its arguments are the values, its docstring is the
English sentence. A `Span` called NAME becomes two values, NAME (a count) and NAME_unit (day, week, month or year).
A date may be the digest's own day; times are in the owner's zone.
"""
# ruff: noqa: D403, D415, RUF002 - a docstring here is the sentence as the digest prints it, not a description

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.model import Phrase
from syncd.pipeline.spans import Span

if TYPE_CHECKING:
    from datetime import date, datetime


def _phrase(code: str, **values: str | int | date | datetime | Span) -> Phrase:
    flat: list[tuple[str, str | int | float | date | datetime]] = []
    for name, value in values.items():
        if isinstance(value, Span):
            flat += ((name, value.count), (f"{name}_unit", value.unit.value))
        else:
            flat.append((name, value))
    return Phrase(code, tuple(flat))


# --------------------------------------------------------------------------- subject, headline and lead


def subject_one(first: str) -> Phrase:
    """Tom is going quiet"""
    return _phrase("subject_one", first=first)


def subject_two(first: str, second: str) -> Phrase:
    """Tom and Marta are going quiet"""
    return _phrase("subject_two", first=first, second=second)


def subject_more(first: str, second: str, others: int) -> Phrase:
    """Tom, Marta and 3 others are going quiet (1: and 1 other; no names wanted, nobody quiet: the headline)"""
    return _phrase("subject_more", first=first, second=second, others=others)


def headline_quiet(people: int) -> Phrase:
    """Five people worth a note"""
    return _phrase("headline_quiet", people=people)


def headline_owed(people: int) -> Phrase:
    """Two people are waiting for your reply"""
    return _phrase("headline_owed", people=people)


def headline_today(meetings: int) -> Phrase:
    """Two meetings today"""
    return _phrase("headline_today", meetings=meetings)


def headline_week(dates: int) -> Phrase:
    """One date to remember this week"""
    return _phrase("headline_week", dates=dates)


def headline_lost(people: int) -> Phrase:
    """One person worth finding again"""
    return _phrase("headline_lost", people=people)


def headline_notice(accounts: int) -> Phrase:
    """One account needs your attention"""
    return _phrase("headline_notice", accounts=accounts)


def headline_reading() -> Phrase:
    """A first reading is still under way"""
    return _phrase("headline_reading")


def headline_nothing() -> Phrase:
    """Nobody needs a note today"""
    return _phrase("headline_nothing")


def lead_they_left(first: str, job: str, ago: Span) -> Phrase:
    """Tom left Northwind 3 weeks ago and you haven’t written since."""
    return _phrase("lead_they_left", first=first, job=job, ago=ago)


def lead_you_left(first: str, job: str, ago: Span) -> Phrase:
    """You left Tokosawah 3 weeks ago and haven’t written to Budi since."""
    return _phrase("lead_you_left", first=first, job=job, ago=ago)


def lead_rhythm(first: str, times: int) -> Phrase:
    """Marta is twice past your usual rhythm. (`times` is 2 or more: twice, three times ...)"""
    return _phrase("lead_rhythm", first=first, times=times)


def lead_quiet(first: str, gap: Span) -> Phrase:
    """You and Rana haven’t talked for 7 weeks."""
    return _phrase("lead_quiet", first=first, gap=gap)


def lead_owed(first: str) -> Phrase:
    """Dewi is still waiting for an answer. (the first sentence of the lead)"""
    return _phrase("lead_owed", first=first)


def lead_owed_also(first: str) -> Phrase:
    """And Dewi is still waiting for an answer. (the last sentence of the lead)"""
    return _phrase("lead_owed_also", first=first)


def lead_meeting(title: str, at: datetime) -> Phrase:
    """“Coffee with Luca Ferri” is at 10:30."""
    return _phrase("lead_meeting", title=title, at=at)


def lead_meeting_with(first: str, at: datetime) -> Phrase:
    """You meet Luca at 10:30."""
    return _phrase("lead_meeting_with", first=first, at=at)


def lead_birthday(first: str, on: date) -> Phrase:
    """Aiko’s birthday is on Wednesday."""
    return _phrase("lead_birthday", first=first, on=on)


def lead_work_anniversary(first: str, years: int, company: str, on: date) -> Phrase:
    """On Friday Marta will have been at Arup for 5 years."""
    return _phrase("lead_work_anniversary", first=first, years=years, company=company, on=on)


def lead_job_ended(job: str, years: int, on: date) -> Phrase:
    """On Sunday it is 1 year since you left Tokosawah."""
    return _phrase("lead_job_ended", job=job, years=years, on=on)


def lead_lost(first: str, gap: Span) -> Phrase:
    """You and Samuel lost touch 19 months ago."""
    return _phrase("lead_lost", first=first, gap=gap)


def lead_notice(people: int) -> Phrase:
    """What there is to say about 3 people waits until it can be read again."""
    return _phrase("lead_notice", people=people)


def lead_unread(account: str) -> Phrase:
    """What happens in fastmail is not known until it can be read again."""
    return _phrase("lead_unread", account=account)


def lead_reading(account: str) -> Phrase:
    """fastmail is being read for the first time; what there is to say about people waits until that is done."""
    return _phrase("lead_reading", account=account)


def lead_nothing() -> Phrase:
    """Everybody you follow is within their usual rhythm."""
    return _phrase("lead_nothing")


# --------------------------------------------------------------------------- notice


def notice_sign_in(account: str, since: date, hint: str) -> Phrase:
    """fastmail has been signed out since Sunday. {hint} (`hint` is a sentence naming the command; may be empty)"""
    return _phrase("notice_sign_in", account=account, since=since, hint=hint)


def notice_stale(account: str, since: date, error: str, hint: str) -> Phrase:
    """fastmail has not been read since Sunday. {error} {hint} (either may be empty)"""
    return _phrase("notice_stale", account=account, since=since, error=error, hint=hint)


def notice_never(account: str, error: str, hint: str) -> Phrase:
    """fastmail has never been read. {error} {hint} (either may be empty)"""
    return _phrase("notice_never", account=account, error=error, hint=hint)


# --------------------------------------------------------------------------- who: a person's second line


def role_at(circle: str, company: str) -> Phrase:
    """Client, Levant Foods (`circle` is its name in the configuration; the six built-in ones have a singular)"""
    return _phrase("role_at", circle=circle, company=company)


def role_alone(circle: str) -> Phrase:
    """Client"""
    return _phrase("role_alone", circle=circle)


# --------------------------------------------------------------------------- today


def with_one(name: str) -> Phrase:
    """With Priya Raman."""
    return _phrase("with_one", name=name)


def with_two(name: str, second: str) -> Phrase:
    """Priya Raman and Hana Kim."""
    return _phrase("with_two", name=name, second=second)


def with_others(name: str, others: int) -> Phrase:
    """Priya Raman and 3 others. (`others` is 2 or more)"""
    return _phrase("with_others", name=name, others=others)


def first_meeting_since(first: str, on: date) -> Phrase:
    """First time face to face with Luca since March. (with the year when it is another one)"""
    return _phrase("first_meeting_since", first=first, on=on)


def first_meeting(first: str, since: date) -> Phrase:
    """You have been writing with Luca since March and never met."""
    return _phrase("first_meeting", first=first, since=since)


def new_to_you(name: str) -> Phrase:
    """Hana Kim is new to you."""
    return _phrase("new_to_you", name=name)


def waits_for_you(first: str, subject: str, on: date) -> Phrase:
    """Luca is waiting for your answer to “Re: Sara” of 3 May. (`subject` may be empty: to the mail of 3 May)"""
    return _phrase("waits_for_you", first=first, subject=subject, on=on)


# --------------------------------------------------------------------------- going quiet: why now (bold: `gap`)


def quiet_rhythm(gap: Span, rhythm: Span) -> Phrase:
    """Quiet for 13 weeks; you usually talk every 6 weeks. (the same unit twice: "every six")"""
    return _phrase("quiet_rhythm", gap=gap, rhythm=rhythm)


def quiet_circle(gap: Span, circle: str, cadence: Span) -> Phrase:
    """Quiet for 7 weeks; clients are monthly. (the owner's own circle: “press” is every 2 weeks)"""
    return _phrase("quiet_circle", gap=gap, circle=circle, cadence=cadence)


def quiet_person(gap: Span, cadence: Span) -> Phrase:
    """Quiet for 5 months; you wanted to talk every 4 months."""
    return _phrase("quiet_person", gap=gap, cadence=cadence)


def said_goodbye(first: str, on: date) -> Phrase:
    """Tom said goodbye on 11 September and you haven’t written since."""
    return _phrase("said_goodbye", first=first, on=on)


def they_left(first: str, job: str, on: date) -> Phrase:
    """Tom last wrote from Northwind on 11 September and you haven’t written since."""
    return _phrase("they_left", first=first, job=job, on=on)


def you_left(first: str, job: str, on: date) -> Phrase:
    """You left Tokosawah on 11 September and haven’t written to Budi since."""
    return _phrase("you_left", first=first, job=job, on=on)


def first_month() -> Phrase:
    """The first month is the one people remember."""
    return _phrase("first_month")


def unanswered(mails: int) -> Phrase:
    """Your last 2 mails went unanswered. (1: Your last mail went unanswered.)"""
    return _phrase("unanswered", mails=mails)


# --------------------------------------------------------------------------- how it ended last time


def they_wrote_last(first: str, on: date, subject: str) -> Phrase:
    """Marta wrote last, on 7 July: “Re: Lisbon talk draft”. (`subject` may be empty)"""
    return _phrase("they_wrote_last", first=first, on=on, subject=subject)


def you_wrote_last(on: date, subject: str) -> Phrase:
    """You wrote last, on 5 May: “Paper samples”. (`subject` may be empty)"""
    return _phrase("you_wrote_last", on=on, subject=subject)


def met_last(on: date, title: str) -> Phrase:
    """You last met on 9 June: “Lunch”. (`title` may be empty)"""
    return _phrase("met_last", on=on, title=title)


def talked_last(on: date) -> Phrase:
    """You last talked on 9 June."""
    return _phrase("talked_last", on=on)


# --------------------------------------------------------------------------- a reason to write


def reason_new_address(domain: str, since: date) -> Phrase:
    """Writing from a new address since Friday: heliolabs.example"""
    return _phrase("reason_new_address", domain=domain, since=since)


def reason_birthday(first: str, on: date) -> Phrase:
    """Tom’s birthday is this Friday."""
    return _phrase("reason_birthday", first=first, on=on)


def reason_work_anniversary(years: int, company: str, on: date) -> Phrase:
    """5 years at Arup this Friday."""
    return _phrase("reason_work_anniversary", years=years, company=company, on=on)


def reason_first_exchange(years: int, on: date) -> Phrase:
    """2 years since your first exchange, next Wednesday."""
    return _phrase("reason_first_exchange", years=years, on=on)


def reason_job_ended(job: str, years: int, on: date) -> Phrase:
    """1 year since you left Tokosawah, this Sunday."""
    return _phrase("reason_job_ended", job=job, years=years, on=on)


def reason_both_at(title: str, on: date) -> Phrase:
    """You were both at “Supplier day” on 3 September."""
    return _phrase("reason_both_at", title=title, on=on)


def reason_meeting_ahead(on: date) -> Phrase:
    """You will meet on 16 October. (more than `soon` away)"""
    return _phrase("reason_meeting_ahead", on=on)


def reason_call(nth: int) -> Phrase:
    """A call may land better than a third email. (`nth` is 3)"""
    return _phrase("reason_call", nth=nth)


def reason_old_tie() -> Phrase:
    """Old ties are easier to pick up than they look. A short note with no ask is enough."""
    return _phrase("reason_old_tie")


# --------------------------------------------------------------------------- waiting for your reply


def waiting_for(wait: Span) -> Phrase:
    """11 days (beside the entry's subject: “A reference for Anna?” · 11 days)"""
    return _phrase("waiting_for", wait=wait)


# --------------------------------------------------------------------------- this week: title, then note


def week_birthday(name: str) -> Phrase:
    """Aiko Tanaka’s birthday"""
    return _phrase("week_birthday", name=name)


def week_work_anniversary(name: str, years: int, company: str) -> Phrase:
    """Marta Bianchi, 5 years at Arup"""
    return _phrase("week_work_anniversary", name=name, years=years, company=company)


def week_job_ended(job: str, years: int) -> Phrase:
    """A year since you left Tokosawah (2: 2 years since ...)"""
    return _phrase("week_job_ended", job=job, years=years)


def week_unwritten(people: int) -> Phrase:
    """Six people there you haven’t written to since"""
    return _phrase("week_unwritten", people=people)


def week_on_list() -> Phrase:
    """On today’s list"""
    return _phrase("week_on_list")


def week_last_contact(ago: Span) -> Phrase:
    """You were last in touch 3 weeks ago (0 days: today)"""
    return _phrase("week_last_contact", ago=ago)


# --------------------------------------------------------------------------- lost touch (`gap` is the bold one)


def lost_one_year(exchanges: int, year: int, gap: Span) -> Phrase:
    """41 exchanges in 2023, then nothing for 19 months. (`year` is a number without grouping)"""
    return _phrase("lost_one_year", exchanges=exchanges, year=year, gap=gap)


def lost_two_years(exchanges: int, year: int, second: int, gap: Span) -> Phrase:
    """41 exchanges in 2023 and 2024, then nothing for 19 months."""
    return _phrase("lost_two_years", exchanges=exchanges, year=year, second=second, gap=gap)


def lost_years(exchanges: int, year: int, through: int, gap: Span) -> Phrase:
    """41 exchanges from 2021 to 2024, then nothing for 19 months."""
    return _phrase("lost_years", exchanges=exchanges, year=year, through=through, gap=gap)


# --------------------------------------------------------------------------- why somebody due is not shown


def waits_turn() -> Phrase:
    """Due, and waits for a free place."""
    return _phrase("waits_turn")


def shown_lately(on: date, back_on: date) -> Phrase:
    """Due, was shown on 6 October and comes back on 20 October."""
    return _phrase("shown_lately", on=on, back_on=back_on)


def meets_soon(on: date) -> Phrase:
    """Due, but you meet on 8 October."""
    return _phrase("meets_soon", on=on)


def may_be_answered(on: date) -> Phrase:
    """Due, but your letter of 26 September may still be answered."""
    return _phrase("may_be_answered", on=on)


def source_stale(account: str, since: date, hint: str) -> Phrase:
    """Held back: fastmail has not been read since Sunday, and you may have been in touch there. {hint} (a command)"""
    return _phrase("source_stale", account=account, since=since, hint=hint)


def source_never(account: str, hint: str) -> Phrase:
    """Held back: fastmail has never been read, and you may have been in touch there. {hint} (a command)"""
    return _phrase("source_never", account=account, hint=hint)


def source_reading(account: str) -> Phrase:
    """Held back: fastmail is being read for the first time, and you may have been in touch there."""
    return _phrase("source_reading", account=account)


def source_gone(account: str) -> Phrase:
    """Held back: fastmail is no longer in the configuration, so that nobody sees any more what happens there."""
    return _phrase("source_gone", account=account)


def meeting_unsure(account: str, since: date, hint: str) -> Phrase:
    """Held back: fastmail has not been read since Sunday, and today’s meeting may have moved. {hint} (a command)"""
    return _phrase("meeting_unsure", account=account, since=since, hint=hint)


# --------------------------------------------------------------------------- footer


def footer_waiting(people: int, names: str) -> Phrase:
    """3 more are due (Hiro M., Chloé D., Anna K.) and wait their turn. (`names` is the list, ready)"""
    return _phrase("footer_waiting", people=people, names=names)


def footer_waiting_more(people: int, names: str) -> Phrase:
    """12 more are due (Hiro M., Chloé D., Anna K. and others) and wait their turn."""
    return _phrase("footer_waiting_more", people=people, names=names)


def footer_back_on(on: date) -> Phrase:
    """Nobody above comes back before 20 October unless you ask."""
    return _phrase("footer_back_on", on=on)


def footer_all_synced(accounts: int, at: datetime) -> Phrase:
    """All 4 accounts synced at 06:52. (1: Your account ...; `at` is the oldest of them)"""
    return _phrase("footer_all_synced", accounts=accounts, at=at)


def footer_synced(account: str, at: datetime) -> Phrase:
    """work synced on 3 October at 06:52. (one for each account when some are behind)"""
    return _phrase("footer_synced", account=account, at=at)


def footer_never_synced(account: str) -> Phrase:
    """work has not been read yet."""
    return _phrase("footer_never_synced", account=account)


def footer_headers_only() -> Phrase:
    """Only headers are read; nothing leaves this machine but this mail."""
    return _phrase("footer_headers_only")

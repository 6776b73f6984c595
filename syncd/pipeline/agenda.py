"""Today's meetings with what is known about the people in them, and the dates of the coming week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.model import Entry, VerdictKind, Withheld
from syncd.pipeline.dates import Occasion, coming_dates, ended_jobs
from syncd.pipeline.edition import first_name
from syncd.pipeline.phrases import occasions
from syncd.pipeline.reasons import last_contact, waiting_letter, wrote_since

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from syncd.model import Appointment, Phrase, Relationship
    from syncd.pipeline.edition import Edition

_LONG_APART = 56
"""Days without meeting after which a meeting is worth a remark."""

_NEW_PEOPLE_NAMED = 2


def people_met(agenda: Iterable[Appointment]) -> frozenset[str]:
    """The ids of those who stand in a meeting that brings people together."""
    return frozenset(person for one in agenda if one.meeting.verdict.kind is VerdictKind.HUMAN for person in one.people)


def todays_meetings(
    agenda: Sequence[Appointment], everybody: Mapping[str, Relationship], edition: Edition
) -> tuple[Entry, ...]:
    """The meetings of today that are not over, in order; of people, and of nobody who is hidden.

    One that no calendar would take back any more, since all that hold it are behind, is left out.
    """
    return tuple(
        entry
        for one in _still_ahead(agenda, edition)
        if not _doubt_of(one, edition) and (entry := _meeting(one, everybody, edition))
    )


def held_meetings(
    agenda: Sequence[Appointment], everybody: Mapping[str, Relationship], edition: Edition
) -> tuple[Withheld, ...]:
    """With whom the owner may meet today, and why it is not said."""
    return tuple(
        Withheld(person.person.name, person.person.id, why)
        for one in _still_ahead(agenda, edition)
        if (why := _doubt_of(one, edition))
        for person in _visible(one, everybody, edition)
    )


def _still_ahead(agenda: Iterable[Appointment], edition: Edition) -> Iterator[Appointment]:
    for one in sorted(agenda, key=lambda one: (one.meeting.at, one.meeting.id)):
        if (
            edition.day_of(one.meeting.at) == edition.today
            and one.meeting.until > edition.now
            and one.meeting.verdict.kind is VerdictKind.HUMAN
        ):
            yield one


def _doubt_of(one: Appointment, edition: Edition) -> Phrase | None:
    seen_in = {seen.account for seen in one.meeting.evidence}
    return edition.sources.doubt_of_meeting(seen_in, edition.zone)


def _visible(one: Appointment, everybody: Mapping[str, Relationship], edition: Edition) -> list[Relationship]:
    known = (everybody[person] for person in one.people if person in everybody)
    return [person for person in known if not edition.is_hidden(person)]


def _meeting(appointment: Appointment, everybody: Mapping[str, Relationship], edition: Edition) -> Entry | None:
    known = [everybody[person] for person in appointment.people if person in everybody]
    named = _visible(appointment, everybody, edition)
    if not named:
        return None
    named.sort(key=lambda one: (-one.tie.strength, one.person.name, one.person.id))
    title = appointment.meeting.subject
    if any(_is_named_in(title, one) for one in known if edition.is_hidden(one)):
        title = ""
    strongest = named[0]
    return Entry(
        title=title or ", ".join(one.person.name for one in named[:2]),
        why=tuple(_about(title, named, len(known), edition)),
        person=strongest.person.id if len(named) == 1 else "",
        name=strongest.person.name if len(named) == 1 else "",
        at=appointment.meeting.at.astimezone(edition.zone),
    )


def _is_named_in(title: str, one: Relationship) -> bool:
    said = title.casefold()
    return one.person.name.casefold() in said or first_name(one.person.name).casefold() in said.split()


def _about(title: str, named: Sequence[Relationship], people: int, edition: Edition) -> Iterator[Phrase]:
    """Who is in it, who is new, and what the last contact was with the one who matters most."""
    names = [one.person.name for one in named]
    if len(names) == people == 1:
        if title and not _is_named_in(title, named[0]):
            yield occasions.with_one(names[0])
    elif people == 2:  # noqa: PLR2004 - a pair has a sentence of its own
        yield occasions.with_two(names[0], names[1]) if len(names) == people else occasions.with_one(names[0])
    else:
        yield occasions.with_others(names[0], people - 1)
    strangers = [one for one in named if one.tie.last is None]
    for one in strangers[:_NEW_PEOPLE_NAMED] if not edition.sources.doubts_firsts else ():
        yield occasions.new_to_you(one.person.name)
    known = [one for one in named if one.tie.last is not None]
    if known and not edition.doubt(known[0]):
        yield from _reunion(known[0], edition)


def _reunion(one: Relationship, edition: Edition) -> Iterator[Phrase]:
    first = first_name(one.person.name)
    sure = not edition.sources.doubts_meetings
    if sure and one.last_met is None and one.first:
        yield occasions.first_meeting(first, edition.day_of(one.first))
    elif sure and one.last_met and edition.days_since(one.last_met) >= _LONG_APART:
        yield occasions.first_meeting_since(first, edition.day_of(one.last_met))
    elif phrase := last_contact(one.last_touch, first, edition):
        yield phrase
    if waits := waiting_letter(one):
        yield occasions.waits_for_you(first, waits.subject, edition.day_of(waits.at))


# --------------------------------------------------------------------------- this week


def weeks_dates(relationships: Sequence[Relationship], edition: Edition, on_list: Container[str]) -> tuple[Entry, ...]:
    """Birthdays, work anniversaries and ends of jobs from today to a week ahead, in order; of nobody who is hidden.

    The end of a job is a date when there are people whom the owner has not written to since; those in a source that is
    behind are not counted. `on_list` holds the ids of those whom another section names.
    """
    found = [*_of_people(relationships, edition, on_list), *_of_jobs(relationships, edition)]
    return tuple(entry for _, _, entry in sorted(found, key=lambda one: one[:2]))


def _of_people(
    relationships: Sequence[Relationship], edition: Edition, on_list: Container[str]
) -> Iterator[tuple[date, str, Entry]]:
    for one in relationships:
        if edition.is_hidden(one):
            continue
        name = one.person.name
        for coming in coming_dates(one, edition.today):
            if coming.occasion is Occasion.BIRTHDAY:
                title = occasions.week_birthday(name)
            else:
                title = occasions.week_work_anniversary(name, coming.years, one.company)
            yield coming.day, name, _date(one, title, coming.day, edition, on_list)


def _date(one: Relationship, title: Phrase, day: date, edition: Edition, on_list: Container[str]) -> Entry:
    note: tuple[Phrase, ...] = ()
    if one.person.id in on_list:
        note = (occasions.week_on_list(),)
    elif one.tie.last and not edition.doubt(one):
        note = (occasions.week_last_contact(edition.since(one.tie.last)),)
    return Entry("", (title, *note), person=one.person.id, name=one.person.name, at=day)


def _of_jobs(relationships: Sequence[Relationship], edition: Edition) -> Iterator[tuple[date, str, Entry]]:
    for ended in ended_jobs(edition.policy.me.jobs, edition.today):
        unwritten = sum(
            one.former == ended.job
            and one.tie.received > 0
            and not wrote_since(one, ended.left_on, edition)
            and not edition.doubt(one)
            for one in relationships
        )
        if unwritten:
            why = (occasions.week_job_ended(ended.job, ended.years), occasions.week_unwritten(unwritten))
            yield ended.day, ended.job, Entry("", why, at=ended.day)

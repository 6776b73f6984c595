"""The headline and the one human sentence or two that come first in a digest."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from syncd.model import SectionKind
from syncd.pipeline.dates import Occasion, coming_dates, ended_jobs
from syncd.pipeline.edition import first_name
from syncd.pipeline.phrases import opening
from syncd.pipeline.reasons import clock_of_goodbye, is_by_rhythm
from syncd.pipeline.spans import elapsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from syncd.model import Entry, Phrase, Relationship, Section
    from syncd.pipeline.edition import Edition
    from syncd.pipeline.freshness import Freshness

_QUIET_NAMED = 2
_TWICE = 2
_SIX_TIMES = 6

_HEADLINES = (
    (SectionKind.QUIET, opening.headline_quiet),
    (SectionKind.OWED, opening.headline_owed),
    (SectionKind.TODAY, opening.headline_today),
    (SectionKind.WEEK, opening.headline_week),
    (SectionKind.LOST, opening.headline_lost),
    (SectionKind.NOTICE, opening.headline_notice),
)
"""What a digest is about, the weightiest first."""


def headline_of(sections: Sequence[Section], edition: Edition) -> Phrase:
    """What the digest is about, with how many of it."""
    counts = {section.kind: len(section.entries) for section in sections}
    nothing = opening.headline_reading() if edition.sources.reading else opening.headline_nothing()
    return next((say(counts[kind]) for kind, say in _HEADLINES if kind in counts), nothing)


def lead_of(
    sections: Sequence[Section], everybody: Mapping[str, Relationship], edition: Edition, held_back: int
) -> tuple[Phrase, ...]:
    """One to three sentences about what matters most; `held_back` people wait for a source that is behind.

    That all is well is said only when every source was read.
    """
    by_kind = {section.kind: section.entries for section in sections}
    said = [
        _about_quiet(everybody[entry.person], edition) for entry in by_kind.get(SectionKind.QUIET, ())[:_QUIET_NAMED]
    ]
    if owed := by_kind.get(SectionKind.OWED):
        say = opening.lead_owed_also if said else opening.lead_owed
        said.append(say(first_name(owed[0].name)))
    if said:
        return tuple(said)
    return tuple(_otherwise(by_kind, everybody, edition, held_back))[:1] or (opening.lead_nothing(),)


def _about_quiet(one: Relationship, edition: Edition) -> Phrase:
    first = first_name(one.person.name)
    if clock_of_goodbye(one, edition) and one.left_on:
        say = opening.lead_they_left if one.they_left else opening.lead_you_left
        return say(first, one.former, elapsed((edition.today - one.left_on).days))
    silence = edition.now - one.quiet_since if one.quiet_since else edition.policy.digest.repeat_after
    times = int(silence / one.tie.rhythm) if one.tie.rhythm and is_by_rhythm(one, edition) else 0
    if _TWICE <= times <= _SIX_TIMES:
        return opening.lead_rhythm(first, times)
    return opening.lead_quiet(first, edition.since(edition.now - silence))


def _otherwise(
    by_kind: Mapping[SectionKind, Sequence[Entry]],
    everybody: Mapping[str, Relationship],
    edition: Edition,
    held_back: int,
) -> Iterator[Phrase]:
    for entry in by_kind.get(SectionKind.TODAY, ()):
        if isinstance(entry.at, datetime):
            if entry.title == entry.name:
                yield opening.lead_meeting_with(first_name(entry.name), entry.at)
            yield opening.lead_meeting(entry.title, entry.at)
    for entry in by_kind.get(SectionKind.WEEK, ()):
        yield from _about_date(everybody.get(entry.person), edition)
    for entry in by_kind.get(SectionKind.LOST, ()):
        one = everybody[entry.person]
        if one.tie.last:
            yield opening.lead_lost(first_name(one.person.name), edition.since(one.tie.last))
    yield from _about_sources(edition.sources, held_back)


def _about_sources(sources: Freshness, held_back: int) -> Iterator[Phrase]:
    yield from (opening.lead_reading(source.account) for source in sources.behind if source.account in sources.reading)
    if held_back:
        yield opening.lead_notice(held_back)
    yield from (opening.lead_unread(source.account) for source in sources.behind)


def _about_date(one: Relationship | None, edition: Edition) -> Iterator[Phrase]:
    """The date of somebody, or of a job when it is nobody's."""
    if one is None:
        for ended in ended_jobs(edition.policy.me.jobs, edition.today):
            yield opening.lead_job_ended(ended.job, ended.years, ended.day)
        return
    first = first_name(one.person.name)
    for coming in coming_dates(one, edition.today):
        if coming.occasion is Occasion.BIRTHDAY:
            yield opening.lead_birthday(first, coming.day)
        else:
            yield opening.lead_work_anniversary(first, coming.years, one.company, coming.day)

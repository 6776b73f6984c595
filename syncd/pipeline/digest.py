"""Whom to show today, and why: everything known about everybody becomes one short letter.

Pure: the same relationships, agenda and day give the same digest. Who is due but not shown is listed with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syncd.model import Digest, Entry, Section, SectionKind, TieState, Withheld
from syncd.pipeline.agenda import held_meetings, people_met, todays_meetings, weeks_dates
from syncd.pipeline.edition import Edition
from syncd.pipeline.freshness import BROKEN_AFTER, freshness_of, notices, waits_for_a_source
from syncd.pipeline.lead import headline_of, lead_of
from syncd.pipeline.phrases import caveats, persons
from syncd.pipeline.reasons import (
    address_of,
    clock_of_goodbye,
    reason_to_write,
    role_of,
    waiting_letter,
    why_lost,
    why_quiet,
)
from syncd.pipeline.schedule import instant_of
from syncd.pipeline.score import HARDLY_BACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from syncd.model import Appointment, Phrase, Relationship, Source
    from syncd.pipeline.policy import Policy

MOST_OWED = 5
OWED_AT_MOST = timedelta(days=60)
"""An answer that is later than this is a new letter."""

ANSWER_HOPED_FOR = timedelta(weeks=2)
"""For so long after a second letter into silence nobody is asked to write a third."""

_LOST_EXCHANGES = 10
_LOST_MONTHS = 4
_MOST_OVERDUE = 3.0
_FIRST_SEEN_SLACK = timedelta(days=30)


def compose(
    relationships: Sequence[Relationship],
    agenda: Sequence[Appointment],
    policy: Policy,
    now: datetime,
    shown: Mapping[str, date],
    sources: Sequence[Source],
) -> Digest:
    """The digest of the owner's local day of `now`; `shown` says when a person (by id) was last shown.

    `sources` are all accounts of the configuration: a stale one withholds every claim that it could falsify (see
    `syncd.pipeline.freshness`), so whoever was seen in none of them is not spoken of either. Nobody let go, ignored or
    snoozed is named anywhere, nobody whom the owner talked to or meets within `soon`, and nobody twice within
    `repeat_after`.
    """
    zone = ZoneInfo(policy.me.time_zone)
    edition = Edition(policy, now, zone, shown, freshness_of(sources, now), people_met(agenda))
    visible = [one for one in relationships if not edition.is_hidden(one)]
    wanted = {kind for kind in SectionKind if kind in policy.digest.sections}
    leaving = {one.person.id for one in visible if SectionKind.QUIET in wanted and clock_of_goodbye(one, edition)}
    owed = (
        _owed((one for one in visible if one.person.id not in leaving), edition)
        if SectionKind.OWED in wanted
        else _Chosen()
    )
    waiting = {one.person.id for one in owed.considered}
    quiet = (
        _quiet((one for one in visible if one.person.id not in waiting), edition)
        if SectionKind.QUIET in wanted
        else _Chosen()
    )
    lost = _lost(visible, edition) if SectionKind.LOST in wanted else _Chosen()
    known_since = _known_since(relationships, edition)
    named = {one.person.id for one in (*quiet.people, *owed.people, *lost.people)}
    everybody = {one.person.id: one for one in relationships}
    entries: dict[SectionKind, tuple[Entry, ...]] = {
        SectionKind.NOTICE: notices(sources, now, zone),
        SectionKind.TODAY: todays_meetings(agenda, everybody, edition) if SectionKind.TODAY in wanted else (),
        SectionKind.QUIET: tuple(_card(one, edition, known_since) for one in quiet.people),
        SectionKind.OWED: _waiting_entries(owed.people, edition),
        SectionKind.WEEK: weeks_dates(visible, edition, named) if SectionKind.WEEK in wanted else (),
        SectionKind.LOST: tuple(_card(one, edition, known_since) for one in lost.people),
    }
    sections = tuple(Section(kind, entries[kind]) for kind in SectionKind if entries[kind])
    unsure = held_meetings(agenda, everybody, edition) if SectionKind.TODAY in wanted else ()
    withheld = (*quiet.withheld, *owed.withheld, *lost.withheld, *unsure)
    waiting_for_sources = {one.person for one in withheld if waits_for_a_source(one.why)}
    return Digest(
        day=edition.today,
        headline=headline_of(sections, edition),
        lead=lead_of(sections, everybody, edition, len(waiting_for_sources)),
        sections=sections,
        withheld=withheld,
        sources=tuple(sources),
        back_on=edition.today + policy.digest.repeat_after if named else None,
        generated=now,
    )


def is_news(digest: Digest, last: datetime | date | None, policy: Policy) -> bool:
    """Whether a digest is worth a mail after the `last` one, of an instant or of the hour of a day.

    Trouble with an account is, once it has lasted for more than a day, and is then told once.
    """
    if any(section.kind is not SectionKind.NOTICE for section in digest.sections):
        return True
    told = instant_of(last, policy) if last and not isinstance(last, datetime) else last
    worth_a_mail = (
        entry.at + BROKEN_AFTER for entry in digest.section(SectionKind.NOTICE) if isinstance(entry.at, datetime)
    )
    written = digest.generated or instant_of(digest.day, policy)
    return any(since < written and (told is None or told < since) for since in worth_a_mail)


def people_shown(digest: Digest) -> tuple[str, ...]:
    """The ids of those who must not come back before `digest.back_on`: who was asked to be written to."""
    return tuple(
        entry.person
        for kind in (SectionKind.QUIET, SectionKind.OWED, SectionKind.LOST)
        for entry in digest.section(kind)
        if entry.person
    )


# --------------------------------------------------------------------------- choosing


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Who is shown of all who were considered, and why the others are not."""

    people: tuple[Relationship, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    considered: tuple[Relationship, ...] = ()


def _choose(
    due: Iterable[Relationship], most: int, edition: Edition, arrived: Mapping[str, date] | None = None
) -> _Chosen:
    """The first `most` of those who are due, in their order, that nothing speaks against.

    `arrived` holds, by person, the day of a letter of theirs: it is news even of somebody shown before that day.
    """
    considered = tuple(due)
    people: list[Relationship] = []
    withheld: list[Withheld] = []
    for one in considered:
        if why := _held_back(one, edition, (arrived or {}).get(one.person.id)):
            withheld.append(Withheld(one.person.name, one.person.id, why))
        elif len(people) < most:
            people.append(one)
        else:
            withheld.append(Withheld(one.person.name, one.person.id, caveats.waits_turn()))
    return _Chosen(tuple(people), tuple(withheld), considered)


def _held_back(one: Relationship, edition: Edition, arrived: date | None) -> Phrase | None:
    if doubt := edition.doubt(one):
        return doubt
    if meeting := edition.meeting_soon(one):
        return caveats.meets_soon(meeting)
    if written_on := _hoped_for(one, edition):
        return caveats.may_be_answered(written_on)
    back_on, seen = edition.rests_until(one), edition.shown.get(one.person.id)
    if back_on and seen and (arrived is None or arrived <= seen):
        return caveats.shown_lately(seen, back_on)
    return None


# --------------------------------------------------------------------------- going quiet


def _quiet(visible: Iterable[Relationship], edition: Edition) -> _Chosen:
    """Those who are due, the most urgent first; who was shown in this very silence gives way to who was not."""
    due = [
        (edition.shown_in_this_silence(one), -urgency, one) for one in visible if (urgency := _urgency(one, edition))
    ]
    due.sort(key=lambda found: (*found[:2], found[2].person.name, found[2].person.id))
    return _choose((one for *_, one in due), edition.policy.digest.people, edition)


def _urgency(one: Relationship, edition: Edition) -> float:
    """How much a note is worth today: strength times how overdue it is, 0 when it is not due.

    A farewell counts as most overdue. Somebody judged by their own past was told of once when shown in this silence:
    they are due again only when they will hardly be back by themselves.
    """
    if not one.followed or one.quiet_since is None or one.tie.cadence is None or edition.just_talked(one):
        return 0.0
    if clock_of_goodbye(one, edition):
        overdue = _MOST_OVERDUE
    elif one.tie.state is TieState.COLD:
        overdue = min(_MOST_OVERDUE, (edition.now - one.quiet_since) / one.tie.cadence)
    else:
        return 0.0
    told = edition.shown_in_this_silence(one) and edition.judges_by_past(one)
    return 0.0 if told and one.tie.p_alive > HARDLY_BACK else one.tie.strength * overdue


def _hoped_for(one: Relationship, edition: Edition) -> date | None:
    """The day of a second letter into silence that is so fresh that an answer may still come."""
    last = one.tie.last
    if last is None or one.quiet_since is None or last <= one.quiet_since:
        return None
    return edition.day_of(last) if edition.now - last < ANSWER_HOPED_FOR else None


def _card(one: Relationship, edition: Edition, known_since: date) -> Entry:
    """A person: who, the year, why now, and a reason to write."""
    lost = one.tie.state is TieState.LOST
    why = why_lost(one, edition) if lost else None
    reason = reason_to_write(one, edition, known_since)
    return Entry(
        title=one.person.name,
        why=(why,) if why else why_quiet(one, edition),
        person=one.person.id,
        name=one.person.name,
        address=address_of(one),
        role=role_of(one),
        reason_to_write=reason or (persons.reason_old_tie() if lost else None),
        months=one.months,
    )


def _known_since(relationships: Iterable[Relationship], edition: Edition) -> date:
    """The day from which on a first exchange is one: what was read begins a little earlier."""
    earliest = min((one.first for one in relationships if one.first), default=edition.now)
    return edition.day_of(earliest + _FIRST_SEEN_SLACK)


# --------------------------------------------------------------------------- waiting for your reply


def _owed(visible: Iterable[Relationship], edition: Edition) -> _Chosen:
    """Those whose last mail waits for an answer, the strongest ties first."""
    arrived: dict[str, date] = {}
    due: list[Relationship] = []
    for one in visible:
        letter = waiting_letter(one)
        if letter and edition.policy.digest.owed_after <= edition.now - letter.until <= OWED_AT_MOST:
            arrived[one.person.id] = edition.day_of(letter.until)
            due.append(one)
    due.sort(key=lambda one: (-one.tie.strength, one.person.name, one.person.id))
    return _choose(due, MOST_OWED, edition, arrived)


def _waiting_entries(people: Iterable[Relationship], edition: Edition) -> tuple[Entry, ...]:
    """One entry for each letter that waits, the longest first."""
    letters = [(letter.until, one.person.id, letter, one) for one in people if (letter := one.last_inbound)]
    return tuple(
        Entry(
            title=one.person.name,
            why=(persons.waiting_for(edition.since(letter.until)),),
            person=one.person.id,
            name=one.person.name,
            address=letter.address or address_of(one),
            role=role_of(one),
            subject=letter.subject,
            message_id=letter.message_id,
        )
        for _, _, letter, one in sorted(letters, key=itemgetter(0, 1))
    )


# --------------------------------------------------------------------------- lost touch


def _lost(visible: Iterable[Relationship], edition: Edition) -> _Chosen:
    """Ties that once were strong and are lost, the strongest first; who is not shown is not due, and not listed."""
    due = [
        one
        for one in visible
        if one.followed
        and one.tie.state is TieState.LOST
        and one.tie.interactions >= _LOST_EXCHANGES
        and one.tie.months_active >= _LOST_MONTHS
        and not edition.just_talked(one)
    ]
    due.sort(
        key=lambda one: (one.person.id in edition.shown, -one.tie.months_active, -one.tie.interactions, one.person.id)
    )
    chosen = _choose(due, edition.policy.digest.lost, edition)
    doubted = {one.person.id for one in due if edition.doubt(one)}
    held = tuple(one for one in chosen.withheld if one.person in doubted)
    return _Chosen(chosen.people, held, chosen.considered)

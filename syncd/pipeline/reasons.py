"""What is said about one person: who they are to the owner, why now, how it ended last time, a reason to write.

A reason to write is given only when a real one exists in the headers or the configuration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.model import Direction, InteractionKind, TieState, VerdictKind
from syncd.pipeline.dates import Occasion, coming_dates, next_anniversary, within
from syncd.pipeline.edition import first_name
from syncd.pipeline.normalize import domain_of
from syncd.pipeline.phrases import persons
from syncd.pipeline.spans import usual, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from syncd.model import Phrase, Relationship, Touch
    from syncd.pipeline.edition import Edition

_FIRST_EXCHANGE_AHEAD = 9
_STREAK = 2
_LONGEST_STREAK = 4
_FIRST_MONTH = 31
_RHYTHM_NEAR_CADENCE = (0.6, 1.3)


# --------------------------------------------------------------------------- who


def role_of(one: Relationship) -> Phrase | None:
    """The second line: circle and company; None for somebody in no circle."""
    if not one.circle:
        return None
    company = one.company or one.former
    return persons.role_at(one.circle, company) if company else persons.role_alone(one.circle)


def address_of(one: Relationship) -> str:
    """Where a letter reaches them: the address they wrote from last, else the one that was written to."""
    touches = (one.last_inbound, one.last_outbound, one.last_touch)
    latest = next((touch.address for touch in touches if touch and touch.address), "")
    return one.new_address or latest or next(iter(one.person.addresses), "")


# --------------------------------------------------------------------------- why now


def clock_of_goodbye(one: Relationship, edition: Edition) -> bool:
    """Whether the first note after a shared job ended is due: half of `first` is over, and none was written."""
    circle = edition.policy.circle(one.circle)
    if not one.former or one.left_on is None or circle is None or circle.first is None:
        return False
    gone = edition.today - one.left_on
    return circle.first / 2 <= gone <= 2 * circle.first and not wrote_since(one, one.left_on, edition)


def wrote_since(one: Relationship, day: date, edition: Edition) -> bool:
    """Whether the owner wrote to or met somebody after `day`."""
    mine = one.last_outbound.until if one.last_outbound else None
    return any(moment is not None and edition.day_of(moment) > day for moment in (mine, one.last_met))


def why_quiet(one: Relationship, edition: Edition) -> tuple[Phrase, ...]:
    """Why somebody is on the list today: the gap against what is usual, and how it ended."""
    if clock_of_goodbye(one, edition) and one.left_on:
        return tuple(_why_left(one, one.left_on, edition))
    how_it_ended = (
        persons.unanswered(one.tie.unanswered)
        if one.tie.unanswered >= _STREAK
        else last_contact(one.last_touch, first_name(one.person.name), edition)
    )
    return tuple(phrase for phrase in (_gap(one, edition), how_it_ended) if phrase)


def _why_left(one: Relationship, left_on: date, edition: Edition) -> Iterator[Phrase]:
    first = first_name(one.person.name)
    if one.goodbye_on:
        yield persons.said_goodbye(first, one.goodbye_on)
    elif one.they_left:
        yield persons.they_left(first, one.former, left_on)
    else:
        yield persons.you_left(first, one.former, left_on)
    if (edition.today - left_on).days <= _FIRST_MONTH:
        yield persons.first_month()


def is_by_rhythm(one: Relationship, edition: Edition) -> bool:
    """Whether the gap is best told against the learned rhythm: longer than it, or it is close to what counts."""
    rhythm, cadence = one.tie.rhythm, one.tie.cadence
    if rhythm is None or cadence is None:
        return False
    if edition.judges_by_past(one):
        return one.quiet_since is not None and edition.now - one.quiet_since > rhythm
    low, high = _RHYTHM_NEAR_CADENCE
    return low <= rhythm / cadence <= high


def _gap(one: Relationship, edition: Edition) -> Phrase | None:
    if one.quiet_since is None or one.tie.cadence is None:
        return None
    gap = edition.since(one.quiet_since)
    if one.tie.rhythm and is_by_rhythm(one, edition):
        return persons.quiet_rhythm(gap, usual(one.tie.rhythm))
    circle = edition.policy.circle(one.circle)
    by_past = edition.judges_by_past(one)
    if circle is None or circle.cadence is None or (circle.cadence != one.tie.cadence and not by_past):
        return persons.quiet_person(gap, wanted(one.tie.cadence))
    if by_past and edition.now - one.quiet_since < circle.cadence:
        return persons.quiet_for(gap)
    return persons.quiet_circle(gap, one.circle, wanted(circle.cadence))


def last_contact(touch: Touch | None, first: str, edition: Edition) -> Phrase | None:
    """Who wrote last, or when they last met."""
    if touch is None:
        return None
    on = edition.day_of(touch.at)
    if touch.kind is InteractionKind.TALK:
        return persons.talked_last(on)
    if touch.kind is InteractionKind.MEETING:
        return persons.met_last(on, touch.subject)
    if touch.direction is Direction.IN:
        return persons.they_wrote_last(first, on, touch.subject)
    return persons.you_wrote_last(on, touch.subject)


def waiting_letter(one: Relationship) -> Touch | None:
    """Their last mail, when it was written to the owner as a person and nothing of the owner's came after it."""
    letter = one.last_inbound
    if letter is None or letter.verdict is not VerdictKind.HUMAN or not one.tie.sent:
        return None
    later = (one.last_outbound.until if one.last_outbound else None, one.last_met)
    return None if any(moment is not None and moment >= letter.until for moment in later) else letter


def why_lost(one: Relationship, edition: Edition) -> Phrase | None:
    """What there was, and for how long there has been nothing."""
    if one.tie.last is None or not one.yearly:
        return None
    gap = edition.since(one.tie.last)
    exchanges = one.tie.interactions
    match [year for year, _ in one.yearly]:
        case [year]:
            return persons.lost_one_year(exchanges, year, gap)
        case [year, second]:
            return persons.lost_two_years(exchanges, year, second, gap)
        case [year, *_, last]:
            return persons.lost_years(exchanges, year, last, gap)
    return None


# --------------------------------------------------------------------------- a reason to write


def reason_to_write(one: Relationship, edition: Edition, known_since: date) -> Phrase | None:
    """The best reason there is, or None. `known_since`: before that day nothing was read, so no exchange is a first."""
    return next(_reasons(one, edition, known_since), None)


def _reasons(one: Relationship, edition: Edition, known_since: date) -> Iterator[Phrase]:
    if one.tie.state is not TieState.LOST and _prefers_a_call(one, edition):
        yield persons.reason_call(one.tie.unanswered + 1)
    if one.new_address and one.new_address_since:
        yield persons.reason_new_address(domain_of(one.new_address), one.new_address_since)
    yield from _dates(one, edition, known_since)
    if one.shared and one.shared.subject:
        yield persons.reason_both_at(one.shared.subject, edition.day_of(one.shared.at))
    if one.next_meeting and not edition.sources.doubts_meetings:
        yield persons.reason_meeting_ahead(edition.day_of(one.next_meeting))


def _prefers_a_call(one: Relationship, edition: Edition) -> bool:
    """After two unanswered letters, or one where the circle prefers to meet; after many a call is no better."""
    circle = edition.policy.circle(one.circle)
    enough = 1 if circle is not None and circle.prefer == "meeting" else _STREAK
    return enough <= one.tie.unanswered <= _LONGEST_STREAK


def _dates(one: Relationship, edition: Edition, known_since: date) -> Iterator[Phrase]:
    today = edition.today
    for coming in coming_dates(one, today):
        if coming.occasion is Occasion.BIRTHDAY:
            yield persons.reason_birthday(first_name(one.person.name), coming.day)
        else:
            yield persons.reason_work_anniversary(coming.years, one.company, coming.day)
    if one.left_on and not one.they_left:
        day, years = next_anniversary(one.left_on, today)
        if years and within(day, today):
            yield persons.reason_job_ended(one.former, years, day)
    if one.first and (first_on := edition.day_of(one.first)) > known_since:
        day, years = next_anniversary(first_on, today)
        if years and within(day, today, _FIRST_EXCHANGE_AHEAD):
            yield persons.reason_first_exchange(years, day)

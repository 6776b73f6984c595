"""One meeting in several calendars: which copies are one, what they say together, who else is in it.

RFC 5545 and sync-rules 9.2: an occurrence is named by its UID and its original start; copies of other UIDs are one
meeting when time, organizer and somebody in it are the same.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from syncd.model import MeetingStatus, Participant, Response, Role
from syncd.pipeline.copies import Groups, sharing
from syncd.pipeline.machines import is_machine_address, is_room
from syncd.pipeline.normalize import display_name, event_key, normal_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from syncd.model import Meeting
    from syncd.pipeline.copies import Copy
    from syncd.pipeline.own_addresses import OwnAddresses

_STRENGTH = {Response.ACCEPTED: 0, Response.TENTATIVE: 1, Response.DECLINED: 2, Response.NEEDS_ACTION: 3, None: 4}


def strongest(responses: Iterable[Response | None]) -> Response | None:
    """What counts of several answers of one person: a yes over a no, a no over silence."""
    return min(responses, key=_STRENGTH.__getitem__, default=None)


def my_answer(meeting: Meeting, own: OwnAddresses) -> Response | None:
    """My strongest answer; an organizer who answered nothing said yes by calling it."""
    mine = [one for one in meeting.participants if normal_address(one.address) in own]
    answer = strongest(one.response for one in mine)
    calls = any(one.role is Role.ORGANIZER for one in mine)
    return Response.ACCEPTED if calls and answer in (None, Response.NEEDS_ACTION) else answer


def others_in(meeting: Meeting, own: OwnAddresses) -> tuple[Participant, ...]:
    """Everybody else, once each, by normal address: neither me, nor a room, nor a machine."""
    found: dict[str, Participant] = {}
    for one in meeting.participants:
        address = normal_address(one.address)
        if not address or address in own or is_machine_address(address) or is_room(address, one.name):
            continue
        other = found.get(address)
        role = Role.ORGANIZER if Role.ORGANIZER in (one.role, other and other.role) else Role.ATTENDEE
        response = strongest((one.response, other.response if other else None))
        name = max(display_name(one.name), other.name if other else "", key=lambda text: (len(text), text))
        found[address] = Participant(address, name, role, response)
    return tuple(sorted(found.values(), key=lambda one: (one.role is not Role.ORGANIZER, one.address)))


def group_meetings(copies: Sequence[Copy[Meeting]], own: OwnAddresses) -> list[list[Copy[Meeting]]]:
    """The copies, grouped into meetings: by UID and original start, else by time, organizer and company."""
    groups = Groups(len(copies))
    for shared in sharing(copy.key for copy in copies):
        groups.join(shared)
    for shared in sharing(copy.content for copy in copies):
        company = {index: _company(copies[index].record, own) for index in shared}
        for first, second in combinations(shared, 2):
            if company[first] & company[second] and not _of_one_series(copies[first].record, copies[second].record):
                groups.join((first, second))
    return [[copies[index] for index in group] for group in groups.members(range(len(copies)))]


def _company(meeting: Meeting, own: OwnAddresses) -> frozenset[str]:
    """Whoever is in it besides me; nobody is in two meetings at once."""
    return frozenset(one.address for one in others_in(meeting, own))


def _of_one_series(first: Meeting, second: Meeting) -> bool:
    """Whether they are two occurrences of one series, of which one was moved onto the other."""
    return (
        "" not in (first.recurrence_id, second.recurrence_id)
        and first.recurrence_id != second.recurrence_id
        and event_key(first.uid) == event_key(second.uid)
    )


def merge_meetings(copies: Sequence[Meeting], own: OwnAddresses) -> Meeting:
    """What the copies say together.

    Time and status are those of the highest SEQUENCE (RFC 5545 section 3.8.7.4), where a cancellation wins; people are
    united; of my own answers the strongest counts, of others' that of the newest copy which has one.
    """
    if all(copy == copies[0] for copy in copies):
        return copies[0]
    ranked = sorted(copies, key=_newest_first)
    people: dict[tuple[str, Role], Participant] = {}
    for copy in ranked:
        for one in copy.participants:
            address = normal_address(one.address) or one.address
            known = people.get((address, one.role))
            people[address, one.role] = (
                _both(known, one, mine=address in own) if known else replace(one, address=address)
            )
    return replace(
        ranked[0],
        participants=tuple(people[key] for key in sorted(people)),
        title=next((copy.title for copy in ranked if copy.title), ""),
    )


def _both(known: Participant, other: Participant, *, mine: bool) -> Participant:
    answered = known.response not in (None, Response.NEEDS_ACTION)
    response = known.response if answered and not mine else strongest((known.response, other.response))
    return replace(known, name=known.name or other.name, response=response)


def _newest_first(meeting: Meeting) -> tuple[int, bool, float, float, str, str]:
    """An order that depends on what the copies say and on nothing else."""
    return (
        -meeting.sequence,
        meeting.status is not MeetingStatus.CANCELLED,
        meeting.start.timestamp(),
        meeting.end.timestamp(),
        meeting.title,
        repr(meeting.participants),
    )

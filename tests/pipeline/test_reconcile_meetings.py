"""One meeting in several calendars is one interaction; sync-rules 9.2 and fault 58."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model import (
    Direction,
    Fact,
    Interaction,
    InteractionKind,
    Meeting,
    MeetingStatus,
    Participant,
    Plan,
    Response,
    Role,
    VerdictKind,
)
from syncd.pipeline.own_addresses import learn_own
from syncd.pipeline.policy import Ignore
from syncd.pipeline.reconcile import reconcile
from tests.pipeline.strategies import ME, NOON
from tests.pipeline.test_normalize import global_object_id

OWN = learn_own(ME, "", {})
ANNA = "anna.rossi@acme.example"
BUDI = "budi@harapan.example"


def attendee(address: str, response: Response | None = None, name: str = "") -> Participant:
    return Participant(address, name, Role.ATTENDEE, response)


LUNCH = Meeting(
    "1",
    NOON,
    NOON + timedelta(hours=1),
    (Participant(ANNA, "Anna Rossi", Role.ORGANIZER), attendee(ME[0]), attendee(ANNA), attendee(BUDI)),
    "lunch@acme.example",
    title="Lunch",
)


def plan(*meetings: Meeting, ignore: Ignore | None = None) -> Plan:
    """Reconcile meetings, each of a calendar of its own."""
    return reconcile([Fact(f"calendar {place}", one) for place, one in enumerate(meetings)], OWN, ignore or Ignore())


def only(found: Plan) -> Interaction:
    (interaction,) = found.interactions
    return interaction


def answered(response: Response | None, meeting: Meeting = LUNCH) -> Meeting:
    """The meeting with my answer."""
    rest = tuple(one for one in meeting.participants if one.address != ME[0])
    return replace(meeting, participants=(*rest, attendee(ME[0], response)))


def test_a_meeting_is_contact_with_everybody_else_in_it() -> None:
    found = only(plan(LUNCH))
    assert (found.kind, found.direction, found.verdict.kind) == (
        InteractionKind.MEETING,
        Direction.MUTUAL,
        VerdictKind.HUMAN,
    )
    assert [(one.address, one.name, one.role) for one in found.contacts] == [
        (ANNA, "Anna Rossi", Role.ORGANIZER),
        (BUDI, "", Role.ATTENDEE),
    ]
    assert (found.at, found.until, found.subject) == (NOON, NOON + timedelta(hours=1), "Lunch")


EXCHANGE = replace(LUNCH, uid=global_object_id(payload=b"vCal-Uid\x01\0\0\0lunch@acme.example\0"))


@pytest.mark.parametrize(
    "copy",
    [
        EXCHANGE,
        replace(EXCHANGE, start=NOON + timedelta(hours=2), end=NOON + timedelta(hours=3)),
        replace(LUNCH, uid="lunch_R20240304T120000@acme.example"),
        replace(LUNCH, uid="another@acme.example"),
        replace(LUNCH, uid="another@acme.example", participants=(LUNCH.participants[0], attendee(BUDI))),
        replace(LUNCH, uid=""),
    ],
)
def test_copies_of_one_meeting_are_one_interaction(copy: Meeting) -> None:
    assert len(only(plan(LUNCH, copy)).evidence) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(LUNCH, uid="another@acme.example", end=NOON + timedelta(hours=2)),
        replace(LUNCH, uid="x@y", participants=(Participant(BUDI, "", Role.ORGANIZER), *LUNCH.participants[1:])),
    ],
)
def test_another_meeting_is_another_interaction(other: Meeting) -> None:
    assert len(plan(LUNCH, other).interactions) == 2


def test_an_occurrence_moved_onto_another_of_its_series_is_not_that_one() -> None:
    first, second = (replace(LUNCH, recurrence_id=f"2024-03-{day}T12:00:00+00:00") for day in ("04", "11"))
    assert len(plan(first, second).interactions) == 2


def test_i_may_call_two_meetings_at_one_time_for_others() -> None:
    first, second = (
        replace(LUNCH, uid=uid, participants=(Participant(ME[0], "", Role.ORGANIZER), attendee(guest)))
        for uid, guest in (("one@x", ANNA), ("two@x", BUDI))
    )
    assert len(plan(first, second).interactions) == 2


def test_an_occurrence_that_moved_is_still_the_same() -> None:
    occurrence = replace(LUNCH, recurrence_id="2024-03-04T12:00:00+00:00")
    moved = replace(occurrence, start=NOON + timedelta(days=1), end=NOON + timedelta(days=1, hours=1), sequence=1)
    assert only(plan(occurrence, moved)).at == NOON + timedelta(days=1)
    assert only(plan(moved, occurrence)).at == NOON + timedelta(days=1)


def test_of_my_answers_the_strongest_counts() -> None:
    assert only(plan(answered(Response.DECLINED))).verdict.kind is VerdictKind.DECLINED
    assert only(plan(answered(Response.DECLINED), answered(Response.ACCEPTED))).verdict.kind is VerdictKind.HUMAN
    assert only(plan(answered(Response.DECLINED), answered(None))).verdict.kind is VerdictKind.DECLINED
    assert only(plan(answered(Response.NEEDS_ACTION))).verdict.kind is VerdictKind.HUMAN


def test_a_cancellation_wins_unless_a_newer_copy_stands() -> None:
    cancelled = replace(LUNCH, status=MeetingStatus.CANCELLED)
    assert only(plan(LUNCH, cancelled)).verdict.kind is VerdictKind.DECLINED
    assert only(plan(replace(LUNCH, sequence=1), cancelled)).verdict.kind is VerdictKind.HUMAN


def test_who_declined_was_not_there() -> None:
    people = (*LUNCH.participants[:3], attendee(BUDI, Response.DECLINED))
    without_budi = replace(LUNCH, participants=people)
    assert [one.address for one in only(plan(without_budi)).contacts] == [ANNA]
    kept = only(plan(without_budi, ignore=Ignore(declined=False)))
    assert [one.address for one in kept.contacts] == [ANNA, BUDI]
    nobody = replace(LUNCH, participants=(attendee(ME[0]), attendee(BUDI, Response.DECLINED)))
    assert only(plan(nobody)).verdict.kind is VerdictKind.DECLINED


def test_whom_the_owner_ignores_was_not_met() -> None:
    everybody = only(plan(LUNCH))
    first = everybody.contacts[0].address
    rest = only(plan(LUNCH, ignore=Ignore(addresses=(first,))))
    assert [one.address for one in rest.contacts] == [one.address for one in everybody.contacts[1:]]
    nobody = only(plan(LUNCH, ignore=Ignore(addresses=("*",))))
    assert nobody.verdict.kind is VerdictKind.AUTOMATED


def test_rooms_and_machines_are_nobody() -> None:
    rooms = ("room-12@acme.example", "c_77@resource.calendar.google.com", "noreply@meet.example")
    assert plan(replace(LUNCH, participants=(attendee(ME[0]), *map(attendee, rooms)))).interactions == ()
    big_room = replace(LUNCH, participants=(attendee(ME[0]), attendee("rome@acme.example", name="Rome Meeting Room")))
    assert plan(big_room).interactions == ()


def test_a_published_event_that_invites_nobody_brings_nobody_together() -> None:
    published = replace(LUNCH, participants=(Participant(ANNA, "", Role.ORGANIZER),))
    assert only(plan(published)).verdict.kind is VerdictKind.DECLINED


def test_a_crowd_does_not_talk() -> None:
    crowd = tuple(attendee(f"p{number}@acme.example") for number in range(12))
    assert only(plan(replace(LUNCH, participants=(attendee(ME[0]), *crowd)))).verdict.kind is VerdictKind.WIDE
    assert only(plan(replace(LUNCH, participants=(attendee(ME[0]), *crowd[:11])))).verdict.kind is VerdictKind.HUMAN


def test_an_all_day_entry_counts_only_when_i_said_yes_or_called_it() -> None:
    day = replace(LUNCH, all_day=True)
    assert only(plan(answered(Response.NEEDS_ACTION, day))).verdict.kind is VerdictKind.DECLINED
    assert only(plan(answered(Response.ACCEPTED, day))).verdict.kind is VerdictKind.HUMAN
    mine = replace(day, participants=(Participant(ME[0], "", Role.ORGANIZER), attendee(ANNA)))
    assert only(plan(mine)).verdict.kind is VerdictKind.HUMAN


def test_two_events_without_a_uid_at_one_time_are_two() -> None:
    first = replace(LUNCH, uid="", participants=(attendee(ME[0]), attendee(ANNA)))
    second = replace(LUNCH, uid="", participants=(attendee(ME[0]), attendee(BUDI)))
    assert len(plan(first, second).interactions) == 2


def test_the_reason_is_a_sentence_about_the_meeting() -> None:
    assert only(plan(answered(Response.DECLINED))).verdict.reason == "You declined it."

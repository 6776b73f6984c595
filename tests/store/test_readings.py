"""Everybody's history, single exchanges, a day's meetings, and what a rehearsal shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.model import (
    Alias,
    Appointment,
    Identities,
    InteractionKind,
    Person,
    Role,
    Touch,
    VerdictKind,
)
from syncd.store import Counts, Store
from tests.store.records import ANNA, BOB, NOON, conclude, derive, fill, interaction, mail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.model import Interaction

PRIVATE = "anna@home.example"
HOUR = timedelta(hours=1)
TALK = interaction(4, (ANNA, "Anna", Role.ATTENDEE), (BOB, "Bob", Role.ATTENDEE), kind=InteractionKind.MEETING)
LETTERS = (
    interaction(3, (BOB, "Bob", Role.FROM)),
    interaction(1, (ANNA, "Anna", Role.FROM), (BOB, "Bob", Role.TO)),
    interaction(2, (PRIVATE, "Anna", Role.CC), (ANNA, "Anna", Role.FROM), verdict=VerdictKind.BULK),
    TALK,
)
PEOPLE = (
    Person("p:1", "Anna", (ANNA, PRIVATE)),
    Person("p:2", "Bob", (BOB,)),
    Person("p:3", "Nobody wrote to her", ("carla@home.example",)),
)


@pytest.fixture
def store(store: Store) -> Store:
    """Three people, three letters and a meeting."""
    conclude(store, *LETTERS)
    aliases = tuple(Alias(address, one.id, "It was said.") for one in PEOPLE for address in one.addresses)
    store.apply_identities(Identities(PEOPLE, aliases))
    return store


def touch(one: Interaction, role: Role, address: str) -> Touch:
    return Touch(
        one.id,
        one.at,
        one.until,
        one.kind,
        one.direction,
        one.verdict.kind,
        role,
        one.subject,
        one.message_id,
        one.in_reply_to,
        ("home", "work"),
        address,
    )


def test_everybody_has_their_history_oldest_first(store: Store) -> None:
    third, first, second, talk = LETTERS
    assert list(store.histories(None)) == [
        (PEOPLE[0], (touch(first, Role.FROM, ANNA), touch(second, Role.FROM, ANNA), touch(talk, Role.ATTENDEE, ANNA))),
        (PEOPLE[1], (touch(first, Role.TO, BOB), touch(third, Role.FROM, BOB), touch(talk, Role.ATTENDEE, BOB))),
        (PEOPLE[2], ()),
    ]


def test_a_history_up_to_a_day_leaves_out_later_letters_but_no_meeting(store: Store) -> None:
    found = {person.id: [one.interaction for one in touches] for person, touches in store.histories(NOON + 2 * HOUR)}
    assert found == {"p:1": [1, 2, 4], "p:2": [1, 4], "p:3": []}


def test_histories_are_streamed(store: Store) -> None:
    stream = store.histories(None)
    assert next(stream)[0] == PEOPLE[0]
    fill(store, "work", mail(7))
    assert [person for person, _ in stream] == list(PEOPLE[1:])


def test_a_history_that_nobody_reads_to_its_end_holds_nothing_back(store: Store) -> None:
    stream: Iterator[object] = store.histories(None)
    next(stream)
    del stream
    store.restart_derivation("anew")
    assert store.counts().interactions == 0


def test_exchanges_come_whole_newest_first(store: Store) -> None:
    third, first, second, talk = LETTERS
    assert store.exchanges("p:1", 10) == (talk, second, first)
    assert store.exchanges("p:2", 2) == (talk, third)
    assert store.exchanges("p:9", 2) == ()


def test_exchanges_up_to_a_moment_leave_out_what_is_still_to_come(store: Store) -> None:
    assert store.exchanges("p:1", 10, NOON + 3 * HOUR) == (LETTERS[2], LETTERS[1])


def test_the_agenda_has_the_meetings_that_start_within_its_hours(store: Store) -> None:
    appointment = Appointment(TALK, ("p:1", "p:2"))
    assert store.agenda(TALK.at, TALK.at + HOUR) == (appointment,)
    assert store.agenda(TALK.at - HOUR, TALK.at) == ()
    assert store.agenda(TALK.at + HOUR / 2, TALK.until) == ()


def test_an_appointment_names_a_person_once_and_an_unknown_address_not_at_all(store: Store) -> None:
    other = interaction(
        6,
        (ANNA, "Anna", Role.ORGANIZER),
        (PRIVATE, "Anna", Role.ATTENDEE),
        ("guest@x.example", "", Role.ATTENDEE),
        kind=InteractionKind.MEETING,
    )
    conclude(store, other)
    assert store.agenda(other.at, other.until) == (Appointment(other, ("p:1",)),)


def test_counts_tell_people_interactions_and_records(store: Store) -> None:
    assert store.counts() == Counts(people=3, interactions=4, observations=1, unreadable=0)


def test_a_dump_tells_stores_apart_that_differ_in_anything(store: Store) -> None:
    before = list(store.dump())
    for change in (
        replace(LETTERS[0], subject="Another matter"),
        replace(LETTERS[0], contacts=()),
        replace(LETTERS[0], evidence=()),
        replace(LETTERS[0], until=LETTERS[0].until + HOUR),
    ):
        with store.rehearse() as trial:
            trial.restart_derivation("")
            conclude(trial, change, *LETTERS[1:])
            facts_aside = [line for line in trial.dump() if line.startswith("interaction")]
        assert len(facts_aside) == 4
        assert not set(facts_aside) <= set(before)


def test_a_rehearsal_shows_what_would_be_and_leaves_no_trace(store: Store) -> None:
    before, accounts = list(store.dump()), store.accounts()
    with store.rehearse() as trial:
        fill(trial, "club", mail(20))
        derive(trial)
        trial.restart_derivation("anew")
        assert trial.accounts() != accounts
        assert list(trial.dump()) != before
    assert list(store.dump()) == before
    assert (store.accounts(), store.people()) == (accounts, PEOPLE)


def break_off(store: Store) -> None:
    """Write, and fail half way."""
    with store._transactions.writing() as connection:
        connection.exec_driver_sql("DELETE FROM fact")
        raise ZeroDivisionError


def test_a_rehearsal_that_breaks_off_leaves_no_trace(store: Store) -> None:
    before = list(store.dump())
    with pytest.raises(ZeroDivisionError), store.rehearse() as trial:
        break_off(trial)
    assert list(store.dump()) == before


def test_within_a_rehearsal_a_step_that_fails_undoes_itself_only(store: Store) -> None:
    with store.rehearse() as trial:
        fill(trial, "club", mail(20))
        with pytest.raises(ZeroDivisionError):
            break_off(trial)
        assert sum(line.startswith("fact") for line in trial.dump()) == 2

"""What identity is resolved from, what came of it, and the owner's own word."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.model import Alias, Decision, DecisionKind, Identities, Person, Role, Sighting, VerdictKind
from tests.store.records import ANNA, BOB, NOON, conclude, interaction

if TYPE_CHECKING:
    from syncd.store import Store

HOUR = timedelta(hours=1)
DECISIONS = (
    Decision(DecisionKind.SAME, ANNA, BOB, NOON),
    Decision(DecisionKind.CIRCLE, ANNA, "mentors", NOON + HOUR),
    Decision(DecisionKind.MUTE, BOB, "", NOON + timedelta(microseconds=1)),
)


def identities(**addresses: str) -> Identities:
    """A person per argument, with these addresses, the first of them first."""
    people = tuple(Person(f"p:{name}", name.title(), tuple(text.split())) for name, text in addresses.items())
    aliases = tuple(Alias(address, one.id, "It was said.") for one in people for address in one.addresses)
    return Identities(people, aliases)


def test_a_sighting_tells_names_by_frequency_first_and_last_time_and_human_letters(store: Store) -> None:
    conclude(
        store,
        interaction(1, (ANNA, "Anna Rossi", Role.FROM)),
        interaction(2, (ANNA, "", Role.FROM), (BOB, "", Role.CC), verdict=VerdictKind.LIST),
        interaction(3, (ANNA, "A. Rossi", Role.FROM), verdict=VerdictKind.BULK),
        interaction(4, (ANNA, "Anna Rossi", Role.FROM), verdict=VerdictKind.WIDE),
    )
    assert list(store.sightings()) == [
        Sighting(ANNA, (("Anna Rossi", 2), ("A. Rossi", 1)), NOON + HOUR, NOON + 4 * HOUR, 2),
        Sighting(BOB, (), NOON + 2 * HOUR, NOON + 2 * HOUR, 1),
    ]


def test_people_and_aliases_come_back_with_their_addresses_in_order(store: Store) -> None:
    store.apply_identities(identities(bob=f"{BOB} a@b.example", anna=ANNA), "first")

    assert store.people() == (Person("p:anna", "Anna", (ANNA,)), Person("p:bob", "Bob", (BOB, "a@b.example")))
    assert store.aliases("p:bob") == (
        Alias("a@b.example", "p:bob", "It was said."),
        Alias(BOB, "p:bob", "It was said."),
    )
    assert store.person_of("a@b.example") == "p:bob"
    assert store.person_of("nobody@b.example") is None
    assert store.identity_key() == "first"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2), max_size=6), max_size=4))
def test_people_who_were_resolved_again_are_those_of_the_last_time(store: Store, rounds: list[dict[str, int]]) -> None:
    with store.rehearse() as trial:
        for whose in rounds:
            people = {str(one): [name for name, owner in whose.items() if owner == one] for one in set(whose.values())}
            found = identities(**{name: " ".join(addresses) for name, addresses in people.items()})
            trial.apply_identities(found)
            assert set(trial.people()) == set(found.people)
            assert {one for person in found.people for one in trial.aliases(person.id)} == set(found.aliases)


def test_deriving_anew_asks_for_people_to_be_resolved_again(store: Store) -> None:
    store.apply_identities(identities(anna=ANNA), "key")
    store.restart_derivation("anew")

    assert (store.identity_key(), store.people()) == ("", ())


def test_decisions_come_back_in_the_order_in_which_they_were_taken(store: Store) -> None:
    for decision in DECISIONS:
        store.decide(decision)
    assert store.decisions() == DECISIONS


def test_undo_takes_back_the_last_decision_then_the_one_before(store: Store) -> None:
    for decision in DECISIONS:
        store.decide(decision)
    assert [store.undo() for _ in range(4)] == [*reversed(DECISIONS), None]
    assert store.decisions() == ()

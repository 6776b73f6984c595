"""Which addresses are one person: the same full name merges, a similar one never, the owner's word decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import Decision, DecisionKind, Identities, Sighting
from syncd.pipeline.identity import resolve
from syncd.pipeline.own_addresses import OwnAddresses, learn_own
from syncd.pipeline.policy import PersonPolicy
from tests.pipeline.strategies import NOON, judgements, law, sightings

WORK, HOME, OTHER = "anna.rossi@acme.example", "anna@rossi-family.example", "anna.rossi@harapan.example"
NOBODY = OwnAddresses()
FORGE = "17+annaros@users.noreply.github.com"
_SAME_ACCOUNT = "It is the account of {} at the same forge."
_BOTH_GIVE = "What it displays and its local part give the full name of {}."


def seen(address: str, *names: str, first: int = 0, last: int = 10, human: int = 3) -> Sighting:
    """An address, its names (the first one most often), the days between which it was active."""
    counts = tuple((name, 9 - 3 * place) for place, name in enumerate(names) if name)
    return Sighting(address, counts, NOON + timedelta(days=first), NOON + timedelta(days=last), human)


def said(kind: DecisionKind, subject: str, other: str = "", minute: int = 0) -> Decision:
    return Decision(kind, subject, other, NOON + timedelta(minutes=minute))


def people(
    *found: Sighting,
    namesakes: tuple[tuple[str, str], ...] = (),
    decisions: tuple[Decision, ...] = (),
    config: tuple[PersonPolicy, ...] = (),
    own: OwnAddresses = NOBODY,
) -> list[tuple[str, ...]]:
    return [one.addresses for one in resolve(found, namesakes, decisions, config, own).people]


def because(identities: Identities, address: str) -> str:
    return next(alias.because for alias in identities.aliases if alias.address == address)


def test_the_same_full_name_is_one_person_and_says_why() -> None:
    identities = resolve([seen(WORK, "Anna Rossi"), seen(HOME, "ROSSI, Anna")], (), (), (), NOBODY)
    (anna,) = identities.people
    assert anna.addresses == (WORK, HOME)
    assert anna.name == "Anna Rossi"
    assert because(identities, WORK) == f"It carries the same full name as {HOME}."
    assert because(identities, HOME) == f"It carries the same full name as {WORK}."


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Anna", "Anna"),
        ("Anna Rossi", "Anna Russo"),
        ("Anna Rossi", "Anna M. Rossi"),
        ("Anna Rossi", "A. Rossi"),
        ("Customer Service", "Customer Service"),
        ("LinkedIn Notifications", "LinkedIn Notifications"),
        ("Acme Widgets Ltd", "Acme Widgets Ltd"),
        ("Anna Rossi via Club", "Anna Rossi via Club"),
        ("", ""),
    ],
)
def test_a_first_name_a_similar_name_or_no_persons_name_never_merges(first: str, second: str) -> None:
    assert len(people(seen(WORK, first), seen(HOME, second))) == 2


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ((WORK, "Jörg Rößler"), (HOME, "Joerg Roessler"), "It carries the full name of {} in another spelling."),
        ((WORK, "Иван Петров"), (HOME, "Ivan Petrov"), "It carries the full name of {} in another spelling."),
        ((WORK, "Anna Rossi"), (HOME, "Rossi Anna"), "It carries the full name of {} in another order."),
        (("anna.rossi@b.example", "Anna"), ("ar@c.example", "Anna Rossi"), _BOTH_GIVE),
        (("x7@b.example", "AnnaRossi"), ("ar@c.example", "Anna Rossi"), _BOTH_GIVE),
        (("anna.m.rossi@b.example", "Anna Rossi"), ("ar@c.example", "Anna M. Rossi"), _BOTH_GIVE),
        (("anna.rossi@b.example", "arossi"), ("ar@c.example", "Anna Rossi"), _BOTH_GIVE),
        (("annarossi@b.example", ""), ("ar@c.example", "Anna Rossi"), "It spells the full name of {}."),
        (("anna.rossi@b.example", ""), ("ar@c.example", "Anna Rossi"), "It spells the full name of {}."),
        (("arossi@b.example", "Anna"), ("ar@c.example", "Anna Rossi"), "It spells the full name of {}."),
        ((FORGE, "annaros"), ("annaros@b.example", "Anna R."), "It goes by annaros, as {} does."),
        (("ar42x@b.example", "ar42x"), ("x@c.example", "ar42x"), "It goes by ar42x, as {} does."),
        (("arossi@b.example", "Anna Rossi"), ("x@c.example", "arossi"), "It goes by arossi, as {} does."),
        (("zuzu@b.example", "Chris Rossi"), ("zuzu@c.example", "Christopher Rossi"), "It goes by zuzu, as {} does."),
        (("17-anna@users.noreply.gitlab.com", ""), ("17-zuzu@users.noreply.gitlab.com", ""), _SAME_ACCOUNT),
        ((FORGE, ""), ("annaros@users.noreply.github.com", ""), _SAME_ACCOUNT),
    ],
)  # fmt: skip
def test_what_names_and_addresses_give_together_merges_and_says_why(
    first: tuple[str, str], second: tuple[str, str], why: str
) -> None:
    identities = resolve([seen(*first), seen(*second)], (), (), (), NOBODY)
    assert len(identities.people) == 1
    assert because(identities, second[0]) == why.format(first[0])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("anna@b.example", "Anna"), ("anna@c.example", "Anna")),
        (("alexander@b.example", ""), ("9+alexander@users.noreply.github.com", "")),
        (("christopher@b.example", "Chris"), ("christopher@c.example", "Chris")),
        (("annabella@b.example", "Annabella"), ("annabella@c.example", "Annabella Rossi")),
        (("zearin@b.example", "Zearin"), ("3+zearin@users.noreply.github.com", "Zearin")),
        (("jsmith@b.example", ""), ("jsmith@c.example", "")),
        (("arossi@b.example", "Anna Rossi"), ("arossi@c.example", "Anita Rossi")),
        (("anna.rossi@b.example", "Anna Rossi"), ("anna.rossi@c.example", "Anna M. Rossi")),
        (("anna.rossi@b.example", "Anna M. Rossi"), ("ar@c.example", "Anna Rossi")),
        (("human.resources@b.example", ""), ("human.resources@c.example", "")),
        (("tiger77@b.example", "Anna Rossi"), ("tiger77@c.example", "Budi Santoso")),
        (("tiger77@b.example", "Anna"), ("tiger77@c.example", "Budi Santoso")),
        (("me@b.example", "Anna Rossi"), ("me@c.example", "Anna M. Rossi")),
        (("info@b.example", "AnnaRossi"), ("ar@c.example", "Anna Rossi")),
        (("weili@b.example", ""), ("w@c.example", "Wei Li")),
    ],
)
def test_what_another_person_may_carry_too_never_merges(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert len(people(seen(*first), seen(*second))) == 2


def test_two_first_names_in_two_orders_are_two_people_when_others_bear_them_first() -> None:
    found = (seen(WORK, "James Thomas"), seen(HOME, "Thomas James"))
    others = (seen("j@b.example", "James Rossi"), seen("t@b.example", "Thomas Rossi"))
    assert len(people(*found, *others)) == 4


def test_an_address_that_spells_the_names_of_two_people_stays_alone() -> None:
    found = (seen("a@b.example", "Anna Maria Rossi"), seen("b@c.example", "Anna Lisa Rossi"))
    assert len(people(*found, seen("anna.rossi@d.example"))) == 3


def test_a_handle_joins_nobody_through_a_third_address() -> None:
    found = (
        seen("a@b.example", "Anna Rossi", "tiger77"),
        seen("tiger77@c.example"),
        seen("b@d.example", "Budi Santoso", "tiger77"),
    )
    assert len(people(*found)) == 2


def test_an_address_with_several_names_of_one_person_is_everybodys_who_carries_one() -> None:
    found = (
        seen(WORK, "Chris Rossi", "Christopher Rossi"),
        seen(HOME, "Christopher Rossi"),
        seen(OTHER, "Chris Rossi"),
    )
    assert len(people(*found)) == 1


@pytest.mark.parametrize("address", ["noreply@acme.example", "info@acme.example", "sales.team@acme.example"])
def test_a_machine_or_an_office_never_merges_for_its_name(address: str) -> None:
    assert len(people(seen(WORK, "Anna Rossi"), seen(address, "Anna Rossi"))) == 2


def test_an_address_without_any_human_exchange_does_not_merge_for_its_name() -> None:
    assert len(people(seen(WORK, "Anna Rossi"), seen(HOME, "Anna Rossi", human=0))) == 2


def test_an_address_that_several_people_share_tells_nobodys_name() -> None:
    shared = Sighting("desk@acme.example", (("Anna Rossi", 5), ("Budi Santoso", 5)), NOON, NOON, 9)
    assert len(people(seen(WORK, "Anna Rossi"), shared, seen("budi@x.example", "Budi Santoso"))) == 3


def test_one_mailbox_is_one_person_whatever_its_names() -> None:
    assert people(seen("a.rossi@gmail.com"), seen("arossi+shop@googlemail.com"), seen("arossi@acme.example")) == [
        ("a.rossi@gmail.com", "arossi+shop@googlemail.com"),
        ("arossi@acme.example",),
    ]
    assert len(people(seen("devnull+a@relay.example"), seen("devnull+b@relay.example"))) == 2


def test_namesakes_who_stood_in_one_record_are_two_people() -> None:
    found = (seen(WORK, "Anna Rossi"), seen(HOME, "Anna Rossi"), seen(OTHER, "Anna Rossi"))
    assert people(*found, namesakes=((HOME, WORK),)) == [(WORK, OTHER), (HOME,)]


@pytest.mark.parametrize("other", ["anna.rossi2@acme.example", "anna.m.rossi@acme.example", "arossi2@acme.example"])
def test_a_company_tells_namesakes_apart_by_number_or_initial(other: str) -> None:
    assert len(people(seen(WORK, "Anna Rossi"), seen(other, "Anna Rossi", first=5, last=15))) == 2
    assert len(people(seen(WORK, "Anna Rossi"), seen(other, "Anna Rossi", first=11, last=15))) == 1


def test_two_kinds_of_address_in_one_company_may_be_one_person() -> None:
    assert len(people(seen(WORK, "Anna Rossi"), seen("arossi@acme.example", "Anna Rossi"))) == 1
    assert len(people(seen(WORK, "Anna Rossi"), seen("anna_rossi@acme.example", "Anna Rossi"))) == 1


def test_the_configuration_names_a_person_and_other_addresses_of_theirs() -> None:
    config = (PersonPolicy(WORK, name="Anna R.", also=("ANNA@other.example",)),)
    identities = resolve([seen(WORK), seen("anna@other.example", "Anna")], (), (), config, NOBODY)
    (anna,) = identities.people
    assert anna.name == "Anna R."
    assert because(identities, "anna@other.example") == f"Your configuration names it beside {WORK} (also)."


def test_the_owners_word_merges_what_no_rule_would() -> None:
    identities = resolve([seen(WORK), seen(HOME)], (), (said(DecisionKind.SAME, WORK, HOME),), (), NOBODY)
    assert len(identities.people) == 1
    assert because(identities, HOME) == f"You said that {WORK} is the same person."


def test_the_owners_word_parts_what_every_rule_would_merge() -> None:
    found = (seen(WORK, "Anna Rossi"), seen(HOME, "Anna Rossi"), seen(OTHER, "Anna Rossi"))
    assert people(*found, decisions=(said(DecisionKind.DIFFERENT, WORK, HOME),)) == [(WORK,), (OTHER, HOME)]
    assert people(*found, decisions=(said(DecisionKind.DIFFERENT, WORK),)) == [(WORK,), (OTHER, HOME)]
    config = (PersonPolicy(WORK, also=(HOME,)),)
    assert len(people(*found[:2], decisions=(said(DecisionKind.DIFFERENT, WORK, HOME),), config=config)) == 2


def test_a_decision_holds_through_third_addresses_too() -> None:
    found = (seen(WORK, "Anna Rossi"), seen(HOME, "Anna Rossi"), seen(OTHER, "Budi Santoso"))
    decisions = (said(DecisionKind.DIFFERENT, WORK, OTHER), said(DecisionKind.SAME, HOME, OTHER))
    assert people(*found, decisions=decisions) == [(WORK,), (OTHER, HOME)]


def test_the_newest_of_contradicting_decisions_holds() -> None:
    same, different = said(DecisionKind.SAME, WORK, HOME), said(DecisionKind.DIFFERENT, WORK, HOME, minute=1)
    alone, later = said(DecisionKind.DIFFERENT, WORK, minute=2), said(DecisionKind.SAME, WORK, HOME, minute=3)
    assert len(people(seen(WORK), seen(HOME), decisions=(same, different))) == 2
    assert len(people(seen(WORK), seen(HOME), decisions=(same, alone))) == 2
    assert len(people(seen(WORK), seen(HOME), decisions=(same, different, alone, later))) == 1


def test_own_addresses_never_become_people() -> None:
    own = learn_own(["davide@rossi.example"], "Davide Rossi", {})
    assert people(seen("davide@rossi.example"), seen("davide+x@rossi.example"), own=own) == []


def test_an_address_under_the_owners_full_name_is_theirs_unless_it_is_a_colleagues() -> None:
    own = learn_own(["davide.rossi@acme.example"], "Davide Rossi", {})
    forgotten, colleague = seen("dr@old.example", "Davide Rossi"), seen("davide.rossi2@acme.example", "Davide Rossi")
    assert people(forgotten, own=own) == []
    assert people(colleague, own=own) == [("davide.rossi2@acme.example",)]
    alone = said(DecisionKind.DIFFERENT, "dr@old.example")
    assert people(forgotten, decisions=(alone,), own=own) == [("dr@old.example",)]


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (seen(WORK, "Anna", "Anna Rossi"), "Anna Rossi"),
        (seen(WORK, "Anna"), "Anna Rossi"),
        (seen(WORK), "Anna Rossi"),
        (seen("ar@acme.example", "Anna"), "Anna"),
        (seen("ar@acme.example"), "ar"),
        (seen("hello@acme.example", "Acme Support"), "Acme Support"),
    ],
)
def test_a_person_is_called_by_the_best_name_known(found: Sighting, name: str) -> None:
    (person,) = resolve([found], (), (), (), NOBODY).people
    assert person.name == name


# --------------------------------------------------------------------------- laws

worlds = st.lists(sightings, max_size=8, unique_by=lambda one: one.address)


@law
@given(
    worlds.flatmap(lambda world: st.tuples(st.just(world), st.permutations(world))), st.lists(judgements, max_size=4)
)
def test_the_order_does_not_matter(orders: tuple[list[Sighting], list[Sighting]], words: list[Decision]) -> None:
    first, second = orders
    assert resolve(first, (), words, (), NOBODY) == resolve(second, (), words[::-1], (), NOBODY)


@law
@given(worlds, st.lists(judgements, max_size=4))
def test_every_address_has_one_person_and_a_reason(world: list[Sighting], words: list[Decision]) -> None:
    identities = resolve(world, (), words, (), NOBODY)
    assert sorted(alias.address for alias in identities.aliases) == sorted(one.address for one in world)
    assert all(alias.because.endswith(".") for alias in identities.aliases)
    assert len({person.id for person in identities.people}) == len(identities.people)
    assert all(len(person.id) == len("p:12345678") and person.name for person in identities.people)
    whose = {alias.address: alias.person for alias in identities.aliases}
    assert all(whose[address] == person.id for person in identities.people for address in person.addresses)


@law
@given(worlds, st.lists(judgements, min_size=1, max_size=4))
def test_the_newest_decision_always_holds(world: list[Sighting], words: list[Decision]) -> None:
    newest = max(words, key=lambda one: (one.at, one.kind, one.subject, one.object))
    whose = {alias.address: alias.person for alias in resolve(world, (), words, (), NOBODY).aliases}
    if newest.subject in whose and newest.object in whose:
        together = whose[newest.subject] == whose[newest.object]
        assert together is (newest.kind is DecisionKind.SAME)

"""One mail seen anywhere is one interaction, and two mails are two; sync-rules 9.1, faults 52 and 53."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import (
    Contact,
    Direction,
    Evidence,
    Fact,
    Interaction,
    Message,
    Namesakes,
    Participant,
    Plan,
    Role,
    Signal,
    SignalName,
    VerdictKind,
)
from syncd.pipeline.own_addresses import learn_own
from syncd.pipeline.policy import Ignore
from syncd.pipeline.reconcile import identity_of, keys_of, reconcile
from tests.pipeline.strategies import ME, NOON, facts, law

OWN = learn_own(ME, "", {})
ANNA = "anna.rossi@acme.example"
BUDI = "budi@harapan.example"
SENT = Signal(SignalName.FOLDER, "sent")
LIST = (Signal(SignalName.LIST_ID, "club.lists.example"), Signal(SignalName.LIST_POST, "club@lists.example"))


def mail(  # noqa: PLR0913 - each is a header field
    message_id: str = "one@acme.example",
    *marks: Signal,
    sender: str = ANNA,
    to: tuple[str, ...] = (ME[0],),
    cc: tuple[str, ...] = (),
    bcc: tuple[str, ...] = (),
    late: float = 0,
    subject: str = "Lunch",
    parent: str = "",
) -> Message:
    rest = ((Role.TO, to), (Role.CC, cc), (Role.BCC, bcc))
    people = tuple(Participant(one, "", role) for role, several in ((Role.FROM, (sender,)), *rest) for one in several)
    return Message("1", NOON + timedelta(seconds=late), people, message_id, parent, marks, subject)


def plan(*messages: Message, accounts: str = "") -> Plan:
    """Reconcile messages, each of its own place; `accounts` names theirs with a letter each."""
    places = accounts or "a" * len(messages)
    return reconcile(
        [
            Fact(account, replace(message, remote_id=str(number)))
            for number, (account, message) in enumerate(zip(places, messages, strict=True))
        ],
        OWN,
        Ignore(),
    )


def only(found: Plan) -> Interaction:
    (interaction,) = found.interactions
    return interaction


def test_a_mail_from_somebody_is_contact_with_its_author() -> None:
    found = only(plan(mail(cc=(BUDI,))))
    assert found.direction is Direction.IN
    assert found.contacts == (Contact(ANNA, "", Role.FROM),)
    assert found.verdict.kind is VerdictKind.HUMAN
    assert found.evidence == (Evidence("a", "0"),)
    assert (found.at, found.until) == (NOON, NOON)


def test_a_mail_of_mine_is_contact_with_everybody_it_names() -> None:
    found = only(plan(mail("one@x", SENT, sender=ME[0], to=(ANNA, ME[1]), cc=(BUDI, ANNA), bcc=("eva@acme.example",))))
    assert found.direction is Direction.OUT
    assert [(one.address, one.role) for one in found.contacts] == [
        (ANNA, Role.TO),
        (BUDI, Role.CC),
        ("eva@acme.example", Role.BCC),
    ]


def test_the_direction_comes_from_the_addresses_not_from_the_folder() -> None:
    assert only(plan(mail("one@x", SENT))).direction is Direction.IN
    assert only(plan(mail(sender=ME[1], to=(ANNA,)))).direction is Direction.OUT


def test_a_note_to_myself_and_mail_without_anybody_are_nothing() -> None:
    assert plan(mail(sender=ME[0], to=(ME[1],))).interactions == ()
    assert plan(mail(sender="/o=acme/cn=anna")).interactions == ()
    assert plan(mail(sender=ME[0], to=("undisclosed-recipients:;",))).interactions == ()


@pytest.mark.parametrize(
    "copy",
    [
        mail(),
        mail("<one@acme.example>"),
        mail("", late=0),
        mail("other@acme.example"),
        mail("other@acme.example", Signal(SignalName.ORIGINAL_ID, "<one@acme.example>"), late=300),
        mail(late=3600),
        mail(to=(), bcc=(ME[0],)),
        mail("one@acme.example", *LIST, subject="[club] Lunch"),
    ],
)
def test_copies_of_one_mail_are_one_interaction(copy: Message) -> None:
    assert len(only(plan(mail(), copy, accounts="ab")).evidence) == 2


@pytest.mark.parametrize(
    "other",
    [
        mail(sender=BUDI),
        mail(late=86400 * 3),
        mail("One@acme.example", late=1),
        mail("two@acme.example", late=60),
        mail("two@acme.example", subject="Dinner"),
        mail("two@acme.example", cc=(BUDI,)),
        mail("two@acme.example", late=36000),
    ],
)
def test_another_mail_is_another_interaction(other: Message) -> None:
    assert len(plan(mail(), other).interactions) == 2


def test_answers_to_two_messages_are_two_even_in_one_second() -> None:
    assert len(plan(mail("a@x", parent="p@x"), mail("b@x", parent="q@x")).interactions) == 2
    assert len(plan(mail("a@x", parent="p@x"), mail("b@x")).interactions) == 1


def sent(message_id: str, late: float = 0, subject: str = "Lunch", parent: str = "") -> Message:
    return mail(message_id, SENT, sender=ME[0], to=(ANNA, ME[1]), late=late, subject=subject, parent=parent)


def delivered(message_id: str, late: float = 0, subject: str = "Lunch") -> Message:
    return mail(message_id, sender=ME[0], to=(ANNA, ME[1]), late=late, subject=subject)


def test_a_sent_copy_whose_message_id_a_server_rewrote_is_no_second_mail() -> None:
    assert len(plan(sent("mine@x"), delivered("server@x", late=119), accounts="ab").interactions) == 1
    assert len(plan(sent("mine@x"), delivered("server@x", late=121), accounts="ab").interactions) == 2
    assert len(plan(sent("mine@x", subject=""), delivered("server@x", 9, ""), accounts="ab").interactions) == 2


def test_a_provider_that_puts_another_address_of_mine_into_from_makes_no_second_mail() -> None:
    first, second = mail("one@x", SENT, sender=ME[0], to=(ANNA,)), mail("one@x", sender=ME[1], to=(ANNA,))
    assert len(plan(first, second, accounts="ab").interactions) == 1


def test_two_mails_in_one_sent_folder_are_two_however_quickly_they_follow() -> None:
    assert len(plan(sent("a@x"), sent("b@x", late=5)).interactions) == 2
    both = plan(sent("a@x"), sent("b@x", late=60), delivered("c@x", late=62), delivered("d@x", late=2), accounts="aabb")
    assert [[one.remote_id for one in found.evidence] for found in both.interactions] == [["0", "3"], ["1", "2"]]


def test_what_the_copies_say_is_united() -> None:
    found = only(
        plan(
            mail("one@x", SENT, sender=ME[0], to=(ANNA,), bcc=(BUDI,)),
            mail("one@x", *LIST, sender=ME[0], to=(ANNA, "club@lists.example"), subject="[club] Lunch"),
            accounts="ba",
        )
    )
    assert [one.address for one in found.contacts] == [ANNA, BUDI]
    assert found.subject == "Lunch"
    assert found.evidence == (Evidence("a", "1"), Evidence("b", "0"))


def test_a_copy_that_came_directly_outranks_one_through_a_list() -> None:
    through = mail("one@x", *LIST, to=("club@lists.example",))
    assert only(plan(through)).verdict.kind is VerdictKind.LIST
    assert only(plan(through, mail("one@x", to=("club@lists.example", ME[0])))).verdict.kind is VerdictKind.HUMAN


@pytest.mark.parametrize(
    "author",
    [
        Signal(SignalName.ORIGINAL_FROM, f"Anna Rossi <{ANNA}>"),
        Signal(SignalName.REPLY_TO, ANNA),
    ],
)
def test_the_author_of_a_rewritten_from_is_the_person_never_the_list(author: Signal) -> None:
    munged = mail("one@x", *LIST, author, sender="club@lists.example", to=("club@lists.example",))
    assert [one.address for one in only(plan(munged)).contacts] == [ANNA]
    assert len(plan(munged, mail("one@x")).interactions) == 1


def test_a_rewritten_from_without_an_author_is_nobodys_and_joins_the_direct_copy() -> None:
    munged = mail("one@x", *LIST, sender="club@lists.example")
    assert plan(munged).interactions == ()
    assert [one.address for one in only(plan(munged, mail("one@x"))).contacts] == [ANNA]


def test_apache_appends_invalid_to_a_person() -> None:
    munged = mail("one@x", *LIST, sender=f"{ANNA}.INVALID", to=("club@lists.example",))
    assert [one.address for one in only(plan(munged)).contacts] == [ANNA]


def test_two_recipients_of_one_name_are_namesakes_and_two_spellings_of_one_mailbox_are_not() -> None:
    def wrote_to(first: str, second: str) -> Plan:
        people = (
            Participant(ME[0], "", Role.FROM),
            Participant(first, "Anna Rossi", Role.TO),
            Participant(second, "Rossi, Anna", Role.CC),
        )
        return plan(Message("1", NOON, people, "one@x"))

    found = wrote_to(ANNA, "anna.rossi2@acme.example")
    assert found.namesakes == (Namesakes(only(found).id, "anna.rossi2@acme.example", ANNA),)
    assert wrote_to("an.na@gmail.com", "anna+x@gmail.com").namesakes == ()
    assert wrote_to(ANNA, ME[1]).namesakes == ()


def test_every_identity_given_is_retired_and_the_smallest_one_stands() -> None:
    first, second = mail(), mail("other@acme.example")
    identities = {identity_of(keys_of(one), one.at) for one in (first, second)}
    found = reconcile([Fact("a", first), Fact("b", second)], OWN, Ignore(), gone=[7])
    assert found.retired == identities | {7}
    assert only(found).id == min(identities)
    assert all(0 <= identity < 1 << 63 for identity in identities)


def test_the_owners_flags_reach_the_verdict() -> None:
    found = reconcile([Fact("a", mail(cc=(BUDI,)))], OWN, Ignore(mail_to_more_than=1))
    assert only(found).verdict.kind is VerdictKind.WIDE


# --------------------------------------------------------------------------- laws

worlds = st.lists(facts, max_size=8)


def derive(world: list[Fact]) -> Plan:
    return reconcile(world, OWN, Ignore())


def components(world: list[Fact]) -> list[list[Fact]]:
    """The facts, split where no key is shared."""
    found: list[tuple[set[str], list[Fact]]] = []
    for fact in world:
        keys = keys_of(fact.observation)
        names = {f"key {keys.key}" if keys.key else "", f"content {keys.content}" if keys.content else ""} - {""}
        near = [one for one in found if one[0] & names]
        found = [one for one in found if not one[0] & names]
        found.append((names.union(*(one[0] for one in near)), [fact, *(each for one in near for each in one[1])]))
    return [each for _, each in found]


@law
@given(worlds.flatmap(lambda world: st.tuples(st.just(world), st.permutations(world))))
def test_the_order_of_facts_does_not_matter(orders: tuple[list[Fact], list[Fact]]) -> None:
    assert derive(orders[0]) == derive(orders[1])


@law
@given(worlds)
def test_component_by_component_equals_all_at_once(world: list[Fact]) -> None:
    parts = [derive(part) for part in components(world)]
    assert sorted(
        (one for part in parts for one in part.interactions), key=lambda one: (one.at, one.id)
    ) == list(derive(world).interactions)  # fmt: skip


@law
@given(worlds)
def test_twice_equals_once(world: list[Fact]) -> None:
    assert derive(world + world) == derive(world)


@law
@given(worlds)
def test_every_interaction_has_its_own_identity_and_every_fact_at_most_one_place(world: list[Fact]) -> None:
    found = derive(world).interactions
    assert len({one.id for one in found}) == len(found)
    places = [(fact.account, fact.observation.remote_id) for fact in world]
    if len(set(places)) == len(places):
        shown = [one for interaction in found for one in interaction.evidence]
        assert len(set(shown)) == len(shown)


@law
@given(worlds)
def test_an_interaction_is_always_with_somebody_else(world: list[Fact]) -> None:
    for interaction in derive(world).interactions:
        assert interaction.contacts
        assert not any(one.address in OWN for one in interaction.contacts)
        assert len({one.address for one in interaction.contacts}) == len(interaction.contacts)
        assert interaction.at <= interaction.until


@law
@given(worlds)
def test_what_is_retired_is_what_was_given(world: list[Fact]) -> None:
    found = derive(world)
    assert {one.id for one in found.interactions} <= found.retired
    assert len(found.retired) <= len(world)

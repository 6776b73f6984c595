"""Deriving in steps, in any order and beside others, comes to the same as deriving everything once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from syncd.errors import StoreBusy
from syncd.model import (
    Alias,
    Decision,
    DecisionKind,
    Identities,
    Letter,
    Namesakes,
    Person,
    Plan,
    Removal,
    Role,
    Unreadable,
)
from syncd.pipeline.reconcile import reconcile
from syncd.store import Store
from syncd.store.schema import appearance, contact, fact, interaction, namesake
from tests.store.records import (
    ANNA,
    BOB,
    IGNORE,
    LAWS,
    ME,
    NOON,
    OWN,
    PAGES,
    Pages,
    derive,
    derive_once,
    fill,
    mail,
    meeting,
)
from tests.store.records import interaction as an_interaction

if TYPE_CHECKING:
    from random import Random

    from syncd.model import Interaction, Observation


def what_stands(pages: Pages) -> dict[str, list[Observation]]:
    """The last word about every record, by the rules of the page and nothing else."""
    found: dict[tuple[str, str], Observation] = {}
    for account, observations in pages:
        for one in observations:
            known = found.get((account, one.remote_id))
            if isinstance(one, Removal):
                found.pop((account, one.remote_id), None)
            elif not isinstance(one, Unreadable) or known is None or isinstance(known, Unreadable):
                found[account, one.remote_id] = one
    return {
        account: [one for (where, _), one in found.items() if where == account]
        for account in dict.fromkeys(account for account, _ in found)
    }


def at_once(store: Store, pages: Pages) -> list[str]:
    """The dump of a store that reads only what stands at the end, each account in one page, and derives once."""
    with store.rehearse() as trial:
        for account, observations in what_stands(pages).items():
            fill(trial, account, *observations)
        derive(trial)
        return list(trial.dump())


@settings(LAWS, max_examples=30)
@given(PAGES, st.lists(st.integers(0, 3), max_size=8), st.integers(1, 4))
def test_page_by_page_equals_all_at_once(store: Store, pages: Pages, steps: list[int], limit: int) -> None:
    with store.rehearse() as trial:
        for number, (account, observations) in enumerate(pages):
            fill(trial, account, *observations)
            for _ in range(steps[number] if number < len(steps) else 0):
                derive_once(trial, limit)
        derive(trial, limit)
        step_by_step = list(trial.dump())
        orphans = count_orphans(trial)

    assert step_by_step == at_once(store, pages)
    assert orphans == 0


@LAWS
@given(PAGES, st.randoms(use_true_random=False))
def test_the_order_of_distinct_records_is_irrelevant(store: Store, pages: Pages, chance: Random) -> None:
    records = [(account, one) for account, found in what_stands(pages).items() for one in found]
    chance.shuffle(records)
    with store.rehearse() as trial:
        for account, one in records:
            fill(trial, account, one)
            derive(trial)
        one_by_one = list(trial.dump())

    assert one_by_one == at_once(store, pages)


@LAWS
@given(PAGES)
def test_twice_equals_once(store: Store, pages: Pages) -> None:
    with store.rehearse() as trial:
        for account, observations in what_stands(pages).items():
            for _ in range(2):
                fill(trial, account, *observations)
                derive(trial)
        twice = list(trial.dump())

    assert twice == at_once(store, pages)


@LAWS
@given(PAGES, PAGES)
def test_add_and_remove_equals_never(store: Store, pages: Pages, passing: Pages) -> None:
    passing = [("elsewhere", observations) for _, observations in passing]
    with store.rehearse() as trial:
        for account, observations in [*pages, *passing]:
            fill(trial, account, *observations)
            derive(trial)
        for account, observations in passing:
            fill(trial, account, *(Removal(one.remote_id) for one in observations))
            derive(trial, 1)
        without = list(trial.dump())

    assert without == at_once(store, pages)


@LAWS
@given(PAGES)
def test_deriving_anew_gives_the_same(store: Store, pages: Pages) -> None:
    with store.rehearse() as trial:
        for account, observations in pages:
            fill(trial, account, *observations)
            derive(trial)
        before = list(trial.dump())
        trial.restart_derivation("anew")
        assert trial.counts().interactions == 0
        derive(trial)
        assert list(trial.dump()) == before


def test_deriving_anew_computes_again_what_an_older_program_computed(store: Store) -> None:
    fill(
        store,
        "work",
        mail(1, author=ME, to=(ANNA,), sent=True),
        mail(1, "Archive/1", author=ME, to=(ANNA,)),
        meeting(2),
    )
    store.restart_derivation("rules")
    derive(store)
    before, senders = list(store.dump()), store.sent_senders()
    with store._transactions.writing() as connection:
        connection.execute(update(fact).values(key=fact.c.seq, content=None, sender="older@home.example"))
    store.restart_derivation("newer rules")
    derive(store)

    assert list(store.dump()) == before
    assert store.sent_senders() == senders


def count_orphans(store: Store) -> int:
    """Rows of derived tables whose interaction or appearance is gone: what a foreign key would have refused."""
    references = (
        (contact.c.interaction, interaction.c.row),
        (contact.c.appearance, appearance.c.id),
        (namesake.c.interaction, interaction.c.id),
    )
    with store._transactions.reading() as connection:
        return sum(
            connection.execute(select(func.count()).where(column.not_in(select(target)))).scalar_one()
            for column, target in references
        )


def test_a_new_store_has_nothing_to_derive(store: Store) -> None:
    assert store.pending() is None
    assert store.derivation() == ""


def test_what_is_pending_comes_in_portions_and_says_how_far_each_reaches(store: Store) -> None:
    fill(store, "work", *(mail(number) for number in range(5)))
    reached = []
    while batch := store.pending(2):
        reached.append((len(batch.facts), batch.through))
        store.apply(Plan(frozenset(), ()), batch.through)

    assert [size for size, _ in reached] == [2, 2, 1]
    assert reached == sorted(reached, key=lambda one: one[1])


def test_a_portion_holds_every_copy_of_its_letters_however_long_ago_they_were_seen(store: Store) -> None:
    fill(store, "work", mail(1), mail(2))
    derive(store)
    fill(store, "home", mail(1, "Archive/7"))
    batch = store.pending()

    assert batch
    assert {(one.account, one.observation.remote_id) for one in batch.facts} == {
        ("work", "INBOX/1/1"),
        ("home", "Archive/7"),
    }


def test_a_chain_of_copies_is_followed_to_its_end(store: Store) -> None:
    """The first and the last share nothing: one has its Message-ID, the other its content with the one between."""
    rewritten = mail(1, "Sent/1", message_id="<rewritten@mail.example>")
    fill(store, "work", mail(1), rewritten)
    derive(store)
    resent = replace(mail(9, "Archive/1", message_id="<rewritten@mail.example>"), subject="Fwd")
    fill(store, "work", resent)
    batch = store.pending()

    assert batch
    assert {one.observation.remote_id for one in batch.facts} == {"INBOX/1/1", "Sent/1", "Archive/1"}


def test_a_record_that_changed_voids_what_was_concluded_from_it(store: Store) -> None:
    fill(store, "work", meeting(1))
    derive(store)
    (before,) = interactions(store)
    fill(store, "work", meeting(1, moved=3))
    batch = store.pending()
    assert batch
    assert before.id in batch.gone
    derive(store)

    (after,) = interactions(store)
    assert after.at == before.at + timedelta(hours=3)


def test_a_record_that_changed_and_is_called_the_same_is_not_concluded_from_twice(store: Store) -> None:
    before = meeting(1)
    fill(store, "work", before)
    derive(store)
    fill(store, "work", replace(before, title="Another title"))
    derive(store)
    assert store.counts().interactions == 1


def test_a_removed_record_leaves_its_copies(store: Store) -> None:
    fill(store, "work", mail(1), mail(1, "Archive/7"))
    derive(store)
    fill(store, "work", Removal("INBOX/1/1"))
    derive(store)

    (left,) = interactions(store)
    assert [one.remote_id for one in left.evidence] == ["Archive/7"]


def test_a_record_that_could_not_be_read_is_nothing_to_derive_from_but_is_passed_over_once(store: Store) -> None:
    fill(store, "work", Unreadable("INBOX/1/1", "It has no date."))
    batch = store.pending()

    assert batch
    assert batch.facts == ()
    derive(store)
    assert store.pending() is None


def test_a_change_between_reading_and_applying_is_not_lost(store: Store) -> None:
    fill(store, "work", meeting(1), mail(2))
    batch = store.pending()
    assert batch
    fill(store, "work", meeting(1, moved=3), Removal("INBOX/1/2"))
    store.apply(reconcile(batch.facts, OWN, IGNORE, batch.gone), batch.through)
    assert len(interactions(store)) == 2
    derive(store)

    (left,) = interactions(store)
    assert left.at == meeting(1, moved=3).start


def test_of_two_that_derive_the_same_portion_the_second_is_left_out(url: str) -> None:
    with Store.open(url) as ours, Store.open(url) as theirs:
        fill(ours, "work", mail(1))
        batch = ours.pending()
        assert batch
        derive(theirs)

        stale = an_interaction(77, (ANNA, "Anna", Role.FROM))
        assert ours.apply(Plan(frozenset(), (stale,)), batch.through) is False
        assert ours.pending() is None
        assert [one.subject for one in interactions(ours)] == [mail(1).subject]


def test_a_plan_made_before_everything_was_derived_anew_is_left_out(url: str) -> None:
    with Store.open(url) as ours, Store.open(url) as theirs:
        fill(ours, "work", mail(1))
        derive(ours)
        fill(ours, "work", mail(2))
        batch = ours.pending()
        assert batch
        theirs.restart_derivation("other rules")

        assert ours.apply(Plan(frozenset(), ()), batch.through) is False
        derive(theirs)
        assert len(interactions(ours)) == 2


def test_who_derives_by_rules_that_were_replaced_is_told_so(url: str) -> None:
    with Store.open(url) as ours, Store.open(url) as theirs:
        ours.restart_derivation("our rules")
        fill(ours, "work", mail(1))
        theirs.restart_derivation("other rules")

        with pytest.raises(StoreBusy, match="different configuration"):
            ours.pending()
        assert ours.derivation() == "other rules"
        assert ours.pending()


def test_a_plan_for_another_portion_is_a_mistake_of_the_caller(store: Store) -> None:
    with pytest.raises(ValueError, match="pending last"):
        store.apply(Plan(frozenset(), ()), 7)


def test_what_is_retired_takes_its_contacts_and_namesakes_with_it(store: Store) -> None:
    both = an_interaction(1, (ANNA, "Anna", Role.FROM), (BOB, "Anna", Role.CC))
    fill(store, "work", mail(1))
    batch = store.pending()
    assert batch
    store.apply(Plan(frozenset(), (both,), (Namesakes(1, ANNA, BOB),)), batch.through)
    assert store.namesakes() == ((ANNA, BOB),)
    fill(store, "work", Removal("INBOX/1/1"))
    batch = store.pending()
    assert batch
    store.apply(Plan(frozenset({1, 2}), ()), batch.through)

    assert store.namesakes() == ()
    assert list(store.sightings()) == []
    assert count_orphans(store) == 0


def test_a_copy_that_an_earlier_portion_reached_ahead_to_is_not_concluded_from_twice(store: Store) -> None:
    fill(store, "work", mail(1), *(mail(number) for number in range(2, 9)), mail(1, "Archive/1"))
    derive_once(store, 2)
    fill(store, "work", Removal("INBOX/1/1"))
    derive(store, 2)

    assert sorted(one.subject for one in interactions(store)) == [f"Matter {number}" for number in range(1, 9)]


def test_a_decision_survives_deriving_anew_and_so_do_letters(store: Store) -> None:
    word = Decision(DecisionKind.MUTE, ANNA, "", NOON)
    store.decide(word)
    store.post(Letter(NOON.date(), "<d@syncd>", ME, b"Dear owner"), ["p:1"])
    store.restart_derivation("anew")

    assert store.decisions() == (word,)
    assert store.letters()
    assert store.derivation() == "anew"


def interactions(store: Store) -> tuple[Interaction, ...]:
    """Everything that was concluded."""
    numbers = sorted({one.address for one in store.sightings()})
    people = tuple(Person(f"p:{address}", address, (address,)) for address in numbers)
    with store.rehearse() as trial:
        trial.apply_identities(Identities(people, tuple(Alias(one.addresses[0], one.id, "") for one in people)))
        found = {one.id: one for person in people for one in trial.exchanges(person.id, 100)}
    return tuple(found.values())

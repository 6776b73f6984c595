"""What all ties of a mailbox say of its owner: when they were there, and how often their silences end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.pipeline.owner import Contact, Outcome, asked_on, lean, outcomes, owner_of
from syncd.pipeline.relationships import know, relate
from tests.pipeline.diary import CLIENTS_ONLY, NOW, both_wrote, person
from tests.pipeline.strategies import law

if TYPE_CHECKING:
    from collections.abc import Iterable

TODAY = 20_000


def contact(days: Iterable[int]) -> Contact:
    found = sorted(set(days))
    return Contact(found, found[::2], found[1] if len(found) > 1 else None)


def every(gap: int, since: int = TODAY - 700, until: int = TODAY) -> Contact:
    return contact(range(since, until, gap))


_ties = st.lists(st.sets(st.integers(TODAY - 900, TODAY), min_size=1, max_size=30).map(contact), max_size=6)


def test_of_an_owner_without_ties_nothing_is_known() -> None:
    assert owner_of(()) == owner_of([Contact((), (), None)])
    assert owner_of(()).lean == 0.0


def test_the_days_of_an_owner_are_those_on_which_they_wrote_to_anybody() -> None:
    anna, budi = Contact((1, 5, 9), (5,), 5), Contact((2, 5, 7), (2, 7), 5)
    assert owner_of([anna, budi]).days == (2, 5, 7)


def test_ties_that_came_back_lean_towards_an_exchange_and_those_that_did_not_towards_silence() -> None:
    returning = [
        contact([*range(start, start + 9, 3), start + 100, start + 190])
        for start in range(TODAY - 600, TODAY - 200, 20)
    ]
    fading = [contact(range(start, start + 60, 2)) for start in range(TODAY - 600, TODAY - 200, 20)]
    alive = every(5)
    assert owner_of([alive, *returning]).lean < 0.0 < owner_of([alive, *fading]).lean


def test_a_young_mailbox_leans_nowhere() -> None:
    assert owner_of([every(3, since=TODAY - 60)]).lean == 0.0


@given(st.lists(st.tuples(st.floats(-6, 6), st.booleans()), max_size=400))
@law
def test_a_lean_balances_what_came_against_the_prior(past: list[tuple[float, bool]]) -> None:
    known = [Outcome(0, expected, quiet) for expected, quiet in past]
    moved = lean(known)
    if all(one.quiet for one in known):
        assert moved >= 0.0
    if not any(one.quiet for one in known):
        assert moved <= 0.0
    assert abs(moved) <= 0.15 * len(known)


def test_the_more_is_known_the_further_it_leans() -> None:
    leans = [lean([Outcome(0, 1.0, quiet=False)] * count) for count in (0, 1, 10, 100)]
    assert leans == sorted(leans, reverse=True)
    assert leans[0] == 0.0
    assert leans[-1] < -2.0


def test_only_what_was_over_is_asked_about() -> None:
    asked = asked_on(TODAY)
    assert asked[-1] <= TODAY - 60 < asked[-1] + asked.step
    assert TODAY - 60 - asked[0] < 366


@given(_ties, st.sets(st.integers(TODAY - 400, TODAY), max_size=3))
@law
def test_what_comes_later_changes_no_outcome_of_the_past(ties: list[Contact], later: set[int]) -> None:
    for tie in ties:
        asked = asked_on(tie.days[-1])
        longer = tie._replace(days=sorted({*tie.days, *(tie.days[-1] + 1 + TODAY - day for day in later)}))
        assert list(outcomes(tie, tie.mine, asked)) == list(outcomes(longer, tie.mine, asked))


@given(st.permutations(range(5)))
@law
def test_the_order_of_ties_is_irrelevant(order: list[int]) -> None:
    ties = [every(gap) for gap in (3, 7, 19, 40, 90)]
    owner = owner_of(ties)
    shuffled = owner_of([ties[number] for number in order])
    assert shuffled.days == owner.days
    assert shuffled.lean == pytest.approx(owner.lean)


@given(st.integers(0, 1500), st.integers(0, 1500))
@law
def test_beside_others_too_nothing_rises_while_nobody_exchanges_anything(days: int, more: int) -> None:
    histories = {
        "Anna Rossi": both_wrote("2025-01-10", "2026-09-01", 20),
        "Budi Santoso": both_wrote("2025-03-10", "2025-12-01", 9),
        "Carla Neri": both_wrote("2024-11-10", "2026-07-01", 60),
    }

    def stand(after: int) -> list[float]:
        now = NOW + timedelta(days=after)
        known = [know(person(name), touches, (), CLIENTS_ONLY, now) for name, touches in histories.items()]
        return [one.tie.p_alive for one in relate(known, now)]

    assert all(late <= soon for soon, late in zip(stand(days), stand(days + more), strict=True))


def test_a_letter_to_somebody_else_shows_that_the_owner_is_there() -> None:
    anna = both_wrote("2026-01-10", "2026-06-01", 20)
    known = [know(person("Anna Rossi"), anna, (), CLIENTS_ONLY, NOW)]
    budi = know(person("Budi Santoso"), both_wrote("2026-10-01", "2026-10-05", 2), (), CLIENTS_ONLY, NOW)
    alone, beside = relate(known, NOW)[0], relate([*known, budi], NOW)[0]
    assert beside.tie.p_alive > alone.tie.p_alive
    assert beside.tie.strength == alone.tie.strength

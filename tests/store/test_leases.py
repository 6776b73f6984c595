"""A lease: one holder at a time, whatever the order in which processes ask, and on either database."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.store import Store
from tests.store.records import NOON

if TYPE_CHECKING:
    from syncd.model import Lease
    from tests.store.conftest import NewUrl

ROOT = Path(__file__).parents[2]
WATCH = "daemon"


def test_a_lease_that_nobody_holds_is_taken_by_whoever_asks_first(store: Store) -> None:
    assert store.lease(WATCH) is None
    held = store.take_lease(WATCH, "a:1", NOON, None)
    assert held
    assert store.lease(WATCH) == held
    assert store.take_lease(WATCH, "b:2", NOON, None) is None


def test_every_renewal_counts_the_beat_up_and_says_when(store: Store) -> None:
    held = store.take_lease(WATCH, "a:1", NOON, None)
    again = store.take_lease(WATCH, "a:1", NOON - timedelta(days=1), held)  # a clock that jumped back
    assert held
    assert again
    assert (again.beat, again.at) == (held.beat + 1, NOON - timedelta(days=1))
    assert store.lease(WATCH) == again


def test_a_lease_that_beat_since_it_was_seen_cannot_be_taken(store: Store) -> None:
    seen = store.take_lease(WATCH, "a:1", NOON, None)
    store.take_lease(WATCH, "a:1", NOON, seen)
    assert store.take_lease(WATCH, "b:2", NOON, seen) is None


def test_whoever_lost_a_lease_learns_it_at_the_next_beat_and_cannot_release_it(store: Store) -> None:
    held = store.take_lease(WATCH, "a:1", NOON, None)
    assert held
    theirs = store.take_lease(WATCH, "b:2", NOON, held)
    assert store.take_lease(WATCH, "a:1", NOON, held) is None
    store.release_lease(held)
    assert store.lease(WATCH) == theirs


def test_a_lease_that_was_released_begins_anew(store: Store) -> None:
    held = store.take_lease(WATCH, "a:1", NOON, None)
    assert held
    store.release_lease(held)
    assert store.lease(WATCH) is None
    assert store.take_lease(WATCH, "b:2", NOON, held) is None  # what was seen is no more
    assert store.take_lease(WATCH, "b:2", NOON, None)


def test_leases_of_two_names_know_nothing_of_each_other(store: Store) -> None:
    ours = store.take_lease("one", "a:1", NOON, None)
    theirs = store.take_lease("two", "b:2", NOON, None)
    assert (store.lease("one"), store.lease("two")) == (ours, theirs)


def test_a_rehearsal_takes_no_lease(store: Store) -> None:
    with store.rehearse() as rehearsal:
        assert rehearsal.take_lease(WATCH, "a:1", NOON, None)
    assert store.lease(WATCH) is None


# ------------------------------------------------------------------------------- laws


@dataclass
class Process:
    """Somebody who asks: what it saw last, and what it believes to hold."""

    holder: str
    seen: Lease | None = None
    held: Lease | None = None


STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(("look", "take", "beat", "release"))), max_size=30)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_any_order_of_steps_one_holds_it_and_each_of_the_others_can_find_out(
    store: Store, steps: list[tuple[int, str]]
) -> None:
    for left in filter(None, [store.lease(WATCH)]):
        store.release_lease(left)
    processes = [Process(f"host:{number}") for number in range(3)]
    for number, step in steps:
        one = processes[number]
        before = store.lease(WATCH)
        match step:
            case "look":
                one.seen = before
            case "take":
                taken = store.take_lease(WATCH, one.holder, NOON, one.seen)
                assert (taken is not None) == (one.seen == before)
                one.held = taken
            case "beat" if one.held:
                renewed = store.take_lease(WATCH, one.holder, NOON, one.held)
                assert (renewed is not None) == (one.held == before)
                one.held = renewed
            case "release" if one.held:
                store.release_lease(one.held)
                assert (store.lease(WATCH) is None) == (before in {None, one.held})
                one.held = None
            case _:
                pass
        now = store.lease(WATCH)
        assert sum(one.held == now for one in processes if one.held and one.held.holder == one.holder) <= 1
        if now and before and now != before:
            assert now.beat == before.beat + 1


# ------------------------------------------------------------------------------- two processes

RACE = """
import sys
from datetime import UTC, datetime
from syncd.store import Store
holder, rounds = sys.argv[2], int(sys.argv[3])
at = datetime(2024, 5, 6, tzinfo=UTC)
with Store.open(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    won = 0
    while won < rounds:
        seen = store.lease("daemon")
        if seen and seen.beat >= rounds:
            break
        won += store.take_lease("daemon", holder, at, seen) is not None
    print(won)
"""
ROUNDS = 40


def test_of_processes_that_race_for_every_beat_each_beat_goes_to_one(new_url: NewUrl) -> None:
    url = new_url()
    racers = [
        subprocess.Popen(  # noqa: S603 - this very Python, on a program of this file
            [sys.executable, "-c", RACE, url, f"host:{number}", str(ROUNDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(2)
    ]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [int(racer.communicate(timeout=60)[0]) for racer in racers]

    with Store.open(url) as store:
        last = store.lease(WATCH)
    assert last
    assert sum(won) == last.beat

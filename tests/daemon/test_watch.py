"""Of several daemons one keeps watch: who, since when, and what a sleep, a death and a jump of the clock change."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.daemon.machine import Machine
from syncd.daemon.watch import BEAT, EXPIRY, LEASE, Watch
from syncd.errors import StoreBusy
from syncd.store import Store
from tests.daemon.house import Time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from syncd.model import Lease

HERE = os.uname().nodename
BEATS = timedelta(seconds=BEAT)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'syncd.db'}") as opened:
        yield opened


def machine(time: Time) -> Machine:
    return Machine(time.clock, time.monotonic, lambda: 0.5)


def watch(store: Store, time: Time, holder: str = "here:1") -> Watch:
    return Watch(store, machine(time), holder)


def dead_process() -> str:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return f"{HERE}:{process.pid}"


def test_the_first_keeps_watch_and_the_second_stands_by_and_knows_why(store: Store) -> None:
    time = Time()
    first, second = watch(store, time), watch(store, time, "there:2")
    assert first.keep()
    assert not second.keep()
    assert second.other == "here:1"
    assert first.other == ""


def test_a_watch_that_is_released_is_taken_at_once(store: Store) -> None:
    time = Time()
    first, second = watch(store, time), watch(store, time, "there:2")
    first.keep()
    first.release()
    assert second.keep()
    assert not first.keep()


def test_a_holder_that_beats_keeps_the_watch_for_ever(store: Store) -> None:
    time = Time()
    first, second = watch(store, time), watch(store, time, "there:2")
    for _ in range(20):
        assert first.keep()
        assert not second.keep()
        time.go_by(BEATS)


def test_a_holder_that_no_longer_beats_loses_it_after_its_expiry_and_not_before(store: Store) -> None:
    time = Time()
    first, second = watch(store, time), watch(store, time, "there:2")
    first.keep()
    second.keep()
    time.go_by(timedelta(seconds=EXPIRY - 1))
    assert not second.keep()
    time.go_by(timedelta(seconds=1))
    assert second.keep()
    assert not first.keep()


def test_a_dead_process_of_this_host_is_followed_at_once(store: Store) -> None:
    time = Time()
    watch(store, time, dead_process()).keep()
    assert watch(store, time, f"{HERE}:1").keep()


def test_an_earlier_process_with_our_own_number_is_dead(store: Store) -> None:
    time = Time()
    name = f"{HERE}:{os.getpid()}"
    watch(store, time, name).keep()
    assert watch(store, time, name).keep()


def test_two_machines_of_one_name_do_not_take_the_watch_from_each_other_in_turns(store: Store) -> None:
    time = Time()
    name = f"{HERE}:{os.getpid()}"
    first, second = watch(store, time, name), watch(store, time, name)
    first.keep()
    second.keep()
    taken = 0
    for _ in range(40):
        time.go_by(BEATS)
        taken += first.keep()
        assert second.keep()
    assert taken == 0


def test_whoever_slept_asks_whether_the_watch_is_still_theirs(store: Store) -> None:
    asleep, awake = Time(), Time()
    first, second = watch(store, asleep), watch(store, awake, "there:2")
    first.keep()
    second.keep()
    awake.go_by(timedelta(hours=8))
    assert second.keep()
    asleep.jump(timedelta(hours=8))
    assert not first.keep()


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_jumps_takes_the_watch_from_nobody(store: Store, jump: timedelta) -> None:
    time = Time()
    first, second = watch(store, time), watch(store, time, "there:2")
    first.keep()
    second.keep()
    time.jump(jump)
    assert not second.keep()
    assert first.keep()


def test_a_store_that_is_busy_does_not_end_the_watch_until_it_may_be_anothers(store: Store) -> None:
    class Busy(Store):
        def take_lease(self, name: str, holder: str, at: datetime, seen: Lease | None) -> Lease | None:
            if seen is not None:
                raise StoreBusy("Another syncd is writing.")
            return super().take_lease(name, holder, at, seen)

    time = Time()
    busy = Busy(store.transactions, store._database)
    ours = watch(busy, time)
    assert ours.keep()
    time.go_by(BEATS)
    assert ours.keep()
    time.go_by(timedelta(seconds=EXPIRY))
    assert not ours.keep()


def test_the_lease_says_when_its_holder_was_seen_last(store: Store) -> None:
    time = Time()
    ours = watch(store, time)
    ours.keep()
    time.go_by(BEATS)
    ours.keep()
    held = store.lease(LEASE)
    assert held
    assert (held.holder, held.at) == ("here:1", time.now)

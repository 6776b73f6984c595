"""How far a long read is: beside every page, with its pace and its end as soon as they can be known."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest

from syncd.connector import ConnectorOptions, Page, Progress
from syncd.errors import Transient
from syncd.model import AccountStatus, Reading
from syncd.store import Store
from syncd.sync import OpenAccount, is_under_way, poll

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NOW = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'syncd.db'}") as opened:
        yield opened


@dataclass
class Long:
    """A source of many records whose pages come every quarter of a minute; it may fail after some of them."""

    at: list[datetime]
    told: Sequence[Progress | None]
    error: Exception | None = None
    seen: list[Reading | None] = field(default_factory=list)
    store: Store | None = None
    Options: ClassVar[type[ConnectorOptions]] = ConnectorOptions

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        del since
        for number, progress in enumerate(self.told):
            self.at.append(self.at[-1] + timedelta(seconds=15))
            yield Page((), f"{cursor or ''}{number}", progress)
            account = self.store.account("work") if self.store else None
            self.seen.append(account.reading if account else None)
        if self.error:
            raise self.error

    def close(self) -> None:
        return


def read_long(store: Store, *told: Progress | None, error: Exception | None = None) -> list[Reading | None]:
    """Poll a long source with a clock of its own; what stood in the store after each page."""
    at = [NOW]
    long = Long(at, told, error, store=store)
    poll(store, OpenAccount("work", "long", long, timedelta(days=365)), NOW, clock=lambda: at[-1])
    return long.seen


def test_how_far_a_first_sync_is_stands_beside_every_page_with_its_pace_and_its_end(store: Store) -> None:
    seen = read_long(store, *(Progress(done, 1000) for done in (50, 100, 150)))

    assert [one and (one.done, one.total, one.per_minute) for one in seen] == [
        (50, 1000, None),
        (100, 1000, 200),
        (150, 1000, 200),
    ]
    last = seen[-1]
    assert last
    assert last.done_at == NOW + timedelta(seconds=45) + timedelta(minutes=850 / 200)
    assert is_under_way(last, last.at)


def test_what_listing_takes_does_not_count_into_the_pace(store: Store) -> None:
    seen = read_long(store, *(Progress(done, 1000) for done in (0, 0, 0, 0, 50)))

    assert [one and one.per_minute for one in seen] == [None, None, None, None, 200]


def test_a_resumed_sync_counts_its_own_pace(store: Store) -> None:
    seen = read_long(store, Progress(12_300, 100_000), Progress(12_350, 100_000))

    assert seen[0]
    assert (seen[0].per_minute, seen[0].done_at) == (None, None)
    assert seen[1]
    assert seen[1].per_minute == 200


def test_reading_that_begins_anew_counts_anew(store: Store) -> None:
    seen = read_long(store, *(Progress(done, 1000) for done in (300, 400, 50, 100)))

    assert [one and one.per_minute for one in seen] == [None, 400, None, 200]


def test_a_source_that_knows_no_total_has_a_pace_but_no_end(store: Store) -> None:
    seen = read_long(store, Progress(50, None), Progress(100, None), None)

    assert [one and (one.done, one.done_at) for one in seen] == [(50, None), (100, None), (100, None)]
    assert seen[-1]
    assert seen[-1].at == NOW + timedelta(seconds=45)


def test_a_first_sync_that_is_done_says_nothing_of_it_any_more(store: Store) -> None:
    read_long(store, Progress(50, 50))
    account = store.account("work")

    assert account
    assert (account.status, account.reading) == (AccountStatus.OK, None)


def test_a_first_sync_that_failed_says_where_it_stopped(store: Store) -> None:
    read_long(store, Progress(50, 100), error=Transient("The line is cut."))
    account = store.account("work")

    assert account
    assert account.reading
    assert (account.status, account.reading.done) == (AccountStatus.FAILING, 50)
    assert not is_under_way(account.reading, account.reading.at)


def reading_by(reader: str) -> Reading:
    return Reading(50, 100, NOW, NOW, 0, reader)


def test_a_reader_that_was_killed_has_stopped() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        alive = reading_by(f"{os.uname().nodename}:{process.pid}")
        assert is_under_way(alive, NOW)
        process.kill()
        process.wait()
        assert not is_under_way(alive, NOW)


def test_nobody_waits_for_a_reader_elsewhere_until_its_clock_that_was_ahead_is_right() -> None:
    elsewhere = reading_by("elsewhere:17")
    assert is_under_way(elsewhere, NOW - timedelta(minutes=2))
    assert not is_under_way(elsewhere, NOW - timedelta(days=365))


def test_a_reader_that_somebody_else_runs_here_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_process: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert is_under_way(reading_by(f"{os.uname().nodename}:1"), NOW)


def test_a_reader_elsewhere_has_stopped_once_it_was_silent_for_long() -> None:
    elsewhere = reading_by("another.example:1")

    assert is_under_way(elsewhere, NOW + timedelta(minutes=9))
    assert not is_under_way(elsewhere, NOW + timedelta(minutes=11))


def test_an_end_that_no_calendar_holds_is_not_foretold() -> None:
    crawling = Reading(2, 2**62, NOW + timedelta(days=1), NOW, 1, "")

    assert crawling.per_minute
    assert crawling.done_at is None

"""The conformance suite passes a connector that keeps its promises, and fails one that breaks any of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from syncd.connector import ConnectorOptions, Page, Progress, SecretRef
from syncd.errors import AuthRequired, CursorExpired, Transient
from syncd.model import Message, Observation, Participant, Removal, Role, Unreadable
from syncd.testing import NOW, ConnectorContract, cannot, context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syncd.connector import Connector, Context, Memory

PAGE = 2


class Shelf:
    """A source in memory: numbered records, of which some are gone or hostile."""

    def __init__(self) -> None:
        self.records: list[Observation] = []
        self.epoch = 1
        self.outage: Exception | None = None
        self.touched = 0
        self.faults: frozenset[str] = frozenset()

    @property
    def since(self) -> datetime:
        return NOW - timedelta(days=365)

    @property
    def plenty(self) -> int:
        return 3 * PAGE

    def open(
        self, *, stopping: Callable[[], bool] = lambda: False, subjects: bool = True, memory: Memory | None = None
    ) -> Connector:
        return Reader(self, context(stopping=stopping, subjects=subjects, memory=memory))

    def add(self, count: int = 1) -> None:
        for number in range(len(self.records), len(self.records) + count):
            author = Participant(f"ada{number}@example.org", "Ada", Role.FROM)
            at = NOW - timedelta(hours=number)
            self.records.append(Message(f"r{number}", at, (author,), subject=f"Record {number}"))

    def add_hostile(self) -> None:
        self.records.append(Unreadable(f"r{len(self.records)}", "It has no date."))

    def remove(self, remote_id: str) -> None:
        self.records.append(Removal(remote_id))

    def expire(self) -> None:
        self.epoch += 1

    def deny(self) -> None:
        self.outage = AuthRequired("The shelf is locked.", "Bring the key.")

    def throttle(self) -> None:
        self.outage = Transient("The shelf is crowded.")

    def stall(self) -> None:
        self.outage = Transient("Nobody comes to the shelf.")

    def mend(self) -> None:
        self.outage = None

    def snapshot(self) -> object:
        return self.touched


class Reader:
    """Reads a shelf; `faults` makes it break one promise."""

    Options: ClassVar[type[ConnectorOptions]] = ConnectorOptions

    def __init__(self, options: Any, context: Context) -> None:  # noqa: ANN401 - the shelf stands in for the options
        self.shelf: Shelf = options
        self.context = context

    def faulty(self, fault: str) -> bool:
        return fault in self.shelf.faults

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        assert since.tzinfo is UTC
        if self.shelf.outage:
            raise self.shelf.outage
        start = self.start(cursor)
        stock = [self.seen(record) for record in self.shelf.records]
        self.shelf.touched += self.faulty("writes")
        reported = 0
        while not self.stop():
            chunk = tuple(stock[start : start + PAGE])
            start += PAGE + self.faulty("skips") if len(chunk) == PAGE else len(chunk)
            reported += len(chunk)
            ahead = PAGE if self.faulty("runs ahead") else 0
            back = 1 if self.faulty("repeats") and start else 0
            done = -reported if self.faulty("counts down") else reported
            yield Page(chunk, json.dumps([self.shelf.epoch, start + ahead - back]), Progress(done, None))
            if len(chunk) < PAGE:
                return

    def start(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        try:
            epoch, start = json.loads(cursor)
            expired = epoch != self.shelf.epoch
        except (ValueError, TypeError):
            expired = True
        if expired and not self.faulty("starts over"):
            raise CursorExpired("The shelf was rearranged.")
        return 0 if expired else int(start)

    def stop(self) -> bool:
        return not self.faulty("never stops") and self.context.stopping()

    def seen(self, record: Observation) -> Observation:
        if isinstance(record, Unreadable) and self.faulty("raises"):
            raise ValueError(record.reason)
        if isinstance(record, Unreadable) and self.faulty("no reason"):
            return replace(record, reason="")
        if not isinstance(record, Message):
            return record
        if self.faulty("naive"):
            record = replace(record, at=record.at.replace(tzinfo=None))
        if self.faulty("one id"):
            record = replace(record, remote_id="r")
        if not self.context.subjects and not self.faulty("reads subjects"):
            record = replace(record, subject="")
        if self.faulty("unstable"):
            self.shelf.touched += 1
            record = replace(record, message_id=str(self.shelf.touched))
        return record

    def close(self) -> None:
        if self.faulty("close raises"):
            raise OSError("already closed")


class TestAKeptPromise(ConnectorContract):
    @pytest.fixture
    def remote(self) -> Shelf:
        return Shelf()


BROKEN = {
    "runs ahead": "test_resuming_at_any_page_loses_nothing",
    "skips": "test_every_record_has_an_id_of_its_own",
    "repeats": "test_polling_again_yields_no_observation",
    "counts down": "test_progress_counts_up_to_its_total",
    "starts over": "test_an_expired_cursor_says_so",
    "writes": "test_reading_leaves_no_trace",
    "never stops": "test_stopping_is_honoured_at_any_moment_and_loses_nothing",
    "naive": "test_every_datetime_is_utc",
    "one id": "test_every_record_has_an_id_of_its_own",
    "unstable": "test_reading_everything_twice_is_equal",
    "no reason": "test_a_hostile_record_is_unreadable_and_the_others_arrive",
    "raises": "test_a_hostile_record_is_unreadable_and_the_others_arrive",
    "reads subjects": "test_subjects_are_read_only_when_wanted",
    "close raises": "test_constructing_touches_nothing",
}


@pytest.mark.parametrize(("fault", "test"), BROKEN.items())
def test_a_broken_promise_fails_its_test(fault: str, test: str) -> None:
    shelf = Shelf()
    shelf.faults = frozenset({fault})
    with pytest.raises((AssertionError, ValueError, OSError, pytest.fail.Exception)):
        getattr(ConnectorContract(), test)(shelf)


def test_what_a_remote_cannot_do_is_skipped_with_its_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match="a file has no sign-in"):
        cannot("a file has no sign-in")


def test_a_context_hands_out_only_the_secrets_it_was_given() -> None:
    known, unknown = SecretRef(env="CLUB"), SecretRef(env="OTHER")
    lent = context(secrets={known: "https://club.example/feed"})
    assert lent.secret(known) == "https://club.example/feed"
    with pytest.raises(AuthRequired):
        lent.secret(unknown)

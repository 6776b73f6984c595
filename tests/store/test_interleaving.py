"""Any interleaving of new mail, failing pages, crashes, expired cursors and replays ends like one clean reading.

Fault 64 of the list of sync faults, with the store alone: the remote is a list, a page is a slice of it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from syncd.connector import Page
from syncd.store import Store, accounts
from tests.store.records import OBSERVATIONS, derive, derive_once, fill

if TYPE_CHECKING:
    from syncd.model import Observation
    from tests.store.conftest import NewUrl

PAGE = 3


class PowerCut(Exception):
    """The transaction ends here."""


class Reading(RuleBasedStateMachine):
    """One account, read by a store that things happen to."""

    new_url: ClassVar[partial[str]]

    def __init__(self) -> None:
        super().__init__()
        self.remote: list[Observation] = []

    @initialize()
    def begin(self) -> None:
        self.url = self.new_url()
        self.store = Store.open(self.url)
        self.store.enrol("work", "scripted")

    @rule(observations=st.lists(OBSERVATIONS, max_size=5))
    def mail_comes(self, observations: list[Observation]) -> None:
        self.remote += observations

    @rule(pages=st.integers(1, 4))
    def some_pages_are_read(self, pages: int) -> None:
        for _ in range(pages):
            self.commit()

    @rule()
    def a_page_fails_half_way(self) -> None:
        with suppress(PowerCut), patch.object(accounts, "count", side_effect=PowerCut):
            self.commit()

    @rule()
    def the_process_starts_again(self) -> None:
        self.store.close()
        self.store = Store.open(self.url)

    @rule()
    def the_cursor_expires_and_everything_is_read_again(self) -> None:
        self.store.forget_cursor("work")

    @rule(back=st.integers(1, 5))
    def an_older_page_is_read_once_more(self, back: int) -> None:
        start = max(0, self.position() - back)
        cursor = self.cursor()
        self.store.commit_page("work", Page(tuple(self.remote[start : self.position()]), str(self.position())), cursor)

    @rule(limit=st.integers(1, 4))
    def a_portion_is_derived(self, limit: int) -> None:
        derive_once(self.store, limit)

    @rule()
    def a_portion_is_read_and_the_process_dies_before_it_is_derived(self) -> None:
        self.store.pending(2)
        self.the_process_starts_again()

    @invariant()
    def counters_are_right(self) -> None:
        lines = [line for line in self.store.dump() if line.startswith("fact")]
        assert len(lines) == self.store.counts().observations + self.store.counts().unreadable

    def commit(self) -> None:
        start = self.position()
        observations = tuple(self.remote[start : start + PAGE])
        self.store.commit_page("work", Page(observations, str(start + len(observations))), self.cursor())

    def cursor(self) -> str | None:
        account = self.store.account("work")
        assert account
        return account.cursor

    def position(self) -> int:
        return int(self.cursor() or 0)

    def teardown(self) -> None:
        while self.position() < len(self.remote):
            self.commit()
        derive(self.store)
        ended = list(self.store.dump())
        self.store.close()

        with Store.open(self.new_url()) as store:
            for one in self.remote:
                fill(store, "work", one)
            derive(store)
            assert ended == list(store.dump())


def test_any_interleaving_ends_like_one_clean_reading(new_url: NewUrl) -> None:
    Reading.new_url = partial(new_url)
    examples = 25 if new_url().startswith("sqlite") else 8  # a new database on a server takes its time
    run_state_machine_as_test(Reading, settings=settings(max_examples=examples, stateful_step_count=12, deadline=None))

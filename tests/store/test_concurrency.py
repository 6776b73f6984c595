"""Killed at any moment, two at once, many threads: what is stored is what one clean reading stores."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.store import Store
from tests.store.reader import LETTERS, PAGES, read_on, source
from tests.store.records import derive

if TYPE_CHECKING:
    from tests.store.conftest import NewUrl

ROOT = Path(__file__).parents[2]


def reader(url: str, account: str) -> subprocess.Popen[str]:
    """A process of its own that reads the account."""
    return subprocess.Popen(  # noqa: S603 - this very Python, on a module of the tests
        [sys.executable, "-m", "tests.store.reader", url, account], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def clean_reading(url: str, *accounts: str) -> list[str]:
    with Store.open(url) as store:
        for account in accounts:
            read_on(store, account)
        return list(store.dump())


def test_a_reader_that_is_killed_over_and_over_ends_where_one_that_never_was_ends(new_url: NewUrl) -> None:
    url = new_url()
    for pages in (1, 4, 2):
        with reader(url, "work") as killed:
            assert killed.stdout
            *_, last = islice(killed.stdout, pages)
            killed.kill()
        with Store.open(url) as store:
            account = store.account("work")
            assert account
            reached = int(account.cursor or 0)
            assert reached >= int(last)
            assert account.observations == reached * (LETTERS + 1) + 1
            assert sum(line.startswith("fact") for line in store.dump()) == account.observations

    assert clean_reading(url, "work") == clean_reading(new_url(), "work")


@pytest.mark.parametrize("accounts", [("work", "home"), ("work", "work")])
def test_two_processes_at_once_come_to_the_same_as_one(new_url: NewUrl, accounts: tuple[str, str]) -> None:
    url = new_url()
    both = [reader(url, account) for account in accounts]
    printed = [process.communicate()[0].split() for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert sum(map(len, printed)) == PAGES * len(set(accounts))
    assert clean_reading(url, *accounts) == clean_reading(new_url(), *accounts)


def test_a_thread_per_account_and_one_that_derives_share_a_store(new_url: NewUrl) -> None:
    accounts = ["work", "home", "club", "school"]
    with Store.open(new_url()) as store, ThreadPoolExecutor() as pool:

        def read(account: str) -> None:
            cursor = store.enrol(account, "scripted").cursor
            for number in range(PAGES):
                page = source(number)
                store.commit_page(account, page, cursor)
                cursor = page.cursor

        reading = [pool.submit(read, account) for account in accounts]
        while not all(one.done() for one in reading):
            derive(store, 50)
        for one in reading:
            one.result()
        derive(store)
        together = list(store.dump())

    assert together == clean_reading(new_url(), *accounts)

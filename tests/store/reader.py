"""A process that reads an account page by page and derives, until it is done or killed: python reader.py URL ACCOUNT.

The source is always the same; the cursor is the number of pages read. Every committed cursor is printed.
"""

from __future__ import annotations

import sys

from syncd.connector import Page
from syncd.errors import CursorMoved
from syncd.store import Store
from tests.store.records import derive, derive_once, mail, meeting

PAGES = 10
LETTERS = 15


def source(number: int) -> Page:
    """Page `number` of the account: new letters, a copy of an older one, a meeting that moves with every page."""
    letters = [mail(number * LETTERS + one) for one in range(LETTERS)]
    copy = mail(number * LETTERS // 2, f"Archive/{number}")
    return Page((*letters, copy, meeting(1, moved=number)), str(number + 1))


def read_on(store: Store, account: str) -> None:
    """Read from the account's cursor to the end; whoever else reads the same account may be ahead."""
    cursor = store.enrol(account, "scripted").cursor
    while int(cursor or 0) < PAGES:
        page = source(int(cursor or 0))
        try:
            store.commit_page(account, page, cursor)
        except CursorMoved:
            cursor = store.enrol(account, "scripted").cursor
            continue
        cursor = page.cursor
        sys.stdout.write(f"{cursor}\n")
        sys.stdout.flush()
        derive_once(store, 10)
    derive(store)


if __name__ == "__main__":
    with Store.open(sys.argv[1]) as opened:
        read_on(opened, sys.argv[2])

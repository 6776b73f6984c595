"""Whatever happens to a mailbox and to its reader, in any order: in the end everything was read, once each."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.errors import AuthRequired, CursorExpired, Transient
from syncd.model import Message
from tests.contract.gmail_account import GET, GmailAccount
from tests.servers.google import Google
from tests.servers.google_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.model import Observation


def poll(account: GmailAccount, most: int | None = None) -> None:
    """One poll as the house makes it; what it raises is a matter of the next one."""
    try:
        account.read(most)
    except CursorExpired:
        account.pages.clear()
        with suppress(Transient, AuthRequired):
            account.read(most)
    except (Transient, AuthRequired):
        pass


def plain(seen: Observation) -> Observation:
    """What a record shows, but for the folder: a label that a message is given after it was read changes nothing."""
    return replace(seen, signals=()) if isinstance(seen, Message) else seen


def happen(account: GmailAccount, what: str, number: int) -> None:
    """One thing, to the mailbox, to its reader, or between the two."""
    mails = sorted(account.mailbox.mails) or [account.mailbox.add("Another", at=account.clock())]
    message = mails[number % len(mails)]
    things: dict[str, Callable[[], object]] = {
        "mail": lambda: account.add(number % 7 + 1),
        "draft": lambda: account.mailbox.add("Draft", at=account.clock(), labels=["DRAFT"]),
        "send": lambda: account.mailbox.label(message, add=["SENT"], remove=["DRAFT", "SPAM", "TRASH"]),
        "label": lambda: account.mailbox.label(message, add=["STARRED"]),
        "delete": lambda: account.mailbox.delete(message),
        "poll": lambda: poll(account),
        "kill": lambda: poll(account, number % 4 + 1),
        "throttle": lambda: account.google.fail(number % 5, status=429, reason="rateLimitExceeded", method=GET),
        "trouble": lambda: account.google.fail(number % 5, status=503, after=number % 3),
        "cut": lambda: account.google.cut(after=number % 4),
        "page": lambda: account.google.show_page(times=1),
        "token": account.google.oauth.expire_access,
        "history": account.mailbox.expire_history,
        "day": lambda: account.clock.advance(86_401),
        "meanwhile": lambda: account.mailbox.during_listing.update({account.mailbox.list_pages + 1: account.add}),
    }
    things[what]()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["mail", "draft", "send", "label", "delete", "poll", "kill", "throttle", "trouble", "cut", "page",
                 "token", "history", "day", "meanwhile"]
            ),
            st.integers(0, 99),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_everything_is_read_in_the_end_whatever_happened(story: list[tuple[str, int]]) -> None:
    clock = FakeClock()
    with Google(clock=clock) as google:
        account = GmailAccount(google, clock)
        account.add(12)
        for what, number in story:
            happen(account, what, number)
        google.mend()
        account.mailbox.during_listing.clear()
        for _ in range(3):
            clock.advance(86_401)
            poll(account)
        clean = GmailAccount(google, clock)
        clean.read()
        standing = {name: plain(seen) for name, seen in clean.seen.items()}
        assert standing == {name: plain(seen) for name, seen in account.records.items() if name in standing}
        assert not account.memory.notes("queue/")
        assert google.violations == []

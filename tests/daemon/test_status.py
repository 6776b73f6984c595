"""The line of `systemctl status`, and the words for a length of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncd.daemon.journal import in_words
from syncd.daemon.status import moment, of_accounts
from syncd.model import Account, AccountStatus, Reading

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 10, 6, 8, 0, tzinfo=UTC)


def account(name: str, status: AccountStatus = AccountStatus.OK, **more: object) -> Account:
    known = {"last_sync": NOW - timedelta(minutes=2)} if status is AccountStatus.OK else {}
    return Account(name, "imap", None, status, **{**known, **more})  # type: ignore[arg-type]  # fields by name, as each test needs them


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ([account("work")], ["1 account read, at 09:58"]),
        ([account("work"), account("home")], ["2 accounts read, last at 09:58"]),
        (
            [
                account("home"),
                account("work"),
                account("personal", AccountStatus.SIGN_IN, error="Refused.", hint="Type: syncd auth personal"),
            ],
            ["personal waits for you: syncd auth personal", "2 other accounts read, last at 09:58"],
        ),
        (
            [account("work", AccountStatus.MISCONFIGURED, error="There is no file x.", hint="Correct `path`.")],
            ["work waits for you: There is no file x"],
        ),
        (
            [account("work", AccountStatus.FAILING, error="No route.", failing_since=NOW - timedelta(days=2))],
            ["work cannot be read since Sun 10:00: No route"],
        ),
        (
            [account("big", AccountStatus.FIRST_SYNC, reading=Reading(300, 1000, NOW, NOW, 0))],
            ["big is read for the first time: 300 of 1,000 (30 %)"],
        ),
        ([account("new", AccountStatus.NEW)], ["new is read for the first time"]),
    ],
)
def test_the_status_names_who_waits_for_whom(accounts: list[Account], said: list[str]) -> None:
    assert list(of_accounts(accounts, NOW, ROME)) == said


def test_an_instant_is_said_as_shortly_as_is_clear() -> None:
    said = [moment(NOW + timedelta(days=days), NOW, ROME) for days in (0, 1, 7)]
    assert said == ["10:00", "Wed 10:00", "Tue 13 Oct 2026 10:00"]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=45), "45 s"),
        (timedelta(hours=2, minutes=10, seconds=5), "2 h 10 min"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=3, hours=4), "3 days 4 h"),
        (timedelta(days=-1), "0 s"),
    ],
)
def test_a_length_of_time_is_said_in_two_units(span: timedelta, words: str) -> None:
    assert in_words(span) == words

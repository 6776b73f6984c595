"""How `gmail` lists a mailbox: to its end, once, back to the horizon, through kills and tokens that are refused."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.connector import DIGEST_LIST_ID
from syncd.errors import CursorExpired, Transient
from syncd.model import Message
from tests.contract.gmail_account import GET, LIST, GmailAccount

if TYPE_CHECKING:
    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock


# The listing.


def test_a_page_token_that_is_not_honoured_leads_back_to_the_top(gmail: GmailAccount) -> None:
    gmail.add(45)
    gmail.read(2)
    cursor = json.loads(gmail.pages[-1].cursor)
    gmail.google.fail(1, status=400, reason="invalidArgument", method=LIST)
    gmail.read()
    assert cursor["listing"]["token"]
    assert len(gmail.seen) == 45
    assert gmail.asked_once


def test_a_listing_that_is_refused_from_the_top_is_an_error(gmail: GmailAccount) -> None:
    gmail.add(45)
    gmail.read(2)
    gmail.google.fail(status=400, reason="invalidArgument", method=LIST)
    with pytest.raises(Transient):
        gmail.read()


def test_a_listing_that_leads_nowhere_is_an_error(gmail: GmailAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    gmail.add(25)
    monkeypatch.setattr(gmail.mailbox, "_after", lambda _token: 0)
    with pytest.raises(Transient):
        gmail.read()


def test_the_message_that_shows_where_a_page_lies_may_be_throttled(gmail: GmailAccount) -> None:
    gmail.add(25)
    gmail.google.fail(1, status=429, reason="rateLimitExceeded", method=GET, parts={0})
    gmail.read(1)
    assert json.loads(gmail.pages[-1].cursor)["tempo"]["rate"] == 140
    gmail.read()
    assert len(gmail.seen) == 25


def test_our_own_digest_is_neither_reported_nor_asked_for_again(gmail: GmailAccount) -> None:
    gmail.add(3)
    gmail.mailbox.add("Your digest", at=gmail.clock(), extra=f"List-Id: <{DIGEST_LIST_ID}>")
    gmail.read()
    gmail.forget_cursor()
    gmail.read()
    assert len(gmail.records) == 3
    assert gmail.asked_once


def test_what_lies_behind_the_horizon_is_listed_but_not_read(gmail: GmailAccount) -> None:
    gmail.add(45)
    for day in range(100):
        gmail.mailbox.add("Old", at=gmail.clock() - timedelta(days=400 + day))
    gmail.read()
    assert len(gmail.seen) == 45
    assert len(gmail.fetched()) <= 45 + 5 + 10 + 10
    again = len(gmail.fetched())
    gmail.forget_cursor()
    gmail.read()
    assert len(gmail.fetched()) == again


def test_old_mail_that_is_listed_among_the_new_hides_nothing(gmail: GmailAccount) -> None:
    long_ago = gmail.clock() - timedelta(days=500)
    imported = [gmail.mailbox.add("Imported", at=gmail.clock() - timedelta(days=day / 10)) for day in range(40)]
    for message in imported:
        gmail.mailbox.break_mail(message, internalDate=f"{long_ago.timestamp():.0f}000")
        gmail.mailbox.mails[message].headers = [
            {"name": "From", "value": "mia@example.com"}, {"name": "Date", "value": f"{long_ago:%d %b %Y 12:00 +0000}"}
        ]  # fmt: skip
    gmail.add(20)
    gmail.read()
    assert len(gmail.seen) == 20
    assert len(gmail.fetched()) < 60


def test_mail_that_arrived_before_the_horizon_and_is_dated_after_it_is_read(gmail: GmailAccount) -> None:
    for number in range(1, 31):
        arrived = gmail.since - timedelta(minutes=10 * number)
        gmail.mailbox.add_raw(
            f"From: mia@example.com\r\nDate: {arrived + timedelta(hours=20):%d %b %Y %H:%M:%S +0000}".encode(),
            internal_date=arrived,
        )
    gmail.read()
    assert len(gmail.seen) == 30


def test_reading_further_back_reads_only_the_older_mail(gmail: GmailAccount) -> None:
    gmail.add(20)
    old = gmail.mailbox.add("Old", at=gmail.clock() - timedelta(days=370))
    gmail.read()
    assert old not in gmail.seen
    gmail.settings["first_sync"] = "2 years"
    with pytest.raises(CursorExpired):
        gmail.read()
    gmail.forget_cursor()
    gmail.horizon = timedelta(days=730)
    gmail.read()
    assert list(gmail.seen) == [old]


def test_subjects_that_are_not_wanted_any_more_are_read_again_without(gmail: GmailAccount) -> None:
    gmail.add(25)
    gmail.read()
    gmail.subjects = False
    with pytest.raises(CursorExpired):
        gmail.read()
    gmail.forget_cursor()
    gmail.read()
    assert len(gmail.seen) == 25
    assert not any(seen.subject for seen in gmail.seen.values() if isinstance(seen, Message))
    gmail.forget_cursor()
    gmail.read()
    assert len(gmail.fetched()) == 50


def change_settings(gmail: GmailAccount, *, subjects: bool) -> None:
    """What the house does when subjects are wanted from now on, or not any more: the cursor goes, the notes stay."""
    gmail.subjects = subjects
    gmail.forget_cursor()


def titled(gmail: GmailAccount) -> int:
    """How many records stand with a subject."""
    return sum(isinstance(seen, Message) and bool(seen.subject) for seen in gmail.records.values())


@pytest.mark.parametrize("killed", range(1, 9))
def test_no_subject_stays_where_they_were_wanted_for_a_moment_only(gmail: GmailAccount, killed: int) -> None:
    gmail.add(25)
    for day in range(45):
        gmail.mailbox.add("Old", at=gmail.clock() - timedelta(days=400 + day))
    gmail.subjects = False
    gmail.read()
    change_settings(gmail, subjects=True)
    gmail.read(killed)
    change_settings(gmail, subjects=False)
    gmail.read()
    gmail.read()
    assert (len(gmail.records), titled(gmail)) == (25, 0)


def test_every_subject_goes_although_the_cursor_expires_meanwhile(gmail: GmailAccount) -> None:
    gmail.add(45)
    gmail.read()
    change_settings(gmail, subjects=False)
    gmail.read(1)
    gmail.expire()
    with pytest.raises(CursorExpired):
        gmail.read()
    gmail.forget_cursor()
    gmail.read()
    assert (len(gmail.records), titled(gmail)) == (45, 0)


def test_every_subject_goes_although_a_page_token_is_refused_meanwhile(gmail: GmailAccount) -> None:
    gmail.add(45)
    gmail.read()
    change_settings(gmail, subjects=False)
    gmail.read(2)
    gmail.google.fail(1, status=400, reason="invalidArgument", method=LIST)
    gmail.read()
    assert (len(gmail.records), titled(gmail)) == (45, 0)


# 59. Killed anywhere.


def test_a_poll_killed_after_any_page_goes_on_where_it_was(
    google: Google, google_clock: FakeClock, gmail: GmailAccount
) -> None:
    gmail.add(45)
    gmail.mailbox.add("Draft", at=gmail.clock(), labels=["DRAFT"])
    google.quota.per_minute = None
    for killed in range(1, len(gmail.read())):
        other = GmailAccount(google, google_clock)
        google.requests.clear()
        other.read(killed)
        other.read(killed)
        other.read()
        assert dict(other.seen) == dict(gmail.seen)
        assert not other.memory.notes("queue/")
        assert len(other.fetched()) == 46


def test_a_page_that_was_never_written_is_read_again(gmail: GmailAccount) -> None:
    gmail.add(45)
    gmail.read(5)
    with closing(gmail.open(memory=gmail.memory)) as killed:
        next(iter(killed.poll(gmail.pages[-1].cursor, gmail.since)))
    gmail.read()
    assert len(gmail.seen) == 45

"""How `gmail` learns of mail: histories that expire or break, mail that moves while it reads, labels that change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncd.errors import CursorExpired, Transient
from tests.contract.gmail_account import HISTORY, GmailAccount

# 22. The history is no longer known.


def test_an_expired_history_leads_to_a_listing_that_reads_only_what_is_unknown(gmail: GmailAccount) -> None:
    gmail.add(25)
    gmail.read()
    before = dict(gmail.seen)
    gmail.mailbox.expire_history()
    missed = gmail.mailbox.add("Missed", at=gmail.clock() - timedelta(hours=1))
    with pytest.raises(CursorExpired):
        gmail.read()
    gmail.forget_cursor()
    gmail.read()
    assert list(gmail.seen) == [missed]
    assert gmail.asked_once
    assert len(before) == 25


def test_a_backlog_outlives_the_history_that_expired_meanwhile(gmail: GmailAccount) -> None:
    gmail.add(95)
    first = gmail.read(11)
    assert 0 < len(gmail.seen) < 95
    gmail.mailbox.expire_history()
    with pytest.raises(CursorExpired):
        gmail.read()
    gmail.forget_cursor()
    gmail.read()
    assert len(gmail.seen) + sum(len(page.observations) for page in first) == 95
    assert gmail.asked_once


def test_a_history_that_expires_in_the_middle_of_a_poll_does_not_end_it(gmail: GmailAccount) -> None:
    gmail.add(120)
    gmail.settings["most_per_minute"] = 5
    pages = gmail.read(between=gmail.mailbox.expire_history)
    assert len(gmail.seen) == 120
    assert pages
    with pytest.raises(CursorExpired):
        gmail.read()


def test_more_history_than_a_listing_costs_is_not_read(gmail: GmailAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    gmail.read()
    gmail.add(25)
    monkeypatch.setattr("connectors._gmail_mailbox.MOST_CHANGES", 2)
    with pytest.raises(CursorExpired):
        gmail.read()


# 23. Pages of the history.


def test_empty_pages_of_history_are_read_to_their_end(gmail: GmailAccount) -> None:
    gmail.add(2)
    gmail.read()
    gmail.mailbox.empty_history_pages = 3
    gmail.add(25)
    gmail.read()
    assert len(gmail.seen) == 27


def test_a_page_of_history_that_fails_leaves_the_cursor_where_it_was(gmail: GmailAccount) -> None:
    gmail.read()
    gmail.add(25)
    cursor = gmail.pages[-1].cursor
    gmail.google.fail(status=500, method=HISTORY, after=1)
    with pytest.raises(Transient):
        gmail.read()
    assert gmail.pages[-1].cursor == cursor
    gmail.google.mend()
    gmail.read()
    assert len(gmail.seen) == 25


def test_the_first_page_of_history_says_where_to_go_on(gmail: GmailAccount) -> None:
    gmail.read()
    gmail.add(25)
    later: list[str] = []
    gmail.mailbox.during_history[gmail.mailbox.history_pages + 2] = lambda: later.append(
        gmail.mailbox.add("Later", at=gmail.clock())
    )
    gmail.read()
    gmail.read()
    assert later[0] in gmail.seen
    assert len(gmail.seen) == 26
    assert gmail.asked_once


def test_a_history_that_does_not_say_where_it_stands_is_asked_for_again_from_the_same_place(
    gmail: GmailAccount,
) -> None:
    gmail.read()
    gmail.add(25)
    gmail.mailbox.tells_history = False
    gmail.read()
    gmail.mailbox.tells_history = True
    gmail.add(1)
    gmail.read()
    assert len(gmail.seen) == 26
    assert gmail.asked_once


# 24. Mail that arrives meanwhile.


@pytest.mark.parametrize("page", [1, 2, 3])
def test_mail_that_arrives_during_the_listing_is_found(gmail: GmailAccount, page: int) -> None:
    gmail.add(25)
    gmail.mailbox.during_listing[page] = gmail.add
    gmail.read()
    gmail.read()
    assert len(gmail.seen) == 26
    assert gmail.asked_once


def test_mail_deleted_during_the_listing_disturbs_nobody(gmail: GmailAccount) -> None:
    gmail.add(25)

    def delete() -> None:
        for victim in sorted(gmail.mailbox.mails)[3:6]:
            gmail.mailbox.delete(victim)

    gmail.mailbox.during_listing[1] = delete
    gmail.read()
    assert len(gmail.seen) == 22


def test_new_mail_comes_before_the_backlog(gmail: GmailAccount) -> None:
    gmail.add(300)
    gmail.read(36)
    new = gmail.mailbox.add("New", at=gmail.clock())
    page = next(page for page in gmail.read(3) if page.observations)
    assert page.observations[0].remote_id == new


def test_new_mail_is_looked_for_while_a_long_backlog_is_read(gmail: GmailAccount) -> None:
    gmail.add(150)
    gmail.settings["most_per_minute"] = 5
    arrived: list[str] = []

    def arrive() -> None:
        if not arrived and len(gmail.seen) > 60:
            arrived.append(gmail.mailbox.add("New", at=gmail.clock()))

    pages = gmail.read(between=arrive)
    order = [seen.remote_id for page in pages for seen in page.observations]
    assert len(order) == 151
    assert order.index(arrived[0]) < 149


# 30. What is no mail, or not yet, or no more.


@pytest.mark.parametrize("label", ["DRAFT", "CHAT", "SPAM", "TRASH"])
def test_drafts_chats_spam_and_trash_are_left_out(gmail: GmailAccount, label: str) -> None:
    gmail.mailbox.add("Left out", at=gmail.clock() - timedelta(days=1), labels=["INBOX", label])
    gmail.add(2)
    gmail.read()
    gmail.mailbox.add("Left out too", at=gmail.clock(), labels=["INBOX", label])
    gmail.read()
    assert len(gmail.seen) == 2
    assert not gmail.memory.notes("queue/")


def test_mail_taken_out_of_spam_is_reported(gmail: GmailAccount) -> None:
    gmail.add(2)
    gmail.read()
    spam = gmail.mailbox.add("Not spam", at=gmail.clock(), labels=["SPAM"])
    gmail.read()
    gmail.mailbox.label(spam, add=["INBOX"], remove=["SPAM"])
    gmail.read()
    assert spam in gmail.seen


def test_a_draft_is_reported_once_it_is_sent(gmail: GmailAccount) -> None:
    gmail.read()
    draft = gmail.mailbox.add("Draft", at=gmail.clock(), labels=["DRAFT"])
    gmail.read()
    assert draft not in gmail.fetched()
    gmail.mailbox.label(draft, add=["SENT"], remove=["DRAFT"])
    gmail.read()
    assert draft in gmail.seen


def test_mail_thrown_away_stays_what_it_was_and_is_not_asked_for(gmail: GmailAccount) -> None:
    gmail.add(2)
    gmail.read()
    victim = min(gmail.mailbox.mails)
    gmail.mailbox.label(victim, add=["TRASH"], remove=["INBOX"])
    gmail.read()
    assert len(gmail.seen) == 2
    assert gmail.asked_once


def test_mail_thrown_away_between_two_polls_is_not_asked_for(gmail: GmailAccount) -> None:
    gmail.read()
    victim = gmail.mailbox.add("Brief", at=gmail.clock())
    gmail.mailbox.label(victim, add=["TRASH"], remove=["INBOX"])
    gmail.read()
    assert gmail.fetched() == []


def test_a_label_on_mail_that_is_known_costs_nothing(gmail: GmailAccount) -> None:
    gmail.add(3)
    gmail.read()
    for message in gmail.mailbox.mails:
        gmail.mailbox.label(message, add=["STARRED"])
    gmail.read()
    assert gmail.asked_once


def test_mail_that_nobody_told_of_is_found_by_the_audit(gmail: GmailAccount) -> None:
    gmail.add(25)
    gmail.read()
    kept = gmail.mailbox.add("Untold", at=gmail.clock())
    gmail.mailbox._changes.pop()
    gmail.read()
    assert kept not in gmail.seen
    gmail.clock.advance(86_401)
    gmail.read()
    assert kept in gmail.seen
    assert gmail.asked_once

"""What `gmail` survives inside a batch: parts that are refused, throttled, lost, or about the whole account."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest

from syncd.errors import AuthRequired, Misconfigured, Transient
from syncd.model import Message, Unreadable
from tests.contract.gmail_account import GET, LIST, GmailAccount

# 25. What goes wrong inside a batch.


def test_a_message_deleted_since_is_forgotten(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.mailbox.during_listing[1] = lambda: gmail.mailbox.delete(min(gmail.mailbox.mails))
    gmail.read()
    assert len(gmail.seen) == 8
    assert not gmail.memory.notes("queue/")


def test_half_a_batch_that_is_throttled_is_asked_for_again_alone_and_slower(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.google.fail(1, status=429, reason="rateLimitExceeded", method=GET, parts={2})
    gmail.google.fail(1, status=403, reason="rateLimitExceeded", method=GET, parts={5})
    gmail.read()
    asked = Counter(gmail.fetched())
    assert len(gmail.seen) == 9
    assert sorted(asked.values()) == [1] * 7 + [2] * 2
    assert json.loads(gmail.pages[-1].cursor)["tempo"]["rate"] == 140
    assert gmail.clock.paused >= 4


def test_thirty_of_fifty_throttled_are_asked_for_again_and_nothing_else(
    gmail: GmailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._gmail_mailbox.LIST", 500)
    gmail.add(50)
    gmail.google.fail(30, status=429, reason="rateLimitExceeded", method=GET, parts=range(50))
    gmail.read()
    assert len(gmail.seen) == 50
    assert Counter(Counter(gmail.fetched()).values()) == {2: 30, 1: 20}


def test_too_many_at_once_makes_smaller_batches_not_a_slower_rate(gmail: GmailAccount) -> None:
    gmail.add(60)
    gmail.google.fail(
        5, status=429, reason="userRateLimitExceeded", message="Too many concurrent requests for user", method=GET,
        parts=range(20, 50),
    )  # fmt: skip
    gmail.read()
    assert len(gmail.seen) == 60
    tempo = json.loads(gmail.pages[-1].cursor).get("tempo", {})
    assert tempo.get("rate", 200) >= 200
    assert tempo["batch"] < 50


def test_a_time_to_come_back_is_honoured(gmail: GmailAccount) -> None:
    gmail.add(3)
    gmail.google.fail(1, status=429, reason="rateLimitExceeded", retry_after="37", method=GET, parts={0})
    start = gmail.clock()
    gmail.read()
    assert len(gmail.seen) == 3
    assert gmail.clock() - start >= timedelta(seconds=37)


def test_a_time_to_come_back_that_is_far_away_ends_the_poll_and_loses_nothing(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.google.fail(1, status=429, reason="rateLimitExceeded", retry_after="900", method=GET, parts={0})
    with pytest.raises(Transient) as raised:
        gmail.read()
    assert raised.value.retry_after == timedelta(seconds=900)
    assert len(gmail.seen) == 8
    gmail.read()
    assert len(gmail.seen) == 9


def test_a_message_that_always_fails_is_set_aside_and_the_others_are_read(gmail: GmailAccount) -> None:
    gmail.add(9)
    poison = min(gmail.mailbox.mails)
    gmail.mailbox.refuse_mail(poison, 500)
    gmail.read()
    assert isinstance(gmail.seen[poison], Unreadable)
    assert len(gmail.seen) == 9
    assert Counter(gmail.fetched())[poison] == 3
    assert not gmail.memory.notes("queue/")


def test_a_message_that_is_refused_for_good_is_unreadable_at_once(gmail: GmailAccount) -> None:
    gmail.add(9)
    poison = max(gmail.mailbox.mails)
    gmail.mailbox.refuse_mail(poison, 400, "failedPrecondition")
    gmail.read()
    assert gmail.seen[poison] == Unreadable(poison, "Gmail refuses to show it (400 failedPrecondition).")
    assert gmail.asked_once


def test_a_new_message_that_is_refused_for_good_is_unreadable_although_it_is_alone(gmail: GmailAccount) -> None:
    gmail.read()
    poison = gmail.mailbox.add("Poison", at=gmail.clock())
    gmail.mailbox.refuse_mail(poison, 400, "invalidArgument")
    gmail.read()
    assert isinstance(gmail.seen[poison], Unreadable)


def test_a_lone_message_that_always_fails_holds_the_account_up_for_three_polls_at_most(gmail: GmailAccount) -> None:
    gmail.read()
    poison = gmail.mailbox.add("Poison", at=gmail.clock())
    gmail.mailbox.refuse_mail(poison, 500)
    for _ in range(2):
        with pytest.raises(Transient):
            gmail.read()
    gmail.read()
    assert isinstance(gmail.seen[poison], Unreadable)


def test_a_message_that_failed_once_arrives_with_the_next_batch(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.mailbox.refuse_mail(min(gmail.mailbox.mails), 503, times=1)
    gmail.read()
    assert all(isinstance(seen, Message) for seen in gmail.seen.values())
    assert len(gmail.seen) == 9


def test_what_was_unreadable_is_tried_again_by_the_audit_of_the_next_day(gmail: GmailAccount) -> None:
    gmail.add(9)
    poison = min(gmail.mailbox.mails)
    gmail.mailbox.refuse_mail(poison, 500, times=3)
    gmail.read()
    assert isinstance(gmail.seen[poison], Unreadable)
    gmail.clock.advance(86_401)
    gmail.read()
    assert isinstance(gmail.seen[poison], Message)
    assert not gmail.memory.notes("doubtful/")


def test_what_stays_unreadable_is_given_up_after_five_audits(gmail: GmailAccount) -> None:
    gmail.add(9)
    poison = min(gmail.mailbox.mails)
    gmail.mailbox.refuse_mail(poison, 400)
    gmail.read()
    for _ in range(8):
        gmail.clock.advance(86_401)
        gmail.read()
    assert Counter(gmail.fetched())[poison] == 6
    assert not gmail.memory.notes("doubtful/")


@pytest.mark.parametrize(("status", "reason"), [(400, "invalidArgument"), (503, "backendError")])
def test_when_no_message_is_shown_at_all_it_is_not_the_messages_fault(
    gmail: GmailAccount, status: int, reason: str
) -> None:
    gmail.add(30)
    gmail.google.fail(status=status, reason=reason, method=GET)
    with pytest.raises(Transient):
        gmail.read()
    gmail.google.mend()
    gmail.read()
    assert all(isinstance(seen, Message) for seen in gmail.seen.values())
    assert len(gmail.seen) == 30


def test_a_batch_that_breaks_off_is_asked_for_again(gmail: GmailAccount) -> None:
    gmail.add(30)
    gmail.google.cut("batch", after=1)
    with pytest.raises(Transient):
        gmail.read()
    gmail.read()
    assert len(gmail.seen) == 30


def test_parts_are_told_apart_by_their_names_not_by_their_order(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.google.orders_parts = lambda places: places[1::2] + places[::2]
    gmail.read()
    titles = {key: seen.subject for key, seen in gmail.seen.items() if isinstance(seen, Message)}
    assert titles == {
        key: next(each["value"] for each in mail.headers if each["name"] == "Subject")
        for key, mail in gmail.mailbox.mails.items()
    }


def test_a_web_page_in_the_place_of_a_batch_is_not_an_empty_batch(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.read(1)
    gmail.google.show_page()
    with pytest.raises(Transient):
        gmail.read()
    gmail.google.mend()
    gmail.read()
    assert len(gmail.seen) == 9


# 26. Refusals that mean something.


@pytest.mark.parametrize("method", ["gmail.users.getProfile", LIST, GET])
@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("domainPolicy", Misconfigured),
        ("accessNotConfigured", Misconfigured),
        ("insufficientPermissions", AuthRequired),
        ("dailyLimitExceeded", Transient),
    ],
)
def test_a_refusal_is_what_it_says_also_inside_a_batch(
    gmail: GmailAccount, method: str, reason: str, error: type[Exception]
) -> None:
    gmail.add(9)
    gmail.google.fail(status=403, reason=reason, method=method)
    with pytest.raises(error):
        gmail.read()
    assert len(gmail.google.requests) < 30
    gmail.google.mend()
    gmail.read()
    assert len(gmail.seen) == 9


def test_the_whole_account_throttled_ends_the_poll_with_a_slower_rate(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.google.fail(status=429, reason="rateLimitExceeded", method="batch")
    with pytest.raises(Transient):
        gmail.read()
    assert len(gmail.google.requests) < 30
    assert json.loads(gmail.pages[-1].cursor)["tempo"]["rate"] == 140


def test_parts_that_are_barred_although_the_account_is_not_end_the_poll(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.google.fail(status=403, reason="domainPolicy", method=GET, parts=range(50))
    with pytest.raises(Transient):
        gmail.read()
    assert len(gmail.google.requests) < 100
    gmail.google.mend()
    gmail.read()
    assert len(gmail.seen) == 9

"""What `gmail` survives of Google: expired histories, broken batches, empty quotas, mail that moves while it reads."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connectors._google_scopes import GMAIL_SCOPES
from syncd.connector import DIGEST_LIST_ID, Checks, SignsIn
from syncd.errors import AuthRequired, CursorExpired, Misconfigured, Transient
from syncd.model import Message, Unreadable
from tests.contract.gmail_account import GmailAccount

if TYPE_CHECKING:
    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

GET = "gmail.users.messages.get"
LIST = "gmail.users.messages.list"
HISTORY = "gmail.users.history.list"


@pytest.fixture
def account(google: Google, google_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> GmailAccount:
    """An empty account whose listing and history come in pages of ten."""
    monkeypatch.setattr("connectors._gmail_mailbox.LIST", 10)
    return GmailAccount(google, google_clock)


def fetched_once(account: GmailAccount) -> bool:
    return max(Counter(account.fetched()).values()) == 1


# 22. The history is no longer known.


def test_an_expired_history_leads_to_a_listing_that_reads_only_what_is_unknown(account: GmailAccount) -> None:
    account.add(25)
    account.read()
    before = dict(account.seen)
    account.mailbox.expire_history()
    missed = account.mailbox.add("Missed", at=account.clock() - timedelta(hours=1))
    with pytest.raises(CursorExpired):
        account.read()
    account.forget_cursor()
    account.read()
    assert list(account.seen) == [missed]
    assert fetched_once(account)
    assert len(before) == 25


def test_a_backlog_outlives_the_history_that_expired_meanwhile(account: GmailAccount) -> None:
    account.add(95)
    first = account.read(11)
    assert 0 < len(account.seen) < 95
    account.mailbox.expire_history()
    with pytest.raises(CursorExpired):
        account.read()
    account.forget_cursor()
    account.read()
    assert len(account.seen) + sum(len(page.observations) for page in first) == 95
    assert fetched_once(account)


def test_a_history_that_expires_in_the_middle_of_a_poll_does_not_end_it(account: GmailAccount) -> None:
    account.add(120)
    account.settings["most_per_minute"] = 5
    pages = account.read(between=account.mailbox.expire_history)
    assert len(account.seen) == 120
    assert pages
    with pytest.raises(CursorExpired):
        account.read()


def test_more_history_than_a_listing_costs_is_not_read(account: GmailAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    account.read()
    account.add(25)
    monkeypatch.setattr("connectors._gmail_mailbox.MOST_CHANGES", 2)
    with pytest.raises(CursorExpired):
        account.read()


# 23. Pages of the history.


def test_empty_pages_of_history_are_read_to_their_end(account: GmailAccount) -> None:
    account.add(2)
    account.read()
    account.mailbox.empty_history_pages = 3
    account.add(25)
    account.read()
    assert len(account.seen) == 27


def test_a_page_of_history_that_fails_leaves_the_cursor_where_it_was(account: GmailAccount) -> None:
    account.read()
    account.add(25)
    cursor = account.pages[-1].cursor
    account.google.fail(status=500, method=HISTORY, after=1)
    with pytest.raises(Transient):
        account.read()
    assert account.pages[-1].cursor == cursor
    account.google.mend()
    account.read()
    assert len(account.seen) == 25


def test_the_first_page_of_history_says_where_to_go_on(account: GmailAccount) -> None:
    account.read()
    account.add(25)
    later: list[str] = []
    account.mailbox.during_history[account.mailbox.history_pages + 2] = lambda: later.append(
        account.mailbox.add("Later", at=account.clock())
    )
    account.read()
    account.read()
    assert later[0] in account.seen
    assert len(account.seen) == 26
    assert fetched_once(account)


# 24. Mail that arrives meanwhile.


@pytest.mark.parametrize("page", [1, 2, 3])
def test_mail_that_arrives_during_the_listing_is_found(account: GmailAccount, page: int) -> None:
    account.add(25)
    account.mailbox.during_listing[page] = account.add
    account.read()
    account.read()
    assert len(account.seen) == 26
    assert fetched_once(account)


def test_mail_deleted_during_the_listing_disturbs_nobody(account: GmailAccount) -> None:
    account.add(25)

    def delete() -> None:
        for victim in sorted(account.mailbox.mails)[3:6]:
            account.mailbox.delete(victim)

    account.mailbox.during_listing[1] = delete
    account.read()
    assert len(account.seen) == 22


def test_new_mail_comes_before_the_backlog(account: GmailAccount) -> None:
    account.add(300)
    account.read(36)
    new = account.mailbox.add("New", at=account.clock())
    page = next(page for page in account.read(3) if page.observations)
    assert page.observations[0].remote_id == new


def test_new_mail_is_looked_for_while_a_long_backlog_is_read(account: GmailAccount) -> None:
    account.add(150)
    account.settings["most_per_minute"] = 5
    arrived: list[str] = []

    def arrive() -> None:
        if not arrived and len(account.seen) > 60:
            arrived.append(account.mailbox.add("New", at=account.clock()))

    pages = account.read(between=arrive)
    order = [seen.remote_id for page in pages for seen in page.observations]
    assert len(order) == 151
    assert order.index(arrived[0]) < 149


# 25. What goes wrong inside a batch.


def test_a_message_deleted_since_is_forgotten(account: GmailAccount) -> None:
    account.add(9)
    account.mailbox.during_listing[1] = lambda: account.mailbox.delete(min(account.mailbox.mails))
    account.read()
    assert len(account.seen) == 8
    assert not account.memory.notes("queue/")


def test_half_a_batch_that_is_throttled_is_asked_for_again_alone_and_slower(account: GmailAccount) -> None:
    account.add(9)
    account.google.fail(1, status=429, reason="rateLimitExceeded", method=GET, parts={2})
    account.google.fail(1, status=403, reason="rateLimitExceeded", method=GET, parts={5})
    account.read()
    asked = Counter(account.fetched())
    assert len(account.seen) == 9
    assert sorted(asked.values()) == [1] * 7 + [2] * 2
    assert json.loads(account.pages[-1].cursor)["tempo"]["rate"] == 140
    assert account.clock.paused >= 4


def test_thirty_of_fifty_throttled_are_asked_for_again_and_nothing_else(
    account: GmailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._gmail_mailbox.LIST", 500)
    account.add(50)
    account.google.fail(30, status=429, reason="rateLimitExceeded", method=GET, parts=range(50))
    account.read()
    assert len(account.seen) == 50
    assert Counter(Counter(account.fetched()).values()) == {2: 30, 1: 20}


def test_too_many_at_once_makes_smaller_batches_not_a_slower_rate(account: GmailAccount) -> None:
    account.add(60)
    account.google.fail(
        5, status=429, reason="userRateLimitExceeded", message="Too many concurrent requests for user", method=GET,
        parts=range(20, 50),
    )  # fmt: skip
    account.read()
    assert len(account.seen) == 60
    tempo = json.loads(account.pages[-1].cursor).get("tempo", {})
    assert tempo.get("rate", 200) >= 200
    assert tempo["batch"] < 50


def test_a_time_to_come_back_is_honoured(account: GmailAccount) -> None:
    account.add(3)
    account.google.fail(1, status=429, reason="rateLimitExceeded", retry_after="37", method=GET, parts={0})
    start = account.clock()
    account.read()
    assert len(account.seen) == 3
    assert account.clock() - start >= timedelta(seconds=37)


def test_a_time_to_come_back_that_is_far_away_ends_the_poll_and_loses_nothing(account: GmailAccount) -> None:
    account.add(9)
    account.google.fail(1, status=429, reason="rateLimitExceeded", retry_after="900", method=GET, parts={0})
    with pytest.raises(Transient) as raised:
        account.read()
    assert raised.value.retry_after == timedelta(seconds=900)
    assert len(account.seen) == 8
    account.read()
    assert len(account.seen) == 9


def test_a_message_that_always_fails_is_set_aside_and_the_others_are_read(account: GmailAccount) -> None:
    account.add(9)
    poison = min(account.mailbox.mails)
    account.mailbox.refuse_mail(poison, 500)
    account.read()
    assert isinstance(account.seen[poison], Unreadable)
    assert len(account.seen) == 9
    assert Counter(account.fetched())[poison] == 3
    assert not account.memory.notes("queue/")


def test_a_message_that_is_refused_for_good_is_unreadable_at_once(account: GmailAccount) -> None:
    account.add(9)
    poison = max(account.mailbox.mails)
    account.mailbox.refuse_mail(poison, 400, "failedPrecondition")
    account.read()
    assert account.seen[poison] == Unreadable(poison, "Gmail refuses to show it (400 failedPrecondition).")
    assert fetched_once(account)


def test_a_new_message_that_is_refused_for_good_is_unreadable_although_it_is_alone(account: GmailAccount) -> None:
    account.read()
    poison = account.mailbox.add("Poison", at=account.clock())
    account.mailbox.refuse_mail(poison, 400, "invalidArgument")
    account.read()
    assert isinstance(account.seen[poison], Unreadable)


def test_a_lone_message_that_always_fails_holds_the_account_up_for_three_polls_at_most(account: GmailAccount) -> None:
    account.read()
    poison = account.mailbox.add("Poison", at=account.clock())
    account.mailbox.refuse_mail(poison, 500)
    for _ in range(2):
        with pytest.raises(Transient):
            account.read()
    account.read()
    assert isinstance(account.seen[poison], Unreadable)


def test_a_message_that_failed_once_arrives_with_the_next_batch(account: GmailAccount) -> None:
    account.add(9)
    account.mailbox.refuse_mail(min(account.mailbox.mails), 503, times=1)
    account.read()
    assert all(isinstance(seen, Message) for seen in account.seen.values())
    assert len(account.seen) == 9


def test_what_was_unreadable_is_tried_again_by_the_audit_of_the_next_day(account: GmailAccount) -> None:
    account.add(9)
    poison = min(account.mailbox.mails)
    account.mailbox.refuse_mail(poison, 500, times=3)
    account.read()
    assert isinstance(account.seen[poison], Unreadable)
    account.clock.advance(86_401)
    account.read()
    assert isinstance(account.seen[poison], Message)
    assert not account.memory.notes("doubtful/")


def test_what_stays_unreadable_is_given_up_after_five_audits(account: GmailAccount) -> None:
    account.add(9)
    poison = min(account.mailbox.mails)
    account.mailbox.refuse_mail(poison, 400)
    account.read()
    for _ in range(8):
        account.clock.advance(86_401)
        account.read()
    assert Counter(account.fetched())[poison] == 6
    assert not account.memory.notes("doubtful/")


@pytest.mark.parametrize(("status", "reason"), [(400, "invalidArgument"), (503, "backendError")])
def test_when_no_message_is_shown_at_all_it_is_not_the_messages_fault(
    account: GmailAccount, status: int, reason: str
) -> None:
    account.add(30)
    account.google.fail(status=status, reason=reason, method=GET)
    with pytest.raises(Transient):
        account.read()
    account.google.mend()
    account.read()
    assert all(isinstance(seen, Message) for seen in account.seen.values())
    assert len(account.seen) == 30


def test_a_batch_that_breaks_off_is_asked_for_again(account: GmailAccount) -> None:
    account.add(30)
    account.google.cut("batch", after=1)
    with pytest.raises(Transient):
        account.read()
    account.read()
    assert len(account.seen) == 30


def test_parts_are_told_apart_by_their_names_not_by_their_order(account: GmailAccount) -> None:
    account.add(9)
    account.google.orders_parts = lambda places: places[1::2] + places[::2]
    account.read()
    titles = {key: seen.subject for key, seen in account.seen.items() if isinstance(seen, Message)}
    assert titles == {
        key: next(each["value"] for each in mail.headers if each["name"] == "Subject")
        for key, mail in account.mailbox.mails.items()
    }


def test_a_web_page_in_the_place_of_a_batch_is_not_an_empty_batch(account: GmailAccount) -> None:
    account.add(9)
    account.read(1)
    account.google.show_page()
    with pytest.raises(Transient):
        account.read()
    account.google.mend()
    account.read()
    assert len(account.seen) == 9


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
    account: GmailAccount, method: str, reason: str, error: type[Exception]
) -> None:
    account.add(9)
    account.google.fail(status=403, reason=reason, method=method)
    with pytest.raises(error):
        account.read()
    assert len(account.google.requests) < 30
    account.google.mend()
    account.read()
    assert len(account.seen) == 9


def test_the_whole_account_throttled_ends_the_poll_with_a_slower_rate(account: GmailAccount) -> None:
    account.add(9)
    account.google.fail(status=429, reason="rateLimitExceeded", method="batch")
    with pytest.raises(Transient):
        account.read()
    assert len(account.google.requests) < 30
    assert json.loads(account.pages[-1].cursor)["tempo"]["rate"] == 140


def test_parts_that_are_barred_although_the_account_is_not_end_the_poll(account: GmailAccount) -> None:
    account.add(9)
    account.google.fail(status=403, reason="domainPolicy", method=GET, parts=range(50))
    with pytest.raises(Transient):
        account.read()
    assert len(account.google.requests) < 100
    account.google.mend()
    account.read()
    assert len(account.seen) == 9


# 27. A minute has 6,000 units.


@pytest.mark.parametrize(("status", "retry_after"), [(429, ""), (429, "10"), (403, "")])
def test_a_bucket_of_six_thousand_units_is_drunk_without_a_ban(
    account: GmailAccount, monkeypatch: pytest.MonkeyPatch, status: int, retry_after: str
) -> None:
    monkeypatch.setattr("connectors._gmail_mailbox.LIST", 500)
    account.google.quota.status, account.google.quota.retry_after = status, retry_after
    account.add(900)
    start = account.clock()
    account.read()
    minutes = (account.clock() - start).total_seconds() / 60
    assert len(account.seen) == 900
    assert minutes < 1.2 * 900 * 20 / 6000
    assert account.google.quota.refused < 100
    assert account.google.units <= 900 * 20 + 2 * 5 + 2 * 2 + 1


def test_an_older_project_is_read_faster_once_that_is_known(
    account: GmailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._gmail_mailbox.LIST", 500)
    account.google.quota.per_minute = 60_000
    account.add(600)
    account.read()
    tempo = json.loads(account.pages[-1].cursor)["tempo"]
    assert tempo["rate"] > 300
    assert account.google.quota.refused == 0
    account.add(200)
    start = account.clock()
    account.read()
    assert (account.clock() - start).total_seconds() < 60 * 200 / 300


def test_nobody_is_read_faster_than_the_owner_allows(account: GmailAccount) -> None:
    account.settings["most_per_minute"] = 30
    account.add(200)
    start = account.clock()
    account.read()
    assert (account.clock() - start).total_seconds() >= 60 * (200 - 50) / 30


def test_stopping_is_noticed_while_waiting_for_the_quota(account: GmailAccount) -> None:
    account.settings["most_per_minute"] = 1
    account.add(80)
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        account.clock.advance(seconds)

    account.pause = pause
    account.read(stopping=lambda: len(waited) >= 3)
    assert len(waited) == 3
    assert max(waited) <= 1


# 28. What is asked, and by whose leave.


def test_only_headers_are_asked_for_with_the_one_scope_that_shows_no_bodies(account: GmailAccount) -> None:
    account.add(25)
    account.read()
    account.add(3)
    account.read()
    assert GMAIL_SCOPES == ("https://www.googleapis.com/auth/gmail.metadata",)
    assert {scope for grant in account.google.oauth.grants for scope in grant.scopes} == set(GMAIL_SCOPES)
    apis = {"gmail.users.getProfile", LIST, HISTORY, GET}
    assert set(account.google.calls) == {*apis, "batch"}
    for request in account.google.requests:
        assert (request.verb, request.method) == ("POST", "batch") or (request.verb == "GET" and request.method in apis)
        assert "q" not in request.query
        assert "includeSpamTrash" not in request.query
        if request.method == GET:
            assert request.query["format"] == ["metadata"]
            assert request.query["fields"] == ["id,labelIds,internalDate,payload/headers"]


def test_no_subject_is_asked_for_when_the_owner_wants_none_read(account: GmailAccount) -> None:
    account.subjects = False
    account.add(3)
    account.read()
    asked = [name for request in account.google.requests for name in request.query.get("metadataHeaders", ())]
    assert "From" in asked
    assert "Subject" not in asked


def test_one_batch_holds_at_most_fifty(account: GmailAccount) -> None:
    account.add(130)
    account.read()
    assert max(request.part for request in account.google.requests if request.part is not None) == 49


# 29. Sign-ins that end.


def test_an_access_token_that_ends_in_the_middle_is_refreshed_once(account: GmailAccount) -> None:
    account.add(130)
    expired: list[bool] = []

    def expire() -> None:
        if len(account.seen) > 50 and not expired:
            expired.append(True)
            account.google.oauth.expire_access()

    account.read(between=expire)
    assert len(account.seen) == 130
    assert account.google.calls["oauth.token"] == 1


def test_parts_that_are_refused_for_their_token_are_asked_for_again(account: GmailAccount) -> None:
    account.add(9)
    account.google.fail(4, status=401, reason="authError", method=GET, parts=range(9))
    account.read()
    assert len(account.seen) == 9
    assert all(isinstance(seen, Message) for seen in account.seen.values())


def test_a_sign_in_that_ends_in_the_middle_loses_nothing(account: GmailAccount) -> None:
    account.add(130)
    with pytest.raises(AuthRequired):
        account.read(between=lambda: account.deny() if len(account.seen) > 50 else None)
    kept = len(account.seen)
    account.mend()
    account.read()
    assert 50 < kept < 130
    assert len(account.seen) == 130


# 30. What is no mail, or not yet, or no more.


@pytest.mark.parametrize("label", ["DRAFT", "CHAT", "SPAM", "TRASH"])
def test_drafts_chats_spam_and_trash_are_left_out(account: GmailAccount, label: str) -> None:
    account.mailbox.add("Left out", at=account.clock() - timedelta(days=1), labels=["INBOX", label])
    account.add(2)
    account.read()
    account.mailbox.add("Left out too", at=account.clock(), labels=["INBOX", label])
    account.read()
    assert len(account.seen) == 2
    assert not account.memory.notes("queue/")


def test_mail_taken_out_of_spam_is_reported(account: GmailAccount) -> None:
    account.add(2)
    account.read()
    spam = account.mailbox.add("Not spam", at=account.clock(), labels=["SPAM"])
    account.read()
    account.mailbox.label(spam, add=["INBOX"], remove=["SPAM"])
    account.read()
    assert spam in account.seen


def test_a_draft_is_reported_once_it_is_sent(account: GmailAccount) -> None:
    account.read()
    draft = account.mailbox.add("Draft", at=account.clock(), labels=["DRAFT"])
    account.read()
    assert draft not in account.fetched()
    account.mailbox.label(draft, add=["SENT"], remove=["DRAFT"])
    account.read()
    assert draft in account.seen


def test_mail_thrown_away_stays_what_it_was_and_is_not_asked_for(account: GmailAccount) -> None:
    account.add(2)
    account.read()
    victim = min(account.mailbox.mails)
    account.mailbox.label(victim, add=["TRASH"], remove=["INBOX"])
    account.read()
    assert len(account.seen) == 2
    assert fetched_once(account)


def test_mail_thrown_away_between_two_polls_is_not_asked_for(account: GmailAccount) -> None:
    account.read()
    victim = account.mailbox.add("Brief", at=account.clock())
    account.mailbox.label(victim, add=["TRASH"], remove=["INBOX"])
    account.read()
    assert account.fetched() == []


def test_a_label_on_mail_that_is_known_costs_nothing(account: GmailAccount) -> None:
    account.add(3)
    account.read()
    for message in account.mailbox.mails:
        account.mailbox.label(message, add=["STARRED"])
    account.read()
    assert fetched_once(account)


def test_mail_that_nobody_told_of_is_found_by_the_audit(account: GmailAccount) -> None:
    account.add(25)
    account.read()
    kept = account.mailbox.add("Untold", at=account.clock())
    account.mailbox._changes.pop()
    account.read()
    assert kept not in account.seen
    account.clock.advance(86_401)
    account.read()
    assert kept in account.seen
    assert fetched_once(account)


# 59. Killed anywhere.


def test_a_poll_killed_after_any_page_goes_on_where_it_was(
    google: Google, google_clock: FakeClock, account: GmailAccount
) -> None:
    account.add(45)
    account.mailbox.add("Draft", at=account.clock(), labels=["DRAFT"])
    google.quota.per_minute = None
    for killed in range(1, len(account.read())):
        other = GmailAccount(google, google_clock)
        google.requests.clear()
        other.read(killed)
        other.read(killed)
        other.read()
        assert dict(other.seen) == dict(account.seen)
        assert not other.memory.notes("queue/")
        assert len(other.fetched()) == 46


def test_a_page_that_was_never_written_is_read_again(account: GmailAccount) -> None:
    account.add(45)
    account.read(5)
    with closing(account.open(memory=account.memory)) as killed:
        next(iter(killed.poll(account.pages[-1].cursor, account.since)))
    account.read()
    assert len(account.seen) == 45


# The listing.


def test_a_page_token_that_is_not_honoured_leads_back_to_the_top(account: GmailAccount) -> None:
    account.add(45)
    account.read(2)
    cursor = json.loads(account.pages[-1].cursor)
    account.google.fail(1, status=400, reason="invalidArgument", method=LIST)
    account.read()
    assert cursor["listing"]["token"]
    assert len(account.seen) == 45
    assert fetched_once(account)


def test_a_listing_that_is_refused_from_the_top_is_an_error(account: GmailAccount) -> None:
    account.add(45)
    account.read(2)
    account.google.fail(status=400, reason="invalidArgument", method=LIST)
    with pytest.raises(Transient):
        account.read()


def test_a_listing_that_leads_nowhere_is_an_error(account: GmailAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    account.add(25)
    monkeypatch.setattr(account.mailbox, "_after", lambda _token: 0)
    with pytest.raises(Transient):
        account.read()


def test_the_message_that_shows_where_a_page_lies_may_be_throttled(account: GmailAccount) -> None:
    account.add(25)
    account.google.fail(1, status=429, reason="rateLimitExceeded", method=GET, parts={0})
    account.read(1)
    assert json.loads(account.pages[-1].cursor)["tempo"]["rate"] == 140
    account.read()
    assert len(account.seen) == 25


def test_our_own_digest_is_neither_reported_nor_asked_for_again(account: GmailAccount) -> None:
    account.add(3)
    account.mailbox.add("Your digest", at=account.clock(), extra=f"List-Id: <{DIGEST_LIST_ID}>")
    account.read()
    account.forget_cursor()
    account.read()
    assert len(account.records) == 3
    assert fetched_once(account)


def test_what_lies_behind_the_horizon_is_listed_but_not_read(account: GmailAccount) -> None:
    account.add(20)
    for day in range(100):
        account.mailbox.add("Old", at=account.clock() - timedelta(days=400 + day))
    account.read()
    assert len(account.seen) == 20
    assert len(account.fetched()) <= 20 + 10 + 10
    again = len(account.fetched())
    account.forget_cursor()
    account.read()
    assert len(account.fetched()) == again


def test_old_mail_that_is_listed_among_the_new_hides_nothing(account: GmailAccount) -> None:
    long_ago = account.clock() - timedelta(days=500)
    imported = [account.mailbox.add("Imported", at=account.clock() - timedelta(days=day / 10)) for day in range(40)]
    for message in imported:
        account.mailbox.break_mail(message, internalDate=f"{long_ago.timestamp():.0f}000")
        account.mailbox.mails[message].headers = [
            {"name": "From", "value": "mia@example.com"}, {"name": "Date", "value": f"{long_ago:%d %b %Y 12:00 +0000}"}
        ]  # fmt: skip
    account.add(20)
    account.read()
    assert len(account.seen) == 20
    assert len(account.fetched()) < 60


def test_reading_further_back_reads_only_the_older_mail(account: GmailAccount) -> None:
    account.add(20)
    old = account.mailbox.add("Old", at=account.clock() - timedelta(days=370))
    account.read()
    assert old not in account.seen
    account.settings["first_sync"] = "2 years"
    with pytest.raises(CursorExpired):
        account.read()
    account.forget_cursor()
    account.horizon = timedelta(days=730)
    account.read()
    assert list(account.seen) == [old]


def test_subjects_that_are_not_wanted_any_more_are_read_again_without(account: GmailAccount) -> None:
    account.add(25)
    account.read()
    account.subjects = False
    with pytest.raises(CursorExpired):
        account.read()
    account.forget_cursor()
    account.read()
    assert len(account.seen) == 25
    assert not any(seen.subject for seen in account.seen.values() if isinstance(seen, Message))
    account.forget_cursor()
    account.read()
    assert len(account.fetched()) == 50


# Progress and requests.


def test_the_progress_of_a_first_sync_is_exact_once_everything_is_listed(account: GmailAccount) -> None:
    account.add(120)
    pages = account.read()
    told = [page.progress for page in pages if page.progress]
    totals = {progress.total for progress in told} - {None}
    assert totals == {120}
    assert (told[-1].done, told[-1].total) == (120, 120)
    assert sum(len(page.observations) for page in pages) == 120


def test_a_first_sync_asks_for_nothing_twice_and_for_nothing_else(account: GmailAccount) -> None:
    account.add(120)
    account.read()
    assert account.google.units == 1 + 12 * 5 + 120 * 20
    assert account.google.calls == {"gmail.users.getProfile": 1, LIST: 12, GET: 120, "batch": 11 + 3}


def test_a_poll_with_nothing_new_is_one_request_and_writes_nothing(account: GmailAccount) -> None:
    account.add(3)
    account.read()
    account.read()
    account.google.requests.clear()
    assert account.read() == []
    assert account.google.calls == {HISTORY: 1}


def test_the_account_says_who_is_signed_in(account: GmailAccount) -> None:
    account.add(3)
    connector = account.open()
    assert isinstance(connector, Checks)
    assert isinstance(connector, SignsIn)
    assert connector.check() == (f"signed in as {account.google.address}", "3 messages in the mailbox")


def test_the_targets_of_a_batch_are_what_the_library_would_ask(account: GmailAccount) -> None:
    account.add(1)
    account.read()
    with closing(account.open()) as connector:
        connector._mailbox.read_alone(min(account.mailbox.mails))
    first, last = (request for request in account.google.requests if request.method == GET)
    assert (first.path, first.query) == (last.path, {**last.query, "alt": ["json"]})

"""What `gmail` asks of Google: no more than it may, no faster than it may, by nobody's leave but the owner's."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from connectors._google_scopes import GMAIL_SCOPES
from syncd.connector import Checks, SignsIn
from syncd.errors import AuthRequired
from syncd.model import Message
from tests.contract.gmail_account import GET, HISTORY, LIST, GmailAccount

# 27. A minute has 6,000 units.


@pytest.mark.parametrize(("status", "retry_after"), [(429, ""), (429, "10"), (403, "")])
def test_a_bucket_of_six_thousand_units_is_drunk_without_a_ban(
    gmail: GmailAccount, monkeypatch: pytest.MonkeyPatch, status: int, retry_after: str
) -> None:
    monkeypatch.setattr("connectors._gmail_mailbox.LIST", 500)
    gmail.google.quota.status, gmail.google.quota.retry_after = status, retry_after
    gmail.add(900)
    start = gmail.clock()
    gmail.read()
    minutes = (gmail.clock() - start).total_seconds() / 60
    assert len(gmail.seen) == 900
    assert minutes < 1.2 * 900 * 20 / 6000
    assert gmail.google.quota.refused < 100
    assert gmail.google.units <= 900 * 20 + 2 * 5 + 2 * 2 + 1


def test_an_older_project_is_read_faster_once_that_is_known(
    gmail: GmailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._gmail_mailbox.LIST", 500)
    gmail.google.quota.per_minute = 60_000
    gmail.add(600)
    gmail.read()
    tempo = json.loads(gmail.pages[-1].cursor)["tempo"]
    assert tempo["rate"] > 300
    assert gmail.google.quota.refused == 0
    gmail.add(200)
    start = gmail.clock()
    gmail.read()
    assert (gmail.clock() - start).total_seconds() < 60 * 200 / 300


def test_nobody_is_read_faster_than_the_owner_allows(gmail: GmailAccount) -> None:
    gmail.settings["most_per_minute"] = 30
    gmail.add(200)
    start = gmail.clock()
    gmail.read()
    assert (gmail.clock() - start).total_seconds() >= 60 * (200 - 50) / 30


def test_stopping_is_noticed_while_waiting_for_the_quota(gmail: GmailAccount) -> None:
    gmail.settings["most_per_minute"] = 1
    gmail.add(80)
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        gmail.clock.advance(seconds)

    gmail.pause = pause
    gmail.read(stopping=lambda: len(waited) >= 3)
    assert len(waited) == 3
    assert max(waited) <= 1


# 28. What is asked, and by whose leave.


def test_only_headers_are_asked_for_with_the_one_scope_that_shows_no_bodies(gmail: GmailAccount) -> None:
    gmail.add(25)
    gmail.read()
    gmail.add(3)
    gmail.read()
    assert GMAIL_SCOPES == ("https://www.googleapis.com/auth/gmail.metadata",)
    assert {scope for grant in gmail.google.oauth.grants for scope in grant.scopes} == set(GMAIL_SCOPES)
    apis = {"gmail.users.getProfile", LIST, HISTORY, GET}
    assert set(gmail.google.calls) == {*apis, "batch"}
    for request in gmail.google.requests:
        assert (request.verb, request.method) == ("POST", "batch") or (request.verb == "GET" and request.method in apis)
        assert "q" not in request.query
        assert "includeSpamTrash" not in request.query
        if request.method == GET:
            assert request.query["format"] == ["metadata"]
            assert request.query["fields"] == ["id,labelIds,internalDate,payload/headers"]


def test_no_subject_is_asked_for_when_the_owner_wants_none_read(gmail: GmailAccount) -> None:
    gmail.subjects = False
    gmail.add(3)
    gmail.read()
    asked = [name for request in gmail.google.requests for name in request.query.get("metadataHeaders", ())]
    assert "From" in asked
    assert "Subject" not in asked


def test_one_batch_holds_at_most_fifty(gmail: GmailAccount) -> None:
    gmail.add(130)
    gmail.read()
    assert max(request.part for request in gmail.google.requests if request.part is not None) == 49


# 29. Sign-ins that end.


def test_an_access_token_that_ends_in_the_middle_is_refreshed_once(gmail: GmailAccount) -> None:
    gmail.add(130)
    expired: list[bool] = []

    def expire() -> None:
        if len(gmail.seen) > 50 and not expired:
            expired.append(True)
            gmail.google.oauth.expire_access()

    gmail.read(between=expire)
    assert len(gmail.seen) == 130
    assert gmail.google.calls["oauth.token"] == 1


def test_parts_that_are_refused_for_their_token_are_asked_for_again(gmail: GmailAccount) -> None:
    gmail.add(9)
    gmail.google.fail(4, status=401, reason="authError", method=GET, parts=range(9))
    gmail.read()
    assert len(gmail.seen) == 9
    assert all(isinstance(seen, Message) for seen in gmail.seen.values())


def test_a_sign_in_that_ends_in_the_middle_loses_nothing(gmail: GmailAccount) -> None:
    gmail.add(130)
    with pytest.raises(AuthRequired):
        gmail.read(between=lambda: gmail.deny() if len(gmail.seen) > 50 else None)
    kept = len(gmail.seen)
    gmail.mend()
    gmail.read()
    assert 50 < kept < 130
    assert len(gmail.seen) == 130


# Progress and requests.


def test_the_progress_of_a_first_sync_is_exact_once_everything_is_listed(gmail: GmailAccount) -> None:
    gmail.add(120)
    pages = gmail.read()
    told = [page.progress for page in pages if page.progress]
    totals = {progress.total for progress in told} - {None}
    assert totals == {120}
    assert (told[-1].done, told[-1].total) == (120, 120)
    assert sum(len(page.observations) for page in pages) == 120


def test_a_first_sync_asks_for_nothing_twice_and_for_nothing_else(gmail: GmailAccount) -> None:
    gmail.add(120)
    gmail.read()
    assert gmail.google.units == 1 + 12 * 5 + 120 * 20
    assert gmail.google.calls == {"gmail.users.getProfile": 1, LIST: 12, GET: 120, "batch": 11 + 3}


def test_a_poll_with_nothing_new_is_one_request_and_writes_nothing(gmail: GmailAccount) -> None:
    gmail.add(3)
    gmail.read()
    gmail.read()
    gmail.google.requests.clear()
    assert gmail.read() == []
    assert gmail.google.calls == {HISTORY: 1}


def test_the_account_says_who_is_signed_in(gmail: GmailAccount) -> None:
    gmail.add(3)
    connector = gmail.open()
    assert isinstance(connector, Checks)
    assert isinstance(connector, SignsIn)
    assert connector.check() == (f"signed in as {gmail.google.address}", "3 messages in the mailbox")


def test_the_targets_of_a_batch_are_what_the_library_would_ask(gmail: GmailAccount) -> None:
    gmail.add(1)
    gmail.read()
    with closing(gmail.open()) as connector:
        connector._mailbox.read_alone(min(gmail.mailbox.mails))
    first, last = (request for request in gmail.google.requests if request.method == GET)
    assert (first.path, first.query) == (last.path, {**last.query, "alt": ["json"]})

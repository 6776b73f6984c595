"""What the double of Google refuses, how it fails on demand, and what it notes as a breach of Google's contract."""

from __future__ import annotations

import json
from datetime import timedelta
from http.client import IncompleteRead
from typing import TYPE_CHECKING

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from tests.servers.google import Google
from tests.servers.google_clients import ask, batched, fill, gmail_client, reason, refused
from tests.servers.google_gmail import METADATA, READONLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from googleapiclient._apis.gmail.v1 import GmailResource

    from tests.servers.google_clock import FakeClock


@pytest.fixture
def gmail(google: Google) -> Iterator[GmailResource]:
    with gmail_client(google.endpoint, google.oauth.sign_in(METADATA).access) as service:
        yield service


def test_units_are_counted_by_method_and_an_empty_bucket_fills_with_time(
    google: Google, gmail: GmailResource, google_clock: FakeClock
) -> None:
    mail_ids = fill(google, 100)
    gmail.users().getProfile(userId="me").execute()
    gmail.users().messages().list(userId="me").execute()
    gmail.users().history().list(userId="me", startHistoryId=str(google.mailbox.history)).execute()
    assert google.units == 1 + 5 + 2
    for _ in range(3):
        _, found = batched(google, gmail, mail_ids)
    refusals = [each for each in found.values() if isinstance(each, HttpError)]
    assert len(refusals) == 1
    assert reason(refusals[0]) == "rateLimitExceeded"
    google_clock.advance(10)
    _, found = batched(google, gmail, mail_ids)
    assert sum(not isinstance(each, HttpError) for each in found.values()) == (1000 + 12) // 20


@pytest.mark.parametrize(("status", "domain"), [(403, "usageLimits"), (429, "global")])
def test_an_empty_bucket_speaks_both_dialects(google: Google, gmail: GmailResource, status: int, domain: str) -> None:
    google.quota.per_minute, google.quota.status, google.quota.retry_after = 0, status, "30"
    error = refused(gmail.users().getProfile(userId="me"))
    assert (error.status_code, error.resp["retry-after"]) == (status, "30")
    assert json.loads(error.content)["error"]["errors"][0]["domain"] == domain


def test_a_page_that_is_not_json_reaches_the_client(google: Google, gmail: GmailResource) -> None:
    google.show_page()
    assert "<title>" in str(gmail.users().getProfile(userId="me").execute())
    google.mend()
    assert gmail.users().getProfile(userId="me").execute()["emailAddress"] == google.address


def test_silence_and_half_an_answer_are_what_a_network_does(google: Google, gmail: GmailResource) -> None:
    google.cut()
    with pytest.raises(IncompleteRead):
        gmail.users().getProfile(userId="me").execute()
    google.silence(times=1)
    with (
        gmail_client(google.endpoint, google.oauth.sign_in(METADATA).access, patience=0.2) as hasty,
        pytest.raises(TimeoutError),
    ):
        hasty.users().getProfile(userId="me").execute()


def test_only_the_wanted_request_fails(google: Google, gmail: GmailResource) -> None:
    fill(google, 3)
    google.fail(1, method="gmail.users.messages.list", after=1)
    request = gmail.users().messages().list(userId="me", maxResults=1)
    answer = request.execute()
    following = gmail.users().messages().list_next(request, answer)
    assert following
    assert refused(following).status_code == 503
    assert following.execute()["messages"]


@pytest.mark.parametrize("presented", [True, False])
def test_without_a_good_token_it_is_401_with_a_challenge(google: Google, *, presented: bool) -> None:
    answer = ask(google, "/gmail/v1/users/me/profile", "ya29.wrong" if presented else "")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer realm=")
    assert ("invalid_token" in answer.headers["www-authenticate"]) == presented
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_access_ends_with_time_and_with_revocation(google: Google, google_clock: FakeClock) -> None:
    first, second = google.oauth.sign_in(METADATA), google.oauth.sign_in(METADATA)
    google_clock.advance(3598)
    assert ask(google, "/gmail/v1/users/me/profile", first.access).status_code == 200
    google_clock.advance(2)
    assert ask(google, "/gmail/v1/users/me/profile", first.access).status_code == 401
    second.expires += timedelta(hours=1)
    assert ask(google, "/gmail/v1/users/me/profile", second.access).status_code == 200
    google.oauth.revoke_all()
    assert ask(google, "/gmail/v1/users/me/profile", second.access).status_code == 401


def test_a_token_for_something_else_is_403(google: Google) -> None:
    token = google.oauth.sign_in("https://www.googleapis.com/auth/calendar.events.readonly").access
    with gmail_client(google.endpoint, token) as gmail:
        error = refused(gmail.users().getProfile(userId="me"))
    assert (error.status_code, reason(error)) == (403, "insufficientPermissions")
    assert 'error="insufficient_scope"' in error.resp["www-authenticate"]


def test_searching_needs_more_than_metadata(gmail: GmailResource) -> None:
    error = refused(gmail.users().messages().list(userId="me", q="from:mia"))
    assert (error.status_code, reason(error)) == (403, "forbidden")


@pytest.mark.parametrize("form", ["full", "raw"])
def test_bodies_are_refused_under_every_scope(google: Google, form: str) -> None:
    mail_id = google.mailbox.add()
    for scope in (METADATA, READONLY):
        with gmail_client(google.endpoint, google.oauth.sign_in(scope).access) as gmail:
            request = gmail.users().messages().get(userId="me", id=mail_id, format=form)  # type: ignore[arg-type]  # parametrized
            assert refused(request).status_code == 403


def test_somebody_elses_mailbox_is_refused_and_another_account_has_its_own(google: Google) -> None:
    google.mailbox.add()
    token = google.oauth.sign_in(METADATA, account="other@example.com").access
    with gmail_client(google.endpoint, token) as gmail:
        assert gmail.users().getProfile(userId="me").execute()["messagesTotal"] == 0
        assert refused(gmail.users().getProfile(userId=google.address)).status_code == 403


@pytest.mark.parametrize(
    ("status", "why", "domain"),
    [
        (403, "domainPolicy", "global"),
        (403, "accessNotConfigured", "usageLimits"),
        (403, "userRateLimitExceeded", "usageLimits"),
        (400, "failedPrecondition", "global"),
        (401, "authError", "global"),
    ],
)
def test_errors_are_worded_as_the_real_ones(
    google: Google, gmail: GmailResource, status: int, why: str, domain: str
) -> None:
    google.fail(2, status=status, reason=why, method="gmail.users.getProfile")
    answer = ask(google, "/gmail/v1/users/me/profile", google.oauth.grants[0].access)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["domain"]) == (status, domain)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert gmail is not None


def violations(google: Google) -> list[str]:
    """What was noted; forgotten, so that the fixture does not fail the test."""
    noted = list(google.violations)
    google.violations.clear()
    return noted


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("/gmail/v1/users/me/messages?maxResults=501", "maxResults=501 is more than 500"),
        ("/gmail/v1/users/me/messages?maxResults=many", "maxResults='many' is no uint32"),
        ("/gmail/v1/users/me/messages?pagetoken=x", "unknown query parameter pagetoken"),
        ("/gmail/v1/users/me/messages?includeSpamTrash=yes", "is no boolean"),
        ("/gmail/v1/users/me/history?startHistoryId=-1", "is no uint64"),
        ("/gmail/v1/users/me/history?startHistoryId=1&historyTypes=added", "is none of"),
        ("/gmail/v1/users/me/messages/1?format=minimal&format=minimal", "format is given 2 times"),
        ("/gmail/v1/users/me/messages?fields=messages(id,subject),nextPageToken", "fields names subject"),
        ("/gmail/v1/users/me/drafts", "nothing here needs it"),
        ("/gmail/v2/users/me/profile", "no such method"),
        ("/gmail/v1/users/me/profile?access_token=x", "ends up in logs"),
    ],
)
def test_what_the_contract_does_not_know_is_noted(google: Google, target: str, complaint: str) -> None:
    ask(google, target, google.oauth.sign_in(READONLY).access)
    assert any(complaint in each for each in violations(google))


def test_whatever_writes_is_noted(google: Google, gmail: GmailResource) -> None:
    mail_id = google.mailbox.add()
    refused(gmail.users().messages().modify(userId="me", id=mail_id, body={"addLabelIds": ["STARRED"]}))
    refused(gmail.users().messages().trash(userId="me", id=mail_id))
    assert len([each for each in violations(google) if "a reader only reads" in each]) == 2
    batch = BatchHttpRequest(batch_uri=f"{google.endpoint}/batch")
    batch.add(gmail.users().messages().delete(userId="me", id=mail_id))
    batch.execute()
    assert [each for each in violations(google) if each.startswith("DELETE")]
    assert mail_id in google.mailbox.mails


def test_an_answer_against_the_contract_is_noted(google: Google, gmail: GmailResource) -> None:
    mail_id = google.mailbox.add()
    google.mailbox.mails[mail_id].size = "big"  # type: ignore[assignment]  # the very fault
    gmail.users().messages().get(userId="me", id=mail_id, format="metadata").execute()
    batched(google, gmail, [mail_id])
    assert len([each for each in violations(google) if "'big' is not of type 'integer'" in each]) == 2


def test_a_sample_of_the_answers_is_held_against_the_contract_and_every_request(google_clock: FakeClock) -> None:
    with Google(clock=google_clock, stride=3) as google:
        mail_ids = fill(google, 6)
        for mail in google.mailbox.mails.values():
            mail.size = "big"  # type: ignore[assignment]  # the very fault
        with gmail_client(google.endpoint, google.oauth.sign_in(METADATA).access) as gmail:
            batched(google, gmail, mail_ids)
        assert len([each for each in google.violations if "is not of type 'integer'" in each]) == 2
        for _ in range(3):
            ask(google, "/gmail/v1/users/me/profile?x=1", google.oauth.grants[0].access)
        assert len([each for each in google.violations if "unknown query parameter x" in each]) == 3

"""The double of Gmail, driven by Google's own client library, which must not notice anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.client import IncompleteRead
from typing import TYPE_CHECKING

import pytest
import requests
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from tests.servers.google_clients import gmail_client
from tests.servers.google_gmail import METADATA, READONLY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from googleapiclient._apis.gmail.v1 import GmailResource, ListHistoryResponseHttpRequest
    from googleapiclient._apis.gmail.v1.schemas import Message

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def gmail(google: Google) -> Iterator[GmailResource]:
    with gmail_client(google.endpoint, google.oauth.sign_in(METADATA).access) as service:
        yield service


def fill(google: Google, number: int) -> list[str]:
    """So many messages, a minute apart; their ids, the oldest first."""
    return [google.mailbox.add(f"Letter {each}", at=DAY + timedelta(minutes=each)) for each in range(number)]


def listed(gmail: GmailResource, size: int = 100, labels: Sequence[str] = ()) -> list[list[str]]:
    """The ids of every page."""
    pages: list[list[str]] = []
    request = gmail.users().messages().list(userId="me", maxResults=size, labelIds=list(labels))
    while True:
        answer = request.execute()
        pages.append([each["id"] for each in answer.get("messages", [])])
        following = gmail.users().messages().list_next(request, answer)
        if following is None:
            return pages
        request = following


def batched(
    google: Google, gmail: GmailResource, mail_ids: Sequence[str]
) -> tuple[list[str], dict[str, Message | HttpError]]:
    """What a batch of `get` brings, by id."""
    found: dict[str, Message | HttpError] = {}

    def take(key: str, answer: Message, error: HttpError | None) -> None:
        found[key] = answer if error is None else error

    batch = BatchHttpRequest(batch_uri=f"{google.endpoint}/batch/gmail/v1")
    for mail_id in mail_ids:
        batch.add(
            gmail.users().messages().get(userId="me", id=mail_id, format="metadata", metadataHeaders=["From"]),
            callback=take,
            request_id=mail_id,
        )
    batch.execute()
    inner = [request.path.rsplit("/")[-1] for request in google.requests if request.part is not None]
    return inner, found


def refused(request: object) -> HttpError:
    """The error of a request that must fail."""
    with pytest.raises(HttpError) as raised:
        request.execute()  # type: ignore[attr-defined]  # every request has it; the stubs have no common type
    return raised.value


def ask(google: Google, target: str, token: str) -> requests.Response:
    """The answer to a request that the client library would not send."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{google.endpoint}{target}", headers=headers, timeout=10)


def reason(error: HttpError) -> str:
    """Why, in the server's word."""
    return str(json.loads(error.content)["error"]["errors"][0]["reason"])


def test_the_profile_names_the_account_and_counts(google: Google, gmail: GmailResource) -> None:
    fill(google, 3)
    profile = gmail.users().getProfile(userId="me").execute()
    assert profile["emailAddress"] == google.address
    assert profile["messagesTotal"] == 3
    assert profile["historyId"] == str(google.mailbox.history)


def test_messages_are_listed_newest_first_in_pages(google: Google, gmail: GmailResource) -> None:
    mail_ids = fill(google, 5)
    assert listed(gmail, 2) == [mail_ids[:2:-1], mail_ids[2:0:-1], mail_ids[:1]]


def test_messages_of_one_instant_are_listed_newest_first_too(google: Google, gmail: GmailResource) -> None:
    mail_ids = [google.mailbox.add(at=DAY) for _ in range(3)]
    assert listed(gmail, 2) == [mail_ids[:0:-1], mail_ids[:1]]


def test_the_estimate_is_an_estimate(google: Google, gmail: GmailResource) -> None:
    fill(google, 5)
    assert gmail.users().messages().list(userId="me", maxResults=2).execute()["resultSizeEstimate"] == 201


def test_an_empty_mailbox_has_no_list_at_all(gmail: GmailResource) -> None:
    assert gmail.users().messages().list(userId="me").execute() == {"resultSizeEstimate": 0}


def test_all_wanted_labels_must_be_there_and_spam_and_trash_are_hidden(google: Google, gmail: GmailResource) -> None:
    both = google.mailbox.add(labels=("INBOX", "SENT"), at=DAY)
    spam = google.mailbox.add(labels=("SPAM",), at=DAY - timedelta(days=1))
    google.mailbox.add(labels=("INBOX",), at=DAY - timedelta(days=2))
    assert listed(gmail, labels=("INBOX", "SENT")) == [[both]]
    assert spam not in listed(gmail)[0]
    everything = gmail.users().messages().list(userId="me", includeSpamTrash=True).execute()["messages"]
    assert len(everything) == 3


def test_mail_that_arrives_or_goes_between_two_pages_moves_nothing(google: Google, gmail: GmailResource) -> None:
    mail_ids = fill(google, 5)

    def change() -> None:
        google.mailbox.add("News", at=DAY + timedelta(days=1))
        google.mailbox.delete(mail_ids[4])

    google.mailbox.during_listing[1] = change
    assert listed(gmail, 2) == [mail_ids[:2:-1], mail_ids[2:0:-1], mail_ids[:1]]
    assert len(google.mailbox.mails) == 5


def test_headers_are_filtered_whatever_their_case_and_repeats_stay(google: Google, gmail: GmailResource) -> None:
    head = b"FROM: a@example.com\r\nTo: b@example.com,\r\n c@example.com\r\nReceived: x\r\nto: d@example.com\r\n"
    head += b"\r\nBody: this is none\r\n"
    mail_id = google.mailbox.add_raw(head, ["INBOX"], DAY)
    message = (
        gmail.users()
        .messages()
        .get(userId="me", id=mail_id, format="metadata", metadataHeaders=["From", "TO", "Body"])
        .execute()
    )
    assert message["payload"]["headers"] == [
        {"name": "FROM", "value": "a@example.com"},
        {"name": "To", "value": "b@example.com, c@example.com"},
        {"name": "to", "value": "d@example.com"},
    ]
    assert message["internalDate"] == str(int(DAY.timestamp() * 1000))
    assert message["payload"]["mimeType"] == "text/plain"


def test_the_minimal_format_has_no_headers(google: Google, gmail: GmailResource) -> None:
    mail_id = google.mailbox.add()
    assert "payload" not in gmail.users().messages().get(userId="me", id=mail_id, format="minimal").execute()


def test_a_field_mask_leaves_only_what_it_names(google: Google, gmail: GmailResource) -> None:
    mail_id = google.mailbox.add()
    request = (
        gmail.users()
        .messages()
        .get(userId="me", id=mail_id, format="metadata", fields="id,payload(headers/name,mimeType)")
    )
    message = request.execute()
    assert message.keys() == {"id", "payload"}
    assert message["payload"]["headers"][0] == {"name": "From"}


def test_history_tells_what_was_added_labelled_and_deleted(google: Google, gmail: GmailResource) -> None:
    start = google.mailbox.history
    mail_id = google.mailbox.add(labels=("SPAM",))
    google.mailbox.label(mail_id, add=["INBOX"], remove=["SPAM"])
    google.mailbox.delete(mail_id)
    answer = gmail.users().history().list(userId="me", startHistoryId=str(start)).execute()
    kinds = [sorted(record.keys() - {"id", "messages"}) for record in answer["history"]]
    assert kinds == [["messagesAdded"], ["labelsAdded"], ["labelsRemoved"], ["messagesDeleted"]]
    assert answer["history"][1]["labelsAdded"][0]["labelIds"] == ["INBOX"]
    assert answer["historyId"] == str(google.mailbox.history)


def test_history_pages_can_be_empty_and_go_on(google: Google, gmail: GmailResource) -> None:
    start = google.mailbox.history
    mail_id = fill(google, 1)[0]
    for _ in range(3):
        google.mailbox.label(mail_id, add=["STARRED"])
        google.mailbox.label(mail_id, remove=["STARRED"])
    last = google.mailbox.add()
    google.mailbox.empty_history_pages = 1
    request = (
        gmail.users()
        .history()
        .list(userId="me", startHistoryId=str(start), historyTypes=["messageAdded"], maxResults=2)
    )
    pages = []
    following: ListHistoryResponseHttpRequest | None = request
    while following is not None:
        answer = following.execute()
        pages.append([each["messagesAdded"][0]["message"]["id"] for each in answer.get("history", [])])
        following = gmail.users().history().list_next(following, answer)
    assert [page for page in pages if page] == [[mail_id], [last]]
    assert pages.count([]) > 2


@pytest.mark.parametrize("moved", [-1, 1_000_000])
def test_history_that_is_too_old_or_not_yet_is_404(google: Google, gmail: GmailResource, moved: int) -> None:
    start = str(google.mailbox.history + moved)
    assert refused(gmail.users().history().list(userId="me", startHistoryId=start)).status_code == 404


def test_history_expires(google: Google, gmail: GmailResource) -> None:
    start = str(google.mailbox.history)
    google.mailbox.expire_history()
    assert refused(gmail.users().history().list(userId="me", startHistoryId=start)).status_code == 404
    assert (
        not gmail.users()
        .history()
        .list(userId="me", startHistoryId=str(google.mailbox.history))
        .execute()
        .get("history")
    )


def test_a_batch_is_answered_in_another_order_and_each_part_finds_its_way(google: Google, gmail: GmailResource) -> None:
    mail_ids = fill(google, 4)
    google.orders_parts = lambda places: [places[2], places[0], places[3], places[1]]
    asked, found = batched(google, gmail, mail_ids)
    assert asked == mail_ids
    assert {key: answer["id"] for key, answer in found.items() if not isinstance(answer, HttpError)} == dict(
        zip(mail_ids, mail_ids, strict=True)
    )


def test_parts_of_a_batch_fail_alone(google: Google, gmail: GmailResource) -> None:
    mail_ids = fill(google, 4)
    google.fail(2, status=429, reason="rateLimitExceeded", retry_after="7", parts={1, 3}, method="gmail.")
    google.mailbox.refuse_mail(mail_ids[0], 500, times=1)
    _, found = batched(google, gmail, mail_ids)
    failed = {key: error for key, error in found.items() if isinstance(error, HttpError)}
    assert {key: (error.status_code, reason(error)) for key, error in failed.items()} == {
        mail_ids[0]: (500, "backendError"),
        mail_ids[1]: (429, "rateLimitExceeded"),
        mail_ids[3]: (429, "rateLimitExceeded"),
    }
    assert failed[mail_ids[1]].resp["retry-after"] == "7"
    assert not any(isinstance(each, HttpError) for each in batched(google, gmail, mail_ids)[1].values())


def test_a_deleted_message_is_404(google: Google, gmail: GmailResource) -> None:
    mail_id = google.mailbox.add()
    google.mailbox.delete(mail_id)
    assert reason(refused(gmail.users().messages().get(userId="me", id=mail_id, format="metadata"))) == "notFound"


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


def test_silence_and_half_an_answer_are_what_a_network_does(google: Google) -> None:
    with gmail_client(google.endpoint, google.oauth.sign_in(METADATA).access, patience=0.2) as gmail:
        google.silence(times=1)
        with pytest.raises(TimeoutError):
            gmail.users().getProfile(userId="me").execute()
        google.cut()
        with pytest.raises(IncompleteRead):
            gmail.users().getProfile(userId="me").execute()


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


def test_a_broken_message_is_told_as_it_is_broken(google: Google, gmail: GmailResource) -> None:
    mail_id = google.mailbox.add()
    google.mailbox.break_mail(mail_id, internalDate="soon", payload=None)
    message = gmail.users().messages().get(userId="me", id=mail_id, format="metadata").execute()
    assert message["internalDate"] == "soon"
    assert "payload" not in message


def test_reading_changes_nothing_and_every_change_shows(google: Google, gmail: GmailResource) -> None:
    mail_id = fill(google, 2)[0]
    before = google.snapshot()
    listed(gmail)
    gmail.users().messages().get(userId="me", id=mail_id, format="metadata").execute()
    assert google.snapshot() == before
    google.mailbox.label(mail_id, remove=["INBOX"])
    assert google.snapshot() != before


def test_system_labels_are_listed(google: Google, gmail: GmailResource) -> None:
    google.mailbox.user_labels["Label_1"] = "Work"
    labels = {label["id"]: label["type"] for label in gmail.users().labels().list(userId="me").execute()["labels"]}
    assert labels["SENT"] == "system"
    assert labels["Label_1"] == "user"


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

"""The double of Gmail, driven by Google's own client library, which must not notice anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from googleapiclient.errors import HttpError

from tests.servers.google_clients import batched, fill, gmail_client, reason, refused
from tests.servers.google_gmail import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from googleapiclient._apis.gmail.v1 import GmailResource, ListHistoryResponseHttpRequest

    from tests.servers.google import Google

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def gmail(google: Google) -> Iterator[GmailResource]:
    with gmail_client(google.endpoint, google.oauth.sign_in(METADATA).access) as service:
        yield service


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


def test_what_history_forgot_a_listing_still_shows(google: Google, gmail: GmailResource) -> None:
    start = str(google.mailbox.history)
    mail_id = google.mailbox.add()
    google.mailbox.forget_last_change()
    assert "history" not in gmail.users().history().list(userId="me", startHistoryId=start).execute()
    assert listed(gmail) == [[mail_id]]


@pytest.mark.parametrize(
    ("decodes", "shown"),
    [(False, "=?UTF-8?Q?Rossi=2C_Mia?= <mia@example.com>"), (True, "Rossi, Mia <mia@example.com>")],
)
def test_encoded_words_are_told_as_they_came_or_as_what_they_stand_for(
    google: Google, gmail: GmailResource, shown: str, *, decodes: bool
) -> None:
    mail_id = google.mailbox.add_raw(b"From: =?UTF-8?Q?Rossi=2C_Mia?= <mia@example.com>")
    google.mailbox.decodes_words = decodes
    message = gmail.users().messages().get(userId="me", id=mail_id, format="metadata").execute()
    assert message["payload"]["headers"] == [{"name": "From", "value": shown}]


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

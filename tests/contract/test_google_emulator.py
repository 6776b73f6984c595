"""Our double of Google and somebody else's are asked the same, and give answers of the same shape.

Where they differ, the difference is stated here, with the side that Google's documentation is on.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest
from googleapiclient.errors import HttpError

from tests.servers import google_contract
from tests.servers.google import Google
from tests.servers.google_calendar import CALENDAR_LIST, EVENTS
from tests.servers.google_clients import calendar_client, gmail_client
from tests.servers.google_clock import FakeClock
from tests.servers.google_emulator import TOKEN, Emulator, SeedEvent, seed_message
from tests.servers.google_gmail import READONLY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from googleapiclient._apis.calendar.v3 import CalendarResource
    from googleapiclient._apis.gmail.v1 import GmailResource

OWNER = "alice@example.com"
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
LETTERS = [
    ("INBOX", b"From: Bob <bob@example.com>\r\nTo: alice@example.com\r\nSubject: One\r\nMessage-ID: <1@example.com>"),
    ("SENT", b"From: alice@example.com\r\nTo: bob@example.com\r\nSubject: Two\r\nMessage-ID: <2@example.com>"),
    ("INBOX", b"From: carol@example.com\r\nTo: alice@example.com\r\nSubject: Three\r\nMessage-ID: <3@example.com>"),
    ("SPAM", b"From: spam@example.com\r\nTo: alice@example.com\r\nSubject: Four\r\nMessage-ID: <4@example.com>"),
]
EVENT: SeedEvent = {
    "id": "e1",
    "user_email": OWNER,
    "calendar_id": "primary",
    "summary": "Kickoff",
    "start_date_time": "2026-03-02T09:00:00.000Z",
    "end_date_time": "2026-03-02T09:30:00.000Z",
}


@pytest.fixture(scope="module")
def ours() -> Iterator[Google]:
    with Google(clock=FakeClock(), address=OWNER) as google:
        for number, (label, head) in enumerate(LETTERS):
            google.mailbox.add_raw(head, [label], DAY + timedelta(hours=number))
        google.calendars.primary.put(
            {
                "id": EVENT["id"],
                "summary": EVENT["summary"],
                "start": {"dateTime": EVENT["start_date_time"]},
                "end": {"dateTime": EVENT["end_date_time"]},
            }
        )
        yield google
        assert google.violations == []


@pytest.fixture(scope="module")
def theirs(ours: Google) -> Iterator[Emulator]:
    messages = [
        seed_message(mail_id, OWNER, head + b"\r\n\r\nHello\r\n", [label], DAY + timedelta(hours=number))
        for number, (mail_id, (label, head)) in enumerate(zip(ours.mailbox.mails, LETTERS, strict=True))
    ]
    with Emulator(OWNER, messages, [EVENT]) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def mail(ours: Google, theirs: Emulator) -> Iterator[tuple[GmailResource, GmailResource]]:
    token = ours.oauth.sign_in(READONLY).access
    with gmail_client(ours.endpoint, token) as own, gmail_client(theirs.endpoint, TOKEN) as other:
        yield own, other


@pytest.fixture(scope="module")
def calendars(ours: Google, theirs: Emulator) -> Iterator[tuple[CalendarResource, CalendarResource]]:
    token = ours.oauth.sign_in(EVENTS, CALENDAR_LIST).access
    with calendar_client(ours.endpoint, token) as own, calendar_client(theirs.endpoint, TOKEN) as other:
        yield own, other


def shape(value: object) -> object:
    """What something is made of: the names and types of fields, whatever stands in them."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return type(value).__name__


def is_part(own: object, other: object) -> bool:
    """Every field of ours is one of theirs; in history theirs tells more of a message than Google says it does."""
    if isinstance(own, dict) and isinstance(other, dict):
        return all(name in other and is_part(inner, other[name]) for name, inner in own.items())
    if isinstance(own, list) and isinstance(other, list):
        return all(is_part(mine, theirs) for mine, theirs in zip(own, other, strict=True))
    return own == other


def without(value: Mapping[str, object], *names: str) -> Mapping[str, object]:
    """All fields but these."""
    return {name: inner for name, inner in value.items() if name not in names}


def breaches(path: str, answer: Mapping[str, object]) -> list[str]:
    """What of the other double's answer Google's contract does not know; its history ids are longer than 64 bits."""
    contract = google_contract.calendar() if path.startswith("/calendar/") else google_contract.gmail()
    found = contract.find("GET", path)
    assert found
    return [each for each in contract.judge_answer(found[0], answer) if "is not a 'uint64'" not in each]


@pytest.mark.parametrize("labels", [[], ["INBOX"], ["SENT"], ["STARRED"]])
def test_messages_are_listed_alike(mail: tuple[GmailResource, GmailResource], labels: list[str]) -> None:
    own, other = (each.users().messages().list(userId="me", labelIds=labels).execute() for each in mail)
    assert own.get("messages", []) != [] or labels == ["STARRED"]
    assert [each["id"] for each in own.get("messages", [])] == [each["id"] for each in other.get("messages", [])]
    assert shape(own.get("messages", [])) == shape(other.get("messages", []))


def test_pages_of_messages_end_alike(mail: tuple[GmailResource, GmailResource]) -> None:
    def pages(gmail: GmailResource) -> list[list[str]]:
        found = []
        request = gmail.users().messages().list(userId="me", maxResults=2)
        while True:
            answer = request.execute()
            found.append([each["id"] for each in answer["messages"]])
            following = gmail.users().messages().list_next(request, answer)
            if following is None:
                return found
            request = following

    assert pages(mail[0]) == pages(mail[1])
    assert len(pages(mail[0])) == 2


def test_a_messages_headers_are_told_alike(ours: Google, mail: tuple[GmailResource, GmailResource]) -> None:
    names = ["From", "To", "Subject", "Message-ID"]
    for mail_id in ours.mailbox.mails:
        own, other = (
            each.users().messages().get(userId="me", id=mail_id, format="metadata", metadataHeaders=names).execute()
            for each in mail
        )
        assert not breaches(f"/gmail/v1/users/me/messages/{mail_id}", other)
        assert own["payload"]["headers"] == other["payload"]["headers"]
        assert own["payload"]["mimeType"] == other["payload"]["mimeType"]
        assert (own["internalDate"], own["labelIds"]) == (other["internalDate"], other["labelIds"])
        assert shape(without(own, "payload")) == shape(without(other, "payload"))


def test_the_minimal_format_is_told_alike(ours: Google, mail: tuple[GmailResource, GmailResource]) -> None:
    mail_id = next(iter(ours.mailbox.mails))
    own, other = (each.users().messages().get(userId="me", id=mail_id, format="minimal").execute() for each in mail)
    assert shape(own) == shape(other)


def test_a_message_that_is_not_there_is_refused_alike(mail: tuple[GmailResource, GmailResource]) -> None:
    def refusal(gmail: GmailResource) -> object:
        with pytest.raises(HttpError) as raised:
            gmail.users().messages().get(userId="me", id="0000000000000000", format="metadata").execute()
        return json.loads(raised.value.content)

    own, other = map(refusal, mail)
    assert own == other


def test_history_is_told_alike(ours: Google, mail: tuple[GmailResource, GmailResource]) -> None:
    other = mail[1].users()
    start = other.history().list(userId="me", startHistoryId="1").execute()["historyId"]
    starts = str(ours.mailbox.history), start
    first, second, *_ = ours.mailbox.mails
    ours.mailbox.label(first, add=["STARRED"])
    other.messages().modify(userId="me", id=first, body={"addLabelIds": ["STARRED"]}).execute()
    ours.mailbox.label(first, remove=["INBOX"])
    other.messages().modify(userId="me", id=first, body={"removeLabelIds": ["INBOX"]}).execute()
    ours.mailbox.delete(second)
    other.messages().delete(userId="me", id=second).execute()
    some: list[Literal["labelAdded", "messageDeleted"]] = ["labelAdded", "messageDeleted"]
    for kinds in ([], some[:1], some):
        own, theirs = (
            each.users().history().list(userId="me", startHistoryId=start, historyTypes=[*kinds]).execute()
            for each, start in zip(mail, starts, strict=True)
        )
        assert not breaches("/gmail/v1/users/me/history", theirs)
        assert len(own["history"]) == len(kinds or "any")
        assert is_part(shape(own), shape(theirs))
        for name in own["history"][0]:
            assert [record.get(name) is None for record in own["history"]] == [
                record.get(name) is None for record in theirs["history"]
            ]


def test_calendars_are_listed_alike(calendars: tuple[CalendarResource, CalendarResource]) -> None:
    own, other = (each.calendarList().list().execute() for each in calendars)
    assert not breaches("/calendar/v3/users/me/calendarList", other)
    for name in ("summary", "primary", "accessRole"):
        assert shape(own["items"][0][name]) == shape(other["items"][0][name])


def test_events_are_listed_alike(calendars: tuple[CalendarResource, CalendarResource]) -> None:
    own, other = (each.events().list(calendarId="primary", singleEvents=True).execute() for each in calendars)
    assert not breaches("/calendar/v3/calendars/primary/events", other)
    assert [each["id"] for each in own["items"]] == [each["id"] for each in other["items"]]
    for name in ("id", "status", "summary", "created", "updated"):
        assert shape(own["items"][0][name]) == shape(other["items"][0][name])
    assert shape(without(own["items"][0]["start"], "timeZone")) == shape(
        without(other["items"][0]["start"], "timeZone")
    )

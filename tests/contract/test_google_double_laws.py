"""What a reader may rely on at Google holds for the doubles, whatever happened in whichever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from tests.servers.google_calendar import Calendars
from tests.servers.google_clock import FakeClock
from tests.servers.google_gmail import Mailbox
from tests.servers.google_replies import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from googleapiclient._apis.calendar.v3.schemas import Event, Events
    from googleapiclient._apis.gmail.v1.schemas import ListHistoryResponse, ListMessagesResponse

    from tests.servers.google_replies import Answer

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
SERIES = {"recurrence": ["RRULE:FREQ=DAILY;COUNT=5"]}

edits = st.lists(st.tuples(st.sampled_from("adlur"), st.integers(0, 7)), max_size=25)
sizes = st.integers(1, 5)


def pages(ask: Callable[[Call], Answer], method: str, parts: dict[str, str], **query: str) -> Iterator[object]:
    """Every page of a listing."""
    token = ""
    while True:
        told = query | ({"pageToken": token} if token else {})
        asked = {name: value.split(",") for name, value in told.items()}
        body = ask(Call(method, parts, asked, "me@example.com", frozenset())).body
        yield body
        token = str(body.get("nextPageToken", ""))
        if not token:
            return


def edit_mail(mailbox: Mailbox, what: str, number: int) -> None:
    """Let mail arrive, or do something to one that is there."""
    there = sorted(mailbox.mails)
    if what == "a" or not there:
        mailbox.add(at=DAY + timedelta(minutes=number))
        return
    mail_id = there[number % len(there)]
    match what:
        case "d":
            mailbox.delete(mail_id)
        case "l":
            mailbox.label(mail_id, add=["STARRED"])
        case _:
            mailbox.label(mail_id, remove=["STARRED", "INBOX"][number % 2 :])


def labels(mailbox: Mailbox) -> dict[str, frozenset[str]]:
    """Every message with its labels."""
    return {mail.id: frozenset(mail.labels) for mail in mailbox.mails.values()}


def replayed(before: Mapping[str, frozenset[str]], told: ListHistoryResponse) -> dict[str, frozenset[str]]:
    """What a page of history makes of what was known."""
    known = dict(before)
    for record in told.get("history", []):
        for added in record.get("messagesAdded", []):
            known[added["message"]["id"]] = frozenset(added["message"]["labelIds"])
        for labelled in record.get("labelsAdded", []):
            known[labelled["message"]["id"]] |= frozenset(labelled["labelIds"])
        for freed in record.get("labelsRemoved", []):
            known[freed["message"]["id"]] -= frozenset(freed["labelIds"])
        for deleted in record.get("messagesDeleted", []):
            del known[deleted["message"]["id"]]
    return known


@given(before=edits, after=edits, size=sizes, empty=st.integers(0, 2))
def test_history_leads_from_what_was_to_what_is(
    before: list[tuple[str, int]], after: list[tuple[str, int]], size: int, empty: int
) -> None:
    mailbox = Mailbox("me@example.com")
    mailbox.empty_history_pages = empty
    for what, number in before:
        edit_mail(mailbox, what, number)
    known, start = labels(mailbox), str(mailbox.history)
    for what, number in after:
        edit_mail(mailbox, what, number)
    for page in pages(mailbox.answer, "gmail.users.history.list", {}, startHistoryId=start, maxResults=str(size)):
        known = replayed(known, cast("ListHistoryResponse", page))
    assert known == labels(mailbox)


@given(before=edits, meanwhile=edits, size=sizes)
def test_a_listing_in_pages_shows_everything_that_was_there_all_the_time_once(
    before: list[tuple[str, int]], meanwhile: list[tuple[str, int]], size: int
) -> None:
    mailbox = Mailbox("me@example.com")
    for what, number in before:
        edit_mail(mailbox, what, number)
    always = set(mailbox.mails)
    for page, (what, number) in enumerate(meanwhile):
        mailbox.during_listing[page + 1] = lambda what=what, number=number: edit_mail(mailbox, what, number)  # type: ignore[misc]  # defaults bind early
    shown: list[str] = []
    for each in pages(mailbox.answer, "gmail.users.messages.list", {}, maxResults=str(size)):
        shown += [message["id"] for message in cast("ListMessagesResponse", each).get("messages", [])]
    assert len(shown) == len(set(shown))
    assert always & set(mailbox.mails) <= set(shown)


def edit_event(calendars: Calendars, what: str, number: int) -> None:
    """Create an event or a series, or do something to one that is there."""
    calendar = calendars.primary
    start = DAY + timedelta(days=number)
    times: Event = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": start.isoformat()}}
    match what:
        case "a":
            calendar.put({**times, "id": f"event{number}"})
        case "l":
            calendar.put(cast("Event", {**times, **SERIES, "id": f"series{number % 2}"}))
        case "d" | "u" | "r":
            there = [each for each in calendar.ids() if calendar.event(each)["status"] != "cancelled"]
            if not there:
                return
            chosen = there[number % len(there)]
            if what == "d":
                calendar.cancel(chosen)
            elif what == "r" and "recurrence" in calendar.event(chosen):
                calendar.cancel_instance(chosen, {"dateTime": (start + timedelta(days=1)).isoformat()})
            else:
                calendar.change(chosen, summary=f"Changed {number}")


def folded(known: dict[str, Event], page: Events) -> dict[str, Event]:
    """What a page of a listing makes of what was known: a cancelled event takes its exceptions along."""
    for event in page["items"]:
        known[event["id"]] = event
    gone = {key for key, event in known.items() if event["status"] == "cancelled" and "recurringEventId" not in event}
    return {key: event for key, event in known.items() if key not in gone and event.get("recurringEventId") not in gone}


def read(calendars: Calendars, known: dict[str, Event], size: int, token: str = "") -> tuple[dict[str, Event], str]:
    """A whole listing on top of what was known, and the sync token it ends with."""
    query = {"maxResults": str(size)} | ({"syncToken": token} if token else {})
    page: Events = {}
    for body in pages(calendars.answer, "calendar.events.list", {"calendarId": "primary"}, **query):
        page = cast("Events", body)
        known = folded(known, page)
    return known, page["nextSyncToken"]


@given(rounds=st.lists(edits, max_size=4), size=sizes, meanwhile=edits)
def test_changes_read_bit_by_bit_are_the_calendar_read_at_once(
    rounds: list[list[tuple[str, int]]], size: int, meanwhile: list[tuple[str, int]]
) -> None:
    calendars = Calendars("me@example.com", FakeClock())
    known: dict[str, Event] = {}
    token = ""
    for page, (what, number) in enumerate(meanwhile):
        calendars.primary.during_listing[page + 1] = lambda what=what, number=number: edit_event(  # type: ignore[misc]  # defaults bind early
            calendars, what, number
        )
    for changes in rounds:
        for what, number in changes:
            edit_event(calendars, what, number)
        known, token = read(calendars, known, size, token)
    calendars.primary.during_listing.clear()
    known, _ = read(calendars, known, size, token)
    assert known == read(calendars, {}, 2500)[0]

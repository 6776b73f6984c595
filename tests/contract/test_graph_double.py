"""The double of Microsoft Graph behaves as Microsoft documents, and notices when it or a client does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.servers.graph import Graph
from tests.servers.graph_contract import contract
from tests.servers.graph_series import Pattern, global_object_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.graph_contract import Resource

PREFER = 'IdType="ImmutableId", outlook.timezone="UTC", odata.maxpagesize=3'
MARCH = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"
NINE = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Europe/Rome"))
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)

Body = TypedDict(
    "Body",
    {"value": list[dict[str, object]], "@odata.nextLink": str, "@odata.deltaLink": str, "error": dict[str, object]},
    total=False,
)


class Client:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, path_or_link: str, prefer: str = PREFER) -> requests.Response:
        url = path_or_link if "://" in path_or_link else f"{self.graph.origin}/v1.0{path_or_link}"
        headers = {"Authorization": f"Bearer {self.graph.access_token}", "Prefer": prefer}
        return self.session.get(url, headers=headers, timeout=5)

    def get(self, path_or_link: str) -> Body:
        answer = self.ask(path_or_link)
        assert answer.status_code == 200, answer.text
        body: Body = answer.json()
        return body

    def round(self, path_or_link: str) -> tuple[list[dict[str, object]], str]:
        """Everything a round says, and where the next begins."""
        body = self.get(path_or_link)
        rows = body["value"]
        while "@odata.nextLink" in body:
            body = self.get(body["@odata.nextLink"])
            rows += body["value"]
        return rows, body["@odata.deltaLink"]


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph() as double:
        yield double


@pytest.fixture
def client(graph: Graph) -> Iterator[Client]:
    client = Client(graph)
    yield client
    client.session.close()
    assert not [breach for breach in graph.violations if breach.startswith("the double itself")]


def delta(graph: Graph) -> str:
    return f"/me/calendars/{graph.calendars.default.id}/calendarView/delta?{MARCH}"


def test_a_view_shows_occurrences_whole_and_no_masters(graph: Graph, client: Client) -> None:
    calendar = graph.calendars.default
    calendar.add("Weekly", NINE, attendees=[("a@b.example", "A")], pattern=Pattern("weekly"))
    rows = client.get(f"/me/calendars/{calendar.id}/calendarView?{MARCH}&$top=100")["value"]
    assert [row["type"] for row in rows] == ["occurrence"] * 5
    assert all(row["attendees"] for row in rows)
    assert [row["start"] for row in rows[-2:]] == [
        {"dateTime": "2026-03-23T08:00:00.0000000", "timeZone": "UTC"},
        {"dateTime": "2026-03-30T07:00:00.0000000", "timeZone": "UTC"},
    ]
    assert len({row["iCalUId"] for row in rows}) == 5


def test_a_round_of_delta_sends_stubs_after_their_master(graph: Graph, client: Client) -> None:
    series = graph.calendars.default.add("Weekly", NINE, pattern=Pattern("weekly", count=3))
    rows, _ = client.round(delta(graph))
    assert [row["type"] for row in rows] == ["seriesMaster", "occurrence", "occurrence", "occurrence"]
    assert rows[1].keys() == {"@odata.type", "id", "type", "seriesMasterId", "start", "end"}
    assert rows[1]["seriesMasterId"] == series


def test_unchanged_stubs_are_not_sent_again_and_a_changed_series_whole(graph: Graph, client: Client) -> None:
    calendar = graph.calendars.default
    series = calendar.add("Weekly", NINE, pattern=Pattern("weekly", count=3))
    _, link = client.round(delta(graph))
    assert client.round(link)[0] == []
    calendar.update(calendar.occurrence(series, 1), subject="Moved", start=NOON, end=NOON + timedelta(hours=1))
    rows, link = client.round(link)
    assert [row["type"] for row in rows] == ["seriesMaster", "occurrence", "exception", "occurrence"]
    assert rows[2]["subject"] == "Moved"


def test_a_deleted_occurrence_leaves_no_word_but_the_series_without_it(graph: Graph, client: Client) -> None:
    calendar = graph.calendars.default
    series = calendar.add("Weekly", NINE, pattern=Pattern("weekly", count=3))
    gone = calendar.occurrence(series, 1)
    _, link = client.round(delta(graph))
    calendar.delete(gone)
    rows, _ = client.round(link)
    assert [row["id"] for row in rows if "@removed" in row] == []
    assert gone not in [row["id"] for row in rows]


def test_what_leaves_the_window_comes_as_removed(graph: Graph, client: Client) -> None:
    lunch = graph.calendars.default.add("Lunch", NOON)
    _, link = client.round(delta(graph))
    later = NOON + timedelta(days=90)
    graph.calendars.default.update(lunch, start=later, end=later)
    rows, _ = client.round(link)
    assert [(row["id"], "@removed" in row) for row in rows] == [(lunch, True)]


@pytest.mark.parametrize("extra", ["$select=subject", "$top=5", "$filter=isCancelled eq false", "$orderby=start"])
def test_change_tracking_of_events_takes_no_options(graph: Graph, client: Client, extra: str) -> None:
    assert client.ask(f"{delta(graph)}&{extra}").status_code == 400


def test_a_shared_calendar_is_only_reached_through_itself(graph: Graph, client: Client) -> None:
    shared = graph.calendars.add("Team", ("team@northwind.example", "Team"), shared=True)
    event = shared.add("Planning", NOON)
    assert client.ask(f"/me/events/{event}").status_code == 404
    assert client.ask(f"/me/calendars/{shared.id}/events/{event}").status_code == 200


def test_whoever_sees_only_free_and_busy_sees_nobody(graph: Graph, client: Client) -> None:
    graph.calendars.default.free_busy_only = True
    graph.calendars.default.add("Secret", NOON, attendees=[("a@b.example", "A")])
    (row,) = client.get(f"/me/calendar/calendarView?{MARCH}")["value"]
    assert (row["subject"], row["attendees"]) == (None, [])


def test_an_ical_uid_holds_the_date_of_the_instance_and_the_uid_of_others() -> None:
    single, instance = global_object_id(7), global_object_id(7, date(2026, 3, 2))
    assert single[:32] == instance[:32] == "040000008200E00074C5B7101A82E008"
    assert (single[32:40], instance[32:40]) == ("00000000", "07EA0302")
    wrapped = bytes.fromhex(global_object_id(7, None, "abc@google.com"))
    assert b"vCal-Uid\x01\0\0\0abc@google.com\0" in wrapped


@pytest.mark.parametrize(
    ("pattern", "days"),
    [
        (Pattern("daily", interval=10, count=3), ["02", "12", "22"]),
        (Pattern("weekly", days=("monday", "thursday"), until=date(2026, 3, 12)), ["02", "05", "09", "12"]),
        (Pattern("relativeMonthly", week="first", count=1), ["02"]),
        (Pattern("absoluteMonthly", count=1), ["02"]),
        (Pattern("absoluteYearly", count=1), ["02"]),
    ],
)
def test_patterns_have_the_days_they_say(pattern: Pattern, days: list[str]) -> None:
    assert [f"{day:%d}" for day in pattern.dates(NINE.date())] == days


def test_a_month_without_the_day_has_its_last(graph: Graph) -> None:
    assert len(graph.calendars.default.ids()) == 0
    days = list(Pattern("absoluteMonthly", count=2).dates(date(2026, 1, 31)))
    assert days == [date(2026, 1, 31), date(2026, 2, 28)]


def test_a_round_of_messages_tells_only_of_its_kind_of_change(graph: Graph, client: Client) -> None:
    kept, moved, read = (graph.mailbox.add("inbox", "Hello", NOON, to=[graph.owner]) for _ in range(3))
    rows, link = client.round("/me/mailFolders/inbox/messages/delta?$select=subject&changeType=created")
    assert {row["id"] for row in rows} == {kept, moved, read}
    graph.mailbox.move(moved, "archive")
    graph.mailbox.touch(read)
    assert client.round(link)[0] == []
    assert [row["id"] for row in client.round("/me/mailFolders/archive/messages/delta?$select=subject")[0]] == [moved]
    rows, link = client.round("/me/mailFolders/inbox/messages/delta?$select=isRead")
    graph.mailbox.move(moved, "inbox")
    graph.mailbox.delete(kept)
    told, _ = client.round(link)
    assert [(row["id"], "@removed" in row) for row in told] == [(moved, False), (kept, True)]


def test_a_filtered_round_stops_at_five_thousand(graph: Graph, client: Client) -> None:
    for number in range(5001):
        graph.mailbox.add("inbox", None, NOON + timedelta(seconds=number))
    path = "/me/mailFolders/inbox/messages/delta?$select=id&$filter=receivedDateTime ge 2026-01-01T00:00:00Z&$top=1000"
    assert len(client.round(path)[0]) == 5000


def test_a_listing_obeys_filter_and_order(graph: Graph, client: Client) -> None:
    for number in range(5):
        graph.mailbox.add("inbox", str(number), NOON + timedelta(minutes=number))
    conditions = "receivedDateTime ge 2026-03-03T12:01:00Z and receivedDateTime lt 2026-03-03T12:04:00Z"
    path = f"/me/mailFolders/inbox/messages?$select=subject&$filter={conditions}&$orderby=receivedDateTime desc"
    assert [row["subject"] for row in client.get(path)["value"]] == ["3", "2", "1"]
    assert client.ask("/me/mailFolders/inbox/messages?$select=id&$filter=subject eq 'x'").status_code == 400


@pytest.mark.parametrize(
    ("status", "code"), [(410, "SyncStateNotFound"), (400, "SyncStateInvalid"), (404, "resyncRequired")]
)
def test_a_dead_link_is_refused_in_each_of_the_ways(graph: Graph, client: Client, status: int, code: str) -> None:
    _, link = client.round(delta(graph))
    graph.expire(status, code)
    answer = client.ask(link)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert ("Location" in answer.headers) == (status == 410)


@pytest.mark.parametrize(
    ("path", "prefer", "breach"),
    [
        ("/me/calendars", 'outlook.timezone="UTC"', "ImmutableId"),
        (f"/me/calendar/calendarView?{MARCH}", 'IdType="ImmutableId"', "timezone"),
        (f"/me/calendar/calendarView?{MARCH}&$select=subject,people", PREFER, "no property people"),
        (f"/me/calendar/calendarView?{MARCH}&$select=bodyPreview", PREFER, "nobody's business"),
        ("/me/mailFolders/inbox/messages", PREFER, "bodies"),
        ("/me/mailFolders/inbox/messages/delta?$select=id", 'IdType="ImmutableId"', "maxpagesize"),
        ("/me/drive", PREFER, "nothing is known"),
        ("/me/calendars?$expand=events", PREFER, "not known"),
    ],
)
def test_a_request_against_the_rules_is_noticed(client: Client, path: str, prefer: str, breach: str) -> None:
    client.ask(path, prefer)
    assert [said for said in client.graph.violations if breach in said]


def test_a_link_that_was_bent_is_noticed(graph: Graph, client: Client) -> None:
    _, link = client.round(delta(graph))
    client.ask(f"{link}&changeType=created")
    client.ask(link, 'IdType="ImmutableId", outlook.timezone="UTC", odata.maxpagesize=9')
    assert [said for said in graph.violations if "not called as it was given" in said]
    assert [said for said in graph.violations if "parameters were added" in said]
    assert [said for said in graph.violations if "another Prefer" in said]


def test_writing_is_refused_and_noticed(graph: Graph, client: Client) -> None:
    answer = client.session.post(f"{graph.origin}/v1.0/me/calendars", json={}, timeout=5)
    assert answer.status_code == 405
    assert [said for said in graph.violations if "may only GET" in said]


@pytest.mark.parametrize(
    ("resource", "breach"),
    [
        ({"subject": "no id"}, "no id"),
        ({"id": "1", "showAs": "asleep"}, "showAs"),
        ({"id": "1", "sensitivity": 3}, "sensitivity"),
        ({"id": "1", "lastModifiedDateTime": "yesterday"}, "lastModifiedDateTime"),
        ({"id": "1", "guests": []}, "guests"),
    ],
)
def test_what_is_no_event_of_microsoft_is_noticed(resource: Resource, breach: str) -> None:
    assert [said for said in contract().breaches("event", resource) if breach in said]

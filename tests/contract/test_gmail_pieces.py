"""The rooms of `gmail` by themselves: cursor, pace, queue, batches on the wire, and what a message shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._fingerprint import fingerprint
from connectors._gmail_cursor import START, Listing, Place, Tempo
from connectors._gmail_mailbox import arrivals
from connectors._gmail_message import Metadata, header_block, observe, parse
from connectors._gmail_pace import Pace
from connectors._gmail_queue import Queue, Times
from connectors._gmail_wire import Part, compose, dissect
from syncd.connector import DIGEST_LIST_ID, Note, Page
from syncd.errors import CursorExpired, Transient
from syncd.memory import Remembered
from syncd.model import Message, Participant, Role, Signal, SignalName, Unreadable
from syncd.testing import NOW, context
from tests.servers.google_batch import Part as Asked
from tests.servers.google_batch import read_parts, write_parts
from tests.servers.google_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterable

AT: Final = int(NOW.timestamp())
IDS: Final = st.integers(0, 2**64 - 1).map("{:016x}".format)


# The cursor


@given(
    history=st.integers(0, 2**64 - 1).map(str),
    listing=st.none() | st.builds(Listing, token=st.text(max_size=40), old=st.booleans(), again=st.booleans()),
    done=st.integers(0, 10**6),
    rate=st.floats(0.1, 1e6),
)
def test_a_cursor_is_read_as_it_was_written(history: str, listing: Listing | None, done: int, rate: float) -> None:
    place = Place.begun("settings", history, again=False)
    place.listing, place.done, place.tempo = listing, done, Tempo(rate=rate)
    assert Place.opened(place.written(), "settings") == place


@pytest.mark.parametrize(
    "change", [{"history": "abc"}, {"done": -1}, {"version": 2}, {"more": 1}, {"tempo": {"rate": 0}}]
)
def test_a_cursor_that_says_nonsense_is_expired(change: dict[str, object]) -> None:
    written = json.loads(Place.begun("settings", "7", again=False).written())
    with pytest.raises(CursorExpired):
        Place.opened(json.dumps({**written, **change}), "settings")


def test_a_cursor_of_other_settings_is_expired() -> None:
    with pytest.raises(CursorExpired):
        Place.opened(Place.begun(fingerprint("one"), "7", again=False).written(), fingerprint("two"))


# The pace


def drink(clock: FakeClock, pace: Pace, count: int, per_minute: float) -> tuple[int, int]:
    """Ask for `count` messages at a source that allows so many a minute; how many batches, and how many it refused."""
    level, at = per_minute, clock()
    batches = refused = 0
    while count > 0:
        asked = min(pace.batch, count)
        assert pace.wait(asked)
        clock.advance(0.3)
        level, at = min(per_minute, level + (clock() - at).total_seconds() * per_minute / 60), clock()
        answered = min(asked, int(level))
        level -= answered
        count -= answered
        batches += 1
        refused += asked - answered
        if answered < asked:
            pace.throttled(None, crowded=False)
        else:
            pace.went_well(asked)
    return batches, refused


@pytest.mark.parametrize("per_minute", [60, 300, 750, 3000])
def test_the_pace_finds_the_rate_that_is_allowed(per_minute: float) -> None:
    clock = FakeClock()
    pace = Pace(Tempo(), 3000, context(now=clock, pause=clock.pause))
    start = clock()
    batches, refused = drink(clock, pace, 20_000, per_minute)
    minutes = (clock() - start).total_seconds() / 60
    assert minutes < 1.1 * 20_000 / per_minute + 10
    assert refused < 20_000 / 50
    assert batches < 1.2 * 20_000 / 50
    assert pace.tempo.rate == pytest.approx(per_minute, rel=0.35)


def test_the_pace_begins_carefully_and_where_it_left_off() -> None:
    assert Pace(Tempo(), 3000, context()).tempo.rate == START == 200
    assert Pace(Tempo(rate=700, limit=900, batch=20), 3000, context()).tempo == Tempo(rate=700, limit=900, batch=20)
    assert Pace(Tempo(rate=700), 90, context()).tempo.rate == 90


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400), timedelta()])
def test_a_clock_that_jumps_or_stands_still_stalls_nothing(jump: timedelta) -> None:
    clock = FakeClock()
    waited: list[float] = []
    pace = Pace(Tempo(), 200, context(now=clock, pause=waited.append))
    for _ in range(8):
        clock.now += jump
        assert pace.wait(50)
    assert sum(waited) <= 7 * 15


def test_a_wait_is_cut_into_slices_and_given_up_when_it_is_time_to_stop() -> None:
    waited: list[float] = []
    pace = Pace(Tempo(), 200, context(pause=waited.append, stopping=lambda: len(waited) >= 5))
    pace.throttled(60, crowded=False)
    assert not pace.wait(1)
    assert waited == [1.0] * 5


def test_a_request_to_wait_is_kept_to_the_second() -> None:
    clock = FakeClock()
    pace = Pace(Tempo(), 200, context(now=clock, pause=clock.pause))
    pace.throttled(33, crowded=False)
    assert pace.hold == 33
    pace.wait(0)
    assert clock.paused == 33


def test_after_a_refusal_nothing_that_was_saved_up_is_spent() -> None:
    clock = FakeClock()
    pace = Pace(Tempo(), 200, context(now=clock, pause=clock.pause))
    pace.throttled(10, crowded=False)
    pace.wait(50)
    assert clock.paused == pytest.approx(10 + 50 * 60 / 140)


def test_the_pace_is_never_beaten_below_a_crawl() -> None:
    pace = Pace(Tempo(), 200, context())
    for _ in range(40):
        pace.went_well(0)
        pace.throttled(None, crowded=True)
        pace.throttled(None, crowded=False)
        pace.went_well(0)
        pace.throttled(None, crowded=False)
    assert pace.tempo.rate == 10
    assert pace.batch >= 1


# The queue


def after(memory: Remembered, notes: Iterable[Note]) -> Queue:
    memory.keep(Page((), "", None, tuple(notes)))
    return Queue(memory)


@given(st.sets(IDS, max_size=30))
def test_the_newest_comes_first_also_after_a_restart(messages: set[str]) -> None:
    memory = Remembered()
    queue = Queue(memory)
    again = after(memory, queue.admit(sorted(messages)))
    expected = sorted(messages, key=lambda each: int(each, 16), reverse=True)
    assert list(queue.head(100)) == expected
    assert list(again.head(100)) == expected
    assert list(again.head(3)) == expected[:3]
    assert len(again) == len(messages)


@given(st.lists(st.tuples(st.sampled_from("asfpdt"), IDS), max_size=40))
def test_a_queue_opened_again_is_the_queue_that_was_left(steps: list[tuple[str, str]]) -> None:
    memory = Remembered()
    queue = Queue(memory)
    for step, message in steps:
        waits = message in queue.head(100)
        match step:
            case "a":
                notes = queue.admit([message])
            case "s":
                notes = queue.settle(message)
            case "f" if waits:
                notes = (queue.fail(message),)
            case "p":
                notes = queue.pass_over(message, Times(AT, AT))
            case "d":
                notes = queue.doubt(message)
            case _:
                notes = queue.try_again()
        again = after(memory, notes)
        assert list(again.head(100)) == list(queue.head(100))
        assert again._doubtful == queue._doubtful
        assert again._passed_over() == queue._passed_over()


def test_ids_that_are_no_numbers_come_last_and_nonsense_is_not_asked_for() -> None:
    memory = Remembered()
    queue = Queue(memory)
    wanted = queue.unknown(["abc_DEF", "", "../profile", "x" * 201, "ff", "ff"], 0)
    assert wanted == ["abc_DEF", "ff"]
    assert list(after(memory, queue.admit(wanted)).head(9)) == ["ff", "abc_DEF"]


def test_what_failed_comes_after_everything_else() -> None:
    memory = Remembered()
    queue = Queue(memory)
    notes = [*queue.admit(["f1", "f2", "f3"]), queue.fail("f3")]
    assert list(queue.head(9)) == ["f2", "f1", "f3"]
    assert after(memory, notes).failures("f3") == 1


def test_what_was_passed_over_for_its_age_is_wanted_again_when_the_horizon_moves() -> None:
    memory = Remembered()
    queue = Queue(memory)
    again = after(memory, (*queue.pass_over("a1", Times(AT, AT + 9)), *queue.pass_over("a2")))
    assert again.unknown(["a1", "a2"], AT + 1) == []
    assert again.unknown(["a1", "a2"], AT - 1) == ["a1"]
    assert (again.arrival("a1"), again.arrival("a2"), again.arrival("a3")) == (AT + 9, None, None)


# Batches on the wire


@given(st.dictionaries(st.integers(0, 60), st.tuples(st.integers(200, 599), st.binary(max_size=80)), max_size=20))
def test_every_part_is_found_by_its_number(answers: dict[int, tuple[int, bytes]]) -> None:
    answers = {number: (status, body.strip()) for number, (status, body) in answers.items() if b"\n--" not in body}
    told = [
        (Asked(f"<b + {number}>", "GET", "/", {}), (status, body, {"Retry-After": "3"}))
        for number, (status, body) in answers.items()
    ]
    written, kind = write_parts(told)
    assert dissect(kind, written) == {
        number: Part(status, {"retry-after": "3", "content-length": str(len(body))}, body)
        for number, (status, body) in answers.items()
    }


@given(st.lists(st.text("az09=&%._-/?", min_size=1), max_size=9))
def test_a_batch_asks_for_every_target(targets: list[str]) -> None:
    parts = read_parts('multipart/mixed; boundary="b"', compose(targets, "b").encode())
    assert [(part.verb, part.target) for part in parts] == [("GET", target) for target in targets]
    assert [part.content_id for part in parts] == [f"<b + {number}>" for number in range(len(targets))]


@given(st.binary(max_size=300))
def test_whatever_follows_the_boundary_breaks_nothing(noise: bytes) -> None:
    dissect('multipart/mixed; boundary="b"', b"--b\r\n" + noise + b"\r\n--b--")


@pytest.mark.parametrize("content_type", ["text/html; charset=UTF-8", "", "multipart/mixed", "application/json"])
def test_what_is_no_batch_is_not_an_empty_one(content_type: str) -> None:
    with pytest.raises(Transient):
        dissect(content_type, b"<html>")


def test_lines_may_end_either_way_and_parts_may_lack_a_name() -> None:
    body = (
        b"--b\nContent-Type: application/http\nContent-ID: <response-b + 4>\n\nHTTP/1.1 404 Not Found\nX: y\n\n{}\n"
        b"--b\nContent-Type: application/http\n\nHTTP/1.1 200 OK\n\n{}\n--b--"
    )
    assert dissect('multipart/mixed; boundary="b"', body) == {4: Part(404, {"x": "y"}, b"{}")}


# The history


def test_the_last_word_on_a_message_counts() -> None:
    assert arrivals(
        [
            {"messagesAdded": [{"message": {"id": "kept"}}, {"message": {"id": "trashed", "labelIds": ["INBOX"]}}]},
            {"messagesAdded": [{"message": {"id": "draft", "labelIds": ["DRAFT"]}}, {"message": {}}]},
            {"labelsAdded": [{"message": {"id": "trashed"}, "labelIds": ["TRASH"]}]},
            {"labelsAdded": [{"message": {"id": "found"}, "labelIds": ["INBOX"]}, {"labelIds": ["INBOX"]}]},
            {"labelsRemoved": [{"message": {"id": "other"}, "labelIds": ["UNREAD"]}], "messages": [{"id": "also"}]},
        ]
    ) == ["kept", "found"]


# A message


def shown(*headers: tuple[str, str], labels: Iterable[str] = ("INBOX",), date: object = f"{AT}000") -> Metadata:
    told = {
        "id": "17",
        "labelIds": list(labels),
        "internalDate": date,
        "payload": {"headers": [{"name": name, "value": value} for name, value in headers]},
    }
    found = parse(json.dumps(told).encode())
    assert found is not None
    return found


FROM: Final = ("From", "Mia Rossi <mia@example.com>")
DATE: Final = ("Date", "Tue, 3 Mar 2026 10:00:00 +0100")


def test_a_message_says_who_when_and_what() -> None:
    headers = (FROM, DATE, ("to", "me@example.com"), ("MESSAGE-ID", "<1@example.com>"), ("Subject", "Hello"))
    assert observe("17", shown(*headers, labels=["SENT"]), context()) == Message(
        "17",
        datetime(2026, 3, 3, 9, tzinfo=UTC),
        (Participant("mia@example.com", "Mia Rossi", Role.FROM), Participant("me@example.com", "", Role.TO)),
        "<1@example.com>",
        signals=(Signal(SignalName.FOLDER, "sent"),),
        subject="Hello",
    )


def test_no_header_can_add_another_one() -> None:
    evil = "x\r\nBcc: spy@example.org\r\n\r\nTo: body@example.org\0"
    seen = observe("17", shown(FROM, DATE, ("Subject", evil), ("X-Evil: To", "a@b"), ("", "c")), context())
    assert isinstance(seen, Message)
    assert [each.address for each in seen.participants] == ["mia@example.com"]


@given(st.lists(st.tuples(st.sampled_from(["From", "To", "Date", "Subject", "X Y", "Übel"]), st.text()), max_size=8))
def test_any_header_becomes_one_line_or_none(headers: list[tuple[str, str]]) -> None:
    told = json.dumps({"id": "1", "payload": {"headers": [{"name": name, "value": text} for name, text in headers]}})
    found = parse(told.encode())
    if found is not None:
        kept = [name for name, _ in headers if name not in ("X Y", "Übel")]
        assert [line.partition(b":")[0].decode() for line in header_block(found).split(b"\n") if line] == kept
        assert isinstance(observe("1", found, context()), Message | Unreadable)


def test_an_encoded_name_cannot_add_an_author() -> None:
    raw = "=?utf-8?q?Mia_=3Cspy=40example=2Eorg=3E=2C?= <mia@example.com>"
    seen = observe("17", shown(("From", raw), DATE), context())
    assert isinstance(seen, Message)
    assert seen.participants == (Participant("mia@example.com", "Mia <spy@example.org>,", Role.FROM),)


def test_a_name_that_was_decoded_already_keeps_its_letters() -> None:
    seen = observe("17", shown(("From", '"Müller, Jörg 🌻" <j@example.com>'), DATE), context())
    assert isinstance(seen, Message)
    assert seen.participants[0] == Participant("j@example.com", "Müller, Jörg 🌻", Role.FROM)


@pytest.mark.parametrize("date", [None, "0", "-5", "99999999999999999", 10**17])
def test_a_message_without_a_date_of_its_own_has_that_of_its_header(date: object) -> None:
    seen = observe("17", shown(FROM, DATE, date=date), context())
    assert isinstance(seen, Message)
    assert seen.at == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_a_message_without_a_header_of_its_own_is_unreadable() -> None:
    assert isinstance(observe("17", shown(), context()), Unreadable)


def test_our_own_digest_is_no_mail() -> None:
    assert observe("17", shown(FROM, DATE, ("List-Id", f"<{DIGEST_LIST_ID}>")), context()) is None


@pytest.mark.parametrize(
    ("headers", "signal"),
    [
        ([("Sender", "Google Calendar <calendar-notification@google.com>")],
         Signal(SignalName.SENDER, "calendar-notification@google.com")),
        ([("Content-Type", 'text/calendar; charset="UTF-8"; method=REPLY')], Signal(SignalName.CALENDAR, "reply")),
        ([("Content-Class", "urn:content-classes:calendarmessage")], Signal(SignalName.CALENDAR, "")),
        ([("Auto-Submitted", "auto-replied")], Signal(SignalName.AUTO_SUBMITTED, "auto-replied")),
        ([("Content-Type", "multipart/report; report-type=delivery-status; boundary=x")],
         Signal(SignalName.CONTENT_TYPE, "delivery-status")),
    ],
)  # fmt: skip
def test_what_speaks_of_a_machine_is_passed_on(headers: list[tuple[str, str]], signal: Signal) -> None:
    seen = observe("17", shown(FROM, DATE, *headers), context())
    assert isinstance(seen, Message)
    assert signal in seen.signals

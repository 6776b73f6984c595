"""What a feed's changes over time mean: what is new, what is gone, and what is only out of sight (fault 51)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.ics import Ics, IcsOptions
from syncd.model import Meeting, Removal
from syncd.testing import NOW, context

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.model import Observation


def event(name: str, start: datetime, *more: str) -> str:
    lines = [f"UID:{name}", f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H", *more]
    return "\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT\n"])


class Reader:
    """Somebody who polls a calendar file day after day, and writes it in between."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = NOW
        self.cursor: str | None = None

    def poll(self, *events: str) -> tuple[Observation, ...]:
        """Write these events, then read."""
        self.path.write_text("BEGIN:VCALENDAR\n" + "".join(events) + "END:VCALENDAR\n")
        return self.poll_again()

    def poll_again(self) -> tuple[Observation, ...]:
        connector = Ics(IcsOptions(type="ics", path=self.path), context(now=lambda: self.now))
        seen: list[Observation] = []
        for page in connector.poll(self.cursor, self.now - timedelta(days=365)):
            seen += page.observations
            self.cursor = page.cursor
        return tuple(seen)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path / "calendar.ics")


SOON = NOW + timedelta(days=3)
TEA = event("tea", SOON)
PAST = event("past", NOW - timedelta(days=3))
LUNCH = event("lunch", SOON, "SUMMARY:Lunch")


def test_a_future_meeting_that_is_gone_twice_is_removed_once(reader: Reader) -> None:
    reader.poll(TEA, LUNCH)
    assert not [seen for seen in reader.poll(LUNCH) if isinstance(seen, Removal)], "it may be a hiccup"
    assert reader.poll_again() == (Removal("tea"),)
    assert reader.poll_again() == ()


def test_a_future_meeting_that_comes_back_is_not_removed(reader: Reader) -> None:
    reader.poll(TEA, LUNCH)
    reader.poll(LUNCH)
    assert reader.poll(TEA, LUNCH)
    reader.poll(LUNCH)
    reader.poll(TEA, LUNCH)
    assert reader.poll_again() == ()


def test_a_past_meeting_is_never_removed(reader: Reader) -> None:
    reader.poll(PAST, TEA, LUNCH)
    for _ in range(4):
        assert not any(isinstance(seen, Removal) for seen in reader.poll(TEA, LUNCH))


def test_a_meeting_that_took_place_before_it_went_missing_stays(reader: Reader) -> None:
    reader.poll(TEA, LUNCH)
    reader.poll(LUNCH)
    reader.now = SOON + timedelta(hours=2)
    assert not any(isinstance(seen, Removal) for seen in reader.poll_again())


def test_a_meeting_that_moved_is_the_same_meeting(reader: Reader) -> None:
    reader.poll(TEA, LUNCH)
    moved = reader.poll(event("tea", SOON + timedelta(days=1)), LUNCH)
    assert [seen.remote_id for seen in moved] == ["lunch", "tea"]
    assert not any(isinstance(seen, Removal) for seen in (*reader.poll_again(), *reader.poll_again()))


def test_a_series_that_becomes_unreadable_is_not_removed(reader: Reader) -> None:
    reader.poll(event("daily", SOON, "RRULE:FREQ=DAILY;COUNT=3"), LUNCH)
    for _ in range(3):
        seen = reader.poll(event("daily", SOON, "RRULE:FREQ=NONSENSE"), LUNCH)
        assert not any(isinstance(observation, Removal) for observation in seen)
        reader.poll_again()


@pytest.mark.parametrize("left", [0, 3])
def test_a_feed_that_suddenly_holds_next_to_nothing_removes_nothing(
    reader: Reader, left: int, caplog: pytest.LogCaptureFixture
) -> None:
    events = [event(f"e{number}", SOON + timedelta(hours=number)) for number in range(100)]
    reader.poll(*events)
    assert not any(isinstance(seen, Removal) for seen in reader.poll(*events[:left]))
    for _ in range(3):
        assert reader.poll_again() == ()
    assert [record.levelname for record in caplog.records] == ["WARNING"], "and the owner is told once"
    assert f"suddenly holds only {left} events" in caplog.text


def test_a_feed_that_stays_small_for_a_week_is_believed(reader: Reader) -> None:
    later = NOW + timedelta(days=40)
    events = [event(f"e{number}", later) for number in range(20)]
    reader.poll(*events)
    reader.poll(events[0])
    removed: set[str] = set()
    for _ in range(10):
        reader.now += timedelta(days=1)
        removed |= {seen.remote_id for seen in reader.poll_again() if isinstance(seen, Removal)}
    assert removed == {f"e{number}" for number in range(1, 20)}


def test_a_file_that_breaks_off_removes_nothing(reader: Reader) -> None:
    reader.poll(TEA, LUNCH)
    for _ in range(3):
        reader.path.write_text("BEGIN:VCALENDAR\n" + LUNCH)
        assert not any(isinstance(seen, Removal) for seen in reader.poll_again())


def test_what_comes_into_view_as_days_go_by_is_reported_though_the_feed_is_unchanged(reader: Reader) -> None:
    first = reader.poll(event("daily", NOW, "RRULE:FREQ=DAILY"), event("far", NOW + timedelta(days=70)))
    assert len(first) == 61
    seen: list[Observation] = []
    for _ in range(12):
        reader.now += timedelta(days=1)
        found = reader.poll_again()
        assert len(found) <= 2
        seen += found
    assert len({one.remote_id for one in seen}) == len(seen) == 13
    assert "far" in {one.remote_id for one in seen}


def test_a_poll_on_the_same_day_asks_for_nothing_twice(reader: Reader) -> None:
    reader.poll(TEA, LUNCH)
    reader.now += timedelta(hours=20)
    assert reader.poll_again() == ()


def test_the_cursor_stays_small_however_much_a_feed_holds(reader: Reader) -> None:
    reader.poll(*(event(f"{number}", SOON + timedelta(minutes=number)) for number in range(5000)))
    assert reader.cursor is not None
    assert len(reader.cursor) < 120_000


def test_the_owners_zone_decides_what_day_it_is(reader: Reader) -> None:
    reader.poll("BEGIN:VEVENT\nUID:day\nDTSTART;VALUE=DATE:20260310\nEND:VEVENT\n")
    (day,) = Ics(IcsOptions(type="ics", path=reader.path), context()).poll(None, NOW)
    (meeting,) = day.observations
    assert isinstance(meeting, Meeting)
    assert (meeting.all_day, f"{meeting.start:%d %H:%M}") == (True, "10 00:00")

"""When a digest is due, whatever the clock does, and how long a failure waits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.pipeline.policy import DigestPolicy, Me, Policy
from syncd.pipeline.schedule import back_off, digest_due, next_digest

laws = settings(max_examples=100, deadline=None)
EVERY_DAY = tuple(range(7))
TUESDAY = date(2026, 10, 6)


def policy(
    zone: str = "Europe/Rome",
    hour: time = time(7),
    days: tuple[int, ...] = (0, 1, 2, 3, 4),
    pause: tuple[tuple[date, date], ...] = (),
) -> Policy:
    return Policy(me=Me(time_zone=zone), digest=DigestPolicy(at=hour, days=days, pause=pause))


def local(day: date, hour: int, minute: int = 0, zone: str = "Europe/Rome") -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


# --------------------------------------------------------------------------- due


def test_a_digest_is_due_from_its_hour_to_the_end_of_the_day() -> None:
    assert digest_due(local(TUESDAY, 6, 59), None, policy()) is None
    assert digest_due(local(TUESDAY, 7), None, policy()) == TUESDAY
    assert digest_due(local(TUESDAY, 23, 59), None, policy()) == TUESDAY


def test_there_is_one_digest_a_day() -> None:
    assert digest_due(local(TUESDAY, 8), TUESDAY, policy()) is None
    assert digest_due(local(TUESDAY, 8), TUESDAY - timedelta(days=1), policy()) == TUESDAY


def test_a_clock_that_went_back_gives_no_second_digest() -> None:
    assert digest_due(local(TUESDAY, 8), TUESDAY + timedelta(days=1), policy()) is None


def test_a_missed_day_is_not_made_up_for() -> None:
    long_ago = TUESDAY - timedelta(days=30)
    assert digest_due(local(TUESDAY, 6), long_ago, policy()) is None
    assert digest_due(local(TUESDAY, 9), long_ago, policy()) == TUESDAY


def test_only_the_configured_days_have_a_digest() -> None:
    saturday = date(2026, 10, 10)
    assert digest_due(local(saturday, 9), None, policy()) is None
    assert digest_due(local(saturday, 9), None, policy(days=EVERY_DAY)) == saturday


def test_a_pause_includes_its_first_and_its_last_day() -> None:
    pausing = policy(pause=((TUESDAY, TUESDAY + timedelta(days=1)),))
    due = [digest_due(local(TUESDAY + timedelta(days=day), 9), None, pausing) is not None for day in (-1, 0, 1, 2)]
    assert due == [True, False, False, True]


def test_the_day_is_the_owners() -> None:
    evening_in_london = datetime(2026, 10, 6, 22, 30, tzinfo=UTC)
    assert digest_due(evening_in_london, None, policy("Pacific/Auckland")) == date(2026, 10, 7)


# --------------------------------------------------------------------------- next


def test_the_next_digest_is_todays_until_it_is_written_then_tomorrows() -> None:
    assert next_digest(local(TUESDAY, 3), None, policy()) == local(TUESDAY, 7)
    assert next_digest(local(TUESDAY, 9), None, policy()) == local(TUESDAY, 7)
    assert next_digest(local(TUESDAY, 9), TUESDAY, policy()) == local(TUESDAY + timedelta(days=1), 7)


def test_a_weekend_and_a_pause_are_passed_over() -> None:
    friday = date(2026, 10, 9)
    assert next_digest(local(friday, 9), friday, policy()) == local(date(2026, 10, 12), 7)
    pausing = policy(pause=((date(2026, 10, 10), date(2026, 10, 20)),))
    assert next_digest(local(friday, 9), friday, pausing) == local(date(2026, 10, 21), 7)


def test_a_pause_without_end_is_said_so() -> None:
    with pytest.raises(ValueError, match="no day for a digest"):
        next_digest(local(TUESDAY, 9), None, policy(pause=((date(2000, 1, 1), date(9999, 1, 1)),)))


# --------------------------------------------------------------------------- clock changes


def test_an_hour_that_the_clock_skips_moves_on_with_the_clock() -> None:
    spring = date(2026, 3, 29)
    early = policy(hour=time(2, 30), days=EVERY_DAY)
    assert next_digest(local(spring, 0), None, early) == local(spring, 3, 30)
    assert digest_due(local(spring, 3, 30), None, early) == spring


def test_of_an_hour_that_comes_twice_the_first_counts_and_there_is_one_digest() -> None:
    autumn = date(2026, 10, 25)
    early = policy(hour=time(2, 30), days=EVERY_DAY)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_digest(local(autumn, 0), None, early) == first
    assert digest_due(first, None, early) == autumn
    assert digest_due(first + timedelta(hours=1), autumn, early) is None


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.sampled_from(["Europe/Rome", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "Australia/Lord_Howe"]),
    st.times().map(lambda hour: hour.replace(second=0, microsecond=0, fold=0)),
    st.one_of(st.none(), st.integers(0, 3)),
)
@laws
def test_the_next_digest_is_the_first_moment_at_which_one_is_due(
    now: datetime, zone: str, hour: time, days_since: int | None
) -> None:
    rules = policy(zone, hour)
    today = now.astimezone(ZoneInfo(zone)).date()
    last = None if days_since is None else today - timedelta(days=days_since)
    following = next_digest(now, last, rules)
    assert (digest_due(now, last, rules) is not None) == (following <= now)
    if following > now:
        assert digest_due(following, last, rules) is not None
        assert digest_due(following - timedelta(minutes=1), last, rules) is None


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.lists(st.integers(0, 60 * 40), min_size=1, max_size=20),
    st.times().map(lambda hour: hour.replace(second=0, microsecond=0, fold=0)),
)
@laws
def test_however_often_the_service_wakes_no_day_has_two_digests(
    start: datetime, minutes: list[int], hour: time
) -> None:
    rules = policy("Europe/Rome", hour, days=EVERY_DAY)
    written: list[date] = []
    for now in sorted(start + timedelta(minutes=minute) for minute in minutes):
        if day := digest_due(now, written[-1] if written else None, rules):
            written.append(day)
    assert len(written) == len(set(written))
    assert written == sorted(written)


# --------------------------------------------------------------------------- back-off


def test_a_failure_waits_half_a_minute_then_twice_as_long_each_time_up_to_six_hours() -> None:
    waits = [back_off(failures, 0.0, None) for failures in range(1, 13)]
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    assert waits[-1] == timedelta(hours=6)
    assert back_off(10_000, 0.0, None) == timedelta(hours=6)


def test_jitter_spreads_the_wait_over_its_upper_half() -> None:
    assert back_off(3, 0.0, None) == timedelta(minutes=2)
    assert back_off(3, 1.0, None) == timedelta(minutes=1)


def test_a_server_that_names_a_pause_is_obeyed_up_to_a_day() -> None:
    assert back_off(1, 0.0, timedelta(minutes=5)) == timedelta(minutes=5)
    assert back_off(1, 0.0, timedelta(days=9)) == timedelta(hours=24)
    assert back_off(8, 0.0, timedelta(seconds=1)) == back_off(8, 0.0, None)


@given(st.integers(0, 100), st.floats(0, 1), st.one_of(st.none(), st.timedeltas(timedelta(), timedelta(days=30))))
@laws
def test_a_wait_is_never_shorter_than_a_quarter_minute_nor_longer_than_a_day(
    failures: int, jitter: float, retry_after: timedelta | None
) -> None:
    assert timedelta(seconds=15) <= back_off(failures, jitter, retry_after) <= timedelta(hours=24)

"""When an account is read and a digest is due, whatever the clock does, and how long a failure waits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.model import Account, AccountStatus
from syncd.pipeline.policy import DigestPolicy, Me, Policy
from syncd.pipeline.schedule import (
    LONGEST_OBEYED,
    PAUSED_FOR,
    back_off,
    digest_due,
    holds_back_digest,
    next_digest,
    next_poll,
    quiet_until,
)

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


# --------------------------------------------------------------------------- reading accounts

NOW = datetime(2026, 10, 6, 12, tzinfo=UTC)
EVERY = timedelta(minutes=10)
ZONES = ["Europe/Rome", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "Australia/Lord_Howe"]
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


def account(
    status: AccountStatus = AccountStatus.OK,
    failures: int = 0,
    last_sync: datetime | None = None,
    failing_since: datetime | None = None,
    retry_at: datetime | None = None,
) -> Account:
    return Account("work", "imap", None, status, last_sync, failing_since, failures=failures, retry_at=retry_at)


def test_an_account_is_read_every_interval_give_or_take_a_tenth() -> None:
    waits = [next_poll(account(), NOW, EVERY, jitter, NOW) - NOW for jitter in (0.0, 0.5, 1.0)]
    assert waits == [timedelta(minutes=minutes) for minutes in (9, 10, 11)]


def test_an_account_that_was_never_tried_is_due_at_once() -> None:
    assert next_poll(account(AccountStatus.NEW), None, EVERY, 0.5, NOW) == NOW


def test_an_account_that_failed_backs_off_instead() -> None:
    failing = account(AccountStatus.FAILING, failures=3)
    assert next_poll(failing, NOW, EVERY, 0.0, NOW) == NOW + timedelta(minutes=2)


@pytest.mark.parametrize("status", [AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED])
def test_an_account_that_waits_for_its_owner_is_tried_once_a_day(status: AccountStatus) -> None:
    assert next_poll(account(status, failures=9), NOW, EVERY, 0.0, NOW) == NOW + timedelta(days=1)


def test_a_last_try_that_lies_in_the_future_means_now_and_never_in_a_day() -> None:
    tomorrow = NOW + timedelta(days=1)
    for status in AccountStatus:
        ahead = account(status, failures=5, retry_at=tomorrow + timedelta(minutes=5))
        assert next_poll(ahead, tomorrow, EVERY, 0.5, NOW) == NOW


def test_a_source_is_not_asked_before_it_wants_to_be() -> None:
    for tried in (NOW, None):
        resting = account(AccountStatus.FAILING, failures=1, retry_at=NOW + timedelta(hours=1))
        assert next_poll(resting, tried, EVERY, 0.5, NOW) == NOW + timedelta(hours=1)


def test_a_pause_that_no_source_can_have_asked_for_is_a_clock_that_went_back() -> None:
    odd = account(AccountStatus.FAILING, failures=1, retry_at=NOW + timedelta(days=400))
    assert next_poll(odd, None, EVERY, 0.5, NOW) == NOW


@given(
    st.sampled_from(AccountStatus),
    st.integers(0, 50),
    st.one_of(st.none(), st.timedeltas(timedelta(days=-60), timedelta(days=60))),
    st.one_of(st.none(), st.timedeltas(timedelta(days=-60), timedelta(days=60))),
    st.timedeltas(timedelta(), timedelta(days=2)),
    st.floats(0, 1),
)
@laws
def test_whatever_the_clock_did_no_account_rests_for_longer_than_the_longest_rest(
    status: AccountStatus,
    failures: int,
    tried: timedelta | None,
    retry: timedelta | None,
    every: timedelta,
    jitter: float,
) -> None:
    one = account(status, failures, retry_at=None if retry is None else NOW + retry)
    due = next_poll(one, None if tried is None else NOW + tried, every, jitter, NOW)
    assert due - NOW <= max(LONGEST_OBEYED, PAUSED_FOR, every * 1.1)
    if tried is None and (retry is None or retry <= timedelta()):
        assert due <= NOW


# --------------------------------------------------------------------------- quiet hours


def test_quiet_hours_last_from_their_first_minute_to_right_before_their_last() -> None:
    night, rome = (time(22, 30), time(6)), ZoneInfo("Europe/Rome")
    assert quiet_until(local(TUESDAY, 22, 29), night, rome) is None
    for moment in (local(TUESDAY, 22, 30), local(TUESDAY + timedelta(days=1), 5, 59)):
        assert quiet_until(moment, night, rome) == local(TUESDAY + timedelta(days=1), 6)
    assert quiet_until(local(TUESDAY + timedelta(days=1), 6), night, rome) is None


def test_quiet_hours_may_lie_within_a_day_or_not_be_there() -> None:
    rome = ZoneInfo("Europe/Rome")
    assert quiet_until(local(TUESDAY, 13), (time(12), time(14)), rome) == local(TUESDAY, 14)
    assert quiet_until(local(TUESDAY, 15), (time(12), time(14)), rome) is None
    assert quiet_until(local(TUESDAY, 13), None, rome) is None


@given(instants, st.sampled_from(ZONES), st.times(), st.times())
@laws
def test_quiet_hours_end_after_now_and_within_little_more_than_a_day(
    now: datetime, zone: str, first: time, last: time
) -> None:
    hours = (first.replace(fold=0), last.replace(fold=0))
    end = quiet_until(now, hours, ZoneInfo(zone))
    if end is not None:
        assert now < end <= now + timedelta(hours=26)


@given(instants, st.sampled_from(ZONES), st.integers(0, 47), st.integers(0, 47))
@laws
def test_when_quiet_hours_end_they_are_over(now: datetime, zone: str, first: int, last: int) -> None:
    hours = (time(first // 2, first % 2 * 30), time(last // 2, last % 2 * 30))
    end = quiet_until(now, hours, ZoneInfo(zone))
    far_apart = (last - first) % 48 <= 44  # a window that is nearly a day may touch the next where a clock changes
    if end is not None and far_apart and first != last:
        assert quiet_until(end, hours, ZoneInfo(zone)) is None


# --------------------------------------------------------------------------- what a digest waits for


@pytest.mark.parametrize(
    ("waits", "one"),
    [
        (False, account(last_sync=NOW - timedelta(minutes=9))),
        (True, account(last_sync=NOW - timedelta(hours=9))),
        (True, account(last_sync=NOW + timedelta(hours=9))),
        (False, account(AccountStatus.FIRST_SYNC)),
        (False, account(AccountStatus.SIGN_IN, last_sync=NOW - timedelta(hours=9))),
        (False, account(AccountStatus.MISCONFIGURED, last_sync=NOW - timedelta(hours=9))),
        (False, account(last_sync=NOW - timedelta(hours=9), retry_at=NOW + timedelta(minutes=1))),
    ],
)
def test_a_digest_waits_for_those_who_may_soon_have_something_to_say(waits: bool, one: Account) -> None:  # noqa: FBT001 - one row of a table
    assert holds_back_digest(one, EVERY, NOW) is waits


def test_a_digest_waits_while_a_network_comes_up_and_not_for_a_source_that_stays_away() -> None:
    def failing(ago: timedelta) -> Account:
        return account(AccountStatus.FAILING, 2, NOW - timedelta(hours=9), failing_since=NOW - ago)

    assert holds_back_digest(failing(timedelta(minutes=3)), EVERY, NOW)
    assert not holds_back_digest(failing(timedelta(hours=3)), EVERY, NOW)

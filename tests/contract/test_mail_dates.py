"""When a message was sent, whatever its Date says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._mail_dates import parse_date, parse_internal_date, sent_at

ARRIVED = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 20 Nov 1995 19:12:08 -0500", at(1995, 11, 21, 0, 12, 8)),
        (" Mon, 20 Nov 1995 19:12:08 -0500 (EST)", at(1995, 11, 21, 0, 12, 8)),
        ("20 Nov 1995 19:12 GMT", at(1995, 11, 20, 19, 12)),
        ("Mon,  2 Jan 2023 00:00:00 +0545", at(2023, 1, 1, 18, 15)),
        ("Mon, 02 Jan 23 00:00:00 +0000", at(2023, 1, 2)),
        ("Sat, 24 Dec 0001 22:26:44 -0800", at(2001, 12, 25, 6, 26, 44)),
        ("Fri, 21 Nov 97 09:55:06 EST", at(1997, 11, 21, 14, 55, 6)),
        ("Mon Jan  2 15:04:05 2006", at(2006, 1, 2, 15, 4, 5)),
        ("2021-05-06T07:08:09Z", at(2021, 5, 6, 7, 8, 9)),
        ("2021-05-06 07:08:09.123 +02:00", at(2021, 5, 6, 5, 8, 9)),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", at(1997, 11, 21, 15, 55, 6)),
    ],
)
def test_every_usual_form_is_understood(value: str, expected: datetime) -> None:
    assert parse_date(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 2 Jan 2023 10:00:00 -0000", at(2023, 1, 2, 10)),
        ("Mon, 2 Jan 2023 10:00:00", at(2023, 1, 2, 10)),
        ("Mon, 2 Jan 2023 10:00:00 +9999", at(2023, 1, 2, 10)),
        ("Mon, 2 Jan 2023 10:00:00 MEZ", at(2023, 1, 2, 10)),
        ("Sat, 31 Dec 2016 23:59:60 +0000", at(2016, 12, 31, 23, 59, 59)),
    ],
)
def test_a_zone_that_says_nothing_is_utc_and_a_leap_second_is_the_one_before(value: str, expected: datetime) -> None:
    assert parse_date(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "", "gestern", "Lun, 2 Ene 2023 10:00:00 +0000", "Fri, 31 Dec 9999 23:00:00 -1200", "0", "\x00",
        "Mon, 32 Jan 2023 10:00:00 +0000", "Mon, 2 Jan 2023 25:00:00 +0000", "2023-13-01T00:00:00Z",
        "Mon, 2 Jan 99999 10:00:00 +0000",
    ],
)  # fmt: skip
def test_what_names_no_instant_is_none(value: str) -> None:
    assert parse_date(value) is None


@given(st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 31)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 - the zone is the point
def test_a_date_as_the_standard_writes_it_reads_as_the_instant_it_names(local: datetime, ahead: int) -> None:
    sign = "-" if ahead < 0 else "+"
    zone = f"{sign}{abs(ahead) // 60:02}{abs(ahead) % 60:02}"
    expected = local.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=ahead)
    assert parse_date(f"{local:%a, %d %b %Y %H:%M:%S} {zone}") == expected
    assert parse_internal_date(f"{local:%d-%b-%Y %H:%M:%S} {zone}") == expected


@given(st.text(max_size=60))
def test_no_text_raises(value: str) -> None:
    for read in (parse_date, parse_internal_date):
        found = read(value)
        assert found is None or found.utcoffset() == timedelta(0)


@pytest.mark.parametrize("value", ["", " 1-Jan", "31-Feb-2020 00:00:00 +0000", "01-Jan-2020 00:00:00 +00"])
def test_an_internaldate_that_is_none_is_none(value: str) -> None:
    assert parse_internal_date(value) is None


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (at(2026, 3, 5, 8), at(2026, 3, 5, 8)),
        (at(2026, 3, 5, 10), ARRIVED),
        (at(2038, 1, 19), ARRIVED),
        (at(2001, 5, 6), at(2001, 5, 6)),
        (at(1989, 12, 31), ARRIVED),
        (at(1970, 1, 1), ARRIVED),
    ],
    ids=["clock ahead", "a day ahead", "far ahead", "mail that moved house", "before mail", "the zero of a clock"],
)
def test_a_date_is_believed_unless_it_lies_ahead_or_before_all_mail(date: datetime, expected: datetime) -> None:
    assert sent_at(f"{date:%a, %d %b %Y %H:%M:%S} +0000", ARRIVED) == expected


def test_without_an_arrival_the_date_is_held_against_now() -> None:
    tomorrow = f"{ARRIVED + timedelta(days=2):%a, %d %b %Y %H:%M:%S} +0000"
    assert sent_at(tomorrow, None, ARRIVED) is None
    assert sent_at(tomorrow, None) == ARRIVED + timedelta(days=2)
    assert sent_at("", None, ARRIVED) is None


@pytest.mark.parametrize("arrived", [at(1970, 1, 1), at(2038, 1, 19)])
def test_an_arrival_that_cannot_be_true_is_not_believed(arrived: datetime) -> None:
    date = at(2026, 3, 1)
    assert sent_at("Sun, 01 Mar 2026 00:00:00 +0000", arrived, ARRIVED) == date
    assert sent_at("", arrived, ARRIVED) is None

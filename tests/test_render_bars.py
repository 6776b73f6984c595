"""A year of exchanges as bars."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncd.render.bars import HEIGHT, Bar, BarKind, bars, spark

YEARS = st.lists(st.integers(0, 1000), min_size=12, max_size=12)


def test_a_pause_is_a_tick_and_the_silence_until_today_is_marked_apart() -> None:
    shown = bars((2, 0, 4, 0, 0))
    assert shown[:3] == (Bar(BarKind.ACTIVE, 17), Bar(BarKind.EMPTY, 3), Bar(BarKind.ACTIVE, HEIGHT))
    assert shown[3:] == (Bar(BarKind.QUIET, 3),) * 2


def test_a_year_of_silence_is_all_quiet() -> None:
    assert {bar.kind for bar in bars((0,) * 12)} == {BarKind.QUIET}
    assert spark((0,) * 12) == "·" * 12


def test_the_spark_shows_the_same_year() -> None:
    assert spark((9, 7, 8, 6, 9, 7, 8, 6, 9, 8, 3, 0)) == "█▇█▆█▇█▆██▃·"


@given(YEARS)
def test_more_exchanges_never_make_a_lower_bar(months: list[int]) -> None:
    for shown in ([bar.height for bar in bars(months)], [ord(block) for block in spark(months)]):
        pairs = sorted((count, height) for count, height in zip(months, shown, strict=True) if count)
        assert [height for _, height in pairs] == sorted(height for _, height in pairs)


@given(YEARS)
def test_the_busiest_month_is_as_high_as_it_gets_and_none_is_higher(months: list[int]) -> None:
    heights = [bar.height for bar in bars(months)]
    assert max(heights) == (HEIGHT if any(months) else 3)
    assert len(heights) == len(spark(months)) == 12

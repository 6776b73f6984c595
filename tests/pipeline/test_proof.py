"""The sentence of a measure: what it counts, and what it leaves out when there is nothing to say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.pipeline.proof import Measured, proof_of
from syncd.pipeline.score import history_of
from syncd.pipeline.silence import DAY, Owner
from tests.pipeline.diary import NOW, days_ago, heard, wrote

if TYPE_CHECKING:
    from syncd.model import Touch

FOUND = Measured(None, None, 0.25)


def proof(*touches: Touch, owner: Owner | None = None, found: Measured = FOUND) -> str:
    ordered = sorted(touches, key=lambda touch: touch.until)
    return proof_of(history_of(ordered), found, owner or Owner(), NOW)


def talks(*days: int) -> list[Touch]:
    return [touch for day in days for touch in (wrote(days_ago(day)), heard(days_ago(day - 0.1)))]


def test_a_tie_of_a_year_in_one_sentence() -> None:
    found = Measured(timedelta(days=21), timedelta(days=61), 0.118)
    assert proof(*talks(71, 92, 113, 193, 214, 235), found=found) == (
        "12 exchanges (6 sent, 6 received, 0 met) in 4 months since February; about every 3 weeks; quiet for 10 weeks; "
        "1 of the 5 silences before lasted as long and ended by itself; held against 61 days; "
        "12% chance of another within 60 days."
    )


def test_the_year_is_said_of_what_began_in_another_one() -> None:
    assert "since February 2025" in proof(*talks(600, 30))


def test_several_such_silences_ended_by_themselves() -> None:
    assert "3 of the 3 silences before lasted as long and ended by themselves" in proof(*talks(30, 80, 130, 180))


def test_of_a_talk_that_goes_on_no_silence_is_spoken_of() -> None:
    assert "silences" not in proof(*talks(1, 30, 60, 90))


def test_one_silence_is_too_few_to_compare() -> None:
    assert "silences" not in proof(*talks(30, 60))


def test_an_owner_who_was_away_is_told() -> None:
    today = int(NOW.timestamp() // DAY)
    assert "you were in touch with nobody for 2 weeks" in proof(*talks(30), owner=Owner((today - 14,)))
    assert "nobody" not in proof(*talks(30), owner=Owner((today - 3,)))


def test_an_owner_whose_silences_are_unlike_others_is_told() -> None:
    assert "(your silences end more often than most)" in proof(*talks(30), owner=Owner(lean=-1.0))
    assert "(your silences end less often than most)" in proof(*talks(30), owner=Owner(lean=1.0))
    assert "than most" not in proof(*talks(30), owner=Owner(lean=0.2))

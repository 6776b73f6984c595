"""What holds for every history: laws of the measure of a tie."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.model import Direction, InteractionKind, Role, Touch, VerdictKind
from tests.pipeline.diary import CLIENTS_ONLY, NOW, days_ago, how_it_stands, met

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from syncd.model import Relationship

laws = settings(max_examples=100, deadline=None)

_KINDS = st.sampled_from(
    [
        (InteractionKind.MAIL, Direction.IN, Role.FROM),
        (InteractionKind.MAIL, Direction.OUT, Role.TO),
        (InteractionKind.MAIL, Direction.OUT, Role.CC),
        (InteractionKind.MEETING, Direction.MUTUAL, Role.ATTENDEE),
    ]
)
_VERDICTS = st.sampled_from([VerdictKind.HUMAN] * 4 + [VerdictKind.LIST, VerdictKind.BULK, VerdictKind.WIDE])
_MINUTES = st.integers(1, 1200 * 24 * 60)


@st.composite
def histories(draw: st.DrawFn) -> list[Touch]:
    """Touches of the last three years, in any order."""
    drawn = draw(st.lists(st.tuples(_MINUTES, _KINDS, _VERDICTS), max_size=25))
    touches = []
    for number, (minutes, (kind, direction, role), verdict) in enumerate(drawn, 1):
        until = NOW - timedelta(minutes=minutes)
        touches.append(Touch(number, until, until, kind, direction, verdict, role, message_id=f"{number}"))
    return touches


def stand(touches: Sequence[Touch], after: timedelta = timedelta()) -> Relationship:
    return how_it_stands(touches, policy=CLIENTS_ONLY, now=NOW + after)


@given(histories(), st.integers(0, 2000 * 24), st.integers(0, 2000 * 24))
@laws
def test_with_no_new_interaction_strength_and_chance_never_rise(
    touches: list[Touch], hours: int, more_hours: int
) -> None:
    sooner = stand(touches, timedelta(hours=hours)).tie
    later = stand(touches, timedelta(hours=hours + more_hours)).tie
    assert later.strength <= sooner.strength
    assert later.p_alive <= sooner.p_alive


@given(histories(), st.randoms(use_true_random=False))
@laws
def test_the_order_of_touches_is_irrelevant(touches: list[Touch], random: Random) -> None:
    shuffled = list(touches)
    random.shuffle(shuffled)
    assert stand(shuffled) == stand(touches)


@given(histories(), _MINUTES, _KINDS)
@laws
def test_an_older_interaction_never_moves_the_last_contact_back(
    touches: list[Touch], minutes: int, kind: tuple[InteractionKind, Direction, Role]
) -> None:
    before = stand(touches)
    until = NOW - timedelta(minutes=minutes)
    older = Touch(10**6, until, until, kind[0], kind[1], VerdictKind.HUMAN, kind[2])
    after = stand([*touches, older])
    if before.tie.last:
        assert after.tie.last is not None
        assert after.tie.last >= before.tie.last
    makes_a_streak = before.tie.unanswered == 1 and kind[1] is Direction.OUT
    if before.quiet_since and not makes_a_streak:
        assert after.quiet_since is not None
        assert after.quiet_since >= before.quiet_since


@given(histories(), st.integers(1, 400 * 24))
@laws
def test_a_future_meeting_is_not_yet_a_contact(touches: list[Touch], hours: int) -> None:
    ahead = met(NOW + timedelta(hours=hours))
    without = stand(touches)
    assert stand([*touches, ahead]) == replace(without, next_meeting=ahead.at)


@given(histories())
@laws
def test_every_number_is_within_its_bounds(touches: list[Touch]) -> None:
    one = stand(touches)
    tie = one.tie
    assert 0.0 <= tie.strength < 1.0
    assert 0.0 <= tie.p_alive < 1.0
    assert tie.interactions == tie.sent + tie.received + tie.met <= len(touches)
    assert tie.unanswered <= tie.sent
    assert sum(count for _, count in one.yearly) == tie.interactions
    assert sum(one.months) <= tie.interactions
    assert (tie.last is None) == (tie.interactions == 0)
    assert not one.followed or tie.met or (tie.sent and tie.received)


def test_a_meeting_counts_from_its_end_on() -> None:
    under_way = met(days_ago(0.5 / 24))
    assert stand([under_way]).tie.last is None
    assert stand([under_way]).next_meeting == under_way.at
    assert stand([under_way], timedelta(hours=1)).tie.last == under_way.until

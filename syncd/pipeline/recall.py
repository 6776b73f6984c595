"""A history with what was folded before it: counts, ends and months as they were, days where they most likely lay.

Of a folded year it is known in how many days and weeks there was contact, and in which months. Days spread over these
tell the strength of a tie and the chance of a silence almost what the true ones did.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from syncd.model import Tally
    from syncd.pipeline.score import History

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEK = 7

T = TypeVar("T")


def recalled(history: History, tallies: Iterable[Tally]) -> History:
    """The same history, with what was folded into `tallies` before it.

    Counts, months, the first exchange and the last are what they were. The silences between conversations, and so the
    rhythm, are learned from what is still kept.
    """
    folded = sorted((one for one in tallies if one.exchanges), key=lambda one: (one.year, one.address))
    if not folded:
        return history
    months: dict[int, int] = {}
    days: dict[int, float] = {}
    for one in folded:
        for month, exchanges in _by_month(one):
            months[month] = months.get(month, 0) + exchanges
        for day in likely_days(one):
            days[day] = days.get(day, 0.0) + one.weight / one.days
    for month, exchanges in history.months.items():
        months[month] = months.get(month, 0) + exchanges
    for day, weight in history.days.items():
        days[day] = max(days.get(day, 0.0), weight)
    first, last = min(one.first for one in folded).timestamp(), max(one.last for one in folded).timestamp()
    mine = {day for one in folded if one.sent or one.met for day in likely_days(one)}
    mutual = [likely_days(one)[0] for one in folded if one.met or (one.sent and one.received)]
    standing = history.exchanges > 0
    return replace(
        history,
        sent=history.sent + sum(one.sent for one in folded),
        received=history.received + sum(one.received for one in folded),
        met=history.met + sum(one.met for one in folded),
        first=min(first, history.first) if standing else first,
        last=max(last, history.last) if standing else last,
        quiet_since=history.quiet_since if standing else last,
        mine=tuple(sorted(mine.union(history.mine))),
        mutual=min(mutual, default=history.mutual),
        days=dict(sorted(days.items())),
        months=dict(sorted(months.items())),
    )


def _by_month(tally: Tally) -> list[tuple[int, int]]:
    """The months with exchanges, and how many: at least one each, and the others in the last."""
    active = [tally.year * 12 + bit for bit in range(12) if tally.months >> bit & 1]
    return [*((month, 1) for month in active[:-1]), (active[-1], tally.exchanges - len(active) + 1)]


@lru_cache(1 << 12)
def likely_days(tally: Tally) -> tuple[int, ...]:
    """As many days (since the epoch, each once) as there were, in as many weeks, within the months that had some.

    The first and the last are the true ones. Fewer weeks where the months and the ends leave no room for all.
    """
    first, last = ((moment - _EPOCH).days for moment in (tally.first, tally.last))
    weeks: dict[int, list[int]] = {}
    for day in range(first, last + 1):
        if tally.months >> (_EPOCH + timedelta(day)).month - 1 & 1:
            weeks.setdefault(day // _WEEK, []).append(day)
    room = [weeks[week] for week in _spread(sorted(weeks), tally.weeks)]
    found = {first, last}
    while room and len(found) < tally.days:
        room = [free for week in room if (free := [day for day in week if day not in found])]
        found.update(week[len(week) // 2] for week in _spread(room, tally.days - len(found)))
    return tuple(sorted(found))


def _spread(among: Sequence[T], count: int) -> list[T]:
    """So many of them, at equal distances, the first and the last among them."""
    if count >= len(among):
        return list(among)
    return [among[place * (len(among) - 1) // max(1, count - 1)] for place in range(count)]

"""What remains of exchanges that are older than is kept: a count for each address and year, and what knows them again.

Which of them were conversation is decided one last time, with everything that is known of a person; from then on only
the counts speak.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC
from hashlib import blake2b
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from syncd.model import Tally
from syncd.pipeline.conversation import conversation, in_order
from syncd.pipeline.score import history_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from syncd.model import Keys, Person, Touch
    from syncd.pipeline.policy import Ignore


def known_by(keys: Keys, at: datetime) -> tuple[int, ...]:
    """The 63-bit numbers by which a copy of a record is known again: its source's id, and its content at its second.

    `at` is when it was sent, or starts.
    """
    content = f"{keys.content} {at.timestamp():.0f}"
    digest = int.from_bytes(blake2b(content.encode(), digest_size=8).digest(), "big") >> 1
    return tuple(one for one in (keys.key, digest if keys.content else 0) if one)


def tally(
    person: Person,
    touches: Sequence[Touch],
    folding: Collection[int],
    present: Collection[str],
    known: Sequence[Tally],
    ignore: Ignore,
) -> tuple[Tally, ...]:
    """What remains of the touches with a person whose interactions are in `folding`; nothing of a stranger.

    `present` are the addresses that stand in these, `known` is what was folded of the person before. An address that
    nothing came of is kept with a count of 0 when another one of the same person counts, so that they stay one person.
    What an address was called is not said here.
    """
    counted = conversation(person, in_order(touches), ignore, known)
    if not counted and not any(one.exchanges for one in known):
        return ()
    conversed: defaultdict[tuple[str, int], list[Touch]] = defaultdict(list)
    seen: defaultdict[tuple[str, int], list[Touch]] = defaultdict(list)
    for touch in counted:
        if touch.interaction in folding:
            conversed[_place(touch)].append(touch)
    for touch in in_order(touch for touch in touches if touch.interaction in folding):
        seen[_place(touch)].append(touch)
    beside = set(person.addresses).intersection(present).difference(address for address, _ in seen)
    if last := max(seen, key=itemgetter(1), default=None):
        for address in beside:  # it stood only where another one of theirs stood more visibly
            seen[address, last[1]] = seen[last][:1]
    return tuple(
        _tally(address, year, conversed.get((address, year), ()), together)
        for (address, year), together in sorted(seen.items())
    )


def _place(touch: Touch) -> tuple[str, int]:
    return touch.address, touch.until.astimezone(UTC).year


def _tally(address: str, year: int, counted: Sequence[Touch], seen: Sequence[Touch]) -> Tally:
    history = history_of(counted)
    spoken = counted or seen
    return Tally(
        address=address,
        year=year,
        sent=history.sent,
        received=history.received,
        met=history.met,
        first=spoken[0].until,
        last=spoken[-1].until,
        months=sum(1 << month % 12 for month in history.months),
        weight=sum(history.days.values()),
        days=len(history.days),
        weeks=len({day // 7 for day in history.days}),
        accounts=tuple(sorted({account for touch in seen for account in touch.accounts})),
    )


def add_up(tallies: Iterable[Tally]) -> dict[tuple[str, int], Tally]:
    """One tally for each address and year, whatever it was folded in."""
    found: dict[tuple[str, int], Tally] = {}
    for one in tallies:
        place = one.address, one.year
        found[place] = _sum(found[place], one) if place in found else one
    return found


def _sum(first: Tally, second: Tally) -> Tally:
    spoken = [one for one in (first, second) if one.exchanges] or [first, second]
    return replace(
        second,
        sent=first.sent + second.sent,
        received=first.received + second.received,
        met=first.met + second.met,
        first=min(one.first for one in spoken),
        last=max(one.last for one in spoken),
        months=first.months | second.months,
        weight=first.weight + second.weight,
        days=first.days + second.days,
        weeks=first.weeks + second.weeks,
        accounts=tuple(sorted({*first.accounts, *second.accounts})),
        names=by_frequency(Counter(dict(first.names)) + Counter(dict(second.names))),
    )


def by_frequency(names: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The names, those most seen first."""
    return tuple(sorted(names.items(), key=lambda pair: (-pair[1], pair[0])))


def called(tallies: Sequence[Tally], names: Mapping[str, Mapping[str, int]]) -> list[Tally]:
    """The tallies, where each address's last one says what it was called."""
    last = {one.address: one for one in sorted(tallies, key=attrgetter("address", "year"))}
    return [
        replace(one, names=by_frequency(names.get(one.address, {}))) if last[one.address] is one else one
        for one in tallies
    ]

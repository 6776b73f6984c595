"""What remains of exchanges that are older than is kept: a count for each address and year, and what knows them again.

Which of them were conversation is decided one last time, with everything that is known of a person; from then on only
the counts speak.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC
from hashlib import blake2b
from typing import TYPE_CHECKING

from syncd.model import Tally
from syncd.pipeline.conversation import conversation, in_order
from syncd.pipeline.identity import full_name
from syncd.pipeline.normalize import display_name, name_key
from syncd.pipeline.score import history_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from syncd.model import Keys, Person, Sighting, Touch
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
    known: Sequence[Tally],
    ignore: Ignore,
) -> tuple[Tally, ...]:
    """What remains of the touches with a person whose interactions are in `folding`; nothing of a stranger.

    `known` is what was folded of them before. An address that nothing came of is kept with a count of 0 when another
    one of the same person counts, so that they stay one person. What an address is called is not said here.
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
        name="",
        sent=history.sent,
        received=history.received,
        met=history.met,
        first=spoken[0].until,
        last=spoken[-1].until,
        months=sum(1 << month % 12 for month in history.months),
        weight=sum(history.days.values()),
        conversations=history.conversations,
        accounts=tuple(sorted({account for touch in seen for account in touch.accounts})),
    )


def add_up(tallies: Iterable[Tally]) -> dict[tuple[str, int], Tally]:
    """One tally for each address and year, whatever it was folded in; of several names the last one given."""
    found: dict[tuple[str, int], Tally] = {}
    for one in tallies:
        place = one.address, one.year
        found[place] = _sum(found[place], one) if place in found else one
    return found


def _sum(first: Tally, second: Tally) -> Tally:
    spoken = [one for one in (first, second) if one.exchanges] or [first, second]
    return replace(
        second,
        name=second.name or first.name,
        sent=first.sent + second.sent,
        received=first.received + second.received,
        met=first.met + second.met,
        first=min(one.first for one in spoken),
        last=max(one.last for one in spoken),
        months=first.months | second.months,
        weight=first.weight + second.weight,
        conversations=first.conversations + second.conversations,
        accounts=tuple(sorted({*first.accounts, *second.accounts})),
    )


def name_kept(sighting: Sighting) -> str:
    """The name that an address keeps: its one full name, spelled as most often; never one that several people share.

    Names of one word merge nobody, so the one seen most may stay.
    """
    full = full_name(sighting)
    spellings: Counter[str] = Counter()
    for name, count in sighting.names:
        if name_key(name) == full:
            spellings[display_name(name)] += count
    return max(spellings, key=lambda name: (spellings[name], len(name), name), default="")

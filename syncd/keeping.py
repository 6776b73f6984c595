"""How long exchanges are kept: what is older than `privacy.history` becomes a count for each address and year.

Safe to ask for at any time and as often as one likes; the daemon does once a day, after deriving.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from syncd.pipeline.folding import name_kept, tally
from syncd.store import fold as put_in_place_of
from syncd.store import ripe, tallies
from syncd.sync import derive

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from syncd.pipeline.policy import Policy
    from syncd.store import Store


def fold(store: Store, policy: Policy, history: timedelta | None, now: datetime) -> int:
    """Fold what was over before `now` less `history`; how many interactions went (0 also where `history` is None).

    Derives first, and says again who is who. What another process changes meanwhile is left for the next time. Raises
    StoreError, StoreBusy.
    """
    if history is None:
        return 0
    derive(store, policy)
    what = ripe(store, now - history)
    if what is None:
        return 0
    known = tallies(store)
    counted = [
        one
        for person, touches in store.histories(now)
        for one in tally(
            person,
            [touch for touch in touches if touch.until <= now],
            what.interactions,
            known.get(person.id, ()),
            policy.ignore,
        )
    ]
    concerned = {one.address for one in counted}
    names = {seen.address: name_kept(seen) for seen in store.sightings() if seen.address in concerned}
    counted = [replace(one, name=names.get(one.address, "")) for one in counted]
    if not put_in_place_of(store, what, counted):
        return 0
    derive(store, policy)
    return len(what.interactions)

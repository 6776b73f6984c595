"""How long exchanges are kept: what is older than `privacy.history` becomes a count for each address and year.

Folding destroys by the clock, so a clock is believed only when it went on for half a day: one that jumps, after a dead
battery or a wrong answer of a time server, folds nothing away.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.pipeline.folding import called, tally
from syncd.store.folding import names_in, put_tallies, ripe, tallies, watch_clock
from syncd.sync import derive

if TYPE_CHECKING:
    from datetime import datetime

    from syncd.pipeline.policy import Policy
    from syncd.store import Store

BELIEVED_AFTER = timedelta(hours=12)
"""How long a clock must have gone on before anything is folded by it."""


def fold(store: Store, policy: Policy, history: timedelta | None, now: datetime) -> int:
    """Fold what was over before `now` less `history`; how many interactions went (0 also where `history` is None).

    To be asked for once a day, after deriving, and as often as one likes: nothing happens until the clock was seen to
    go on for half a day, without a jump backwards or over two months. Raises StoreError, StoreBusy.
    """
    if history is None or now - watch_clock(store, now) < BELIEVED_AFTER:
        return 0
    return fold_before(store, policy, now - history, now)


def fold_before(store: Store, policy: Policy, edge: datetime, now: datetime) -> int:
    """Fold what was over before `edge`, whatever the clock did; how many interactions went.

    Derives first, and says again who is who. What another process changes meanwhile is left for the next time. Raises
    StoreError, StoreBusy.
    """
    derive(store, policy)
    what = ripe(store, edge)
    if what is None:
        return 0
    known, names = tallies(store), names_in(store, what)
    counted = [
        one
        for person, touches in store.histories(now)
        for one in tally(
            person,
            [touch for touch in touches if touch.until <= now],
            what.interactions,
            names,
            known.get(person.id, ()),
            policy.ignore,
        )
    ]
    if not put_tallies(store, what, called(counted, names)):
        return 0
    derive(store, policy)
    return len(what.interactions)

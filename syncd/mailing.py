"""The digest of the day, from the store to the owner: composed, planned, rendered, and handed over, once.

The command line and the daemon mail by the same steps; each of them is safe beside the other, and after any death.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd import review
from syncd.deliver import deliver_pending, transport_for
from syncd.pipeline.digest import is_news, people_shown
from syncd.secrets import resolve

if TYPE_CHECKING:
    from datetime import datetime

    from syncd.config import Settings
    from syncd.model import Letter
    from syncd.pipeline.policy import Policy
    from syncd.store import Store


def post_digest(store: Store, settings: Settings, policy: Policy, now: datetime) -> bool:
    """Write the digest of the local day of `now` into the outbox.

    False, and nothing written, when there is nothing to say, or that day has a letter already.
    """
    from syncd.render import compose_letter  # noqa: PLC0415 - templates load only when something is rendered

    written = review.digest(store, policy, now, tuple(settings.accounts))
    if policy.digest.empty == "skip" and not is_news(written, store.last_digest(), policy):
        return False
    letter = compose_letter(written, policy, store.digest_key(), settings.send.sender)
    store.post(letter, people_shown(written))
    return True


def deliver(store: Store, settings: Settings, now: datetime) -> tuple[Letter, ...]:
    """Hand over what waits in the outbox; the letters that were dealt with, each as it stands now.

    Raises DeliveryError or AuthRequired when the settings or the secret of [digest.send] cannot work, StoreError.
    """
    return deliver_pending(store, transport_for(settings.send, resolve), now)

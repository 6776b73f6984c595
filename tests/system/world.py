"""The demo world at any moment, read as the command line reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd import review
from syncd.cli.session import Session, progress_bars
from syncd.cli.sync import run
from syncd.config import load
from syncd.demo import write_world
from syncd.store import Store

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from syncd.model import Digest
    from syncd.pipeline.policy import Policy


def digest_of(folder: Path, now: datetime) -> tuple[Digest, Policy]:
    """The digest of the demo world at `now`, which must be past, and the policy it was made under."""
    settings = load(write_world(folder, now).config)
    policy = settings.policy()
    with Store.open(settings.store_url) as store:
        at = Session(settings, policy, store, now)
        with at.sources([]) as accounts, progress_bars() as bar:
            run(at, accounts, bar)
        return review.digest(store, policy, now, tuple(settings.accounts)), policy

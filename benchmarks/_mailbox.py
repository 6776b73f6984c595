"""A mailbox out of files as its owner's syncd has it: read by the connector, kept in a store, derived.

For the measurements; the store lies in a folder of its own that the caller throws away.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncd.accounts import House, open_account
from syncd.config import load
from syncd.errors import SyncdError
from syncd.store import Store
from syncd.sync import derive, poll

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from syncd.pipeline.policy import Policy


@contextmanager
def open_mailbox(folder: Path, me: Sequence[str], now: datetime, home: Path) -> Iterator[tuple[Store, Policy]]:
    """The store of whoever has the mail in `folder` (mboxes at any depth), and the policy of a fresh configuration.

    That configuration has the owner's addresses and one account, and no circle, rule or person of its own. Raises
    ValueError with a sentence when there is no such folder, or it cannot be read.
    """
    if not folder.exists():
        raise ValueError(f"There is no folder {folder}.")
    path = home / "config.toml"
    path.write_text(
        f"[me]\naddresses = {json.dumps(list(me))}\n"
        f'[accounts.mail]\ntype = "mailfile"\nfirst_sync = "60 years"\npath = {json.dumps(str(folder.resolve()))}\n'
        f'[digest]\nto = "nobody@example.org"\n[store]\nurl = "sqlite:///syncd.db"\n'
    )
    try:
        settings = load(path)
        policy = settings.policy()
        with Store.open(settings.store_url, home) as store:
            source = open_account(settings, store, "mail", House())
            outcome = poll(store, source, now)
            source.connector.close()
            if outcome.error:
                raise outcome.error
            derive(store, policy)
            yield store, policy
    except SyncdError as error:
        raise ValueError(f"{error.title} {error.hint}") from error

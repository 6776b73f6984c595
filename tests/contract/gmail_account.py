"""A Gmail account in the double of Google, seen from its owner's side and from its reader's."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors._google_scopes import GMAIL_SCOPES
from connectors.gmail import Gmail, GmailOptions
from syncd.memory import Remembered
from syncd.testing import context
from tests.contract.google_remote import CLIENT, GoogleRemote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from syncd.connector import Memory, Page
    from syncd.model import Observation
    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock


GET: Final = "gmail.users.messages.get"
LIST: Final = "gmail.users.messages.list"
HISTORY: Final = "gmail.users.history.list"


class GmailAccount(GoogleRemote):
    """One account, its reader, and what was kept of its pages; a `syncd.testing.Remote` too."""

    def __init__(self, google: Google, clock: FakeClock) -> None:
        super().__init__(google, clock, GMAIL_SCOPES)
        self.mailbox = google.mailbox
        self.memory = Remembered()
        self.pages: list[Page] = []
        self.records: dict[str, Observation] = {}
        self.subjects = True
        self.settings: dict[str, object] = {}
        self.pause: Callable[[float], None] = clock.pause
        self.horizon = timedelta(days=365)
        self._added = 0

    @property
    def since(self) -> datetime:
        return self.clock() - self.horizon

    @property
    def plenty(self) -> int:
        return 11

    def open(
        self,
        *,
        stopping: Callable[[], bool] = lambda: False,
        subjects: bool | None = None,
        memory: Memory | None = None,
    ) -> Gmail:
        options = GmailOptions.model_validate(
            {
                "type": "gmail",
                "address": self.google.address,
                "client": CLIENT,
                "endpoint": self.google.endpoint,
                **self.settings,
            }
        )
        return Gmail(
            options,
            context(
                "personal",
                now=self.clock,
                pause=self.pause,
                stopping=stopping,
                subjects=self.subjects if subjects is None else subjects,
                secrets={CLIENT: self.google.client_json()},
                memory=memory,
                tokens=self.tokens,
            ),
        )

    def read(
        self,
        most: int | None = None,
        *,
        stopping: Callable[[], bool] = lambda: False,
        between: Callable[[], None] = lambda: None,
    ) -> list[Page]:
        """One poll after the pages kept so far, as the house makes it: each page is kept before the next is asked for.

        With `most` it is killed after so many; `between` is called after each.
        """
        found: list[Page] = []
        with closing(self.open(memory=self.memory, stopping=stopping)) as connector:
            cursor = self.pages[-1].cursor if self.pages else None
            for page in connector.poll(cursor, self.since):
                self.memory.keep(page)
                self.pages.append(page)
                self.records.update((seen.remote_id, seen) for seen in page.observations)
                found.append(page)
                between()
                if len(found) == most:
                    break
        return found

    def forget_cursor(self) -> None:
        """What the house does when the cursor expired: the notes and the records stay."""
        self.pages.clear()

    @property
    def seen(self) -> Mapping[str, Observation]:
        """The last word on each record, since the cursor was forgotten last."""
        return {seen.remote_id: seen for page in self.pages for seen in page.observations}

    def fetched(self) -> list[str]:
        """The messages that were asked for, in the order of asking."""
        return [request.path.rpartition("/")[2] for request in self.google.requests if request.method == GET]

    @property
    def asked_once(self) -> bool:
        """Whether no message was asked for twice."""
        return max(Counter(self.fetched()).values()) == 1

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            self._added += 1
            at = self.clock() - timedelta(days=300) + timedelta(hours=self._added)
            self.mailbox.add(f"Letter {self._added}", at=at)

    def add_hostile(self) -> None:
        self.mailbox.add_raw(b"", internal_date=self.clock() - timedelta(days=2))

    def remove(self, remote_id: str) -> None:
        self.mailbox.delete(remote_id)

    def expire(self) -> None:
        self.mailbox.expire_history()

"""A mailbox at Outlook that is signed in to: the double of Graph, its authority, and the connector on it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.outlook_mail import OutlookMail, OutlookMailOptions
from syncd.memory import Remembered
from syncd.testing import NOW, HeldTokens, context
from tests.servers.certificate import make_certificate
from tests.servers.graph import graph_server
from tests.servers.graph_authority import Authority, signed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    import pytest

    from syncd.connector import Memory, Page
    from syncd.model import Observation
    from tests.servers.graph import Graph
    from tests.servers.graph_contract import Resource

    Settings = Mapping[str, object]

SINCE = NOW - timedelta(days=365)
ANNA = ("anna@harbour.example", "Anna Bianchi")


class Outlook:
    """One account, with a clock that only waiting and `tomorrow` move; `pages` are those that were kept."""

    def __init__(self, graph: Graph, authority: Authority) -> None:
        self.graph = graph
        self.mailbox = graph.mailbox
        self.authority = authority
        self.tokens = HeldTokens()
        self.memory = Remembered()
        self.pages: list[Page] = []
        self.now = NOW
        self.sign_in()

    def sign_in(self) -> None:
        """The owner types `syncd auth`."""
        self.tokens.write(signed_in(self.graph, self.now, self.authority.origin))

    def pause(self, seconds: float) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)

    def connector(
        self,
        *,
        stopping: Callable[[], bool] = lambda: False,
        subjects: bool = True,
        memory: Memory | None = None,
        settings: Settings | None = None,
    ) -> OutlookMail:
        """A new connector, as another process would have it."""
        told: dict[str, object] = {"type": "outlook-mail", **self.authority.settings(), **dict(settings or {})}
        options = OutlookMailOptions.model_validate(told)
        lent = context(
            now=lambda: self.now,
            stopping=stopping,
            subjects=subjects,
            memory=memory or self.memory,
            pause=self.pause,
            tokens=self.tokens,
        )
        return OutlookMail(options, lent)

    def poll(
        self, *, pages: int | None = None, settings: Settings | None = None, subjects: bool = True
    ) -> dict[str, Observation]:
        """What a poll reports, with every page kept; abandoned after so many `pages`."""
        connector = self.connector(settings=settings, subjects=subjects)
        found: dict[str, Observation] = {}
        cursor = self.pages[-1].cursor if self.pages else None
        try:
            for number, page in enumerate(connector.poll(cursor, SINCE), start=1):
                self.memory.keep(page)
                self.pages.append(page)
                found.update((seen.remote_id, seen) for seen in page.observations)
                if number == pages:
                    break
        finally:
            connector.close()
        return found

    def start_over(self) -> None:
        """The house drops the cursor; notes and records stay."""
        self.pages.clear()

    def letter(self, folder: str = "inbox", at: datetime | None = None, fields: Resource | None = None) -> str:
        """A letter from Anna to the owner, an hour old, with Graph's own `fields`; its id."""
        number = self.graph.mailbox.total() + 1
        return self.mailbox.add(
            folder,
            f"Letter {number}",
            at or self.now - timedelta(hours=1),
            sender=ANNA,
            to=[self.graph.owner],
            fields=fields,
        )


@contextmanager
def outlook_at(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Outlook]:
    """An account whose pages are small; no rule of Graph may be broken in the end."""
    certificate = make_certificate(folder)
    patch.setenv("REQUESTS_CA_BUNDLE", str(certificate.chain))
    patch.setattr("connectors._outlook_mail_reading.PAGE", 4)
    patch.setattr("connectors._outlook_mail_reading.SKIMMED", 6)
    patch.setattr("connectors._outlook_mail_reading.FEW", 2)
    with graph_server() as graph, Authority(graph, certificate) as authority:
        yield Outlook(graph, authority)

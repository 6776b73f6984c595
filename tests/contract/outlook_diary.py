"""An Outlook calendar seen from its other side: one mailbox at the double of Graph, and what was read of it so far."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors._microsoft import CALENDARS
from connectors.outlook_calendar import OutlookCalendar, OutlookCalendarOptions
from syncd.memory import Remembered
from syncd.model import Meeting, Removal
from syncd.testing import NOW, context
from tests.contract.microsoft_account import microsoft_options, signed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from syncd.connector import Memory, Page
    from syncd.model import Observation
    from tests.servers.graph import Graph

ANNA: Final = ("anna@example.org", "Anna Bianchi")
BRUNO: Final = ("bruno@example.net", "Bruno Conti")
ME: Final = "d.rossi@northwind.example"

HORIZON: Final = timedelta(days=3 * 365)


class Diary:
    """One account; `now` is its clock. It remembers what was kept, as a store would."""

    def __init__(self, graph: Graph, *, calendars: Sequence[str] = (), zone: tzinfo = UTC) -> None:
        self.graph = graph
        self.calendar = graph.calendars.default
        self.now = NOW
        self.zone = zone
        self.names = tuple(calendars)
        self.memory = Remembered()
        self.cursor: str | None = None
        self.known: dict[str, Observation] = {}

    def options(self) -> OutlookCalendarOptions:
        account = microsoft_options(self.graph.origin)
        return OutlookCalendarOptions.model_validate({**account.model_dump(exclude_none=True), "calendars": self.names})

    def open(
        self,
        *,
        stopping: Callable[[], bool] = lambda: False,
        subjects: bool = True,
        memory: Memory | None = None,
    ) -> OutlookCalendar:
        options = self.options()
        return OutlookCalendar(
            options,
            context(
                now=lambda: self.now,
                stopping=stopping,
                subjects=subjects,
                time_zone=self.zone,
                memory=memory,
                tokens=signed_in(options, CALENDARS, access=self.graph.access_token, expires=self.now + HORIZON),
            ),
        )

    def pages(self, since: datetime | None = None) -> list[Page]:
        """One poll, kept page by page."""
        connector = self.open(memory=self.memory)
        kept = []
        try:
            for page in connector.poll(self.cursor, since or self.now - HORIZON):
                self.memory.keep(page)
                self.cursor = page.cursor
                for seen in page.observations:
                    self.known[seen.remote_id] = seen
                kept.append(page)
        finally:
            connector.close()
        return kept

    def check(self) -> tuple[str, ...]:
        """What the connector says of itself."""
        connector = self.open()
        try:
            return connector.check()
        finally:
            connector.close()

    def poll(self, since: datetime | None = None) -> list[Observation]:
        """What one poll reports."""
        return [seen for page in self.pages(since) for seen in page.observations]

    def meetings(self) -> list[Meeting]:
        """What stands after all polls so far, by start."""
        found = [seen for seen in self.known.values() if isinstance(seen, Meeting)]
        return sorted(found, key=lambda meeting: (meeting.start, meeting.remote_id))

    def standing(self) -> dict[str, Observation]:
        """The last word on every record that is not gone."""
        return {name: seen for name, seen in self.known.items() if not isinstance(seen, Removal)}

    def afresh(self) -> Diary:
        """Somebody else who never read it."""
        other = Diary(self.graph, calendars=self.names, zone=self.zone)
        other.now = self.now
        return other

    def wait(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)

    def meet(self, subject: str = "Coffee", days: float = 1, **more: object) -> str:
        """A meeting with Anna, so many days from now; its id."""
        more = {"attendees": [(ME, "Davide Rossi"), ANNA], **more}
        return self.calendar.add(subject, self.now + timedelta(days=days), **more)  # type: ignore[arg-type]  # Graph's own fields, as the double takes them

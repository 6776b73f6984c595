"""The cursor of `google-calendar`: how far each calendar was listed, and how far what was listed was reported.

What the listings brought lies in notes; of it the cursor only knows where to go on.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from syncd.errors import CursorExpired

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = 1


@dataclass(slots=True)
class CalendarPlace:
    """One calendar: its time zone, the token of the last finished listing, the page of one that is under way.

    `whole` says that the listing holds everything and not only changes, `waiting` that it brought something that is
    still to be settled. `listed` counts its items.
    """

    zone: str
    token: str = ""
    page: str = ""
    whole: bool = True
    waiting: bool = False
    listed: int = 0

    @property
    def is_unbegun(self) -> bool:
        """Whether it was never listed."""
        return not self.token and not self.page

    @property
    def is_complete(self) -> bool:
        """Whether it was listed to the end."""
        return bool(self.token) and not self.page

    @property
    def is_settling(self) -> bool:
        """Whether what was listed is still to be settled; only a finished listing ever is."""
        return self.waiting and self.is_complete

    def take(self, items: int, page: str, token: str) -> None:
        """A page of the listing came, and named what comes next."""
        self.listed += items
        self.page = page
        self.token = token if not page else self.token
        self.waiting = self.waiting or items > 0 or self.whole


@dataclass(slots=True)
class Walk:
    """Going through all groups, in the order of their records: `last` is the last that was done, of `done` so far.

    `until` is where the window ends for those.
    """

    until: float
    last: str = ""
    done: int = 0


@dataclass(slots=True)
class Place:
    """A cursor, opened. Times are seconds since 1970; calendars by their id."""

    of: str
    since: float
    until: float
    calendars: dict[str, CalendarPlace] = field(default_factory=dict)
    walk: Walk | None = None

    @classmethod
    def opened(cls, cursor: str, of: str) -> Place:
        """The place that `cursor` names; CursorExpired when it was written for other settings, or by somebody else."""
        try:
            value = json.loads(cursor)
            if value.pop("version") != VERSION or value["of"] != of:
                raise CursorExpired("The settings of this account changed since it was last read.")
            calendars = {str(name): CalendarPlace(**kept) for name, kept in value.pop("calendars").items()}
            walk = value.pop("walk")
            return cls(**value, calendars=calendars, walk=Walk(**walk) if walk else None)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CursorExpired("The place where reading stopped is not known any more.") from error

    def cursor(self) -> str:
        """The text a store keeps."""
        return json.dumps({"version": VERSION, **asdict(self)}, separators=(",", ":"))

    def attend(self, zones: Mapping[str, str]) -> None:
        """These are the calendars to read, by their time zones. CursorExpired when they were others, or elsewhere."""
        if not self.calendars:
            self.calendars = {name: CalendarPlace(zone) for name, zone in zones.items()}
        elif {name: place.zone for name, place in self.calendars.items()} != zones:
            raise CursorExpired("The calendars of this account, or their time zones, changed since it was last read.")

    @property
    def is_unsettled(self) -> bool:
        """Whether something was listed, or begun to be settled, and not finished."""
        return self.walk is not None or any(calendar.is_settling for calendar in self.calendars.values())

    @property
    def is_settling_whole(self) -> bool:
        """Whether what a listing lacks has to be looked for."""
        return any(calendar.is_settling and calendar.whole for calendar in self.calendars.values())

    @property
    def listed(self) -> int:
        """How many items were listed and not yet settled."""
        return sum(calendar.listed for calendar in self.calendars.values())

    def is_settling(self, calendar: str) -> bool:
        """Whether what was listed of this calendar is to be settled now."""
        return calendar in self.calendars and self.calendars[calendar].is_settling

    def finish(self) -> None:
        """Every group was gone through."""
        if self.walk is not None:
            self.until, self.walk = self.walk.until, None
        for calendar in self.calendars.values():
            if calendar.is_settling:
                calendar.waiting, calendar.whole, calendar.listed = False, False, 0

    @property
    def horizon(self) -> datetime:
        """Where reading began (UTC)."""
        return datetime.fromtimestamp(self.since, UTC)

    @property
    def reported(self) -> datetime:
        """Up to where occurrences were reported (UTC)."""
        return datetime.fromtimestamp(self.until, UTC)

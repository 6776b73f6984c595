"""The cursor of `outlook-calendar`: how far each calendar was read, and the link that tells whether it changed since.

What was reported of the window lies in notes (`_outlook_calendar_window`); here is only what moves with every poll.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from syncd.errors import CursorExpired

VERSION: Final = 1

BEHIND: Final = timedelta(days=90)
AHEAD: Final = timedelta(days=61)
"""The window: so far back are changes seen, so far ahead are meetings reported."""

LISTED_FOR: Final = timedelta(days=1)
"""So long a quiet calendar is believed; then its window, which moved meanwhile, is listed all the same."""

WATCHED_FOR: Final = timedelta(days=7)
"""So long one round of change tracking is continued; its window cannot move (event-delta page), so it has to reach so
much further than ours."""

UNWATCHED_FOR: Final = timedelta(hours=1)
"""So long a calendar is believed that has no change tracking."""

MISSED_FOR: Final = timedelta(days=1)
"""So long a calendar that was there may be away before its owner is asked: Graph answers 404 in passing, too."""


@dataclass(slots=True)
class Place:
    """One calendar. Times are seconds since 1970, 0 for never.

    `link` goes on with the round of change tracking that began at `watched`; a round that is not `settled` still counts
    what there is. `listed` is when the window was last read as a whole; `due` that it has to be again, or as much of it
    as `span` holds. What lies before it was read down to `older`, of what there is down to `horizon`. `missed` is since
    when it is away.
    """

    calendar: str
    name: str
    addresses: list[str]
    link: str = ""
    settled: bool = False
    watched: float = 0.0
    listed: float = 0.0
    due: bool = True
    span: list[float] = field(default_factory=list)
    older: float = 0.0
    horizon: float = 0.0
    missed: float = 0.0

    @property
    def mark(self) -> str:
        """What stands for this calendar in the ids of its records: ids of calendars are long."""
        return blake2b(self.calendar.encode("utf-8", "replace"), digest_size=6).hexdigest()

    def has_to_be_watched_anew(self, now: datetime) -> bool:
        """Whether its round of change tracking grew old, or never began; also when the clock was set back."""
        return not self.link or not 0 <= now.timestamp() - self.watched < WATCHED_FOR.total_seconds()

    def has_to_be_listed(self, now: datetime) -> bool:
        """Whether anything changed, or a day went by, so that its window is not what it was."""
        return self.due or self.has_to_be_listed_whole(now)

    def has_to_be_listed_whole(self, now: datetime) -> bool:
        """Whether nobody knows where in its window something changed, or a day went by."""
        whole = self.due and not self.span
        return whole or not 0 <= now.timestamp() - self.listed < LISTED_FOR.total_seconds()

    def change(self, span: tuple[float, float] | None) -> None:
        """Something changed between two instants; None: somewhere."""
        if span is None or (self.due and not self.span):
            self.due, self.span = True, []
        elif span[0] <= span[1]:
            before = self.span or span
            self.due, self.span = True, [min(before[0], span[0]), max(before[1], span[1])]

    def is_listed(self, now: datetime, *, whole: bool) -> None:
        """What had to be listed was; `whole` says that it was all of the window."""
        self.due, self.span = False, []
        self.listed = now.timestamp() if whole else self.listed

    def go_unwatched(self, now: datetime) -> None:
        """There is no change tracking, or no longer: look yourself, at once where there was, and then once an hour."""
        stale = not 0 <= now.timestamp() - self.listed < UNWATCHED_FOR.total_seconds()
        if stale or self.link:
            self.change(None)
        self.link, self.settled, self.watched = "", False, 0.0

    def miss(self, now: datetime) -> bool:
        """It is not there; whether that has been so for so long that it is gone. Anew when the clock was set back."""
        if not 0 < self.missed <= now.timestamp():
            self.missed = now.timestamp()
        return now.timestamp() - self.missed >= MISSED_FOR.total_seconds()

    def window(self, now: datetime, since: datetime) -> tuple[datetime, datetime]:
        """The window to list; after a long time away it begins where the last one did."""
        last = datetime.fromtimestamp(self.listed, UTC) if self.listed else now
        return max(min(now, last) - BEHIND, since), now + AHEAD


@dataclass(slots=True)
class Cursor:
    """Every calendar of an account, by the name it has in the settings."""

    of: str
    places: dict[str, Place] = field(default_factory=dict)

    @classmethod
    def opened(cls, cursor: str | None, of: str) -> Cursor:
        """What `cursor` says; CursorExpired when it was written for other settings, or by somebody else."""
        if cursor is None:
            return cls(of)
        try:
            value = json.loads(cursor)
            if value["version"] != VERSION or value["of"] != of:
                raise CursorExpired("The settings of this account changed since it was last read.")
            return cls(of, {str(name): Place(**place) for name, place in value["places"].items()})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CursorExpired("The place where reading stopped is not known any more.") from error

    def written(self) -> str:
        """The text a store keeps."""
        places = {name: asdict(place) for name, place in self.places.items()}
        return json.dumps({"version": VERSION, "of": self.of, "places": places}, separators=(",", ":"))

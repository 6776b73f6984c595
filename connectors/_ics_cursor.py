"""The cursor of `ics`: which edition of the feed was reported, up to when, and which future meetings it held.

Bounded whatever the feed holds: of its content it keeps one digest, and of its meetings only the nearest ones to come.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors._feed import Validators
from syncd.errors import CursorExpired
from syncd.model import Removal

if TYPE_CHECKING:
    from connectors._calendar import CalendarReading

VERSION: Final = 1
MISSES: Final = 2
"""So many successful reads in a row must lack a future meeting before it is removed."""

MOST_AHEAD: Final = 3000
ALARM: Final = timedelta(days=7)
"""So long a feed that suddenly lost most of its events is taken for broken, and nothing is removed."""

SLIDE: Final = timedelta(days=1)

_FEW: Final = 10


@dataclass(slots=True)
class Pass:
    """Reporting that is under way: one edition, one window; `entering` leaves out what begins before it (seconds).

    `last` is the key of the last observation that was reported.
    """

    mark: str
    since: float
    until: float
    entering: float | None
    last: str = ""


@dataclass(slots=True)
class Place:
    """A cursor, opened. Times are seconds since 1970; `ahead` holds start and misses of meetings to come, by id."""

    of: str
    etag: str = ""
    modified: str = ""
    mark: str = ""
    until: float = 0.0
    events: int = 0
    shrunk: float = 0.0  # since when the feed holds suspiciously little
    ahead: dict[str, tuple[float, int]] = field(default_factory=dict)
    work: Pass | None = None

    @classmethod
    def opened(cls, cursor: str | None, of: str) -> Place:
        """The place that `cursor` names; CursorExpired when it was written for other settings, or by somebody else."""
        if cursor is None:
            return cls(of)
        try:
            value = json.loads(cursor)
            if value.pop("version") != VERSION or value["of"] != of:
                raise CursorExpired("The settings of this account changed since it was last read.")
            work = value.pop("work")
            ahead = {str(name): (float(start), int(misses)) for name, (start, misses) in value.pop("ahead").items()}
            return cls(**value, ahead=ahead, work=Pass(**work) if work else None)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CursorExpired("The place where reading stopped is not known any more.") from error

    def cursor(self) -> str:
        """The text a store keeps."""
        return json.dumps({"version": VERSION, **asdict(self)}, separators=(",", ":"))

    @property
    def validators(self) -> Validators:
        """What the server can tell the reported edition by."""
        return Validators(self.etag, self.modified)

    def is_current(self, until: datetime) -> bool:
        """Whether nothing is left to report, should the feed be unchanged, of a window that ends at `until`."""
        return self.work is None and bool(self.mark) and until.timestamp() - self.until < SLIDE.total_seconds()

    def begin(self, mark: str, since: datetime, until: datetime) -> Pass | None:
        """What there is to report of the edition `mark`; None when it was reported already.

        An edition whose reporting was interrupted is taken up with the window it had.
        """
        if self.work is None or self.work.mark != mark:
            self.work = None
            same = self.mark == mark
            if not (same and self.is_current(until)):
                self.work = Pass(mark, since.timestamp(), until.timestamp(), self.until if same else None)
        return self.work

    def finish(
        self, work: Pass, reading: CalendarReading, validators: Validators, now: datetime
    ) -> tuple[Removal, ...]:
        """Every page of it was reported; what is missing for the second time is removed."""
        self.mark, self.until, self.work = work.mark, work.until, None
        self.etag, self.modified = validators.etag, validators.modified
        present = {meeting.remote_id for meeting in reading.meetings}
        coming = {m.remote_id: m.start.timestamp() for m in reading.meetings if m.start > now}
        doubtful = tuple(unreadable.remote_id for unreadable in reading.unreadable)
        trusted = reading.whole and self._is_believable(reading.events, now)
        kept: dict[str, tuple[float, int]] = {}
        removed: list[Removal] = []
        for name, (start, misses) in self.ahead.items():
            if start <= now.timestamp() or name in present:
                continue
            missed = misses + (trusted and not name.startswith(doubtful))
            if missed >= MISSES:
                removed.append(Removal(name))
            else:
                kept[name] = (start, missed)
        nearest = sorted(coming.items(), key=lambda item: item[1])[:MOST_AHEAD]
        self.ahead = {**kept, **{name: (start, 0) for name, start in nearest}}
        return tuple(removed)

    def confirm(self, now: datetime) -> tuple[Removal, ...]:
        """The feed is unchanged: what it lacked before, it lacks again."""
        if self.shrunk:
            return ()
        missing = [name for name, (start, misses) in self.ahead.items() if misses and start > now.timestamp()]
        for name in missing:
            del self.ahead[name]
        return tuple(map(Removal, missing))

    def _is_believable(self, events: int, now: datetime) -> bool:
        """Whether the feed may be taken at its word about what it no longer holds."""
        collapsed = self.events > 0 and (events == 0 or (self.events >= _FEW and events * 2 < self.events))
        if collapsed and not self.shrunk:
            self.shrunk = now.timestamp()
        if collapsed and now - datetime.fromtimestamp(self.shrunk, UTC) < ALARM:
            return False
        self.events, self.shrunk = events, 0.0
        return True

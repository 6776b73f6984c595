"""How far an Outlook mailbox was read: a small cursor, and for each folder a note.

A folder is read along two ways: change tracking, which goes on from link to link, and sweeps, which go from the newest
message back in time; a note says how far along each.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from connectors._fingerprint import Settled, reopened

if TYPE_CHECKING:
    from datetime import datetime

PREFIX: Final = "folder/"
"""What the keys of the notes on folders begin with; the id follows."""

MOST_TRACKED: Final = 4000
"""So many messages a folder may hold for change tracking to begin at the horizon: filtered rounds stop at 5000."""

MARGIN: Final = timedelta(days=1)
"""So far back change tracking begins in larger folders; everything older is swept."""

LOOK_AGAIN: Final = timedelta(days=1)
LOOK_BACK: Final = timedelta(days=7)
LOOK_AGAIN_AT_ALL: Final = timedelta(days=30)
"""Every day a folder is swept a week back, every month to the horizon: change tracking was seen to leave things out."""

_AGAIN: Final = "Nothing to do: only what is not known yet is read again."


class Sweep(BaseModel):
    """A way back in time: what was received from `low` on was met, and it ends at `bottom`.

    `again` when most of it should be known: then ids are looked at first, and messages are read only down to `read_to`,
    where too many strangers were met.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bottom: AwareDatetime
    low: AwareDatetime | None = None
    again: bool = False
    read_to: AwareDatetime | None = None

    @property
    def skims(self) -> bool:
        """Whether the next page is only looked through for strangers."""
        return self.again and (self.read_to is None or (self.low is not None and self.low <= self.read_to))


class FolderNote(BaseModel):
    """One folder. Change tracking tells of what was received from `begins` on, and goes on from `link`.

    Without a link it has to begin, `again` when it had begun before; where it is `refused`, sweeps do without it.
    `swept` is when the last sweep began, `searched` when the last one that went to the horizon did.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: str
    begins: AwareDatetime
    link: str = ""
    again: bool = False
    refused: bool = False
    sweep: Sweep | None = None
    swept: AwareDatetime | None = None
    searched: AwareDatetime | None = None

    @classmethod
    def read(cls, text: str | None, settings: str) -> FolderNote | None:
        """The note in `text`; None when it was written for other settings, or by another syncd."""
        try:
            note = cls.model_validate_json(text or "")
        except ValueError:
            return None
        return note if note.settings == settings else None

    def written(self) -> str:
        """The text of the note."""
        return self.model_dump_json(exclude_defaults=True)

    @property
    def is_new(self) -> bool:
        """Whether the folder was not read to its horizon yet."""
        return not self.again and (not self.link if self.sweep is None else not self.sweep.again)

    def looking_again(self, now: datetime, since: datetime) -> FolderNote:
        """The same, with a sweep when it is time for one."""
        if self.sweep is not None or (self.swept is not None and now - self.swept < LOOK_AGAIN):
            return self
        if self.searched is None or now - self.searched >= LOOK_AGAIN_AT_ALL:
            return self.swept_to(since, now)
        return self.model_copy(update={"sweep": Sweep(bottom=max(since, now - LOOK_BACK), again=True), "swept": now})

    def swept_to(self, since: datetime, now: datetime) -> FolderNote:
        """The same, with a sweep back to the horizon, and another chance for change tracking."""
        again = {"again": self.again or self.refused, "refused": False}
        return self.model_copy(
            update={"sweep": Sweep(bottom=since, again=True), "swept": now, "searched": now, **again}
        )

    def untracked(self, since: datetime) -> FolderNote:
        """The same, to be swept from now on: change tracking was refused."""
        return self.model_copy(update={"refused": True, "sweep": Sweep(bottom=since, again=self.again)})


class Place(Settled):
    """A cursor: `page` counts the pages written so far, so that two syncs at once notice each other."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    page: int = 0

    @classmethod
    def opened(cls, cursor: str | None, settings: str) -> Place:
        """The place a cursor names, or the very start. Raises CursorExpired when it speaks of something else."""
        if cursor is None:
            return cls(settings=settings)
        return reopened(cls, cursor, settings, _AGAIN)

    def turned(self) -> str:
        """The cursor of the next page."""
        self.page += 1
        return self.model_dump_json()

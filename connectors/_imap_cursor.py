"""How far an IMAP account has been read, folder by folder: the cursor of a page.

What was read of a folder is one unbroken span of uids, which grows upwards with new mail and downwards to the horizon.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors._fingerprint import Settled, reopened

VERSION: Final = 1


class FolderState(BaseModel):
    """What was read of one folder: the uids `low` to `high` (0: none yet), down to the horizon when `complete`.

    `validity` is its UIDVALIDITY, `next` its UIDNEXT when it was last read to its end (0: unknown), and `changes` how
    often in a row its UIDVALIDITY was another one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    validity: int = Field(ge=0)
    low: int = Field(0, ge=0)
    high: int = Field(0, ge=0)
    next: int = Field(0, ge=0)
    complete: bool = False
    changes: int = Field(0, ge=0)


class Survey(BaseModel):
    """What was found out about the folders when they were last looked over; holds while `listing` stays the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listing: str
    sent: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


class Place(Settled):
    """A cursor. `settings` is the fingerprint of what it depends on; folders go by their names as people read them."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    survey: Survey | None = None
    folders: dict[str, FolderState] = Field(default_factory=dict)

    @classmethod
    def opened(cls, cursor: str | None, settings: str) -> Place:
        """The place a cursor names, or the very start. Raises CursorExpired when it speaks of something else."""
        if cursor is None:
            return cls(version=VERSION, settings=settings)
        return reopened(cls, cursor, settings, _AGAIN)

    def written(self) -> str:
        """The cursor."""
        return self.model_dump_json(exclude_defaults=True)


_AGAIN: Final = "Nothing to do: it is read again from the horizon, and nothing counts twice."

"""How far a Gmail account has been read: the cursor of a page. The ids that still wait are notes beside it.

The history id was taken before the listing began, so whatever arrives meanwhile is found afterwards.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors._fingerprint import Settled, reopened

VERSION: Final = 1

START: Final = 200.0
"""Messages a minute to begin with: two thirds of what a new Google project may ask for one user."""

MOST_IN_A_BATCH: Final = 50
"""More parts than this are throttled by themselves, says Google's guide to batches."""


class Tempo(BaseModel):
    """How fast this account lets itself be read: messages a minute, and messages in one batch.

    `limit` is the rate at which it last asked us to slow down (0: it never did).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: float = Field(START, gt=0, le=1e9, allow_inf_nan=False)
    limit: float = Field(0.0, ge=0, le=1e9, allow_inf_nan=False)
    batch: int = Field(MOST_IN_A_BATCH, ge=1, le=MOST_IN_A_BATCH)


class Listing(BaseModel):
    """A listing that is under way: the next page (empty: the first).

    `old` says that the page before ended behind the horizon, `again` that messages are read although they are known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str = ""
    old: bool = False
    again: bool = False


class Place(Settled):
    """A cursor. `settings` is the fingerprint of what it depends on, `history` the mailbox's history id.

    `done` messages of the present backlog were read; `audited` is when the mailbox was last compared with what is
    known (seconds since 1970).
    """

    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    history: str = Field(pattern=r"^[0-9]{1,20}$")
    listing: Listing | None = None
    done: int = Field(0, ge=0)
    audited: int = Field(0, ge=0)
    tempo: Tempo = Tempo()

    @classmethod
    def begun(cls, settings: str, history: str, *, again: bool) -> Place:
        """The very start, when the mailbox stood at `history`."""
        return cls(version=VERSION, settings=settings, history=history, listing=Listing(again=again))

    @classmethod
    def opened(cls, cursor: str | None, settings: str) -> Place | None:
        """The place a cursor names; None for none. Raises CursorExpired when it speaks of something else."""
        if cursor is None:
            return None
        return reopened(cls, cursor, settings, AGAIN)

    def written(self) -> str:
        """The cursor."""
        return self.model_dump_json(exclude_defaults=True)


AGAIN: Final = "Nothing to do: the mailbox is listed again, and only what is not known yet is read."

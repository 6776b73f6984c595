"""What a cursor depends on, told in sixteen digits: settings that changed make it another cursor's.

One way for every connector, so that the same settings give the same digits on every machine and day.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeVar

from pydantic import BaseModel

from syncd.errors import CursorExpired


class Settled(BaseModel):
    """A cursor that says which settings it was written for."""

    settings: str


Place = TypeVar("Place", bound=Settled)


def fingerprint(*parts: object) -> str:
    """Sixteen hexadecimal digits that change when the text (repr) of any of `parts` does."""
    return blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def reopened(kind: type[Place], cursor: str, settings: str, again: str) -> Place:
    """The place in a mailbox that `cursor` names; `settings` is the fingerprint of today's.

    Raises CursorExpired, with `again` as its hint, when somebody else wrote it or the settings were others.
    """
    try:
        place = kind.model_validate_json(cursor)
    except ValueError as error:
        raise CursorExpired(
            "The place up to which this mailbox was read was written by another syncd.", again
        ) from error
    if place.settings != settings:
        raise CursorExpired("The settings of this account have changed since it was last read.", again)
    return place

"""What one answer inside a batch means: a message, nothing any more, not now, or a matter of the whole account.

The outer answer of a batch is 200 whatever its parts say, so each is judged by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from connectors._gmail_message import Metadata, parse

if TYPE_CHECKING:
    from connectors._gmail_wire import Part
    from syncd.connector import Context

_CROWDED: Final = "concurrent"
_OF_THE_ACCOUNT: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
"""Refusals that, whatever they say, are not about the one message."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The message was deleted since."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Gmail asks to slow down; `seconds` when it says for how long, `crowded` when too much was asked at once."""

    title: str
    seconds: float | None
    crowded: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """This message could not be read; `final` when asking again would not help."""

    reason: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Barred:
    """A refusal that is about the account, not about the message."""


Verdict = Metadata | Gone | Throttled | Failed | Barred


def judge(part: Part | None, context: Context) -> Verdict:
    """What Gmail's answer about one message means."""
    if part is None:
        return Failed("Gmail said nothing about it.")
    if part.status == HTTPStatus.OK:
        return parse(part.body) or Failed("Gmail answered something that is no message.")
    return _refused(part, context)


def _refused(part: Part, context: Context) -> Gone | Throttled | Failed | Barred:
    import httplib2  # noqa: PLC0415 - googleapiclient loads slowly
    from googleapiclient.errors import HttpError  # noqa: PLC0415 - likewise

    from connectors._google_errors import Busy, Refused, legible, translated  # noqa: PLC0415 - likewise

    response = httplib2.Response({**part.fields, "status": str(part.status)})
    said = legible(part.body)
    error = translated(HttpError(response, said), context)
    if isinstance(error, Refused):
        if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Gone()
        return Failed(f"Gmail refuses to show it ({error.status} {error.reason}).", final=True)
    if isinstance(error, Busy) and part.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        seconds = error.retry_after.total_seconds() if error.retry_after is not None else None
        return Throttled(error.title, seconds, crowded=_CROWDED in error.title.lower())
    if isinstance(error, Busy) or not (said or part.status in _OF_THE_ACCOUNT):
        return Failed(f"Gmail cannot show it ({part.status}).")
    return Barred()

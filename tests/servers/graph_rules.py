"""The rules a request to Graph has to keep, as Microsoft documents them and as syncd promises them to its owner.

Read-only, the least that is needed, immutable ids and UTC on every single request, and links as they were given.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.servers.graph_contract import contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.graph_contract import TypeName
    from tests.servers.graph_requests import Asked

_PATHS: Final[tuple[tuple[str, TypeName, bool], ...]] = (
    (r"me/calendars", "calendar", True),
    (r"me/calendar|me/calendars/[^/]+", "calendar", False),
    (r"(?:me/calendar|me/calendars/[^/]+|me)/calendarView(?:/delta)?", "event", True),
    (r"(?:me/calendars/[^/]+|me)/events/[^/]+", "event", False),
    (r"(?:me/calendars/[^/]+|me)/events/[^/]+/instances", "event", True),
    (r"me/mailFolders", "mailFolder", True),
    (r"me/mailFolders/[^/]+", "mailFolder", False),
    (r"me/mailFolders/[^/]+/childFolders", "mailFolder", True),
    (r"me/mailFolders/[^/]+/messages(?:/delta)?", "message", True),
    (r"me/messages/[^/]+", "message", False),
)
_PARAMS: Final = frozenset(
    {"$select", "$top", "$filter", "$orderby", "$skiptoken", "$deltatoken", "startDateTime", "endDateTime"}
    | {"changeType", "includeHiddenFolders"}
)
_PRIVATE: Final = frozenset({"body", "bodyPreview", "uniqueBody", "attachments", "extensions"})
"""What ReadBasic does not cover, and syncd must never ask for."""


def kind_of(path: tuple[str, ...]) -> tuple[TypeName, bool] | None:
    """What lies at a path, and whether it is a collection; None when there is nothing."""
    joined = "/".join(path)
    return next(((name, is_page) for known, name, is_page in _PATHS if re.fullmatch(known, joined)), None)


def breaches_of_request(asked: Asked) -> Iterator[str]:
    """Which rules a request breaks, one sentence each."""
    if asked.method != "GET":
        yield "this reader may only GET"
    if not asked.headers.get("authorization", "").startswith("Bearer "):
        yield "there is no bearer token"
    kind = kind_of(asked.path)
    if kind is None:
        yield "nothing is known at this path"
        return
    name, is_page = kind
    yield from (f"the parameter {each} is not known" for each in asked.params.keys() - _PARAMS)
    if asked.continues and len(asked.params) != 1:
        yield "parameters were added to a link"
    fields = asked.params.get("$select", "")
    if fields:
        yield from (f"there is no property {field}" for field in contract().unknown_fields(name, fields))
        yield from (f"{field} is nobody's business" for field in _PRIVATE & set(fields.split(",")))
    if asked.prefer.get("idtype") != "ImmutableId":
        yield 'Prefer lacks IdType="ImmutableId"'
    if name == "event" and asked.prefer.get("outlook.timezone") != "UTC":
        yield 'Prefer lacks outlook.timezone="UTC"'
    if is_page and asked.path[-1] == "delta" and "odata.maxpagesize" not in asked.prefer:
        yield "Prefer lacks odata.maxpagesize"
    if name == "message" and not fields and not asked.continues:
        yield "without $select the bodies of messages come along"

"""What the rooms of `outlook-mail` ask of Graph: pages, collections, single objects, and never a link to elsewhere."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connectors._microsoft_refusals import NotAllowed
from connectors._outlook_mail_message import HEADERS
from syncd.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors._microsoft import MicrosoftAccount

SAMPLED: Final = 10
"""So many messages show whether headers are shown at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of a collection."""

    rows: Sequence[object]
    next: str
    delta: str


class Asker:
    """Graph, asked for pages; a link to another host is refused before it is written down.

    Where headers are not shown to the sign-in (`shows_headers` False by then), messages are read without them.
    """

    def __init__(self, account: MicrosoftAccount) -> None:
        self._account = account
        self.shows_headers = True

    def page(
        self,
        path_or_link: str,
        params: Mapping[str, str] | None = None,
        size: int = 0,
        trail: set[str] | None = None,
    ) -> Answer:
        """One page; with a `size`, Graph is asked to keep to it. Raises what `MicrosoftAccount.get` does.

        `trail` holds where a listing led so far, for it must not lead there again.
        """
        prefer = (f"odata.maxpagesize={size}",) if size else ()
        body = self._get(path_or_link, params, prefer)
        rows, onward, delta = body.get("value"), body.get("@odata.nextLink"), body.get("@odata.deltaLink")
        if not isinstance(rows, list):
            raise Transient("Microsoft Graph answered without the list it was asked for.")
        for link in (onward, delta):
            if link is not None and not (isinstance(link, str) and self._account.owns(link)):
                raise Transient(
                    "Microsoft Graph named a place to go on at another host; it was not followed.",
                    "Nothing was sent there, and nothing that was read is lost.",
                )
        trail = set() if trail is None else trail
        trail.add(path_or_link)
        if onward in trail:
            raise Transient("Microsoft Graph leads in circles.")
        return Answer(rows, str(onward or ""), str(delta or ""))

    def every(self, path: str, params: Mapping[str, str]) -> Iterator[object]:
        """Every item of a collection."""
        trail: set[str] = set()
        answer = self.page(path, params, trail=trail)
        yield from answer.rows
        while answer.next:
            answer = self.page(answer.next, trail=trail)
            yield from answer.rows

    def one(self, path: str, params: Mapping[str, str]) -> dict[str, object]:
        """A single object."""
        return self._get(path, params)

    def headers(self) -> str:
        """Whether messages say by their headers what kind they are, as a sentence; empty where there is no mail."""
        path = "/me/mailFolders/inbox/messages"
        rows = self.page(path, {"$select": HEADERS, "$top": str(SAMPLED)}).rows
        shown = sum(bool(isinstance(row, dict) and row.get(HEADERS)) for row in rows)
        if rows and not shown:
            return "headers are not shown: newsletters are known by their senders' addresses alone"
        return f"headers of {shown} of the newest {len(rows)} messages in the inbox are shown" if rows else ""

    def _get(
        self, path_or_link: str, params: Mapping[str, str] | None, prefer: Sequence[str] = ()
    ) -> dict[str, object]:
        selected = params.get("$select", "").split(",") if params else []
        if params is None or HEADERS not in selected:
            return self._account.get(path_or_link, params, prefer)
        if self.shows_headers:
            with suppress(NotAllowed):
                return self._account.get(path_or_link, params, prefer)
        others = {**params, "$select": ",".join(name for name in selected if name != HEADERS) or "id"}
        found = self._account.get(path_or_link, others, prefer)
        self.shows_headers = False
        return found

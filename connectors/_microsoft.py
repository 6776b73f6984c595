"""One account at Microsoft, as both Outlook connectors see it: a GET that is polite and safe, and a sign-in.

What they need of the rooms behind it is named here; msal and requests are loaded when they are first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors._microsoft_options import MicrosoftOptions
from connectors._microsoft_scopes import CALENDARS, MAIL
from connectors._microsoft_tokens import Keeper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors._microsoft_graph import Graph
    from syncd.connector import Context, Desk

__all__ = ["CALENDARS", "MAIL", "MicrosoftAccount", "MicrosoftOptions"]


class MicrosoftAccount:
    """One account; constructing it does no I/O. `scopes` are names of permissions, `CALENDARS` or `MAIL`."""

    def __init__(self, options: MicrosoftOptions, context: Context, scopes: tuple[str, ...]) -> None:
        self._options = options
        self._context = context
        self._scopes = scopes
        self._keeper = Keeper(options, context, scopes)
        self._graph: Graph | None = None

    @property
    def graph(self) -> Graph:
        """Microsoft Graph; nothing is asked before the first `get`."""
        if self._graph is None:
            from connectors._microsoft_graph import Graph  # noqa: PLC0415 - no other command should wait for requests

            self._graph = Graph(self._options.graph_root, self._context, self._keeper.access_token)
        return self._graph

    def get(
        self, path_or_link: str, params: Mapping[str, str] | None = None, prefer: Sequence[str] = ()
    ) -> dict[str, object]:
        """The object at a path under v1.0 ("/me/calendars"), or behind a nextLink or deltaLink, taken as it is.

        Every request prefers immutable ids and UTC; `prefer` adds to that ("odata.maxpagesize=50"). A busy Graph is
        waited for, at most a minute. Raises CursorExpired when Graph wants reading to begin anew, `NotThere`,
        `NotAllowed` (an AuthRequired), AuthRequired, Misconfigured (no mailbox), `NotTaken` (a Transient), or
        Transient, also for a link that leads to another host.
        """
        return self.graph.get(path_or_link, params, prefer)

    def owns(self, link: str) -> bool:
        """Whether a link is one of this Graph's, to be looked at before a cursor is believed, or one is written."""
        return self.graph.owns(link)

    @property
    def requests(self) -> int:
        """How many requests Graph was sent."""
        return self._graph.requests if self._graph is not None else 0

    def close(self) -> None:
        """Let go of the connections; safe to call twice, never raises."""
        self._keeper.close()
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.close()

    def sign_in(self, desk: Desk, *, device: bool = False) -> tuple[str, ...]:
        """See `SignsIn.sign_in`."""
        from connectors._microsoft_sign_in import sign_in  # noqa: PLC0415 - only `syncd auth` needs it

        return sign_in(self._options, self._context, self._scopes, self._keeper, desk, device=device)

    def sign_in_state(self) -> tuple[str, ...]:
        """See `SignsIn.sign_in_state`."""
        from connectors._microsoft_sign_in import state  # noqa: PLC0415 - likewise

        return state(self._context, self._keeper)

    def sign_out(self) -> tuple[str, ...]:
        """See `SignsIn.sign_out`."""
        from connectors._microsoft_sign_in import sign_out  # noqa: PLC0415 - likewise

        return sign_out(self._context)

"""The mail folders of the double."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.graph_requests import Refused

if TYPE_CHECKING:
    from tests.servers.graph_contract import Resource
    from tests.servers.graph_requests import Asked, Links


class Mailbox:
    """One mailbox."""

    def __init__(self, owner: tuple[str, str]) -> None:
        self.owner = owner

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return ()

    def answer(self, asked: Asked, links: Links) -> Resource:
        """The answer to a request below /me/mailFolders."""
        raise Refused(404, "ErrorItemNotFound", f"{asked.path} {bool(links)}")

"""A connector whose owner signs in, installed for these tests as any other connector is; its provider is this file.

Whoever pastes "yes" is signed in; a code on another device is always confirmed; it has no patience.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from syncd.connector import ConnectorOptions, Note, Page
from syncd.errors import AuthRequired

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from syncd.connector import Context, Desk

ENTRY_POINT = "[syncd.connectors]\nguild = tests.cli.guild:Guild\nchecked-guild = tests.cli.guild:CheckedGuild\n"
ADDRESS = "https://guild.example/sign-in?" + "scope=read&" * 30


class GuildOptions(ConnectorOptions):
    """Who is a member."""

    address: str = Field(description="your address there")
    patience: float = Field(0.05, description="seconds to wait for the owner")

    def own_addresses(self) -> tuple[str, ...]:
        """The one address."""
        return (self.address,)


class Guild:
    """A source with nothing in it but a note, for those who signed in."""

    Options: ClassVar[type[ConnectorOptions]] = GuildOptions

    def __init__(self, options: GuildOptions, context: Context) -> None:
        self._options = options
        self._context = context

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """A page with a note."""
        del cursor, since
        self.sign_in_state()
        yield Page((), "1", notes=(Note("visit", "first"),))

    def close(self) -> None:
        """Nothing to close."""

    def sign_in(self, desk: Desk, *, device: bool = False) -> tuple[str, ...]:
        """Wait for a yes."""
        if device:
            desk.say("Type WXYZ at guild.example.")
        elif self._asked(desk) != "yes":
            raise AuthRequired("You said no.")
        with self._context.tokens.locked():
            self._context.tokens.write("member")
        return (f"{self._options.address} is signed in.", "syncd may see [nothing].")

    def _asked(self, desk: Desk) -> str:
        answers: SimpleQueue[str] = SimpleQueue()
        desk.say("The browser is open." if desk.browse(ADDRESS) else ADDRESS)
        desk.on_paste("Paste the answer here:", answers.put)
        try:
            return answers.get(timeout=self._options.patience)
        except Empty:
            raise AuthRequired("Nobody answered.") from None

    def sign_in_state(self) -> tuple[str, ...]:
        """Whether somebody is signed in."""
        if self._context.tokens.read() is None:
            raise AuthRequired("Nobody is signed in to the guild.")
        return (f"{self._options.address} is signed in.",)

    def sign_out(self) -> tuple[str, ...]:
        """Forget it."""
        self._context.tokens.erase()
        return ("The guild knows you no more.",)


class CheckedGuild(Guild):
    """One that can be checked too."""

    def check(self) -> tuple[str, ...]:
        """What it finds."""
        return ("the guild is open",)

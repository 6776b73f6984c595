"""An account on a scripted IMAP server, and one poll of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors._imap_options import ImapOptions
from connectors.imap import Imap
from syncd.connector import SecretRef
from syncd.model import Message, Unreadable
from syncd.testing import NOW, context
from tests.servers.scripted_imap import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.connector import Memory, Page
    from syncd.model import Observation
    from tests.servers.scripted_imap import Conversation, ScriptedImap

REFERENCE = SecretRef(env="THE_PASSWORD")
HORIZON = NOW - timedelta(days=365)


def letter(number: int, *, sender: str = "", when: datetime | None = None) -> bytes:
    """A header block; the number tells it from all others."""
    sent = when or NOW - timedelta(days=1, minutes=number)
    return (
        f"Message-ID: <{number}@example.org>\r\n"
        f"Date: {sent:%a, %d %b %Y %H:%M:%S +0000}\r\n"
        f"From: Ada Lovelace <{sender or f'ada{number}@example.org'}>\r\n"
        "To: me@example.com\r\n"
        f"Subject: Letter {number}\r\n"
        "\r\n"
    ).encode()


def options(server: ScriptedImap, **told: Any) -> ImapOptions:  # noqa: ANN401 - as a configuration file has them
    """The options of an account there."""
    usual = {"type": "imap", "address": USER, "host": "127.0.0.1", "port": server.port, "tls": "none"}
    if "token" not in told:
        usual["password"] = REFERENCE
    return ImapOptions.model_validate(usual | told)


def connector(
    server: ScriptedImap,
    *,
    stopping: Callable[[], bool] = lambda: False,
    subjects: bool = True,
    password: str = PASSWORD,
    memory: Memory | None = None,
    **told: Any,  # noqa: ANN401 - as a configuration file has them
) -> Imap:
    """A connector on the server."""
    secrets = {REFERENCE: password}
    return Imap(options(server, **told), context(stopping=stopping, subjects=subjects, secrets=secrets, memory=memory))


@dataclass
class Seen:
    """What one poll showed."""

    pages: list[Page] = field(default_factory=list)

    @property
    def cursor(self) -> str:
        return self.pages[-1].cursor

    @property
    def observations(self) -> list[Observation]:
        return [observation for page in self.pages for observation in page.observations]

    @property
    def ids(self) -> list[str]:
        """The messages, by their Message-IDs without the domain, sorted as numbers."""
        found = [seen.message_id[1:].partition("@")[0] for seen in self.observations if isinstance(seen, Message)]
        return sorted(found, key=lambda number: (len(number), number))

    @property
    def unreadable(self) -> dict[str, str]:
        return {seen.remote_id: seen.reason for seen in self.observations if isinstance(seen, Unreadable)}


def poll(server: ScriptedImap, cursor: str | None = None, **told: Any) -> Seen:  # noqa: ANN401 - options, by name
    """Everything one poll shows."""
    reader = connector(server, **told)
    try:
        return Seen(list(reader.poll(cursor, HORIZON)))
    finally:
        reader.close()


def numbers(first: int, last: int) -> list[str]:
    """The names of the letters from `first` to `last`."""
    return [str(number) for number in range(first, last + 1)]


def searched(*lines: str) -> Callable[[Conversation, str, str], None]:
    """What answers every SEARCH with these lines."""

    def answer(talk: Conversation, tag: str, _: str) -> None:
        talk.say(*lines)
        talk.done(tag)

    return answer

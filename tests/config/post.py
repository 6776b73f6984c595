"""A connector with an option of every kind, installed for these tests as any other connector is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, StrictBool, field_validator

from syncd.connector import ConnectorOptions, SecretRef, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from syncd.connector import Context, Page

ENTRY_POINT = """\
[syncd.connectors]
post = tests.config.post:Post
letterbox = tests.config.post:Letterbox
broken = a_library_that_is_not_there.at_all:Broken
halved = another_library_that_is_not_there.at_all:Halved [whole,more]
"""


class PostOptions(ConnectorOptions):
    """Where the post is."""

    address: str = Field(description="your address there")
    host: str = Field("localhost", description="the server")
    port: int = Field(993, ge=1, le=65535, description="its port")
    tls: Literal["implicit", "starttls", "none"] = Field("implicit", description="how the line is kept private")
    folders: tuple[str, ...] = Field((), description="which folders")
    share: float = Field(0.5, gt=0, le=1, description="how much of it")
    everything: StrictBool = Field(default=False, description="spam too")
    patience: Span | None = Field(None, description="how long to wait")
    path: Path | None = Field(None, description="a folder of this machine")
    url: str | SecretRef | None = Field(None, description="a link, which may be secret")
    password: SecretRef | None = Field(None, description="where the password can be found")

    @field_validator("password", mode="before")
    @classmethod
    def _be_careless(cls, value: object) -> object:
        """Some validators repeat what they are given."""
        if isinstance(value, str) and value.startswith("careless"):
            raise ValueError(f"{value} is no password")
        return value

    def own_addresses(self) -> tuple[str, ...]:
        """The one address."""
        return (self.address,)


class Post:
    """A source with nothing in it."""

    Options: ClassVar[type[ConnectorOptions]] = PostOptions

    def __init__(self, options: PostOptions, context: Context) -> None:
        """Nothing to open."""

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """Nothing, ever."""
        del cursor, since
        return iter(())

    def close(self) -> None:
        """Nothing to close."""


class Letterbox(Post):
    """A mailbox that a letter can be put into."""

    def holds(self, message_id: str) -> bool:
        """No letter, ever."""
        del message_id
        return False

    def place(self, message_id: str, content: bytes, folder: str, commit: Callable[[], None]) -> bool:
        """Drop the letter."""
        del message_id, content, folder
        commit()
        return True

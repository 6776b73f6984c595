"""What a connector under test stands in: the house's context, a sign-in, and the source seen from its other side.

A `Remote` is what the author of a connector gives the conformance suite: a source it can fill, break and look at.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, NoReturn, Protocol

import pytest

from syncd.connector import Context
from syncd.errors import AuthRequired
from syncd.memory import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import tzinfo

    from syncd.connector import Connector, Memory, SecretRef, Tokens

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
"""The moment at which a `context` lives unless it is told another."""


def cannot(reason: str) -> NoReturn:
    """Say that a remote cannot do what a promise needs; the test is skipped with this reason."""
    pytest.skip(reason)


def context(  # noqa: PLR0913 - one keyword for each thing the house lends
    account: str = "test",
    *,
    now: Callable[[], datetime] = lambda: NOW,
    stopping: Callable[[], bool] = lambda: False,
    secrets: Mapping[SecretRef, str] | None = None,
    time_zone: tzinfo = UTC,
    subjects: bool = True,
    pause: Callable[[float], None] = lambda _: None,
    memory: Memory | None = None,
    tokens: Tokens | None = None,
) -> Context:
    """What the house lends a connector under test; a secret that is not in `secrets` raises AuthRequired."""

    def secret(reference: SecretRef) -> str:
        try:
            return (secrets or {})[reference]
        except KeyError:
            raise AuthRequired("There is no such secret.", "Give it to syncd.testing.context.") from None

    return Context(
        account=account,
        now=now,
        stopping=stopping,
        secret=secret,
        log=logging.getLogger("syncd.testing"),
        time_zone=time_zone,
        pause=pause,
        memory=memory or Remembered(),
        tokens=tokens or HeldTokens(),
        subjects=subjects,
    )


class HeldTokens:
    """A sign-in held in this process; a `Tokens`."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text
        self._lock = RLock()

    def read(self) -> str | None:
        """See `Tokens.read`."""
        return self.text

    def write(self, text: str) -> None:
        """See `Tokens.write`."""
        self.text = text

    def erase(self) -> None:
        """See `Tokens.erase`."""
        self.text = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Tokens.locked`."""
        with self._lock:
            yield


class Remote(Protocol):
    """A source from its other side. What it cannot do it answers with `cannot(reason)`.

    `since` is the horizon to read from; everything `add` puts there lies after it.
    """

    @property
    def since(self) -> datetime:
        """The horizon the suite polls with (UTC)."""
        ...

    @property
    def plenty(self) -> int:
        """So many records take at least three pages to read."""
        ...

    def open(
        self, *, stopping: Callable[[], bool] = lambda: False, subjects: bool = True, memory: Memory | None = None
    ) -> Connector:
        """A new connector on this source, with these three in its context, and with timeouts of at most 2 seconds."""
        ...

    def add(self, count: int = 1) -> None:
        """So many new records, all different, each with a subject or title."""
        ...

    def add_hostile(self) -> None:
        """At least one record that nobody can read."""
        ...

    def remove(self, remote_id: str) -> None:
        """Take the record away that was reported under this id."""
        ...

    def expire(self) -> None:
        """From now on no cursor handed out so far is honoured."""
        ...

    def deny(self) -> None:
        """From now on the sign-in, or the permission, is refused."""
        ...

    def throttle(self) -> None:
        """From now on the source says "not now" to every request."""
        ...

    def stall(self) -> None:
        """From now on the source accepts a request and never answers."""
        ...

    def mend(self) -> None:
        """Undo `deny`, `throttle` and `stall`."""
        ...

    def snapshot(self) -> object:
        """Everything a reader could have changed: contents, flags, names, times. Equal when nothing was."""
        ...

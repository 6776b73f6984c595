"""The contract a connector author reads: one class with `poll` and `close`, one pydantic model of options.

A connector reports facts page by page and never concludes anything; syncd finds it through the entry-point group
`syncd.connectors` and loads it only when an account names it. `syncd.testing.ConnectorContract` checks the promises.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from syncd.errors import Misconfigured

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime, tzinfo
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from syncd.model import Observation

DIGEST_LIST_ID = "digest.syncd.localhost"
"""The List-Id of our own digest (RFC 2919 section 3); mail connectors drop messages that carry it."""

ENTRY_POINTS = "syncd.connectors"

_UNITS: Mapping[str, timedelta] = {
    "s": timedelta(seconds=1), "sec": timedelta(seconds=1), "second": timedelta(seconds=1),
    "min": timedelta(minutes=1), "minute": timedelta(minutes=1),
    "h": timedelta(hours=1), "hour": timedelta(hours=1),
    "d": timedelta(days=1), "day": timedelta(days=1),
    "w": timedelta(weeks=1), "week": timedelta(weeks=1),
    "m": timedelta(days=30.4375), "month": timedelta(days=30.4375),
    "y": timedelta(days=365.25), "year": timedelta(days=365.25),
}  # fmt: skip

_LONGEST = timedelta(days=1000 * 365.25)
"""Longer spans would leave the calendar (datetime begins with the year 1)."""


def parse_span(value: object) -> timedelta:
    """A length of time as people write it: "10 min", "6 weeks", "2 months", "1 year", "2w".

    A month is 30.4375 days and a year 365.25. Raises ValueError with the sentence to show.
    """
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", value) if isinstance(value, str) else None
    unit = match and (_UNITS.get(match[2].lower()) or _UNITS.get(match[2].lower().removesuffix("s")))
    shown = f'"{value}"' if isinstance(value, str) else value
    if not match or not unit:
        raise ValueError(f'{shown} is not a length of time; write it like "10 min", "6 weeks" or "1 year"')
    amount = float(match[1])
    if amount * unit.total_seconds() > _LONGEST.total_seconds():
        raise ValueError(f"{shown} is longer than anything here can last")
    return amount * unit


Span = Annotated[timedelta, BeforeValidator(parse_span)]
"""A length of time in a configuration file."""


def _between_polls(value: object) -> timedelta:
    span = parse_span(value)
    if span < timedelta(minutes=1):
        raise ValueError('an account is read once a minute at most; write "1 min" or longer')
    if span > timedelta(days=1):
        raise ValueError('an account that is read less than once a day falls behind; write "1 day" or shorter')
    return span


BetweenPolls = Annotated[timedelta, BeforeValidator(_between_polls)]
"""How often an account is read."""


class SecretRef(BaseModel):
    """Where a secret can be found; the secret itself never stands in the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    credential: str | None = Field(None, min_length=1, description="name of a systemd credential (LoadCredential=)")
    command: tuple[str, ...] | None = Field(None, min_length=1, description="a command that prints the secret")
    file: str | None = Field(None, min_length=1, description="a file that only its owner can read")
    env: str | None = Field(None, min_length=1, description="an environment variable")
    keyring: str | None = Field(None, min_length=1, description="SERVICE/NAME in the desktop keyring")

    @model_validator(mode="before")
    @classmethod
    def _refuse_values(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(  # noqa: TRY004 - pydantic turns only ValueError into a problem with a place
                "a secret must not stand in this file; write where it can be found, "
                'like { command = ["pass", "show", "mail/work"] }, { file = "/run/secrets/work" } or { env = "WORK" }'
            )
        return value

    @model_validator(mode="after")
    def _require_exactly_one(self) -> SecretRef:
        if len(self.model_fields_set) != 1:
            raise ValueError("name exactly one of credential, command, file, env, keyring")
        return self


@dataclass(frozen=True, slots=True)
class Server:
    """A server that an account speaks to, for whoever wants to know whether it can be reached.

    `talks` is what it speaks before it is encrypted, or within; `ca_file` holds a private authority's certificates.
    """

    host: str
    port: int
    talks: Literal["imap", "smtp", "http"] = "http"
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    ca_file: Path | None = None

    @classmethod
    def at(cls, address: str) -> Server:
        """The server of an http or https address."""
        parts = urlsplit(address)
        plain = parts.scheme == "http"
        return cls(parts.hostname or "", parts.port or (80 if plain else 443), tls="none" if plain else "implicit")


class ConnectorOptions(BaseModel):
    """What every account may set; a connector adds its own fields. Field descriptions feed the docs and the schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="which connector reads this account")
    first_sync: Span = Field(timedelta(days=3 * 365.25), description="how far back the first sync looks")
    poll: BetweenPolls | None = Field(None, description="how often it is read; without it: daemon.poll")

    def own_addresses(self) -> tuple[str, ...]:
        """The owner's addresses that these options name; they never become people."""
        return ()

    def servers(self) -> tuple[Server, ...]:
        """The servers that these options name, as far as they are no secret: `syncd doctor` looks at them."""
        return ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long read is, in records; `total` None when the source does not say."""

    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """What a connector must remember beside its cursor, by a key of its own; a text of None tears the note up.

    For what is too much for a cursor: ids that wait to be read, series that are worked out again when time moves on.
    """

    key: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Observations, notes, and the cursor that covers everything up to them: in one transaction, or not at all."""

    observations: tuple[Observation, ...]
    cursor: str
    progress: Progress | None = None
    notes: tuple[Note, ...] = ()


class Memory(Protocol):
    """What was written of one account so far; only pages write to it, and it outlives an expired cursor."""

    def notes(self, prefix: str = "", limit: int | None = None) -> Mapping[str, str]:
        """The notes whose keys begin with `prefix`, in the order of keys (by code point); the first `limit` of them."""
        ...

    def known(self, remote_ids: Collection[str]) -> frozenset[str]:
        """Those of these records that stand in the store, read or Unreadable."""
        ...


class Tokens(Protocol):
    """The sign-in of one account, in a file that only its owner can read; only `syncd auth` and a refresh write it."""

    def read(self) -> str | None:
        """What was written last; None when nobody signed in. Raises AuthRequired when others could have read it too."""
        ...

    def write(self, text: str) -> None:
        """Replace it as a whole, or not at all (a full disk leaves the old one). Raises StoreError."""
        ...

    def erase(self) -> None:
        """Forget it; quiet when there is none. Raises StoreError."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else refreshes this sign-in meanwhile, in no process; read again inside. Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What the house lends a connector.

    `now` is the only clock; `stopping` is asked between requests; `secret` resolves a reference (raises AuthRequired);
    `pause` waits so many seconds, or less when it is time to stop; `subjects` False means that subjects and titles must
    not be read at all; `time_zone` is the owner's, for floating times.
    """

    account: str
    now: Callable[[], datetime]
    stopping: Callable[[], bool]
    secret: Callable[[SecretRef], str]
    log: logging.Logger
    time_zone: tzinfo
    pause: Callable[[float], None]
    memory: Memory
    tokens: Tokens
    subjects: bool = True


class Connector(Protocol):
    """One source of facts. Constructing it does no I/O."""

    Options: ClassVar[type[ConnectorOptions]]

    def __init__(self, options: Any, context: Context) -> None:  # noqa: ANN401 - each connector has its own Options
        ...

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """Everything new since `cursor`; without a cursor everything since the horizon `since` (UTC).

        The eight promises, each a test in `syncd.testing.ConnectorContract`:

        1. A page's cursor covers everything up to that page and nothing beyond.
        2. After the last cursor, nothing: polling again yields no observation.
        3. Resuming at any page loses nothing, and repeats are equal.
        4. A cursor the server no longer honours raises CursorExpired, never a silent full read.
        5. Read-only: EXAMINE and BODY.PEEK, GET only.
        6. Every datetime is aware.
        7. A hostile record is Unreadable, never an exception.
        8. Every socket has a timeout, and `context.stopping()` is asked between requests.

        Raises Transient, AuthRequired, Misconfigured or CursorExpired.
        """
        ...

    def close(self) -> None:
        """Let go of sockets and files; safe to call twice, never raises."""
        ...


@runtime_checkable
class Checks(Protocol):
    """A connector that can look whether it would work, without reading mail: `syncd doctor` asks it."""

    def check(self) -> tuple[str, ...]:
        """Sentences about what was found ("signed in as ...; Sent folder: Gesendet"). Raises as `poll` does."""
        ...


@runtime_checkable
class KeepsLetters(Protocol):
    """A connector of the owner's own mailbox in which a letter can be looked for, and put: `via = "place"` asks it."""

    def holds(self, message_id: str) -> bool:
        """Whether a message with this Message-ID (RFC 5322, angle brackets included) is in the mailbox, any folder.

        Reads nothing else, and changes nothing. Raises as `poll` does.
        """
        ...

    def place(self, message_id: str, content: bytes, folder: str, commit: Callable[[], None]) -> bool:
        """Put a message (CRLF line ends) into `folder`, unlooked at; False when it was there already.

        The one thing a connector ever writes, and only when the owner chose it. `commit` is called once, right before
        the step that cannot be taken back; what it raises ends the attempt. Raises as `poll` does, and a plain
        ConnectorError for a letter that is refused; after `commit`, only Transient leaves a doubt that `holds` settles.
        """
        ...


class Desk(Protocol):
    """The owner at the terminal, while they sign in."""

    def say(self, text: str) -> None:
        """Show a line, or several."""
        ...

    def browse(self, url: str) -> bool:
        """Open the owner's browser there; False when there is none."""
        ...

    def on_paste(self, question: str, take: Callable[[str], None]) -> None:
        """Ask, and go on: whatever the owner pastes is given to `take`, in another thread; quiet without a terminal."""
        ...


@runtime_checkable
class SignsIn(Protocol):
    """A connector whose owner signs in at the provider: `syncd auth` calls it. Its sign-in lies in `Context.tokens`."""

    def sign_in(self, desk: Desk, *, device: bool = False) -> tuple[str, ...]:
        """Lead the owner through it and keep the sign-in; sentences that say who signed in and what syncd may see.

        `device` asks for the flow with a code, for machines without a browser. Raises AuthRequired when the owner or
        the provider refuses, when another address signed in or a scope is missing (nothing is kept then), Misconfigured
        when the provider does not know the client, UsageError when there is no such flow, Transient.
        """
        ...

    def sign_in_state(self) -> tuple[str, ...]:
        """Sentences about the sign-in as it is now. Raises AuthRequired when there is none, or it is refused."""
        ...

    def sign_out(self) -> tuple[str, ...]:
        """Revoke the sign-in at the provider where it can be, and forget it in any case."""
        ...


@lru_cache(maxsize=1)
def _installed(_path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """Every registered connector; looking through all installed packages takes 10 ms, so once for each sys.path."""
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}


def connector_names() -> tuple[str, ...]:
    """The connectors that are installed, by name."""
    return tuple(sorted(_installed(tuple(sys.path))))


def load_connector(name: str) -> type[Connector]:
    """The connector class called `name`.

    Raises KeyError when there is none, Misconfigured (with the install command) when one of its libraries is missing.
    """
    entry = _installed(tuple(sys.path))[name]
    with naming_what_is_missing(name):
        loaded: type[Connector] = entry.load()
    return loaded


def shows_meetings(name: str) -> bool:
    """Whether accounts of the connector `name` may show meetings.

    Any may, but one whose class says `shows_meetings: ClassVar[bool] = False`: what is claimed about meetings does not
    wait for it.
    """
    try:
        connector = load_connector(name)
    except (KeyError, Misconfigured):
        return True
    return bool(getattr(connector, "shows_meetings", True))


@contextmanager
def naming_what_is_missing(name: str) -> Iterator[None]:
    """Turn a library of the connector `name` that is not installed into Misconfigured, with the install command.

    The command names the extra that the connector's entry point stands under (`gmail = "...:Gmail [google]"`); without
    one, the package.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        entry = _installed(tuple(sys.path)).get(name)
        extras = ",".join(entry.extras) if entry else ""
        wanted = f'"{entry.dist.name}[{extras}]"' if entry and entry.dist and extras else error.name
        raise Misconfigured(
            f"The connector {name!r} needs the Python package {error.name!r}, which is not installed.",
            f"Type: pip install {wanted}",
        ) from error

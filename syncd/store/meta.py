"""Single values by name: which rules the derived tables follow, how far they reach, the key of the digest's id."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete, insert, select

from syncd.store.schema import meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

Name = Literal["derivation", "watermark", "reached", "identity", "digest-key", "own", "folded", "senders", "clock"]

_KEY_BYTES = 32


def read(connection: Connection, name: Name) -> str:
    """The value; "" when there is none."""
    return connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one_or_none() or ""


def write(connection: Connection, name: Name, value: str) -> None:
    """Set the value; inside a writing transaction."""
    connection.execute(delete(meta).where(meta.c.name == name))
    connection.execute(insert(meta).values(name=name, value=value))


def digest_key(connection: Connection) -> bytes | None:
    """The secret of this store; None before it was made."""
    return bytes.fromhex(read(connection, "digest-key")) or None


def make_digest_key(connection: Connection) -> bytes:
    """The secret of this store, made now unless another process was first; inside a writing transaction."""
    known = digest_key(connection)
    if known is None:
        known = secrets.token_bytes(_KEY_BYTES)
        write(connection, "digest-key", known.hex())
    return known

"""The tables: what was observed, what was concluded, what the owner said, what is to be mailed.

Facts, notes and decisions are the truth; every other table can be derived again from them. A change here needs a
migration and a new VERSION; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

VERSION: Final = "0003"
"""The newest revision in `migrations/versions`."""

VERSION_TABLE: Final = "syncd_version"
"""Named for us: a PostgreSQL database may also hold other programs' alembic tables."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

_SERIAL = BigInteger().with_variant(Integer, "sqlite")
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")  # sorted alike on every database: by code point

meta = Table(
    "meta",
    metadata,
    Column("name", _TEXT, primary_key=True),
    Column("value", _TEXT, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("name", _TEXT, nullable=False, unique=True),
    Column("connector", _TEXT, nullable=False),
    Column("cursor", _TEXT),
    Column("status", _TEXT, nullable=False),
    Column("last_sync", BigInteger),
    Column("failing_since", BigInteger),
    Column("error", _TEXT, nullable=False, server_default=""),
    Column("hint", _TEXT, nullable=False, server_default=""),
    Column("observations", Integer, nullable=False, server_default="0"),
    Column("unreadable", Integer, nullable=False, server_default="0"),
    # how far a pass has come that did not reach its end yet (`model.Reading`); all NULL when the last one did
    Column("reading_done", BigInteger),
    Column("reading_total", BigInteger),
    Column("reading_at", BigInteger),
    Column("reading_since", BigInteger),
    Column("reading_start", BigInteger),
    Column("reader", _TEXT),
    # passes that failed in a row, and before when the source asked not to be asked again
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("retry_at", BigInteger),
)

# --------------------------------------------------------------------------- what was observed

# `seq` grows with every change, so that whoever derives can ask for what is past a watermark. `key` and `content` are
# 63-bit hashes (`model.Keys`) that find the facts which may belong together; NULL shares nothing. They and `sender`
# follow from the payload, and are computed again when everything is derived anew.
fact = Table(
    "fact",
    metadata,
    Column("seq", _SERIAL, primary_key=True),
    Column("account", BigInteger, ForeignKey(account.c.id), nullable=False),
    Column("remote_id", _TEXT, nullable=False),
    Column("kind", _TEXT, nullable=False),
    Column("key", BigInteger),
    Column("content", BigInteger),
    Column("sender", _TEXT),
    Column("payload", _TEXT, nullable=False),
    UniqueConstraint("account", "remote_id"),
    sqlite_autoincrement=True,
)
Index("fact_key", fact.c.key)
Index("fact_content", fact.c.content)
_sent = text("sender IS NOT NULL")
Index("fact_sender", fact.c.sender, sqlite_where=_sent, postgresql_where=_sent)

# What a connector remembers beside its cursor; it lies behind the key's index, since a text may have several KB.
note = Table(
    "note",
    metadata,
    Column("account", BigInteger, ForeignKey(account.c.id), nullable=False),
    Column("key", _TEXT, nullable=False),
    Column("text", _TEXT, nullable=False),
    PrimaryKeyConstraint("account", "key"),
)

# What was read so long ago that only counts of it are kept (`privacy.history`): exchanges by address and year, and by
# what they are known again, so that none is counted twice when a source shows it once more. `months` is a set of bits.
tally = Table(
    "tally",
    metadata,
    Column("address", _TEXT, nullable=False),
    Column("year", Integer, nullable=False),
    Column("names", _TEXT, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("met", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("months", Integer, nullable=False),
    Column("days", Integer, nullable=False),
    Column("weeks", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("accounts", _TEXT, nullable=False),
    PrimaryKeyConstraint("address", "year"),
)

folded = Table("folded", metadata, Column("id", BigInteger, primary_key=True, autoincrement=False))

# Who asked to be forgotten, as a salted hash of each address: enough to know it when it comes again, and no more.
forgotten = Table("forgotten", metadata, Column("mark", _TEXT, primary_key=True))

# What an observation was identified by before it changed or went: the next derivation voids and recomputes it.
gone = Table(
    "gone",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("identity", BigInteger, nullable=False),
    Column("key", BigInteger),
    Column("content", BigInteger),
    sqlite_autoincrement=True,
)

# --------------------------------------------------------------------------- what was concluded

# `id` is a hash and would scatter inserts over the whole tree (three times slower, measured); `row` counts up.
interaction = Table(
    "interaction",
    metadata,
    Column("row", _SERIAL, primary_key=True, autoincrement=False),
    Column("id", BigInteger, nullable=False, unique=True),
    Column("kind", _TEXT, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("direction", _TEXT, nullable=False),
    Column("verdict", _TEXT, nullable=False),
    Column("reason", _TEXT, nullable=False),
    Column("evidence", _TEXT, nullable=False),
    Column("accounts", _TEXT, nullable=False),
    Column("subject", _TEXT, nullable=False),
    Column("message_id", _TEXT, nullable=False),
    Column("in_reply_to", _TEXT, nullable=False),
)
_meeting = text("kind = 'meeting'")
Index("interaction_meeting", interaction.c.at, sqlite_where=_meeting, postgresql_where=_meeting)

# An address under one of its names: 300,000 contacts of 100,000 messages are some 20,000 of these.
appearance = Table(
    "appearance",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=False),
    Column("address", _TEXT, nullable=False),
    Column("name", _TEXT, nullable=False),
    UniqueConstraint("address", "name"),
)

# No foreign keys here and in `namesake`: with them SQLite clears the tables row by row when all is derived again (4 s
# instead of nothing for 100,000 messages, measured), and writes contacts a third slower. A test looks for orphans.
contact = Table(
    "contact",
    metadata,
    Column("appearance", BigInteger, nullable=False),  # appearance.id
    Column("interaction", BigInteger, nullable=False),  # interaction.row
    Column("position", Integer, nullable=False),
    Column("role", _TEXT, nullable=False),
    PrimaryKeyConstraint("appearance", "interaction", "position"),
    sqlite_with_rowid=False,
)
Index("contact_interaction", contact.c.interaction)

namesake = Table(
    "namesake",
    metadata,
    Column("interaction", BigInteger, nullable=False),  # interaction.id
    Column("first", _TEXT, nullable=False),
    Column("second", _TEXT, nullable=False),
    PrimaryKeyConstraint("interaction", "first", "second"),
    sqlite_with_rowid=False,
)

person = Table(
    "person",
    metadata,
    Column("id", _TEXT, primary_key=True),
    Column("name", _TEXT, nullable=False),
    Column("addresses", _TEXT, nullable=False),
)

alias = Table(
    "alias",
    metadata,
    Column("address", _TEXT, primary_key=True),
    # deferred: people and aliases are replaced in the same transaction, in any order
    Column("person", _TEXT, ForeignKey(person.c.id, deferrable=True, initially="DEFERRED"), nullable=False),
    Column("because", _TEXT, nullable=False),
)
Index("alias_person", alias.c.person, alias.c.address)

# --------------------------------------------------------------------------- what the owner said, what is to be mailed

decision = Table(
    "decision",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("kind", _TEXT, nullable=False),
    Column("subject", _TEXT, nullable=False),
    Column("object", _TEXT, nullable=False),
    Column("at", BigInteger, nullable=False),
)

letter = Table(
    "letter",
    metadata,
    Column("day", _TEXT, primary_key=True),
    Column("message_id", _TEXT, nullable=False),
    Column("recipient", _TEXT, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("state", _TEXT, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", _TEXT, nullable=False),
    Column("changed", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("resumed", Integer, nullable=False, server_default="0"),
    Column("retry_at", BigInteger),
)

shown = Table(
    "shown",
    metadata,
    Column("day", _TEXT, ForeignKey(letter.c.day), nullable=False),
    Column("person", _TEXT, nullable=False),
    PrimaryKeyConstraint("day", "person"),
)

# --------------------------------------------------------------------------- who is at work

# Whoever holds a lease counts `beat` up while they live; `at` is when, by their own clock, for people to read.
lease = Table(
    "lease",
    metadata,
    Column("name", _TEXT, primary_key=True),
    Column("holder", _TEXT, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

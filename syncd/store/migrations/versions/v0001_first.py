"""The first schema.

Written out in full and never edited: it must make the same tables however `schema.py` changes later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "account",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("connector", TEXT, nullable=False),
        sa.Column("cursor", TEXT),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("last_sync", sa.BigInteger()),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("error", TEXT, server_default="", nullable=False),
        sa.Column("hint", TEXT, server_default="", nullable=False),
        sa.Column("observations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unreadable", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )
    op.create_table(
        "appearance",
        sa.Column("id", SERIAL, autoincrement=False, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_appearance"),
        sa.UniqueConstraint("address", "name", name="uq_appearance_address_name"),
    )
    op.create_table(
        "decision",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("object", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_table(
        "gone",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("identity", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.BigInteger()),
        sa.Column("content", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_gone"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "interaction",
        sa.Column("row", SERIAL, autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("verdict", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("accounts", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("in_reply_to", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_interaction"),
        sa.UniqueConstraint("id", name="uq_interaction_id"),
    )
    op.create_index(
        "interaction_meeting",
        "interaction",
        ["at"],
        sqlite_where=sa.text("kind = 'meeting'"),
        postgresql_where=sa.text("kind = 'meeting'"),
    )
    op.create_table(
        "letter",
        sa.Column("day", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("recipient", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("changed", sa.BigInteger()),
        sa.PrimaryKeyConstraint("day", name="pk_letter"),
    )
    op.create_table(
        "meta",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    op.create_table(
        "person",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("addresses", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
    )
    op.create_table(
        "alias",
        sa.Column("address", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("because", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["person.id"], name="fk_alias_person", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("address", name="pk_alias"),
    )
    op.create_index("alias_person", "alias", ["person", "address"])
    op.create_table(
        "contact",
        sa.Column("appearance", sa.BigInteger(), nullable=False),
        sa.Column("interaction", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("appearance", "interaction", "position", name="pk_contact"),
        sqlite_with_rowid=False,
    )
    op.create_index("contact_interaction", "contact", ["interaction"])
    op.create_table(
        "fact",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("remote_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", sa.BigInteger()),
        sa.Column("content", sa.BigInteger()),
        sa.Column("sender", TEXT),
        sa.Column("payload", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_fact_account"),
        sa.PrimaryKeyConstraint("seq", name="pk_fact"),
        sa.UniqueConstraint("account", "remote_id", name="uq_fact_account_remote_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("fact_content", "fact", ["content"])
    op.create_index("fact_key", "fact", ["key"])
    op.create_index(
        "fact_sender",
        "fact",
        ["sender"],
        sqlite_where=sa.text("sender IS NOT NULL"),
        postgresql_where=sa.text("sender IS NOT NULL"),
    )
    op.create_table(
        "namesake",
        sa.Column("interaction", sa.BigInteger(), nullable=False),
        sa.Column("first", TEXT, nullable=False),
        sa.Column("second", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("interaction", "first", "second", name="pk_namesake"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shown",
        sa.Column("day", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["day"], ["letter.day"], name="fk_shown_day"),
        sa.PrimaryKeyConstraint("day", "person", name="pk_shown"),
    )

"""What a service that runs for months needs: leases, patience that outlives it, forgetting, and folding.

Written out in full and never edited: it must make the same tables however `schema.py` changes later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the new tables and columns; letters take the new names of their states."""
    op.add_column("account", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("account", sa.Column("retry_at", sa.BigInteger()))
    op.add_column("letter", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("letter", sa.Column("resumed", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("letter", sa.Column("retry_at", sa.BigInteger()))
    op.execute("UPDATE letter SET state = 'rendered' WHERE state = 'queued'")
    op.execute("UPDATE letter SET state = 'failed' WHERE state = 'refused'")
    op.create_table(
        "lease",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "tally",
        sa.Column("address", TEXT, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("names", TEXT, nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("accounts", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("address", "year", name="pk_tally"),
    )
    op.create_table(
        "folded",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_folded"),
    )
    op.create_table(
        "forgotten", sa.Column("mark", TEXT, nullable=False), sa.PrimaryKeyConstraint("mark", name="pk_forgotten")
    )

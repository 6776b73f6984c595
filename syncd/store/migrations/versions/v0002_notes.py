"""Notes beside the cursor, and how far a first sync has come.

Written out in full and never edited: it must make the same tables however `schema.py` changes later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of notes, and the columns of progress."""
    op.create_table(
        "note",
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_note_account"),
        sa.PrimaryKeyConstraint("account", "key", name="pk_note"),
    )
    for number in ("reading_done", "reading_total", "reading_at", "reading_since", "reading_start"):
        op.add_column("account", sa.Column(number, sa.BigInteger()))
    op.add_column("account", sa.Column("reader", TEXT))

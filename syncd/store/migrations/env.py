"""What alembic runs for a migration: inside the writing transaction that `syncd.store.upgrade` holds."""

from alembic import context

from syncd.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()

"""The history of the schema, read by alembic when a database is made or is older than this program."""

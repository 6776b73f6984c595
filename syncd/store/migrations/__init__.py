"""The history of the schema, run by alembic when a database is made or is older than this program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

_HISTORY = Path(__file__).parent


def is_known(version: str) -> bool:
    """True for a version of this history; any other was made by a newer syncd."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - only a new or an old database needs it

    return version in {script.revision for script in ScriptDirectory(str(_HISTORY)).walk_revisions()}


def run(connection: Connection, version: str) -> None:
    """Bring the schema forward to this version, inside the writing transaction of `connection`."""
    from alembic import command  # noqa: PLC0415 - only a new or an old database needs it
    from alembic.config import Config  # noqa: PLC0415 - likewise

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_HISTORY))
    command.upgrade(config, version)

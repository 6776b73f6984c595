"""Where the configuration and the database are when nobody says, and what a path written in the file means.

A relative path is relative to the folder of the configuration file, "~" is the home of whoever runs syncd; so the same
file means the same wherever it is read from.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from platformdirs import user_config_path, user_state_path
from pydantic import BaseModel

from syncd.connector import SecretRef
from syncd.errors import ConfigError, SyncdError

APP = "syncd"
CONFIG_NAME = "config.toml"
SYSTEM_CONFIG = Path("/etc/syncd") / CONFIG_NAME
SYSTEM_STATE = Path("/var/lib/syncd")
DATABASE_NAME = "syncd.db"
VARIABLE = "SYNCD_CONFIG"

T = TypeVar("T", bound=BaseModel)


class NoConfig(ConfigError):
    """There is no configuration file, or it cannot be read."""

    def __init__(self, title: str, hint: str) -> None:
        SyncdError.__init__(self, title, hint)
        self.problems = ()


def find_config(option: Path | None = None) -> Path:
    """The configuration file: --config, $SYNCD_CONFIG, the user's own, then /etc/syncd/config.toml.

    One that is named must exist; raises NoConfig, which says where was looked.
    """
    if option is not None:
        named, by = option, "--config"
    elif os.environ.get(VARIABLE):
        named, by = Path(os.environ[VARIABLE]), f"${VARIABLE}"
    else:
        usual = (user_config_path(APP, appauthor=False) / CONFIG_NAME, SYSTEM_CONFIG)
        for path in usual:
            if path.is_file():
                return path
        tried = " nor at ".join(str(path) for path in usual)
        raise NoConfig(f"There is no configuration file at {tried}.", _start_at(usual[0]))
    named = named.expanduser()
    if not named.exists():
        raise NoConfig(f"The configuration file {named}, named by {by}, does not exist.", _start_at(named))
    return named


def _start_at(path: Path) -> str:
    return f"Copy config.example.toml to {path}, change what is yours, then type: syncd config check"


def default_store_url() -> str:
    """The embedded database: in the first of $STATE_DIRECTORY (systemd), else in the user's state folder."""
    return f"sqlite:///{state_folder() / DATABASE_NAME}"


def tokens_folder() -> Path:
    """Where the sign-ins of accounts are kept, whatever the database is."""
    return state_folder() / "tokens"


def state_folder() -> Path:
    """Where syncd keeps what is not the configuration: the first of $STATE_DIRECTORY (systemd), else the user's own."""
    """Whoever owns the folder of the machine's service is that service's user, in a terminal too."""
    if given := os.environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(given).absolute()
    return SYSTEM_STATE if _is_mine(SYSTEM_STATE) else user_state_path(APP, appauthor=False).absolute()


def _is_mine(folder: Path) -> bool:
    """Root owns too much for it to mean anything."""
    try:
        return folder.stat().st_uid == os.geteuid() != 0
    except OSError:
        return False


def anchored(path: Path, folder: Path) -> Path:
    """What `path` means in a file that lies in `folder`."""
    with suppress(RuntimeError):  # nobody of that name has a home here: whoever opens it says that it is not there
        path = path.expanduser()
    return folder.absolute() / path


def anchored_url(url: str, folder: Path) -> str:
    """A database URL whose SQLite file is absolute; others stay as they are."""
    file = re.fullmatch(r"(sqlite(?:\+\w+)?:///)((?!:memory:|file:)[^?]+)(\?.*)?", url)
    return f"{file[1]}{anchored(Path(file[2]), folder)}{file[3] or ''}" if file else url


def anchor(table: T, folder: Path) -> T:
    """The same table with every path in it, files of secrets and SQLite files too, made absolute."""
    changes: dict[str, object] = {}
    for name in type(table).model_fields:
        value = getattr(table, name)
        match value:
            case Path():
                meant: object = anchored(value, folder)
            case SecretRef(file=str(file)):
                meant = SecretRef(file=str(anchored(Path(file), folder)))
            case BaseModel():
                meant = anchor(value, folder)
            case str() if name == "url":
                meant = anchored_url(value, folder)
            case _:
                continue
        if meant != value:
            changes[name] = meant
    return table.model_copy(update=changes) if changes else table

"""The configuration: one TOML file in, Settings out, or every problem of the file at once with its place.

`find_config` says which file, `load` reads it, `show` writes back what is in force, `schema` serves editors.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from pydantic import ValidationError

from syncd.config.accounts import LATER, read_accounts
from syncd.config.later import LATER_VALUES, later_keys
from syncd.config.nearest import together
from syncd.config.paths import NoConfig, anchor, find_config
from syncd.config.places import look_up, read
from syncd.config.problems import Problems
from syncd.config.references import check_references
from syncd.config.schema import schema
from syncd.config.sending import SendSettings
from syncd.config.settings import AccountSettings, Settings
from syncd.config.shown import show
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.config.places import Document, Where

__all__ = ["AccountSettings", "NoConfig", "SendSettings", "Settings", "find_config", "load", "schema", "show"]


def load(path: Path) -> Settings:
    """The settings of a file, paths made absolute.

    Raises ConfigError with every problem of the file, in its order; NoConfig when it cannot be read. Neither ever
    holds a secret that stood in the file.
    """
    document = read(path)
    problems = Problems(document)
    accounts = read_accounts(document, problems)
    values = {**_without_later(document, problems), "accounts": accounts}
    settings = None
    try:
        settings = Settings(document, values)
    except ValidationError as refusal:
        problems.refused(refusal, Settings)
    check_references(document, accounts, problems)
    if settings is None or problems.found or document.faults:
        raise ConfigError(problems.report())
    return anchor(settings, path.parent)


def _without_later(document: Document, problems: Problems) -> dict[str, object]:
    """What the file says, without what only a later version understands."""
    values = copy.deepcopy(dict(document.values))
    values.pop("accounts", None)
    for where in later_keys(values):
        problems.at_key(where, f'"{where[-1]}" {LATER}')
        _table_of(values, where).pop(str(where[-1]))
    for later in LATER_VALUES:
        key = later.where[-1]
        if look_up(values, later.where) == later.value:
            problems.at_value(later.where, f'{key} = "{later.value}" {LATER}; it has {together(later.known)}')
            _table_of(values, later.where)[key] = later.like
    return values


def _table_of(values: dict[str, object], where: Where) -> dict[str, object]:
    table = look_up(values, where[:-1])
    return table if isinstance(table, dict) else {}

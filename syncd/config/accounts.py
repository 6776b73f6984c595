"""The accounts of a file: each connector checks its own options, and is loaded only because an account names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from syncd.config.later import LATER_CONNECTORS
from syncd.config.nearest import ask, nearest, together
from syncd.config.paths import anchor
from syncd.config.sentences import choice
from syncd.config.settings import AccountSettings
from syncd.connector import connector_names, load_connector
from syncd.errors import Misconfigured

if TYPE_CHECKING:
    from syncd.config.places import Document, Where
    from syncd.config.problems import Problems
    from syncd.connector import Connector

LATER = "is not supported by this version yet"

OF_ONE_HOUSE = {
    "google": ("gmail", "google-calendar"),
    "microsoft": ("outlook-mail", "outlook-calendar"),
    "outlook": ("outlook-mail", "outlook-calendar"),
}
"""What is meant by a name that stands for several connectors."""


def read_accounts(document: Document, problems: Problems) -> dict[str, AccountSettings]:
    """The accounts that are right; what is wrong with the others is added to `problems`."""
    written = document.values.get("accounts")
    accounts: dict[str, AccountSettings] = {}
    for name, values in written.items() if isinstance(written, dict) else ():
        where: Where = ("accounts", name)
        if not isinstance(values, dict):
            problems.at_key(where, f"an account is a table of its own: [accounts.{name}]")
            continue
        connector = _connector(_kind(values, where, problems), where, problems)
        if connector is None:
            continue
        try:
            options = connector.Options.model_validate(values)
        except ValidationError as refusal:
            problems.refused(refusal, connector.Options, where)
        else:
            place = document.line_of(where)
            accounts[name] = AccountSettings(name, connector, anchor(options, document.path.parent), place)
    return accounts


def _kind(values: dict[str, object], where: Where, problems: Problems) -> object:
    """What the account says under "type", or under a slip of it."""
    if "type" in values:
        return values["type"]
    slip = next((key for key in values if nearest(key, ("type",))), None)
    if slip is None:
        return None
    problems.at_key((*where, slip), f'unknown key "{slip}"; did you mean "type"?')
    return values[slip]


def _connector(kind: object, where: Where, problems: Problems) -> type[Connector] | None:
    """The connector of an account; of a slip the one that was meant, so that its options are checked too."""
    installed = connector_names()
    place = (*where, "type")
    if kind is None:
        problems.missing(place, f"which connector reads this account; there are {together(installed)}")
        return None
    meant: tuple[str, ...] = (str(kind),)
    if kind in LATER_CONNECTORS and kind not in installed:
        problems.at_value(place, f'type "{kind}" {LATER}; it has {together(installed)}')
        return None
    if kind in OF_ONE_HOUSE and kind not in installed:
        problems.at_value(place, f'unknown type "{kind}"{ask(OF_ONE_HOUSE[str(kind)])}')
        return None
    if kind not in installed:
        problems.at_value(place, choice("type", kind, installed, sorted(LATER_CONNECTORS)))
        meant = nearest(str(kind), installed)
    try:
        return load_connector(meant[0]) if meant else None
    except Misconfigured as missing:
        problems.at_value(place, f"{missing.title} {missing.hint}")
        return None

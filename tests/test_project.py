"""What pyproject.toml says in two places is the same in both."""

from __future__ import annotations

import tomllib
from pathlib import Path

PROJECT = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))


def test_every_connector_stands_in_the_contract_that_makes_strangers_of_them() -> None:
    registered = PROJECT["project"]["entry-points"]["syncd.connectors"].values()
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    strangers = next(contract["modules"] for contract in contracts if contract["type"] == "independence")
    assert sorted(place.partition(":")[0] for place in registered) == sorted(strangers)


def test_every_file_of_a_connector_without_an_underscore_is_registered() -> None:
    registered = PROJECT["project"]["entry-points"]["syncd.connectors"].values()
    files = {path.stem for path in Path("connectors").glob("[!_]*.py")}
    assert files == {place.partition(":")[0].removeprefix("connectors.") for place in registered}


def test_tests_install_what_the_extras_do() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    optional = {line for name in ("google", "microsoft", "postgres") for line in extras[name]}
    assert optional <= set(extras["test"])

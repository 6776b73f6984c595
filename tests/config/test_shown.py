"""`config show` writes a file that means the same; `config schema` describes every file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from syncd.config import Settings, schema, show
from syncd.config.tables import fields_of, table_at
from syncd.config.values import SPAN_PATTERN, Quiet, QuietHours, span_text
from syncd.connector import parse_span
from tests.config.file import LETTERBOX, SMALLEST, ConfigText
from tests.config.json_schema import accepts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

QUIET = schema()["$defs"]["DaemonTable"]["properties"]["quiet_hours"]["pattern"]
PLACED = f'{LETTERBOX}[digest.send]\nvia = "place"\naccount = "box"\n'
FULL = """\
[me]
name = 'Anna "the" Conti'
addresses = ["*@conti.example", '/^ceo\\d@/']
time_zone = "Europe/Rome"
language = "it"
[[me.jobs]]
name = "Northwind"
domains = ["northwind.example"]
from = 2025-10-13
[accounts."my post"]
type = "post"
address = "anna@conti.example"
folders = ["INBOX"]
patience = "90 min"
poll = "6 hours"
path = "/srv/post"
url = { credential = "link" }
password = { command = ["pass", "show", "x y"] }
[digest]
to = "anna@conti.example"
at = "6:45"
days = ["sun", "mon"]
pause = ["2026-12-23..2027-01-06", "2026-05-01"]
soon = "36 hours"
[digest.send]
via = "smtp"
host = "smtp.example.org"
tls = "starttls"
username = "anna"
password = { file = "/run/secrets/smtp" }
[circles.choir]
cadence = "never"
[circles.clients]
follow = true
[[rules]]
name = "suppliers"
when = { domain = ["x.example"], job = "any", former = false, tag = "t", min_months = 4 }
circle = "vendors"
[people."marta@arup.example"]
also = ["m@bianchi.example"]
cadence = "1 month"
birthday = "03-14"
at = { company = "Arup", since = 2021-10-09 }
[people."muted@x.example"]
mute = true
[ignore]
addresses = []
mail_to_more_than = 20
[privacy]
subjects = "never"
history = "5 years"
log_names = true
[store]
url = "sqlite:////srv/syncd.db"
[daemon]
poll = "90 s"
quiet_hours = "22:30 - 6:00"
log_level = "debug"
"""


@pytest.mark.parametrize("text", [SMALLEST, FULL, f"{SMALLEST}{PLACED}", f"rules = []\n{SMALLEST}"])
def test_what_is_shown_loads_to_the_same_settings(config: ConfigText, text: str) -> None:
    before = config.load(text)
    shown = show(before)
    after = config.load(shown)
    assert without_places(after) == without_places(before)
    assert show(after) == shown


def without_places(settings: Settings) -> dict[str, Any]:
    """What is in force, however it was written."""
    policy = settings.policy()
    return {
        "policy": re.sub(r"place='[^']*'", "", repr(policy)),
        "accounts": {name: (account.connector, account.options) for name, account in settings.accounts.items()},
        "send": settings.send.model_copy(update={"sender": settings.send.sender or settings.digest.to}),
        "rest": (settings.store, settings.privacy, settings.daemon),
    }


def test_everything_in_force_is_shown_defaults_included(config: ConfigText) -> None:
    shown = tomllib.loads(show(config.load_with("")))
    for name, value in (
        ("at", "07:00"),
        ("days", ["mon", "tue", "wed", "thu", "fri"]),
        ("repeat_after", "2 weeks"),
        ("names_in_subject", True),
    ):
        assert shown["digest"][name] == value
    assert shown["circles"]["colleagues"]["cadence"] == "never"
    assert shown["rules"][0] == {"name": "mentors", "when": {"tag": ["mentor"]}, "circle": "mentors"}
    assert shown["accounts"]["work"]["first_sync"] == "3 years"
    assert shown["store"]["url"].startswith("sqlite:////")
    assert shown["privacy"] == {"subjects": "keep", "history": "forever", "log_names": False}
    assert shown["daemon"] == {"poll": "10 min", "log_level": "info"}


def test_only_what_the_chosen_way_of_sending_uses_is_shown(config: ConfigText) -> None:
    shown = tomllib.loads(show(config.load_with(PLACED)))
    assert shown["digest"]["send"] == {
        "via": "place", "account": "box", "folder": "INBOX", "from": "anna@conti.example",
    }  # fmt: skip


@given(st.timedeltas(timedelta(0), timedelta(days=100_000)))
def test_a_span_is_written_so_that_it_reads_back_unchanged(span: timedelta) -> None:
    assert abs(parse_span(span_text(span)) - span) < timedelta(microseconds=2)
    assert re.match(SPAN_PATTERN, span_text(span))


@pytest.mark.parametrize("text", ["3 years", "2 months", "6 weeks", "1 week", "36 hours", "90 min", "1.5 s"])
def test_a_span_is_written_in_the_largest_unit_that_fits(text: str) -> None:
    assert span_text(parse_span(text)) == text


def test_the_schema_knows_every_key_and_its_help() -> None:
    described = schema()
    assert json.loads(json.dumps(described)) == described
    seen = set()
    for where, model, properties in tables(Settings, described["properties"], described["$defs"]):
        seen.add(where)
        assert set(properties) == set(fields_of(model)), where
        for name, found in fields_of(model).items():
            assert properties[name].get("description") == found.description, (where, name)
            assert found.description, f"{where}.{name} has no help"
    assert {"config.me.jobs", "config.digest.send", "config.rules.when", "config.people.at"} <= seen


def tables(
    model: type[BaseModel], properties: dict[str, Any], definitions: dict[str, Any], where: str = "config"
) -> Iterator[tuple[str, type[BaseModel], dict[str, Any]]]:
    """Every table of the models beside its properties in the schema."""
    yield where, model, properties
    for name in fields_of(model):
        for inside in ((name,), (name, 0), (name, "any key")):
            if (inner := table_at(model, inside)) and inner.__name__ in definitions:
                yield from tables(inner, definitions[inner.__name__]["properties"], definitions, f"{where}.{name}")


def test_the_schema_has_the_options_of_every_connector_that_is_installed() -> None:
    described = schema()
    kinds = {
        choice["$ref"].removeprefix("#/$defs/account-")
        for choice in described["properties"]["accounts"]["additionalProperties"]["oneOf"]
    }
    assert "post" in kinds
    assert "broken" not in kinds
    options = described["$defs"]["account-post"]
    assert options["properties"]["type"]["const"] == "post"
    assert options["properties"]["first_sync"]["default"] == "3 years"
    assert options["additionalProperties"] is False
    assert options["required"] == ["type", "address"]


def test_the_schema_is_there_without_the_libraries_of_providers(config: ConfigText) -> None:
    program = (
        "import sys; sys.argv = ['syncd', 'config', 'schema']\n"
        "sys.modules |= dict.fromkeys(('google', 'google_auth_oauthlib', 'googleapiclient', 'httplib2', 'msal'))\n"
        "from syncd.cli import main; main()"
    )
    done = subprocess.run(  # noqa: S603 - this very Python, on a program of this file
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=config.path.parent
    )
    assert {"account-imap", "account-gmail", "account-outlook-mail"} <= json.loads(done.stdout)["$defs"].keys()


@pytest.mark.parametrize("text", [SMALLEST, FULL, f"{SMALLEST}{PLACED}"])
def test_the_schema_accepts_what_is_right(text: str) -> None:
    described = schema()
    assert accepts(described, tomllib.loads(text), described["$defs"])


@given(st.from_regex(QUIET, fullmatch=True))
def test_quiet_hours_that_the_schema_accepts_are_read(text: str) -> None:
    first, last = (time.fromisoformat(end.strip().zfill(5)) for end in re.split("[\N{EN DASH}-]", text))
    assume(first != last)
    assert TypeAdapter(Quiet).validate_python(text) == QuietHours(first, last)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("follow =", "folow ="),
        ('"never"', '"often"'),
        ('type = "post"', 'type = "psot"'),
        ('at = "6:45"', 'at = "25:00"'),
        ('"sun", "mon"', '"sunday"'),
        ('soon = "36 hours"', "soon = 36"),
        ('{ file = "/run/secrets/smtp" }', '"hunter2"'),
        ('address = "anna@conti.example"', ""),
        ("min_months = 4", "min_months = -4"),
        ("mute = true", "mute = 1"),
        ('history = "5 years"', 'history = "always"'),
        ('"22:30 - 6:00"', '"22:30..6:00"'),
        ('"22:30 - 6:00"', '"22:30-24:00"'),
        ('poll = "90 s"', "poll = 90"),
        ('poll = "6 hours"', "poll = 6"),
    ],
)
def test_the_schema_refuses_what_is_wrong(right: str, wrong: str) -> None:
    described = schema()
    assert right in FULL
    assert not accepts(described, tomllib.loads(FULL.replace(right, wrong)), described["$defs"])

"""config.example.toml: every option with its help, nothing missing, nothing made up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from syncd.config import Settings, load
from syncd.config.later import LATER_KEYS
from syncd.config.places import Where, read
from syncd.config.tables import field_at, fields_of, table_at
from syncd.config.values import span_text
from syncd.connector import load_connector
from syncd.errors import ConfigError
from syncd.pipeline.policy import DEFAULT_CIRCLES, DEFAULT_RULES, DigestPolicy, Ignore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.config.places import Document
    from tests.config.file import ConfigText

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
LINES = TEXT.splitlines()
PLACED: Document = read(EXAMPLE)
CONNECTORS = ("imap", "mailfile", "ics", "gmail", "google-calendar", "outlook-mail", "outlook-calendar")


@dataclass(frozen=True, slots=True)
class Option:
    """A key of the example that a model knows: its place, its model and the way to it below that model."""

    where: Where
    model: type[BaseModel]
    local: Where


def options() -> Iterator[Option]:
    """Every option in the example; names that the owner chooses are none."""
    for where in PLACED.keys:
        if isinstance(where[-1], int):
            continue
        model: type[BaseModel] = Settings
        local = where
        if where[0] == "accounts" and len(where) > 1:
            if len(where) == 2:
                continue
            model = load_connector(str(PLACED.lookup((*where[:2], "type")))).Options
            local = where[2:]
        table = table_at(model, local[:-1])
        if table and str(local[-1]) in fields_of(table):
            yield Option(where, model, local)


OPTIONS = tuple(options())


def shown(table: str) -> set[str]:
    """The keys under a header of the example, live ones and those in comments."""
    keys: set[str] = set()
    current = ""
    for line in LINES:
        if header := re.match(r"\[+([^\]]+)\]+", line):
            current = header[1]
        elif current == table and (pair := re.match(r"(?:# )?([a-z_]+) *= *(?:[\"\[{\d]|true|false)", line)):
            keys.add(pair[1])
    return keys


def test_it_is_right() -> None:
    settings = load(EXAMPLE)
    assert {account.options.type for account in settings.accounts.values()} == set(CONNECTORS)
    assert {"davide@rossi.example", "post@davide.example"} <= set(settings.policy().me.addresses)


@pytest.mark.parametrize(
    ("header", "where"),
    [
        ("me", ("me",)),
        ("me.jobs", ("me", "jobs", 0)),
        ("digest", ("digest",)),
        ("digest.send", ("digest", "send")),
        ("rules", ("rules", 0)),
        ("ignore", ("ignore",)),
        ("privacy", ("privacy",)),
        ("store", ("store",)),
        ("daemon", ("daemon",)),
    ],
)
def test_every_option_of_a_table_is_shown(header: str, where: Where) -> None:
    table = table_at(Settings, where)
    assert table
    tables = {
        name
        for name in fields_of(table)
        if table_at(Settings, (*where, name, 0)) or f"{header}.{name}" == "digest.send"
    }
    assert shown(header) == set(fields_of(table)) - tables


@pytest.mark.parametrize("kind", CONNECTORS)
def test_every_option_of_a_connector_is_shown(kind: str) -> None:
    names = [name for name, account in load(EXAMPLE).accounts.items() if account.options.type == kind]
    assert shown(f"accounts.{names[0]}") == set(fields_of(load_connector(kind).Options))


def test_every_option_of_a_circle_a_condition_and_a_person_is_shown() -> None:
    for prefix, inside in (("circles", ()), ("people", ()), ("people", ("at",)), ("rules", ("when",))):
        table = table_at(Settings, (prefix, 0 if prefix == "rules" else "any", *inside))
        assert table
        depth = 2 + len(inside)
        used = {
            where[-1]
            for where in PLACED.keys
            if where[0] == prefix and len(where) == depth + 1 and where[2:-1] == inside
        }
        assert used == set(fields_of(table)), prefix


def test_every_table_of_the_file_is_there() -> None:
    assert set(PLACED.values) == set(fields_of(Settings))


def has_default(option: Option) -> bool:
    """Whether there is a default to tell; circles, rules and people are compared as a whole below."""
    found = field_at(option.model, option.local)
    plain = (
        found and not isinstance(found.default, BaseModel) and found.default not in (PydanticUndefined, None, "", ())
    )
    return bool(plain) and option.where[0] not in ("circles", "rules", "people")


DEFAULTED = tuple(option for option in OPTIONS if has_default(option))


@pytest.mark.parametrize("option", DEFAULTED, ids=lambda option: ".".join(map(str, option.where)))
def test_a_default_stands_on_its_line_as_the_value_or_in_the_comment(option: Option) -> None:
    default = fields_of(table_at(option.model, option.local[:-1]) or Settings)[str(option.local[-1])].default
    settings = load(EXAMPLE)
    value: object = settings.accounts[str(option.where[1])].options if option.where[0] == "accounts" else settings
    for step in option.local:
        value = getattr(value, str(step))
    line = LINES[PLACED.sheet.line(PLACED.key(option.where).start) - 1]
    told = f'"{default[0]}"' if isinstance(default, tuple) else str(default)
    assert value == default or told in line.partition("#")[2], line


def test_what_it_says_of_the_digest_and_of_ignoring_are_the_defaults() -> None:
    policy = load(EXAMPLE).policy()
    assert policy.digest == DigestPolicy(to="davide@rossi.example")
    assert policy.ignore == Ignore()


def test_its_circles_are_the_built_in_ones_word_for_word() -> None:
    assert load(EXAMPLE).policy().circles == DEFAULT_CIRCLES
    written = PLACED.lookup(("circles",))
    assert isinstance(written, dict)
    for circle in DEFAULT_CIRCLES:
        said = {"cadence": span_text(circle.cadence) if circle.cadence else "never"}
        assert written[circle.name]["cadence"] == said["cadence"]


def test_the_rules_it_calls_built_in_are_and_no_others() -> None:
    rules = load(EXAMPLE).policy().rules
    called = [rule for rule in rules if "# built in" in LINES[int(rule.place.rpartition(":")[2])]]
    assert [(rule.name, rule.when, rule.circle) for rule in called] == [
        (rule.name, rule.when, rule.circle) for rule in DEFAULT_RULES
    ]


def test_nothing_of_a_later_version_is_in_it() -> None:
    assert not [key for key in LATER_KEYS if PLACED.lookup(key) is not None]


ALTERNATIVES = [
    number
    for number, line in enumerate(LINES)
    if re.match(r"# (password|token|ca_file|url|path|poll|service_account|endpoint|username|authority|graph) *=", line)
    and "Maildir" not in line
]


@pytest.mark.parametrize("number", ALTERNATIVES, ids=lambda number: LINES[number].split("#")[1].strip())
def test_every_alternative_in_a_comment_is_right_in_its_place(config: ConfigText, number: int) -> None:
    key = LINES[number].split()[1]
    start = max(line for line in range(number) if LINES[line].startswith("["))
    pairs = (("url", "path"), ("password", "token"), ("client", "service_account"))
    rivals = next((pair for pair in pairs if key in pair), (key,))
    others = [line for line in LINES[start:number] if line.split(" ")[0] not in rivals]
    config.load("\n".join([*LINES[:start], *others, LINES[number].removeprefix("# "), *LINES[number + 1 :]]))


@pytest.mark.parametrize(("via", "lines"), [("place", 3), ("sendmail", 2), ("maildir", 2)])
def test_every_way_of_sending_in_a_comment_is_right_in_its_place(config: ConfigText, via: str, lines: int) -> None:
    head, _, rest = TEXT.partition("[digest.send]\n")
    table, _, tail = rest.partition("\n\n")
    way = table[table.index(f'# via     = "{via}"') :].splitlines()[:lines]
    send = config.load("\n".join([f"{head}[digest.send]", *(line.removeprefix("# ") for line in way), "\n", tail])).send
    assert send.via == via


@st.composite
def slips(draw: st.DrawFn) -> tuple[Option, str]:
    """An option of the example, and its name with one slip of the keyboard in it."""
    option = draw(st.sampled_from(OPTIONS))
    name = str(option.where[-1])
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz_"))
    slip = draw(
        st.sampled_from(
            [
                name[:at] + letter + name[at + 1 :],
                name[:at] + letter + name[at:],
                name[:at] + name[at + 1 :],
                name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :],
            ]
        )
    )
    return option, slip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(slips())
def test_any_single_slip_in_any_key_finds_the_right_one(config: ConfigText, slip: tuple[Option, str]) -> None:
    option, written = slip
    table = table_at(option.model, option.local[:-1])
    assert table
    if not written or written in fields_of(table):
        return  # another option: no slip that anybody could see
    key = PLACED.key(option.where)
    with pytest.raises(ConfigError) as refusal:
        config.load(TEXT[: key.start] + written + TEXT[key.end :])
    line = PLACED.sheet.line(key.start)
    column = key.start - PLACED.sheet.range_of(line).start + 1
    said = [problem.message for problem in refusal.value.problems if (problem.line, problem.column) == (line, column)]
    assert any(
        message.startswith((f'unknown key "{written}"; did you mean', f'unknown table "{written}"; did you mean'))
        and f'"{option.where[-1]}"' in message
        for message in said
    ), [problem.message for problem in refusal.value.problems]

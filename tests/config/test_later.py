"""What a later version will understand is refused by its name, not as a slip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.config.file import SMALLEST

if TYPE_CHECKING:
    from tests.config.file import ConfigText

NOT_YET = "is not supported by this version yet"


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("digest", "thread", '"week"'),
        ("privacy", "history", '"5 years"'),
        ("privacy", "log_names", "false"),
        ("daemon", "poll", '"10 min"'),
        ("daemon", "quiet_hours", '"22:30-06:00"'),
        ("accounts.work", "poll", '"15 min"'),
        ("accounts.work", "colour", '"one of the connector itself"'),
    ],
)
def test_a_key_of_a_later_version(config: ConfigText, table: str, key: str, value: str) -> None:
    header = f"[{table}]\n"
    text = (
        SMALLEST.replace(header, f"{header}{key} = {value}\n")
        if header in SMALLEST
        else f"{SMALLEST}{header}{key} = {value}\n"
    )
    (problem,) = config.refused(text)
    assert problem.message == f'"{key}" {NOT_YET}'
    assert problem.source == f"{key} = {value}"


@pytest.mark.parametrize("more", ["[replies]\nenabled = true\n", '[goodbyes]\nsubjects = ["farewell"]\n'])
def test_a_table_of_a_later_version_is_refused_at_its_header(config: ConfigText, more: str) -> None:
    (problem,) = config.refused_with(more)
    assert problem.message == f'"{more[1:].partition("]")[0]}" {NOT_YET}'
    assert (problem.line, problem.column) == (10, 2)


def test_more_files_are_for_later(config: ConfigText) -> None:
    (problem,) = config.refused(f'include = ["conf.d/*.toml"]\n{SMALLEST}')
    assert problem.message == f'"include" {NOT_YET}'


@pytest.mark.parametrize("via", ["place", "account"])
def test_ways_of_sending_of_a_later_version_name_what_there_is(config: ConfigText, via: str) -> None:
    problems = config.refused_with(f'[digest.send]\nvia = "{via}"\naccount = "wrok"\n')
    assert [problem.message for problem in problems] == [
        f'via = "{via}" {NOT_YET}; it has "smtp", "sendmail", "maildir" and "stdout"',
        f'"account" {NOT_YET}',
        'there is no account "wrok"; did you mean "work"?',
    ]


@pytest.mark.parametrize("kind", ["caldav", "linkedin", "whatsapp"])
def test_connectors_of_a_later_version_name_what_there_is(config: ConfigText, kind: str) -> None:
    problems = config.refused_with(f'[accounts.other]\ntype = "{kind}"\nserver = "dav.example"\npoll = "1 hour"\n')
    assert problems[0].message.startswith(f'type "{kind}" {NOT_YET}; it has "broken", "gmail", "google-calendar", ')
    assert [problem.message for problem in problems[1:]] == [f'"poll" {NOT_YET}']


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("outlook", '"outlook-mail" or "outlook-calendar"'),
        ("microsoft", '"outlook-mail" or "outlook-calendar"'),
        ("google", '"gmail" or "google-calendar"'),
    ],
)
def test_a_name_that_stands_for_several_connectors_names_them(config: ConfigText, kind: str, meant: str) -> None:
    (problem,) = config.refused_with(
        f'[accounts.other]\ntype = "{kind}"\naddress = "anna@conti.example"\ntenant = "common"\n'
    )
    assert problem.message == f'unknown type "{kind}"; did you mean {meant}?'
    assert problem.source == f'type = "{kind}"'


def test_a_slip_in_a_key_of_a_later_version_is_understood(config: ConfigText) -> None:
    complaint = config.complaint('[privacy]\nhistroy = "5 years"')
    assert complaint == f'unknown key "histroy"; did you mean "history"? It {NOT_YET}'

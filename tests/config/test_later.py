"""What a later version will understand is refused by its name, not as a slip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.config.file import SMALLEST

if TYPE_CHECKING:
    from tests.config.file import ConfigText

NOT_YET = "is not supported by this version yet"


def test_a_key_of_a_later_version(config: ConfigText) -> None:
    (problem,) = config.refused_with('thread = "week"')
    assert problem.message == f'"thread" {NOT_YET}'
    assert problem.source == 'thread = "week"'


@pytest.mark.parametrize("more", ["[replies]\nenabled = true\n", '[goodbyes]\nsubjects = ["farewell"]\n'])
def test_a_table_of_a_later_version_is_refused_at_its_header(config: ConfigText, more: str) -> None:
    (problem,) = config.refused_with(more)
    assert problem.message == f'"{more[1:].partition("]")[0]}" {NOT_YET}'
    assert (problem.line, problem.column) == (10, 2)


def test_more_files_are_for_later(config: ConfigText) -> None:
    (problem,) = config.refused(f'include = ["conf.d/*.toml"]\n{SMALLEST}')
    assert problem.message == f'"include" {NOT_YET}'


def test_a_way_of_sending_of_a_later_version_names_what_there_is(config: ConfigText) -> None:
    problems = config.refused_with('[digest.send]\nvia = "account"\naccount = "wrok"\n')
    assert [problem.message for problem in problems] == [
        f'via = "account" {NOT_YET}; it has "place", "smtp", "sendmail", "maildir" and "stdout"',
        'there is no account "wrok"; did you mean "work"?',
    ]


@pytest.mark.parametrize("kind", ["caldav", "linkedin", "whatsapp"])
def test_connectors_of_a_later_version_name_what_there_is(config: ConfigText, kind: str) -> None:
    problems = config.refused_with(f'[accounts.other]\ntype = "{kind}"\nserver = "dav.example"\npoll = "1 hour"\n')
    assert [problem.line for problem in problems] == [11]
    assert problems[0].message.startswith(f'type "{kind}" {NOT_YET}; it has "broken", "gmail", "google-calendar", ')


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
    assert config.complaint('thraed = "week"') == f'unknown key "thraed"; did you mean "thread"? It {NOT_YET}'

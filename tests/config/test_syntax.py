"""Text that is not TOML is refused in a sentence, and does not hide what else is wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.config.sheet import Sheet
from syncd.config.syntax import parse
from tests.config.file import SMALLEST, ConfigText

FAULTS = {
    'a = "x\n': (1, 5, "this text lacks its closing quote"),
    "a = 'x": (1, 5, "this text lacks its closing quote"),
    'a = "x': (1, 5, "this text lacks its closing quote"),
    'a = """x\ny\n': (1, 5, "this text lacks its closing quotes"),
    "a = '''x\n": (1, 5, "this text lacks its closing quotes"),
    "a = \n": (1, 5, "the value is missing"),
    "a = # later\n": (1, 5, "the value is missing"),
    "a 1\n": (1, 2, "this is not a setting; write it like key = value"),
    "a: 1\n": (1, 2, "this is not a setting; write it like key = value"),
    "just words\n": (1, 5, "this is not a setting; write it like key = value"),
    "= 1\n": (1, 1, "this is not a setting; write it like key = value"),
    "a = yes\n": (1, 5, "write true, in small letters and without quotes"),
    "a = False # no\n": (1, 5, "write false, in small letters and without quotes"),
    "at = 07:00\n": (1, 6, 'text stands in quotes: "07:00"'),
    "cadence = 6 weeks\n": (1, 11, 'text stands in quotes: "6 weeks"'),
    "to = anna@conti.example # me\n": (1, 6, 'text stands in quotes: "anna@conti.example"'),
    "a = \N{LEFT DOUBLE QUOTATION MARK}x\N{RIGHT DOUBLE QUOTATION MARK}\n": (
        1,
        5,
        'text stands in straight quotes, like "this"',
    ),
    'a = "C:\\mail"\n': (1, 8, "a backslash begins an escape here; write it twice, or put the text in single quotes"),
    'a = "x", "y"\n': (1, 8, "only one value may stand here, with nothing behind it; several stand in a list: [ ]"),
    "a = [1 2]\n": (1, 5, "this list lacks its closing ], or a comma between two values"),
    "a = [1,\n2\nb = 3\n": (1, 5, "this list lacks its closing ], or a comma between two values"),
    "a = { b = 1\n": (1, 5, "this { lacks its closing } on the same line, or a comma between two settings"),
    "a = { b = 1 c = 2 }\n": (1, 5, "this { lacks its closing } on the same line, or a comma between two settings"),
    "a = 1\na = 2\n": (2, 1, "this is set twice; keep one of the two"),
    "a = { b = 1, b = 2 }\n": (1, 1, "this is set twice; keep one of the two"),
    "[a\n": (1, 1, "this table header lacks its closing ]"),
    "[a b]\n": (1, 1, "this is not a table header; write it like [digest] or [accounts.work]"),
    "from = 2025-02-30\n": (1, 8, "there is no such day or time"),
    "from = 2025-13-01\n": (1, 8, "there is no such day or time"),
    "[]\n": (1, 1, "this is not a table header; write it like [digest] or [accounts.work]"),
    "[a]\n  [a] # again\n": (2, 3, "[a] stands here a second time; put its settings together"),
    "[people.anna@conti.example]\n": (
        1,
        1,
        'an address in a table header stands in quotes: [people."anna@conti.example"]',
    ),
    f"a = {'[' * 5000}\n": (1, 1, "this file is nested too deeply, or a number in it is too long"),
    f"a = {'9' * 5000}\n": (1, 1, "this file is nested too deeply, or a number in it is too long"),
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.items(), ids=[text[:20] for text in FAULTS])
def test_a_fault_has_its_place_and_a_sentence(text: str, fault: tuple[int, int, str]) -> None:
    _, _, faults, _ = parse(Sheet.of("config.toml", text))
    assert (faults[0].line, faults[0].column, faults[0].message) == fault


def test_faulty_lines_are_set_aside_and_the_rest_is_checked_too(config: ConfigText) -> None:
    problems = config.refused(
        '[me]\nlanguage = fr\n\n[accounts.work]\ntype = post\naddress = "anna@conti.example"\n'
        "\n[digest]\nto = anna@conti.example\npeople = 70\npeople = 5\nlosd = 1\n"
    )
    assert [(problem.line, problem.message) for problem in problems] == [
        (2, 'text stands in quotes: "fr"'),
        (5, 'text stands in quotes: "post"'),
        (9, 'text stands in quotes: "anna@conti.example"'),
        (10, "people must be from 1 to 12, not 70"),
        (11, "this is set twice; keep one of the two"),
        (12, 'unknown key "losd"; did you mean "lost"?'),
    ]


def test_nothing_is_called_missing_that_may_stand_in_a_faulty_line_of_its_table(config: ConfigText) -> None:
    broken = SMALLEST.replace('to = "anna@conti.example"', 'to = "anna@conti.example')
    for text in (broken, f'{broken}[daemon]\nlog_level = "info"\n', f'[daemon]\nlog_level = "info"\n{broken}'):
        (problem,) = config.refused(text)
        assert problem.message == "this text lacks its closing quote"


def test_what_is_missing_elsewhere_is_told_all_the_same(config: ConfigText) -> None:
    problems = config.refused('[me]\n[accounts.work]\ntype = "post"\n[digest]\nto = anna\n')
    assert [problem.message for problem in problems] == [
        '"address" is missing here: your address there',
        'text stands in quotes: "anna"',
    ]


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab=[]{}\"',.#\n \\@1:"), max_size=40))
def test_whatever_the_text_there_is_an_end_and_every_fault_is_inside_it(text: str) -> None:
    _, accepted, faults, readable = parse(Sheet.of("f", text))
    assert readable or faults
    assert not readable or len(accepted) == len(text)
    lines = text.split("\n")
    for fault in faults:
        assert 1 <= fault.line <= len(lines)
        assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1
        assert not re.search(r"at line|TOMLDecode", fault.message)

"""A secret that somebody wrote into the file is refused, and never shown again."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.config import load, show
from syncd.errors import ConfigError
from tests.config.file import SMALLEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.file import ConfigText

SECRET = "hunter2!correct-horse"
ACCOUNT = '[accounts.other]\ntype = "post"\naddress = "a@x.example"\n'
SEND = '[digest.send]\nvia = "smtp"\nhost = "h.example"\nusername = "anna"\n'
WRITTEN = [
    f'{ACCOUNT}password = "{SECRET}"',
    f"{ACCOUNT}password = '{SECRET}'",
    f'{ACCOUNT}password = """\n{SECRET}"""',
    f'{ACCOUNT}password = ["{SECRET}"]',
    f'{ACCOUNT}password = {{ value = "{SECRET}" }}',
    f'{ACCOUNT}password = {{ file = "{SECRET}", env = "x" }}',
    f'{ACCOUNT}password = {{ command = "{SECRET}" }}',
    f'{ACCOUNT}[accounts.other.password]\nvalue = "{SECRET}"',
    f'{ACCOUNT}pasword = "{SECRET}"',
    f'{ACCOUNT}passwd = "{SECRET}"',
    f'{ACCOUNT}pwd = "{SECRET}"',
    f'{ACCOUNT}login = "{SECRET}"',
    f'{ACCOUNT}access_token = "{SECRET}"',
    f'{ACCOUNT}api-key = "{SECRET}"',
    f'{ACCOUNT}"pass word" = "{SECRET}"',
    f'{SEND}password = "{SECRET}"',
    f'{SEND}passwort = "{SECRET}"',
    f'accounts.other = {{ type = "post", password = "{SECRET}", prot = 3 }}',
    f'accounts.other = {{ prot = 3, password = "{SECRET}", type = "post" }}',
    f"{ACCOUNT}password = {SECRET}",
    f'{ACCOUNT}password = "{SECRET}',
    f'{ACCOUNT}password = "{SECRET}" x',
    f'{ACCOUNT}password = "\\q{SECRET}"',
    f'{ACCOUNT}password = """{SECRET}',
    f'{ACCOUNT}password = """\n{SECRET} \\q"""',
    f'{ACCOUNT}password = {{ value = "{SECRET}"',
    f'{ACCOUNT}password = {{ command = ["echo" "{SECRET}"] }}',
    f'{ACCOUNT}password = [\n"{SECRET}" 1\n]',
    f'{ACCOUNT}other.password = "{SECRET}',
    f'{ACCOUNT}password "{SECRET}"',
    f'{ACCOUNT}password: "{SECRET}"',
    f'password = "{SECRET}"',
    f'[smtp]\npassword = "{SECRET}"',
    f'[me]\npassword = "{SECRET}"',
    f'[store]\nurl = "postgresql://anna:{SECRET}@db.example/syncd"',
    f'[store]\nurl = "postgresql://db.example/syncd?user=anna&password={SECRET}"',
    f'{ACCOUNT}url = {{ credential = "{SECRET}", x = 1 }}',
]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_written_secret_is_refused_and_never_shown(config: ConfigText, written: str) -> None:
    text = f"{written}\n{SMALLEST}" if written.startswith(("accounts.", "password =")) else f"{SMALLEST}{written}\n"
    config.path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load(config.path)
    told = "".join(traceback.format_exception(refusal.value)) + repr(refusal.value.problems) + str(refusal.value)
    assert SECRET not in told
    assert "hunter2" not in told


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    secret=st.text(st.sampled_from("abcXYZ019\"'\\ #=[]{}.,\n"), min_size=0, max_size=12).map(
        lambda text: f"s3cr{text}"
    ),
    line=st.sampled_from(
        [
            "password = {}",
            'password = "{}"',
            "password = '{}'",
            'password = "{}',
            "password = {{ x = '{}' }}",
            "password = [{}]",
        ]
    ),
)
def test_however_mangled_a_secret_is_never_shown(config: ConfigText, secret: str, line: str) -> None:
    config.path.write_text(f"{SMALLEST}{ACCOUNT}{line.format(secret)}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load(config.path)
    assert "s3cr" not in "".join(traceback.format_exception(refusal.value))


def test_what_stands_beside_a_written_secret_is_shown(config: ConfigText) -> None:
    (problem,) = config.refused_with(f'{ACCOUNT}password = "{SECRET}"  # of mine')
    assert str(problem).splitlines()[1:] == ['    13 | password = "***"  # of mine', "       |            ^^^^^"]


def test_where_a_secret_can_be_found_is_no_secret(config: ConfigText) -> None:
    settings = config.load_with(f'{ACCOUNT}password = {{ command = ["pass", "show", "mail/work"] }}')
    assert 'password = { command = ["pass", "show", "mail/work"] }' in show(settings)


def test_a_link_with_a_password_in_it_is_masked_where_it_is_shown(config: ConfigText, tmp_path: Path) -> None:
    del tmp_path
    problems = config.refused_with(f'{ACCOUNT}url = "https://anna:{SECRET}@cal.example/x.ics"\nport = 0\nfolders = "x"')
    assert all(SECRET not in str(problem) for problem in problems)


def test_a_validator_that_repeats_a_secret_is_not_repeated(config: ConfigText) -> None:
    assert config.complaint(f'{ACCOUNT}password = "careless {SECRET}"') == "*** is no password"

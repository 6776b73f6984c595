"""The log speaks to people, and about nobody."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from typing import TYPE_CHECKING

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from syncd import log
from syncd.cli.session import session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PERSON = "marta.bianchi@arup.example"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Put every logger back to where the test runner had it."""
    root = logging.getLogger()
    names = (*log.HOUSE, *log.TALKATIVE)
    before = root.handlers[:], root.level, [logging.getLogger(name).level for name in names]
    yield
    root.handlers[:], level, levels = before
    root.setLevel(level)
    for name, old in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(old)
    logging.captureWarnings(capture=False)


def test_an_address_is_a_mark_wherever_it_stands_in_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    room = logging.getLogger("syncd.work")
    room.info("read a letter of %s", PERSON)
    room.warning(f"what about {PERSON}?")
    room.info("all of %r", {"who": [PERSON]})
    try:
        int(PERSON)
    except ValueError:
        room.exception("cannot read", stack_info=True)
    said = capsys.readouterr().err
    assert "bianchi" not in said
    assert "arup" not in said
    assert len(set(re.findall(r"p:[0-9a-f]{4}\b", said))) == 1
    assert "warning: what about p:" in said
    assert "ValueError: invalid literal for int() with base 10: 'p:" in said


def test_a_second_try_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    for attempt in stamina.retry_context(on=ConnectionError, attempts=2, wait_initial=0, wait_jitter=0):
        with attempt:
            if attempt.num == 1:
                raise ConnectionError
    assert capsys.readouterr().err == ""


def test_names_are_there_for_those_who_ask_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", names=True)
    logging.getLogger("syncd").info("read a letter of %s", PERSON)
    assert PERSON in capsys.readouterr().err


@pytest.mark.parametrize(("privacy", "said"), [("", "p:"), ("[privacy]\nlog_names = true\n", PERSON)])
def test_a_command_names_people_only_where_the_configuration_asks_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], privacy: str, said: str
) -> None:
    account = '[accounts.mail]\ntype = "mailfile"\npath = "box"\naddresses = ["anna@conti.example"]\n'
    text = f'[me]\n{account}[digest]\nto = "anna@conti.example"\n[store]\nurl = "sqlite:///syncd.db"\n{privacy}'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    with session(tmp_path / "config.toml"):
        logging.getLogger("syncd.mail").info("read a letter of %s", PERSON)
    assert f"read a letter of {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("from <o'brien@x.example>, today", "from <MARK>, today"),
        ("mailto:a@x.example?subject=b@y.example", "mailto:MARK?MARK"),
        ("imap://me%40x.example@host.example/INBOX", "imap://MARK/INBOX"),
        ("\"john doe\"@x.example and 'b@[127.0.0.1]'", "MARK and 'MARK'"),
        ("bounce+a=x.example@list.example.", "MARK."),
        ("größe@bücher.example", "MARK"),
        ("at 3 @ noon, p:3f2a", "at 3 @ noon, p:3f2a"),
    ],
)
def test_every_way_to_write_an_address_is_known(text: str, left: str) -> None:
    assert re.sub(r"p:[0-9a-f]{4}(?!\d)", "MARK", log.redact(text)) == re.sub(r"p:3f2a", "MARK", left)


def test_one_address_always_gives_one_mark() -> None:
    assert log.redact(PERSON) == log.redact(PERSON.upper()) != log.redact("b@x.example")


@given(st.emails(), st.sampled_from(["{}", "<{}>", '"{}"', "'{}'", "({})", "of {}.", "x, {}; y", "[{}]", "{}:"]))
def test_no_address_survives(address: str, around: str) -> None:
    domain = address.rpartition("@")[2]
    assert f"@{domain}" not in log.redact(around.format(address))


def test_other_libraries_speak_only_when_they_warn(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("debug")
    for name in ("imapclient", "urllib3.connectionpool", "anything.else"):
        logging.getLogger(name).info("Subject: secret plans")
        logging.getLogger(name).warning("careful")
    logging.getLogger("syncd.sync").debug("reading")
    logging.getLogger("connectors.imap").debug("connecting")
    said = capsys.readouterr().err
    assert "plans" not in said
    assert said.count("warning: careful") == 3
    assert "reading" in said
    assert "connecting" in said


def test_the_level_is_the_configured_one_and_can_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    room = logging.getLogger("syncd.sync")
    for level, heard in (("error", 0), ("info", 1), ("info", 1), ("warning", 0)):
        log.configure(level)
        room.info("once")
        assert capsys.readouterr().err.count("once\n") == heard


def test_python_warnings_are_log_lines(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old and tired", stacklevel=1)
    assert "old and tired" in capsys.readouterr().err


def test_nothing_that_a_terminal_would_obey_reaches_it(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    logging.getLogger("syncd").info("a folder called \x1b[2J\x9b1mX\r")
    assert capsys.readouterr().err.endswith("a folder called ?[2J?1mX?\n")


def test_a_terminal_line_begins_with_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    logging.getLogger("syncd").info("hello")
    assert re.fullmatch(r"\d\d:\d\d:\d\d hello\n", capsys.readouterr().err)


def test_the_journal_gets_priorities_and_no_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "journal").open("w+", encoding="utf-8") as journal:
        there = os.fstat(journal.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{there.st_dev}:{there.st_ino}")
        monkeypatch.setattr(sys, "stderr", journal)
        log.configure("debug")
        room = logging.getLogger("syncd.sync")
        room.debug("small")
        room.info("two\nlines")
        room.error("broken")
        journal.seek(0)
        assert journal.read() == "<7>small\n<6>two\n<6>lines\n<3>broken\n"


def test_a_terminal_under_systemd_is_still_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    log.configure("info")
    logging.getLogger("syncd").info("hello")
    assert not capsys.readouterr().err.startswith("<")

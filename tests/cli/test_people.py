"""`syncd people`, `show` and `explain`: who is listed, and why somebody is not."""

from __future__ import annotations

import os
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.clock import system_clock
from syncd.errors import Exit

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


def deliver(author: str, more: str = "", to: str = "elena@conti.example", box: str = "INBOX") -> None:
    now = system_clock()
    mailbox = next((Path(os.environ["SYNCD_CONFIG"]).parent / "mail").glob(f"{box}*"))
    with mailbox.open("a", encoding="utf-8") as file:
        file.write(
            f"From MAILER-DAEMON {now:%a %b %d %H:%M:%S %Y}\nFrom: {author}\nTo: {to}\nSubject: A word\n"
            f"Date: {format_datetime(now)}\nMessage-ID: <{hash((author, to)) & 0xFFFFFF}@word.example>\n{more}\n\n"
        )


@pytest.mark.parametrize(
    ("address", "more", "reason"),
    [
        ("lone@once.example", "", "you never answered"),
        ("daily@paper.example", "List-Unsubscribe: <https://paper.example/u>\n", "List-Unsubscribe"),
        ("no-reply@ci.example", "", "no-reply@"),
        ("info@shop.example", "", "mailbox of an office"),
    ],
)
def test_explain_says_why_somebody_is_no_contact(terminal: Terminal, address: str, more: str, reason: str) -> None:
    deliver(f"Somebody There <{address}>", more)
    terminal.type("sync", "mail")

    assert address not in terminal.type("people", "--json")[1]
    assert reason in terminal.json("explain", address)["digest"]


def test_an_address_of_mine_is_nobody_and_said_so(terminal: Terminal) -> None:
    code, _, said = terminal.type("explain", "Elena@conti.example")

    assert code == Exit.USAGE
    assert "an address of your own" in said


@pytest.mark.parametrize("address", ["notifications@github.com", "room5@corp.example"])
def test_an_address_that_nobody_can_have_is_nobody_and_said_so(terminal: Terminal, address: str) -> None:
    code, _, said = terminal.type("explain", address)

    assert code == Exit.USAGE
    assert "a machine or a room" in said


def test_a_letter_of_mine_that_was_never_answered_makes_no_contact(terminal: Terminal) -> None:
    deliver("Elena Conti <elena@conti.example>", to="Far Away <far@away.example>", box="Sent")
    terminal.type("sync", "mail")

    assert "they never answered" in terminal.json("explain", "far@away.example")["digest"]


@pytest.mark.parametrize("columns", ["20", "80"])
def test_behind_a_pipe_everybody_has_one_whole_line(terminal: Terminal, columns: str) -> None:
    terminal.monkeypatch.setenv("COLUMNS", columns)
    names = [one["name"] for one in terminal.json("people")]
    lines = terminal.type("people")[1].splitlines()[1:]

    assert [line.partition("  ")[0] for line in lines] == names


def test_a_circle_that_does_not_exist_is_said_so(terminal: Terminal) -> None:
    code, _, said = terminal.type("people", "--circle", "firends")

    assert code == Exit.USAGE
    assert "The circles are: " in said


def test_a_circle_without_people_is_not_an_empty_mailbox(terminal: Terminal) -> None:
    code, printed, said = terminal.type("people", "--circle", "mentors", "--cold", "--date", "1990-01-01")
    assert (code, "syncd sync" in printed) == (Exit.OK, True)  # that day there was nobody at all

    code, printed, said = terminal.type("people", "--unmatched", "--circle", "mentors")
    assert (code, printed) == (Exit.OK, "")
    assert "syncd people" in said


@pytest.mark.parametrize("day", ["2026-13-01", "tomorrow", "9999-12-31", "0001-01-01"])
@pytest.mark.parametrize("command", [("people",), ("digest",), ("explain", "giulia")])
def test_a_day_that_cannot_be_asked_for_is_refused(terminal: Terminal, command: tuple[str, ...], day: str) -> None:
    code, printed, said = terminal.type(*command, "--date", day)

    assert (code, printed) == (Exit.USAGE, "")
    assert day in said


def test_whoever_was_let_go_is_named_only_when_nobody_else_is_meant(terminal: Terminal) -> None:
    giulia = terminal.json("show", "giulia")
    terminal.type("mute", giulia["id"])
    deliver(f"Giulia Romano <{giulia['addresses'][0]}>")

    assert giulia["name"] not in terminal.type("sync", "--dry-run", "mail")[1]
    assert terminal.json("show", "giulia")["id"] == giulia["id"]
    assert giulia["name"] not in terminal.type("people")[1]
    assert terminal.type("unmute", "giulia")[0] == Exit.OK
    assert giulia["name"] in terminal.type("people")[1]

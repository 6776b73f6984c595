"""`syncd status` and `doctor`: every account, the next digest, and what to do about trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.errors import Exit

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


def rewrite(terminal: Terminal, old: str, new: str) -> None:
    text = terminal.config.read_text(encoding="utf-8")
    assert old in text
    terminal.config.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_pauses_that_leave_no_day_leave_no_next_digest(terminal: Terminal) -> None:
    rewrite(terminal, "[digest]\n", '[digest]\npause = ["2020-01-01..2199-12-31"]\n')

    assert terminal.json("status")["next_digest"] is None
    assert "next digest never" in terminal.type("status")[1]
    assert terminal.type("digest", "send", "--if-due")[:2] == (Exit.OK, "")


def test_status_counts_the_people_that_the_configuration_leaves(terminal: Terminal) -> None:
    everybody = terminal.json("people")
    known, gone = len(everybody), next(one["addresses"] for one in everybody if not one["met"])
    assert terminal.json("status")["people"] == known
    file = terminal.config
    text = file.read_text(encoding="utf-8")
    assert "[ignore]" not in text
    file.write_text(f"{text}\n[ignore]\naddresses = {gone}\n", encoding="utf-8")

    assert terminal.json("status")["people"] == known - 1 == len(terminal.json("people"))


def test_status_counts_nobody_who_was_let_go(terminal: Terminal) -> None:
    everybody = terminal.json("people")
    terminal.type("mute", everybody[0]["id"])

    assert terminal.json("status")["people"] == len(everybody) - 1


@pytest.mark.parametrize("command", ["sync", "doctor"])
def test_an_account_in_trouble_says_what_to_type(terminal: Terminal, command: str) -> None:
    file = terminal.config
    text = file.read_text(encoding="utf-8")
    feed = '[accounts.feed]\ntype = "ics"\nurl = "http://127.0.0.1:9/feed.ics"\nallow_private = true\n'
    file.write_text(text.replace("[digest]\n", f"{feed}\n[digest]\n", 1), encoding="utf-8")
    code, _, said = terminal.type(command, "feed")

    assert code == Exit.UNAVAILABLE
    assert said.rstrip().endswith("syncd sync feed")

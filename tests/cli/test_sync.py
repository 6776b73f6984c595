"""`syncd sync`: what it says, what its exit code says, and that a rehearsal leaves no trace."""

from __future__ import annotations

import os
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.cli.sync import exit_code
from syncd.clock import system_clock
from syncd.errors import AuthRequired, Exit, Misconfigured, SyncdError, Transient
from syncd.model import PageReceipt
from syncd.sync import Outcome

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


def deliver(*, author: str) -> None:
    inbox = Path(os.environ["SYNCD_CONFIG"]).parent / "mail" / "INBOX.mbox"
    inbox = inbox if inbox.exists() else next(inbox.parent.glob("INBOX*"))
    now = system_clock()
    with inbox.open("a", encoding="utf-8") as box:
        box.write(
            f"From MAILER-DAEMON {now:%a %b %d %H:%M:%S %Y}\nFrom: {author}\nTo: elena@conti.example\n"
            f"Subject: One more thing\nDate: {format_datetime(now)}\nMessage-ID: <one-more@example.org>\n\nBody\n\n"
        )


def test_a_second_sync_finds_nothing_new(terminal: Terminal) -> None:
    accounts = terminal.json("sync")["accounts"]

    assert {account["new"] for account in accounts} == {0}


def test_a_letter_that_arrived_is_read_and_counts(terminal: Terminal) -> None:
    giulia = terminal.json("show", "giulia")
    deliver(author=f"Giulia Romano <{giulia['addresses'][0]}>")

    assert "1 new" in terminal.type("sync", "mail")[1]
    assert terminal.json("show", "giulia")["received"] == giulia["received"] + 1


def test_a_rehearsal_says_what_would_change_and_changes_nothing(terminal: Terminal) -> None:
    before = terminal.json("show", "giulia")
    deliver(author=f"Giulia Romano <{before['addresses'][0]}>")
    code, printed, said = terminal.type("sync", "mail", "--dry-run")

    assert code == Exit.OK, said
    assert "would record +1 with Giulia Romano" in printed
    assert terminal.json("show", "giulia") == before
    assert "1 new" in terminal.type("sync", "mail")[1]


def test_a_rehearsal_for_a_program_prints_one_json_value(terminal: Terminal) -> None:
    deliver(author=f"Giulia Romano <{terminal.json('show', 'giulia')['addresses'][0]}>")

    assert [one["new"] for one in terminal.json("sync", "mail", "--dry-run")["accounts"]] == [1]
    assert "would record +1" in terminal.type("sync", "mail", "--dry-run", "--json")[2]


def test_an_account_in_trouble_is_told_and_the_others_are_read(terminal: Terminal) -> None:
    code, printed, said = terminal.type("sync")

    assert code == Exit.CONFIG
    assert "mail: 0 new" in printed
    assert "syncd doctor" in said


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ((), Exit.OK),
        ((Transient("Away."),), Exit.UNAVAILABLE),
        ((Transient("Away."), AuthRequired("Refused.")), Exit.SIGN_IN),
        ((AuthRequired("Refused."), Misconfigured("Wrong."), Transient("Away.")), Exit.CONFIG),
    ],
)
def test_the_exit_code_is_that_of_the_error_that_most_needs_the_owner(
    errors: tuple[SyncdError, ...], code: Exit
) -> None:
    outcomes = [Outcome("fine", PageReceipt()), *(Outcome("bad", PageReceipt(), error) for error in errors)]

    assert exit_code(outcomes) == code

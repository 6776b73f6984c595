"""`syncd status`: every account, what comes next, and what to do about trouble."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from syncd.cli.session import pace
from syncd.cli.state import how_far
from syncd.clock import system_clock
from syncd.config import load
from syncd.connector import Page
from syncd.daemon.watch import LEASE
from syncd.errors import Exit
from syncd.model import AccountStatus, Letter, LetterState, Reading
from syncd.processes import this_process
from syncd.store import Store

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


# ------------------------------------------------------------------------------- a long first sync

ROME = ZoneInfo("Europe/Rome")
SUNDAY = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def reading(**changes: Any) -> Reading:  # noqa: ANN401 - any field of it
    here = f"{os.uname().nodename}:{os.getpid()}"
    far = Reading(12_300, 100_000, SUNDAY, SUNDAY - timedelta(minutes=10), 10_320, here)
    return replace(far, **changes)


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (reading(), "12,300 of 100,000 (12 %), 198 a minute, done about Sun 19:22"),
        (reading(total=None), "12,300 read, 198 a minute"),
        (reading(since=SUNDAY), "12,300 of 100,000 (12 %)"),
        (reading(start=12_295), "12,300 of 100,000 (12 %), less than one a minute, done about Wed 24 Mar 2027 07:20"),
        (reading(reader=""), "12,300 of 100,000 (12 %), stopped at Sun 12:00"),
        (reading(at=SUNDAY - timedelta(days=9)), "12,300 of 100,000 (12 %), stopped at Fri 13 Nov 2026 12:00"),
        (reading(done=120_000, start=110_000), "120,000 of 100,000 (100 %), 1,000 a minute, done about Sun 12:00"),
        (reading(done=0, total=0, start=0), "0 read"),
    ],
)
def test_how_far_a_first_sync_is_is_said_as_far_as_it_is_known(known: Reading, sentence: str) -> None:
    assert how_far(known, SUNDAY, ROME) == sentence


def first_sync(terminal: Terminal, **changes: Any) -> None:  # noqa: ANN401 - any field of it
    """Let the account "mail" be in its first sync, in a reading of a moment ago."""
    rewrite(terminal, "[accounts.mail]", "[accounts.first]\ntype = 'mailfile'\npath = 'mail'\n\n[accounts.mail]")
    now = system_clock()
    known = reading(at=now, since=now - timedelta(minutes=10), **changes)
    with Store.open(load(terminal.config).store_url) as store:
        store.enrol("first", "mailfile")
        store.commit_page("first", Page((), "1"), None, known)


def test_status_says_from_another_process_how_far_a_first_sync_is(terminal: Terminal) -> None:
    first_sync(terminal)
    _, printed, _ = terminal.type("status")
    assert re.search(
        r"^first  mailfile  first-sync  12,300 of 100,000 \(12 %\), 198 a minute, done about ", printed, re.MULTILINE
    )
    value = next(one for one in terminal.json("status")["accounts"] if one["name"] == "first")
    assert value["state"] == "first-sync"
    assert value["progress"].pop("done_at").endswith("Z")
    assert value["progress"] == {"done": 12_300, "total": 100_000, "per_minute": 198, "stopped_at": None}


def test_status_says_where_a_first_sync_stopped(terminal: Terminal) -> None:
    first_sync(terminal, reader="")
    assert re.search(
        r"first-sync  12,300 of 100,000 \(12 %\), stopped at \w+ \d\d:\d\d$", terminal.type("status")[1], re.MULTILINE
    )
    progress = next(one["progress"] for one in terminal.json("status")["accounts"] if one["name"] == "first")
    assert (progress["per_minute"], progress["done_at"]) == (None, None)
    assert progress["stopped_at"]


def test_an_account_that_was_read_to_its_end_has_no_progress(terminal: Terminal) -> None:
    assert {one["progress"] for one in terminal.json("status")["accounts"]} == {None}


@pytest.mark.parametrize(
    ("per_second", "said"), [(1234.5, "1,234/s"), (1, "1/s"), (3.3, "3/s"), (0.5, "30/min"), (0.01, "36/h")]
)
def test_a_pace_is_said_in_a_unit_that_has_one(per_second: float, said: str) -> None:
    assert pace(per_second) == said


# ------------------------------------------------------------------------------- what comes next


HERE = this_process().rpartition(":")[0]


def keep_watch(terminal: Terminal, holder: str = f"{HERE}:{os.getppid()}", *, ago: float = 0) -> None:
    """Let a process hold the daemon's lease since so many seconds."""
    with Store.open(load(terminal.config).store_url) as store:
        store.take_lease(LEASE, holder, system_clock() - timedelta(seconds=ago), store.lease(LEASE))


def fail(terminal: Terminal, account: str, times: int, **changes: Any) -> None:  # noqa: ANN401 - what record_outcome takes
    """Let so many passes of an account fail, one after the other."""
    with Store.open(load(terminal.config).store_url) as store:
        for _ in range(times):
            said = ("The line broke.", f"Type: syncd sync {account}")
            store.record_outcome(account, system_clock(), AccountStatus.FAILING, said, **changes)


def account_of(terminal: Terminal, name: str) -> dict[str, Any]:
    return next(one for one in terminal.json("status")["accounts"] if one["name"] == name)


def test_without_a_syncd_that_runs_nothing_is_promised(terminal: Terminal) -> None:
    status = terminal.json("status")
    assert status["daemon"] is None
    assert {account["next_poll"] for account in status["accounts"]} == {None}
    assert "syncd run: not running, so nothing happens by itself" in terminal.type("status")[1]


def test_a_syncd_that_runs_is_named_and_says_when_it_reads_next(terminal: Terminal) -> None:
    keep_watch(terminal)
    printed = terminal.type("status")[1]
    assert re.search(r"^mail  mailfile  ok .*  next about ", printed, re.MULTILINE)
    assert f"syncd run: process {os.getppid()} on {HERE}, last heard of " in printed
    assert terminal.json("status")["daemon"]["running"] is True
    following = datetime.fromisoformat(account_of(terminal, "mail")["next_poll"])
    last = datetime.fromisoformat(account_of(terminal, "mail")["last_sync"])
    assert timedelta() <= following - last <= timedelta(minutes=10, seconds=30)


def test_a_syncd_of_another_machine_that_says_nothing_any_more_runs_no_more(terminal: Terminal) -> None:
    keep_watch(terminal, "elsewhere.example:7", ago=60)
    assert terminal.json("status")["daemon"]["running"] is True
    keep_watch(terminal, "elsewhere.example:7", ago=600)
    code, printed, _ = terminal.type("status")
    assert code == Exit.REPORT
    assert "syncd run: not running; process 7 on elsewhere.example was last heard of at " in printed


def test_in_quiet_hours_the_next_poll_is_their_end(terminal: Terminal) -> None:
    now = system_clock().astimezone(ZoneInfo(load(terminal.config).me.time_zone))
    first, last = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 3))
    text = terminal.config.read_text(encoding="utf-8")
    terminal.config.write_text(f'{text}\n[daemon]\nquiet_hours = "{first}-{last}"\n', encoding="utf-8")
    keep_watch(terminal)
    following = datetime.fromisoformat(account_of(terminal, "mail")["next_poll"])
    assert f"{following.astimezone(now.tzinfo):%H:%M}" == last


def test_an_account_that_fails_says_how_often_and_when_it_is_tried_again(terminal: Terminal) -> None:
    keep_watch(terminal)
    fail(terminal, "mail", 3)
    code, printed, _ = terminal.type("status")
    account = account_of(terminal, "mail")
    assert code == Exit.REPORT
    assert re.search(r"^  failed 3 times in a row, tried again by \w+ \d\d:\d\d$", printed, re.MULTILINE)
    assert (account["state"], account["failures"], account["hint"]) == ("failing", 3, "Type: syncd sync mail")
    assert datetime.fromisoformat(account["next_poll"]) - system_clock() <= timedelta(minutes=2)


def test_an_account_whose_source_wants_to_be_left_alone_is_not_promised_sooner(terminal: Terminal) -> None:
    keep_watch(terminal)
    later = (system_clock() + timedelta(hours=5)).replace(microsecond=0)
    fail(terminal, "mail", 1, retry_at=later)
    account = account_of(terminal, "mail")
    assert datetime.fromisoformat(account["retry_at"]) == later
    assert datetime.fromisoformat(account["next_poll"]) >= later
    assert "  failed once, tried again by " in terminal.type("status")[1]


def test_an_account_that_waits_for_its_owner_is_promised_nothing(terminal: Terminal) -> None:
    keep_watch(terminal)
    club = account_of(terminal, "club")
    assert (club["state"], club["next_poll"]) == ("misconfigured", None)
    assert club["failing_since"]


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        (LetterState.FAILED, Exit.REPORT, "was not sent. No such user."),
        (LetterState.RENDERED, Exit.REPORT, "has not been sent yet. No such user. It is tried again at "),
        (LetterState.SENT, Exit.OK, "may have been sent. No such user."),
    ],
)
def test_a_digest_that_failed_or_waits_is_told_with_its_reason(
    terminal: Terminal, state: LetterState, code: int, words: str
) -> None:
    terminal.config.write_text(without_club(terminal), encoding="utf-8")
    retry_at = system_clock() + timedelta(hours=1) if state is LetterState.RENDERED else None
    letter = Letter(SUNDAY.date(), "<1@x>", "e@x.example", b"x", state, 2, "No such user.", retry_at=retry_at)
    with Store.open(load(terminal.config).store_url) as store:
        store.post(letter, [])
    assert words in terminal.type("status")[1]
    assert terminal.type("status")[0] == code
    told = terminal.json("status")["letter"]
    assert (told["day"], told["state"], told["error"]) == ("2026-11-22", state.value, "No such user.")
    assert bool(told["retry_at"]) is bool(retry_at)


def without_club(terminal: Terminal) -> str:
    """The configuration without the account that is in trouble in the demo's world."""
    text = terminal.config.read_text(encoding="utf-8")
    begin = text.index("[accounts.club]")
    return text[:begin] + text[text.index("[digest]", begin) :]


def test_who_is_held_back_is_told_which_source_since_when_and_what_to_type(terminal: Terminal) -> None:
    someone = terminal.json("digest")["sections"][2]["entries"][0]
    assert someone["id"]
    with Store.open(load(terminal.config).store_url) as store:
        said = ("The password was refused.", "Type: syncd auth mail")
        store.record_outcome("mail", system_clock(), AccountStatus.SIGN_IN, said)
    explained = terminal.json("explain", someone["id"])["digest"]
    assert explained.startswith("Held back: mail has not been read since ")
    assert explained.endswith("Type: syncd auth mail")

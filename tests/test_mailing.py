"""The digest of the day: composed once, delivered once, by one process at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.imap import Imap
from syncd import mailing
from syncd.accounts import House
from syncd.config import load
from syncd.deliver.place import Place, Watched
from syncd.deliver.smtp import Smtp
from syncd.mailing import last_day
from syncd.model import AccountStatus, Letter, LetterState
from syncd.pipeline.policy import Me, Policy
from syncd.processes import this_process
from syncd.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncd.config import Settings

HERE = os.uname().nodename
MORNING = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
TODAY = date(2026, 10, 6)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MAILBOX = """
[accounts.mail]
type = "imap"
address = "davide@rossi.example"
host = "imap.rossi.example"
password = { env = "MAIL" }
"""
OTHER = MAILBOX.replace("accounts.mail", "accounts.office").replace("davide@rossi", "davide@work")


def configured(folder: Path, *, send: str = 'via = "stdout"', accounts: str = MAILBOX, empty: str = "send") -> Settings:
    """Settings that mail something even on a quiet day."""
    file = folder / "config.toml"
    file.write_text(
        f"""
[me]
name = "Davide Rossi"
addresses = ["davide@rossi.example"]
time_zone = "Europe/Rome"
{accounts}
[digest]
to = "davide@rossi.example"
empty = "{empty}"

[digest.send]
{send}
"""
    )
    return load(file)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'syncd.db'}") as opened:
        yield opened


def post(store: Store, settings: Settings, now: datetime = MORNING) -> Letter | None:
    return mailing.post_digest(store, settings, settings.policy(), now)


# ------------------------------------------------------------------ composing


def test_a_digest_is_composed_once_a_day_and_waits_whole_in_the_outbox(store: Store, tmp_path: Path) -> None:
    settings = configured(tmp_path)
    letter = post(store, settings)
    assert letter is not None
    assert store.letters() == (letter,)
    assert (letter.day, letter.state, letter.changed) == (TODAY, LetterState.RENDERED, MORNING)
    assert letter.message_id.encode() in letter.content
    assert post(store, settings, MORNING + timedelta(hours=9)) is None
    assert store.letters() == (letter,)


def test_a_quiet_day_is_settled_without_a_mail_until_somebody_asks(store: Store, tmp_path: Path) -> None:
    settings = configured(tmp_path, empty="skip")
    skipped = post(store, settings)
    assert skipped is not None
    assert (skipped.state, store.letters()) == (LetterState.SKIPPED, (skipped,))
    assert store.last_digest() == TODAY
    assert store.last_mailed() is None

    later = post(store, configured(tmp_path), MORNING + timedelta(hours=3))
    assert later is not None
    assert later.state is LetterState.RENDERED


def test_a_day_that_a_wrong_clock_wrote_counts_until_the_present_one_went_on_for_half_a_day(store: Store) -> None:
    policy = Policy(me=Me(time_zone="Europe/Rome"))
    for day in (TODAY - DAY, TODAY + 365 * DAY):
        store.post(Letter(day, "<1@syncd>", "davide@rossi.example", b"", LetterState.SENT), [])
    noticed = MORNING + timedelta(hours=2)
    assert last_day(store, policy, noticed) == TODAY + 365 * DAY
    assert last_day(store, policy, noticed + timedelta(hours=11)) == TODAY + 365 * DAY
    assert last_day(store, policy, noticed + timedelta(hours=12)) == TODAY - DAY
    assert last_day(store, policy, noticed) == TODAY + 365 * DAY, "it went back"


def test_a_zone_further_west_makes_no_second_digest_of_a_day(store: Store) -> None:
    store.post(Letter(TODAY + DAY, "<1@syncd>", "davide@rossi.example", b"", LetterState.SENT), [])
    for hours in (0, 13):
        now = MORNING + timedelta(hours=hours)
        assert last_day(store, Policy(me=Me(time_zone="America/New_York")), now) == TODAY + DAY


def test_a_plan_that_nobody_carried_out_is_composed_anew_on_its_day(store: Store, tmp_path: Path) -> None:
    store.plan(TODAY, MORNING - MINUTE)
    assert store.last_digest() is None, "the day still needs its digest"
    letter = post(store, configured(tmp_path))
    assert letter is not None
    assert letter.state is LetterState.RENDERED


def test_what_was_planned_or_written_for_an_earlier_day_is_let_go_and_has_shown_nobody(
    store: Store, tmp_path: Path
) -> None:
    settings = configured(tmp_path)
    unsent = Letter(TODAY - DAY, "<1@syncd>", "davide@rossi.example", b"Date: x\r\n\r\n", error="The server is down.")
    store.post(unsent, ["p:anna"])
    store.plan(TODAY - 2 * DAY, MORNING)
    post(store, settings)
    plan, yesterday, today = store.letters()
    assert (plan.state, yesterday.state, today.state) == (LetterState.FAILED, LetterState.FAILED, LetterState.RENDERED)
    assert yesterday.error.startswith("The server is down. It could not be sent on its day")
    assert store.shown() == {}


def test_a_digest_that_cannot_become_a_letter_has_failed_and_says_why(store: Store, tmp_path: Path) -> None:
    settings = configured(tmp_path)
    unmailable = settings.digest.model_copy(update={"to": "josé@rossi.example"})
    settings = settings.model_copy(update={"digest": unmailable})
    failed = post(store, settings)
    assert failed is not None
    assert (failed.state, store.letters()) == (LetterState.FAILED, (failed,))
    assert failed.error.startswith("digest.to is 'josé@rossi.example', which is not an address")
    assert store.last_digest() == TODAY, "it is not composed again by itself"


def test_trouble_that_began_after_a_digest_was_written_is_told_by_a_later_one(store: Store, tmp_path: Path) -> None:
    """A laptop that woke at noon: what broke between the hour of the digest and the digest itself is not news again."""
    settings = configured(tmp_path, empty="skip")
    store.enrol("mail", "imap")
    broke = MORNING - DAY + timedelta(hours=1)
    store.record_outcome("mail", broke, AccountStatus.FAILING, ("The server is down.", "Wait."))
    noon = MORNING + timedelta(hours=5)
    letter = post(store, settings, noon)
    assert letter is not None
    assert letter.state is LetterState.RENDERED, "broken for more than a day"

    store.move(letter, replace(letter, state=LetterState.SENT, changed=noon + MINUTE))
    tomorrow = post(store, settings, MORNING + DAY)
    assert tomorrow is not None
    assert tomorrow.state is LetterState.SKIPPED


# ------------------------------------------------------------------ one process at a time


@contextmanager
def another_process() -> Iterator[str]:
    """The name of one that lives as long as this lasts."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        yield f"{HERE}:{other.pid}"


def test_while_another_process_has_the_outbox_nothing_is_composed_or_delivered(store: Store, tmp_path: Path) -> None:
    settings = configured(tmp_path)
    store.post(Letter(TODAY - DAY, "<1@syncd>", "davide@rossi.example", b"x", LetterState.SENDING), [])
    with another_process() as other:
        held = store.take_lease(mailing.OUTBOX, other, MORNING, None)
        assert post(store, settings) is None
        assert mailing.deliver(store, settings, MORNING, by_hand=True) == ()
        assert store.lease(mailing.OUTBOX) == held
    assert post(store, settings) is not None, "the dead hold nothing"
    assert store.lease(mailing.OUTBOX) is None, "and who is done lets go"


@pytest.mark.parametrize(
    "holder", [f"{HERE}:1", "elsewhere:4711"], ids=["a number that went to a stranger", "far away"]
)
def test_a_process_that_nobody_can_ask_after_has_twenty_minutes(store: Store, tmp_path: Path, holder: str) -> None:
    settings = configured(tmp_path)
    store.take_lease(mailing.OUTBOX, holder, MORNING, None)
    assert post(store, settings, MORNING + 20 * MINUTE) is None
    assert post(store, settings, MORNING + 21 * MINUTE) is not None


def test_what_an_earlier_process_of_our_own_number_held_is_ours(store: Store, tmp_path: Path) -> None:
    store.take_lease(mailing.OUTBOX, this_process(), MORNING, None)
    assert post(store, configured(tmp_path)) is not None


def test_an_error_lets_go_of_the_outbox(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("syncd.review.digest", fail)
        with pytest.raises(ZeroDivisionError):
            post(store, configured(tmp_path))
    assert store.lease(mailing.OUTBOX) is None
    assert post(store, configured(tmp_path)) is not None


# ------------------------------------------------------------------ the way


def test_a_digest_is_placed_through_the_account_that_is_named(store: Store, tmp_path: Path) -> None:
    send = 'via = "place"\naccount = "office"\nfolder = "Digests"'
    with mailing.way(configured(tmp_path, send=send, accounts=MAILBOX + OTHER), store, House()) as way:
        assert isinstance(way, Place)
        assert isinstance(way.mailbox, Imap)
        assert (way.folder, way.mailbox._options.address) == ("Digests", "davide@work.example")


SMTP = 'via = "smtp"\nhost = "mail.rossi.example"'
MAILFILE = '[accounts.old]\ntype = "mailfile"\npath = "/nowhere"\n'


@pytest.mark.parametrize(
    ("accounts", "watched"),
    [(MAILBOX, 1), (MAILBOX + OTHER, 1), (OTHER, 0), (MAILFILE, 0), (MAILBOX.replace("davide@", "Davide@"), 1)],
    ids=["the owner's", "one of two", "another address", "no mailbox", "in another case"],
)
def test_what_goes_out_by_mail_is_looked_for_in_the_mailboxes_it_goes_to(
    store: Store, tmp_path: Path, accounts: str, watched: int
) -> None:
    with mailing.way(configured(tmp_path, send=SMTP, accounts=accounts), store, House()) as way:
        if watched:
            assert isinstance(way, Watched)
            assert isinstance(way.transport, Smtp)
            assert len(way.mailboxes) == watched
        else:
            assert isinstance(way, Smtp)


def test_a_secret_that_is_gone_is_said_of_the_letter_and_asked_for_again_later(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMTP_SECRET", raising=False)
    send = f'{SMTP}\nusername = "davide"\npassword = {{ env = "SMTP_SECRET" }}'
    settings = configured(tmp_path, send=send)
    post(store, settings)
    (waiting,) = mailing.deliver(store, settings, MORNING)
    assert waiting.state is LetterState.RENDERED
    assert "SMTP_SECRET" in waiting.error
    assert mailing.next_attempt(store, MORNING) == MORNING + timedelta(seconds=30)

"""`syncd digest send`: what it says of a digest that did not arrive, and what `syncd status` says of it then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.errors import Exit
from tests.servers.smtp_sink import SmtpSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Terminal


@pytest.fixture
def sink(terminal: Terminal) -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        file = terminal.config
        text = file.read_text(encoding="utf-8")
        smtp = f'via = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\ntls = "none"'
        file.write_text(text.replace('via = "stdout"', smtp), encoding="utf-8")
        yield server


def test_a_digest_goes_out_once(terminal: Terminal, sink: SmtpSink) -> None:
    assert "was sent to" in terminal.type("digest", "send")[2]
    code, _, said = terminal.type("digest", "send")

    assert (code, len(sink.accepted)) == (Exit.OK, 1)
    assert "went out already" in said
    assert terminal.type("digest", "send", "--if-due") == (Exit.OK, "", "")


def test_a_digest_that_must_wait_is_said_by_status_and_sent_by_the_next_try(terminal: Terminal, sink: SmtpSink) -> None:
    sink.script["MAIL"] = ["451 4.3.0 later"]
    code, _, said = terminal.type("digest", "send")

    assert code == Exit.TRY_LATER
    assert "has not been sent yet" in said
    assert "451 4.3.0 later" in terminal.type("status")[1]
    assert terminal.type("digest", "send", "--if-due") == (Exit.OK, "", ""), "a timer waits as long as it is asked to"
    assert terminal.type("digest", "send")[0] == Exit.OK
    assert "451" not in terminal.type("status")[1]


def test_a_digest_that_was_refused_never_counts_as_sent(terminal: Terminal, sink: SmtpSink) -> None:
    sink.script["MAIL"] = ["550 5.7.1 not you", "550 5.7.1 not you"]
    for _ in range(2):
        code, _, said = terminal.type("digest", "send")
        assert code == Exit.TRY_LATER
        assert "was not sent" in said
        assert "not you" in said
        assert "went out" not in said
    code, printed, _ = terminal.type("status")
    assert code == Exit.REPORT
    assert "not you" in printed


def test_a_quiet_day_mails_nothing_and_is_settled_for_timers(terminal: Terminal, sink: SmtpSink) -> None:
    text = terminal.config.read_text(encoding="utf-8")
    terminal.config.write_text(text.replace("[digest]", '[digest]\nsections = ["lost"]\nlost = 0', 1), encoding="utf-8")
    for _ in range(2):
        assert terminal.type("digest", "send") == (Exit.OK, "", "Nothing to say today; no mail was sent.\n")
    assert terminal.type("digest", "send", "--if-due") == (Exit.OK, "", "")
    assert sink.accepted == []


def test_a_digest_that_may_have_arrived_says_so_and_is_not_sent_again(terminal: Terminal, sink: SmtpSink) -> None:
    sink.script["DATA"] = ["close-after"]
    for _ in range(2):
        code, _, said = terminal.type("digest", "send")
        assert code == Exit.TRY_LATER
        assert "may have been sent" in said
        assert "It is not sent twice" in said
    assert len(sink.accepted) == 1

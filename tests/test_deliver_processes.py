"""`syncd digest send` as processes: two at once, and killed while a server has the letter and says nothing."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import pytest

from syncd.errors import Exit
from tests.servers.dovecot import PASSWORD as MAIL_PASSWORD
from tests.servers.dovecot import Dovecot, require_program
from tests.servers.scripted_imap import PASSWORD, USER, ScriptedImap
from tests.servers.smtp_sink import SmtpSink
from tests.system.shell import PATIENCE, Shell

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.scripted_imap import Conversation
    from tests.servers.smtp_sink import Accepted


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, {"MAIL": PASSWORD})


def configure(shell: Shell, send: str, *, mailbox: int = 9, to: str = USER) -> None:
    """An owner with one mailbox, at a port of this machine, who wants a mail every day."""
    shell.configure(
        f"""
[me]
name = "Me Myself"

[accounts.mail]
type = "imap"
address = "{USER}"
host = "127.0.0.1"
port = {mailbox}
tls = "none"
password = {{ env = "MAIL" }}

[digest]
to = "{to}"
empty = "send"

[digest.send]
{send}
"""
    )


def by_smtp(sink: SmtpSink) -> str:
    return f'via = "smtp"\nhost = "127.0.0.1"\nport = {sink.port}\ntls = "none"'


class Held:
    """Letters that a server has, and about which it says nothing."""

    def __init__(self) -> None:
        self.there = Event()

    def __call__(self, _: Accepted) -> None:
        self.there.set()


def kill_while(there: Event, sending: subprocess.Popen[bytes]) -> None:
    """End a process for good as soon as the server has its letter."""
    assert there.wait(PATIENCE)
    sending.kill()
    sending.wait(PATIENCE)


def test_of_two_that_send_at_once_one_mails_and_the_other_says_so(shell: Shell) -> None:
    held, answer = Event(), Event()

    def take(_: Accepted) -> None:
        held.set()
        answer.wait(PATIENCE)

    with SmtpSink(taken=take) as sink:
        configure(shell, by_smtp(sink), to="elsewhere@example.org")
        first = shell.start("digest", "send")
        assert held.wait(PATIENCE)
        second = shell.run("digest", "send")
        answer.set()
        assert first.wait(PATIENCE) == Exit.OK
    assert second.returncode == Exit.TRY_LATER, second.stderr
    assert "is being sent" in second.stderr
    assert len(sink.accepted) == 1


def test_a_letter_whose_process_was_killed_is_found_in_the_mailbox_it_went_to(shell: Shell) -> None:
    """Real Dovecot behind an SMTP server that takes the letter, delivers it, and never says so."""
    with Dovecot(require_program()) as dovecot:
        there = Event()

        def into_the_mailbox(accepted: Accepted) -> None:
            with dovecot.client(USER) as client:
                client.append("INBOX", "", "", accepted.content)
            there.set()

        with SmtpSink(taken=into_the_mailbox) as sink:
            sink.script["DATA"] = ["hang-after"]
            shell.env["MAIL"] = MAIL_PASSWORD
            configure(shell, by_smtp(sink), mailbox=dovecot.port)
            kill_while(there, shell.start("digest", "send"))
            done = shell.run("digest", "send")
            again = shell.run("digest", "send")
        assert (done.returncode, again.returncode) == (Exit.OK, Exit.OK), done.stderr
        assert "was sent to" in done.stderr
        assert "went out already" in again.stderr
        assert len(sink.accepted) == 1


def test_where_nobody_can_look_two_deaths_mail_the_same_bytes_twice_and_never_a_third_time(shell: Shell) -> None:
    with SmtpSink() as sink:
        configure(shell, by_smtp(sink), to="elsewhere@example.org")
        sink.script["DATA"] = ["hang-after", "hang-after"]
        for _ in range(2):
            held = Held()
            sink._taken = held
            kill_while(held.there, shell.start("digest", "send"))
        done = shell.run("digest", "send")
    first, second = sink.accepted
    assert first == second
    assert done.returncode == Exit.TRY_LATER
    assert "may have been sent" in done.stderr
    assert "It is not sent twice" in done.stderr


@pytest.fixture
def mailbox() -> Iterator[ScriptedImap]:
    with ScriptedImap() as server:
        server.writable = True
        yield server
    server.assert_read_only()


@pytest.mark.parametrize("kept", [True, False])
def test_a_letter_whose_process_was_killed_while_it_was_placed_is_there_at_most_once(
    shell: Shell, mailbox: ScriptedImap, *, kept: bool
) -> None:
    there = Event()

    def take_and_say_nothing(talk: Conversation, _: str, __: str) -> None:
        content = talk.take()
        if kept:
            talk.keep(content)
        there.set()
        mailbox.over.wait(PATIENCE)

    mailbox.overrides["APPEND"] = take_and_say_nothing
    configure(shell, 'via = "place"\naccount = "mail"', mailbox=mailbox.port)
    kill_while(there, shell.start("digest", "send"))
    del mailbox.overrides["APPEND"]
    done = shell.run("digest", "send")
    assert len(mailbox.boxes["INBOX"].mails) == int(kept)
    assert done.returncode == (Exit.OK if kept else Exit.TRY_LATER)
    assert ("was sent to" if kept else "is looked for") in done.stderr


def test_a_digest_is_placed_once(shell: Shell, mailbox: ScriptedImap) -> None:
    configure(shell, 'via = "place"\naccount = "mail"', mailbox=mailbox.port)
    for words in ("was sent to", "went out already"):
        done = shell.run("digest", "send")
        assert done.returncode == Exit.OK, done.stderr
        assert words in done.stderr
    (mail,) = mailbox.boxes["INBOX"].mails
    assert b"List-Id: syncd digest" in mail.header

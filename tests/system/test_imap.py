"""What can go wrong between the owner and a real IMAP server: a sentence, the right exit code, and nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.clock import system_clock
from tests.servers.dovecot import PASSWORD, Dovecot, require_program
from tests.system.letters import LETTER, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system.shell import Shell

ACCOUNT = """\
[me]
addresses = ["elena@conti.example"]

[digest]
to = "elena@conti.example"

[accounts.mail]
type     = "imap"
address  = "elena@conti.example"
host     = "localhost"
port     = {port}
tls      = "{tls}"
first_sync = "40 years"
password = {{ env = "IMAP_PASSWORD" }}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with Dovecot(require_program()) as dovecot:
        for number in range(10):
            deliver(dovecot, "INBOX", number)
        yield dovecot


def deliver(dovecot: Dovecot, folder: str, number: int) -> None:
    message = LETTER.format(number=number).partition("\n")[2].replace("\n", "\r\n").encode()
    dovecot.deliver("elena@conti.example", folder, message, system_clock())


@pytest.fixture
def signed_in(shell: Shell, server: Dovecot) -> Shell:
    shell.configure(ACCOUNT.format(port=server.port, tls="none"))
    shell.env["IMAP_PASSWORD"] = PASSWORD
    return shell


def trusting(server: Dovecot) -> str:
    return f'ca_file = "{server.certificate.chain}"\n'


def test_mail_is_read_and_a_second_sync_finds_nothing_new(signed_in: Shell) -> None:
    assert [signed_in.json("sync")["accounts"][0]["new"] for _ in range(2)] == [10, 0]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_mail_is_read_over_a_protected_connection(signed_in: Shell, server: Dovecot, tls: str) -> None:
    port = server.tls_port if tls == "implicit" else server.port
    signed_in.configure(ACCOUNT.format(port=port, tls=tls) + trusting(server))
    assert signed_in.json("sync")["accounts"][0]["new"] == 10


def test_a_certificate_nobody_vouches_for_is_refused(signed_in: Shell, server: Dovecot) -> None:
    signed_in.configure(ACCOUNT.format(port=server.tls_port, tls="implicit"))
    refused(signed_in.run("sync"), 69, "certificate", "nothing was sent", "syncd doctor mail")


def test_a_wrong_password_asks_the_owner_to_sign_in(signed_in: Shell) -> None:
    assert signed_in.run("sync").returncode == 0
    signed_in.env["IMAP_PASSWORD"] = "forgotten"
    done = signed_in.run("sync")
    refused(done, 77, "password")
    assert "forgotten" not in done.stderr + done.stdout
    account = signed_in.json("status", code=1)["accounts"][0]
    assert (account["state"], account["observations"]) == ("sign-in", 10)


def test_a_secret_that_is_missing_asks_the_owner_to_sign_in(signed_in: Shell) -> None:
    del signed_in.env["IMAP_PASSWORD"]
    refused(signed_in.run("sync"), 77, "IMAP_PASSWORD")


def test_a_folder_that_vanished_takes_nothing_with_it(signed_in: Shell, server: Dovecot) -> None:
    deliver(server, "Projects", 77)
    assert signed_in.json("sync")["accounts"][0]["new"] == 11
    with server.client("elena@conti.example") as client:
        assert client.delete("Projects")[0] == "OK"
    assert signed_in.json("sync")["accounts"][0]["error"] is None
    assert signed_in.json("status")["accounts"][0]["observations"] == 11


def test_a_folder_that_is_named_and_not_there_is_told_and_the_others_are_read(
    signed_in: Shell, server: Dovecot
) -> None:
    signed_in.configure(ACCOUNT.format(port=server.port, tls="none") + 'folders = ["INBOX", "Nowhere"]\n')
    done = signed_in.run("sync")
    refused(done, 0, "there is no folder 'Nowhere'")
    assert "10 new" in done.stdout

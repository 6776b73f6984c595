"""Delivery by SMTP, against a real server that fails as told."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.deliver.smtp import Smtp
from syncd.model import LetterState
from tests.outbox import LETTER, MORNING, deliver, deliver_one, open_outbox
from tests.servers.certificate import Certificate, make_certificate
from tests.servers.smtp_sink import PASSWORD, USERNAME, Accepted, SmtpSink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncd.store import Store

ARRIVED = Accepted("davide@rossi.example", ("davide@rossi.example",), LETTER.content)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    return certificate


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_outbox(tmp_path) as opened:
        yield opened


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        yield server


def plain(sink: SmtpSink) -> Smtp:
    return Smtp("127.0.0.1", sink.port, "none", patience=5, last_patience=5)


def test_the_bytes_of_the_outbox_arrive_as_they_are(store: Store, sink: SmtpSink) -> None:
    assert deliver_one(store, plain(sink)).state is LetterState.SENT
    assert sink.accepted == [ARRIVED]


def test_breaking_off_at_the_commit_leaves_nothing_at_the_server(sink: SmtpSink) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plain(sink).send(LETTER, die)
    assert sink.accepted == []


def test_a_line_that_begins_with_a_dot_arrives_as_it_is(tmp_path: Path, sink: SmtpSink) -> None:
    dotted = replace(LETTER, content=LETTER.content + b".\r\n..\r\n.end\r\n")
    with open_outbox(tmp_path, dotted) as store:
        deliver_one(store, plain(sink))
    assert sink.accepted[0].content == dotted.content


def test_another_sender_stands_on_the_envelope(store: Store, sink: SmtpSink) -> None:
    deliver_one(store, replace(plain(sink), sender="syncd@example.org"))
    assert sink.accepted == [replace(ARRIVED, sender="syncd@example.org")]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_an_encrypted_server_that_is_trusted_is_signed_in_to(store: Store, trusted: Certificate, tls: str) -> None:
    with SmtpSink(trusted, implicit=tls == "implicit", sign_in=True) as sink:
        letter = deliver_one(store, Smtp("localhost", sink.port, tls, USERNAME, PASSWORD, patience=5))
    assert (letter.state, letter.error) == (LetterState.SENT, "")
    assert sink.signed_in == [USERNAME]
    assert sink.accepted == [ARRIVED]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    store: Store, certificate: Certificate, tls: str
) -> None:
    with SmtpSink(certificate, implicit=tls == "implicit") as sink:
        letter = deliver_one(store, Smtp("localhost", sink.port, tls, USERNAME, PASSWORD, patience=5))
    assert letter.state is LetterState.RENDERED
    assert letter.error.startswith("The certificate of localhost was not accepted: ")
    assert sink.accepted == []
    assert sink.signed_in == []


def test_a_server_without_starttls_never_sees_the_letter_in_plain_text(store: Store, sink: SmtpSink) -> None:
    letter = deliver_one(store, replace(plain(sink), tls="starttls"))
    assert letter.state is LetterState.RENDERED
    assert "does not offer" in letter.error
    assert sink.accepted == []


def test_a_server_that_does_not_encrypt_at_once_is_said_to_be_that(store: Store, sink: SmtpSink) -> None:
    letter = deliver_one(store, replace(plain(sink), tls="implicit"))
    assert letter.state is LetterState.RENDERED
    assert letter.error.startswith("No encrypted connection to 127.0.0.1 came about: ")


def test_a_wrong_password_keeps_the_letter_says_which_setting_to_check_and_rests_an_hour(
    store: Store, trusted: Certificate
) -> None:
    with SmtpSink(trusted, implicit=True, sign_in=True) as sink:
        letter = deliver_one(store, Smtp("localhost", sink.port, "implicit", USERNAME, "wrong", patience=5))
    assert letter.state is LetterState.RENDERED
    assert letter.error == (
        "localhost refused to let davide in: 5.7.8 bad credentials. "
        "Check digest.send.username and digest.send.password, then type: syncd digest send"
    )
    assert letter.retry_at == MORNING + timedelta(hours=1)
    assert sink.accepted == []


@pytest.mark.parametrize(
    ("verb", "fault"),
    [
        ("EHLO", "close"),
        ("EHLO", "421 4.3.2 going down"),
        ("MAIL", "451 4.3.0 busy"),
        ("MAIL", "close"),
        ("RCPT", "450 4.2.1 try later"),
        ("RCPT", "close"),
        ("DATA", "452 4.3.1 disk full"),
        ("AUTH", "454 4.7.0 temporary failure"),
    ],
)
def test_after_a_passing_fault_the_same_letter_arrives_once_at_the_next_try(
    store: Store, trusted: Certificate, verb: str, fault: str
) -> None:
    with SmtpSink(trusted, implicit=True, sign_in=True) as sink:
        transport = Smtp("localhost", sink.port, "implicit", USERNAME, PASSWORD, patience=5)
        sink.script[verb] = [fault, fault]
        waiting = deliver_one(store, transport)
        assert waiting.state is LetterState.RENDERED
        assert waiting.error.startswith("localhost")
        assert waiting.error.endswith("type: syncd digest send")
        assert sink.accepted == []
        sink.script.clear()
        assert deliver_one(store, transport, by_hand=True).state is LetterState.SENT
    assert sink.accepted == [ARRIVED]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_says_no_is_not_asked_again(store: Store, sink: SmtpSink, verb: str) -> None:
    sink.script[verb] = ["550 5.7.1 not wanted\x07 here."]
    letter = deliver_one(store, plain(sink))
    assert letter.state is LetterState.FAILED
    assert letter.error.startswith("127.0.0.1 refused the digest: 550 5.7.1 not wanted here. ")
    assert deliver(store, plain(sink), by_hand=True) == ()
    assert sink.accepted == []


@pytest.mark.parametrize("fault", ["close-after", "close"])
def test_a_line_lost_after_the_final_dot_never_makes_a_second_copy(store: Store, sink: SmtpSink, fault: str) -> None:
    sink.script["DATA"] = [fault]
    letter = deliver_one(store, plain(sink))
    assert letter.state is LetterState.SENT
    assert "may have arrived or not" in letter.error
    assert deliver(store, plain(sink), by_hand=True) == ()
    assert sink.accepted == ([ARRIVED] if fault == "close-after" else [])


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT"])
def test_a_server_that_falls_silent_is_given_up_on_and_the_letter_waits(
    store: Store, sink: SmtpSink, verb: str
) -> None:
    sink.script[verb] = ["hang", "hang"]
    letter = deliver_one(store, replace(plain(sink), patience=0.1))
    assert letter.state is LetterState.RENDERED
    assert sink.accepted == []


def test_silence_after_the_final_dot_leaves_a_doubt(store: Store, sink: SmtpSink) -> None:
    sink.script["DATA"] = ["hang"]
    letter = deliver_one(store, replace(plain(sink), last_patience=0.1))
    assert letter.state is LetterState.SENT
    assert "may have arrived or not" in letter.error


def test_a_host_that_is_not_there_keeps_the_letter_and_is_named(store: Store) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        letter = deliver_one(store, Smtp("127.0.0.1", port, "none", patience=5))
    assert letter.state is LetterState.RENDERED
    assert letter.error == (
        f"127.0.0.1, port {port}, cannot be reached: Connection refused. "
        "It stays in the outbox; to try again now, type: syncd digest send"
    )

"""What `syncd doctor` finds at the servers of accounts: real ones, on this machine."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread
from typing import TYPE_CHECKING, Literal

import pytest

from syncd.checkup import servers
from syncd.checkup.finding import Finding, Mark
from syncd.connector import Server
from syncd.errors import Exit
from tests.servers.certificate import Certificate, make_certificate
from tests.servers.dovecot import Dovecot, require_program
from tests.servers.smtp_sink import SmtpSink
from tests.servers.web import Answer, Web

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def web(certificate: Certificate) -> Iterator[Web]:
    with Web(certificate) as server:
        server.answers["/"] = Answer(headers={"Date": format_datetime(NOW, usegmt=True)})
        yield server


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def found(server: Server, now: datetime = NOW) -> list[Finding]:
    return list(servers.look(server, lambda: now))


def at(web: Web, certificate: Certificate | None, host: str = "localhost") -> Server:
    return Server(host, web.port, ca_file=certificate.chain if certificate else None)


def test_a_server_with_a_good_certificate_is_right_and_says_for_how_long(web: Web, certificate: Certificate) -> None:
    (finding,) = found(at(web, certificate))
    assert finding.mark is Mark.OK
    assert finding.about == f"localhost:{web.port}"
    assert "certificate good until 2100-01-01" in finding.what


def test_nothing_but_the_greeting_is_asked_for(web: Web, certificate: Certificate) -> None:
    found(at(web, certificate))
    assert [(asked.method, asked.target, asked.headers.get("authorization")) for asked in web.requests] == [
        ("HEAD", "/", None)
    ]


def test_a_certificate_that_ends_soon_is_remarked(web: Web, certificate: Certificate) -> None:
    ends, *_ = found(at(web, certificate), datetime(2099, 12, 27, tzinfo=UTC))
    assert (ends.mark, ends.exit) == (Mark.NOTE, Exit.OK)
    assert ends.what.endswith("certificate good until 2100-01-01, 5 more days")


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (timedelta(days=1), "1,440 minutes ahead of localhost"),
        (timedelta(minutes=-90), "90 minutes behind localhost"),
        (timedelta(seconds=70), None),
    ],
)
def test_a_clock_that_differs_from_the_servers_is_wrong(
    web: Web, certificate: Certificate, off: timedelta, said: str | None
) -> None:
    differs = [one.what for one in found(at(web, certificate), NOW + off) if one.check == "clock"]
    assert differs == ([f"This machine is {said}."] if said else [])


def test_a_certificate_of_nobody_known_is_refused_with_what_shows_it(web: Web) -> None:
    (finding,) = found(at(web, None))
    assert (finding.mark, finding.exit) == (Mark.FAILED, Exit.UNAVAILABLE)
    assert "is not trusted" in finding.what
    assert finding.mend.endswith(f"openssl s_client -connect localhost:{web.port}")


def test_a_host_without_an_address_is_told_apart_from_one_that_does_not_answer() -> None:
    (unknown,) = found(Server("nowhere.invalid", 993))
    assert unknown.what.startswith("No address is known for nowhere.invalid")
    assert unknown.mend == "Type: getent hosts nowhere.invalid"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (closed,) = found(Server("127.0.0.1", taken.getsockname()[1]))
    assert "cannot be spoken to: Connection refused." in closed.what


def test_a_server_that_never_says_anything_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (finding,) = found(Server("127.0.0.1", silent.getsockname()[1]))
    assert finding.mark is Mark.FAILED
    assert "timed out" in finding.what


def test_what_goes_through_a_proxy_is_not_looked_at_directly(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://user:word@proxy.example:3128")
    (finding,) = found(Server("calendar.example", web.port))
    assert (finding.mark, finding.what) == (Mark.SKIPPED, "asked through the proxy proxy.example:3128")


def test_an_imap_server_is_reached_by_tls_and_by_starttls() -> None:
    with Dovecot(require_program()) as dovecot:
        trust = dovecot.certificate.chain
        for server in (
            Server("localhost", dovecot.tls_port, "imap", "implicit", trust),
            Server("localhost", dovecot.port, "imap", "starttls", trust),
            Server("localhost", dovecot.port, "imap", "none"),
        ):
            (finding,) = found(server)
            assert finding.mark is Mark.OK, finding
            assert ("not encrypted" in finding.what) is (server.tls == "none")


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_mail_server_is_reached_by_tls_and_by_starttls(
    certificate: Certificate, tls: Literal["implicit", "starttls"]
) -> None:
    with SmtpSink(certificate, implicit=tls == "implicit") as sink:
        (finding,) = found(Server("localhost", sink.port, "smtp", tls, certificate.chain))
    assert finding.what.endswith("certificate good until 2100-01-01")


@pytest.mark.parametrize(
    ("talks", "greeting", "refusal"),
    [
        ("imap", b"* OK hello\r\n", b"a BAD no such command\r\n"),
        ("imap", b"* BYE busy\r\n", b""),
        ("smtp", b"220 hello\r\n", b"500 5.5.1 what?\r\n"),
        ("smtp", b"554 5.7.1 go away\r\n", b""),
    ],
)
def test_a_server_that_does_not_encrypt_is_told_no_secret(
    talks: Literal["imap", "smtp"], greeting: bytes, refusal: bytes
) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            line, _ = listening.accept()
            with line, line.makefile("rwb", buffering=0) as talk:
                talk.write(greeting)
                while asked := talk.readline():
                    heard.append(asked)
                    talk.write(refusal)

        thread = Thread(target=serve)
        thread.start()
        (finding,) = found(Server("127.0.0.1", listening.getsockname()[1], talks, "starttls"))
        thread.join(10)
    assert "it does not encrypt the line" in finding.what
    assert heard == ([{"imap": b"a STARTTLS\r\n", "smtp": b"EHLO [127.0.0.1]\r\n"}[talks]] if refusal else [])

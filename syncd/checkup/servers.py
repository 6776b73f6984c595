"""The servers of the accounts: do they have an address, can they be reached, is their certificate good, and how long.

Each is asked for nothing but its greeting: no name, no password; a web server for the date it puts on every answer.
"""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.request import getproxies, proxy_bypass

from syncd.checkup import clock
from syncd.checkup.finding import Finding, Mark, failure
from syncd.errors import Exit, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.clock import Clock
    from syncd.connector import Server

PATIENCE: Final = 15
"""Seconds for one step: the address, the connection, the handshake."""

_CHECK: Final = "server"
_SOON: Final = timedelta(days=14)
_LONGEST_ANSWER: Final = 16 * 1024
_MOST_LINES: Final = 50

_BEFORE_TLS: Final = {
    "imap": ((b"", b"* OK"), (b"a STARTTLS\r\n", b"a OK")),
    "smtp": ((b"", b"220 "), (b"EHLO [127.0.0.1]\r\n", b"250 "), (b"STARTTLS\r\n", b"220 ")),
}
"""What is said in the clear, and the answer to it that leads on (RFC 9051 section 6.2.1, RFC 3207 section 4)."""

_LAST_LINE: Final = {"imap": re.compile(rb"\* (OK|BYE|PREAUTH)|a |$"), "smtp": re.compile(rb"\d{3}( |\r)|$")}
"""How the last line of any answer begins; an empty one says that the line was closed."""


def look(server: Server, clock_: Clock) -> Iterator[Finding]:
    """Whether `server` can be spoken to, and what its clock says of ours."""
    about = f"{server.host}:{server.port}"
    try:
        if server.talks == "http" and (proxy := _proxy_for(server)):
            yield Finding(_CHECK, Mark.SKIPPED, f"asked through the proxy {proxy}", about=about)
            return
        addresses = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        with socket.create_connection((server.host, server.port), timeout=PATIENCE) as line:
            if server.tls == "none":
                yield Finding(_CHECK, Mark.OK, f"answers at {addresses[0][4][0]}, not encrypted", about=about)
                return
            if server.tls == "starttls":
                _start_tls(line, server.talks)
            with _protection(server).wrap_socket(line, server_hostname=server.host) as safe:
                yield _certificate(safe, str(addresses[0][4][0]), about, clock_())
                if server.talks == "http" and (says := _date_of(safe, server.host)):
                    yield from clock.of_server(server.host, says, clock_())
    except socket.gaierror as error:
        yield failure(
            _CHECK, f"No address is known for {server.host}: {error.strerror}.", f"Type: getent hosts {server.host}",
            Exit.UNAVAILABLE, about=about,
        )  # fmt: skip
    except ssl.SSLCertVerificationError as error:
        yield failure(
            _CHECK, f"The certificate of {server.host} is not trusted: {error.verify_message}.", _show(server),
            Exit.UNAVAILABLE, about=about,
        )  # fmt: skip
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or str(error) or type(error).__name__
        yield failure(
            _CHECK, f"{server.host}, port {server.port}, cannot be spoken to: {reason}.", _show(server),
            Exit.UNAVAILABLE, about=about,
        )  # fmt: skip


def _show(server: Server) -> str:
    if server.tls == "none":
        return (
            f"Check its host and port, then type: syncd config check; is it there? nc -vz {server.host} {server.port}"
        )
    starttls = f" -starttls {server.talks}" if server.tls == "starttls" else ""
    return f"To see what it shows, type: openssl s_client -connect {server.host}:{server.port}{starttls}"


def _proxy_for(server: Server) -> str:
    scheme = "http" if server.tls == "none" else "https"
    proxy = getproxies().get(scheme, "")
    return "" if not proxy or proxy_bypass(server.host) else proxy.rpartition("@")[2].removeprefix(f"{scheme}://")


def _protection(server: Server) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca_file and server.ca_file.expanduser())
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(
            f"The certificates in {server.ca_file} cannot be read.", "Correct ca_file, then type: syncd config check"
        ) from error


def _certificate(safe: ssl.SSLSocket, address: str, about: str, now: datetime) -> Finding:
    shown = safe.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
    left = (ends - now) // timedelta(days=1)
    said = f"{safe.version()} at {address}, certificate good until {ends:%Y-%m-%d}"
    if ends - now > _SOON:
        return Finding(_CHECK, Mark.OK, said, about=about)
    return Finding(
        _CHECK, Mark.NOTE, f"{said}, {left} more days", "Tell whoever runs this server, if that is not yourself.", about
    )


def _start_tls(line: socket.socket, talks: str) -> None:
    """Have a server encrypt the line. Raises OSError when it does not."""
    with line.makefile("rb", buffering=0) as answers:
        for said, leads_on in _BEFORE_TLS[talks]:
            line.sendall(said)
            lines = (answers.readline(_LONGEST_ANSWER) for _ in range(_MOST_LINES))
            last = next((answer for answer in lines if _LAST_LINE[talks].match(answer)), b"")
            if not last.startswith(leads_on):
                raise OSError("it does not encrypt the line (STARTTLS)")


def _date_of(safe: ssl.SSLSocket, host: str) -> datetime | None:
    """The Date of a web server's answer; None when it gives none."""
    with suppress(OSError, ValueError):
        safe.sendall(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("ascii"))
        answer = b""
        while b"\r\n\r\n" not in answer and len(answer) < _LONGEST_ANSWER and (more := safe.recv(4096)):
            answer += more
        for line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"date":
                return parsedate_to_datetime(value.decode("ascii").strip()).astimezone(UTC)
    return None

"""The one door to imapclient: a connection is opened, protected and signed in, or fails as a sentence.

imapclient brings time limits, TLS that verifies, STARTTLS and the greeting; what follows is spoken through the wire
that this session lends.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError

from connectors._imap_refusals import broken_off, busy, is_busy, sign_in_refused
from connectors._imap_wire import LostError, RefusedError, Wire, quoted
from connectors._quote import quote
from syncd.errors import ConnectorError, Misconfigured, Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connectors._imap_options import ImapOptions
    from connectors._imap_wire import Answer

CONNECT_WITHIN: Final = 30.0
"""Seconds until a server that does not take the connection is given up."""

ANSWER_WITHIN: Final = 120.0
"""Seconds until a server that says nothing is given up; the first SEARCH in a big mailbox may take a minute."""

GOODBYE_WITHIN: Final = 2.0
"""Seconds a server gets to answer LOGOUT."""

_PLAIN_TEXT: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"})
"""How OpenSSL calls words that are not TLS."""


class Session:
    """One signed-in connection. `wire` speaks; `capabilities` are those after signing in, in upper case."""

    def __init__(self, account: str, options: ImapOptions, client: IMAPClient) -> None:
        self._account = account
        self._options = options
        self._client = client
        self.wire = Wire(client._imap)  # noqa: SLF001 - the socket is to be had nowhere else
        self.capabilities: frozenset[bytes] = frozenset()

    def sign_in(self, secret: Callable[[], str]) -> None:
        """Sign in and learn what the server can do. A token that is refused is asked for anew, once.

        Raises AuthRequired, Misconfigured or Transient.
        """
        try:
            offered = frozenset(self._client.capabilities())
            signed_in = self._client._imap.state == "AUTH"  # noqa: SLF001 - a greeting of PREAUTH says so
            answer = None if signed_in else self._authenticate(offered, secret)
            if b"ID" in offered:  # some servers show nothing to a client without a name
                self.wire.mention(b'ID ("name" "syncd")')
            told = _capabilities(answer) if answer else None
            self.capabilities = told or _capabilities(self.wire.ask(b"CAPABILITY")) or offered
        except LostError as lost:
            raise broken_off(self._account, self._options.host, lost.farewell, str(lost)) from lost
        except (OSError, imaplib.IMAP4.error) as error:
            raise broken_off(self._account, self._options.host, "", str(error)) from error
        except RefusedError as refused:
            raise self._refused(refused) from refused

    def close(self) -> None:
        """Say goodbye where that can be understood, and let go of the socket; never raises."""
        with suppress(OSError, ValueError, imaplib.IMAP4.error):
            if self.wire.idle:
                self._client.socket().settimeout(GOODBYE_WITHIN)
                self._client.logout()
        with suppress(OSError, ValueError, imaplib.IMAP4.error):
            self._client.shutdown()

    def _authenticate(self, offered: frozenset[bytes], secret: Callable[[], str]) -> Answer:
        if self._options.token is not None:
            if b"AUTH=XOAUTH2" not in offered:
                raise Misconfigured(
                    f"{self._options.host} does not take tokens (it offers no AUTH=XOAUTH2).",
                    f"Give the account {self._account} a password in place of the token.",
                )
            try:
                return self.wire.authenticate("XOAUTH2", self._bearer(secret()))
            except RefusedError:
                return self.wire.authenticate("XOAUTH2", self._bearer(secret()))
        password = secret().encode()
        if re.search(rb"[\x00\r\n]", password):
            raise Misconfigured(
                f"The password of the account {self._account} holds a line break.",
                f"Take that out where the password is kept, then type: syncd sync {self._account}",
            )
        user = self._options.user.encode()
        if b"LOGINDISABLED" not in offered and (user + password).isascii():
            return self.wire.ask(b"LOGIN " + quoted(user) + b" " + quoted(password))
        if b"AUTH=PLAIN" in offered:
            return self.wire.authenticate("PLAIN", (b"\0" + user + b"\0" + password,))
        raise Misconfigured(
            f"{self._options.host} lets nobody sign in with this password over this connection.",
            f'Set tls = "implicit" or "starttls" for the account {self._account}, or take a plain ASCII password.',
        )

    def _bearer(self, token: str) -> Iterable[bytes]:
        """The one response of XOAUTH2; a second challenge carries the error and is answered with nothing."""
        return (f"user={self._options.user}\x01auth=Bearer {token}\x01\x01".encode(),)

    def _refused(self, refused: RefusedError) -> ConnectorError:
        return sign_in_refused(self._account, self._options.host, self._options.user, refused.code, refused.text)


def _capabilities(answer: Answer) -> frozenset[bytes]:
    """What an answer says the server can do; empty when it says nothing about it."""
    if answer.code == "CAPABILITY":
        return frozenset(answer.value.upper().split())
    return frozenset(
        word
        for reply in answer.replies
        if reply.text[2:13].upper() == b"CAPABILITY "
        for word in reply.text.upper().split()[2:]
    )


def open_session(account: str, options: ImapOptions, secret: Callable[[], str]) -> Session:
    """Connect, protect and sign in. Raises AuthRequired, Misconfigured or Transient, each a sentence."""
    session = Session(account, options, _connect(account, options))
    try:
        session.sign_in(secret)
    except BaseException:
        session.close()
        raise
    return session


def _connect(account: str, options: ImapOptions) -> IMAPClient:
    host, port = options.host, options.port
    doctor = f"Type: syncd doctor {account}"
    try:
        protection = _protection(options)
        client = IMAPClient(
            host,
            port,
            ssl=options.tls == "implicit",
            ssl_context=protection,
            timeout=SocketTimeout(CONNECT_WITHIN, ANSWER_WITHIN),
        )
    except ssl.SSLCertVerificationError as error:
        raise _certificate_refused(account, host, error) from error
    except ssl.SSLError as error:
        raise _handshake_failed(account, host, port, error) from error
    except socket.gaierror as error:
        raise Transient(f"There is no address to be found for {host} ({error.strerror}).", doctor) from error
    except TimeoutError as error:
        raise Transient(f"{host} does not answer on port {port}.", doctor) from error
    except OSError as error:
        raise Transient(f"{host} cannot be reached on port {port} ({error.strerror or error}).", doctor) from error
    except imaplib.IMAP4.error as error:
        raise _greeted_wrongly(account, host, str(error)) from error
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client._imap.debug = 0  # noqa: SLF001 - imapclient turns a log of every line on: slow, and full of people
    if options.tls == "starttls":
        _start_tls(account, options, client, protection)
    return client


def _start_tls(account: str, options: ImapOptions, client: IMAPClient, protection: ssl.SSLContext | None) -> None:
    """Protect the connection, or close it: nothing is ever sent in the clear instead."""
    try:
        client.starttls(protection)
    except (OSError, imaplib.IMAP4.error) as error:
        with suppress(OSError):
            client.shutdown()
        if isinstance(error, ssl.SSLCertVerificationError):
            raise _certificate_refused(account, options.host, error) from error
        if isinstance(error, CapabilityError):
            raise Misconfigured(
                f"{options.host} offers no STARTTLS on port {options.port}.",
                f'Set tls = "implicit" for the account {account} (its port is 993).',
            ) from error
        raise Transient(
            f"{options.host} did not protect the connection ({quote(str(error))}).", f"Type: syncd doctor {account}"
        ) from error


def _protection(options: ImapOptions) -> ssl.SSLContext | None:
    """What a certificate is checked against; None where nothing is protected."""
    if options.tls == "none":
        return None
    try:
        return ssl.create_default_context(cafile=options.ca_file and options.ca_file.expanduser())
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(
            f"The certificates in {options.ca_file} cannot be read ({getattr(error, 'strerror', '') or error}).",
            "Correct ca_file, then type: syncd config check",
        ) from error


def _handshake_failed(account: str, host: str, port: int, error: ssl.SSLError) -> ConnectorError:
    """Plain text in answer to TLS is a wrong port; anything else may be the line, and passes."""
    check = f'Check the port of the account {account}: 993 goes with tls = "implicit", 143 with tls = "starttls".'
    if error.reason in _PLAIN_TEXT:
        return Misconfigured(f"{host} does not speak TLS on port {port} ({error.reason}).", check)
    return Transient(
        f"{host} did not protect the connection on port {port} ({error.reason or quote(str(error))}).",
        f"syncd tries again. If it stays so, type: syncd doctor {account}",
    )


def _certificate_refused(account: str, host: str, error: ssl.SSLCertVerificationError) -> Transient:
    return Transient(
        f"{host} showed a certificate that cannot be trusted ({error.verify_message}); nothing was sent.",
        "Perhaps this network puts itself in between. If the server has a certificate of its own authority, "
        f"name that in ca_file. Then type: syncd doctor {account}",
    )


def _greeted_wrongly(account: str, host: str, said: str) -> ConnectorError:
    if is_busy("", said):
        return busy(host, said)
    return Transient(
        f"{host} did not greet as an IMAP server does ({quote(said)}).",
        f"Check host and port of the account {account}, then type: syncd doctor {account}",
    )

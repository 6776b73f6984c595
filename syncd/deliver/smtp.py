"""Delivery by SMTP (RFC 5321): encrypted and to a verified server, or to this very machine.

The letter is committed between its last line and the final dot: without the dot a server throws it away (RFC 5321
section 4.1.1.4), so that only the answer to the dot itself can leave a doubt.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncd.deliver.transport import AGAIN, UNTIL_MENDED, InDoubt, NotNow, Refused, Trace
from syncd.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syncd.model import Letter

_OURSELVES = "[127.0.0.1]"
"""What HELO says: an address literal is valid everywhere, and tells nothing about this machine."""
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_READY_FOR_DATA = 354
_PERMANENT = 500
_CHECK = "Check [digest.send], then type: syncd digest send"


@dataclass(frozen=True, slots=True)
class Smtp:
    """A submission server. `patience` is how long one answer may take, `last_patience` the one to the final dot (s)."""

    host: str
    port: int
    tls: str
    username: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    patience: float = 60
    last_patience: float = 600

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        """Hand `letter` over, as `Transport.send` promises."""
        with self._session() as server:
            self._say(server.mail, self.sender or letter.recipient)
            self._say(server.rcpt, letter.recipient)
            code, text = server.docmd("DATA")
            if code != _READY_FOR_DATA:
                raise self._refusal(code, text)
            server.send(_LEADING_DOT.sub(b"..", letter.content.rstrip(b"\r\n") + b"\r\n"))
            commit()
            code, text = self._finish(server)
        if not _is_success(code):
            raise self._refusal(code, text)

    def try_out(self) -> tuple[str, ...]:
        """See `TriesOut.try_out`: greets, encrypts the line and signs in."""
        with self._session() as server:
            said = [f"{self.host} lets {self.username} in" if self.username else f"{self.host} answers"]
            if isinstance(server.sock, ssl.SSLSocket):
                said.append(f"encrypted by {server.sock.version()}")
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        return tuple(said)

    def find(self, letter: Letter) -> Trace:  # noqa: ARG002 - see Transport
        """What a server took, nobody can ask it."""
        return Trace.UNKNOWN

    def _finish(self, server: smtplib.SMTP) -> tuple[int, bytes]:
        """The final dot, and the server's answer to it; from here on a broken line leaves a doubt."""
        try:
            if server.sock:
                server.sock.settimeout(self.last_patience)
            server.send(b".\r\n")
            code, text = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise InDoubt(
                f"{self.host} had the whole digest when the connection broke, so it may have arrived or not."
            ) from error
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        return code, text

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A server that has greeted us, encrypted the line and let us in; every complaint of smtplib translated."""
        try:
            with closing(self._connect()) as server:
                server.ehlo_or_helo_if_needed()
                if self.username:
                    server.login(self.username, self.password)
                yield server
        except smtplib.SMTPAuthenticationError as error:
            raise NotNow(
                f"{self.host} refused to let {self.username} in: {_quote(error.smtp_error)}.",
                "Check digest.send.username and digest.send.password, then type: syncd digest send",
                UNTIL_MENDED if error.smtp_code >= _PERMANENT else None,
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise DeliveryError(
                f"The certificate of {self.host} was not accepted: {error.verify_message}.", _CHECK
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryError(f"{self.host} does not offer what is asked of it: {error}", _CHECK) from error
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(
                f"{self.host} answered: {error.smtp_code} {_quote(error.smtp_error)}.", AGAIN
            ) from error
        except smtplib.SMTPException as error:
            raise DeliveryError(f"{self.host} broke off: {error}.", AGAIN) from error
        except ssl.SSLError as error:
            reason = (error.reason or "the line broke").replace("_", " ").lower()
            raise DeliveryError(f"No encrypted connection to {self.host} came about: {reason}.", _CHECK) from error
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise DeliveryError(f"{self.host}, port {self.port}, cannot be reached: {reason}.", AGAIN) from error

    def _connect(self) -> smtplib.SMTP:
        trust = ssl.create_default_context()
        if self.tls == "implicit":
            return smtplib.SMTP_SSL(self.host, self.port, _OURSELVES, timeout=self.patience, context=trust)
        server = smtplib.SMTP(self.host, self.port, _OURSELVES, timeout=self.patience)
        try:
            if self.tls == "starttls":
                server.starttls(context=trust)
        except BaseException:
            server.close()
            raise
        return server

    def _say(self, command: Callable[[str], tuple[int, bytes]], address: str) -> None:
        code, text = command(address)
        if not _is_success(code):
            raise self._refusal(code, text)

    def _refusal(self, code: int, text: bytes) -> DeliveryError:
        """4xx asks for patience, 5xx is a no (RFC 5321 section 4.2.1)."""
        if code >= _PERMANENT:
            return Refused(f"{self.host} refused the digest: {code} {_quote(text)}.", _CHECK)
        return DeliveryError(f"{self.host} cannot take the digest now: {code} {_quote(text)}.", AGAIN)


def _is_success(code: int) -> bool:
    return code // 100 == 2  # noqa: PLR2004 - RFC 5321 section 4.2.1: 2yz is a positive completion


def _quote(text: bytes | str) -> str:
    """What a server said, on one line, at most 200 characters, without its own full stop."""
    words = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())[:200].rstrip(".")

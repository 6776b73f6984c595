"""A real Dovecot on this machine: made in a temporary folder, on free loopback ports, gone at the end.

Runs as root (mail then belongs to nobody) or as any user. Everybody can sign in with the one password, so that each
test has a mailbox of its own; XOAUTH2 tokens are those that `token` makes.
"""

from __future__ import annotations

import grp
import hashlib
import hmac
import imaplib
import json
import os
import pwd
import shutil
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final

import pytest

from tests.servers.certificate import make_certificate
from tests.servers.daemon import Daemon, free_ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from tests.servers.certificate import Certificate

PASSWORD: Final = "secret"
SENT: Final = "Gesendet"
_TOKEN_KEY: Final = b"a key of the tests, of 32 octets"
_WITHIN: Final = 60.0

_CONFIGURATION: Final = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = {name}
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
log_path = /dev/stderr
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain xoauth2
auth_username_chars =
mail_location = {format}:~/{format}
mail_fsync = never
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox {sent} {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
protocol imap {{
  mail_max_userip_connections = 200
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


def require_program() -> str:
    """The path of `dovecot`; without it the test is skipped, or fails where CI is set."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("Dovecot is missing; type: apt install dovecot-imapd")
    return program


class Dovecot(Daemon):
    """The server, as a context; `port` speaks in the clear and STARTTLS, `tls_port` TLS."""

    def __init__(self, program: str, *, storage: str = "maildir") -> None:
        super().__init__("Dovecot")
        self._program = program
        self._storage = storage
        self.host = "127.0.0.1"
        self.port, self.tls_port = free_ports(2)
        self.certificate: Certificate = make_certificate(self.folder)

    def command(self) -> Sequence[str | Path]:
        """The server itself, in the foreground."""
        self._configure()
        return [self._program, "-F", "-c", self.folder / "dovecot.conf"]

    def client(self, user: str) -> imaplib.IMAP4:
        """A connection of `user`, signed in; to be used as a context."""
        client = imaplib.IMAP4(self.host, self.port, timeout=_WITHIN)
        client.login(user, PASSWORD)
        return client

    def deliver(self, user: str, folder: str, message: bytes, when: datetime) -> None:
        """Put a message into a folder, which is made when it is not there."""
        with self.client(user) as client:
            client.create(folder)
            status, answer = client.append(folder, "", imaplib.Time2Internaldate(when), message)
            assert status == "OK", answer

    def doveadm(self, *words: str) -> list[str]:
        """A doveadm command line for this server."""
        return ["doveadm", "-c", str(self.folder / "dovecot.conf"), *words]

    @staticmethod
    def token(user: str, expires: datetime) -> str:
        """An access token that Dovecot accepts by itself (a JSON Web Token, RFC 7519, signed with HS256)."""
        head = {"typ": "JWT", "alg": "HS256", "kid": "default"}
        body = {"sub": user, "email": user, "iat": 1, "exp": int(expires.timestamp())}
        signed = b".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, body))
        signature = urlsafe_b64encode(hmac.digest(_TOKEN_KEY, signed, hashlib.sha256)).rstrip(b"=")
        return (signed + b"." + signature).decode()

    def _configure(self) -> None:
        root = os.geteuid() == 0
        me = pwd.getpwuid(os.geteuid()).pw_name
        internal, login, owner = ("dovecot", "dovenull", "nobody") if root else (me, me, me)
        keys = self.folder / "keys" / "default" / "HS256"
        for place in (self.folder / "run", self.folder / "state", self.folder / "mail", keys):
            place.mkdir(parents=True)
        (keys / "default").write_bytes(b64encode(_TOKEN_KEY))
        (self.folder / "oauth2.conf").write_text(
            "introspection_mode = local\n"
            f"local_validation_key_dict = fs:posix:prefix={self.folder}/keys/\n"
            "username_attribute = email\n"
        )
        (self.folder / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                folder=self.folder,
                name=self.folder.name,
                internal=internal,
                internal_group=_group(internal),
                login=login,
                owner=owner,
                owner_group=_group(owner),
                certificate=self.certificate.chain,
                key=self.certificate.key,
                format=self._storage,
                password=PASSWORD,
                sent=SENT,
                port=self.port,
                tls_port=self.tls_port,
            )
        )
        self.folder.chmod(0o755)
        if root:
            shutil.chown(self.folder / "mail", owner)


def _group(user: str) -> str:
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name

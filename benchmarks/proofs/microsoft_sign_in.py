"""`syncd auth` for a Microsoft account, played through as a person would: every way in, and every way to be refused.

    PYTHONPATH=. python benchmarks/proofs/microsoft_sign_in.py

A real OAuth server (npm's oidc-provider) signs in by browser and by code, declines, lets a code run out, revokes; what
only Microsoft says (AADSTS...) is said by a scripted server. Prints each command, what it said, and its exit code.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.contract.microsoft_account import ADDRESS, CLIENT_ID
from tests.servers.certificate import make_certificate
from tests.servers.entra import Entra
from tests.servers.oidc import Oidc, require_packages

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.certificate import Certificate

SYNCD: Final = Path(sys.executable).parent / "syncd"
OK, SIGN_IN, CONFIG = 0, 77, 78
_WITHIN: Final = 60
_CHANCE: Final = re.compile(r"(?<=state)=[^&]*|(?<=nonce)=[^&]*|(?<=code_challenge)=[^&]*")
"""What differs each time in the address of a sign-in."""

REFUSALS: Final = (
    ("consent_required", 65001, SIGN_IN, "the user may not agree alone"),
    ("access_denied", 90094, SIGN_IN, "an administrator has to approve"),
    ("invalid_grant", 53003, SIGN_IN, "conditional access blocks it"),
    ("interaction_required", 50076, SIGN_IN, "a second step is wanted"),
    ("invalid_grant", 50020, SIGN_IN, "an account of another tenant"),
    ("invalid_client", 7000218, CONFIG, "public client flows are off"),
    ("invalid_request", 50011, CONFIG, "the redirect address is not registered"),
    ("unauthorized_client", 700016, CONFIG, "no such client id"),
)


class Person:
    """Somebody with one account, at a terminal of their own."""

    def __init__(self, folder: Path, authority: str, certificate: Certificate) -> None:
        folder.mkdir()
        self._config = folder / "config.toml"
        self._config.write_text(
            f'[me]\naddresses = ["{ADDRESS}"]\n[accounts.work]\ntype = "outlook-calendar"\naddress = "{ADDRESS}"\n'
            f'client_id = "{CLIENT_ID}"\nauthority = "{authority}"\ngraph = "{authority}"\n'
            f'[digest]\nto = "{ADDRESS}"\n[store]\nurl = "sqlite:///syncd.db"\n'
        )
        browser = folder / "browser"
        browser.write_text(f"#!{sys.executable}\nimport sys, requests\nrequests.get(sys.argv[1], timeout=30)\n")
        browser.chmod(0o700)
        self._env = {
            **os.environ,
            "SYNCD_CONFIG": str(self._config),
            "XDG_DATA_HOME": str(folder),
            "XDG_STATE_HOME": str(folder),
            "REQUESTS_CA_BUNDLE": str(certificate.chain),
            "BROWSER": f"{browser} %s",
            "COLUMNS": "110",
            "no_proxy": "*",
        }
        self.wrong = 0

    def type(self, *words: str, expect: int, read: Callable[[str], None] = lambda _: None) -> None:
        """Run a command, show it, and let the person act on each line it says."""
        print(f"\n$ syncd {' '.join(words)}")
        with subprocess.Popen(
            [SYNCD, *words],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as command:
            for line in command.stdout or ():
                print(f"  {_CHANCE.sub('=...', line.rstrip())}")
                read(line)
            code = command.wait(_WITHIN)
        print(f"  -> exit code {code}{'' if code == expect else f', and {expect} was expected'}")
        self.wrong += code != expect


def at(code: Callable[[str], None]) -> Callable[[str], None]:
    """What somebody does who waits for a code."""

    def read(line: str) -> None:
        found = re.search(r"code ([A-Z0-9]{4}-?[A-Z0-9]{4})", line)
        if found:
            code(found[1])

    return read


def say(title: str) -> None:
    """Begin a scene."""
    print(f"\n== {title}")


def real_server(home: Path) -> int:
    """Everything a real OAuth server can play."""
    with Oidc(require_packages(), CLIENT_ID) as server:
        person = Person(home / "real", server.authority, server.certificate)
        say("in the browser of this machine")
        person.type("auth", "work", expect=OK)
        person.type("auth", "work", "--status", expect=OK)
        say("without a browser: the address is opened elsewhere, and its answer comes back through the tunnel")

        def open_it(line: str) -> None:
            found = re.search(r"https://localhost\S+authorize\S+", line)
            if found:
                server.browse(found[0])

        person.type("auth", "work", "--no-browser", expect=OK, read=open_it)
        say("with a code on a phone")
        person.type("auth", "work", "--device", expect=OK, read=at(lambda code: server.approve(code, ADDRESS)))
        say("revoked at the provider: said once, and not asked about again")
        server.revoke(ADDRESS)
        before = server.counts["refused"]
        person.type("auth", "work", "--status", expect=SIGN_IN)
        person.type("auth", "work", "--status", expect=SIGN_IN)
        print(f"  requests that were refused: {server.counts['refused'] - before}")
        person.wrong += server.counts["refused"] - before != 1
        say("declined, in the browser and on the phone")
        server.as_(answer="access_denied|AADSTS65004: The resource owner declined.")
        person.type("auth", "work", expect=SIGN_IN)
        server.as_()
        person.type("auth", "work", "--device", expect=SIGN_IN, read=at(server.deny))
        say("a code that nobody enters")
        server.let_live(DeviceCode=6)
        person.type("auth", "work", "--device", expect=SIGN_IN)
        server.let_live(DeviceCode=900)
        say("somebody else signs in")
        server.as_("somebody@outlook.example")
        person.type("auth", "work", expect=SIGN_IN)
        say("a permission is not given")
        server.as_(scopes=[])
        person.type("auth", "work", expect=SIGN_IN)
        say("in again, and out")
        server.as_()
        person.type("auth", "work", expect=OK)
        person.type("auth", "work", "--revoke", expect=OK)
        person.type("auth", "work", "--status", expect=SIGN_IN)
        return person.wrong


def scripted_server(home: Path) -> int:
    """What only Microsoft says."""
    with ExitStack() as stack:
        certificate = make_certificate(home)
        server = stack.enter_context(Entra(certificate))
        person = Person(home / "scripted", server.root, certificate)
        for error, code, expect, title in REFUSALS:
            say(f"AADSTS{code}: {title}")
            server.offer_code(every=1)
            server.refuse(error, code)
            person.type("auth", "work", "--device", expect=expect)
        return person.wrong


def main() -> int:
    """The proof; its exit code is the number of commands that ended unexpectedly."""
    with tempfile.TemporaryDirectory(prefix="syncd-proof-") as folder:
        wrong = real_server(Path(folder)) + scripted_server(Path(folder))
    print(f"\n{wrong} commands ended unexpectedly")
    return wrong


if __name__ == "__main__":
    sys.exit(main())

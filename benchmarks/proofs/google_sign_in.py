"""`syncd auth` for Google, played through: the command as its owner types it, a terminal, a browser, an OAuth server.

    PYTHONPATH=. python benchmarks/proofs/google_sign_in.py

The browser is curl; the terminal is a pseudo terminal, into which the address is pasted. Each scene prints the command,
its exit code and what it said; the last line says whether every scene ended as it should.
"""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.servers.google import Google

if TYPE_CHECKING:
    from collections.abc import Callable

SYNCD = Path(sys.executable).parent / "syncd"
PATIENCE = 60
OK, SIGN_IN, CONFIG = 0, 77, 78
OWNER_ONLY = 0o600


def redirect_of(url: str) -> str:
    """Where the consent page sends the browser."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=PATIENCE)) as line:
        line.request("GET", parts._replace(scheme="", netloc="").geturl())
        return line.getresponse().getheader("Location") or ""


@dataclass
class Stage:
    """A home folder with two accounts at Google, and the server they are at."""

    home: Path
    google: Google
    wrong: list[str] = field(default_factory=list)

    def furnish(self) -> None:
        """Write the configuration, and the client's JSON where only its owner can read it."""
        client = self.home / "google-client.json"
        client.write_text(self.google.client_json())
        client.chmod(0o600)
        accounts = "".join(
            f'[accounts.{name}]\ntype = "{kind}"\naddress = "{self.google.address}"\n'
            f'client = {{ file = "{client}" }}\nendpoint = "{self.google.endpoint}"\n'
            for name, kind in (("mail", "gmail"), ("calendar", "google-calendar"))
        )
        bare = f'[accounts.bare]\ntype = "gmail"\naddress = "{self.google.address}"\n'
        (self.home / "config.toml").write_text(
            f'[me]\naddresses = ["{self.google.address}"]\n{accounts}{bare}'
            f'[digest]\nto = "{self.google.address}"\n[store]\nurl = "sqlite:///syncd.db"\n'
        )

    def play(self, scene: str, words: str, code: int, says: str, *, paste: Callable[[str], str] | None = None) -> None:
        """Type `syncd WORDS` at a terminal; it must end with `code` and have said `says`.

        `paste` is given the address that was shown, and gives what the owner pastes; without it curl is the browser.
        """
        print(f"\n--- {scene}\n$ syncd {words}")
        found, text = self._type(words, paste)
        for line in text.splitlines():
            print(f"  {line}".rstrip())
        print(f"[exit {found}]")
        if found != code or says not in " ".join(text.split()):
            self.wrong.append(scene)
            print(f"WRONG: expected exit {code} and {says!r}")

    def _type(self, words: str, paste: Callable[[str], str] | None) -> tuple[int, str]:
        here, there = pty.openpty()
        process = subprocess.Popen(
            [SYNCD, *words.split()], stdin=there, stdout=there, stderr=there, env=self._environment(), close_fds=True
        )
        os.close(there)
        said = b""
        try:
            while select.select([here], [], [], PATIENCE)[0]:
                with suppress(OSError):  # the other side is closed
                    if piece := os.read(here, 65536):
                        said += piece
                        url = next((word for word in said.decode(errors="replace").split() if "/auth?" in word), "")
                        if paste and b"paste it here:" in said and url:
                            os.write(here, f"{paste(url)}\n".encode())
                            paste = None
                        continue
                break
            return process.wait(PATIENCE), said.decode(errors="replace").replace("\r\n", "\n")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            os.close(here)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "SYNCD_CONFIG": str(self.home / "config.toml"),
            "BROWSER": f"{which('curl')} --silent --location --output /dev/null %s",
            "TERM": "dumb",
            "COLUMNS": "400",
            "TZ": "UTC",
        }

    def sign_in_file(self, account: str) -> Path | None:
        """Where the sign-in lies; None when there is none."""
        return next(self.home.rglob(f"{account}.json"), None)


def play_agreements(stage: Stage) -> None:
    """The owner agrees: in the browser, by pasting the address, by pasting the code."""
    stage.play("no client yet", "auth bare", CONFIG, "Publish app, or sign-in dies every 7 days")
    stage.play("success, by redirect", "auth mail", OK, f"Signed in as {stage.google.address}.")
    stage.play("how it stands", "auth mail --status", OK, f"Signed in as {stage.google.address} since")
    stage.play("success, by paste", "auth mail --no-browser", OK, "Signed in as", paste=redirect_of)
    stage.play(
        "success, by pasting the code alone",
        "auth calendar --no-browser",
        OK,
        "titles, times and guests",
        paste=lambda url: redirect_of(url).partition("code=")[2].partition("&")[0],
    )
    path = stage.sign_in_file("mail")
    if path is None or path.stat().st_mode & 0o777 != OWNER_ONLY:
        stage.wrong.append("the file of the sign-in is the owner's alone")


def play_refusals(stage: Stage) -> None:
    """The owner, or Google, does not agree; what stood before stays."""
    oauth, before = stage.google.oauth, _text(stage, "calendar")
    oauth.consents_to = frozenset({"https://www.googleapis.com/auth/calendar.events.readonly"})
    stage.play("a refused scope", "auth calendar", SIGN_IN, "See the list of Google calendars")
    oauth.consents_to = None
    oauth.denies = "access_denied"
    stage.play("denied", "auth calendar", SIGN_IN, "The sign-in was refused (access_denied).")
    oauth.denies = ""
    stage.play(
        "an answer to another sign-in",
        "auth calendar --no-browser",
        SIGN_IN,
        "answers another sign-in",
        paste=lambda _: "http://127.0.0.1:1/?code=4/abcdef&state=yesterdays",
    )
    oauth.account = "work@rossi.example"
    stage.play("a wrong account", "auth calendar", SIGN_IN, "work@rossi.example signed in, but the account calendar is")
    oauth.account = stage.google.address
    if _text(stage, "calendar") != before:
        stage.wrong.append("a sign-in that fails leaves the old one")


def play_ends(stage: Stage) -> None:
    """Tokens end, are renewed, are revoked; a sign-in dies once, and Google is not asked about it again."""
    google = stage.google
    google.oauth.expire_access()
    asked = google.calls["oauth.token"]
    stage.play("an expired access token is renewed", "sync mail", OK, "mail")
    print(f"({google.calls['oauth.token'] - asked} refresh)")
    google.oauth.revoke_all()
    stage.play("a revoked sign-in", "sync mail", SIGN_IN, "the password was changed or access was taken back")
    asked = len(google.requests)
    stage.play("the same, asked again", "sync mail", SIGN_IN, "is over")
    print(f"({len(google.requests) - asked} requests to Google)")
    if len(google.requests) != asked:
        stage.wrong.append("a dead sign-in is not asked about again")
    stage.play("how it stands", "auth mail --status", SIGN_IN, "is over")
    stage.play("signed in anew", "auth mail", OK, "Signed in as")
    path = stage.sign_in_file("mail")
    if path is not None:
        kept = json.loads(path.read_text())
        week_ago = datetime.fromisoformat(kept["signed_in_at"]) - timedelta(days=7)
        path.write_text(json.dumps({**kept, "signed_in_at": week_ago.isoformat()}))
    google.oauth.revoke_all()
    stage.play("an expired sign-in: an app in testing, a week later", "sync mail", SIGN_IN, "an app in testing")
    stage.play("signed in anew", "auth mail", OK, "Signed in as")
    stage.play("signed out", "auth mail --revoke", OK, "Google has taken it back.")
    if stage.sign_in_file("mail") is not None or google.oauth.grants:
        stage.wrong.append("nothing is left of a sign-out")


def _text(stage: Stage, account: str) -> str:
    path = stage.sign_in_file(account)
    return path.read_text() if path else ""


def main() -> int:
    """Play every scene; 0 when each ended as it should, and nothing was asked against Google's contract."""
    with tempfile.TemporaryDirectory() as folder, Google() as google:
        stage = Stage(Path(folder), google)
        stage.furnish()
        play_agreements(stage)
        play_refusals(stage)
        play_ends(stage)
        scopes = sorted({scope for request in google.requests for scope in request.query.get("scope", ())})
        print(f"\nscopes asked for: {scopes}")
        print(f"breaches of Google's contract: {google.violations}")
        print("every scene ended as it should" if not stage.wrong else f"WRONG: {stage.wrong}")
        return bool(stage.wrong or google.violations)


if __name__ == "__main__":
    sys.exit(main())

"""The double of Gmail in a process of its own, filled with real mailboxes, and a syncd that is signed in to it.

What `gmail_kill.py`, `imap_and_gmail.py` and `../gmail_quota.py` share. The quota has no end here and the reader knows
no pace, or twenty thousand messages would take 67 minutes; `gmail_quota.py` measures those.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from multiprocessing import Pipe, Process
from typing import TYPE_CHECKING, Self

from connectors._google_scopes import GMAIL_SCOPES
from connectors._google_tokens import Kept
from tests.servers.google import Google
from tests.servers.google_oauth import CLIENT_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path
    from types import TracebackType

UNPACED = (
    "import sys; from connectors._gmail_pace import Pace; Pace.wait = lambda *_: True; "
    "from syncd.cli import main; sys.exit(main())"
)
"""The program, but for the one thing that would make a proof take hours: it does not wait for the quota."""

GET = "gmail.users.messages.get"
FAR_AWAY = timedelta(days=365)


class GmailDouble:
    """As a context: `messages` (labels, an mbox entry) in a mailbox at `endpoint`, served until the end."""

    def __init__(self, address: str, messages: Iterable[tuple[Sequence[str], bytes]]) -> None:
        self.address = address
        self._ours, theirs = Pipe()
        self._process = Process(target=_serve, args=(theirs, address, list(messages)), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        told = self._ours.recv()
        self.endpoint, self.client, self.refresh, self.access = told
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ours.send("end")
        self._process.join()

    def spent(self) -> tuple[int, Mapping[str, int]]:
        """Quota units, and requests by method, since it was asked last."""
        self._ours.send("spent")
        units, calls, violations = self._ours.recv()
        if violations:
            raise AssertionError(violations)
        return units, calls

    def served(self) -> int:
        """How many messages were shown, since `spent` was asked last."""
        self._ours.send("served")
        shown: int = self._ours.recv()
        return shown

    def account(self, state: Path) -> str:
        """The table of a configuration, whose sign-in lies under `state`, the environment's STATE_DIRECTORY."""
        now = datetime.now(UTC)
        kept = Kept(
            address=self.address, client_id=CLIENT_ID, scopes=GMAIL_SCOPES, refresh_token=self.refresh,
            access_token=self.access, expires_at=now + FAR_AWAY, signed_in_at=now, refreshed_at=now,
        )  # fmt: skip
        tokens = state / "tokens"
        tokens.mkdir(mode=0o700, parents=True)
        (tokens / "gmail.json").touch(0o600)
        (tokens / "gmail.json").write_text(kept.text())
        (state / "client.json").touch(0o600)
        (state / "client.json").write_text(self.client)
        return (
            f'[accounts.gmail]\ntype = "gmail"\naddress = "{self.address}"\nendpoint = "{self.endpoint}"\n'
            f'first_sync = "60 years"\nclient = {{ file = "{state}/client.json" }}\n'
        )


def _serve(line: Connection, address: str, messages: list[tuple[Sequence[str], bytes]]) -> None:
    with Google(address=address, stride=500) as google:
        google.quota.per_minute = None
        google.oauth.lifetime = round(FAR_AWAY.total_seconds())
        for labels, entry in messages:
            separator, _, message = entry.partition(b"\n")
            google.mailbox.add_raw(message, labels, received(separator))
        grant = google.oauth.sign_in(*GMAIL_SCOPES)
        line.send((google.endpoint, google.client_json(), grant.refresh, grant.access))
        while (asked := line.recv()) != "end":
            if asked == "served":
                line.send(sum(request.method == GET for request in list(google.requests)))
                continue
            line.send((google.quota.spent, dict(google.calls), google.violations[:5]))
            google.quota.spent = 0
            google.requests.clear()


def received(separator: bytes) -> datetime:
    """When the message behind this mbox separator arrived."""
    return datetime.strptime(separator.decode().split(maxsplit=2)[2], "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)


def home(place: Path, accounts: str, address: str) -> dict[str, str]:
    """A configuration in a folder of its own; the environment to use it with."""
    config = place / "config.toml"
    config.write_text(
        f'[me]\naddresses = ["{address}"]\n{accounts}[digest]\nto = "{address}"\n'
        f'[store]\nurl = "sqlite:///{place}/syncd.db"\n'
    )
    return {**os.environ, "SYNCD_CONFIG": str(config), "STATE_DIRECTORY": str(place)}


def start(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """`syncd ARGUMENTS`, started."""
    command = [sys.executable, "-c", UNPACED, *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def sync(env: dict[str, str]) -> tuple[str, float]:
    """A whole sync: what it says of each account, and how many seconds it took."""
    begun = time.monotonic()
    told, _ = start(env, "sync", "--json").communicate()
    said = [
        f"{account['name']} {account['new']} new, {account['unreadable']} unreadable"
        for account in json.loads(told)["accounts"]
    ]
    return "; ".join(said), time.monotonic() - begun

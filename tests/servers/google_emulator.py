"""Somebody else's double of Gmail and Google Calendar (npm's emulate): a second opinion about ours.

It has neither getProfile, nor batches, nor events.get; it ignores sync tokens and never says 404 or 410 of a cursor.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypedDict

from tests.servers.npm import require_package

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import TracebackType

PACKAGE: Final = "emulate@0.11.2"
TOKEN: Final = "test-token"
_LOOPBACK_ONLY: Final = Path(__file__).with_suffix(".mjs")
_WITHIN: Final = 30.0
_PIECE: Final = 0.02


class SeedMessage(TypedDict):
    """A message as the emulator's seed file writes it."""

    id: str
    user_email: str
    raw: str
    label_ids: Sequence[str]
    date: str


class SeedEvent(TypedDict):
    """An event as the emulator's seed file writes it."""

    id: str
    user_email: str
    calendar_id: str
    summary: str
    start_date_time: str
    end_date_time: str


def seed_message(mail_id: str, owner: str, raw: bytes, labels: Sequence[str], when: datetime) -> SeedMessage:
    """A message, whole."""
    return {
        "id": mail_id,
        "user_email": owner,
        "raw": urlsafe_b64encode(raw).decode(),
        "label_ids": labels,
        "date": when.isoformat(),
    }


class Emulator:
    """The emulator, as a context, with one account's messages and events in it. Skips, or fails in CI, without npm."""

    def __init__(self, owner: str, messages: Sequence[SeedMessage], events: Sequence[SeedEvent]) -> None:
        self._packages = require_package(PACKAGE)
        self._folder = Path(tempfile.mkdtemp(prefix="syncd-emulate-"))
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.endpoint = f"http://127.0.0.1:{self._port}"
        scopes = [f"https://www.googleapis.com/auth/{name}" for name in ("gmail.modify", "calendar.readonly")]
        calendar = {"id": "primary", "user_email": owner, "summary": owner, "primary": True, "time_zone": "UTC"}
        seed = {
            "tokens": {TOKEN: {"login": owner, "scopes": scopes}},
            "google": {
                "users": [{"email": owner, "name": "Owner"}],
                "messages": messages,
                "calendars": [calendar],
                "calendar_events": events,
            },
        }
        (self._folder / "seed.json").write_text(json.dumps(seed))

    def __enter__(self) -> Self:
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - node itself, with a program that is pinned
                [
                    shutil.which("node") or "node",
                    "--import",
                    _LOOPBACK_ONLY.as_uri(),
                    self._packages / "node_modules/emulate/dist/index.js",
                    "start",
                    *("--port", str(self._port)),
                    *("--service", "google"),
                    *("--seed", self._folder / "seed.json"),
                ],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        for _ in range(int(_WITHIN / _PIECE)):
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=_WITHIN).close()
            except ConnectionRefusedError:
                self._require_life(self._process)
            else:
                return self
        raise TimeoutError("the emulator does not listen")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_WITHIN)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _require_life(self, process: subprocess.Popen[bytes]) -> None:
        """Wait a moment for the emulator, and fail with its own words when it has ended."""
        try:
            process.wait(_PIECE)
        except subprocess.TimeoutExpired:
            return
        raise RuntimeError(f"the emulator ended: {(self._folder / 'log').read_text()}")

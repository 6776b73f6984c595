"""Somebody else's double of Gmail and Google Calendar (npm's emulate): a second opinion about ours.

It has neither getProfile, nor batches, nor events.get; it ignores sync tokens and never says 404 or 410 of a cursor.
"""

from __future__ import annotations

import json
import shutil
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict

from tests.servers.daemon import Daemon
from tests.servers.npm import require_package

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PACKAGE: Final = "emulate@0.11.2"
TOKEN: Final = "test-token"
_LOOPBACK_ONLY: Final = Path(__file__).with_suffix(".mjs")


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


class Emulator(Daemon):
    """The emulator, as a context, with one account's messages and events in it. Skips, or fails in CI, without npm."""

    def __init__(self, owner: str, messages: Sequence[SeedMessage], events: Sequence[SeedEvent]) -> None:
        self._packages = require_package(PACKAGE)
        super().__init__("Emulate")
        self.endpoint = f"http://127.0.0.1:{self.port}"
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
        (self.folder / "seed.json").write_text(json.dumps(seed))

    def command(self) -> Sequence[str | Path]:
        """Node, with the emulator kept to loopback."""
        return [
            shutil.which("node") or "node",
            "--import",
            _LOOPBACK_ONLY.as_uri(),
            self._packages / "node_modules/emulate/dist/index.js",
            "start",
            *("--port", str(self.port)),
            *("--service", "google"),
            *("--seed", "seed.json"),
        ]

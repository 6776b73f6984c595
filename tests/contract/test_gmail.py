"""`gmail` keeps the eight promises, on a double that Google's own discovery document judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.testing import ConnectorContract
from tests.contract.gmail_account import GmailAccount

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock


class TestGmail(ConnectorContract):
    @pytest.fixture
    def remote(
        self,
        google: Google,
        google_clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
        no_patience: Callable[[], None],
    ) -> GmailAccount:
        monkeypatch.setattr("connectors._gmail_mailbox.LIST", 4)
        monkeypatch.setattr("connectors._gmail_pace.MOST_IN_A_BATCH", 2)
        account = GmailAccount(google, google_clock)
        account.no_patience = no_patience
        return account

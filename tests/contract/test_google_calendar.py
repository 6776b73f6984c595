"""`google-calendar` keeps the eight promises, over HTTP, on a double that is held against Google's own contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.testing import ConnectorContract
from tests.contract.google_calendar_account import CalendarAccount

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.google import Google
    from tests.servers.google_clock import FakeClock


class TestGoogleCalendar(ConnectorContract):
    @pytest.fixture
    def remote(
        self,
        google: Google,
        google_clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
        no_patience: Callable[[], None],
    ) -> CalendarAccount:
        monkeypatch.setattr("connectors.google_calendar.PAGE", 4)
        google.calendars.primary.page_most = 5
        account = CalendarAccount(google, google_clock)
        account.no_patience = no_patience
        return account

"""The thread of an account outlives whatever a pass meets, for nobody would read the account any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.model import AccountStatus
from tests.daemon.house import write_mail

if TYPE_CHECKING:
    import pytest

    from tests.daemon.house import House


def test_a_bug_in_writing_down_how_a_pass_went_costs_that_pass_alone(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_mail(house.folder, 1, house.time.now)
    written = house.store.record_outcome
    left = [ZeroDivisionError("in the first pass"), ZeroDivisionError("and in saying so")]

    def record_outcome(*what: object) -> None:
        if left:
            raise left.pop(0)
        written(*what)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(house.store, "record_outcome", record_outcome)
    house.run(timedelta(hours=1))
    assert house.account().status is AccountStatus.OK
    assert house.account().observations == 1
    assert caplog.text.count("A bug: reading work") == 1

"""A digest that becomes due shortly before its day is over: it is mailed on that day, whoever it would wait for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.errors import Transient
from syncd.model import AccountStatus, LetterState
from tests.daemon.house import CONFIG, House, write_mail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINUTE = timedelta(minutes=1)
SIX_TO_MIDNIGHT = timedelta(hours=18)


@pytest.fixture
def out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the account's source does not answer."""

    def poll(*_: object) -> None:
        raise Transient("No route to host.")

    monkeypatch.setattr("connectors.mailfile.MailFile.poll", poll)


@pytest.fixture(params=["07:00", "23:52"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Its digest was due in the morning, and the machine slept; or it is due just now."""
    house = House(tmp_path, text=CONFIG.replace("[digest]\n", f'[digest]\nat = "{request.param}"\n'), nap=30)
    write_mail(house.folder, 1, house.time.now)
    house.store.enrol("work", "mailfile")
    house.store.record_outcome("work", house.time.now, AccountStatus.OK)
    yield house
    house.store.close()


@pytest.mark.usefixtures("out_of_reach")
def test_it_waits_for_no_account_beyond_midnight(house: House) -> None:
    house.time.jump(SIX_TO_MIDNIGHT - 9 * MINUTE)
    day = (house.time.now + timedelta(hours=2)).date()
    house.run(30 * MINUTE)
    assert [(letter.day, letter.state) for letter in house.store.letters()] == [(day, LetterState.SENT)]


@pytest.mark.usefixtures("out_of_reach")
def test_in_its_last_minutes_it_waits_for_nobody(house: House) -> None:
    house.time.jump(SIX_TO_MIDNIGHT - 2 * MINUTE)
    house.run(MINUTE)
    assert [letter.state for letter in house.store.letters()] == [LetterState.SENT]

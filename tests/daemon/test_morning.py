"""The digest of the day: once, on its day, whatever the clock, the machine and the network did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from syncd import mailing
from syncd.errors import StoreError, Transient
from syncd.model import AccountStatus, LetterState
from tests.daemon.house import CONFIG, MONDAY, House, Time, in_turn, once, write_mail

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.accounts import House as Lent
    from syncd.config import Settings
    from syncd.model import Letter
    from syncd.store import Store

ROME = ZoneInfo("Europe/Rome")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BREAKFAST = 7
"""The hour that begins when a digest is due."""


def slow(text: str = CONFIG) -> str:
    """Accounts that are read four times a day, so that weeks are soon over."""
    return text + '[daemon]\npoll = "6 hours"\n'


def days_of(house: House, *states: LetterState) -> list[str]:
    return [f"{letter.day:%a %d}" for letter in house.store.letters(*states)]


def test_thirty_days_bring_a_digest_on_each_day_that_has_one(tmp_path: Path) -> None:
    house = House(tmp_path, text=slow(), nap=14400)
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(30 * DAY)
    assert len(house.digests()) == 22
    assert len(set(house.digests())) == 22
    assert not {day[:3] for day in days_of(house)} & {"Sat", "Sun"}
    house.store.close()


def test_a_clock_that_was_a_year_ahead_for_a_while_costs_no_year_of_digests(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(2 * HOUR)
    house.time.jump(365 * DAY)
    house.run(2 * HOUR)
    house.time.jump(-365 * DAY)
    house.run(3 * DAY)
    assert days_of(house) == ["Mon 05", "Tue 06", "Wed 07", "Thu 08", "Tue 05"]
    assert len(house.digests()) == 5


def test_what_keeps_letters_from_being_delivered_is_told_again_after_it_was_over(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    deliver = mailing.deliver

    def after_breakfast(store: Store, settings: Settings, now: datetime, lent: Lent) -> tuple[Letter, ...]:
        if house.time.now.astimezone(ROME).hour == BREAKFAST:
            raise StoreError("The disk is full.")
        return deliver(store, settings, now, lent)

    monkeypatch.setattr(mailing, "deliver", after_breakfast)
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(2 * DAY)
    assert days_of(house, LetterState.SENT) == ["Mon 05", "Tue 06"]
    assert caplog.text.count("cannot be delivered") == 2


def test_before_a_digest_is_written_the_accounts_are_read_that_were_not_read_lately(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(2 * MINUTE)
    house.time.jump(5 * HOUR)
    write_mail(house.folder, 2, house.time.now)
    house.run(HOUR)
    (letter,) = house.store.letters()
    assert letter.changed
    assert letter.changed - MINUTE <= house.time.now - HOUR <= letter.changed
    assert house.account().observations == 2


def test_a_digest_waits_ten_minutes_for_a_network_that_comes_up_and_no_longer(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(2 * MINUTE)
    house.time.jump(5 * HOUR)
    woke = house.time.now
    house.store.record_outcome("work", woke, AccountStatus.FAILING, ("No route to host.", ""))
    with pytest.MonkeyPatch.context() as patch:

        def unreachable(*_: object) -> None:
            raise Transient("No route to host.")

        patch.setattr("connectors.mailfile.MailFile.poll", unreachable)
        house.run(HOUR)
    (letter,) = house.store.letters()
    assert letter.changed
    assert 9 * MINUTE <= letter.changed - woke <= 12 * MINUTE


def test_a_laptop_that_slept_through_the_hour_mails_on_waking_and_only_todays(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    waking = once(house, 10 * MINUTE, lambda: house.time.jump(3 * DAY + 5 * HOUR))
    house.run(3 * HOUR, waking)
    assert days_of(house, LetterState.SENT) == ["Thu 08"]


def test_thirty_days_asleep_bring_one_digest(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(3 * HOUR, once(house, 2 * HOUR, lambda: house.time.jump(30 * DAY)))
    assert days_of(house, LetterState.SENT) == ["Mon 05", "Wed 04"]


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_jumps_brings_no_second_digest_and_stops_no_reading(house: House, jump: timedelta) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    there = once(house, 2 * HOUR, lambda: house.time.jump(jump))
    back = once(house, jump + 3 * HOUR, lambda: house.time.jump(-jump)) if jump > timedelta() else there
    house.run(4 * HOUR, in_turn(there, back))
    assert len(house.digests()) == len(set(house.digests())) == (2 if jump > timedelta() else 1)
    assert house.time.now - house.last_read() <= 12 * MINUTE


def test_a_restart_at_any_moment_brings_no_second_digest(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    for _ in range(8):
        house.run(HOUR / 2)
    assert len(house.digests()) == 1


@pytest.mark.parametrize(
    ("zone", "first"),
    [("Europe/Rome", datetime(2026, 10, 24, 12, tzinfo=ROME)), ("Europe/Rome", datetime(2026, 3, 28, 12, tzinfo=ROME))],
)
@pytest.mark.parametrize("hour", ["02:30", "07:00"])
def test_a_day_on_which_the_clock_changes_has_one_digest(tmp_path: Path, zone: str, first: datetime, hour: str) -> None:
    every_day = 'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
    text = slow().replace("Europe/Rome", zone).replace("[digest]", f'[digest]\nat = "{hour}"\n{every_day}')
    house = House(tmp_path, Time(first.astimezone(UTC)), text, nap=14400)
    write_mail(house.folder, 1, first - DAY)
    house.run(3 * DAY)
    assert len(house.digests()) == len(days_of(house, LetterState.SENT)) == 4
    house.store.close()


def test_a_quiet_day_is_one_and_is_told_once(house: House, said: pytest.LogCaptureFixture) -> None:
    house.configure(CONFIG.replace('empty = "send"\n', ""))
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(12 * HOUR)
    assert days_of(house) == days_of(house, LetterState.SKIPPED) == ["Mon 05"]
    assert said.messages.count("There is nothing to say on 2026-10-05; no digest is mailed.") == 1


def test_a_digest_that_cannot_be_delivered_waits_is_told_once_and_goes_out_when_it_can(
    house: House, said: pytest.LogCaptureFixture
) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    (house.folder / "inbox").write_text("no folder")
    house.run(6 * HOUR, once(house, 3 * HOUR, (house.folder / "inbox").unlink))
    assert len(house.digests()) == 1
    told = [message for message in said.messages if "2026-10-05" in message]
    assert len(told) == 2
    assert told[0].startswith("The digest of 2026-10-05 waits in the outbox.")
    assert told[1] == "The digest of 2026-10-05 was sent."


def test_a_digest_that_cannot_be_written_keeps_nothing_else_from_going_on(
    house: House, said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def digest(*_: object) -> None:
            raise ZeroDivisionError("a bug")

        patch.setattr("syncd.review.digest", digest)
        write_mail(house.folder, 1, MONDAY - DAY)
        house.run(3 * HOUR)
    assert house.digests() == []
    assert sum(record.exc_info is not None for record in said.records) == 1
    assert house.time.now - house.last_read() <= 12 * MINUTE
    house.run(HOUR)
    assert len(house.digests()) == 1

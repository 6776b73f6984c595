"""Days of the daemon, in no time: what is read and derived, what trouble, a reload and another daemon change."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncd.daemon.events import Order
from syncd.errors import StoreError
from syncd.model import AccountStatus
from syncd.store import Store
from tests.daemon.house import CONFIG, MONDAY, House, in_turn, once, write_mail

ROME = ZoneInfo("Europe/Rome")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


# --------------------------------------------------------------------------- reading and deriving


def test_what_comes_in_is_read_within_the_interval_and_known_at_once(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    arrived = MONDAY + HOUR

    def arrive() -> None:
        if house.time.now >= arrived and house.account().observations == 1:
            write_mail(house.folder, 2, arrived)

    house.run(HOUR + timedelta(minutes=12), arrive)
    assert house.account().observations == 2
    assert house.store.counts().interactions == 2


def test_an_account_is_read_every_interval(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    reads: set[datetime | None] = set()
    house.run(3 * HOUR, lambda: reads.add(house.account().last_sync) if house.store.accounts() else None)
    assert 18 <= len(reads) <= 20


def test_a_restart_does_not_read_again_what_was_read_within_the_interval(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(MINUTE)
    read = house.last_read()
    house.run(MINUTE)
    assert house.last_read() == read


def test_a_pass_with_nothing_new_says_nothing(house: House, said: pytest.LogCaptureFixture) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(5 * HOUR)
    said.clear()
    house.run(HOUR / 2)
    assert [record.message for record in said.records] == [
        "syncd 0.1.0 reads the account work.",
        "syncd has stopped.",
    ]


def test_the_first_read_is_told_when_it_is_done(house: House, said: pytest.LogCaptureFixture) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(MINUTE)
    assert "work was read for the first time: 1 records." in said.messages


# --------------------------------------------------------------------------- trouble


def test_an_account_in_trouble_is_named_once_and_again_when_it_recovered(
    house: House, said: pytest.LogCaptureFixture
) -> None:
    def mend() -> None:
        if house.time.now >= MONDAY + 26 * HOUR and not (house.folder / "work.mbox").exists():
            write_mail(house.folder, 1, MONDAY - DAY)

    house.run(50 * HOUR, mend)
    assert house.account().status is AccountStatus.OK
    broke, *recovered = [message for message in said.messages if message.startswith("work")]
    assert broke.startswith("work: There is no file")
    assert broke.endswith("then type: syncd doctor")
    assert recovered == ["work can be read again after 2 days.", "work was read for the first time: 1 records."]


def test_an_account_in_trouble_does_not_hold_up_the_others(house: House) -> None:
    house.configure(CONFIG + '[accounts.gone]\ntype = "ics"\npath = "nowhere.ics"\n')
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(2 * HOUR)
    assert house.account("gone").status is AccountStatus.MISCONFIGURED
    assert house.account("gone").failures == 1
    assert house.last_read() >= MONDAY + timedelta(minutes=100)
    assert len(house.digests()) == 1


def test_whoever_waits_for_the_owner_is_tried_again_at_a_restart(house: House) -> None:
    house.run(HOUR)
    assert house.account().status is AccountStatus.MISCONFIGURED
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(HOUR)
    assert house.account().status is AccountStatus.OK


def test_whoever_signed_in_is_read_at_once_and_was_left_alone_until_then(house: House) -> None:
    seen: list[datetime | None] = []

    def ask_for_a_sign_in() -> None:
        house.store.record_outcome("work", house.time.now, AccountStatus.SIGN_IN, ("No.", "Type: syncd auth work"))
        write_mail(house.folder, 1, MONDAY - DAY)

    def sign_in() -> None:
        seen.append(house.account().last_sync)
        house.store.signed_in("work")

    asking, signing_in = once(house, HOUR, ask_for_a_sign_in), once(house, 12 * HOUR, sign_in)
    house.run(13 * HOUR, in_turn(asking, signing_in))
    assert seen == [None]
    assert house.account().status is AccountStatus.OK


def test_a_source_that_asked_for_a_pause_is_left_alone_until_then_also_by_a_restart(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(MINUTE)
    house.store.record_outcome(
        "work", house.time.now, AccountStatus.FAILING, ("Too many requests.", "Wait."), MONDAY + 3 * HOUR
    )
    house.run(2 * HOUR)
    assert house.account().failures == 1
    house.run(2 * HOUR)
    assert house.account().status is AccountStatus.OK


def test_a_bug_in_a_connector_is_shown_once_and_the_others_go_on(
    house: House, said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poll(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("connectors.ics.Ics.poll", poll)
    house.configure(CONFIG + '[accounts.feed]\ntype = "ics"\npath = "nowhere.ics"\n')
    write_mail(house.folder, 1, MONDAY - DAY)
    house.run(2 * HOUR)
    assert house.account("feed").error == "syncd met a bug while it read feed (ZeroDivisionError)."
    assert house.account("feed").failures > 2
    assert sum(record.exc_info is not None for record in said.records) == 1
    assert house.account().status is AccountStatus.OK


# --------------------------------------------------------------------------- quiet hours


def test_nothing_is_read_in_quiet_hours_and_the_digest_comes_all_the_same(house: House) -> None:
    house.configure(CONFIG + '[daemon]\nquiet_hours = "06:30-09:00"\n')
    write_mail(house.folder, 1, MONDAY - DAY)
    read: set[datetime] = set()
    house.run(4 * HOUR, lambda: read.update(one.last_sync for one in house.store.accounts() if one.last_sync))
    hours = sorted(moment.astimezone(ROME).time() for moment in read)
    assert any(hour < time(6, 30) for hour in hours)
    assert any(hour >= time(9) for hour in hours)
    assert not any(time(6, 30) <= hour < time(9) for hour in hours)
    assert len(house.digests()) == 1


# --------------------------------------------------------------------------- two at once


def test_a_daemon_beside_another_one_does_nothing_and_goes_on_when_the_other_stops(
    house: House, said: pytest.LogCaptureFixture
) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    elsewhere = [house.store.take_lease("daemon", "elsewhere:7", MONDAY, None)]

    def beat() -> None:
        held = elsewhere[-1]
        if held is None:
            return
        if house.time.now >= MONDAY + 10 * MINUTE:
            house.store.release_lease(held)
            elsewhere.append(None)
        else:
            elsewhere.append(house.store.take_lease("daemon", "elsewhere:7", house.time.now, held))
            assert house.store.accounts() == ()
            assert house.digests() == []

    house.run(2 * HOUR, beat)
    assert len(house.digests()) == 1
    assert said.messages[1:3] == [
        "This syncd stands by: elsewhere:7 keeps watch over the store.",
        "This syncd keeps watch over the store now.",
    ]


def test_a_daemon_that_lost_the_watch_stops_reading(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    robbed: list[datetime | None] = []

    def rob() -> None:
        held = house.store.lease("daemon")
        house.store.take_lease("daemon", "elsewhere:7", house.time.now, held)
        robbed.append(house.account().last_sync)

    taking = once(house, HOUR / 2, rob)

    def keep() -> None:
        held = house.store.lease("daemon")
        if robbed and held:
            house.store.take_lease("daemon", "elsewhere:7", house.time.now, held)

    house.run(HOUR, in_turn(taking, keep))
    assert house.last_read() == robbed[0]


# --------------------------------------------------------------------------- reload


def test_a_reload_reads_a_new_account_and_lets_go_of_one_that_left(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)

    def change() -> None:
        (house.folder / "work.mbox").rename(house.folder / "home.mbox")
        house.configure(CONFIG.replace("work", "home"))
        house.inbox.put(Order.RELOAD)

    house.run(2 * HOUR, once(house, HOUR, change))
    assert house.account("home").status is AccountStatus.OK
    assert house.last_read("work") <= MONDAY + HOUR
    assert house.account("work").status is AccountStatus.OK


def test_a_reload_with_a_fault_keeps_what_was_in_force_and_says_where_the_fault_is(
    house: House, said: pytest.LogCaptureFixture
) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)

    def spoil() -> None:
        house.configure(CONFIG.replace("time_zone", "time_zome"))
        house.inbox.put(Order.RELOAD)

    house.run(2 * HOUR, once(house, HOUR / 2, spoil))
    assert house.last_read() > MONDAY + HOUR
    (error,) = [record for record in said.records if record.levelname == "ERROR"]
    assert "stays in force" in error.message
    assert 'config.toml:5:1: unknown key "time_zome"' in error.message


def test_a_reload_tries_at_once_what_waited_for_the_owner(house: House) -> None:
    def mend() -> None:
        write_mail(house.folder, 1, MONDAY - DAY)
        house.inbox.put(Order.RELOAD)

    house.run(2 * HOUR, once(house, HOUR, mend))
    assert house.account().status is AccountStatus.OK


def test_a_reload_moves_the_hour_of_the_digest(house: House) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)

    def postpone() -> None:
        house.configure(CONFIG.replace("[digest]", '[digest]\nat = "09:00"'))
        house.inbox.put(Order.RELOAD)

    house.run(4 * HOUR, once(house, HOUR / 2, postpone))
    (letter,) = house.store.letters()
    assert letter.changed
    assert letter.changed.astimezone(ROME).time() >= time(9)


# --------------------------------------------------------------------------- the store


def test_a_store_that_fails_pauses_the_reading_is_told_once_and_goes_on_when_it_works(
    house: House, said: pytest.LogCaptureFixture
) -> None:
    write_mail(house.folder, 1, MONDAY - DAY)
    full = pytest.MonkeyPatch()

    def refuse(*_: object) -> None:
        raise StoreError("The disk is full.", "Free some space.")

    def fill() -> None:
        write_mail(house.folder, 2, MONDAY - DAY)
        full.setattr(Store, "commit_page", refuse)
        full.setattr(Store, "record_outcome", refuse)

    filling, emptying = once(house, HOUR, fill), once(house, 4 * HOUR, full.undo)
    house.run(5 * HOUR, in_turn(filling, emptying))
    assert house.account().observations == 2
    store_lines = [message for message in said.messages if "disk" in message or "store" in message]
    assert store_lines == ["The disk is full. Free some space.", "The store can be written again."]

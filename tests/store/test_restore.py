"""A backup that is put back is the state it was made of, on either database; digests and forgettings are not undone."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.errors import StoreError
from syncd.model import Decision, DecisionKind, Letter, LetterState, Person
from syncd.pipeline.reconcile import reconcile
from syncd.processes import this_process
from syncd.store import Store, derived
from syncd.store.backup import back_up
from syncd.store.forgetting import forget
from syncd.store.restore import Restored
from tests.small_disk import small_disk
from tests.store.records import ANNA, IGNORE, NOON, OWN, derive, fill, mail
from tests.store.test_upgrade import make_first_schema
from tests.store.whole import LETTER, TODAY, everything, on_sqlite, opened, populate, restore, truth

if TYPE_CHECKING:
    from tests.store.conftest import NewUrl


@pytest.fixture
def full(store: Store) -> Store:
    populate(store)
    return store


# ------------------------------------------------------------------------------- put back


@pytest.fixture
def backup(full: Store, tmp_path: Path) -> Path:
    """A backup of the store, which goes on afterwards: new mail, another word of the owner."""
    path = tmp_path / "backup.db"
    back_up(full.transactions, path)
    fill(full, "work", mail(50))
    derive(full)
    full.decide(Decision(DecisionKind.SNOOZE, "bob@brunel.example", "2024-06-01", NOON))
    return path


def test_a_backup_restores_what_it_was_made_of_on_either_database(
    full: Store, url: str, new_url: NewUrl, sqlite: Path, tmp_path: Path
) -> None:
    wanted = truth(full)
    back_up(full.transactions, tmp_path / "backup.db")
    fill(full, "work", mail(50))
    full.decide(Decision(DecisionKind.SNOOZE, "bob@brunel.example", "2024-06-01", NOON))
    for target in (url, new_url(), f"sqlite:///{sqlite}"):
        restore(target, tmp_path / "backup.db", tmp_path)
        with Store.open(target) as store:
            assert truth(store) == wanted
            fill(store, "work", mail(99))  # numbers go on after those that were restored
            store.decide(Decision(DecisionKind.MUTE, "bob@brunel.example", "", NOON))


def test_what_was_there_is_kept_and_can_be_put_back(full: Store, url: str, backup: Path, tmp_path: Path) -> None:
    before = truth(full)
    kept = restore(url, backup, tmp_path).kept
    assert kept
    assert kept.name.endswith("db.before-restore-20240506T120000Z")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert truth(full) != before

    restore(url, kept, tmp_path, NOON + timedelta(minutes=1))
    assert truth(full) == before


def test_two_restorations_within_a_second_keep_both_of_what_was_there(
    full: Store, url: str, backup: Path, tmp_path: Path
) -> None:
    before = truth(full)
    first = restore(url, backup, tmp_path).kept
    assert first
    second = restore(url, first, tmp_path).kept
    assert truth(full) == before
    assert second
    assert second.name == f"{first.name}-2"


def test_a_store_that_holds_nothing_is_not_kept(backup: Path, new_url: NewUrl, tmp_path: Path) -> None:
    assert restore(new_url(), backup, tmp_path) == Restored()


@on_sqlite
def test_a_backup_is_only_read(backup: Path, new_url: NewUrl, tmp_path: Path) -> None:
    before = backup.read_bytes()
    backup.chmod(0o400)
    restore(new_url(), backup, tmp_path)
    assert backup.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir() if one.name.startswith(("backup", ".restore"))} == {"backup.db"}


def test_a_backup_of_the_first_version_is_restored_with_all_it_holds(new_url: NewUrl, tmp_path: Path) -> None:
    old, url = tmp_path / "old.db", new_url()
    make_first_schema(f"sqlite:///{old}")
    restore(url, old, tmp_path)
    with Store.open(url) as store:
        assert store.known("work", ["INBOX/1/1"]) == {"INBOX/1/1"}
        assert [one.subject for one in store.decisions()] == ["anna@arup.example"]


@on_sqlite
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no file"),
        (b"Dear owner, this is a letter." * 99, "cannot be restored: file is not a database"),
        (b"", "cannot be restored: no such table: syncd_version"),
    ],
)
def test_a_file_that_is_no_backup_is_refused(url: str, tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "backup.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=sentence):
        restore(url, path, tmp_path)


@on_sqlite
def test_a_backup_that_says_no_version_is_refused(backup: Path, url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(backup)) as emptied, emptied:
        emptied.execute("DELETE FROM syncd_version")
    with pytest.raises(StoreError, match="holds nothing of syncd"):
        restore(url, backup, tmp_path)


@on_sqlite
def test_what_a_restoration_that_died_had_copied_is_cleared_away(backup: Path, url: str, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    host = this_process().rpartition(":")[0]
    left, busy = (tmp_path / f".restore-{host}:{one}-abc" for one in (dead.pid, os.getppid()))
    for folder in (left, busy):
        folder.mkdir()
        (folder / "syncd.db").touch()
    restore(url, backup, tmp_path)

    assert [one.name for one in tmp_path.glob(".restore-*")] == [busy.name]


@on_sqlite
def test_a_backup_of_a_newer_syncd_is_refused(backup: Path, url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(backup)) as newer, newer:
        newer.execute("UPDATE syncd_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="was made by a newer syncd") as refusal:
        restore(url, backup, tmp_path)
    assert refusal.value.hint == "Type: pip install -U syncd"


@on_sqlite
def test_a_damaged_backup_is_refused_and_the_store_stays(full: Store, backup: Path, url: str, tmp_path: Path) -> None:
    before = everything(full)
    content = bytearray(backup.read_bytes())
    content[8 * 4096 :] = b"\xff" * len(content[8 * 4096 :])
    backup.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged|malformed"):
        restore(url, backup, tmp_path)
    assert everything(full) == before


class PowerCut(Exception):
    """The transaction ends here."""


@pytest.mark.usefixtures("backup")
def test_a_restoration_that_is_cut_off_changed_nothing(
    full: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(full)

    def cut(*_: object) -> None:
        raise PowerCut

    monkeypatch.setattr(derived, "restart", cut)
    with pytest.raises(PowerCut):
        restore(url, tmp_path / "backup.db", tmp_path)
    assert everything(full) == before
    assert list(tmp_path.glob("*before-restore*")) == []


def test_on_a_disk_without_room_nothing_is_restored_and_nothing_is_left(sqlite: Path, tmp_path: Path) -> None:
    with opened(sqlite) as large:
        fill(large, "work", *(mail(number) for number in range(2000)))
        back_up(large.transactions, tmp_path / "backup.db")
    with small_disk(tmp_path, 512) as disk:
        url = f"sqlite:///{disk / 'syncd.db'}"
        with Store.open(url) as store:
            fill(store, "work", mail(1))
        with pytest.raises(StoreError, match=r"The disk that holds .* is full; .* Nothing was restored\."):
            restore(url, tmp_path / "backup.db", tmp_path)
        assert list(disk.glob("*before-restore*")) == []
        with Store.open(url) as store:
            assert store.known("work", ["INBOX/1/1"])
            assert store.counts().observations == 1


# ------------------------------------------------------------------------------- what a restoration may not undo

TOMORROW = TODAY + timedelta(days=1)


def letter(day: date, state: LetterState = LetterState.SENT) -> Letter:
    return replace(LETTER, day=day, message_id=f"<{day}@syncd>", state=state)


def states(store: Store) -> dict[date, tuple[LetterState, str]]:
    return {one.day: (one.state, one.error) for one in store.letters()}


def test_a_digest_that_was_mailed_since_the_backup_is_not_mailed_again(
    full: Store, backup: Path, url: str, tmp_path: Path
) -> None:
    full.post(letter(TOMORROW), ["p:3"])
    assert restore(url, backup, tmp_path, due=TOMORROW).left_out is None
    assert full.last_digest() == TOMORROW
    assert states(full) == {TODAY: (LetterState.SENT, ""), TOMORROW: (LetterState.SENT, "")}
    assert full.shown() == {"p:1": (TODAY,), "p:2": (TODAY,), "p:3": (TOMORROW,)}


@on_sqlite
@pytest.mark.parametrize("state", [LetterState.RENDERED, LetterState.SENDING, LetterState.PLANNED])
def test_a_letter_that_was_on_its_way_stands_as_the_present_store_knows_it(
    store: Store, url: str, tmp_path: Path, state: LetterState
) -> None:
    store.post(letter(TODAY, state), ["p:1"])
    back_up(store.transactions, tmp_path / "backup.db")
    (seen,) = store.letters()
    store.move(seen, replace(seen, state=LetterState.FAILED, error="Mailbox unknown."))

    restore(url, tmp_path / "backup.db", tmp_path)
    assert states(store) == {TODAY: (LetterState.FAILED, "Mailbox unknown.")}
    assert store.shown() == {}


@on_sqlite
@pytest.mark.parametrize("state", [LetterState.RENDERED, LetterState.SENDING])
def test_a_letter_that_was_on_its_way_is_not_sent_by_another_store(
    store: Store, new_url: NewUrl, tmp_path: Path, state: LetterState
) -> None:
    store.post(letter(TODAY, state), ["p:1"])
    back_up(store.transactions, tmp_path / "backup.db")
    url = new_url()
    restore(url, tmp_path / "backup.db", tmp_path)
    with Store.open(url) as other:
        assert [state for state, _ in states(other).values()] == [LetterState.SENT]
        assert "on its way" in states(other)[TODAY][1]
        assert other.shown() == {"p:1": (TODAY,)}


def test_a_digest_that_may_have_been_mailed_by_a_store_that_is_lost_is_left_out(
    backup: Path, new_url: NewUrl, tmp_path: Path
) -> None:
    url = new_url()
    assert restore(url, backup, tmp_path, due=TOMORROW).left_out == TOMORROW
    with Store.open(url) as store:
        assert store.last_digest() == TOMORROW
        assert store.post(letter(TOMORROW), [])  # by hand it can be had


def test_a_store_that_knows_the_last_digest_of_the_backup_knows_that_no_other_was_mailed(
    full: Store, backup: Path, url: str, tmp_path: Path
) -> None:
    assert restore(url, backup, tmp_path, due=TOMORROW).left_out is None
    assert full.last_digest() == TODAY


@on_sqlite
def test_before_the_first_digest_none_is_left_out(store: Store, new_url: NewUrl, tmp_path: Path) -> None:
    fill(store, "work", mail(1))
    back_up(store.transactions, tmp_path / "backup.db")
    assert restore(new_url(), tmp_path / "backup.db", tmp_path, due=TODAY).left_out is None


def test_the_key_of_the_digests_stays_where_the_backup_has_none(store: Store, url: str, tmp_path: Path) -> None:
    fill(store, "work", mail(1))
    back_up(store.transactions, tmp_path / "backup.db")
    key = store.digest_key()
    restore(url, tmp_path / "backup.db", tmp_path)
    assert store.digest_key() == key


def test_who_was_forgotten_since_the_backup_does_not_come_back_with_it(
    full: Store, backup: Path, url: str, new_url: NewUrl, tmp_path: Path
) -> None:
    forget(full, Person("p:1", "Anna", (ANNA,)), OWN)
    restore(url, backup, tmp_path)
    fill(full, "work", mail(70))
    derive(full)
    assert not any(ANNA in line for line in full.dump())
    assert ANNA not in {one.subject for one in full.decisions()}

    with opened(backup) as held:
        assert any(ANNA in line for line in held.dump())
    back_up(full.transactions, tmp_path / "later.db")
    elsewhere = new_url()
    restore(elsewhere, tmp_path / "later.db", tmp_path)
    restore(elsewhere, backup, tmp_path, NOON + timedelta(minutes=1))
    with Store.open(elsewhere) as store:
        derive(store)
        assert store.counts().observations == 1
        assert not any(ANNA in line for line in store.dump())


# ------------------------------------------------------------------------------- who is at work

HERE = os.uname().nodename


@on_sqlite
@pytest.mark.parametrize(
    ("holder", "silent"),
    [
        (f"{HERE}:1", timedelta(minutes=9)),
        ("elsewhere:7", timedelta(minutes=9)),
        ("elsewhere:7", -timedelta(minutes=9)),
    ],
)
def test_a_store_over_which_a_daemon_keeps_watch_is_left_as_it_is(
    full: Store, backup: Path, url: str, tmp_path: Path, holder: str, silent: timedelta
) -> None:
    full.take_lease("daemon", holder, NOON - silent, None)
    before = everything(full)
    host, _, process = holder.partition(":")
    with pytest.raises(StoreError, match=f"A syncd is at work on this store: process {process} of {host}") as refusal:
        restore(url, backup, tmp_path)
    assert "systemctl --user stop syncd" in refusal.value.hint
    assert everything(full) == before


@on_sqlite
@pytest.mark.parametrize("holder", ["dead", f"{HERE}:1", "elsewhere:7"])
def test_the_watch_of_a_daemon_that_is_gone_holds_nobody_up(
    full: Store, backup: Path, url: str, tmp_path: Path, holder: str
) -> None:
    silent = timedelta(minutes=11)
    if holder == "dead":
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            holder, silent = f"{HERE}:{ended.pid}", timedelta()
    watch = full.take_lease("daemon", holder, NOON - silent, None)
    restore(url, backup, tmp_path)
    assert full.lease("daemon") == watch


def test_a_watch_that_a_backup_remembers_does_not_come_back(full: Store, new_url: NewUrl, tmp_path: Path) -> None:
    full.take_lease("daemon", f"{HERE}:1", NOON, None)
    back_up(full.transactions, tmp_path / "backup.db")
    url = new_url()
    restore(url, tmp_path / "backup.db", tmp_path)
    with Store.open(url) as store:
        assert store.lease("daemon") is None


def test_whoever_derived_while_the_store_was_restored_leaves_no_trace(
    full: Store, backup: Path, url: str, tmp_path: Path
) -> None:
    with Store.open(url) as other:
        fill(other, "work", mail(60))
        batch = other.pending()
        assert batch
        restore(url, backup, tmp_path)
        assert other.apply(reconcile(batch.facts, OWN, IGNORE, batch.gone), batch.through) is False
    derive(full)
    assert not any("Matter 60" in line for line in full.dump())


# ------------------------------------------------------------------------------- damaged


@pytest.mark.parametrize("broken", [b"\xff", b"\x00"])
def test_a_damaged_store_is_put_aside_with_its_logs(sqlite: Path, tmp_path: Path, broken: bytes) -> None:
    with opened(sqlite) as store:
        populate(store)
        wanted = truth(store)
        back_up(store.transactions, tmp_path / "backup.db")
        fill(store, "work", *(mail(number) for number in range(200, 500)))
    content = bytearray(sqlite.read_bytes())
    content[8 * 4096 :] = broken * len(content[8 * 4096 :])
    sqlite.write_bytes(content)
    Path(f"{sqlite}-wal").write_bytes(b"remains")

    restored = restore(f"sqlite:///{sqlite}", tmp_path / "backup.db", tmp_path, due=TOMORROW)
    assert restored == Restored(None, Path(f"{sqlite}.damaged-20240506T120000Z"), TOMORROW)
    assert restored.damaged
    assert restored.damaged.read_bytes() == bytes(content)
    with opened(sqlite) as store:
        assert truth(store)[:3] == wanted[:3]
        assert states(store)[TOMORROW][0] is LetterState.SKIPPED

"""Putting a backup in the place of what the store holds, in one transaction, and on either kind of database.

What may not be undone outlives it: digests that were mailed since, and who was forgotten since. Conclusions are not
copied; they are drawn again from the facts.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, timedelta
from itertools import chain, count
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select
from sqlalchemy.engine import make_url

from syncd.errors import StoreBusy, StoreError
from syncd.model import Lease, Letter, LetterState
from syncd.processes import is_dead, this_process
from syncd.store import Store, derived, leases, migrations, outbox
from syncd.store.backup import is_damage, place_beside, write_copy
from syncd.store.codec import from_micros
from syncd.store.engine import open_database, put
from syncd.store.forgetting import erase_forgotten
from syncd.store.meta import read, write
from syncd.store.schema import (
    VERSION,
    VERSION_TABLE,
    account,
    decision,
    fact,
    folded,
    forgotten,
    letter,
    meta,
    namesake,
    note,
    shown,
    tally,
)
from syncd.store.transfer import copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from sqlalchemy import Connection, Row

    from syncd.store.engine import SqlValue

LEASE: Final = "daemon"
"""The lease of the daemon that keeps watch over a store."""

RESTORED: Final = "restored"
"""In the place of the derivation's fingerprint: whoever derives next begins from the facts."""

_COPY: Final = ".restore-"
"""How the folder begins in which a backup is looked into; the process follows that does so."""

_SILENCE: Final = timedelta(minutes=10)
"""A daemon shows that it lives twice a minute; the clock of another machine may differ from ours a little."""

_OF_THE_BACKUP: Final = (account, fact, note, decision, tally, folded, forgotten)
"""What is replaced whole; parents before their children."""

_ON_ITS_WAY: Final = "The store was restored from a backup of the moment in which this letter was on its way."
_NOBODY_KNOWS: Final = (
    "The store was restored after the digest of this day was due, and nobody knows whether it was mailed."
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restoration put aside, and the day whose digest it left out because it may have been mailed."""

    kept: Path | None = None
    damaged: Path | None = None
    left_out: date | None = None


@contextmanager
def open_backup(file: Path, folder: Path) -> Iterator[Store]:
    """A store with all that a backup holds, brought to the present schema; the file itself is only read.

    The copy lives in `folder` until the end. Raises StoreError for a file that is damaged, of a newer syncd or of
    another program.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _drop_abandoned(folder)
        with TemporaryDirectory(prefix=f"{_COPY}{this_process()}-", dir=folder) as made:
            url = f"sqlite:///{Path(made) / 'syncd.db'}"
            _fetch(file, Path(made) / "syncd.db")
            database = open_database(url)
            try:
                with database.writing() as connection:
                    migrations.run(connection, VERSION)
            finally:
                database.close()
            with Store.open(url) as store:
                yield store
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be used: {error.strerror}.", f"Look at it: ls -l {file}") from error


def _drop_abandoned(folder: Path) -> None:
    """Remove the copies of restorations that died: they hold everybody, also who is forgotten."""
    for left in folder.glob(f"{_COPY}*"):
        process = left.name.removeprefix(_COPY).rpartition("-")[0]
        if process != this_process() and is_dead(process):
            rmtree(left, ignore_errors=True)


def _fetch(file: Path, copied: Path) -> None:
    """Copy a backup, after a look at what it is."""
    if not file.is_file():
        raise StoreError(f"There is no file {file}.", "Name a backup: syncd restore FILE")
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copied)) as target,
        ):
            (verdict,) = source.execute("PRAGMA quick_check(1)").fetchone()
            row = source.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608 - our own name
            source.backup(target)
    except sqlite3.Error as error:
        raise StoreError(
            f"{file} cannot be restored: {error}.", "Name a file that was made by: syncd backup FILE"
        ) from error
    if verdict != "ok":
        raise StoreError(f"{file} is damaged; nothing was changed.", "Name an earlier backup: syncd restore FILE")
    if row is None:
        raise StoreError(f"{file} holds nothing of syncd.", "Name a file that was made by: syncd backup FILE")
    if not migrations.is_known(*row):
        raise StoreError(
            f"{file} was made by a newer syncd, which this one cannot read; nothing was changed.",
            "Type: pip install -U syncd",
        )


def put_back(url: str, backup: Store, aside: Path, now: datetime, due: date | None) -> Restored:
    """Let the store at `url` hold what `backup` does, all at once or not at all; it is made when there is none.

    What it held is kept as a backup first: beside a SQLite file, in the folder `aside` for a PostgreSQL database. Of
    that its letters stand, and who was forgotten stays so. `due` is the local day whose digest is due and not in the
    backup: where the store cannot say whether that was mailed, it is left out.

    Raises StoreError while a daemon keeps watch over the store, and for what cannot be read or written; nothing is
    changed then.
    """
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    damaged = _set_aside(Path(make_url(url).database or ""), stamp, now) if url.startswith("sqlite") else None
    kept: Path | None = None
    with Store.open(url, aside) as store:
        try:
            with store.transactions.writing(durable=True) as target:
                _require_rest(leases.find(target, LEASE), now)
                if _holds_something(target):
                    path = _unused(place_beside(target.engine.url, aside, f"before-restore-{stamp}"))
                    with store.transactions.reading() as present:
                        write_copy(present, path, replace=False)
                    kept = path
                _forget_again(target, backup)
                with backup.transactions.reading() as source:
                    in_doubt = damaged is not None or _is_behind(target, source)
                    _replace(source, target)
                left_out = due if in_doubt and due and _leave_out(target, due) else None
        except BaseException as error:
            if kept:
                kept.unlink(missing_ok=True)
            if isinstance(error, StoreError) and not isinstance(error, StoreBusy) and error.__cause__:
                raise StoreError(f"{error.title} Nothing was restored.", "Mend that, and restore again.") from error
            raise
    return Restored(kept, damaged, left_out)


def _require_rest(watch: Lease | None, now: datetime) -> None:
    """Refuse while a daemon is at work: it would go on from what it holds in memory.

    One that has been silent for long is gone, even where its number lives on: that went to somebody else.
    """
    if watch and abs(now - watch.at) < _SILENCE and not is_dead(watch.holder):
        host, _, process = watch.holder.rpartition(":")
        raise StoreError(
            f"A syncd is at work on this store: process {process} of {host}. Nothing was changed.",
            "Stop it first, for example: systemctl --user stop syncd",
        )


def _holds_something(connection: Connection) -> bool:
    return any(connection.execute(select(table).limit(1)).first() for table in (fact, decision, letter))


def _is_behind(present: Connection, backup: Connection) -> bool:
    """Whether the backup saw later digests than the present store: then that cannot say what was mailed since."""
    ours, theirs = (outbox.last_day(connection, outbox.SETTLED) for connection in (present, backup))
    return theirs is not None and (ours is None or ours < theirs)


def _forget_again(present: Connection, backup: Store) -> None:
    """Let who was forgotten since the backup was made be forgotten in its copy, before anything is taken of it."""
    marks = set(present.execute(select(forgotten.c.mark)).scalars())
    if marks:
        with backup.transactions.writing() as connection:
            known = set(connection.execute(select(forgotten.c.mark)).scalars())
            put(connection, forgotten, [(mark,) for mark in sorted(marks - known)])
            write(connection, "own", read(present, "own"))
    erase_forgotten(backup)


def _replace(backup: Connection, present: Connection) -> None:
    """Let facts, accounts and decisions be those of the backup; letters of the present store stand beside its own."""
    named = {"digest-key": read(present, "digest-key"), "own": read(present, "own"), **_named(backup)}
    for table in (*reversed(_OF_THE_BACKUP), meta):
        present.execute(delete(table))
    for table in _OF_THE_BACKUP:
        copy(backup, present, table)
    derived.restart(present, RESTORED)
    present.execute(delete(namesake))
    copy(backup, present, namesake, lambda row: tuple(row) if row.interaction == derived.FOLDED else None)
    put(present, meta, [(name, value) for name, value in named.items() if name not in _named(present)])

    days = set(present.execute(select(letter.c.day)).scalars())
    copy(backup, present, letter, lambda row: None if row.day in days else _at_rest(row))
    days ^= set(present.execute(select(letter.c.day)).scalars())
    copy(backup, present, shown, lambda row: tuple(row) if row.day in days else None)


def _named(connection: Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(select(meta))}


def _at_rest(row: Row[Any]) -> tuple[SqlValue, ...] | None:
    """A letter of the backup; one that was on its way then most likely arrived, and is not sent again."""
    match row.state:
        case LetterState.PLANNED:
            return None
        case LetterState.RENDERED | LetterState.SENDING:
            return tuple({**row._asdict(), "state": LetterState.SENT.value, "error": _ON_ITS_WAY}.values())
        case _:
            return tuple(row)


def _leave_out(connection: Connection, day: date) -> bool:
    """Let a day have no digest, unless it has one that was mailed; True when that was needed."""
    return outbox.post(connection, Letter(day, "", "", b"", LetterState.SKIPPED, error=_NOBODY_KNOWS), ())


def _unused(path: Path) -> Path:
    """`path`, or the first "-2", "-3" of it that is not taken: two restorations may come within a second."""
    others = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(one for one in chain([path], others) if not one.exists())


def _set_aside(path: Path, stamp: str, now: datetime) -> Path | None:
    """Give a damaged SQLite store another name, so that a new one takes its place; None when it is whole."""
    if not path.is_file() or not _is_damaged(path, now):
        return None
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{path}.damaged-{stamp}{suffix}")
    return Path(f"{path}.damaged-{stamp}")


def _is_damaged(path: Path, now: datetime) -> bool:
    """Whether SQLite finds a fault in the file. Raises StoreError while a daemon is at work on it all the same."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
        try:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                return False  # whoever opens it says what is wrong
            verdict = str(error)
        if verdict == "ok":
            return False
        with suppress(sqlite3.DatabaseError):
            for holder, beat, at in database.execute("SELECT holder, beat, at FROM lease WHERE name = ?", (LEASE,)):
                _require_rest(Lease(LEASE, holder, beat, from_micros(at)), now)
    return True

"""What a database's own error means to the owner: the one place where it is turned into a sentence.

Only failures of the world are translated (busy, full, refused, damaged, out of reach). Anything else, a broken
constraint for example, is a bug of ours and passes through.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from syncd.errors import StoreBusy, StoreError, StoreUnfit

if TYPE_CHECKING:
    from collections.abc import Callable

PRIMARY_CODE = 0xFF
"""The part of a SQLite error code that says what happened; the rest says where."""


def busy(place: str) -> StoreBusy:
    """Another program holds the writer's lock."""
    return StoreBusy(
        f"Another syncd is writing to {place}; nothing was lost.",
        "Type the same command again in a moment.",
    )


def newer(place: str) -> StoreError:
    """The schema has a version that this program does not know."""
    return StoreUnfit(
        f"{place} was written by a newer syncd, which this one cannot read; nothing was changed.",
        "Type: pip install -U syncd",
    )


def foreign(place: str) -> StoreError:
    """There are tables, and they are not ours."""
    return StoreUnfit(
        f"{place} is a database of another program; nothing was changed.",
        "Name another one under [store] in the configuration, then type: syncd config check",
    )


def taken_away(place: str) -> StoreError:
    """What is at `place` now is not what was opened there: what we write would go with the file that nobody sees."""
    return StoreUnfit(
        f"{place} was taken away or replaced while syncd was using it; nothing more was written.",
        "What is there now is used from the next start on. The service starts again by itself; else type: syncd run",
    )


def translate(error: BaseException | None, place: str) -> StoreError | None:
    """The sentence for a driver's error about the database at `place`; None when it is no failure of the world."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        sentence = _SQLITE.get(code & PRIMARY_CODE) if code is not None else None
        return sentence(place) if sentence else None
    if error is None or type(error).__module__.partition(".")[0] != "psycopg":
        return None
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:  # psycopg has none for a connection that never came about
        return _no_connection(place, error) if type(error).__name__ == "OperationalError" else None
    sentence = _POSTGRES.get(state) or _POSTGRES.get(state[:2])
    return sentence(place) if sentence else None


def _full(place: str) -> StoreError:
    return StoreError(
        f"The disk that holds {place} is full; what was being written was left out, nothing else was lost.",
        "Free some space (to see where it went, type: df -h), then type: syncd sync",
    )


def _refused(place: str) -> StoreError:
    look = f"psql {place}" if "://" in place else f"ls -ld {place}"
    return StoreError(f"syncd is not allowed to write to {place}; nothing was changed.", f"See who is: {look}")


def _damaged(place: str) -> StoreError:
    return StoreUnfit(
        f"{place} is damaged, or no database at all; it was left as it is.",
        f"To put back a backup: syncd restore FILE; to start anew: mv {place} {place}.damaged; rm -f {place}-*",
    )


def _failed(place: str) -> StoreError:
    return StoreError(
        f"The disk that holds {place} reported an error; what was being written was left out.",
        "Look what the system says about it: dmesg | tail",
    )


def _no_connection(place: str, error: BaseException) -> StoreError:
    said = str(error).strip().partition("\n")[0].rpartition("failed: ")[2].removeprefix("FATAL:").strip()
    return StoreError(f"syncd cannot connect to {place}: {said}.", f"When this works, syncd does too: psql {place}")


def _gone_away(place: str) -> StoreError:
    return StoreError(f"PostgreSQL at {place} is stopping or starting.", "Type the same command again in a moment.")


_SQLITE: dict[int, Callable[[str], StoreError]] = {
    sqlite3.SQLITE_BUSY: busy,
    sqlite3.SQLITE_LOCKED: busy,
    sqlite3.SQLITE_PROTOCOL: busy,
    sqlite3.SQLITE_FULL: _full,
    sqlite3.SQLITE_READONLY: _refused,
    sqlite3.SQLITE_PERM: _refused,
    sqlite3.SQLITE_CANTOPEN: _refused,
    sqlite3.SQLITE_CORRUPT: _damaged,
    sqlite3.SQLITE_NOTADB: _damaged,
    sqlite3.SQLITE_IOERR: _failed,
}

# SQLSTATE (PostgreSQL manual, appendix A), or its class
_POSTGRES: dict[str, Callable[[str], StoreError]] = {
    "55P03": busy,  # lock_not_available
    "40": busy,  # serialization_failure, deadlock_detected
    "53300": busy,  # too_many_connections
    "53": _full,
    "58": _failed,
    "25006": _refused,  # read_only_sql_transaction
    "42501": _refused,  # insufficient_privilege
    "57": _gone_away,
    "08": _gone_away,
}

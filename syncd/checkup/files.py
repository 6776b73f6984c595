"""Who may read and write what syncd keeps: the configuration, the database, the sign-ins.

The configuration names commands that are run and people that are watched; the database is a diary of both; a sign-in
opens a mailbox.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from syncd.checkup.finding import Finding, Mark, failure
from syncd.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_CHECK = "files"


@dataclass(frozen=True, slots=True)
class _Loose:
    """A file that more people may use than should."""

    path: Path
    sentence: str
    mend: str
    exit: Exit | None  # None: a remark


def look(config: Path | None, database: Path | None, sign_ins: Path) -> Iterator[Finding]:
    """What others on this machine could read or change; `database` None where it is a server's."""
    private = [*_kept(database), *_kept_in(sign_ins)]
    loose = [*(_config(config) if config else ()), *(one for path in private for one in _private(path, sign_ins))]
    for one in loose:
        if one.exit is None:
            yield Finding(_CHECK, Mark.NOTE, one.sentence, one.mend)
        else:
            yield failure(_CHECK, one.sentence, one.mend, one.exit)
    if not loose:
        yield Finding(_CHECK, Mark.OK, f"for you alone: {_listed(config, database, sign_ins)}")


def _listed(config: Path | None, database: Path | None, sign_ins: Path) -> str:
    there = (path for path in (config, database, sign_ins) if path and path.exists())
    return ", ".join(str(path) for path in there) or "nothing is there yet"


def _config(path: Path) -> Iterator[_Loose]:
    try:
        found = path.stat()
    except OSError:
        return  # whoever reads it says why it cannot be read
    whose = quote(str(path))
    if found.st_uid not in (os.geteuid(), 0):
        yield _Loose(
            path,
            f"The configuration {path} belongs to somebody else, who can have syncd run any command.",
            f"Type: sudo chown {os.geteuid()} {whose}",
            Exit.CONFIG,
        )
    if found.st_mode & _OTHERS_WRITE:
        yield _Loose(
            path,
            f"Others on this machine can change {path}, and so have syncd run any command.",
            f"Type: chmod go-w {whose}",
            Exit.CONFIG,
        )
    elif found.st_mode & stat.S_IROTH:
        yield _Loose(
            path, f"Everybody on this machine can read {path}: whom you watch.", f"Type: chmod o= {whose}", None
        )


def _kept(database: Path | None) -> Iterable[Path]:
    if database is None:
        return ()
    return (database.parent, database, Path(f"{database}-wal"), Path(f"{database}-shm"))


def _kept_in(sign_ins: Path) -> Iterable[Path]:
    try:
        return (sign_ins, *sorted(sign_ins.glob("*.json")))
    except OSError:
        return (sign_ins,)


def _private(path: Path, sign_ins: Path) -> Iterator[_Loose]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        yield _Loose(
            path,
            f"{path} cannot be looked at: {error.strerror}.",
            f"See who may: ls -ld {quote(str(path.parent))} {quote(str(path))}",
            Exit.CANNOT_WRITE,
        )
        return
    if not found.st_mode & _OTHERS:
        return
    if path == sign_ins or sign_ins in path.parents:
        what, exit_ = f"Others on this machine can get at the sign-ins in {path}.", Exit.SIGN_IN
    else:
        what, exit_ = f"Others on this machine can get at {path}, which says whom you are in touch with.", None
    mode = "700" if stat.S_ISDIR(found.st_mode) else "600"
    yield _Loose(path, what, f"Type: chmod {mode} {quote(str(path))}", exit_)

"""A private PostgreSQL server on this machine: made in a temporary folder, on a free loopback port, gone at the end.

It refuses to run as root, so then it runs as the user `postgres` that its package makes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.servers.daemon import free_ports

if TYPE_CHECKING:
    from types import TracebackType

_OWNER = "postgres"
_IN_A_HURRY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")  # nothing here has to survive a crash


def find_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; Debian keeps them off the PATH."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def require_programs() -> Path:
    """The folder of the server's programs; without them the test is skipped, or fails where CI is set."""
    programs = find_programs()
    if programs is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("PostgreSQL is missing; type: apt install postgresql")
    return programs


class PostgresServer:
    """The server, as a context."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="syncd-postgres-"))
        self._numbers = count(1)
        self.port = 0

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._folder, _OWNER)
        (self.port,) = free_ports(1)
        data = self._folder / "data"
        settings = (
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self._folder}",
            *_IN_A_HURRY,
        )
        self._run("initdb", "-D", data, "-U", "syncd", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
        options = " ".join(f"-c {setting}" for setting in settings)
        self._run("pg_ctl", "-s", "-w", "-D", data, "-l", self._folder / "log", "-o", options, "start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("pg_ctl", "-s", "-D", self._folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    def new_database(self, template: str = "template0") -> str:
        """The name of a new database, empty or a copy of `template`."""
        name = f"test{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the superuser."""
        import psycopg  # noqa: PLC0415 - an extra; without it no test comes here

        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=syncd dbname={database}", autocommit=True) as line:
            line.execute(statement.encode())

    def url(self, database: str) -> str:
        """The address under which the store finds a database."""
        return f"postgresql://syncd@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(  # noqa: S603 - the server's own programs, with arguments of ours
            [self._programs / program, *arguments],
            user=_OWNER if os.geteuid() == 0 else None,
            group=_OWNER if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )

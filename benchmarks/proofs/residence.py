"""A place where `syncd run` lives for a proof: configuration, store, process, and what it takes of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.errors import StoreError
from syncd.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from signal import Signals

_SYNCD = Path(sys.executable).parent / "syncd"
_SHARED = Path("/dev/shm")  # noqa: S108 - where libfaketime leaves something behind of a process that is killed
_TICKS = os.sysconf("SC_CLK_TCK")


class Life:
    """One process of `syncd run`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def ended(self) -> int | None:
        """Its exit code, or None while it lives."""
        return self._process.poll()

    def resident_mb(self) -> float:
        """Memory, in megabytes (proc(5), VmRSS)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def cpu_seconds(self) -> float:
        """Processor time so far, of the process itself (proc(5), stat)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def signal(self, which: Signals) -> None:
        """Send a signal, unless it has ended."""
        with suppress(ProcessLookupError):
            self._process.send_signal(which)

    def kill(self) -> int:
        """End it without a warning; its exit code."""
        self._process.kill()
        return self._process.wait()

    def stop(self, within: float = 60) -> float:
        """Ask it to end (SIGTERM); after how many seconds it did. Raises TimeoutExpired."""
        start = time.monotonic()
        self._process.terminate()
        self._process.wait(within)
        return time.monotonic() - start


@dataclass(frozen=True, slots=True)
class Residence:
    """A folder with a configuration; what is started there sees `env` and nothing else of this machine's settings."""

    place: Path
    text: str
    env: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def store_url(self) -> str:
        """Where the store lies."""
        return self.url or f"sqlite:///{self.place}/syncd.db"

    @property
    def log(self) -> str:
        """Everything the lives here said so far."""
        log = self.place / "log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def settle(self) -> Residence:
        """Write the configuration."""
        self.place.mkdir(parents=True, exist_ok=True)
        store = f'\n[store]\nurl = "{self.store_url}"\n'
        (self.place / "config.toml").write_text(self.text + store, encoding="utf-8")
        return self

    def environment(self, more: Mapping[str, str] = {}) -> dict[str, str]:
        """What a process here sees."""
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.place), "STATE_DIRECTORY": str(self.place)}
        if "PYTHONPATH" in os.environ:
            plain["PYTHONPATH"] = str(Path(os.environ["PYTHONPATH"]).resolve())
        return {**plain, "LANG": "C.UTF-8", "SYNCD_CONFIG": str(self.place / "config.toml"), **self.env, **more}

    @contextmanager
    def run(self, more: Mapping[str, str] = {}, host: str = "") -> Iterator[Life]:
        """A life that ends with the context, if not before; on a machine that is called `host`, where one is named."""
        elsewhere = ("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host) if host else ()
        with (self.place / "log").open("ab") as log:
            process = subprocess.Popen(
                [*elsewhere, _SYNCD, "run"],
                env=self.environment(more),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            yield Life(process)
        finally:
            process.kill()
            process.wait()
            for left in _SHARED.glob(f"*faketime_*_{process.pid}"):
                left.unlink()

    def command(self, *words: str, more: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
        """Any other command, to its end."""
        return subprocess.run(
            [_SYNCD, *words], env=self.environment(more), capture_output=True, text=True, check=False, timeout=600
        )

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Its store, beside whoever lives here."""
        with Store.open(self.store_url) as store:
            yield store

    def wait_until(self, holds: Callable[[Store], bool], within: float) -> bool:
        """Whether something came to hold of its store within so many seconds."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with suppress(StoreError), self.store() as store:
                while time.monotonic() < end:
                    if holds(store):
                        return True
                    time.sleep(0.1)
            time.sleep(0.1)
        return False

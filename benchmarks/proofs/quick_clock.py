"""A clock for a whole process: it starts when it is told to, and goes as many times faster as it is told to.

By libfaketime (apt install faketime) with `clockwork.c` in front of it: wall clock, monotonic clock and every wait of
the process go faster alike. Ends the program with a sentence where either cannot be had.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_LIBRARY = "libfaketimeMT.so.1"


def find_libfaketime() -> Path:
    """Where the library lies; ends the program when it lies nowhere."""
    found = next((path for root in ("/usr/lib", "/usr/local/lib") for path in Path(root).rglob(_LIBRARY)), None)
    if found is None:
        sys.exit("libfaketime is missing; type: apt install faketime")
    return found


def build_clockwork(folder: Path) -> Path:
    """`clockwork.c`, compiled into `folder`."""
    if shutil.which("cc") is None:
        sys.exit("A C compiler is missing; type: apt install gcc libc6-dev")
    made = folder / "clockwork.so"
    source = Path(__file__).with_name("clockwork.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", made, source], check=True)
    return made


class QuickClock:
    """Begins at `start`; `rate` seconds go by in one."""

    def __init__(self, folder: Path, start: datetime, rate: float = 1) -> None:
        self._preload = f"{build_clockwork(folder)}:{find_libfaketime()}"
        self._start = start
        self._rate = rate
        self._began = time.monotonic()

    def now(self) -> datetime:
        """What the clock shows, to a second or two."""
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self._rate)

    def skip_to(self, moment: datetime) -> None:
        """Show `moment` from now on to whoever starts now."""
        self._start, self._began = moment, time.monotonic()

    def sleep(self, span: timedelta) -> None:
        """Wait until so much time has gone by."""
        time.sleep(span.total_seconds() / self._rate)

    def env(self) -> dict[str, str]:
        """What a process that starts now needs to live by this clock."""
        shown = self.now().astimezone(UTC)
        return {
            "LD_PRELOAD": self._preload,
            "FAKETIME": f"@{shown:%Y-%m-%d %H:%M:%S} x{self._rate:g}",
            "CLOCK_RATE": f"{self._rate:g}",
            "TZ": "UTC",
        }

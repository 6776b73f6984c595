"""Clocks that jump, days an hour longer or shorter, a month asleep; disks that are full, read-only, locked: by scene.

    PYTHONPATH=. python benchmarks/proofs/clocks.py            every scene
    PYTHONPATH=. python benchmarks/proofs/clocks.py jumps dst  some of them

The process is the real one. A jump moves its wall clock and not the monotonic one, as the system does when a clock is
set, and when a machine slept.
"""

from __future__ import annotations

import argparse
import mailbox
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from quick_clock import QuickClock, build_clockwork
from residence import Residence

from syncd.demo.mail import write_letters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syncd.store import Store

ELENA = "elena@conti.example"
DAY = timedelta(days=1)
TUESDAY = datetime(2026, 3, 3, 8, tzinfo=UTC)

_CONFIG = """\
[me]
name = "Elena Conti"
addresses = ["{owner}"]
time_zone = "{zone}"

[accounts.mail]
type = "mailfile"
path = "{place}/box"
first_sync = "10 years"

[digest]
to = "{owner}"
at = "{at}"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
empty = "send"

[digest.send]
via = "maildir"
path = "{place}/digests"

[daemon]
poll = "1 min"
"""


def build_house(place: Path, now: datetime, zone: str = "Europe/Rome", at: str = "07:00", url: str = "") -> Residence:
    """A residence with some old mail, and its digests in a Maildir."""
    house = Residence(place, _CONFIG.format(owner=ELENA, zone=zone, place=place, at=at), url=url).settle()
    letters = write_letters(now.astimezone(ZoneInfo("Europe/Rome")), now.date() - timedelta(days=360))
    (place / "box").write_bytes(b"".join(letter.as_mbox() for letter in letters))
    return house


def digests(house: Residence) -> list[str]:
    """When each digest that arrived says that it was written."""
    folder = house.place / "digests"
    return sorted(str(one["Date"]) for one in mailbox.Maildir(folder)) if folder.exists() else []


def tell(house: Residence, title: str, right: bool) -> bool:  # noqa: FBT001 - what the scene came to
    """Print how a scene ended, and what was said in it; hands `right` on."""
    print(f"== {title}: {'as it should be' if right else 'WRONG'}")
    for line in house.log.splitlines():
        print("  log:", line)
    for date in digests(house):
        print("  digest:", date)
    return right


def read_more(house: Residence) -> Callable[[Store], bool]:
    """Let a letter arrive; whether it was read."""
    letter = (
        f"From MAILER-DAEMON Tue Mar  3 08:00:00 2026\nMessage-ID: <{time.monotonic_ns()}@clocks.example>\n"
        f"From: Ben <ben@okri.example>\nTo: {ELENA}\nDate: Tue, 03 Mar 2026 09:00:00 +0100\nSubject: More\n\nText.\n\n"
    )
    with (house.place / "box").open("a", encoding="utf-8") as box:
        box.write(letter)
    with house.store() as store:
        before = store.counts().observations
    return lambda store: store.counts().observations > before


class SteppedClock:
    """A wall clock at real speed that is set by hand; the monotonic clock is the machine's own."""

    def __init__(self, place: Path, now: datetime) -> None:
        self._file = place / "clock"
        self._clockwork = build_clockwork(place)
        self.set(now)

    def set(self, now: datetime) -> None:
        """From now on it shows this, and goes on from there."""
        offset = (now - datetime.now(UTC)).total_seconds()
        waiting = self._file.with_suffix(".new")
        waiting.write_text(f"{offset:.0f}", encoding="ascii")
        waiting.replace(self._file)

    def env(self) -> dict[str, str]:
        """What a process that starts now needs to live by this clock."""
        return {"LD_PRELOAD": str(self._clockwork), "CLOCK_OFFSET": str(self._file), "TZ": "UTC"}


def play_jumps(place: Path) -> bool:
    """A day forward: the digest of that day; two back: none, and mail is read all the same; thirty on: one."""
    house, clock = build_house(place, TUESDAY), SteppedClock(place, TUESDAY)
    with house.run(clock.env()) as life:
        right = house.wait_until(lambda _: len(digests(house)) == 1, within=60)
        clock.set(TUESDAY + DAY)
        right &= house.wait_until(lambda _: len(digests(house)) == 2, within=60)  # noqa: PLR2004 - one more
        right &= house.wait_until(read_more(house), within=100)
        clock.set(TUESDAY - DAY)
        right &= house.wait_until(read_more(house), within=100)
        right &= len(digests(house)) == 2  # noqa: PLR2004 - as before
        clock.set(TUESDAY + 30 * DAY)
        right &= house.wait_until(lambda _: len(digests(house)) == 3, within=60)  # noqa: PLR2004 - one more
        right &= house.wait_until(read_more(house), within=100)
        right &= len(digests(house)) == 3  # noqa: PLR2004 - as before
        print(f"stopped {life.stop():.2f} s after SIGTERM")
    return tell(house, "a clock set a day forward, two back, and then thirty days asleep", right)


def play_dst(place: Path) -> bool:
    """Nights in which an hour is left out or comes twice, and a digest is due in it."""
    nights = (
        ("Europe/Rome", datetime(2026, 3, 29, 0, 0, tzinfo=UTC), "the hour of the digest is left out"),
        ("Europe/Rome", datetime(2026, 10, 24, 23, 0, tzinfo=UTC), "the hour of the digest comes twice"),
        ("Australia/Sydney", datetime(2026, 10, 3, 15, 0, tzinfo=UTC), "the hour of the digest is left out"),
        ("Australia/Sydney", datetime(2026, 4, 4, 14, 0, tzinfo=UTC), "the hour of the digest comes twice"),
    )
    all_right = True
    for number, (zone, start, what) in enumerate(nights):
        house = build_house(place / str(number), start, zone, at="02:30")
        clock = QuickClock(place, start, rate=240)
        with house.run(clock.env()) as life:
            clock.sleep(timedelta(hours=4))
            right = life.ended is None and len(digests(house)) == 1
        all_right &= tell(house, f"{zone}, {what} (02:30); from {start:%d %b %H:%M} UTC, four hours", right)
    return all_right


@contextmanager
def small_disk(place: Path, options: str) -> Iterator[Path]:
    """A file system in memory."""
    disk = place / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def play_full(place: Path) -> bool:
    """A disk of 256 KiB, until it is made larger."""
    with small_disk(place, "size=256k") as disk:
        house = build_house(place / "house", TUESDAY, url=f"sqlite:///{disk}/syncd.db")
        clock = QuickClock(place, TUESDAY, rate=20)
        with house.run(clock.env()) as life:
            clock.sleep(timedelta(minutes=10))
            alive = life.ended is None
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            right = alive and house.wait_until(
                lambda store: all(one.last_sync for one in store.accounts()) and len(digests(house)) == 1, within=120
            )
        return tell(house, "a full disk of 256 KiB, ten minutes, then room", right)


def play_read_only(place: Path) -> bool:
    """A disk that may not be written, at a start."""
    with small_disk(place, "size=64m") as disk:
        house = build_house(place / "house", TUESDAY, url=f"sqlite:///{disk}/syncd.db")
        house.command("sync")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        done = house.command("run")
        print("exit", done.returncode, done.stderr)
        return tell(house, "a file system that may only be read, at a start", done.returncode == os.EX_CANTCREAT)


def play_locked(place: Path) -> bool:
    """Another process holds the database for more than a minute; mail that came meanwhile is read afterwards."""
    house = build_house(place, TUESDAY)
    clock = QuickClock(place, TUESDAY)
    with house.run(clock.env()) as life:
        house.wait_until(lambda _: len(digests(house)) == 1, within=60)
        arrived = read_more(house)
        with closing(sqlite3.connect(place / "syncd.db", timeout=60)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(15):
                time.sleep(5)
                if life.ended is not None:
                    break
        right = house.wait_until(arrived, within=100) and life.ended is None
        print(f"stopped {life.stop():.2f} s after SIGTERM")
    return tell(house, "a database that another process holds for 75 seconds", right)


SCENES = {
    "jumps": play_jumps,
    "dst": play_dst,
    "full": play_full,
    "read-only": play_read_only,
    "locked": play_locked,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenes", nargs="*", choices=[*SCENES, []], default=list(SCENES))
    wrong = []
    for scene in parser.parse_args().scenes:
        with tempfile.TemporaryDirectory(prefix="syncd-clocks-") as folder:
            if not SCENES[scene](Path(folder)):
                wrong.append(scene)
    sys.exit(f"Wrong: {', '.join(wrong)}" if wrong else 0)

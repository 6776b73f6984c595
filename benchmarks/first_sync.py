"""The whole way, as a user goes it: `syncd sync` from a real Dovecot to ranked people, and what comes after.

    python benchmarks/first_sync.py 20000 100000

Each command is a process of its own, start-up included. The raw drain asks for the same header fields over one bare
socket and parses nothing: what no reader can beat. Compare ratios of one run; absolute times vary with the machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests' own server, also in a clone that is not installed

from benchmarks.generate_mail import write
from benchmarks.raw_drain import drain
from syncd.clock import system_clock
from tests.servers.dovecot import PASSWORD, SENT, Dovecot, require_program
from tests.servers.mailboxes import import_mboxes

SYNCD = Path(sys.executable).parent / "syncd"
OWNER = "elena@conti.example"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds of wall and processor time, and its peak memory in MB."""

    wall: float
    processor: float
    memory: float


def run(*words: str, config: Path) -> Cost:
    """Run `syncd`; raises RuntimeError when it does not end well."""
    env = {**os.environ, "IMAP_PASSWORD": PASSWORD, "SYNCD_CONFIG": str(config)}
    nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    process = os.posix_spawn(SYNCD, [str(SYNCD), *words], env, file_actions=nowhere)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - start
    if code := os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"syncd {' '.join(words)} ended with {code}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(count: int) -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as home, Dovecot(require_program(), storage="mdbox") as server:
        boxes = server.folder / "boxes"
        counts = write(count, boxes, system_clock())
        (boxes / "Sent").rename(boxes / SENT)
        counts[SENT] = counts.pop("Sent")
        import_mboxes(server, OWNER, boxes)
        config = Path(home) / "config.toml"
        config.write_text(
            f'[me]\nname = "Elena Conti"\naddresses = ["{OWNER}"]\n[accounts.mail]\ntype = "imap"\n'
            f'address = "{OWNER}"\nhost = "{server.host}"\nport = {server.port}\ntls = "none"\n'
            f'password = {{ env = "IMAP_PASSWORD" }}\n[digest]\nto = "{OWNER}"\n[store]\nurl = "sqlite:///syncd.db"\n'
        )
        cold, warm = drain(server, OWNER, counts), drain(server, OWNER, counts)
        first = run("sync", config=config)
        print(f"\n{count:,} messages in {len(counts)} folders, Dovecot mdbox; load average {os.getloadavg()[0]:.1f}")
        print(f"{'':<34}{'wall s':>8}{'cpu s':>8}{'MB':>6}{'msg/s':>9}{'x raw':>7}")
        print(f"{'raw drain, cold':<34}{cold:>8.2f}{'':>14}{count / cold:>9,.0f}")
        print(f"{'raw drain, warm':<34}{warm:>8.2f}{'':>14}{count / warm:>9,.0f}{1:>7}")
        print(f"{'syncd sync, the first':<34}{_row(first)}{count / first.wall:>9,.0f}{first.wall / warm:>7.1f}")
        for words in (("sync",), ("people", "--json"), ("digest",), ("status",), ("rebuild",)):
            print(f"{'syncd ' + ' '.join(words):<34}{_row(run(*words, config=config))}")
        size = (config.parent / "syncd.db").stat().st_size
        print(f"the database: {size / 1e6:.0f} MB, {size / count:.0f} bytes a message")


def _row(cost: Cost) -> str:
    return f"{cost.wall:>8.2f}{cost.processor:>8.2f}{cost.memory:>6.0f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("counts", nargs="+", type=int)
    for wanted in parser.parse_args().counts:
        measure(wanted)

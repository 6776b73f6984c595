"""How fast the IMAP connector reads a mailbox, beside the limit: draining the same FETCH from a raw socket.

    python benchmarks/imap_drain.py 100000

Both run over one warm mailbox by turns, and nothing is stored; only their ratio means something. `first_sync.py`
measures the whole program.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests' own server, also in a clone that is not installed

from benchmarks.generate_mail import messages, write
from benchmarks.raw_drain import drain
from connectors._imap_options import ImapOptions
from connectors._mail import read_message
from connectors.imap import PAGE, Imap
from syncd.clock import system_clock
from syncd.connector import SecretRef
from syncd.testing import context
from tests.servers.dovecot import PASSWORD, SENT, Dovecot, require_program
from tests.servers.mailboxes import import_mboxes

if TYPE_CHECKING:
    from collections.abc import Callable

OWNER: Final = "elena@conti.example"
ROUNDS: Final = 3
_REFERENCE: Final = SecretRef(env="UNUSED")


def read(server: Dovecot, cursor: str | None, expected: int) -> str:
    """One poll of the whole mailbox, or of what is new since `cursor`; its last cursor."""
    options = ImapOptions.model_validate(
        {
            "type": "imap",
            "address": OWNER,
            "host": server.host,
            "port": server.port,
            "tls": "none",
            "password": _REFERENCE,
        }
    )
    reader = Imap(options, context(secrets={_REFERENCE: PASSWORD}, now=system_clock))
    seen = 0
    for page in reader.poll(cursor, system_clock() - timedelta(days=3650)):
        seen += len(page.observations)
        cursor = page.cursor
    if seen != expected or cursor is None:
        raise SystemExit(f"the poll showed {seen} messages of {expected}")
    return cursor


def timed(work: Callable[[], object]) -> float:
    """Seconds it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(count: int) -> None:
    """Measure and print."""
    with Dovecot(require_program(), storage="mdbox") as server:
        boxes = server.folder / "boxes"
        counts = write(count, boxes, system_clock())
        (boxes / "Sent").rename(boxes / SENT)
        counts[SENT] = counts.pop("Sent")
        import_mboxes(server, OWNER, boxes)
        drain(server, OWNER, counts)  # warms Dovecot's index
        raw, polled = [], []
        for _ in range(ROUNDS):
            raw.append(drain(server, OWNER, counts))
            polled.append(timed(lambda: read(server, None, count)))
        cursor = read(server, None, count)
        nothing = min(timed(lambda: read(server, cursor, 0)) for _ in range(ROUNDS))
    headers = [message.partition(b"\n\n")[0] for _, message in messages(5000, system_clock())]
    split = min(timed(lambda: [read_message("x", header, None) for header in headers]) for _ in range(ROUNDS))
    ratio = median(mine / limit for mine, limit in zip(polled, raw, strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count:,} messages in {len(counts)} folders, pages of {PAGE}; {ROUNDS} rounds, medians; ", end="")
    print(f"load average {os.getloadavg()[0]:.1f}")
    print(f"{'raw socket, nothing parsed':32}{median(raw):8.2f} s{count / median(raw):12,.0f} msg/s")
    print(f"{'imap.poll':32}{median(polled):8.2f} s{count / median(polled):12,.0f} msg/s{ratio:8.1f} times raw")
    print(f"{'imap.poll, nothing new':32}{nothing * 1000:8.1f} ms, signing in included")
    print(f"{'read_message, the whole header':32}{split / len(headers) * 1e6:8.1f} us")
    print(f"{'peak memory':32}{memory:8} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    main(parser.parse_args().count)

"""Real mailboxes in a real Dovecot: synced once, again, and killed ten times on the way; the stores must be equal.

    PYTHONPATH=. python benchmarks/proofs/dovecot_kill.py DATA/enron 20000

DATA/enron holds full/OWNER/*.mbox and folders/OWNER/*.mbox. The messages lie in five folders, what the first owner
sent in one called Gesendet.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from syncd.store import Store
from tests.servers.dovecot import PASSWORD, SENT, Dovecot, require_program
from tests.servers.mailboxes import import_mboxes

if TYPE_CHECKING:
    from collections.abc import Iterator

SYNCD = Path(sys.executable).parent / "syncd"
OWNER, ADDRESS = "delainey-d", "david.delainey@enron.com"
FOLDERS = ("INBOX", "Archive", "Projects", "All documents")
KILLS = 10


def messages(data: Path) -> Iterator[tuple[str, bytes]]:
    """Every message of the mailboxes with its folder here, the owner's own mailbox first."""
    elsewhere = cycle(FOLDERS)
    boxes = sorted([*data.glob("full/*/*.mbox"), *data.glob("folders/*/*.mbox")], key=lambda box: OWNER not in str(box))
    for box in boxes:
        sent = OWNER in str(box) and "sent" in box.name
        folder = SENT if sent else next(elsewhere)
        for text in box.read_bytes().split(b"\nFrom MAILER-DAEMON "):
            yield folder, b"From MAILER-DAEMON " + text.removeprefix(b"From MAILER-DAEMON ").rstrip(b"\n") + b"\n\n"


def fill(server: Dovecot, data: Path, wanted: int) -> dict[str, int]:
    """Import the first `wanted` messages; how many there are in each folder."""
    boxes = server.folder / "boxes"
    boxes.mkdir()
    counts: dict[str, int] = {}
    for (folder, text), _ in zip(messages(data), range(wanted), strict=False):
        with (boxes / folder).open("ab") as box:
            box.write(text)
        counts[folder] = counts.get(folder, 0) + 1
    import_mboxes(server, ADDRESS, boxes)
    return counts


def home(place: Path, server: Dovecot) -> tuple[Path, dict[str, str]]:
    """A configuration in a folder of its own, and the environment to use it with."""
    place.mkdir()
    config = place / "config.toml"
    config.write_text(
        f'[me]\naddresses = ["{ADDRESS}"]\n[accounts.mail]\ntype = "imap"\naddress = "{ADDRESS}"\n'
        f'host = "127.0.0.1"\nport = {server.port}\ntls = "none"\nfirst_sync = "60 years"\n'
        f'password = {{ env = "SECRET" }}\n[digest]\nto = "{ADDRESS}"\n[store]\nurl = "sqlite:///syncd.db"\n'
    )
    return config, {**os.environ, "SECRET": PASSWORD, "SYNCD_CONFIG": str(config)}


def sync(env: dict[str, str]) -> tuple[str, float]:
    """A whole sync: what it says of the account, and how many seconds it took."""
    start = time.monotonic()
    done = subprocess.run([SYNCD, "sync", "--json"], env=env, check=True, capture_output=True, text=True)
    account = json.loads(done.stdout)["accounts"][0]
    return f"{account['new']} new, {account['unreadable']} unreadable", time.monotonic() - start


def dump(place: Path) -> list[str]:
    """Every fact and interaction of a store."""
    with Store.open(f"sqlite:///{place}/syncd.db") as store:
        return list(store.dump())


def main(data: Path, wanted: int) -> int:
    """Print what happened; 0 when the stores are equal."""
    chance = Random(7)  # noqa: S311 - moments to kill at
    with tempfile.TemporaryDirectory() as folder, Dovecot(require_program(), storage="mdbox") as server:
        counts = fill(server, data, wanted)
        print(f"{sum(counts.values())} messages: {counts}")
        place = Path(folder)
        _, env = home(place / "clean", server)
        first, seconds = sync(env)
        second, start = sync(env)
        print(f"first sync: {first} in {seconds:.1f} s; second: {second} in {start:.1f} s")
        _, env = home(place / "killed", server)
        deaths = []
        for _ in range(KILLS):
            moment = start + chance.uniform(-0.1, 1.6) * (seconds - start) / KILLS
            process = subprocess.Popen([SYNCD, "sync"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            process.kill()
            with Store.open(f"sqlite:///{place}/killed/syncd.db") as store:
                deaths.append((process.wait(), round(moment, 2), store.counts().observations))
        print("killed (exit, after s, records by then):", *deaths)
        print(f"resumed: {sync(env)[0]}; then {sync(env)[0]}")
        clean, killed = dump(place / "clean"), dump(place / "killed")
        print(f"{len(clean)} facts and interactions in the clean store, {len(killed)} in the killed one")
        print("equal" if clean == killed else "DIFFERENT")
        return clean != killed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("messages", type=int)
    asked = parser.parse_args()
    sys.exit(main(asked.data, asked.messages))

"""Real mailboxes in a real Dovecot: synced once, again, and killed ten times on the way; the stores must be equal.

    PYTHONPATH=. python benchmarks/proofs/dovecot_kill.py DATA/enron 20000

Any folder of mail does. The messages lie in five folders, what the owner sent in one called Gesendet.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from itertools import islice
from pathlib import Path

from deaths import dump, kill, sync
from real_mail import SENT, RealMail

from tests.servers.dovecot import PASSWORD, Dovecot, require_program
from tests.servers.dovecot import SENT as GESENDET
from tests.servers.mailboxes import import_mboxes


def fill(server: Dovecot, mail: RealMail, wanted: int) -> dict[str, int]:
    """Import the first `wanted` messages; how many there are in each folder."""
    boxes = server.folder / "boxes"
    boxes.mkdir()
    counts: dict[str, int] = {}
    for each in islice(mail, wanted):
        folder = GESENDET if each.folder == SENT else each.folder
        with (boxes / folder).open("ab") as box:
            box.write(each.entry)
        counts[folder] = counts.get(folder, 0) + 1
    import_mboxes(server, mail.address, boxes)
    return counts


def home(place: Path, server: Dovecot, address: str) -> tuple[Path, dict[str, str]]:
    """A configuration in a folder of its own, and the environment to use it with."""
    place.mkdir()
    config = place / "config.toml"
    config.write_text(
        f'[me]\naddresses = ["{address}"]\n[accounts.mail]\ntype = "imap"\naddress = "{address}"\n'
        f'host = "127.0.0.1"\nport = {server.port}\ntls = "none"\nfirst_sync = "60 years"\n'
        f'password = {{ env = "SECRET" }}\n[digest]\nto = "{address}"\n[store]\nurl = "sqlite:///syncd.db"\n'
    )
    return config, {**os.environ, "SECRET": PASSWORD, "SYNCD_CONFIG": str(config)}


def main(data: Path, wanted: int) -> int:
    """Print what happened; 0 when the stores are equal."""
    mail = RealMail.of(data)
    with tempfile.TemporaryDirectory() as folder, Dovecot(require_program(), storage="mdbox") as server:
        counts = fill(server, mail, wanted)
        print(f"{sum(counts.values())} messages: {counts}")
        place = Path(folder)
        _, env = home(place / "clean", server, mail.address)
        first, seconds = sync(env)
        second, start = sync(env)
        print(f"first sync: {first} in {seconds:.1f} s; second: {second} in {start:.1f} s")
        _, env = home(place / "killed", server, mail.address)
        deaths = kill(env, place / "killed", start, seconds)
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

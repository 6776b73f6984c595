"""One mailbox through a real Dovecot and through the double of Gmail, into one store: every exchange counts once.

    PYTHONPATH=. python benchmarks/proofs/imap_and_gmail.py DATA/enron 5000

The interactions of the store with both accounts must be those of a store with the IMAP account alone, and those of one
with the Gmail account alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from dovecot_kill import fill
from gmail_double import GmailDouble, home, sync
from gmail_kill import labelled
from real_mail import RealMail

from syncd.store import Store
from tests.servers.dovecot import PASSWORD, Dovecot, require_program

WITNESSES = slice(7, 9)
"""Where an interaction says in which records of which accounts it was seen (`Store.dump`)."""


def interactions(place: Path) -> tuple[int, set[str]]:
    """How many facts there are in a store, and every interaction without its witnesses."""
    with Store.open(f"sqlite:///{place}/syncd.db") as store:
        lines = list(store.dump())
    drawn = [json.loads(line.removeprefix("interaction ")) for line in lines if line.startswith("interaction ")]
    return len(lines) - len(drawn), {json.dumps([*each[: WITNESSES.start], *each[WITNESSES.stop :]]) for each in drawn}


def main(data: Path, wanted: int) -> int:
    """Print what happened; 0 when every exchange counts once."""
    mail = RealMail.of(data)
    told: dict[str, tuple[int, set[str]]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Dovecot(require_program(), storage="mdbox") as server,
        GmailDouble(mail.address, labelled(mail, wanted)) as double,
    ):
        fill(server, mail, wanted)
        imap = (
            f'[accounts.imap]\ntype = "imap"\naddress = "{mail.address}"\nhost = "127.0.0.1"\nport = {server.port}\n'
            'tls = "none"\nfirst_sync = "60 years"\npassword = { env = "SECRET" }\n'
        )
        for name in ("imap", "gmail", "imap and gmail"):
            place = Path(folder, name)
            place.mkdir()
            accounts = (imap if "imap" in name else "") + (double.account(place) if "gmail" in name else "")
            env = {**home(place, accounts, mail.address), "SECRET": PASSWORD}
            print(f"{name}: {sync(env)[0]}")
            told[name] = interactions(place)
    for name, (facts, found) in told.items():
        print(f"{name}: {facts} facts, {len(found)} interactions")
    both = told["imap and gmail"][1]
    missing, more = told["imap"][1] - both, both - told["imap"][1]
    print(f"only through imap: {len(missing)}; only with both: {len(more)}")
    for line in [*sorted(missing)[:3], *sorted(more)[:3]]:
        print("  ", line[:300])
    same = both == told["imap"][1] == told["gmail"][1]
    print("every exchange counts once" if same else "DIFFERENT")
    return not same


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("messages", type=int, nargs="?", default=5000)
    asked = parser.parse_args()
    sys.exit(main(asked.data, asked.messages))

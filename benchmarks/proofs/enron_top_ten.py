"""The ten strongest people of real mailboxes by syncd, beside a count that shares nothing with it.

    python benchmarks/proofs/enron_top_ten.py DATA/enron allen-p delainey-d keavey-p presto-k dickson-s

DATA/enron holds full/OWNER/*.mbox and mailboxes.json. The digest printed is that of the day
by which half of the mail had come.
"""

from __future__ import annotations

import argparse
import json
import mailbox
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import date
from email.utils import getaddresses, parsedate_to_datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

SYNCD = Path(sys.executable).parent / "syncd"


def count(folder: Path, own: set[str]) -> tuple[date, list[tuple[str, int, int]]]:
    """The day by which half of the mail was there, and every address written to and heard from.

    As (address, sent, received), most first by the lesser of the two.
    """
    sent: Counter[str] = Counter()
    received: Counter[str] = Counter()
    days = []
    seen = set()
    for path in sorted(folder.glob("*.mbox")):
        for message in mailbox.mbox(path):
            sender = [one.lower() for _, one in getaddresses([str(message["From"])])]
            fields = [str(value) for name in ("To", "Cc") for value in message.get_all(name, ())]
            to = {one.lower() for _, one in getaddresses(fields)}
            key = (message["Date"], *sender, message["Subject"], *sorted(to))
            if key in seen or len(to) > 8:  # noqa: PLR2004 - a mail to more is no conversation
                continue
            seen.add(key)
            days.append(parsedate_to_datetime(message["Date"]).date())
            if own & set(sender):
                sent.update(to - own)
            elif own & to:
                received.update(sender)
    two_way = [(one, sent[one], received[one]) for one in sent if received[one]]
    two_way.sort(key=lambda row: (min(row[1:]), sum(row[1:])), reverse=True)
    return sorted(days)[len(days) // 2], two_way


def measure(data: Path, owner: str, about: dict[str, Any]) -> int:
    """Print the two lists for one mailbox; how many of syncd's ten are among the fifteen of the count."""
    surname = owner.partition("-")[0]
    own = [address for address, _ in about["sent_from"] if surname in address]
    last = date.fromisoformat(about["p99"])
    middle, counted = count(data / "full" / owner, set(own))
    with tempfile.TemporaryDirectory() as home:
        config = Path(home) / "config.toml"
        config.write_text(
            f'[me]\naddresses = {json.dumps(own)}\n[accounts.mail]\ntype = "mailfile"\nfirst_sync = "60 years"\n'
            f'path = {json.dumps(str(data / "full" / owner))}\n[digest]\nto = "{own[0]}"\n'
            f'[store]\nurl = "sqlite:///syncd.db"\n'
        )
        read = json.loads(syncd(config, "sync", "--json"))["accounts"][0]
        people = json.loads(syncd(config, "people", "--json", "--limit", "10", "--date", str(last)))
        digest = syncd(config, "digest", "--date", str(middle))
    print(f"\n== {owner}: {read['new']} read, {read['unreadable']} unreadable; as of {last}")
    print(f"{'syncd people':<50} {'sent':>5} {'recd':>5}    {'a plain count':<42} {'sent':>5} {'recd':>5}")
    for one, row in zip_longest(people, counted[:10]):
        mine = f"{one['name'][:49]:<50} {one['sent']:>5} {one['received']:>5}" if one else " " * 62
        theirs = f"{row[0]:<42} {row[1]:>5} {row[2]:>5}" if row else ""
        print(f"{mine}    {theirs}")
    names = {address for address, _, _ in counted[:15]}
    agreed = sum(1 for one in people if names & set(one["addresses"]))
    print(f"{agreed} of these {len(people)} are among the first 15 of the plain count\n\n{digest}")
    return agreed


def syncd(config: Path, *words: str) -> str:
    """What `syncd` prints."""
    command = [str(SYNCD), *words, "--config", str(config)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("owners", nargs="+")
    wanted = parser.parse_args()
    mailboxes = json.loads((wanted.data / "mailboxes.json").read_text())
    described = {one["mailbox"]: one for one in mailboxes if one["kind"] == "full"}
    total = sum(measure(wanted.data, owner, described[owner]) for owner in wanted.owners)
    print(f"agreement: {total} of {10 * len(wanted.owners)}")

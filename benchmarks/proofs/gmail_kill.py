"""Real mailboxes in the double of Gmail: synced once, again, and killed ten times on the way; the stores must be equal.

    PYTHONPATH=. python benchmarks/proofs/gmail_kill.py DATA/enron 20000

Any folder of mail does. Requests and quota units are counted on the other side.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import islice
from math import ceil
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from deaths import KILLS, dump
from gmail_double import GET, GmailDouble, home, start, sync
from real_mail import SENT, RealMail

from syncd.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator


def labelled(mail: RealMail, wanted: int) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """The first `wanted` messages with their labels."""
    for each in islice(mail, wanted):
        yield ("SENT",) if each.folder == SENT else ("INBOX", "UNREAD"), each.entry


def count(double: GmailDouble, what: str, least: int) -> None:
    """Print what was asked since the last time, beside the least that could have been asked."""
    units, calls = double.spent()
    requests = sum(number for method, number in calls.items() if method != GET)
    told = ", ".join(f"{method.removeprefix('gmail.users.')} {number}" for method, number in sorted(calls.items()))
    print(f"  {what}: {units} units ({units / least:.4f} of the least possible), {requests} requests: {told}")


def main(data: Path, wanted: int) -> int:
    """Print what happened; 0 when the stores are equal."""
    mail = RealMail.of(data)
    labelled_mail = list(labelled(mail, wanted))
    wanted = len(labelled_mail)
    chance = Random(7)  # noqa: S311 - moments to kill at
    least = 1 + 5 * ceil(wanted / 500) + 20 * wanted
    with tempfile.TemporaryDirectory() as folder, GmailDouble(mail.address, labelled_mail) as double:
        clean, killed = Path(folder, "clean"), Path(folder, "killed")
        env = home(_made(clean), double.account(clean), mail.address)
        said, seconds = sync(env)
        print(f"first sync: {said} in {seconds:.1f} s")
        count(double, "asked", least)
        said, seconds = sync(env)
        print(f"second sync: {said} in {seconds:.1f} s")
        count(double, "asked", 2)
        env = home(_made(killed), double.account(killed), mail.address)
        deaths = []
        for target in sorted(chance.sample(range(wanted), KILLS)):
            process = start(env, "sync")
            while process.poll() is None and double.served() < target:
                time.sleep(chance.uniform(0, 0.1))
            process.kill()
            process.communicate()
            with Store.open(f"sqlite:///{killed}/syncd.db") as store:
                deaths.append((process.returncode, double.served(), store.counts().observations))
        print("killed (exit, messages shown and records kept by then):", *deaths)
        print(f"resumed: {sync(env)[0]}; then {sync(env)[0]}")
        count(double, "asked by all twelve", least)
        one, other = dump(clean), dump(killed)
        print(f"{len(one)} facts and interactions in the clean store, {len(other)} in the killed one")
        print("equal" if one == other else "DIFFERENT")
        return one != other


def _made(place: Path) -> Path:
    place.mkdir()
    return place


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("messages", type=int, nargs="?", default=20_000)
    asked = parser.parse_args()
    sys.exit(main(asked.data, asked.messages))

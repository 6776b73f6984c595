"""Real mailboxes behind a double of Microsoft Graph: synced, synced again, killed ten times; the stores must be equal.

    PYTHONPATH=. python benchmarks/proofs/outlook_kill.py DATA/enron 20000

Any folder of mail does. The messages lie in five folders; what the owner sent lies in Sent Items. The double runs in a
process of its own, and counts what it is asked.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from itertools import islice
from math import ceil
from multiprocessing import Pipe, Process
from pathlib import Path
from typing import TYPE_CHECKING

from deaths import dump, kill, sync
from real_mail import FOLDERS, SENT, RealMail

from connectors._mail_dates import sent_at
from connectors._outlook_mail_place import MOST_TRACKED
from connectors._outlook_mail_reading import PAGE
from syncd.tokens import TokenFile
from tests.servers.graph import Graph
from tests.servers.graph_authority import settings_of, signed_in

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from tests.servers.graph_mail import Person

WELL_KNOWN = {SENT: "sentitems", "INBOX": "inbox", "Archive": "archive"}
NOW = datetime.now(UTC)


def people(values: list[str]) -> list[Person]:
    """Who stands in a header, as Exchange would have resolved it."""
    return [(address, name) for name, address in getaddresses([str(value) for value in values])]


def fill(graph: Graph, mail: RealMail, wanted: int) -> Counter[str]:
    """Put the first `wanted` messages there; how many there are in each folder."""
    places = WELL_KNOWN | {name: graph.mailbox.add_folder(name) for name in FOLDERS if name not in WELL_KNOWN}
    counts: Counter[str] = Counter()
    for each in islice(mail, wanted):
        header = BytesHeaderParser().parsebytes(each.message)
        at = sent_at(str(header["Date"]), None, NOW) or datetime(2001, 1, 1, tzinfo=UTC)
        graph.mailbox.add(
            places[each.folder],
            str(header["Subject"] or ""),
            at,
            sender=next(iter(people(header.get_all("From", []))), ("", "")),
            to=people(header.get_all("To", [])),
            cc=people(header.get_all("Cc", [])),
            headers=[(name, str(value)) for name, value in header.items()],
            message_id=str(header["Message-ID"] or ""),
        )
        counts[each.folder] += 1
    return counts


def serve(line: Connection, mail: RealMail, wanted: int) -> None:
    """The double: says what it holds and where it is, then what it was asked since it was last asked for that."""
    with Graph((mail.address, "")) as graph:
        counts = fill(graph, mail, wanted)
        before = graph.snapshot()
        line.send((counts, settings_of(graph), signed_in(graph, NOW.replace(year=NOW.year + 1))))
        while line.recv() == "asked":
            asked, graph.requests = graph.requests, []
            pages = sum("messages" in each.target for each in asked)
            line.send((len(asked), pages, graph.violations, graph.snapshot() == before))


def home(place: Path, settings: dict[str, str], sign_in: str) -> dict[str, str]:
    """A configuration in a folder of its own, signed in, and the environment to use it with."""
    place.mkdir()
    config = place / "config.toml"
    address = settings["address"]
    account = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    config.write_text(
        f'[me]\naddresses = ["{address}"]\n[accounts.mail]\ntype = "outlook-mail"\n{account}first_sync = "60 years"\n'
        f'[digest]\nto = "{address}"\n[store]\nurl = "sqlite:///syncd.db"\n'
    )
    TokenFile(place / "state" / "syncd" / "tokens", "mail").write(sign_in)
    return {**os.environ, "SYNCD_CONFIG": str(config), "XDG_STATE_HOME": str(place / "state"), "no_proxy": "*"}


def fewest(counts: Counter[str]) -> int:
    """The fewest requests for messages that a first sync can do with, at this size of a page."""
    return sum(ceil(count / PAGE) + (count > MOST_TRACKED) for count in counts.values())


def main(data: Path, wanted: int) -> int:
    """Print what happened; 0 when the stores are equal and no rule was broken."""
    mail = RealMail.of(data)
    line, other = Pipe()
    server = Process(target=serve, args=(other, mail, wanted))
    server.start()
    try:
        counts, settings, sign_in = line.recv()
        print(f"{sum(counts.values())} messages: {dict(counts)}; at least {fewest(counts)} requests for them")

        def asked() -> str:
            line.send("asked")
            total, pages, violations, untouched = line.recv()
            broken = f", BROKEN {violations[:3]}" if violations or not untouched else ""
            return f"{total} requests, {pages} for messages{broken}"

        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            env = home(place / "clean", settings, sign_in)
            first, seconds = sync(env)
            print(f"first sync: {first} in {seconds:.1f} s, {asked()}")
            second, start = sync(env)
            print(f"second: {second} in {start:.1f} s, {asked()}")
            env = home(place / "killed", settings, sign_in)
            deaths = kill(env, place / "killed", start, seconds)
            print("killed (exit, after s, records by then):", *deaths)
            print(f"resumed: {sync(env)[0]}; then {sync(env)[0]}; {asked()} by all of them")
            clean, killed = dump(place / "clean"), dump(place / "killed")
            print(f"{len(clean)} facts and interactions in the clean store, {len(killed)} in the killed one")
            print("equal" if clean == killed else "DIFFERENT")
            return clean != killed
    finally:
        line.send("over")
        server.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("messages", type=int, nargs="?", default=20_000)
    given = parser.parse_args()
    sys.exit(main(given.data, given.messages))

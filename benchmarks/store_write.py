"""How fast the store takes and gives: 100,000 invented messages, beside bare sqlite3 writing the same rows.

Type: python benchmarks/store_write.py [MESSAGES]. Compare the ratios of one run, never seconds of two; `cpu` is what
to look at on a machine that does other things as well.
"""

from __future__ import annotations

import random
import resource
import sqlite3
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.connector import Page
from syncd.model import (
    Alias,
    Contact,
    Direction,
    Evidence,
    Fact,
    Identities,
    Interaction,
    InteractionKind,
    Message,
    Participant,
    Person,
    Plan,
    Role,
    Verdict,
    VerdictKind,
)
from syncd.pipeline.reconcile import identity_of, keys_of
from syncd.store import Store, facts

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 500
PEOPLE = 8000
START = datetime(2020, 1, 1, tzinfo=UTC)


class Stopwatch:
    """Wall and processor seconds per named part."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[float, float]] = {}

    @contextmanager
    def over(self, part: str) -> Iterator[None]:
        """Add the time that the block takes to `part`."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        before = self.parts.get(part, (0.0, 0.0))
        self.parts[part] = (before[0] + time.perf_counter() - wall, before[1] + time.process_time() - cpu)


def invent(count: int) -> list[Message]:
    """Mail of a few years: some people write often, most hardly ever; one message in fifty is seen twice."""
    chance = random.Random(7)  # noqa: S311 - the same mail every time, not a secret
    people = [
        Participant(f"person{number}@company{number % 300}.example", f"Person Number{number}", Role.TO)
        for number in range(PEOPLE)
    ]
    me = Participant("owner@home.example", "The Owner", Role.TO)
    letters: list[Message] = []
    for number in range(count):
        others = [people[int(chance.paretovariate(0.6)) % PEOPLE] for _ in range(3)]
        author = Participant(others[0].address, others[0].name, Role.FROM)
        original = number - 1 if number % 50 == 0 and number else number
        letters.append(
            Message(
                f"INBOX/1700000000/{number}",
                START + timedelta(minutes=20 * original),
                (author, me, *others[1:]),
                f"<{original:x}.{chance.getrandbits(64):x}@mail.example>"
                if original == number
                else letters[-1].message_id,
                f"<{chance.getrandbits(64):x}@mail.example>",
                (),
                f"Re: the minutes of meeting {original % 999}",
            )
        )
    return letters


def bare_facts(path: Path, letters: list[Message]) -> None:
    """The rows of the fact table through sqlite3 alone: what the store can at best be."""
    rows = [(1, *record) for letter in letters if (record := facts.encode(letter)[1])]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE fact (seq INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER, remote_id TEXT, kind TEXT,"
        " key INTEGER, content INTEGER, sender TEXT, payload TEXT, UNIQUE (account, remote_id));"
        "CREATE INDEX fact_key ON fact (key); CREATE INDEX fact_content ON fact (content)"
    )
    with WATCH.over("bare sqlite3: facts"):
        for start in range(0, len(rows), PAGE):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO fact (account, remote_id, kind, key, content, sender, payload) VALUES (?,?,?,?,?,?,?)",
                rows[start : start + PAGE],
            )
            connection.execute("COMMIT")
    connection.close()


def conclude(batch: tuple[Fact, ...]) -> Plan:
    """The simplest plan with as many rows as the pipeline's: one interaction per identity."""
    found: dict[int, Interaction] = {}
    for fact in batch:
        letter = fact.observation
        if not isinstance(letter, Message):
            raise TypeError(letter)
        number = identity_of(keys_of(letter), letter.at)
        found[number] = Interaction(
            number,
            InteractionKind.MAIL,
            letter.at,
            letter.at,
            Direction.IN,
            tuple(
                Contact(one.address, one.name, one.role)
                for one in letter.participants
                if one.address != "owner@home.example"
            ),
            Verdict(VerdictKind.HUMAN, "Written by a person, to you."),
            (Evidence(fact.account, letter.remote_id),),
            letter.subject,
            letter.message_id,
            letter.in_reply_to,
        )
    return Plan(frozenset(found), tuple(found.values()))


def run(folder: Path, count: int) -> None:
    """Every hot path once."""
    letters = invent(count)
    with WATCH.over("keys and payloads alone"):
        for letter in letters:
            facts.encode(letter)
    bare_facts(folder / "bare.db", letters)
    with Store.open(f"sqlite:///{folder / 'syncd.db'}") as store:
        store.enrol("work", "imap")
        cursor = None
        for start in range(0, count, PAGE):
            page = Page(tuple(letters[start : start + PAGE]), str(start))
            with WATCH.over("commit_page"):
                store.commit_page("work", page, cursor)
            cursor = page.cursor
        del letters
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        while True:
            with WATCH.over("pending"):
                batch = store.pending()
            if batch is None:
                break
            plan = conclude(batch.facts)
            with WATCH.over("apply"):
                store.apply(plan, batch.through)
        with WATCH.over("sightings"):
            addresses = [one.address for one in store.sightings()]
        people = tuple(Person(f"p:{number:08x}", one, (one,)) for number, one in enumerate(addresses))
        aliases = tuple(Alias(one.addresses[0], one.id, "It is the same address.") for one in people)
        with WATCH.over("apply_identities"):
            store.apply_identities(Identities(people, aliases))
        with WATCH.over("histories"):
            touches = sum(len(found) for _, found in store.histories(None))
        with WATCH.over("dump"):
            lines = sum(1 for _ in store.dump())
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{count:,} messages, {len(people):,} people, {touches:,} touches, {lines:,} lines")
        print(f"memory grew by {grown:.0f} MB while deriving and reading")
    bare_wall, bare_cpu = WATCH.parts["bare sqlite3: facts"]
    print(f"{'part':<26}{'wall s':>8}{'cpu s':>8}{'x bare':>8}")
    for part, (wall, cpu) in WATCH.parts.items():
        print(f"{part:<26}{wall:>8.2f}{cpu:>8.2f}{cpu / bare_cpu:>8.1f}")
    print(f"{(folder / 'syncd.db').stat().st_size / 1e6:.0f} MB of database, bare wall {bare_wall:.2f} s")


WATCH = Stopwatch()

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(Path(scratch), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

"""Two `syncd run` on one PostgreSQL, as on two machines: one keeps watch, and is killed (-9); the other takes over.

    PYTHONPATH=. python benchmarks/proofs/two_daemons.py

Counted at Dovecot and at the mail server: how often each account is read, and how many digests arrive. As root, since
the second machine is a name of its own (unshare(1)).
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random

from comparison import Dump, compare, say
from correspondence import Correspondence
from digests import accepted_digests
from quick_clock import QuickClock
from residence import Residence
from soak import ACCOUNTS, configuration

from syncd.store import Store
from tests.servers.dovecot import PASSWORD, Dovecot, require_program
from tests.servers.fault_proxy import FINE, Fault, FaultProxy
from tests.servers.postgres import PostgresServer, require_programs
from tests.servers.smtp_sink import SmtpSink

START = datetime(2026, 3, 3, 5, tzinfo=UTC)
"""An hour before the digest of the day is due."""
RATE = 30.0
MAIL_EVERY = timedelta(minutes=4)
SHORTEST = timedelta(minutes=8)
"""Polls of one account are ten minutes apart, more or less a tenth; the clock of the proof is right to a minute."""


class Scene:
    """The store, the clock, and who came to read when."""

    def __init__(self, store: Store, clock: QuickClock, post: Correspondence) -> None:
        self._store = store
        self._clock = clock
        self._post = post
        self.visits: dict[str, list[datetime]] = {name: [] for name in ACCOUNTS}
        self.takeovers: list[datetime] = []

    def visit(self, name: str) -> Fault:
        """Somebody connects."""
        self.visits[name].append(self._clock.now())
        return FINE

    def keeper(self) -> str:
        """Who keeps watch."""
        lease = self._store.lease("daemon")
        return lease.holder if lease else "nobody"

    def go_on(self, hours: float, what: str) -> None:
        """Mail arrives for a while."""
        until = self._clock.now() + timedelta(hours=hours)
        while self._clock.now() < until:
            self._post.go_on(self._clock.now())
            self._clock.sleep(MAIL_EVERY)
        print(f"  {self._clock.now():%H:%M}  {what}; {self.keeper()} keeps watch")

    def wait_for_another(self, than: str) -> None:
        """Wait until somebody else keeps watch, and print how long that took."""
        since = self._clock.now()
        while self.keeper() in {than, "nobody"}:
            time.sleep(0.05)
        now = self._clock.now()
        self.takeovers.append(now)
        print(
            f"  {now:%H:%M}  {self.keeper()} took over {(now - since).total_seconds():.0f} s after the death of {than}"
        )

    def hurried(self) -> list[str]:
        """Reads that came too early after the one before, when nobody had just taken over."""
        return [
            f"{name}: {first:%H:%M:%S} and {second:%H:%M:%S}"
            for name, times in self.visits.items()
            for first, second in pairwise(times)
            if second - first < SHORTEST
            and not any(abs(second - moment) < timedelta(minutes=3) for moment in self.takeovers)
        ]


def play(scene: Scene, one: Residence, other: Residence, clock: QuickClock) -> None:
    """Both live; each is killed once while the other stands by, and the second is stopped at the end."""
    with ExitStack() as lives:
        first = lives.enter_context(one.run(clock.env()))
        scene.go_on(0.2, "the first is there")
        second = lives.enter_context(other.run(clock.env(), host="elsewhere"))
        scene.go_on(0.5, "the second stands by")
        keeper = scene.keeper()
        first.kill()
        scene.wait_for_another(keeper)
        scene.go_on(0.5, "the digest of the day was due at 06:00")
        lives.enter_context(one.run(clock.env()))
        scene.go_on(0.7, "the first is back")
        keeper = scene.keeper()
        second.kill()
        scene.wait_for_another(keeper)
        scene.go_on(0.6, "the first is alone")


def main() -> int:
    """Print what happened; 0 when nobody read twice, one digest arrived, and the store equals a clean one."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-two-")))
        server = stack.enter_context(Dovecot(require_program()))
        database = stack.enter_context(PostgresServer(require_programs()))
        sink = stack.enter_context(SmtpSink())
        clock = QuickClock(place, START, RATE)
        post = Correspondence(server, tuple(ACCOUNTS), Random(1))  # noqa: S311 - mail
        post.fill(START, each=200)
        url = database.url(database.new_database())
        scene = Scene(stack.enter_context(Store.open(url)), clock, post)
        direct = {name: server.tls_port if tls == "implicit" else server.port for name, tls in ACCOUNTS.items()}
        lines = {
            name: stack.enter_context(FaultProxy(port, partial(scene.visit, name))) for name, port in direct.items()
        }
        text = configuration(server, {name: line.port for name, line in lines.items()}, sink.port)
        env = {"SECRET": PASSWORD}
        one, other = (Residence(place / name, text, env, url).settle() for name in ("one", "other"))
        clock.skip_to(START)
        play(scene, one, other, clock)
        hurried, reads = scene.hurried(), {name: len(times) for name, times in scene.visits.items()}
        final = one.command("sync", more=clock.env())
        clean = Residence(place / "clean", configuration(server, direct, sink.port), env).settle()
        done = clean.command("sync", more=clock.env())
        if final.returncode or done.returncode:
            sys.exit(final.stderr + done.stderr)
        with one.store() as shared, clean.store() as undisturbed:
            found = compare(Dump.of(shared.dump()), Dump.of(undisturbed.dump()), post.disturbed)
        say(found)
        arrived = accepted_digests(sink.accepted)
        print("reads of each account:", reads)
        print("reads too soon after one another:", hurried or "none")
        print("digests that arrived:", dict(arrived))
        print(
            "what they said:", *(f"{name}:\n{house.log}" for name, house in (("one", one), ("other", other))), sep="\n"
        )
        return bool(found) or bool(hurried) or sum(arrived.values()) != 1


if __name__ == "__main__":
    sys.exit(main())

"""Days of `syncd run` against a real Dovecot over lines that break, beside a clean sync of the mailboxes at the end.

    PYTHONPATH=. python benchmarks/proofs/soak.py --hours 24 --rate 120
    PYTHONPATH=. python benchmarks/proofs/soak.py --hours 240 --rate 800 --calm
    PYTHONPATH=. python benchmarks/proofs/soak.py --idle 10

The process is the real one; a quick clock makes its hours short. With --calm: good lines, and no mail arrives, so that
memory has no reason to grow. With --idle: so many minutes at real speed in which nothing happens, and what they cost.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from comparison import Dump, compare, say
from correspondence import OWNER, Correspondence
from quick_clock import QuickClock
from residence import Life, Residence

from tests.servers.dovecot import PASSWORD, Dovecot, require_program
from tests.servers.fault_proxy import FINE, Fault, FaultProxy
from tests.servers.smtp_sink import Accepted, SmtpSink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from syncd.store import Store

START = datetime(2026, 3, 3, 20, tzinfo=UTC)
ACCOUNTS = {"home": "implicit", "work": "starttls", "club": "none"}
"""Each account of the owner, and how its line is protected; only a protected one notices a wrong byte."""
MAIL_EVERY = timedelta(minutes=5)

_CONFIG = """\
[me]
name = "Elena Conti"
addresses = ["{owner}"]
time_zone = "Europe/Rome"

[digest]
to = "{owner}"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
empty = "send"

[digest.send]
via = "smtp"
host = "127.0.0.1"
port = {smtp}
tls = "none"
"""
_ACCOUNT = """
[accounts.{name}]
type = "imap"
address = "{owner}"
username = "{name}"
host = "localhost"
port = {port}
tls = "{tls}"
first_sync = "10 years"
password = {{ env = "SECRET" }}
"""


def configuration(server: Dovecot, ports: Mapping[str, int], smtp: int) -> str:
    """The owner's accounts behind these ports."""
    text = _CONFIG.format(owner=OWNER, smtp=smtp)
    for name, tls in ACCOUNTS.items():
        text += _ACCOUNT.format(name=name, owner=OWNER, port=ports[name], tls=tls)
        if tls != "none":
            text += f'ca_file = "{server.certificate.chain}"\n'
    return text


_WEATHER = {"fine": 60, "refuse": 7, "silent": 2, "cut": 10, "reset": 7, "stall": 3, "corrupt": 7, "slow": 4}
"""Of a hundred connections."""


@dataclass(slots=True)
class Weather:
    """How the lines are today: a part of all connections is disturbed, and now and then one is down for hours."""

    chance: Random
    calm: bool = False
    """Nothing ever happens."""
    clear: bool = False
    down: set[str] = field(default_factory=set)
    met: Counter[str] = field(default_factory=Counter)

    def plan(self, name: str) -> Callable[[], Fault]:
        """What happens to the connections of an account."""

        def next_fault() -> Fault:
            if self.clear or self.calm:
                return FINE
            chosen = self.chance.choices(tuple(_WEATHER), tuple(_WEATHER.values()))[0]
            what = "refuse" if name in self.down else chosen
            if what == "corrupt" and ACCOUNTS[name] == "none":
                what = "cut"
            self.met["down" if name in self.down else what] += 1
            return _fault(what, int(self.chance.triangular(0, 60_000, 3_000)))

        return next_fault

    def turn(self) -> None:
        """An hour later: a line that was down comes back, another may go down."""
        self.down = {name for name in ACCOUNTS if self.chance.random() < (0.6 if name in self.down else 0.08)}

    def smtp_mood(self, verb: str) -> str:
        """How the mail server answers: half of all letters meet some trouble."""
        trouble = {
            "EHLO": ("close",),
            "MAIL": ("451 4.3.0 busy", "421 4.3.2 going down", "close"),
            "RCPT": ("450 4.2.1 try later", "550 5.1.1 who is that?"),
            "DATA": ("452 4.3.1 disk full", "554 5.7.1 not that", "close", "close-after", "close-after", "hang-after"),
        }[verb]
        chosen = self.chance.choice(trouble) if self.chance.random() < 0.25 and not self.calm else ""  # noqa: PLR2004 - one in four
        if chosen:
            self.met[f"SMTP {verb} {chosen}"] += 1
        return chosen


def _fault(what: str, place: int) -> Fault:
    return {
        "fine": FINE,
        "refuse": Fault(refuse=True),
        "silent": Fault(silent=True),
        "cut": Fault(cut_after=place),
        "reset": Fault(cut_after=place, reset=True),
        "stall": Fault(stall_after=place),
        "corrupt": Fault(corrupt_at=place),
        "slow": Fault(delay=0.05),
    }[what]


def days_of(accepted: list[Accepted]) -> Counter[str]:
    """How many digests arrived for each day."""
    days: Counter[str] = Counter()
    for one in accepted:
        days[f"{parsedate_to_datetime(message_from_bytes(one.content)['Date']):%a %d %b}"] += 1
    return days


def all_read(store: Store, since: datetime) -> bool:
    """Whether every account was read after `since`, and everything is derived."""
    known = {one.name: one.last_sync for one in store.accounts()}
    return all((known.get(name) or since) > since for name in ACCOUNTS) and store.pending() is None


@dataclass(frozen=True, slots=True)
class Soak:
    """One long life and everything around it."""

    house: Residence
    clock: QuickClock
    post: Correspondence
    weather: Weather
    sink: SmtpSink

    def live(self, hours: int) -> None:
        """Let it run so many hours in bad weather, and then until everything is read; print a line for each hour."""
        with self.house.run(self.clock.env()) as life:
            end, spent = START + timedelta(hours=hours), 0.0
            for hour in range(1, hours + 1):
                self.weather.turn()
                self._go_on(life, START + timedelta(hours=hour))
                cpu = life.cpu_seconds()
                self._tell(life, cpu - spent)
                spent = cpu
            self.weather.clear = True
            print(f"{end:%a %H:%M}: the lines are mended, no mail arrives any more")
            self._settle(life)
            print(f"stopped {life.stop():.2f} real seconds after SIGTERM, with exit code {life.ended}")

    def _go_on(self, life: Life, until: datetime) -> None:
        """Mail arrives for an hour."""
        moment = self.clock.now()
        while moment < until:
            if not self.weather.calm:
                self.post.go_on(self.clock.now())
            moment += MAIL_EVERY
            self.clock.sleep(max(timedelta(), moment - self.clock.now()))
            if life.ended is not None:
                sys.exit(f"It ended with exit code {life.ended}:\n{self.house.log[-3000:]}")

    def _tell(self, life: Life, cpu: float) -> None:
        with self.house.store() as store:
            counts = store.counts()
            troubled = " ".join(f"{one.name} ({one.failures}x)" for one in store.accounts() if one.failures)
        print(f"  {self.clock.now():%a %H:%M}  {life.resident_mb():5.1f} MB  {cpu:5.2f} s cpu  {counts.observations:5} "
              f"facts  {counts.interactions:5} exchanges  failing: {troubled or '-'}")  # fmt: skip

    def _settle(self, life: Life) -> None:
        since = self.clock.now() + timedelta(minutes=1)

        if not self.house.wait_until(lambda store: all_read(store, since), within=900):
            sys.exit(f"It never read everything again ({life.ended}):\n{self.house.log[-3000:]}")

    def verdict(self, clean: Residence) -> bool:
        """Print what differs; whether anything is wrong."""
        with self.house.store() as soaked, clean.store() as undisturbed:
            one, other = Dump.of(soaked.dump()), Dump.of(undisturbed.dump())
            letters = soaked.letters()
        print(f"{len(one.facts)} facts and {len(one.interactions)} exchanges, "
              f"{len(other.facts)} and {len(other.interactions)} in the clean store")  # fmt: skip
        found = compare(one, other, self.post.disturbed)
        say(found)
        days = days_of(self.sink.accepted)
        print("digests that arrived, by day:", *(f"{day}: {times}" for day, times in sorted(days.items())), sep="\n  ")
        print("as the outbox knows them:")
        for letter in letters:
            print(f"  {letter.day} {letter.state} after {letter.attempts} attempts  {letter.error}")
        print("weather:", dict(self.weather.met))
        print("post:", self.post.done)
        return bool(found) or any(times > 1 for times in days.values())


def soak(hours: int, rate: float, seed: int, *, calm: bool) -> int:
    """Print what happened; 0 when nothing was lost or doubled, and no day had two digests."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-soak-")))
        server = stack.enter_context(Dovecot(require_program()))
        clock = QuickClock(place, START, rate)
        weather = Weather(Random(seed), calm)  # noqa: S311 - weather
        sink = stack.enter_context(
            SmtpSink(taken=lambda one: server.deliver("home", "INBOX", one.content, clock.now()))
        )
        sink.mood = weather.smtp_mood
        post = Correspondence(server, tuple(ACCOUNTS), Random(seed + 1))  # noqa: S311 - mail
        post.fill(START, each=400)
        direct = {name: server.tls_port if tls == "implicit" else server.port for name, tls in ACCOUNTS.items()}
        lines = {name: stack.enter_context(FaultProxy(port, weather.plan(name))) for name, port in direct.items()}
        ports = {name: line.port for name, line in lines.items()}
        env = {"SECRET": PASSWORD}
        house = Residence(place / "soaked", configuration(server, ports, sink.port), env).settle()
        clock.skip_to(START)
        one = Soak(house, clock, post, weather, sink)
        one.live(hours)
        print("connections:", {name: line.connections for name, line in lines.items()})
        clean = Residence(place / "clean", configuration(server, direct, sink.port), env).settle()
        done = clean.command("sync", more=clock.env())
        print("a clean sync of the mailboxes as they are now:", *done.stdout.splitlines(), sep="\n  ")
        wrong = one.verdict(clean)
        print(
            "log:", Counter(line.partition(" ")[2][:60] for line in house.log.splitlines()).most_common(40), sep="\n  "
        )
        return wrong


def idle(minutes: int) -> int:
    """Print what `syncd run` costs while nothing happens, at real speed and with the usual interval."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-soak-")))
        server = stack.enter_context(Dovecot(require_program()))
        now = datetime.now(UTC)
        Correspondence(server, tuple(ACCOUNTS), Random(1)).fill(now, each=400)  # noqa: S311 - mail
        direct = {name: server.tls_port if tls == "implicit" else server.port for name, tls in ACCOUNTS.items()}
        lines = {name: stack.enter_context(FaultProxy(port)) for name, port in direct.items()}
        ports = {name: line.port for name, line in lines.items()}
        text = configuration(server, ports, smtp=9).replace("[digest]", f'[digest]\npause = ["{now:%Y-%m-%d}"]')
        house = Residence(place / "idle", text, {"SECRET": PASSWORD}).settle()
        with house.run() as life:
            if not house.wait_until(lambda store: all_read(store, now), 120):
                sys.exit(house.log)
            time.sleep(30)
            before, start = life.cpu_seconds(), time.monotonic()
            for minute in range(1, minutes + 1):
                time.sleep(60)
                spent = life.cpu_seconds() - before
                an_hour = spent / (time.monotonic() - start) * 3600
                print(
                    f"  minute {minute:3}: {spent:5.2f} s cpu, {an_hour:6.1f} in an hour; {life.resident_mb():.1f} MB"
                )
            print(f"stopped after {life.stop():.2f} s")
        return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--rate", type=float, default=120)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--idle", type=int, metavar="MINUTES")
    asked = parser.parse_args()
    sys.exit(idle(asked.idle) if asked.idle else soak(asked.hours, asked.rate, asked.seed, calm=asked.calm))

"""`syncd run`, killed (-9) at 200 random moments of reading, deriving, saving a sign-in and sending, and what is left.

    PYTHONPATH=. python benchmarks/proofs/daemon_kill.py --days 36 --via place smtp smtp-elsewhere

Each life has mail to read over a slow line, a sign-in to refresh onto a slow disk, and everything to derive anew; each
day a digest to mail. On all days but the first two, two lives are killed before one sees the end. By `place`, by `smtp`
into the owner's own mailbox, and by `smtp-elsewhere`, to a server that nobody can ask what it took.
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
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from comparison import Dump, compare, say
from correspondence import OWNER, Correspondence
from digests import accepted_digests, digests_in, doubled
from quick_clock import QuickClock
from residence import Life, Residence

from connectors._google_scopes import GMAIL_SCOPES
from connectors._google_tokens import Kept
from syncd.model import AccountStatus, LetterState
from tests.servers.dovecot import PASSWORD, Dovecot, require_program
from tests.servers.fault_proxy import Fault, FaultProxy
from tests.servers.google import Google
from tests.servers.google_oauth import CLIENT_ID
from tests.servers.smtp_sink import SmtpSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.store import Store

FIRST_DAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""Seven in Rome: the digest is due when the first life of a day begins."""
RATE = 30
DEATHS_A_DAY = 2
UNDISTURBED = 2
OLD_MAIL = 5000
MAIL_A_LIFE = 40
ELSEWHERE = "elena@elsewhere.example"
ENDED = {LetterState.SENT, LetterState.FAILED, LetterState.SKIPPED}
SLOW_LINE = Fault(delay=0.015)
SLOW_MAIL_SERVER = Fault(delay=0.4)
SLOW_DISK = "400000"

_CONFIG = """\
[me]
name = "Elena Conti"
addresses = ["{owner}"]
time_zone = "Europe/Rome"

[accounts.mail]
type = "imap"
address = "{owner}"
username = "mail"
host = "127.0.0.1"
port = {imap}
tls = "none"
first_sync = "10 years"
password = {{ env = "SECRET" }}

[accounts.gmail]
type = "gmail"
address = "{owner}"
endpoint = "{google}"
first_sync = "10 years"
client = {{ file = "{place}/client.json" }}

[ignore]
addresses = ["rules-{rules}@nowhere.example"]

[digest]
to = "{to}"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
empty = "send"

[digest.send]
"""
_VIA = {
    "place": 'via = "place"\naccount = "mail"\n',
    "smtp": 'via = "smtp"\nhost = "127.0.0.1"\nport = {smtp}\ntls = "none"\n',
}
_VIA["smtp-elsewhere"] = _VIA["smtp"]


@dataclass(frozen=True, slots=True)
class Scene:
    """One way of sending, with everything that stands around it."""

    via: str
    place: Path
    server: Dovecot
    google: Google
    sink: SmtpSink
    clock: QuickClock
    ports: tuple[int, int]
    """Where the slow lines to Dovecot and to the mail server begin."""
    post: Correspondence
    chance: Random
    deaths: Counter[str] = field(default_factory=Counter)
    halves: set[Path] = field(default_factory=set)
    """The files that deaths left while a sign-in was saved."""
    days: list[float] = field(default_factory=list)
    """How many seconds the last life of each day took, which sees the end."""
    rules: Iterator[int] = field(default_factory=count)

    def house(self, name: str, rules: int, imap: int) -> Residence:
        """A residence with rules of this number, so that everything is derived anew where they change."""
        place = self.place / name
        text = _CONFIG.format(
            owner=OWNER, imap=imap, google=self.google.endpoint, place=place, rules=rules,
            to=ELSEWHERE if self.via == "smtp-elsewhere" else OWNER,
        ) + _VIA[self.via].format(smtp=self.ports[1])  # fmt: skip
        if not place.exists():
            self._sign_in(place)
        return Residence(place, text, {"SECRET": PASSWORD, "SLOW_DISK": SLOW_DISK}).settle()

    def _sign_in(self, place: Path) -> None:
        (place / "tokens").mkdir(parents=True, mode=0o700)
        grant, now = self.google.oauth.sign_in(*GMAIL_SCOPES), self.clock.now()
        kept = Kept(
            address=OWNER, client_id=CLIENT_ID, scopes=GMAIL_SCOPES, refresh_token=grant.refresh,
            access_token=grant.access, expires_at=grant.expires, signed_in_at=now, refreshed_at=now,
        )  # fmt: skip
        for path, text in (
            (place / "tokens" / "gmail.json", kept.text()),
            (place / "client.json", self.google.client_json()),
        ):
            path.touch(0o600)
            path.write_text(text, encoding="utf-8")

    def day(self, number: int) -> None:
        """The lives of one day; the last one sees its end."""
        moment = FIRST_DAY + timedelta(days=number)
        day = moment.date().isoformat()
        self.clock.skip_to(moment)
        for _ in range(DEATHS_A_DAY if number >= UNDISTURBED else 0):
            house = self._something_to_do()
            with house.store() as store:
                before = store.derivation()
            with house.run(self.clock.env()) as life:
                time.sleep(self.chance.uniform(0.1, 0.9) * self.days[-1])
                ended = life.ended
                life.kill()
            self.deaths["ended by itself" if ended is not None else self._phase(house, day, before)] += 1
        house, begun = self._something_to_do(), time.monotonic()
        with house.run(self.clock.env()) as life:
            self._wait_for_the_end(house, life, day)
        self.days.append(time.monotonic() - begun)

    def _something_to_do(self) -> Residence:
        """Mail arrives, the sign-in is to be refreshed, the rules are others."""
        self._mail_arrives()
        self.google.oauth.expire_access()
        return self.house("killed", next(self.rules), self.ports[0])

    def _mail_arrives(self) -> None:
        now = self.clock.now()
        self.post.add("mail", MAIL_A_LIFE, now - timedelta(days=1), now)
        for _ in range(2):
            self.google.mailbox.add_raw(self.post.letter(now, sent=False), ("INBOX",), now)
            self.post.sent += 1

    def _phase(self, house: Residence, day: str, before: str) -> str:
        """What was being done when a death came, by what it left; `before` are the rules of the life before."""
        found = []
        halves = {*(house.place / "tokens").glob(".gmail.*[!k]")}
        if halves - self.halves:
            self.halves.update(halves)
            found.append("saving the sign-in")
        with house.store() as store:
            state = next((one.state for one in store.letters() if one.day.isoformat() == day), None)
            if store.counts().observations < self.post.sent:
                found.append("reading")
            if store.pending() is not None and store.derivation() != before:
                found.append("deriving")
            if state in {LetterState.PLANNED, LetterState.RENDERED, LetterState.SENDING}:
                found.append(f"digest {state}")
            return ", ".join(found) or ("all was done" if state in ENDED else "between")

    def _wait_for_the_end(self, house: Residence, life: Life, day: str) -> None:
        def over(store: Store) -> bool:
            letter = next((one for one in store.letters() if one.day.isoformat() == day), None)
            read = all(one.status is AccountStatus.OK for one in store.accounts())
            whole = store.counts().observations >= self.post.sent and store.pending() is None
            return letter is not None and letter.state in ENDED and read and whole

        if not house.wait_until(over, within=180):
            with house.store() as store:
                print(store.letters()[-1:], store.counts(), self.post.sent, store.accounts())
            sys.exit(f"The day {day} did not end ({life.ended}):\n{house.log[-3000:]}")


def prove(via: str, days: int, seed: int) -> bool:
    """Print what came of one way of sending; whether anything is wrong."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-kill-")))
        server = stack.enter_context(Dovecot(require_program()))
        clock = QuickClock(place, FIRST_DAY, RATE)
        google = stack.enter_context(Google(clock=clock.now, address=OWNER))
        sink = stack.enter_context(SmtpSink())
        if via == "smtp":
            sink = stack.enter_context(
                SmtpSink(taken=lambda one: server.deliver("mail", "INBOX", one.content, clock.now()))
            )
        slow = stack.enter_context(FaultProxy(server.port, lambda: SLOW_LINE))
        slow_mail = stack.enter_context(FaultProxy(sink.port, lambda: SLOW_MAIL_SERVER))
        post = Correspondence(server, ("mail",), Random(seed))  # noqa: S311 - mail
        post.add("mail", OLD_MAIL, FIRST_DAY - timedelta(days=730), FIRST_DAY)
        ports = (slow.port, slow_mail.port)
        scene = Scene(via, place, server, google, sink, clock, ports, post, Random(seed + 1))  # noqa: S311 - moments
        for number in range(days):
            scene.day(number)
        deaths = sum(scene.deaths.values())
        print(f"{via}: {days} days, the second in {scene.days[1]:.1f} s without a death; {deaths} deaths: "
              f"{dict(scene.deaths.most_common())}")  # fmt: skip
        return verdict(scene)


def verdict(scene: Scene) -> bool:
    """Print what differs from a store that was never killed, and how many digests of a day arrived."""
    last = next(scene.rules) - 1
    killed = scene.house("killed", last, scene.ports[0])
    clean = scene.house("clean", last, scene.server.port)
    scene.google.oauth.expire_access()
    done = clean.command("sync", more=scene.clock.env())
    if done.returncode:
        sys.exit(done.stderr)
    with killed.store() as one, clean.store() as other:
        found = compare(Dump.of(one.dump()), Dump.of(other.dump()), ())
        letters = one.letters()
        signed_in = all(account.status is AccountStatus.OK for account in one.accounts())
    say(found)
    arrived = (
        digests_in(scene.server, "mail") if scene.via != "smtp-elsewhere" else accepted_digests(scene.sink.accepted)
    )
    twice = doubled(arrived)
    states = Counter(f"{letter.state}{', taken up again' if letter.resumed else ''}" for letter in letters)
    print(
        f"  letters: {dict(states)}; {len(arrived)} digests arrived, {len(twice)} of them more than once {twice or ''}"
    )
    print(f"  the sign-in still works: {signed_in}; violations of Google's rules: {scene.google.violations}")
    return bool(found) or not signed_in or (bool(twice) and scene.via != "smtp-elsewhere")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=int, default=36)
    parser.add_argument("--via", nargs="+", default=list(_VIA), choices=list(_VIA))
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    wrong = [via for via in asked.via if prove(via, asked.days, asked.seed)]
    sys.exit(f"Wrong: {wrong}" if wrong else 0)

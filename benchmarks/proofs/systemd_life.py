"""The life of syncd under a real systemd: installed from a wheel, started, reloaded, hung, killed, stopped, removed.

Each scene prints what was seen; the table at the end says what came of it. See `booted.py` for what it needs.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.proofs.booted import SYNCD, Machine, Service, until
from tests.servers.dovecot import PASSWORD, SENT, Dovecot, require_program
from tests.servers.smtp_sink import SmtpSink

ROOT = Path(__file__).parents[2]
LETTERS = 120
MOST_EXPOSED = {"system": 1.1, "user": 1.7}
LONGEST_STOP = 5.0
CONFIG = "/etc/syncd/config.toml"
OWNER = "ada@moreau.example"
QUICK = "[Service]\nWatchdogSec=6s\nRestartSec=1s\n"
"""So that the proof need not wait for minutes; everything else is as installed."""

_CONFIGURATION = """
[me]
name = "Ada Moreau"
addresses = ["{owner}"]
time_zone = "Europe/Rome"

[accounts.personal]
type = "imap"
address = "{owner}"
host = "127.0.0.1"
port = {imap}
tls = "none"
password = {{ credential = "personal" }}

[digest]
to = "{owner}"
at = "00:00"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
empty = "send"

[digest.send]
via = "smtp"
host = "localhost"
port = {smtp}
tls = "none"

[daemon]
poll = "1 min"
"""
_SILENT = """
[accounts.silent]
type = "imap"
address = "{owner}"
host = "127.0.0.1"
port = {port}
tls = "none"
password = {{ credential = "personal" }}
"""


@dataclass(slots=True)
class Table:
    """What was seen, scene by scene."""

    rows: list[tuple[str, str, bool]] = field(default_factory=list)

    def add(self, scene: str, seen: object, *, right: bool) -> None:
        """Keep a line, and print it."""
        self.rows.append((scene, str(seen), right))
        print(f"-- {'right' if right else 'WRONG'}: {scene}: {seen}", flush=True)

    def show(self) -> int:
        """Print all of it; the exit code."""
        width = max(len(scene) for scene, _, _ in self.rows)
        print()
        for scene, seen, right in self.rows:
            print(f"{scene:<{width}}  {'right' if right else 'WRONG'}  {seen}")
        return 0 if all(right for _, _, right in self.rows) else 1


def main() -> int:
    """Play every scene; 0 when all of them ended well."""
    table = Table()
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(require_program()))
        sink = stack.enter_context(SmtpSink())
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        wheels = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        correspond(dovecot)
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", wheels, ROOT], check=True, cwd=wheels
        )
        (wheel,) = wheels.iterdir()
        machine = stack.enter_context(Machine())
        configuration = _CONFIGURATION.format(owner=OWNER, imap=dovecot.port, smtp=sink.port)
        stalled = configuration + _SILENT.format(owner=OWNER, port=silent.getsockname()[1])
        install_program(machine, wheel)
        service = Service(machine)
        play_install(service, table, configuration)
        play_digest(sink, table)
        play_look(service, table)
        play_walls(service, table)
        play_reload(service, table, configuration)
        play_deaths(service, table)
        play_stop(service, table, stalled, silent)
        write(machine, CONFIG, configuration)
        play_bad_start(service, table, configuration, sink)
        play_reboot(service, table)
        play_timer(service, table)
        play_uninstall(service, table)
        play_user(machine, table, configuration)
    return table.show()


def correspond(dovecot: Dovecot) -> None:
    """A year of letters with two people, so that there is something to read."""
    now = datetime.now(UTC)
    for number in range(LETTERS):
        when = now - timedelta(days=3 * number)
        friend = ("bea@north.example", "carl@south.example")[number % 2]
        mine = number % 4 in {0, 1}
        writer, reader, folder = (OWNER, friend, SENT) if mine else (friend, OWNER, "INBOX")
        head = f"Message-ID: <{number}@proof.example>\r\nFrom: {writer}\r\nTo: {reader}\r\n"
        letter = f"{head}Date: {when:%a, %d %b %Y %H:%M:%S +0000}\r\nSubject: {number}\r\n\r\nHello\r\n"
        dovecot.deliver(OWNER, folder, letter.encode(), when)


def install_program(machine: Machine, wheel: Path) -> None:
    """As the README says: an environment for everybody."""
    place = machine.root / "opt" / wheel.name
    place.write_bytes(wheel.read_bytes())
    for words in (
        ("/usr/bin/python3", "-m", "venv", "/opt/syncd"),
        ("/opt/syncd/bin/pip", "install", "-q", "--no-cache-dir", f"/opt/{wheel.name}"),
    ):
        done = machine.run(*words)
        if done.returncode:
            raise RuntimeError(done.stderr)


def write(machine: Machine, path: str, text: str) -> None:
    """Write a file of the machine, as its administrator does, without changing whose it is."""
    done = machine.run("sh", "-c", f'mkdir -p "$(dirname {path})" && cat >{path}', stdin=text)
    if done.returncode:
        raise RuntimeError(done.stderr)


def heading(title: str, text: str = "") -> None:
    """Print what was seen."""
    print(f"\n=== {title}\n{text}".rstrip(), flush=True)


def play_install(service: Service, table: Table, configuration: str) -> None:
    """A secret put away encrypted, then one command."""
    machine = service.machine
    write(machine, CONFIG, configuration)
    machine.run("mkdir", "-p", "-m", "700", "/etc/credstore.encrypted")
    sealed_in = "/etc/credstore.encrypted/syncd.personal"
    sealed = machine.run("systemd-creds", "encrypt", "--name=personal", "-", sealed_in, stdin=PASSWORD)
    if sealed.returncode:
        raise RuntimeError(sealed.stderr)
    start = time.monotonic()
    done = service.syncd("service", "install", "--system")
    seconds = time.monotonic() - start
    heading("syncd service install --system", done.stdout + done.stderr)
    table.add("install --system: exit code, seconds", f"{done.returncode}, {seconds:.1f} s", right=done.returncode == 0)
    state = service.fact("ActiveState"), service.fact("UnitFileState"), service.fact("User")
    table.add("active, enabled, as its own user", ", ".join(state), right=state == ("active", "enabled", "syncd"))
    until(lambda: "read" in service.fact("StatusText"), "an account was read")
    heading("systemctl status syncd", service.ctl("status", "--no-pager", "syncd").stdout)
    status = machine.run("runuser", "-u", "syncd", "--", SYNCD, "status", "--json")
    account = json.loads(status.stdout)["accounts"][0] if status.stdout else {}
    seen = f"{account.get('state')}, {account.get('observations')} records"
    table.add("the encrypted credential is read", seen, right=account.get("observations") == LETTERS)


def play_digest(sink: SmtpSink, table: Table) -> None:
    """Its hour was midnight, so it is due at once."""
    until(lambda: bool(sink.accepted), "a digest arrived")
    table.add("the digest of the day arrived", f"{len(sink.accepted)} letter", right=len(sink.accepted) == 1)


def play_look(service: Service, table: Table) -> None:
    """What systemd itself thinks of the files as they were installed."""
    machine = service.machine
    units = ["syncd.service", "syncd-failed.service"]
    verified = machine.run("systemd-analyze", "verify", "--man=no", *units)
    table.add("verify", verified.stderr.strip() or "clean", right=(verified.returncode, verified.stderr) == (0, ""))
    shown = machine.say("systemd-analyze", "--no-pager", "security", "--offline=true", "syncd.service")
    score = shown.splitlines()[-1].partition(": ")[2]
    table.add("security --offline=true, system unit", score, right=float(score.split()[0]) <= MOST_EXPOSED["system"])


def play_walls(service: Service, table: Table) -> None:
    """What the service could do if somebody took it over."""
    inside = ("nsenter", "-t", service.fact("MainPID"), "-m", "--")
    for what, script in {
        "write to /usr": "touch /usr/here",
        "write to /etc": "touch /etc/here",
        "write to its program": "touch /opt/syncd/here",
        "look into /home": "ls /home | grep .",
        "execute what it wrote": "cp /bin/true /var/lib/syncd/x && chmod 700 /var/lib/syncd/x && /var/lib/syncd/x",
        "execute from /tmp": "cp /bin/true /tmp/x && /tmp/x",
    }.items():
        done = service.machine.run(*inside, "sh", "-c", script)
        words = done.stderr.strip().rpartition(": ")[2] or "nothing there"
        table.add(f"cannot {what}", words, right=done.returncode != 0)


def play_reload(service: Service, table: Table, configuration: str) -> None:
    """A good file is in force, a bad one changes nothing and is named."""
    before = service.fact("MainPID")
    write(service.machine, CONFIG, configuration.replace('poll = "1 min"', 'poll = "2 min"'))
    done = service.ctl("reload", "syncd")
    table.add("reload, good file", f"exit {done.returncode}, same process", right=done.returncode == 0)
    until(service.is_up, "the reload is over")
    write(service.machine, CONFIG, configuration.replace("[daemon]", "[demon]"))
    done = service.ctl("reload", "syncd")
    heading("systemctl reload syncd, with a bad file", done.stderr + service.journal(lines=8))
    same = service.is_up() and service.fact("MainPID") == before
    table.add("reload, bad file: systemctl refuses, the old one stays", f"exit {done.returncode}", right=same)
    service.machine.run("kill", "-HUP", before)
    until(lambda: "config.toml:" in service.fact("StatusText"), "the status names the fault")
    table.add("SIGHUP, bad file: STATUS=", service.fact("StatusText"), right=service.fact("MainPID") == before)
    write(service.machine, CONFIG, configuration)
    done = service.ctl("reload", "syncd")
    until(lambda: "config.toml:" not in service.fact("StatusText"), "the fault is forgotten")
    table.add("reload, mended file", service.fact("StatusText"), right=done.returncode == 0)


def play_deaths(service: Service, table: Table) -> None:
    """It hangs, and systemd ends it; it is killed, and systemd starts it again."""
    machine = service.machine
    write(machine, "/etc/systemd/system/syncd.service.d/override.conf", QUICK)
    service.ctl("daemon-reload")
    service.ctl("restart", "syncd")
    for name, sign in (("it hangs (SIGSTOP): the watchdog", "STOP"), ("kill -9", "KILL")):
        until(service.is_up, "it is up")
        before = service.fact("MainPID")
        machine.run("kill", f"-{sign}", before)
        seconds = until(lambda gone=before: service.came_back(gone), "it came back")
        restarts = service.fact("NRestarts")
        heading(name, service.journal(lines=12))
        table.add(f"{name}, and it runs again", f"after {seconds:.1f} s, restart {restarts}", right=service.is_up())
    told = "Watchdog timeout" in service.journal()
    table.add("the journal says watchdog", told, right=told)


def play_stop(service: Service, table: Table, stalled: str, silent: socket.socket) -> None:
    """A call is in flight to a server that never answers."""
    write(service.machine, CONFIG, stalled)
    service.ctl("restart", "syncd")
    silent.settimeout(60)
    call, _ = silent.accept()
    with call:
        start = time.monotonic()
        done = service.ctl("stop", "syncd")
        seconds = time.monotonic() - start
    result = service.fact("Result")
    seen = f"{seconds:.2f} s, {result}"
    table.add(
        "stop, with a call in flight",
        seen,
        right=done.returncode == 0 and seconds < LONGEST_STOP and result == "success",
    )


def play_bad_start(service: Service, table: Table, configuration: str, sink: SmtpSink) -> None:
    """Nobody is there to see it: systemd does not try again, and the owner is told."""
    machine = service.machine
    before = len(sink.accepted)
    write(machine, CONFIG, configuration.replace("[daemon]", "[demon]"))
    service.ctl("reset-failed", "syncd")
    service.ctl("start", "syncd")
    until(lambda: service.fact("ActiveState") == "failed", "it gave up")
    until(lambda: service.fact("ExecMainExitTimestampMonotonic", "syncd-failed") not in {"", "0"}, "the owner is told")
    seen = f"exit {service.fact('ExecMainStatus')}, {service.fact('NRestarts')} restarts"
    table.add("a bad file at start: given up at once", seen, right=service.fact("ExecMainStatus") == "78")
    heading("journalctl -u syncd -u syncd-failed", service.journal(lines=3) + "\n" + service.journal("syncd-failed"))
    letters = len(sink.accepted) - before
    started = service.fact("ExecMainStartTimestampMonotonic", "syncd-failed") not in {"", "0"}
    table.add("OnFailure= starts syncd-failed", f"{letters} letters at the server of the config", right=started)
    write(machine, CONFIG, configuration)
    service.ctl("reset-failed", "syncd")
    service.ctl("start", "syncd")
    until(service.is_up, "it is up again")


def play_reboot(service: Service, table: Table) -> None:
    """Enabled means that nobody has to think of it."""
    service.machine.switch_off()
    service.machine.switch_on()
    until(service.is_up, "it is up after the start of the machine")
    table.add("after the machine was off and on it runs by itself", service.fact("StatusText"), right=service.is_up())


def play_timer(service: Service, table: Table) -> None:
    """The other way: no daemon, two services by a timer."""
    done = service.syncd("service", "install", "--system", "--timer")
    heading("syncd service install --system --timer", done.stdout + done.stderr)
    states = {unit: service.fact("ActiveState", unit) for unit in ("syncd.timer", "syncd.service")}
    right = states == {"syncd.timer": "active", "syncd.service": "inactive"}
    table.add("install --timer stops the daemon", f"exit {done.returncode}, {states}", right=right)
    ran = service.ctl("start", "syncd-digest.service")
    results = {unit: service.fact("Result", unit) for unit in ("syncd-sync.service", "syncd-digest.service")}
    table.add("the timer's services", results, right=ran.returncode == 0 and set(results.values()) == {"success"})
    verified = service.machine.run("systemd-analyze", "verify", "--man=no", "syncd.timer", "syncd-digest.service")
    table.add("verify, timer", verified.stderr.strip() or "clean", right=verified.stderr == "")
    back = service.syncd("service", "install", "--system")
    table.add("install again brings the daemon back", f"exit {back.returncode}", right=service.is_up())


def play_uninstall(service: Service, table: Table) -> None:
    """What is its owner's stays."""
    done = service.syncd("service", "uninstall", "--system")
    heading("syncd service uninstall --system", done.stdout + done.stderr)
    machine = service.machine
    left = machine.say("sh", "-c", "find /etc/systemd/system /etc/*.d -path '*syncd*' -type f").split()
    only_the_owners = left == ["/etc/systemd/system/syncd.service.d/override.conf"]
    table.add("uninstall leaves the owner's drop-in alone", " ".join(left), right=only_the_owners)
    kept = machine.run("test", "-s", "/var/lib/syncd/syncd.db").returncode == 0
    table.add("and what syncd knows", "/var/lib/syncd/syncd.db", right=kept and not service.is_up())


def play_user(machine: Machine, table: Table, configuration: str) -> None:
    """The same as a person without rights."""
    machine.run("useradd", "--create-home", "--shell", "/bin/sh", "ada")
    machine.run("loginctl", "enable-linger", "ada")
    service = Service(machine, "ada")
    until(lambda: service.ctl("is-system-running").stdout.strip() in {"running", "degraded"}, "ada's systemd is up")
    config = "/home/ada/.config/syncd/config.toml"
    for path, text in {
        config: configuration, "/home/ada/.config/syncd/credentials/personal": PASSWORD
    }.items():  # fmt: skip
        machine.run("install", "-d", "-o", "ada", "-g", "ada", "-m", "700", str(Path(path).parent), user="ada")
        machine.run("sh", "-c", f"umask 077; cat >{path}", user="ada", stdin=text)
    done = service.syncd("service", "install")
    heading("syncd service install, as ada", done.stdout + done.stderr)
    table.add("user: install", f"exit {done.returncode}", right=done.returncode == 0)
    until(lambda: "read" in service.fact("StatusText"), "an account was read")
    heading("systemctl --user status syncd", service.ctl("status", "--no-pager", "syncd").stdout)
    table.add("user: STATUS=", service.fact("StatusText"), right=service.is_up())
    analyze = ("systemd-analyze", "--user", "--no-pager")
    shown = machine.say(*analyze, "security", "--offline=true", "syncd.service", user="ada")
    score = shown.splitlines()[-1].partition(": ")[2]
    table.add("user: security --offline=true", score, right=float(score.split()[0]) <= MOST_EXPOSED["user"])
    verified = machine.run(*analyze, "verify", "--man=no", "syncd.service", "syncd-failed.service", user="ada")
    table.add(
        "user: verify", verified.stderr.strip() or "clean", right=(verified.returncode, verified.stderr) == (0, "")
    )
    before = service.fact("MainPID")
    for what, script in {
        "write to its home": "touch /home/ada/here",
        "write where it may execute": "touch /home/ada/.local/here",
        "execute what it wrote": "cd /home/ada/.local/state/syncd && cp /bin/true x && ./x",
    }.items():
        tried = machine.run("nsenter", "-t", before, "-m", "--", "sh", "-c", script)
        table.add(f"user: cannot {what}", tried.stderr.strip().rpartition(": ")[2], right=tried.returncode != 0)
    machine.run("kill", "-KILL", before)
    seconds = until(lambda: service.came_back(before), "it came back", within=90)
    table.add("user: kill -9, and it runs again (RestartSec=30s)", f"after {seconds:.0f} s", right=service.is_up())
    gone = service.syncd("service", "uninstall")
    heading("syncd service uninstall, as ada", gone.stdout + gone.stderr)
    kept = machine.run("test", "-s", "/home/ada/.local/state/syncd/syncd.db").returncode == 0
    left = machine.say("find", "/home/ada/.config/systemd", "-type", "f")
    table.add("user: uninstall", f"exit {gone.returncode}, files left: {left or 'none'}", right=kept and not left)


if __name__ == "__main__":
    sys.exit(main())

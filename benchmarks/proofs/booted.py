"""A machine of its own to install syncd on: a real systemd in a container, over this machine's own files.

What it changes lands in memory and is gone at the end. It shares the loopback, so servers started here answer there.
Needs root, systemd-nspawn and overlayfs: apt install systemd-container systemd-sysv dbus libpam-systemd.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

SYNCD = "/opt/syncd/bin/syncd"
"""Where the program is installed on it."""

_PATIENCE = 60.0
_PIECE = 0.05
_WANTED = {"dbus.service", "systemd-logind.service", "systemd-user-sessions.service"}
_UNWANTED = (
    "console-getty.service", "getty.target", "ssh.service", "systemd-networkd.service", "systemd-resolved.service",
    "systemd-timesyncd.service",
)  # fmt: skip


class Machine:
    """The machine, as a context; `root` are its files, `run` types a command in it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="syncd-machine-"))
        self.root = self._folder / "root"
        self._leader = ""
        self._undo = ExitStack()
        self._power = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self._folder.rmdir)
            self._mount(undo)
            self._leave_only_systemd()
            undo.callback(self.switch_off)
            self.switch_on()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def _mount(self, undo: ExitStack) -> None:
        memory = self._folder / "memory"
        layers = f"lowerdir=/,upperdir={memory}/upper,workdir={memory}/work"
        for place, kind, options in ((memory, "tmpfs", "size=1g"), (self.root, "overlay", layers)):
            place.mkdir()
            undo.callback(place.rmdir)
            subprocess.run(["mount", "-t", kind, kind, "-o", options, place], check=True)
            undo.callback(subprocess.run, ["umount", place], check=True)
            if place == memory:
                (memory / "upper").mkdir()
                (memory / "work").mkdir()

    def _leave_only_systemd(self) -> None:
        """Take away every unit that this machine's administrator enabled."""
        units = self.root / "etc/systemd/system"
        shutil.rmtree(units)
        units.mkdir()
        ours = self.root / "lib/systemd/system"
        others = [
            path.name for wants in ("multi-user", "timers") for path in (ours / f"{wants}.target.wants").iterdir()
        ]
        for name in {*others, *_UNWANTED} - _WANTED:
            (units / name).symlink_to("/dev/null")
        (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
        for name, text in {"machine-id": "", "fstab": "", "hostname": "proof\n"}.items():
            (self.root / "etc" / name).unlink(missing_ok=True)
            (self.root / "etc" / name).write_text(text)

    def switch_on(self) -> None:
        """Start it, and wait until every unit is up; raises TimeoutError."""
        command = ["systemd-nspawn", "-q", "-D", self.root, "-M", f"syncd-{os.getpid()}", "--boot", "--register=no"]
        command += ["--keep-unit", "--console=pipe", "--resolv-conf=off", "--timezone=off"]
        console = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._power.callback(self._pull, console)

        def is_up() -> bool:
            found = subprocess.run(["pgrep", "-P", str(console.pid)], capture_output=True, text=True, check=False)
            self._leader = next(iter(found.stdout.split()), "")
            return bool(self._leader) and self.say("systemctl", "is-system-running") in {"running", "degraded"}

        until(is_up, "the machine is up")
        # nspawn covers it with a file that is gone; over that, no user's systemd can put what hides it.
        self.run("umount", "/proc/kmsg")

    def switch_off(self) -> None:
        """Have it end everything, and wait until it has."""
        self._power.close()

    def _pull(self, console: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(self._leader), signal.SIGRTMIN + 4)  # systemd(1): power off
        try:
            console.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            console.kill()
            console.wait()

    def run(self, *words: str | Path, user: str = "", stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Type a command as root, or as `user` in a login of their own."""
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        env |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
        command: list[str | Path] = ["nsenter", "-t", self._leader, "-a", "--"]
        if user:
            uid = self.say("id", "-u", user)
            home = f"/home/{user}"
            command += [
                "runuser",
                "-u",
                user,
                "--",
                "env",
                "-C",
                home,
                f"HOME={home}",
                f"XDG_RUNTIME_DIR=/run/user/{uid}",
            ]
        else:
            env["HOME"] = "/root"
        return subprocess.run(
            [*command, *words], env=env, input=stdin, capture_output=True, text=True, check=False, timeout=600
        )

    def say(self, *words: str | Path, user: str = "") -> str:
        """What a command prints, whatever it ends with."""
        return self.run(*words, user=user).stdout.strip()


@dataclass(frozen=True, slots=True)
class Service:
    """syncd on the machine, as root's service, or with `user` as that user's."""

    machine: Machine
    user: str = ""

    @property
    def _whose(self) -> tuple[str, ...]:
        return ("--user",) if self.user else ()

    def ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Type a `systemctl` command."""
        return self.machine.run("systemctl", *self._whose, *words, user=self.user)

    def fact(self, name: str, unit: str = "syncd") -> str:
        """A property that `systemctl show` knows."""
        return self.ctl("show", "--property", name, "--value", unit).stdout.strip()

    def journal(self, unit: str = "syncd", lines: int = 400) -> str:
        """The last lines about a unit."""
        which = ("--user-unit", unit) if self.user else ("-u", unit)
        return self.machine.say("journalctl", "--no-pager", "-o", "cat", "-n", str(lines), *which)

    def is_up(self) -> bool:
        """Whether it runs and said that it is ready."""
        return self.fact("ActiveState") == "active"

    def came_back(self, after: str) -> bool:
        """Whether it runs again, as another process than `after`."""
        return self.is_up() and self.fact("MainPID") not in {after, "0"}

    def syncd(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Type a `syncd` command."""
        return self.machine.run(SYNCD, *words, user=self.user)


def until(holds: Callable[[], bool], what: str, within: float = _PATIENCE) -> float:
    """Wait for a condition; the seconds it took. Raises TimeoutError, which names it."""
    start = time.monotonic()
    while not holds():
        if time.monotonic() - start > within:
            raise TimeoutError(f"It did not come to this within {within:.0f} s: {what}.")
        time.sleep(_PIECE)
    return time.monotonic() - start

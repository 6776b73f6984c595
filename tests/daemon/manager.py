"""A service manager of one's own: starts `syncd run` as systemd would, hears what it tells, and reads its log."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.system.shell import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

PATIENCE = 60.0
"""Seconds after which something that is waited for does not come."""

STOPS_WITHIN = 5.0
"""The promise: seconds from SIGTERM to the end, whatever is going on."""


@dataclass
class Service:
    """`syncd run` in a folder that holds its configuration, as a context; ended by kill -9 when it is still there."""

    folder: Path
    config: Path
    environment: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        address = self.folder / f"notify-{time.monotonic_ns()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(address))
        self._socket.settimeout(PATIENCE)
        self._log = self.folder / "log"
        named = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the program under test
                [PROGRAM, "run", "--config", self.config],
                env={**named, "NOTIFY_SOCKET": str(address), **self.environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._socket.close()

    def hear(self, wanted: str) -> str:
        """Wait until a datagram holds this text, and return it."""
        while True:
            try:
                told = self._socket.recv(65536).decode()
            except TimeoutError:
                raise AssertionError(f"never heard {wanted!r} but {self.heard}\n{self.log}") from None
            self.heard.append(told)
            if wanted in told:
                return told

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code. It must keep its promise."""
        self.send(number)
        return self.process.wait(STOPS_WITHIN)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(PATIENCE)

    @property
    def log(self) -> str:
        """What was logged so far, by all services of this folder."""
        return self._log.read_text(encoding="utf-8")

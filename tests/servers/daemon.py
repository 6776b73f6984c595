"""Servers that other people wrote, each a process in a folder of its own, listening on a free port of 127.0.0.1.

A test that needs one starts after it listens; afterwards neither the process nor the folder is left.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_WITHIN: Final = 60.0
_PIECE: Final = 0.02


class Daemon(ABC):
    """The server, as a context; `name` is what errors call it, `port` where it listens."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix=f"syncd-{name.lower()}-"))
        (self.port,) = free_ports(1)

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """What is typed in `folder` to start it there in the foreground, once its files are written."""

    def __enter__(self) -> Self:
        command = self.command()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)  # noqa: S603 - pinned
        for _ in range(int(_WITHIN / _PIECE)):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=_WITHIN).close()
            except ConnectionRefusedError:
                self._require_life(self._process)
            else:
                return self
        raise TimeoutError(f"{self._name} does not listen")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_WITHIN)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self.folder / "output"

    def _require_life(self, process: subprocess.Popen[bytes]) -> None:
        """Wait a moment for the server, and fail with its own words when it has ended."""
        try:
            process.wait(_PIECE)
        except subprocess.TimeoutExpired:
            return
        raise RuntimeError(f"{self._name} ended: {self._log.read_text()}")


def free_ports(number: int) -> list[int]:
    """So many ports of 127.0.0.1 on which nobody listens now."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]

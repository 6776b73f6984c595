"""A terminal of one's own: `syncd` as a user runs it, in a home folder that belongs to the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).parent / "syncd"
PATIENCE = 120
"""Seconds after which a command has hung."""


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands with `home` as the home folder and nothing else of the machine's settings."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """Where a configuration is looked for."""
        return self.home / ".config" / "syncd" / "config.toml"

    def configure(self, text: str) -> Path:
        """Write the configuration."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text, encoding="utf-8")
        return self.config

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run `syncd` to its end."""
        return subprocess.run(  # noqa: S603 - the program under test
            [PROGRAM, *words],
            env=self.environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def start(self, *words: str | Path) -> subprocess.Popen[bytes]:
        """Start `syncd` and leave it alone."""
        return subprocess.Popen(  # noqa: S603 - the program under test
            [PROGRAM, *words],
            env=self.environment(),
            cwd=self.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def json(self, *words: str | Path, code: int = 0) -> Any:  # noqa: ANN401 - whatever JSON says
        """What `syncd ... --json` prints; it must end with `code`."""
        done = self.run(*words, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    def environment(self) -> dict[str, str]:
        """A user's environment, without the settings of whoever runs the tests."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "NO_COLOR": "1"} | self.env

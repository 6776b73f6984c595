"""Servers that only npm has: a pinned package is installed once, into a folder beside other temporary files."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import pytest

_WITHIN: Final = 120.0


def require_package(package: str) -> Path:
    """The folder in which `package` ("name@version") is installed; its programs run with `node`.

    Without node and npm, or when it cannot be fetched, the test is skipped, or fails where CI is set.
    """
    miss = pytest.fail if "CI" in os.environ else pytest.skip
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        miss("node or npm is missing; type: apt install nodejs npm")
    folder = Path(tempfile.gettempdir()) / f"syncd-{package.replace('@', '-')}-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        miss(f"{folder} belongs to somebody else")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            done = subprocess.run(  # noqa: S603 - npm itself, and a package that is pinned
                [str(npm), "install", "--no-audit", "--no-fund", "--loglevel=error", package],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=_WITHIN,
                check=False,
            )
            if done.returncode:
                miss(f"{package} cannot be installed: {done.stderr[-300:]}")
            (folder / "complete").touch()
    return folder

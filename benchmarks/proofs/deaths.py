"""Killing `syncd sync` at random moments, and comparing what its store holds with one that was never killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from syncd.store import Store

KILLS = 10

_SYNCD = Path(sys.executable).parent / "syncd"


def sync(env: dict[str, str]) -> tuple[str, float]:
    """A whole sync: what it says of its one account, and how many seconds it took."""
    start = time.monotonic()
    done = subprocess.run([_SYNCD, "sync", "--json"], env=env, check=True, capture_output=True, text=True)
    account = json.loads(done.stdout)["accounts"][0]
    return f"{account['new']} new, {account['unreadable']} unreadable", time.monotonic() - start


def kill(env: dict[str, str], place: Path, idle: float, whole: float) -> list[tuple[int, float, int]]:
    """Start it `KILLS` times and kill it; of each its exit code, after how many seconds, and the records by then.

    `idle` seconds is what a sync with nothing new takes, `whole` a first one: the moments are spread between.
    """
    chance = Random(7)  # noqa: S311 - moments to kill at
    deaths = []
    for _ in range(KILLS):
        moment = idle + chance.uniform(-0.1, 1.6) * (whole - idle) / KILLS
        process = subprocess.Popen([_SYNCD, "sync"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        process.kill()
        with Store.open(f"sqlite:///{place}/syncd.db") as store:
            deaths.append((process.wait(), round(moment, 2), store.counts().observations))
    return deaths


def dump(place: Path) -> list[str]:
    """Every fact and interaction of a store."""
    with Store.open(f"sqlite:///{place}/syncd.db") as store:
        return list(store.dump())

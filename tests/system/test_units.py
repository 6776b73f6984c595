"""The systemd units are sound, and every service of syncd is locked in."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ("syncd-sync.service", "syncd-digest.service")
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = "20"  # of 100


@pytest.fixture(params=["system", "user"])
def units(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The units as they stand, with a command that exists on every machine."""
    if ANALYZE is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("systemd-analyze is missing; type: apt install systemd")
    manager: str = request.param
    installed = tmp_path / manager
    shutil.copytree(UNITS / manager, installed)
    for service in installed.glob("*.service"):
        text = service.read_text(encoding="utf-8")
        assert "/syncd " in text
        service.write_text(
            text.replace("/usr/bin/syncd ", "/bin/true ").replace("%h/.local/bin/syncd ", "/bin/true "),
            encoding="utf-8",
        )
    return installed


def analyze(units: Path, *words: str) -> subprocess.CompletedProcess[str]:
    assert ANALYZE
    manager = ["--user"] if units.name == "user" else []
    return subprocess.run(  # noqa: S603 - the tool found above, on files of this test
        [ANALYZE, *manager, *words],
        cwd=units,
        env={"XDG_RUNTIME_DIR": str(units), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_systemd_finds_nothing_wrong(units: Path) -> None:
    answer = analyze(units, "verify", "--man=no", *(f"./{service}" for service in SERVICES), "./syncd.timer")
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_exposed_to_little(units: Path, service: str) -> None:
    answer = analyze(units, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", f"./{service}")
    assert answer.returncode == 0, answer.stdout[-400:]


def test_a_server_out_of_reach_is_no_failure_of_the_service(units: Path) -> None:
    for service in SERVICES:
        assert "SuccessExitStatus=69 75" in (units / service).read_text(encoding="utf-8")

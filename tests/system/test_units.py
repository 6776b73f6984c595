"""The systemd units are sound, and every service of syncd is locked in."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ("syncd.service", "syncd-sync.service", "syncd-digest.service")
TELLS = "syncd-failed.service"
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = {"system": "11", "user": "17"}  # of 100; what is left over is the network


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


def settings(unit: Path, name: str) -> list[str]:
    """Every value that a unit gives to a setting."""
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(f"{name}=") for line in lines if line.startswith(f"{name}=")]


def test_systemd_finds_nothing_wrong(units: Path) -> None:
    answer = analyze(units, "verify", "--man=no", *(f"./{unit}" for unit in (*SERVICES, TELLS, "syncd.timer")))
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_exposed_to_little(units: Path, service: str) -> None:
    answer = analyze(units, "security", "--offline=true", f"--threshold={MOST_EXPOSED[units.name]}", f"./{service}")
    assert answer.returncode == 0, answer.stdout[-400:]


def test_all_services_are_locked_in_by_one_file(units: Path) -> None:
    assert len({(units / f"{service}.d" / "hardening.conf").read_bytes() for service in SERVICES}) == 1
    linked = [UNITS / units.name / f"{service}.d" / "hardening.conf" for service in SERVICES]
    assert len({path.resolve() for path in linked}) == 1


def test_what_may_be_executed_cannot_be_written(units: Path) -> None:
    """systemd 252 opens for writing what ExecPaths= opens; seen in benchmarks/proofs/systemd_life.py."""
    hardening = units / "syncd.service.d/hardening.conf"
    assert settings(hardening, "ExecPaths") == settings(hardening, "BindReadOnlyPaths") != []


def test_a_server_out_of_reach_is_no_failure_of_the_timers_services(units: Path) -> None:
    for service in ("syncd-sync.service", "syncd-digest.service"):
        assert settings(units / service, "SuccessExitStatus") == ["69 75"]


def test_what_a_restart_does_not_mend_is_not_restarted(units: Path) -> None:
    """A check in ExecStartPre= would be: systemd looks at the main process alone."""
    daemon = units / "syncd.service"
    assert settings(daemon, "RestartPreventExitStatus") == ["77 78"]
    assert settings(daemon, "ExecStartPre") == []


def test_a_service_that_gave_up_tells_its_owner(units: Path) -> None:
    for service in ("syncd.service", "syncd-digest.service"):
        assert settings(units / service, "OnFailure") == [TELLS]
    (command,) = settings(units / TELLS, "ExecStart")
    assert command == "-/bin/true doctor --notify"


def test_what_tells_the_owner_may_gain_the_rights_of_the_mail_system(units: Path) -> None:
    """In a user's manager every filter of system calls forbids it too (systemd.exec(5), NoNewPrivileges=)."""
    forbidden = ["NoNewPrivileges", "PrivateUsers", "SystemCallFilter", "CapabilityBoundingSet"]
    forbidden += ["RestrictAddressFamilies", "ProtectClock", "PrivateDevices"] if units.name == "user" else []
    assert [name for name in forbidden if settings(units / TELLS, name)] == []


def test_the_daemon_and_the_timer_exclude_each_other(units: Path) -> None:
    assert settings(units / "syncd.timer", "Conflicts") == ["syncd.service"]
    for service in ("syncd-sync.service", "syncd-digest.service"):
        assert settings(units / service, "Conflicts") == []  # each tick would stop the daemon

"""`syncd service`, with a systemctl that writes down what it is told; real ones are in benchmarks/proofs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from syncd.service import Scope, place
from tests.cli.conftest import Terminal

SYSTEMCTL = dedent("""\
    #!/bin/sh
    echo "$@" >>"$ORDERS"
    case "$*" in
        *is-system-running*) echo "$MANAGER" ;;
        *StatusText*) echo "2 accounts read" ;;
        *ExecMainStatus*) echo "$DIED_OF" ;;
        *restart*) test -z "$DIED_OF" ;;
    esac
    """)
CONFIG = """
[me]
addresses = ["ada@moreau.example"]

[accounts.old]
type = "mailfile"
path = "mail"

[digest]
to = "ada@moreau.example"
send = { via = "maildir", path = "digests" }
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A home folder, a terminal in it, and what systemctl was told."""

    home: Path
    terminal: Terminal

    @property
    def config(self) -> Path:
        return self.home / ".config/syncd/config.toml"

    @property
    def units(self) -> Path:
        return self.home / ".config/systemd/user"

    @property
    def files(self) -> set[str]:
        return {str(path.relative_to(self.units)) for path in self.units.rglob("*") if path.is_file()}

    def type(self, *words: str) -> tuple[int, str, str]:
        return self.terminal.type("service", *words)

    def orders(self) -> list[str]:
        """What systemctl was told to change since the last time."""
        log = Path(os.environ["ORDERS"])
        said = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        asked = ("is-", "show", "reset-failed")
        return [line for line in said if not line.removeprefix("--user ").startswith(asked)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY", "SYNCD_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "HOME": tmp_path, "PATH": f"{tmp_path}/bin:/usr/bin:/bin", "ORDERS": tmp_path / "orders", "MANAGER": "running",
        "DIED_OF": "", "COLUMNS": "200",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(place, "_PRIVATE", ())  # the tests themselves lie in /tmp
    stub = tmp_path / "bin/systemctl"
    stub.parent.mkdir()
    stub.write_text(SYSTEMCTL, encoding="utf-8")
    stub.chmod(0o755)
    desk = Desk(tmp_path, Terminal(monkeypatch, capsys))
    desk.config.parent.mkdir(parents=True)
    desk.config.write_text(CONFIG, encoding="utf-8")
    return desk


def test_installing_writes_starts_and_explains(desk: Desk) -> None:
    code, printed, said = desk.type("install")
    assert (code, said) == (0, "")
    assert {"syncd.service", "syncd-failed.service", "syncd.service.d/hardening.conf"} <= desk.files
    assert desk.orders() == ["--user daemon-reload", "--user enable syncd.service", "--user restart syncd.service"]
    assert "syncd runs: 2 accounts read." in printed
    for command in ("systemctl --user status syncd", "journalctl --user -u syncd -f", "loginctl enable-linger"):
        assert command in printed


def test_the_folders_of_the_service_are_made_for_its_owner_alone(desk: Desk) -> None:
    desk.type("install")
    for folder in (".local/state/syncd", ".config/syncd/digests"):
        assert (desk.home / folder).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_a_sentence(desk: Desk) -> None:
    (desk.home / ".local").write_text("in the way", encoding="utf-8")
    code, _, said = desk.type("install")
    assert code == 73
    assert f"The folder {desk.home}/.local/state/syncd cannot be made: Not a directory." in said


def test_installing_again_changes_nothing_but_starts_it_anew(desk: Desk) -> None:
    desk.type("install")
    before = {path: path.read_bytes() for path in desk.units.rglob("*.conf")}
    desk.orders()
    assert desk.type("install")[0] == 0
    assert {path: path.read_bytes() for path in desk.units.rglob("*.conf")} == before
    assert desk.orders()[-1] == "--user restart syncd.service"


def test_a_wrong_configuration_is_said_before_anything_is_written(desk: Desk) -> None:
    desk.config.write_text(CONFIG.replace("[digest]", "[digest]\nto_whom = 1"), encoding="utf-8")
    code, _, said = desk.type("install")
    assert code == 78
    assert "to_whom" in said
    assert (desk.files, desk.orders()) == (set(), [])


def test_a_unit_that_was_edited_is_overwritten_by_force_alone(desk: Desk) -> None:
    desk.type("install")
    desk.orders()
    unit = desk.units / "syncd.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    code, _, said = desk.type("install")
    assert code == 69
    assert f"{unit}" in said
    assert "--force" in said
    assert (unit.read_text("utf-8"), desk.orders()) == ("[Service]\nExecStart=/bin/true\n", [])
    assert desk.type("install", "--force")[0] == 0
    assert "syncd run" in unit.read_text("utf-8")


def test_the_timer_takes_the_place_of_the_daemon_and_back(desk: Desk) -> None:
    desk.type("install")
    desk.orders()
    assert desk.type("install", "--timer")[0] == 0
    assert "syncd.service" not in desk.files
    assert {"syncd.timer", "syncd-sync.service", "syncd-digest.service"} <= desk.files
    assert desk.orders()[0] == "--user disable --now syncd.service"
    assert (desk.units / "syncd-digest.service.d/hardening.conf").exists()
    assert desk.type("install")[0] == 0
    assert desk.orders()[0] == "--user disable --now syncd.timer"
    assert not {name for name in desk.files if "timer" in name or "digest" in name}


def test_printing_changes_nothing(desk: Desk) -> None:
    code, printed, _ = desk.type("install", "--print")
    assert code == 0
    assert f"# {desk.units}/syncd.service\n# Written by syncd" in printed
    assert (desk.files, desk.orders()) == (set(), [])


def test_printing_shows_the_machines_service_too(desk: Desk) -> None:
    code, printed, _ = desk.type("install", "--system", "--print", "--config", str(desk.config))
    assert code == 0
    assert {"# /etc/systemd/system/syncd.service", "# /etc/sysusers.d/syncd.conf"} <= set(printed.splitlines())


def test_the_machines_service_reads_the_machines_configuration(desk: Desk) -> None:
    if Path("/etc/syncd/config.toml").exists():
        pytest.skip("syncd is installed on this machine")
    code, _, said = desk.type("install", "--system")
    assert code == 78
    assert "There is no configuration file at /etc/syncd/config.toml." in said


def test_only_root_installs_the_machines_service(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    code, _, said = desk.type("install", "--system", "--config", str(desk.config))
    assert code == 2
    assert "Type: sudo " in said
    assert "service install --system" in said


def test_without_systemd_the_ways_that_work_are_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.home / "bin/systemctl").unlink()
    monkeypatch.setenv("PATH", f"{desk.home}/bin")
    code, _, said = desk.type("install")
    assert code == 69
    assert "No systemd runs here." in said
    assert "syncd run" in said
    assert "digest send --if-due" in said
    assert desk.files == set()


def test_a_systemd_that_is_not_the_init_of_this_machine_is_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANAGER", "offline")
    assert desk.type("install")[0] == 69
    assert desk.files == set()


def test_a_service_that_does_not_start_says_where_to_look(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIED_OF", "1")
    code, _, said = desk.type("install")
    assert code == 69
    assert "syncd.service did not start.\nTo see why, type: journalctl --user -u syncd -n 20" in said


def test_a_machine_that_cannot_lock_it_in_is_told_apart(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIED_OF", "226")
    assert "does not let systemd lock the service in" in desk.type("install")[2]


def test_uninstalling_stops_it_and_keeps_what_it_knows(desk: Desk) -> None:
    desk.type("install")
    desk.orders()
    known = desk.home / ".local/state/syncd/syncd.db"
    known.write_text("everything", encoding="utf-8")
    code, printed, _ = desk.type("uninstall")
    assert code == 0
    assert desk.orders() == ["--user disable --now syncd.service", "--user daemon-reload"]
    assert desk.files == set()
    assert known.exists()
    assert str(known.parent) in printed


def test_uninstalling_keeps_a_unit_that_was_edited(desk: Desk) -> None:
    desk.type("install")
    (desk.units / "syncd.service").write_text("mine", encoding="utf-8")
    _, _, said = desk.type("uninstall")
    assert desk.files == {"syncd.service"}
    assert "stays, since you edited it" in said


def test_uninstalling_nothing_is_no_failure(desk: Desk) -> None:
    assert desk.type("uninstall")[:2] == (0, "No service of syncd is installed here.\n")


def test_a_missing_credential_is_told_with_the_command_that_puts_it_there(desk: Desk) -> None:
    account = '\n[accounts.work]\ntype = "imap"\naddress = "a@moreau.example"\nhost = "mail.example"\n'
    desk.config.write_text(f'{CONFIG}{account}password = {{ credential = "work" }}\n', encoding="utf-8")
    code, _, said = desk.type("install")
    assert code == 0
    assert f"install -D -m 600 /dev/stdin {desk.config.parent}/credentials/work" in said
    assert Scope.USER.folder == desk.units

"""`syncd doctor`: every concern a line, the command that mends it, and the code of the worst."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from syncd import __version__
from syncd.clock import system_clock
from syncd.config import load
from syncd.connector import DIGEST_LIST_ID
from syncd.daemon.watch import LEASE
from syncd.errors import Exit
from syncd.model import Letter, LetterState
from syncd.processes import this_process
from syncd.store import Store
from syncd.tokens import TokenFile
from tests.cli.test_state import rewrite
from tests.servers.smtp_sink import PASSWORD, USERNAME, SmtpSink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Terminal

CLUB = """[accounts.club]                         # on a disk that is not plugged in today
type = "ics"
path = "club-disk/events.ics"
"""
SYSTEMCTL = """#!/bin/sh
case "$*" in
    *is-system-running*) echo running ;;
    *is-active*) test "$STATE" = active ;;
    *StatusText*) echo "2 accounts read" ;;
    *Result*) echo "$RESULT" ;;
    *ExecMainStatus*) echo 78 ;;
esac
"""


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a state folder of this test alone, on a machine without systemd and with a clock that is set."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True, mode=0o700)
    for name, value in {"HOME": home, "STATE_DIRECTORY": home / "state", "PATH": f"{home}/bin:/usr/bin:/bin"}.items():
        monkeypatch.setenv(name, str(value))
    put_command(home, "timedatectl", "#!/bin/sh\nprintf 'yes\\nyes\\n'\n")
    put_command(home, "systemctl", "#!/bin/sh\nexit 1\n")
    (home / "state").mkdir(mode=0o700)
    return home


@pytest.fixture
def well(terminal: Terminal) -> Terminal:
    """The demo's world without the account that is in trouble there, for its owner alone."""
    rewrite(terminal, CLUB, "")
    terminal.config.chmod(0o600)
    terminal.config.parent.chmod(0o700)
    return terminal


def put_command(home: Path, name: str, script: str) -> Path:
    command = home / "bin" / name
    command.write_text(script, encoding="ascii")
    command.chmod(0o755)
    return command


def found(terminal: Terminal, *words: str) -> dict[str, dict[str, Any]]:
    """The findings by their check; the last of each."""
    return {one["check"]: one for one in terminal.json("doctor", *words)["checks"]}


def store_of(terminal: Terminal) -> closing[Store]:
    return closing(Store.open(load(terminal.config).store_url))


# ------------------------------------------------------------------------------- the whole


def test_where_all_is_well_every_concern_is_a_line(well: Terminal) -> None:
    code, printed, said = well.type("doctor")

    assert (code, said) == (Exit.OK, "")
    labels = [line[6:].partition(":")[0] for line in printed.splitlines()]
    assert labels == [
        "config", "files", "disk", "clock", "database", "daemon", "service", "mail", "mail", "calendar", "delivery",
        "digest",
    ]  # fmt: skip
    assert {line[:4].rstrip() for line in printed.splitlines()} == {"ok", "skip"}


def test_a_failure_names_what_mends_it_and_hides_nothing(terminal: Terminal) -> None:
    code, printed, said = terminal.type("doctor")

    assert code == Exit.CONFIG
    assert said.startswith("FAIL  club: There is no file ")
    assert said.rstrip().endswith("then type: syncd doctor")
    assert "ok    calendar: " in printed
    assert "ok    delivery: goes to elena@conti.example by stdout" in printed


def test_the_json_has_the_promised_shape(terminal: Terminal) -> None:
    code, printed, said = terminal.type("doctor", "--json")

    value = json.loads(printed)
    assert (code, said, value["exit"]) == (Exit.CONFIG, "", Exit.CONFIG)
    assert {" ".join(one) for one in value["checks"]} == {"check about state what mend exit"}
    club = next(one for one in value["checks"] if one["about"] == "club")
    assert (club["check"], club["state"], club["exit"]) == ("account", "failed", Exit.CONFIG)


def test_only_the_accounts_that_are_named_are_looked_at(terminal: Terminal) -> None:
    code, printed, said = terminal.type("doctor", "calendar")
    assert (code, said) == (Exit.OK, "")
    assert {line.split(":")[0] for line in printed.splitlines() if line.startswith("ok")} == {"ok    calendar"}
    code, _, said = terminal.type("doctor", "calender")
    assert (code, said.splitlines()[0]) == (Exit.USAGE, "syncd: No account is called 'calender'.")


def test_with_a_wrong_configuration_the_machine_is_looked_at_all_the_same(well: Terminal) -> None:
    rewrite(well, "[digest]\n", '[digest]\nhour = "7"\nminute = 0\n')
    well.config.chmod(0o620)
    code, printed, said = well.type("doctor")

    assert code == Exit.CONFIG
    place, *rest = said.splitlines()
    assert place.startswith(f"FAIL  config: {well.config}:")
    assert 'unknown key "hour"' in place
    assert place.endswith("And 1 more problem.")
    assert rest[0] == "Type: syncd config check"
    assert f"Type: chmod go-w {well.config}" in rest
    assert [line[6:].partition(":")[0] for line in printed.splitlines()] == ["disk", "clock", "service"]


def test_without_a_configuration_it_says_where_one_was_looked_for(
    well: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCD_CONFIG", "/nowhere/config.toml")
    code, printed, said = well.type("doctor")
    assert code == Exit.CONFIG
    assert said.startswith("FAIL  config: The configuration file /nowhere/config.toml")
    assert "ok    disk: " in printed


# ------------------------------------------------------------------------------- database and daemon


def test_a_damaged_database_is_found_and_the_rest_is_told(well: Terminal) -> None:
    (path,) = well.config.parent.rglob("*.db")
    whole = path.read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:middle] + b"\xff" * 16 * 4096 + whole[middle + 16 * 4096 :])

    checks = found(well)
    assert (checks["database"]["state"], checks["database"]["exit"]) == ("failed", Exit.CANNOT_WRITE)
    assert checks["account"]["state"] == "ok"


def test_a_database_that_cannot_be_opened_is_a_line_too(well: Terminal) -> None:
    (path,) = well.config.parent.rglob("*.db")
    path.write_bytes(b"not a database at all" * 500)
    checks = found(well)
    assert checks["database"]["exit"] == Exit.CANNOT_WRITE
    assert checks["disk"]["state"] == "ok"
    assert "delivery" not in checks


def test_the_daemon_that_keeps_watch_is_named_dead_or_alive(well: Terminal) -> None:
    with subprocess.Popen((sys.executable, "-c", "")) as gone:
        pass
    host = this_process().rpartition(":")[0]
    with store_of(well) as store:
        dead = store.take_lease(LEASE, f"{host}:{gone.pid}", system_clock(), None)
        fell = found(well)["daemon"]
        status = well.json("status")
        store.take_lease(LEASE, f"{host}:{os.getppid()}", system_clock(), dead)
        runs = found(well)["daemon"]

    assert (fell["state"], fell["exit"]) == ("failed", Exit.REPORT)
    assert f"process {gone.pid} on {host}" in fell["what"]
    assert status["daemon"]["running"] is False
    assert (runs["state"], runs["what"]) == ("ok", f"syncd run keeps watch: process {os.getppid()} on {host}")


# ------------------------------------------------------------------------------- the service


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (("active", "success", __version__), ("ok", "is active: 2 accounts read", None)),
        (("active", "success", "0.0.9"),
         ("note", f"is of syncd 0.0.9, and this is {__version__}", "Type: syncd service install")),
        (("failed", "exit-code", __version__),
         ("failed", "does not run (exit-code, exit code 78).", "To see why, type: journalctl --user -u syncd -n 20")),
        (("inactive", "success", __version__),
         ("failed", "does not run.", "Type: systemctl --user enable --now syncd.service")),
    ],
)  # fmt: skip
def test_the_unit_is_looked_at(
    well: Terminal,
    machine: Path,
    monkeypatch: pytest.MonkeyPatch,
    unit: tuple[str, str, str],
    expected: tuple[str, str, str | None],
) -> None:
    state, result, version = unit
    mark, what, mend = expected
    put_command(machine, "systemctl", SYSTEMCTL)
    monkeypatch.setenv("STATE", state)
    monkeypatch.setenv("RESULT", result)
    file = machine / ".config/systemd/user/syncd.service"
    file.parent.mkdir(parents=True)
    file.write_text(f"# Written by syncd {version}: syncd service install. Edited, it is yours. Seal 0\n[Unit]\n")

    checks = [one for one in well.json("doctor")["checks"] if one["check"] == "service"]
    assert (checks[0]["state"], checks[0]["what"], checks[0]["mend"]) == (
        mark, f"syncd.service (yours) {what}", mend,
    )  # fmt: skip
    assert [one["mend"] for one in checks[1:]] == ["Type: loginctl enable-linger"]


def test_where_systemd_runs_and_knows_no_syncd_it_says_how_to_install_it(well: Terminal, machine: Path) -> None:
    put_command(machine, "systemctl", SYSTEMCTL)
    service = found(well)["service"]
    assert (service["state"], service["mend"]) == ("note", "Type: syncd service install")


# ------------------------------------------------------------------------------- sign-ins, delivery, the last digest


def test_a_sign_in_of_no_account_is_remarked(well: Terminal, machine: Path) -> None:
    TokenFile(machine / "state/tokens", "gone").write("{}")
    left = found(well)["sign-ins"]
    assert left["state"] == "note"
    assert left["mend"].endswith(f"rm {machine / 'state/tokens/gone.json'}")


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpSink]:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with SmtpSink(sign_in=True) as server:
        yield server


def by_smtp(terminal: Terminal, port: int, username: str = USERNAME) -> None:
    send = f'via = "smtp"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nusername = "{username}"'
    rewrite(terminal, 'via = "stdout"', f'{send}\npassword = {{ env = "MAIL_PASSWORD" }}')


def test_a_mail_server_that_lets_us_in_is_asked_to_take_nothing(well: Terminal, sink: SmtpSink) -> None:
    by_smtp(well, sink.port)
    delivery = found(well)["delivery"]
    assert (delivery["state"], delivery["what"]) == (
        "ok", f"goes to elena@conti.example by smtp; 127.0.0.1 lets {USERNAME} in",
    )  # fmt: skip
    assert sink.signed_in
    assert not sink.accepted


def test_a_mail_server_that_refuses_us_is_found_before_the_morning(well: Terminal, sink: SmtpSink) -> None:
    by_smtp(well, sink.port, "stranger")
    delivery = found(well)["delivery"]
    assert (delivery["state"], delivery["exit"]) == ("failed", Exit.TRY_LATER)
    assert "refused to let stranger in" in delivery["what"]


def test_a_mail_server_that_is_not_there_and_a_missing_secret_are_found(
    well: Terminal, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_smtp(well, 9)
    assert "cannot be reached" in found(well)["delivery"]["what"]
    rewrite(well, "port = 9\n", f"port = {sink.port}\n")
    monkeypatch.delenv("MAIL_PASSWORD")
    delivery = found(well)["delivery"]
    assert (delivery["exit"], delivery["what"]) == (
        Exit.SIGN_IN, "The environment variable MAIL_PASSWORD is not set.",
    )  # fmt: skip


def test_a_sendmail_that_is_not_there_and_a_maildir_that_cannot_be_made_are_found(well: Terminal) -> None:
    rewrite(well, 'via = "stdout"', 'via = "sendmail"\ncommand = ["/nowhere/sendmail", "-i"]')
    assert found(well)["delivery"]["what"] == "/nowhere/sendmail is not a command that can be run here."
    rewrite(well, 'via = "sendmail"\ncommand = ["/nowhere/sendmail", "-i"]', 'via = "maildir"\npath = "config.toml/m"')
    assert "cannot be written" in found(well)["delivery"]["what"]


AGAIN = "It stays in the outbox; to try again now, type: syncd digest send"


def written(state: LetterState, error: str = "") -> Letter:
    """The digest of a Friday, in the outbox."""
    retry_at = system_clock() + timedelta(hours=1) if state is LetterState.RENDERED else None
    return Letter(date(2026, 11, 20), "<1@x>", "e@x.example", b"x", state, 1, error, retry_at=retry_at)


@pytest.mark.parametrize(
    ("letter", "state", "words", "mend"),
    [
        (written(LetterState.SENT), "ok", "was sent", None),
        (written(LetterState.SKIPPED), "ok", "was a quiet day", None),
        (written(LetterState.SENT, f"It broke. {AGAIN}"), "note", "may have been sent. It broke.", AGAIN),
        (written(LetterState.FAILED, f"No such user. {AGAIN}"), "failed", "was not sent. No such user.", AGAIN),
        (written(LetterState.RENDERED, f"Busy. {AGAIN}"), "failed", "waits. Busy. It is tried again at", AGAIN),
    ],
)
def test_the_last_digest_is_told(well: Terminal, letter: Letter, state: str, words: str, mend: str | None) -> None:
    with store_of(well) as store:
        store.post(letter, [])
    digest = found(well)["digest"]
    assert (digest["state"], digest["mend"]) == (state, mend)
    assert words in digest["what"]


# ------------------------------------------------------------------------------- --notify


def letters(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((folder / "new").glob("*"))]


def test_what_is_wrong_is_mailed_once_a_day(terminal: Terminal) -> None:
    rewrite(terminal, 'via = "stdout"', 'via = "maildir"\npath = "post"')

    assert terminal.type("doctor", "--notify")[0] == Exit.OK
    assert terminal.type("doctor", "--notify")[2].rstrip().endswith("The owner was told today already.")
    (mailed,) = letters(terminal.config.parent / "post")
    assert "club: There is no file" in mailed
    assert "then type: syncd doctor" in mailed
    assert f"List-Id: syncd digest <{DIGEST_LIST_ID}>" in mailed
    assert "Auto-Submitted: auto-generated" in mailed


def test_yesterdays_mail_does_not_stand_for_todays(terminal: Terminal, machine: Path) -> None:
    rewrite(terminal, 'via = "stdout"', 'via = "maildir"\npath = "post"')
    (machine / f"state/trouble-told-{os.geteuid()}").write_text("2026-01-01", encoding="ascii")
    terminal.type("doctor", "--notify")
    assert len(letters(terminal.config.parent / "post")) == 1


def test_nobody_is_told_that_all_is_well(well: Terminal) -> None:
    rewrite(well, 'via = "stdout"', 'via = "maildir"\npath = "post"')
    assert well.type("doctor", "--notify")[::2] == (Exit.OK, "Nothing is wrong, so nobody was told.\n")
    assert not (well.config.parent / "post").exists()


def test_a_configuration_with_faults_is_told_by_the_way_it_names(well: Terminal, sink: SmtpSink) -> None:
    by_smtp(well, sink.port)
    rewrite(well, "[digest]\n", '[digest]\nhour = "7"\n')
    assert well.type("doctor", "--notify")[0] == Exit.OK
    (mailed,) = sink.accepted
    assert mailed.recipients == ("elena@conti.example",)
    assert b'unknown key "hour"' in mailed.content


def test_where_the_owners_way_is_broken_the_machines_sendmail_is_tried(
    well: Terminal, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_smtp(well, 9)
    monkeypatch.setenv("MAIL_PASSWORD", "x")
    monkeypatch.setenv("MAILED", str(machine / "mailed"))
    sendmail = put_command(machine, "sendmail", '#!/bin/sh\necho "to $*" >"$MAILED"\ncat >>"$MAILED"\n')
    monkeypatch.setattr("syncd.checkup.notice.SENDMAIL", (str(sendmail), "-i"))

    assert well.type("doctor", "--notify")[0] == Exit.OK
    mailed = (machine / "mailed").read_text(encoding="utf-8")
    assert mailed.startswith("to -i elena@conti.example\n")
    assert "cannot be reached" in mailed


def test_when_nobody_can_be_told_it_says_so_and_tries_again_the_next_time(
    well: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_smtp(well, 9)
    monkeypatch.setenv("MAIL_PASSWORD", "x")
    monkeypatch.setattr("syncd.checkup.notice.SENDMAIL", ("/nowhere/sendmail",))
    for _ in range(2):
        code, _, said = well.type("doctor", "--notify")
        assert code == Exit.UNAVAILABLE
        assert "Nobody could be told: 127.0.0.1, port 9, cannot be reached" in said

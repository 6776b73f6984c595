"""The files of a service: what they say for this installation, whose they are, and what a service would not see."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import syncd
from syncd.config import load
from syncd.errors import UsageError
from syncd.service import Place, Scope, Standing, installed, require_in_sight, standing, survey, unit_files
from syncd.service.files import put, take_away
from syncd.service.place import Credential
from syncd.service.units import all_paths, quoted
from tests.unprivileged import as_nobody, open_folder

ROOT = Path(__file__).parents[1]
CONFIG = """
[me]
name = "Ada Moreau"
addresses = ["ada@moreau.example"]

[accounts.work]
type = "imap"
address = "ada@moreau.example"
host = "mail.moreau.example"
password = {{ credential = "work" }}

[accounts.old]
type = "mailfile"
path = "{mail}"

[digest]
to = "ada@moreau.example"
{send}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def config(home: Path) -> Path:
    return configured(home)


def configured(home: Path, send: str = "", mail: str = "/srv/mail", store: str = "") -> Path:
    path = home / ".config/syncd/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CONFIG.format(mail=mail, send=send) + store, encoding="utf-8")
    return path


def a_place(home: Path, *program: str) -> Place:
    return Place(program=program or ("/usr/bin/syncd",), config=home / ".config/syncd/config.toml")


def text_of(files: object, name: str) -> str:
    assert isinstance(files, tuple)
    (text,) = (file.text for file in files if str(file.path).endswith(name))
    return str(text)


def surveyed(config: Path, scope: Scope = Scope.USER) -> Place:
    return survey(scope, load(config), config)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("timer", [False, True])
def test_every_file_that_is_written_is_known_to_be_removed(home: Path, scope: Scope, timer: bool) -> None:  # noqa: FBT001 - pytest's parameter
    place = Place(("/opt/x/syncd",), home / "elsewhere.toml", environment=(("SYNCD_CONFIG", "elsewhere"),))
    assert {file.path for file in unit_files(scope, place, timer=timer)} <= set(all_paths(scope))


@pytest.mark.parametrize("scope", Scope)
def test_the_units_start_the_installation_that_wrote_them(home: Path, scope: Scope) -> None:
    files = unit_files(scope, a_place(home, "/opt/syncd/bin/syncd"), timer=False)
    assert "\nExecStart=/opt/syncd/bin/syncd run\n" in text_of(files, "syncd.service")
    assert "\nExecReload=/opt/syncd/bin/syncd config check --quiet\n" in text_of(files, "syncd.service")
    assert "\nExecStart=-/opt/syncd/bin/syncd doctor --notify\n" in text_of(files, "syncd-failed.service")


def test_a_timer_starts_two_services_and_no_daemon(home: Path) -> None:
    names = [file.path.name for file in unit_files(Scope.USER, a_place(home), timer=True)]
    assert {"syncd.timer", "syncd-sync.service", "syncd-digest.service"} <= set(names)
    assert "syncd.service" not in names


def test_systemd_reads_what_was_written_for_a_path_of_odd_letters(home: Path) -> None:
    """A space, a per cent sign and a dollar mean something to systemd."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("systemd-analyze is missing; type: apt install systemd")
    program = home / "my 100% $odd" / "syncd"
    program.parent.mkdir()
    shutil.copy("/bin/true", program)
    odd = (program.parent,)
    secret = Credential("work", program.parent / "secret")
    place = Place((str(program),), home / "my config.toml", runs_from=odd, writes=odd, credentials=(secret,))
    files = unit_files(Scope.USER, place, timer=False)
    put(files)
    services = [str(file.path) for file in files if file.path.suffix == ".service"]
    done = subprocess.run(  # noqa: S603 - the tool found above
        [analyze, "--user", "verify", "--man=no", *services],
        env={"XDG_RUNTIME_DIR": str(home), "PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@given(st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1))
def test_a_word_stays_one_word_whatever_is_in_it(word: str) -> None:
    """As systemd.syntax(7) unquotes it, which is what a shell does where there is no dollar; then %% is a %."""
    text = quoted(word)
    assert shlex.split(text) == [word.replace("%", "%%")]


def test_what_was_written_is_ours_until_a_letter_of_it_changes(home: Path) -> None:
    files = unit_files(Scope.USER, a_place(home), timer=False)
    assert {standing(file.path) for file in files} == {Standing.MISSING}
    put(files)
    assert {standing(file.path) for file in files} == {Standing.OURS}
    edited = files[0].path
    edited.write_text(edited.read_text("utf-8").replace("WatchdogSec=3min", "WatchdogSec=9min"), encoding="utf-8")
    assert standing(edited) is Standing.EDITED


@pytest.mark.usefixtures("home")
def test_a_unit_by_somebody_else_is_not_ours() -> None:
    theirs = Scope.USER.folder / "syncd.service"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    assert standing(theirs) is Standing.EDITED
    assert installed(Scope.USER) == {"syncd.service": None}


def test_taking_away_leaves_what_was_edited_and_what_is_the_owners(home: Path) -> None:
    files = unit_files(Scope.USER, a_place(home), timer=False)
    put(files)
    edited, drop_in = files[0].path, Scope.USER.folder / "syncd.service.d/override.conf"
    edited.write_text("mine", encoding="utf-8")
    drop_in.write_text("mine too", encoding="utf-8")
    assert take_away(all_paths(Scope.USER), force=False) == (edited,)
    assert {path for path in Scope.USER.folder.rglob("*") if path.is_file()} == {edited, drop_in}
    assert take_away(all_paths(Scope.USER), force=True) == ()
    assert [path for path in Scope.USER.folder.rglob("*") if path.is_file()] == [drop_in]


def test_an_installed_service_says_which_version_wrote_it(home: Path) -> None:
    assert installed(Scope.USER) == {}
    put(unit_files(Scope.USER, a_place(home), timer=True))
    assert installed(Scope.USER) == {"syncd.timer": syncd.__version__}


def test_an_installed_package_finds_its_units_where_the_wheel_puts_them(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = unit_files(Scope.SYSTEM, a_place(home), timer=False)
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source, target in wheel["force-include"].items():
        shutil.copytree(ROOT / source, tmp_path / "site-packages" / target)
    monkeypatch.setattr(syncd, "__file__", str(tmp_path / "site-packages/syncd/__init__.py"))
    assert unit_files(Scope.SYSTEM, a_place(home), timer=False) == checkout


def test_a_program_outside_usr_may_be_executed_where_it_lies(config: Path) -> None:
    place = surveyed(config)
    assert all(Path(folder).is_dir() and not folder.is_relative_to("/usr") for folder in place.runs_from)
    for folder in (Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent):
        assert any(folder.is_relative_to(known) for known in (*place.runs_from, Path("/usr")))


def test_a_program_outside_usr_stays_read_only(home: Path) -> None:
    place = Place(("/opt/syncd/bin/syncd",), home / ".config/syncd/config.toml", (Path("/opt/syncd"),))
    said = text_of(unit_files(Scope.USER, place, timer=False), "syncd.service.d/installation.conf")
    assert said.endswith("[Service]\nExecPaths=/opt/syncd\nBindReadOnlyPaths=/opt/syncd\n")


def test_a_configuration_elsewhere_is_named_in_the_unit(home: Path, config: Path) -> None:
    elsewhere = home / "my config.toml"
    config.rename(elsewhere)
    said = text_of(unit_files(Scope.USER, surveyed(elsewhere), timer=False), "syncd.service.d/installation.conf")
    assert f"\nConditionPathExists=\nConditionPathExists={elsewhere}\n" in said
    assert f'\nEnvironment="SYNCD_CONFIG={elsewhere}"\n' in said


def test_a_state_folder_that_only_this_terminal_knows_is_named_in_the_unit(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/srv/state")
    place = surveyed(config)
    assert ("XDG_STATE_HOME", "/srv/state") in place.environment
    assert Path("/srv/state/syncd") in place.writes


def test_what_the_configuration_writes_to_is_writable_and_nothing_more(home: Path) -> None:
    assert surveyed(configured(home)).writes == ()
    send = f'[digest.send]\nvia = "maildir"\npath = "{home}/Mail"'
    store = f'\n[store]\nurl = "sqlite:///{home}/data/syncd.db"\n'
    assert set(surveyed(configured(home, send, store=store)).writes) == {home / "Mail", home / "data"}


def test_nothing_that_is_writable_may_be_executed(home: Path) -> None:
    place = Place(
        ("/usr/bin/syncd",), home / ".config/syncd/config.toml", writes=(Path("/srv/data"), Path("/srv/Mail"))
    )
    for scope in Scope:
        lines = "\n".join(file.text for file in unit_files(scope, place, timer=False)).splitlines()
        writable, closed = (
            {path.strip('"-') for line in lines if line.startswith(f"{name}=") for path in line.split("=")[1].split()}
            for name in ("ReadWritePaths", "NoExecPaths")
        )
        assert {"/srv/data", "/srv/Mail"} <= writable <= closed


def test_a_drop_in_can_be_read_by_everybody_whatever_the_umask_of_root(home: Path) -> None:
    place = Place(("/usr/bin/syncd",), home / ".config/syncd/config.toml")
    before = os.umask(0o077)
    try:
        put(files := unit_files(Scope.USER, place, timer=False))
    finally:
        os.umask(before)

    assert {stat.S_IMODE(file.path.parent.stat().st_mode) for file in files} == {0o755}
    assert {stat.S_IMODE(file.path.stat().st_mode) for file in files} == {0o644}


def test_a_credential_in_its_usual_place_is_handed_to_the_service(config: Path) -> None:
    usual = config.parent / "credentials/work"
    assert [credential.file for credential in surveyed(config).missing] == [usual]
    usual.parent.mkdir()
    usual.write_text("secret", encoding="utf-8")
    place = surveyed(config)
    assert place.missing == ()
    for unit in ("syncd.service", "syncd-failed.service"):
        said = text_of(unit_files(Scope.USER, place, timer=False), f"{unit}.d/installation.conf")
        assert f"\nLoadCredential=work:{usual}\n" in said


def test_a_credential_that_the_owner_hands_over_is_not_missed(config: Path) -> None:
    drop_in = Scope.USER.folder / "syncd.service.d/override.conf"
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text("[Service]\nLoadCredential=work:/run/secrets/work\n", encoding="utf-8")
    place = surveyed(config)
    assert (place.credentials, place.missing) == ((), ())


def test_the_machines_credentials_are_encrypted_where_they_can_be(config: Path) -> None:
    (missing,) = surveyed(config, Scope.SYSTEM).missing
    assert missing == Credential("work", Path("/etc/credstore.encrypted/syncd.work"), encrypted=True)
    assert missing.setting == "LoadCredentialEncrypted=work:/etc/credstore.encrypted/syncd.work"
    assert missing.deposit == "sudo systemd-creds encrypt --name=work - /etc/credstore.encrypted/syncd.work"


@pytest.mark.parametrize("scope", Scope)
def test_a_program_in_a_temporary_folder_is_out_of_sight(scope: Scope) -> None:
    place = Place(("/tmp/venv/bin/syncd",), Path("/etc/syncd/config.toml"))  # noqa: S108 - nothing is put there
    with pytest.raises(
        UsageError, match=r"The program lies in /tmp/venv/bin/syncd, and a service has a /tmp of its own"
    ):
        require_in_sight(scope, place)


def test_a_home_is_out_of_sight_of_the_machines_service_alone() -> None:
    program = Place(("/opt/syncd/bin/syncd",), Path("/etc/syncd/config.toml"), (Path("/root/.pyenv"),))
    with pytest.raises(UsageError, match=r"The program lies in /root/\.pyenv"):
        require_in_sight(Scope.SYSTEM, program)
    require_in_sight(Scope.USER, program)
    config = Place(("/usr/bin/syncd",), Path("/home/ada/.config/syncd/config.toml"))
    with pytest.raises(UsageError, match="a service of the whole machine sees no home") as refusal:
        require_in_sight(Scope.SYSTEM, config)
    assert str(config.config) in refusal.value.hint
    assert "/etc/syncd/config.toml" in refusal.value.hint


def test_mail_that_the_service_cannot_see_is_told(home: Path) -> None:
    path = configured(home, mail="/home/ada/Mail")
    remarks = " ".join(surveyed(path, Scope.SYSTEM).remarks)
    assert "The account old reads /home/ada/Mail" in remarks
    assert "BindReadOnlyPaths=/home/ada/Mail" in remarks
    assert "/home/ada/Mail" not in " ".join(surveyed(path).remarks)


def test_a_password_command_that_the_service_may_not_run_is_told(home: Path) -> None:
    command = home / "bin" / "my-pass"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n", encoding="utf-8")
    command.chmod(0o755)
    path = configured(home)
    text = path.read_text("utf-8")
    path.write_text(text.replace('credential = "work"', f'command = ["{command}"]'), encoding="utf-8")
    assert any(f"ExecPaths={command.parent}" in remark for remark in surveyed(path).remarks)
    path.write_text(text.replace('credential = "work"', 'command = ["cat", "/dev/null"]'), encoding="utf-8")
    assert not any("ExecPaths" in remark for remark in surveyed(path).remarks)


def test_a_sendmail_that_needs_rights_is_told(home: Path) -> None:
    assert any('via = "smtp"' in remark for remark in surveyed(configured(home)).remarks)
    smtp = '[digest.send]\nvia = "smtp"\nhost = "localhost"\ntls = "none"'
    assert surveyed(configured(home, smtp)).remarks == ()


def test_the_user_of_the_machines_service_finds_its_state_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sudo -u syncd syncd status` has no $STATE_DIRECTORY; who owns the folder is its user."""
    from syncd.config import paths  # noqa: PLC0415 - patched below

    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    with open_folder() as folder:
        os.chown(folder, 65534 if os.geteuid() == 0 else -1, -1)
        monkeypatch.setattr(paths, "SYSTEM_STATE", folder)
        with as_nobody():
            assert paths.tokens_folder() == folder / "tokens"
        monkeypatch.setattr(paths, "SYSTEM_STATE", folder / "missing")
        assert paths.tokens_folder() != folder / "missing/tokens"

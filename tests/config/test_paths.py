"""Which file is read, where the database is, and what a path in the file means."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.config import NoConfig, find_config, load
from syncd.config.paths import anchored_url, default_store_url
from syncd.errors import ConfigError, Exit
from tests.config.file import SMALLEST, ConfigText
from tests.config.post import PostOptions
from tests.unprivileged import as_nobody, open_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, with nothing set."""
    for name in ("SYNCD_CONFIG", "STATE_DIRECTORY", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SMALLEST, encoding="utf-8")
    return path


def test_the_option_comes_first_then_the_variable_then_the_users_own_file(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = write(home / ".config" / "syncd" / "config.toml")
    assert find_config(None) == own
    elsewhere = write(tmp_path / "xdg" / "syncd" / "config.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert find_config(None) == elsewhere
    named = write(tmp_path / "named.toml")
    monkeypatch.setenv("SYNCD_CONFIG", str(named))
    assert find_config(None) == named
    option = write(tmp_path / "option.toml")
    assert find_config(option) == option


def test_without_any_file_it_says_where_it_looked_and_what_to_start_from(home: Path) -> None:
    with pytest.raises(NoConfig) as refusal:
        find_config(None)
    assert str(home / ".config" / "syncd" / "config.toml") in refusal.value.title
    assert "/etc/syncd/config.toml" in refusal.value.title
    assert "config.example.toml" in refusal.value.hint
    assert refusal.value.exit == Exit.CONFIG
    assert isinstance(refusal.value, ConfigError)


def test_a_file_that_was_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "home" / ".config" / "syncd" / "config.toml")
    with pytest.raises(NoConfig, match="named by --config, does not exist"):
        find_config(tmp_path / "nowhere.toml")
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "nowhere.toml"))
    with pytest.raises(NoConfig, match=r"named by \$SYNCD_CONFIG, does not exist"):
        find_config(None)
    with pytest.raises(NoConfig, match="does not exist"):
        load(tmp_path / "nowhere.toml")


def test_a_file_that_may_not_be_read_is_one_sentence() -> None:
    with open_folder() as folder:
        path = write(folder / "config.toml")
        path.chmod(0)
        with as_nobody(), pytest.raises(NoConfig, match="cannot be read: Permission denied"):
            load(path)


def test_the_database_is_in_the_state_folder_of_the_service_or_of_the_user(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_store_url() == f"sqlite:///{home}/.local/state/syncd/syncd.db"
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/first:{tmp_path}/second")
    assert default_store_url() == f"sqlite:///{tmp_path}/first/syncd.db"


def test_paths_are_relative_to_the_file_and_a_tilde_is_the_home(
    config: ConfigText, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.load(
        SMALLEST + '[digest.send]\nvia = "maildir"\npath = "Mail"\n[store]\nurl = "sqlite:///var/syncd.db"\n'
        '[accounts.other]\ntype = "post"\naddress = "a@x.example"\npath = "~/post"\npassword = { file = "secret" }\n'
    )
    monkeypatch.chdir("/")
    settings = load(config.path)
    folder = config.path.parent
    assert settings.send.path == folder / "Mail"
    assert settings.store_url == f"sqlite:///{folder}/var/syncd.db"
    options = settings.accounts["other"].options
    assert isinstance(options, PostOptions)
    assert options.path == home / "post"
    assert options.password
    assert options.password.file == str(folder / "secret")


def test_paths_are_absolute_even_when_the_file_is_named_by_a_relative_one(config: ConfigText) -> None:
    config.load(SMALLEST + '[digest.send]\nvia = "maildir"\npath = "Mail"\n')
    assert load(Path("config.toml")).send.path == config.path.parent / "Mail"


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("sqlite:///syncd.db", "sqlite:////etc/x/syncd.db"),
        ("sqlite+pysqlite:///a/b.db?timeout=3", "sqlite+pysqlite:////etc/x/a/b.db?timeout=3"),
        ("sqlite:////var/syncd.db", "sqlite:////var/syncd.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql:///syncd", "postgresql:///syncd"),
    ],
)
def test_only_the_file_of_an_sqlite_url_is_a_path(url: str, meant: str) -> None:
    assert anchored_url(url, Path("/etc/x")) == meant


def test_a_home_that_nobody_has_is_left_to_whoever_opens_it(config: ConfigText) -> None:
    send = config.load(SMALLEST + '[digest.send]\nvia = "maildir"\npath = "~nobody-of-that-name/Mail"\n').send
    assert send.path == config.path.parent / "~nobody-of-that-name" / "Mail"

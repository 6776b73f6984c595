"""A secret is read from where the owner keeps it, and never shows up anywhere else."""

from __future__ import annotations

import os
import sys
import traceback
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from syncd import secrets
from syncd.connector import SecretRef
from syncd.errors import AuthRequired, Exit
from syncd.secrets import resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "correct horse battery staple"


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write a file that only its owner can read."""

    def write(content: bytes) -> Path:
        path = tmp_path / "secret"
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    return write


def refusal(ref: SecretRef) -> AuthRequired:
    with pytest.raises(AuthRequired) as refused:
        resolve(ref)
    assert refused.value.exit == Exit.SIGN_IN
    assert refused.value.hint
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    return refused.value


def script(code: str) -> SecretRef:
    return SecretRef(command=(sys.executable, "-c", code))


# ------------------------------------------------------------------ file


def test_a_file_gives_its_text_without_the_last_newline(keep: Callable[[bytes], Path]) -> None:
    assert resolve(SecretRef(file=str(keep(f"{SECRET}\n".encode())))) == SECRET
    assert resolve(SecretRef(file=str(keep(b" with blanks \r\n")))) == " with blanks "


def test_a_tilde_is_the_home(tmp_path: Path, keep: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    keep(SECRET.encode())
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve(SecretRef(file="~/secret")) == SECRET


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602])
def test_a_file_that_others_can_touch_is_refused_with_the_command_that_mends_it(
    keep: Callable[[bytes], Path], mode: int
) -> None:
    path = keep(SECRET.encode())
    path.chmod(mode)
    refused = refusal(SecretRef(file=str(path)))
    assert refused.title == f"Others than its owner can read or change {path}."
    assert refused.hint == f"Type: chmod 600 {path}"


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert "cannot be opened: No such file" in refusal(SecretRef(file=str(tmp_path / "none"))).title


def test_a_pipe_in_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "is not a file" in refusal(SecretRef(file=str(tmp_path / "pipe"))).title
    assert "is not a file" in refusal(SecretRef(file=str(tmp_path))).title


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file_is_no_secret(keep: Callable[[bytes], Path], content: bytes) -> None:
    assert refusal(SecretRef(file=str(keep(content)))).title.startswith("There is nothing in the file")


def test_a_file_that_is_not_text_is_one_sentence(keep: Callable[[bytes], Path]) -> None:
    assert "is not text in UTF-8" in refusal(SecretRef(file=str(keep(b"\xff\xfe")))).title


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(keep: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = keep(SECRET.encode())
    os.chown(path, 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert "belongs to somebody else" in refusal(SecretRef(file=str(path))).title


# --------------------------------------------------------------- command


def test_a_command_that_prints_a_key_file_gives_all_of_it() -> None:
    key = '{\n  "type": "service_account",\n  "private_key": "-----BEGIN"\n}'
    assert resolve(SecretRef(command=("printf", "%s\n", key))) == key
    assert resolve(SecretRef(command=("printf", "%s\n", "{not json\nuser: anna"))) == "{not json"


def test_a_command_gives_its_first_line() -> None:
    assert resolve(script(f"print({SECRET!r}); print('user: anna')")) == SECRET


def test_a_command_is_no_shell_and_has_no_input() -> None:
    assert resolve(SecretRef(command=("echo", "$HOME; ls *"))) == "$HOME; ls *"
    assert resolve(script("import sys; print(repr(sys.stdin.read()))")) == "''"


def test_a_command_that_fails_says_why_in_its_own_words() -> None:
    refused = refusal(script("import sys; sys.exit('gpg: decryption failed: No secret key')"))
    assert refused.title.endswith("failed: gpg: decryption failed: No secret key")
    assert refused.hint.startswith("Type it yourself to see what is wrong: ")


def test_a_command_that_fails_silently_says_its_code() -> None:
    assert "it said nothing and ended with 3." in refusal(script("raise SystemExit(3)")).title


def test_what_a_failing_command_printed_of_the_secret_is_not_repeated() -> None:
    words = "print(s := ' '.join(['correct', 'horse', 'battery', 'staple'])); import sys; sys.exit(f'bad: {s}')"
    assert refusal(script(words)).title.endswith("failed: bad: ***")


def test_a_command_that_is_not_there_is_one_sentence() -> None:
    refused = refusal(SecretRef(command=("no-such-command-anywhere", "show")))
    assert refused.title == 'The command "no-such-command-anywhere show" cannot be started: No such file or directory.'


@pytest.mark.parametrize("argv", [("",), ("\0",)])
def test_what_is_no_command_is_one_sentence(argv: tuple[str, ...]) -> None:
    assert "cannot be started" in refusal(SecretRef(command=argv)).title


def test_a_command_that_hangs_is_ended_with_everything_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 1)
    os.mkfifo(tmp_path / "child")
    ear = os.open(tmp_path / "child", os.O_RDONLY | os.O_NONBLOCK)
    child = f"(echo alive; sleep 30; echo survived) > {tmp_path}/child"
    assert "did not answer within 1 s" in refusal(SecretRef(command=("sh", "-c", f"{child}; true"))).title
    os.set_blocking(ear, True)
    with os.fdopen(ear) as words:
        assert words.read() == "alive\n", "the pipe ends when nobody holds it any more"


# ------------------------------------------- credential, environment, keyring


def test_a_credential_is_what_systemd_put_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "work").write_text(SECRET + "\n", encoding="utf-8")
    assert resolve(SecretRef(credential="work")) == SECRET
    assert "LoadCredential=other:" in refusal(SecretRef(credential="other")).hint
    assert "is not the name" in refusal(SecretRef(credential="../work")).title


def test_without_systemd_there_are_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert "only there when systemd starts syncd" in refusal(SecretRef(credential="work")).title


def test_an_environment_variable_gives_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORK_PASSWORD", SECRET)
    assert resolve(SecretRef(env="WORK_PASSWORD")) == SECRET
    monkeypatch.delenv("WORK_PASSWORD")
    assert refusal(SecretRef(env="WORK_PASSWORD")).title == "The environment variable WORK_PASSWORD is not set."
    monkeypatch.setenv("WORK_PASSWORD", "")
    assert "There is nothing in the environment variable" in refusal(SecretRef(env="WORK_PASSWORD")).title


class Desktop(ModuleType):
    """Stands in for the keyring package, which needs a desktop."""

    def __init__(self, *, locked: bool = False) -> None:
        super().__init__("keyring")
        self.locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise RuntimeError(SECRET)
        return SECRET if (service, username) == ("syncd", "work") else None


def test_the_keyring_gives_the_entry_of_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Desktop())
    assert resolve(SecretRef(keyring="syncd/work")) == SECRET
    assert refusal(SecretRef(keyring="syncd/other")).hint == "Type: keyring set syncd other"
    assert "is not SERVICE/NAME" in refusal(SecretRef(keyring="work")).title


def test_a_locked_keyring_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Desktop(locked=True))
    assert refusal(SecretRef(keyring="syncd/work")).title == "The keyring cannot be read: RuntimeError."


def test_without_the_keyring_package_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert refusal(SecretRef(keyring="syncd/work")).hint == "Type: pip install keyring"

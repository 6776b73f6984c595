"""The one door to secrets: a reference in, the secret out, from wherever the owner keeps it.

A secret is never kept, logged or put in a message; every failure is AuthRequired with what to type.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from syncd.errors import AuthRequired

if TYPE_CHECKING:
    from syncd.connector import SecretRef

COMMAND_TIMEOUT = 60
"""Seconds: long enough to type a passphrase into a window."""

_LONGEST = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class _Keyring(Protocol):
    """What the keyring package offers; it brings no types."""

    def get_password(self, service: str, username: str) -> str | None: ...


def resolve(ref: SecretRef) -> str:
    """The secret that `ref` points to, as it is now.

    Raises AuthRequired with a sentence and the command to type when it cannot be had.
    """
    if ref.credential is not None:
        secret, source = _from_credential(ref.credential), f'the systemd credential "{ref.credential}"'
    elif ref.command is not None:
        secret, source = _from_command(ref.command), f'the command "{" ".join(ref.command)}"'
    elif ref.file is not None:
        secret, source = _from_file(Path(ref.file)), f"the file {ref.file}"
    elif ref.env is not None:
        secret, source = _from_environment(ref.env), f"the environment variable {ref.env}"
    else:
        secret, source = _from_keyring(ref.keyring or ""), f"the keyring entry {ref.keyring}"
    if not secret:
        raise AuthRequired(f"There is nothing in {source}.", "Put the secret there, then type: syncd doctor")
    return secret


def _from_credential(name: str) -> str:
    """systemd.exec(5), LoadCredential=; only the service itself can read it."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise AuthRequired(
            f'The systemd credential "{name}" is only there when systemd starts syncd.',
            f"Start it with: systemctl start syncd (with LoadCredential={name}: in the unit)",
        )
    path = Path(folder) / name
    if path.parent != Path(folder):
        raise AuthRequired(f'"{name}" is not the name of a systemd credential.', "Write the name without a folder.")
    try:
        return _text(path.read_bytes(), f'The systemd credential "{name}"')
    except OSError:
        raise AuthRequired(
            f'systemd gave syncd no credential "{name}".',
            f"Type: systemctl edit syncd, and add LoadCredential={name}:/path/to/it, then restart syncd",
        ) from None


def _from_command(argv: tuple[str, ...]) -> str:
    """The first line that the command prints; no shell, no input, a minute at most."""
    shown = " ".join(argv)
    try_it = f"Type it yourself to see what is wrong: {shown}"
    try:
        process = subprocess.Popen(  # noqa: S603 - the owner's own command, and no shell
            [os.path.expanduser(argv[0]), *argv[1:]],  # noqa: PTH111 - a program's name is not always a path
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, IndexError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a command"
        raise AuthRequired(f'The command "{shown}" cannot be started: {reason}.', try_it) from None
    try:
        output, complaint = process.communicate(timeout=COMMAND_TIMEOUT)
    except subprocess.TimeoutExpired:
        _end(process)
        raise AuthRequired(f'The command "{shown}" did not answer within {COMMAND_TIMEOUT} s.', try_it) from None
    except BaseException:
        _end(process)
        raise
    secret = _said(_text(output, f'The answer of the command "{shown}"'))
    if process.returncode:
        raise AuthRequired(
            f'The command "{shown}" failed: {_last_words(complaint, process.returncode, secret)}', try_it
        )
    return secret


def _said(answer: str) -> str:
    """The secret in what a command printed: a JSON object (a key file) as a whole, otherwise the first line."""
    try:
        whole = isinstance(json.loads(answer), dict)
    except ValueError:
        whole = False
    return answer if whole else answer.partition("\n")[0].rstrip("\r")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command with everything that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()  # something that left the session may still hold the other end
    process.wait()


def _last_words(complaint: bytes, code: int, secret: str) -> str:
    """What the command said before it failed, without what it may have printed of the secret."""
    lines = complaint.decode("utf-8", "replace").split("\n")
    said = " ".join(line.strip() for line in lines if line.strip())[-300:]
    if secret:
        said = said.replace(secret, "***")
    return said or f"it said nothing and ended with {code}."


def _from_file(path: Path) -> str:
    """A file of the owner's that nobody else can read; its permissions are those of the file that is then read."""
    path = path.expanduser()
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise AuthRequired(
            f"The file with the secret, {path}, cannot be opened: {error.strerror}.",
            f"Put the secret there, then type: chmod 600 {path}",
        ) from None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise AuthRequired(f"{path} is not a file.", "Name the file that holds the secret.")
    with os.fdopen(handle, "rb") as file:
        if found.st_mode & _OTHERS:
            raise AuthRequired(f"Others than its owner can read or change {path}.", f"Type: chmod 600 {path}")
        if found.st_uid not in (os.geteuid(), 0):
            raise AuthRequired(f"{path} belongs to somebody else.", f"Type: sudo chown {os.geteuid()} {path}")
        return _text(file.read(_LONGEST), f"The file {path}")


def _from_environment(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise AuthRequired(
            f"The environment variable {name} is not set.",
            f"Set it where syncd is started, like: read -rs {name}; export {name}",
        ) from None


def _from_keyring(entry: str) -> str:
    """SERVICE/NAME; the package is wanted only by those who use it."""
    service, slash, name = entry.rpartition("/")
    if not slash:
        raise AuthRequired(f'The keyring entry "{entry}" is not SERVICE/NAME.', 'Write it like keyring = "syncd/work".')
    try:
        keyring = cast("_Keyring", import_module("keyring"))
    except ModuleNotFoundError:
        raise AuthRequired(
            "Reading the desktop keyring needs the Python package keyring, which is not installed.",
            "Type: pip install keyring",
        ) from None
    try:
        secret = keyring.get_password(service, name)
    except Exception as error:  # noqa: BLE001 - every desktop's keyring fails in its own way
        raise AuthRequired(f"The keyring cannot be read: {type(error).__name__}.", "Type: keyring diagnose") from None
    if secret is None:
        raise AuthRequired(f"The keyring has no entry {service}/{name}.", f"Type: keyring set {service} {name}")
    return secret


def _text(raw: bytes, source: str) -> str:
    """The text without the newline that editors add."""
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise AuthRequired(f"{source} is not text in UTF-8.", "Write it again as UTF-8 text.") from None

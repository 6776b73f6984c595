"""Delivery on this machine: the sendmail command, a Maildir, stdout."""

from __future__ import annotations

import mailbox
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from syncd.deliver import InDoubt, Refused
from syncd.deliver.maildir import Maildir, Stdout
from syncd.deliver.sendmail import Sendmail
from syncd.errors import DeliveryError
from tests.outbox import LETTER

if TYPE_CHECKING:
    from pathlib import Path

UNIX = LETTER.content.replace(b"\r\n", b"\n")


class Commit:
    """Notes that it was called, and what lay where at that moment."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.found: list[list[str]] = []

    def __call__(self) -> None:
        files = self.folder.rglob("*") if self.folder else ()
        self.found.append(sorted(file.parent.name for file in files if file.is_file()))


def sendmail(folder: Path, program: str) -> Sendmail:
    """A stand-in for sendmail: a real program that writes down its arguments and its input, then runs `program`."""
    script = folder / "sendmail.py"
    script.write_text(
        "import os, pathlib, sys, time\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "(folder / 'arguments').write_text('\\n'.join(sys.argv[1:]))\n"
        "(folder / 'letter').write_bytes(sys.stdin.buffer.read())\n"
        f"{program}\n"
    )
    return Sendmail((sys.executable, str(script), "-i"))


def test_sendmail_is_given_the_recipient_as_an_argument_and_the_letter_with_unix_line_ends(tmp_path: Path) -> None:
    commit = Commit()
    sendmail(tmp_path, "").send(LETTER, commit)
    assert (tmp_path / "arguments").read_text().split() == ["-i", "davide@rossi.example"]
    assert (tmp_path / "letter").read_bytes() == UNIX
    assert len(commit.found) == 1


def test_another_sender_is_given_to_sendmail(tmp_path: Path) -> None:
    replace(sendmail(tmp_path, ""), sender="syncd@example.org").send(LETTER, Commit())
    assert (tmp_path / "arguments").read_text().split() == ["-i", "-f", "syncd@example.org", "davide@rossi.example"]


def test_nothing_of_a_recipient_reaches_a_shell(tmp_path: Path) -> None:
    hostile = replace(LETTER, recipient="$(touch pwned);x@example.org")
    sendmail(tmp_path, "").send(hostile, Commit())
    assert (tmp_path / "arguments").read_text().splitlines() == ["-i", "$(touch pwned);x@example.org"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (os.EX_TEMPFAIL, DeliveryError),
        (os.EX_UNAVAILABLE, DeliveryError),
        (os.EX_CONFIG, DeliveryError),
        (1, DeliveryError),
        (os.EX_NOUSER, Refused),
        (os.EX_NOHOST, Refused),
        (os.EX_DATAERR, Refused),
    ],
)
def test_the_exit_code_says_whether_trying_again_helps(tmp_path: Path, code: int, kind: type[DeliveryError]) -> None:
    with pytest.raises(DeliveryError) as raised:
        sendmail(tmp_path, f"sys.stderr.write('so  sorry.\\n'); sys.exit({code})").send(LETTER, Commit())
    assert type(raised.value) is kind
    assert raised.value.title.endswith(f"(exit {code}): so sorry.")


@pytest.mark.parametrize("program", ["os.kill(os.getpid(), 9)", "time.sleep(60)"])
def test_a_sendmail_that_dies_or_never_ends_leaves_a_doubt(tmp_path: Path, program: str) -> None:
    slow = replace(sendmail(tmp_path, program), patience=2)
    with pytest.raises(InDoubt, match="may have gone out or not"):
        slow.send(LETTER, Commit())


def test_a_sendmail_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "sendmail")
    with pytest.raises(DeliveryError, match=f"{missing} cannot be run: No such file or directory"):
        Sendmail((missing, "-i")).send(LETTER, Commit())


def test_a_maildir_gets_the_letter_whole_and_new(tmp_path: Path) -> None:
    folder = tmp_path / "Mail" / "digests"
    commit = Commit(folder)
    Maildir(folder).send(LETTER, commit)
    (message,) = mailbox.Maildir(folder, create=False)
    assert message.get_subdir() == "new"
    assert message["Message-ID"] == LETTER.message_id
    (file,) = (folder / "new").iterdir()
    assert file.read_bytes() == UNIX
    assert file.stat().st_mode & 0o777 == 0o600
    assert commit.found == [["tmp"]]
    assert list((folder / "tmp").iterdir()) == []


def test_what_a_crash_left_in_tmp_is_replaced(tmp_path: Path) -> None:
    class Crash(Exception):
        pass

    def crash() -> None:
        raise Crash

    with pytest.raises(Crash):
        Maildir(tmp_path).send(LETTER, crash)
    (half,) = (tmp_path / "tmp").iterdir()
    half.write_bytes(UNIX[:100])
    Maildir(tmp_path).send(LETTER, Commit())
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes() == UNIX


@pytest.mark.parametrize("place", ["new/{}", "cur/{}:2,S"])
def test_a_letter_that_lies_there_already_is_not_put_there_again(tmp_path: Path, place: str) -> None:
    Maildir(tmp_path).send(LETTER, Commit())
    (file,) = (tmp_path / "new").iterdir()
    file.rename(tmp_path / place.format(file.name))
    commit = Commit()
    Maildir(tmp_path).send(LETTER, commit)
    assert [file.is_file() for file in tmp_path.rglob("*") if not file.is_dir()] == [True]
    assert commit.found == []


def test_a_maildir_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DeliveryError, match=f"The Maildir {tmp_path}/file cannot be written: Not a directory"):
        Maildir(tmp_path / "file").send(LETTER, Commit())


def test_stdout_gets_the_letter(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Stdout().send(LETTER, Commit())
    assert capfdbinary.readouterr().out == UNIX

"""Where sign-ins are kept: for their owner alone, whole or not at all, and refreshed by one process at a time."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import AuthRequired, Exit, StoreError
from syncd.tokens import TokenFile, left_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Use = Callable[[TokenFile, str], object]

HOLD = """
import sys
from pathlib import Path
from syncd.tokens import TokenFile
tokens = TokenFile(Path(sys.argv[1]), "work")
with tokens.locked():
    print("locked", flush=True)
    input()
    tokens.write(f"{tokens.read()} and theirs")
    print("written", flush=True)
"""
ADD = """
import sys
from pathlib import Path
from syncd.tokens import TokenFile
tokens = TokenFile(Path(sys.argv[1]), "work")
for _ in range(50):
    with tokens.locked():
        tokens.write(str(int(tokens.read() or 0) + 1))
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "state" / "tokens", "work")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


# ------------------------------------------------------------------------------- kept and forgotten


def test_what_was_written_last_is_read_until_it_is_erased(tokens: TokenFile) -> None:
    assert tokens.read() is None
    tokens.write("first")
    tokens.write("Zoë, last")
    assert tokens.read() == "Zoë, last"
    tokens.erase()
    tokens.erase()
    assert tokens.read() is None


def test_accounts_have_files_of_their_own(tokens: TokenFile) -> None:
    other = TokenFile(tokens.folder, "home")
    tokens.write("of work")
    other.write("of home")
    other.erase()
    assert tokens.read() == "of work"


def test_who_takes_the_lock_takes_away_what_a_process_left_that_died_while_it_wrote(tokens: TokenFile) -> None:
    tokens.write("text")
    leftover, neighbour = tokens.folder / ".work.x1y2z3", tokens.folder / ".work-calendar.x1y2z3"
    leftover.write_text("half of a sec")
    neighbour.write_text("of another account")
    with tokens.locked():
        assert {one.name for one in tokens.folder.iterdir()} == {"work.json", "work.lock", neighbour.name}


def test_erasing_forgets_what_a_process_left_that_died_while_it_wrote(tokens: TokenFile) -> None:
    tokens.write("text")
    leftover, neighbour = tokens.folder / ".work.x1y2z3", tokens.folder / ".work-calendar.x1y2z3"
    leftover.write_text("half of a sec")
    neighbour.write_text("of another account")
    tokens.erase()
    assert [one.name for one in tokens.folder.iterdir()] == [neighbour.name]


# ------------------------------------------------------------------------------- for the owner alone


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_sign_in_is_for_its_owner_alone_whatever_the_umask(tokens: TokenFile, mask: int) -> None:
    with umask(mask), tokens.locked():
        tokens.write("text")
    assert {one.name: mode(one) for one in tokens.folder.iterdir()} == {"work.json": 0o600, "work.lock": 0o600}
    assert mode(tokens.folder) == 0o700


@pytest.mark.parametrize("use", [TokenFile.write, lambda tokens, _: tokens.locked().__enter__()])
def test_a_folder_that_others_may_enter_is_closed_to_them(tokens: TokenFile, use: Use) -> None:
    tokens.folder.mkdir(parents=True)
    tokens.folder.chmod(0o755)
    use(tokens, "text")
    assert mode(tokens.folder) == 0o700


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o620])
def test_a_sign_in_that_others_can_reach_is_refused_with_the_command_that_closes_it(
    tokens: TokenFile, loose: int
) -> None:
    tokens.write("text")
    tokens.path.chmod(loose)
    with pytest.raises(AuthRequired, match="Others on this machine") as refusal:
        tokens.read()
    assert refusal.value.hint.startswith(f"Type: chmod 600 {tokens.path};")
    assert "text" not in str(refusal.value)
    subprocess.run(["/bin/chmod", "600", tokens.path], check=True)  # noqa: S603 - what the hint says
    assert tokens.read() == "text"


def test_a_sign_in_that_others_can_read_is_closed_by_the_next_one(tokens: TokenFile) -> None:
    tokens.write("text")
    tokens.path.chmod(0o644)
    tokens.write("new")
    assert (tokens.read(), mode(tokens.path)) == ("new", 0o600)


# ------------------------------------------------------------------------------- whole or not at all


def test_a_damaged_file_is_said_with_the_way_out(tokens: TokenFile) -> None:
    tokens.write("text")
    tokens.path.write_bytes(b"\xff\xfe")
    with pytest.raises(AuthRequired, match="is damaged") as refusal:
        tokens.read()
    assert refusal.value.hint == f"Type: rm {tokens.path} && syncd auth work"


def test_a_folder_in_the_way_is_a_sentence_for_every_use(tokens: TokenFile) -> None:
    tokens.path.mkdir(parents=True)
    (tokens.folder / "work.lock").mkdir()
    with pytest.raises(AuthRequired, match="Is a directory") as refusal:
        tokens.read()
    assert refusal.value.hint == f"See who may: ls -ld {tokens.folder} {tokens.path}"
    uses: tuple[Callable[[], object], ...] = (
        lambda: tokens.write("text"),
        tokens.erase,
        lambda: tokens.locked().__enter__(),
    )
    for use in uses:
        with pytest.raises(StoreError) as failure:
            use()
        assert failure.value.hint
        assert failure.value.exit is Exit.CANNOT_WRITE
    assert [one.name for one in sorted(tokens.folder.iterdir())] == ["work.json", "work.lock"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if mount is None or os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603 - a tmpfs for this test
        pytest.skip("only root, where it may mount, can make a small disk")
    yield disk
    subprocess.run(["/bin/umount", disk], check=True)  # noqa: S603 - the tmpfs of this test


def test_a_full_disk_leaves_the_old_sign_in_and_nothing_else(small_disk: Path) -> None:
    tokens = TokenFile(small_disk / "tokens", "work")
    tokens.write("old")
    with pytest.raises(StoreError, match="No space left on device") as refusal:
        tokens.write("new" * 50_000)
    assert refusal.value.exit is Exit.CANNOT_WRITE
    assert refusal.value.hint.endswith("then type the same command again.")
    assert tokens.read() == "old"
    assert [one.name for one in tokens.folder.iterdir()] == ["work.json"]


# ------------------------------------------------------------------------------- one at a time


def program(text: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - this very Python, on a program of this file
        [sys.executable, "-c", text, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_who_wants_the_lock_waits_for_the_other_process_and_reads_what_it_wrote(tokens: TokenFile) -> None:
    tokens.write("ours")
    with program(HOLD, tokens.folder) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        waiting = program(HOLD, tokens.folder)
        with waiting:
            assert waiting.stdin
            assert waiting.stdout
            waiting.stdin.write("\n")
            waiting.stdin.flush()
            assert tokens.read() == "ours"
            other.communicate("\n")
            assert waiting.stdout.readline() == "locked\n"
            assert waiting.stdout.readline() == "written\n"
    assert tokens.read() == "ours and theirs and theirs"


def test_refreshes_of_several_processes_lose_nothing(tokens: TokenFile) -> None:
    several = [program(ADD, tokens.folder) for _ in range(3)]
    for one in several:
        one.communicate()
    assert tokens.read() == "150"


def test_a_process_that_dies_leaves_no_lock(tokens: TokenFile) -> None:
    with program(HOLD, tokens.folder) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        other.kill()
    with tokens.locked():
        tokens.write("mine")


# ------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..", ".", "", "a/b", "a\nb", "a b", "*", "Zoë", "x" * 300, "日" * 90]
)
def test_no_name_of_an_account_leads_out_of_the_folder(tokens: TokenFile, name: str) -> None:
    odd = TokenFile(tokens.folder, name)
    with odd.locked():
        odd.write(name)
    assert odd.read() == name
    assert odd.path.resolve().parent == tokens.folder.resolve()
    assert len(list(tokens.folder.iterdir())) == 2
    odd.erase()
    assert [one.suffix or one.name for one in tokens.folder.iterdir()] == [".lock"]


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_two_accounts_never_share_a_file(names: list[str]) -> None:
    one, other = (TokenFile(Path("/tokens"), name).path for name in names)
    assert one != other
    assert one.parent == other.parent == Path("/tokens")
    assert len(one.name.encode()) < 240


def test_plain_names_stay_as_they_are(tokens: TokenFile) -> None:
    assert TokenFile(tokens.folder, "personal-calendar_2").path.name == "personal-calendar_2.json"


def test_sign_ins_of_nobody_are_found(tokens: TokenFile) -> None:
    other = TokenFile(tokens.folder, "a/b.c")
    assert left_over(tokens.folder, ()) == ()
    for one in (tokens, other):
        with one.locked():
            one.write("kept")

    assert left_over(tokens.folder, (tokens.account, other.account)) == ()
    assert left_over(tokens.folder, (tokens.account,)) == (other.path,)

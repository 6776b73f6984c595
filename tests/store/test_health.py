"""How the database itself is, on both kinds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from syncd.model import Letter, LetterState
from syncd.store import Store
from syncd.store.health import examine, file_of, newest_letter
from syncd.store.schema import VERSION

DAY = date(2026, 11, 20)


def test_a_whole_database_says_what_it_is(store: Store, url: str) -> None:
    health = examine(store)
    assert health.kind.partition(" ")[0] == ("SQLite" if url.startswith("sqlite") else "PostgreSQL")
    assert (health.schema, health.faults) == (VERSION, ())
    assert health.size > 0


def test_damage_is_named(tmp_path: Path) -> None:
    file = tmp_path / "syncd.db"
    with Store.open(f"sqlite:///{file}") as store:
        for day in range(40):
            store.post(Letter(DAY - timedelta(days=day), f"<{day}@x>", "e@x.example", b"x" * 3000), [f"p:{day:08x}"])
        assert examine(store).faults == ()
    whole = file.read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    file.write_bytes(whole[:middle] + b"\xff" * 8 * 4096 + whole[middle + 8 * 4096 :])
    with Store.open(f"sqlite:///{file}") as store:
        assert examine(store).faults


def test_the_newest_letter_is_told_in_whatever_state(store: Store) -> None:
    assert newest_letter(store) is None
    for ahead, state in enumerate((LetterState.SENT, LetterState.FAILED, LetterState.SKIPPED)):
        store.post(Letter(DAY + timedelta(days=ahead), f"<{ahead}@x>", "e@x.example", b"x", state), [])
        newest = newest_letter(store)
        assert newest
        assert newest.state is state


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:////var/lib/syncd/syncd.db", Path("/var/lib/syncd/syncd.db")),
        ("sqlite:////srv/a.db?timeout=3", Path("/srv/a.db")),
        ("postgresql://localhost/syncd", None),
        ("what is this", None),
    ],
)
def test_the_file_of_a_database_is_told_by_its_address(url: str, file: Path | None) -> None:
    assert file_of(url) == file

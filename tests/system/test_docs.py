"""What the documents promise: two commands of one line each, files that exist, every header field that is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors._mail import FIELDS
from syncd.config import load
from syncd.render import render_text
from tests.system.world import digest_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN_AT = datetime(2025, 6, 10, 5, 30, tzinfo=UTC)
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_two_commands_stand_alone_one_ends_in_the_demo_and_one_in_the_tests() -> None:
    commands = [text.strip() for kind, text in BLOCKS if kind == "sh" and "venv" in text]
    assert [command.count("\n") for command in commands] == [0, 0]
    assert commands[0].endswith("/syncd demo")
    assert commands[1].endswith("/pytest")


def test_every_file_it_names_exists() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", README)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_digest_it_shows_is_one_that_syncd_writes(tmp_path: Path) -> None:
    digest, policy = digest_of(tmp_path, SHOWN_AT)
    written = render_text(digest, policy)
    shown = next(text for kind, text in BLOCKS if kind == "text")
    place = 0
    for paragraph in shown.strip("\n").split("\n\n"):
        place = written.find(paragraph.strip("\n"), place)
        assert place >= 0, f"not in the digest, or not in this order:\n{paragraph}\n\n{written}"


@pytest.mark.parametrize("page", ["architecture.md", "connectors.md", "privacy.md"])
def test_every_file_a_page_names_exists(page: str) -> None:
    named = re.findall(
        r"`((?:syncd|connectors|tests|docs|benchmarks)/[\w./-]+)`", (ROOT / "docs" / page).read_text("utf-8")
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_configuration_it_shows_is_right(tmp_path: Path) -> None:
    shown = next(text for kind, text in BLOCKS if kind == "toml")
    (tmp_path / "config.toml").write_text(shown, encoding="utf-8")
    assert set(load(tmp_path / "config.toml").accounts) == {"mail", "calendar"}


def test_pinned_versions_name_no_host() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_the_privacy_page_lists_every_header_field_that_is_read_and_no_other() -> None:
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)[1:]
    assert sorted(field for row in rows for field in row.split(", ")) == sorted(FIELDS)

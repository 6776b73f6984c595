"""The README's promises about itself: two commands, one line each, and a digest that syncd really writes."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
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


def test_pinned_versions_name_no_host() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")

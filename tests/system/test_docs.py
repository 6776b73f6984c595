"""What the documents promise: commands that work, files and tests that exist, every connector, every field asked."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors import (
    _gmail_message,
    _outlook_calendar_event,
    _outlook_calendar_views,
    _outlook_mail_folders,
    _outlook_mail_message,
)
from connectors._google_calendar_events import TITLE, WANTED
from connectors._google_scopes import CALENDAR_SCOPES, GMAIL_SCOPES
from connectors._mail import FIELDS
from connectors._microsoft_scopes import CALENDARS, MAIL
from syncd.config import load
from syncd.render import render_text
from tests.system.world import digest_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN_AT = datetime(2025, 6, 10, 5, 30, tzinfo=UTC)
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONNECTORS = PROJECT["entry-points"]["syncd.connectors"]
PAGES = sorted(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md"))


def read(page: Path | str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def cells(page: Path | str) -> list[list[str]]:
    """The rows of all tables of a page."""
    rows = re.findall(r"^\| (.*) \|$", read(page), re.MULTILINE)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows]


def test_two_commands_stand_alone_one_ends_in_the_demo_and_one_in_the_tests() -> None:
    commands = [text.strip() for kind, text in BLOCKS if kind == "sh" and "venv" in text]
    assert [command.count("\n") for command in commands] == [0, 0]
    assert commands[0].endswith("/syncd demo")
    assert commands[1].endswith("/pytest")


@pytest.mark.parametrize("page", [Path("README.md"), Path("benchmarks/README.md"), *PAGES], ids=str)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", read(page))
    assert [name for name in named if not (ROOT / page.parent / name).exists()] == []


def test_the_readme_leads_to_every_page_of_the_docs_but_decisions() -> None:
    named = set(re.findall(r"\]\(([^)#:]+)\)", README))
    assert {str(page) for page in PAGES if "decisions" not in page.parts} <= named


def test_the_digest_it_shows_is_one_that_syncd_writes(tmp_path: Path) -> None:
    digest, policy = digest_of(tmp_path, SHOWN_AT)
    written = render_text(digest, policy)
    shown = next(text for kind, text in BLOCKS if kind == "text")
    place = 0
    for paragraph in shown.strip("\n").split("\n\n"):
        place = written.find(paragraph.strip("\n"), place)
        assert place >= 0, f"not in the digest, or not in this order:\n{paragraph}\n\n{written}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`((?:syncd|connectors|tests|docs|benchmarks|systemd)/[\w./-]+)`", read(page))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_test_a_page_names_exists(page: Path) -> None:
    there = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert [name for name in re.findall(r"`(test_\w+)`", read(page)) if name not in there] == []


def test_the_map_has_every_room_of_the_connectors_and_no_other() -> None:
    named = set(re.findall(r"`(?:connectors/)?(_\w+\.py)`", read("docs/architecture.md")))
    assert named == {path.name for path in (ROOT / "connectors").glob("_*.py")} - {"__init__.py"}


def test_the_map_names_rooms_and_servers_that_are_there() -> None:
    named = re.findall(r"`(\w+\.(?:py|json))`", read("docs/architecture.md"))
    places = [ROOT / "connectors", ROOT / "tests" / "servers"]
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def test_every_connector_has_its_row_wherever_connectors_are_listed() -> None:
    for page in ("README.md", "docs/connectors.md", "docs/architecture.md"):
        assert set(CONNECTORS) <= {row[0].strip("`") for row in cells(page)}, page


def test_every_connector_has_a_grade() -> None:
    grades = {row[0].strip("`"): row[1] for row in cells("docs/connectors.md") if row[0].strip("`") in CONNECTORS}
    graded = {
        row[0].strip("`"): row[1] for row in cells("docs/connectors.md") if row[1] in {"bronze", "silver", "gold"}
    }
    assert set(graded) == set(grades) == set(CONNECTORS)


def test_what_the_readme_installs_can_be_installed() -> None:
    extras = {name for group in re.findall(r"\[([\w,]+)\]['\"]", README) for name in group.split(",")}
    assert {"google", "microsoft", "test"} <= extras <= set(PROJECT["optional-dependencies"])


def test_every_benchmark_and_proof_says_how_it_is_run() -> None:
    folder = ROOT / "benchmarks"
    programs = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.*")
        if path.suffix == ".sh" or (path.suffix == ".py" and '__name__ == "__main__"' in path.read_text("utf-8"))
    }
    rows = {row[0].strip("`").partition(" ")[0] for row in cells("benchmarks/README.md")}
    assert rows - {"script"} == {name for name in programs if not name.startswith("generate_")}


def test_the_configuration_it_shows_is_right(tmp_path: Path) -> None:
    first, second = (text for kind, text in BLOCKS if kind == "toml")
    (tmp_path / "config.toml").write_text(first, encoding="utf-8")
    assert set(load(tmp_path / "config.toml").accounts) == {"mail", "calendar"}
    (tmp_path / "config.toml").write_text(first + second, encoding="utf-8")
    types = {account.options.type for account in load(tmp_path / "config.toml").accounts.values()}
    assert types == {"imap", "ics", "gmail", "outlook-calendar"}


def test_pinned_versions_name_no_host() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_the_privacy_page_lists_every_header_field_that_is_read_and_no_other() -> None:
    mail = read("docs/privacy.md").partition("\n## ")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", mail, re.MULTILINE)[1:]
    assert sorted(field for row in rows for field in row.split(", ")) == sorted(FIELDS)


def test_the_privacy_page_lists_what_is_asked_of_every_provider() -> None:
    listed = {row[0]: re.sub(r"[` ]", "", row[1]) for row in cells("docs/privacy.md") if len(row) == 3}
    assert listed["a message at Gmail"] == _gmail_message.FIELDS
    assert listed["an event at Google"] == WANTED
    assert TITLE == "summary"
    assert listed["a message at Microsoft"] == _outlook_mail_message.selection(subjects=False)
    assert listed["an event at Microsoft"] == ",".join(_outlook_calendar_event.FIELDS)
    assert listed["a folder at Microsoft"] == _outlook_mail_folders._PAGE["$select"]
    assert listed["a calendar at Microsoft"] == _outlook_calendar_views._CALENDAR_FIELDS


def test_the_privacy_page_names_every_permission() -> None:
    asked = {*GMAIL_SCOPES, *CALENDAR_SCOPES, MAIL, CALENDARS}
    named = {row[1].strip("`") for row in cells("docs/privacy.md") if row[0].strip("`") in CONNECTORS}
    assert named == {scope.rpartition("/")[2].removeprefix("auth/") for scope in asked}

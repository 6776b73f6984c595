"""`syncd demo` shows all of syncd, and the reading commands speak JSON that a program can rely on."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from syncd.model import SectionKind
from tests.system.shell import Shell
from tests.system.world import digest_of

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

SECTIONS = ["notice", "today", "quiet", "owed", "week", "lost"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(home: Path) -> subprocess.CompletedProcess[str]:
    return Shell(home).run("demo", "--folder", home / "world")


@pytest.fixture(scope="module")
def world(home: Path, demo: subprocess.CompletedProcess[str]) -> Shell:
    """A terminal in the world that the demo left behind."""
    assert demo.returncode == 0, demo.stderr
    return Shell(home, {"SYNCD_CONFIG": str(home / "world" / "config.toml")})


@pytest.fixture(scope="module")
def people(world: Shell) -> dict[str, dict[str, Any]]:
    """What `syncd people --json` says, by name."""
    return {person["name"]: person for person in world.json("people")}


def test_the_demo_ends_well_and_prints_people_and_a_digest(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stderr
    assert "Marta Bianchi" in demo.stdout
    assert re.search(r"^GOING QUIET$", demo.stdout, re.MULTILINE)


def test_the_demo_says_where_the_html_is_and_it_is_there(demo: subprocess.CompletedProcess[str], home: Path) -> None:
    named = re.search(r"\S+/digest\.html", demo.stdout + demo.stderr)
    assert named
    assert named[0] == str(home / "world" / "digest.html")
    assert (home / "world" / "digest.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_demo_shows_every_section(world: Shell) -> None:
    digest = world.json("digest")
    assert [section["kind"] for section in digest["sections"]] == SECTIONS
    shown = {section["kind"]: section["entries"] for section in digest["sections"]}
    assert {kind: len(entries) for kind, entries in shown.items() if kind in {"notice", "today", "quiet", "lost"}} == {
        "notice": 1,
        "today": 2,
        "quiet": 5,
        "lost": 1,
    }
    assert {entry["name"] for entry in shown["owed"]} == {"Dewi Lestari", "James Whitfield"}
    assert shown["lost"][0]["name"] == "Samuel Adeyemi"
    assert len(shown["week"]) >= 3


WEEK = [datetime(2025, 3, 3 + day, hour, 40, tzinfo=UTC) for day, hour in enumerate((0, 5, 9, 13, 17, 21, 22))]


@pytest.mark.parametrize("now", [*WEEK, datetime(2024, 2, 29, 6, tzinfo=UTC)], ids=lambda now: f"{now:%a-%H%M-%Y}")
def test_every_section_is_shown_whatever_the_weekday_and_the_hour(now: datetime, tmp_path: Path) -> None:
    digest, _ = digest_of(tmp_path, now)
    shown = {section.kind: len(section.entries) for section in digest.sections}
    assert list(shown) == SECTIONS
    assert (shown[SectionKind.QUIET], shown[SectionKind.OWED], shown[SectionKind.LOST]) == (5, 2, 1)
    assert len(digest.withheld) >= 2


def test_nobody_is_named_whom_the_owner_meets_within_three_days(world: Shell) -> None:
    sections = {section["kind"]: section["entries"] for section in world.json("digest")["sections"]}
    assert {"Luca Ferri", "Sara Lindqvist"}.isdisjoint(entry["name"] for entry in sections["quiet"])


def test_machines_lists_and_strangers_are_nobody(people: dict[str, dict[str, Any]]) -> None:
    addresses = {address for person in people.values() for address in person["addresses"]}
    assert {"Karen Blake", "Market Hall", "The Broadsheet Weekly", "Aldo Neri", "Elena Conti"}.isdisjoint(people)
    assert not {address for address in addresses if re.match(r"notifications|no-reply|news|mailer-daemon", address)}


def test_two_addresses_of_one_person_are_one_and_two_people_of_one_first_name_are_two(
    people: dict[str, dict[str, Any]],
) -> None:
    assert people["Tom Okafor"]["addresses"] == ["tom.okafor@heliolabs.example", "tom.okafor@tidewell.example"]
    assert sorted(people["Marta Bianchi"]["addresses"]) == ["marta.bianchi@archway.example", "marta@bianchi.example"]
    assert people["Marta Ricci"]["addresses"] == ["marta.ricci@example.com"]


def test_people_have_the_promised_shape(people: dict[str, dict[str, Any]]) -> None:
    assert {" ".join(person) for person in people.values()} == {
        "id name addresses circle state last interactions sent received met p_alive reason"
    }
    for person in people.values():
        assert re.fullmatch(r"p:[0-9a-f]{8}", person["id"])
        assert person["last"].endswith("Z")
        assert datetime.fromisoformat(person["last"]).tzinfo
        assert 0 <= person["p_alive"] <= 1
        assert person["state"] in {"warm", "cooling", "cold", "lost"}
        assert person["interactions"] > 0


def test_status_has_the_promised_shape_and_reports_the_account_in_trouble(world: Shell) -> None:
    status = world.json("status", code=1)
    assert list(status) == ["accounts", "people", "interactions", "next_digest", "daemon", "letter"]
    assert {" ".join(account) for account in status["accounts"]} == {
        (
            "name connector state last_sync observations unreadable error progress "
            "hint failing_since failures retry_at next_poll"
        )
    }
    accounts = {account["name"]: account for account in status["accounts"]}
    assert accounts["mail"]["state"] == "ok"
    assert accounts["mail"]["error"] is None
    assert accounts["club"]["observations"] == 0
    assert "events.ics" in accounts["club"]["error"]


def test_digest_and_sync_have_the_promised_shape(world: Shell) -> None:
    digest = world.json("digest")
    assert {"date", "sections", "withheld"} <= set(digest)
    assert date.fromisoformat(digest["date"]).year >= 2026
    again = world.json("sync", "mail", "calendar")
    assert again == {
        "accounts": [
            {"name": "mail", "new": 0, "unreadable": 0, "error": None},
            {"name": "calendar", "new": 0, "unreadable": 0, "error": None},
        ]
    }


def test_explain_proves_a_line_and_says_why_somebody_is_not_shown(world: Shell) -> None:
    shown = world.run("explain", "Marta Bianchi")
    assert shown.returncode == 0
    assert "mentors" in shown.stdout
    ignored = world.run("explain", "Karen Blake")
    assert ignored.returncode == 0
    assert ignored.stdout.strip()
    assert world.run("explain", "Marta").returncode == 2


def test_the_digest_goes_out_once_a_day(world: Shell) -> None:
    first, second = world.run("digest", "send"), world.run("digest", "send")
    assert (first.returncode, second.returncode) == (0, 0)
    assert "Subject:" in first.stdout
    assert second.stdout == ""

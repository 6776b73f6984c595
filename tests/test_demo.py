"""The demo world is believable, harmless, and the same for the same moment."""

from __future__ import annotations

import mailbox
import re
import tomllib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.demo import DemoWorld, write_world
from syncd.demo.calendar import make_calendar
from syncd.demo.cast import CAST, ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

NOW = datetime(2026, 10, 6, 6, 30, tzinfo=UTC)

FREE_FOR_EXAMPLES = re.compile(r"(\.example|(^|\.)example\.(com|net|org))$")

moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> DemoWorld:
    return write_world(tmp_path_factory.mktemp("world"), NOW)


def letters(world: DemoWorld) -> Iterator[Message]:
    for name in ("INBOX", "Sent"):
        with closing(mailbox.mbox(world.config.parent / "mail" / name, create=False)) as box:
            yield from box


def addresses(letter: Message) -> list[str]:
    fields = (str(value) for name in ("From", "To", "Reply-To") for value in letter.get_all(name, ()))
    return [address for _, address in getaddresses(list(fields))]


def test_the_world_says_how_much_is_in_it(world: DemoWorld) -> None:
    assert world.people == len(CAST) >= 35
    assert world.messages == sum(1 for _ in letters(world)) > 1500


def test_every_address_is_one_that_nobody_can_own(world: DemoWorld) -> None:
    domains = {address.rpartition("@")[2] for letter in letters(world) for address in addresses(letter)}
    assert [domain for domain in sorted(domains) if not FREE_FOR_EXAMPLES.search(domain)] == []


def test_no_letter_comes_from_the_future(world: DemoWorld) -> None:
    assert max(parsedate_to_datetime(letter["Date"]) for letter in letters(world)) <= NOW


def test_every_answer_names_a_letter_that_exists_and_came_before(world: DemoWorld) -> None:
    dates = {letter["Message-ID"]: parsedate_to_datetime(letter["Date"]) for letter in letters(world)}
    assert len(dates) == world.messages, "a Message-ID was used twice"
    answers = [letter for letter in letters(world) if letter["In-Reply-To"]]
    assert len(answers) > world.messages / 4
    for letter in answers:
        assert dates[letter["In-Reply-To"]] <= dates[letter["Message-ID"]]


def test_subjects_are_in_several_languages(world: DemoWorld) -> None:
    subjects = {str(make_header(decode_header(letter["Subject"]))) for letter in letters(world)}
    assert {"AW: Rückfrage zum Angebot", "R: Perché no?", "Devis révisé", "Kabar dari Bandung"} <= subjects


def test_the_configuration_names_one_file_that_is_not_there(world: DemoWorld) -> None:
    accounts = tomllib.loads(world.config.read_text(encoding="utf-8"))["accounts"]
    assert {name: (world.config.parent / account["path"]).exists() for name, account in accounts.items()} == {
        "mail": True,
        "calendar": True,
        "club": False,
    }


def test_the_same_moment_makes_the_same_world(world: DemoWorld, tmp_path: Path) -> None:
    write_world(tmp_path, NOW)
    for name in ("mail/INBOX", "mail/Sent", "calendar.ics"):
        assert (tmp_path / name).read_bytes() == (world.config.parent / name).read_bytes()


@settings(max_examples=25, deadline=None)
@given(now=moments)
def test_two_meetings_are_ahead_today_and_one_tomorrow_whatever_the_moment(now: datetime) -> None:
    here = now.astimezone(ZONE)
    starts = [
        start
        for event in make_calendar(here).events
        if "RRULE" not in event and isinstance(start := event.start, datetime) and start >= here.replace(microsecond=0)
    ]
    ahead = [start.astimezone(ZONE).date() - here.date() for start in sorted(starts)]
    assert ahead == [timedelta(), timedelta(), timedelta(days=1)]


@settings(max_examples=10, deadline=None)
@given(now=moments)
def test_the_former_job_ended_a_year_ago_this_week_and_a_birthday_is_tomorrow(now: datetime) -> None:
    with TemporaryDirectory() as folder:
        config = tomllib.loads(write_world(Path(folder), now).config.read_text(encoding="utf-8"))
    today = now.astimezone(ZONE).date()
    left = config["me"]["jobs"][1]["until"]
    assert timedelta(days=365 - 7) < today + timedelta(days=7) - left < timedelta(days=366 + 7)
    assert config["people"]["aiko.tanaka@tidewell.example"]["birthday"] == f"{today + timedelta(days=1):%m-%d}"

"""The digest of one morning in an invented year, as it was approved.

`golden/year.json` is the year, `golden/morning.json` the digest. After a wanted change, read the new one and keep it:
python -m tests.pipeline.test_digest_golden
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.model import (
    Appointment,
    Direction,
    Interaction,
    InteractionKind,
    Phrase,
    Source,
    Verdict,
    VerdictKind,
)
from syncd.pipeline.digest import compose
from syncd.pipeline.policy import DEFAULT_RULES, Job, Me, PersonPolicy, Policy, Rule, When
from tests.pipeline.diary import both_wrote, heard, how_it_stands, met, person, wrote

if TYPE_CHECKING:
    from syncd.model import Digest, Touch

GOLDEN = Path(__file__).parent / "golden"
SERIES = re.compile(r"every (\d+) days from (\S+) to (\S+)(?: at (\S+))?")
LINE = re.compile(r"(\S+) (in|out|met|bulk)(?: at (\S+))?(?:: (.*))?")


def touches_of(line: str) -> list[Touch]:
    """One line of a history."""
    if series := SERIES.fullmatch(line):
        days, first, last, address = series.groups()
        return both_wrote(first, last, int(days), address or "")
    found = LINE.fullmatch(line)
    assert found, line
    day, kind, address, subject = found[1], found[2], found[3] or "", found[4] or ""
    if kind == "met":
        return [met(day, subject)]
    if kind == "out":
        return [wrote(day, subject, address=address)]
    return [heard(day, subject, address=address, verdict=VerdictKind.BULK if kind == "bulk" else VerdictKind.HUMAN)]


def day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def meeting_of(number: int, one: Any) -> Interaction:  # noqa: ANN401 - a JSON document
    at = datetime.fromisoformat(one["at"])
    human = Verdict(VerdictKind.HUMAN, "")
    until = at + timedelta(hours=1)
    return Interaction(number, InteractionKind.MEETING, at, until, Direction.MUTUAL, (), human, (), one["title"])


def morning(year: Any) -> Digest:  # noqa: ANN401 - a JSON document
    """The digest of the morning that the year ends with."""
    now = datetime.fromisoformat(year["now"]).astimezone(UTC)
    jobs = tuple(
        Job(job["name"], tuple(job["domains"]), day_of(job["since"]), day_of(job.get("until"))) for job in year["jobs"]
    )
    rules = tuple(
        Rule(rule["name"], When(domain=(rule["domain"],)), rule["circle"], rule["place"]) for rule in year["rules"]
    )
    people = tuple(
        PersonPolicy(
            one["addresses"][0],
            **{**one["settings"], "company_since": day_of(one["settings"].get("company_since"))},
        )
        for one in year["people"]
        if "settings" in one
    )
    policy = Policy(Me("Davide Conti", (), "Europe/Rome", jobs=jobs), rules=(*rules, *DEFAULT_RULES), people=people)
    relationships = [
        how_it_stands(
            [touch for line in one["history"] for touch in touches_of(line)],
            policy=policy, now=now, name=one["name"], addresses=tuple(one["addresses"]),
        )
        for one in year["people"]
    ]  # fmt: skip
    agenda = [
        Appointment(meeting_of(number, one), tuple(person(name).id for name in one["people"]))
        for number, one in enumerate(year["agenda"])
    ]
    sources = [Source(one["account"], "imap", now - timedelta(minutes=one["minutes"])) for one in year["sources"]]
    return compose(relationships, agenda, policy, now, {}, sources)


def as_json(value: object) -> object:
    """The digest as plain values; a phrase is its name and what it holds."""
    if isinstance(value, Phrase):
        held = ", ".join(f"{name}={as_json(content)}" for name, content in value.values)
        return f"{value.code}({held})"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [as_json(one) for one in value]
    if hasattr(value, "__slots__"):
        return {name: as_json(held) for name in value.__slots__ if (held := getattr(value, name)) not in ("", (), None)}
    return value


def written() -> str:
    """The approved form of the digest of golden/year.json."""
    year = json.loads((GOLDEN / "year.json").read_text())
    return json.dumps(as_json(morning(year)), indent=1, ensure_ascii=False) + "\n"


def test_the_digest_of_a_morning_is_the_one_that_was_approved() -> None:
    assert written() == (GOLDEN / "morning.json").read_text()


if __name__ == "__main__":
    (GOLDEN / "morning.json").write_text(written())

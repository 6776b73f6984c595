"""Who is the same person: pairs of addresses that `resolve` puts together, against author files and mailmaps.

DIR holds `idents.tsv` (raw_name, raw_email, commits, first_date, last_date, canonical_name) and `persons.tsv` (person,
raw_name, raw_email), or folders that do.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.model import Sighting
from syncd.pipeline.identity import resolve
from syncd.pipeline.normalize import domain_of, name_key, normal_address
from syncd.pipeline.own_addresses import OwnAddresses

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    Pairs = set[tuple[str, str]]

_UNDATED = "2015-01-01"
_NOT_AN_AUTHOR_FILE = frozenset({"idents.tsv", "persons.tsv", "mailmap"})


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command `identity DIR [--errors]`."""
    parser = subparsers.add_parser("identity", help="who is the same person, pairwise over addresses")
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds idents.tsv and persons.tsv, or folders that do")
    parser.add_argument("--errors", action="store_true", help="print each wrong, missed and unlisted pair on stderr")
    parser.set_defaults(run=lambda chosen: measure(chosen.folder, errors=chosen.errors))


@dataclass(frozen=True, slots=True)
class Project:
    """What is known of one history: who was seen, who is one person, which canonical names an address has."""

    name: str
    seen: tuple[Sighting, ...]
    judged: frozenset[str]
    right: frozenset[tuple[str, str]]
    canonical: dict[str, set[str]]
    has_author_file: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The pairs of one project: those that `resolve` found, and those of an identical full name alone."""

    project: Project
    found: frozenset[tuple[str, str]]
    same_name: frozenset[tuple[str, str]]
    because: dict[str, str]

    @property
    def false_merges(self) -> Pairs:
        """Pairs found that the truth does not know as one person."""
        return set(self.found - self.project.right)

    @property
    def unlisted(self) -> Pairs:
        """Those of them to whom git's own mailmap gives one name: the truth is silent about them."""
        names = self.project.canonical
        return {(one, other) for one, other in self.false_merges if names[one] & names[other] - {""}}


def measure(folder: Path, *, errors: bool = False) -> dict[str, object]:
    """Precision and recall over all projects of a folder together, and for each.

    An address whose domain has no dot gets no mail (user@laptop, user@host.(none)); it is not judged, nor is one that
    the truth gives to several persons. Mailmaps are not complete: `precision` counts the projects with an author file
    where there are any, `precision_of_all` every project, a lower bound. `full_name_*`: an identical full name alone.

    Raises ValueError when the folder holds no project.
    """
    folders = (
        [folder] if (folder / "idents.tsv").is_file() else sorted(path.parent for path in folder.glob("*/idents.tsv"))
    )
    if not folders:
        raise ValueError(f"{folder} holds no idents.tsv, nor does a folder in it.")
    outcomes = [_outcome(_read(one)) for one in folders]
    if errors:
        for outcome in outcomes:
            _report(outcome)
    complete = [one for one in outcomes if one.project.has_author_file]
    return {
        "precision": _share(complete or outcomes, "found"),
        "recall": _found_of_right(outcomes, "found"),
        "false_merges": [
            {"project": one.project.name, "addresses": list(pair), "because": one.because[pair[1]]}
            for one in outcomes
            for pair in sorted(one.false_merges - one.unlisted)
        ],
        "full_name_precision": _share(complete or outcomes, "same_name"),
        "full_name_recall": _found_of_right(outcomes, "same_name"),
        "precision_of_all": _share(outcomes, "found"),
        "full_name_precision_of_all": _share(outcomes, "same_name"),
        "addresses": sum(len(one.project.judged) for one in outcomes),
        "pairs": sum(len(one.project.right) for one in outcomes),
        "unlisted": sum(len(one.unlisted) for one in outcomes),
        "rules": dict(_rules(outcomes)),
        "projects": {one.project.name: _figures(one) for one in outcomes},
    }


def _figures(outcome: Outcome) -> dict[str, object]:
    return {
        "addresses": len(outcome.project.judged),
        "pairs": len(outcome.project.right),
        "precision": _share([outcome], "found"),
        "recall": _found_of_right([outcome], "found"),
        "full_name_precision": _share([outcome], "same_name"),
        "full_name_recall": _found_of_right([outcome], "same_name"),
        "author_file": outcome.project.has_author_file,
    }


def _share(outcomes: Iterable[Outcome], which: str) -> float:
    """How many of the pairs found are right."""
    counted = [(len(found & one.project.right), len(found)) for one in outcomes for found in (_pairs_of(one, which),)]
    return _ratio(counted)


def _found_of_right(outcomes: Iterable[Outcome], which: str) -> float:
    """How many of the right pairs were found."""
    return _ratio([(len(_pairs_of(one, which) & one.project.right), len(one.project.right)) for one in outcomes])


def _pairs_of(outcome: Outcome, which: str) -> frozenset[tuple[str, str]]:
    return outcome.found if which == "found" else outcome.same_name


def _ratio(counted: Iterable[tuple[int, int]]) -> float:
    parts = list(counted)
    whole = sum(of for _, of in parts)
    return round(sum(part for part, _ in parts) / whole, 4) if whole else 1.0


def _rules(outcomes: Iterable[Outcome]) -> Counter[str]:
    """How many addresses each rule bound, by its sentence without the address and the handle in it."""
    found: Counter[str] = Counter()
    for one in outcomes:
        for because in one.because.values():
            rule = re.sub(r"(?<=goes by )\S+(?=,)|\S+@\S+?(?=[:.,]?(?:\s|$))", "...", because)
            found[rule] += 1
    return found


# --------------------------------------------------------------------------- reading


def _read(folder: Path) -> Project:
    canonical: defaultdict[str, set[str]] = defaultdict(set)
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    days: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in _rows(folder / "idents.tsv"):
        if address := normal_address(row.get("raw_email") or ""):
            commits = row.get("commits") or "1"
            names[address][row.get("raw_name") or ""] += int(commits) if commits.isdigit() else 1
            canonical[address].add(name_key(row.get("canonical_name") or ""))
            days[address] += [_day(row.get("first_date")), _day(row.get("last_date"))]
    seen = tuple(
        Sighting(one, _named(names[one]), min(days[one]), max(days[one]), names[one].total()) for one in sorted(names)
    )
    judged, right = _truth(folder / "persons.tsv", set(names))
    others = {path.name for path in folder.iterdir() if path.is_file()} - _NOT_AN_AUTHOR_FILE
    return Project(folder.resolve().name, seen, judged, right, canonical, bool(others))


def _named(names: Counter[str]) -> tuple[tuple[str, int], ...]:
    """As the store gives them: most frequent first, and no name is none."""
    return tuple(sorted(((name, count) for name, count in names.items() if name), key=lambda one: (-one[1], one[0])))


def _truth(path: Path, known: set[str]) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    of: defaultdict[str, set[str]] = defaultdict(set)
    for row in _rows(path):
        of[normal_address(row.get("raw_email") or "")].add(row.get("person") or "")
    judged = frozenset(
        one for one, persons in of.items() if len(persons) == 1 and one in known and "." in domain_of(one)
    )  # fmt: skip
    persons: defaultdict[str, set[str]] = defaultdict(set)
    for address in judged:
        persons[min(of[address])].add(address)
    return judged, frozenset(_pairs(persons.values()))


def _rows(path: Path) -> Iterator[dict[str, str | None]]:
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        rows = csv.DictReader((line.replace("\0", "") for line in lines), delimiter="\t", quoting=csv.QUOTE_NONE)
        if "raw_email" not in (rows.fieldnames or ()):
            raise ValueError(f"{path} has no column raw_email in its first line.")
        yield from rows


def _day(text: str | None) -> datetime:
    try:
        return datetime.fromisoformat(text or _UNDATED).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromisoformat(_UNDATED).replace(tzinfo=UTC)


# --------------------------------------------------------------------------- judging


def _outcome(project: Project) -> Outcome:
    identities = resolve(project.seen, (), (), (), OwnAddresses())
    by_name: defaultdict[str, set[str]] = defaultdict(set)
    for one in project.seen:
        for name, _ in one.names:
            if key := name_key(name):
                by_name[key].add(one.address)
    return Outcome(
        project,
        frozenset(_pairs(project.judged.intersection(person.addresses) for person in identities.people)),
        frozenset(_pairs(project.judged & addresses for addresses in by_name.values())),
        {alias.address: alias.because for alias in identities.aliases},
    )


def _pairs(groups: Iterable[Iterable[str]]) -> Pairs:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def _report(outcome: Outcome) -> None:
    names = {one.address: [name for name, _ in one.names[:3]] for one in outcome.project.seen}
    kinds = {
        "false": outcome.false_merges - outcome.unlisted,
        "unlisted": outcome.unlisted,
        "missed": set(outcome.project.right - outcome.found),
    }
    for kind, several in kinds.items():
        for first, second in sorted(several):
            shown = f"{first} {names[first]} {second} {names[second]}: {outcome.because[second]}"
            print(f"{outcome.project.name} {kind}: {shown}", file=sys.stderr)

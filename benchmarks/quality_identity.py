"""How well addresses are put together to people: pairs of addresses against author files and mailmaps.

Run: python benchmarks/quality_identity.py DATA [--errors]   (DATA holds identity/<project>/{idents,persons}.tsv)
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.model import Sighting
from syncd.pipeline.identity import resolve
from syncd.pipeline.normalize import name_key, normal_address
from syncd.pipeline.own_addresses import OwnAddresses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Pairs = set[tuple[str, str]]


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a TSV file with a header line."""
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def sightings(project: Path) -> list[Sighting]:
    """Every usable address of a project's history, as if each commit were a mail."""
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    days: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in rows(project / "idents.tsv"):
        if address := normal_address(row["raw_email"] or ""):
            commits = int(row["commits"] or 1) if (row["commits"] or "1").isdigit() else 1
            names[address][row["raw_name"]] += commits
            for day in (row["first_date"], row["last_date"]):
                days[address].append(datetime.fromisoformat(day or "2015-01-01").replace(tzinfo=UTC))
    return [
        Sighting(
            address, tuple(names[address].most_common()), min(days[address]), max(days[address]), names[address].total()
        )
        for address in sorted(names)
    ]


def truth(project: Path, known: set[str]) -> tuple[Pairs, set[str]]:
    """Pairs of addresses that are one person, and the addresses judged.

    A person whom an unusable address ("none@none", "") holds together in the source is not judged.
    """
    persons: defaultdict[str, set[str]] = defaultdict(set)
    spoilt: set[str] = set()
    for row in rows(project / "persons.tsv"):
        address = normal_address(row["raw_email"] or "")
        if address and "." in address.partition("@")[2]:
            persons[row["person"]].add(address)
        else:
            spoilt.add(row["person"])
    of: defaultdict[str, set[str]] = defaultdict(set)
    for person, addresses in persons.items():
        for address in addresses:
            of[address].add(person)
    judged = {one for one, whose in of.items() if len(whose) == 1 and not whose & spoilt} & known
    return pairs(addresses & judged for addresses in persons.values()), judged


def pairs(groups: Iterable[Iterable[str]]) -> Pairs:
    """Every pair within a group, in order."""
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def canonical(project: Path) -> dict[str, set[str]]:
    """The names that git gives an address after the mailmap."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows(project / "idents.tsv"):
        names[normal_address(row["raw_email"] or "")].add(name_key(row["canonical_name"] or ""))
    return names


def main() -> None:
    """Print a line for each project, then all together.

    Mailmaps are not exhaustive: `silent` are pairs of one canonical name that no line of the mailmap speaks about;
    they count neither for nor against. `wrong` are pairs of two canonical names.
    """
    show = "--errors" in sys.argv
    total: Counter[str] = Counter()
    print(HEAD)
    for project in sorted((Path(sys.argv[1]) / "identity").iterdir()):
        seen = sightings(project)
        right, judged = truth(project, {one.address for one in seen})
        people = resolve(seen, (), (), (), OwnAddresses()).people
        found = pairs(judged.intersection(one.addresses) for one in people)
        named = canonical(project)
        silent = {(one, other) for one, other in found - right if named[one] & named[other] - {""}}
        wrong = found - right - silent
        counts = Counter(
            addresses=len(judged), pairs=len(right), found=len(found), right=len(found & right), silent=len(silent),
            wrong=len(wrong),
        )  # fmt: skip
        total += counts
        report(project.name, counts)
        if show:
            names = {one.address: one.names[:3] for one in seen}
            for label, several in (("silent", silent), ("WRONG", wrong), ("missed", right - found)):
                for first, second in sorted(several):
                    print(f"    {label:7}{first} {names[first]}  {second} {names[second]}")
    report("together", total)


COLUMNS = ("addresses", "pairs", "found", "right", "silent", "wrong")
HEAD = f"{'project':24}" + "".join(f"{column:>10}" for column in (*COLUMNS, "precision", "recall"))


def report(name: str, counts: Counter[str]) -> None:
    """One line of the table."""
    judged = counts["right"] + counts["wrong"]
    precision = counts["right"] / judged if judged else 1.0
    recall = counts["right"] / counts["pairs"] if counts["pairs"] else 1.0
    print(f"{name:24}" + "".join(f"{counts[column]:>10}" for column in COLUMNS) + f"{precision:>10.4f}{recall:>10.3f}")


if __name__ == "__main__":
    main()

"""A store after a long disturbed life, beside that of one clean sync of the same mailboxes as they are at the end.

What was moved, deleted or renumbered meanwhile may stand in the first under a place that is no more; nothing else may
differ, and no exchange may count twice.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_EVIDENCE = slice(7, 9)
"""Where an interaction of a dump says which records it stands on."""
_MESSAGE_ID = 8


@dataclass(frozen=True, slots=True)
class Dump:
    """What a store holds: facts by their text, interactions by their id, without what they stand on."""

    facts: frozenset[str]
    interactions: dict[int, tuple[object, ...]]
    times: Counter[str]
    """How many interactions each Message-ID has."""

    @classmethod
    def of(cls, lines: Iterable[str]) -> Dump:
        """Sort what `Store.dump` says."""
        facts: set[str] = set()
        interactions: dict[int, tuple[object, ...]] = {}
        times: Counter[str] = Counter()
        for line in lines:
            kind, _, text = line.partition(" ")
            if kind == "fact":
                facts.add(text)
                continue
            row = json.loads(text)
            del row[_EVIDENCE]
            interactions[row[0]] = tuple(map(repr, row))
            times[row[_MESSAGE_ID]] += 1
        return cls(frozenset(facts), interactions, times)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong (`lost`, `doubled`, `changed`, `invented`), and how much more there is for a known reason."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    changed: tuple[str, ...]
    invented: tuple[str, ...]
    explained_facts: int
    explained_interactions: int

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.changed or self.invented)


def compare(soaked: Dump, clean: Dump, disturbed: Collection[str]) -> Difference:
    """How `soaked` differs from `clean`; a Message-ID among `disturbed` explains what only the first has."""
    lost = [f"fact {fact}" for fact in clean.facts - soaked.facts]
    lost += [f"interaction {clean.interactions[one]}" for one in clean.interactions.keys() - soaked.interactions.keys()]
    changed = [
        f"{soaked.interactions[one]} was {told}"
        for one, told in clean.interactions.items()
        if one in soaked.interactions and soaked.interactions[one] != told
    ]
    more_facts = soaked.facts - clean.facts
    more = [soaked.interactions[one] for one in soaked.interactions.keys() - clean.interactions.keys()]
    names = {name.strip("<>") for name in disturbed}
    invented = [f"fact {fact}" for fact in more_facts if not any(name in fact for name in _names_in(fact, names))]
    invented += [f"interaction {one}" for one in more if str(one[_MESSAGE_ID]).strip("'<>") not in names]
    doubled = [name for name, times in soaked.times.items() if name and times > 1]
    return Difference(
        tuple(sorted(lost)),
        tuple(sorted(doubled)),
        tuple(sorted(changed)),
        tuple(sorted(invented)),
        len(more_facts),
        len(more),
    )


def _names_in(fact: str, names: Collection[str]) -> list[str]:
    """Which of these Message-IDs a fact holds."""
    return [name for name in names if name in fact]


def say(found: Difference) -> None:
    """Print it."""
    print(f"  more than the clean store, of mail that was moved, deleted or renumbered: {found.explained_facts} facts, "
          f"{found.explained_interactions} interactions")  # fmt: skip
    for what in ("lost", "doubled", "changed", "invented"):
        cases = getattr(found, what)
        print(f"  {what}: {len(cases)}", *cases[:5], sep="\n    " if cases else "")

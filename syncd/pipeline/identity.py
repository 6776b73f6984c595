"""Which addresses are one person, and why: explainable rules, outranked by the owner's word.

A similar name never merges two people; the same full name does, unless something speaks against it. The result depends
on what was seen and decided, never on the order of either.
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING

from syncd.model import Alias, DecisionKind, Identities, Person
from syncd.pipeline.bonds import Bonds
from syncd.pipeline.machines import is_machine_address, is_namesake_domain, is_persons_name, is_role_address
from syncd.pipeline.normalize import (
    display_name,
    domain_of,
    mailbox_key,
    name_from_address,
    name_key,
    name_words,
    normal_address,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from syncd.model import Decision, Sighting
    from syncd.pipeline.own_addresses import OwnAddresses
    from syncd.pipeline.policy import PersonPolicy

_ALONE = "No other address is known to be theirs."


def resolve(
    sightings: Iterable[Sighting],
    namesakes: Iterable[tuple[str, str]],
    decisions: Sequence[Decision],
    people: Sequence[PersonPolicy],
    own: OwnAddresses,
) -> Identities:
    """Everybody who was seen, each with every address, and for each address why it is theirs.

    In this order, the earlier outranking the later: the owner's decisions (the newest first), `also` in the
    configuration, the same mailbox, the same full name. Two addresses are not merged for their name when they stood in
    one record as two people, or when both were active in one domain at the same time under addresses of one pattern.
    """
    seen = {one.address: one for one in sightings if one.address and one.address not in own}
    alone = {normal_address(one.subject) for one in decisions if one.kind is DecisionKind.DIFFERENT and not one.object}
    merge = _Merge({one.address: one for one in seen.values() if one.address in alone or not _is_owner(one, own)}, own)
    merge.by_decisions(decisions)
    merge.by_configuration(people)
    merge.by_mailbox()
    merge.by_name(namesakes)
    called = {normal_address(one.address): one.name for one in people if one.name}
    return _identities(merge, called)


class _Merge:
    """The rules at work; each leaves its sentence at the two addresses that it bound."""

    def __init__(self, seen: dict[str, Sighting], own: OwnAddresses) -> None:
        self.seen = seen
        self.reasons: dict[str, str] = {}
        self._bonds = Bonds()
        self._own = own
        self._alone: set[str] = set()  # the owner said that it is nobody else's address
        self._odd: set[str] = set()  # the owner said that it differs from another: among equals it yields

    def persons(self) -> list[list[str]]:
        """The addresses of each person."""
        return self._bonds.persons(self.seen)

    def by_decisions(self, decisions: Sequence[Decision]) -> None:
        ordered = sorted(decisions, key=lambda one: (one.at, one.kind, one.subject, one.object), reverse=True)
        for decision in ordered:
            subject, other = normal_address(decision.subject), normal_address(decision.object)
            if not subject or subject in self._own or other in self._own:
                continue
            if decision.kind is DecisionKind.SAME and other and not self._alone & {subject, other}:
                self._bind(subject, other, "You said that {} is the same person.")
            elif decision.kind is DecisionKind.DIFFERENT and other:
                self._bonds.part(subject, other)
                self._odd.add(subject)
            elif decision.kind is DecisionKind.DIFFERENT:
                self._alone.add(subject)

    def by_configuration(self, people: Sequence[PersonPolicy]) -> None:
        for person in sorted(people, key=lambda one: one.address):
            for also in sorted(person.also):
                self._bind_inferred(
                    normal_address(person.address),
                    normal_address(also),
                    "Your configuration names it beside {} (also).",
                )

    def by_mailbox(self) -> None:
        groups: dict[str, list[str]] = {}
        for address in self._in_order(self.seen):
            if not is_machine_address(address):
                groups.setdefault(mailbox_key(address), []).append(address)
        for group in groups.values():
            self._bind_all(group, "It is the same mailbox as {}: only a plus-tag or dots differ.")

    def by_name(self, namesakes: Iterable[tuple[str, str]]) -> None:
        groups: dict[str, list[str]] = {}
        for address in self._in_order(self.seen):
            name = full_name(self.seen[address])
            if name and self.seen[address].human:
                groups.setdefault(name, []).append(address)
        for first, second in sorted(namesakes):
            self._bonds.part(first, second)
        for _, group in sorted(groups.items()):
            for first, second in combinations(group, 2):
                if _clash(self.seen[first], self.seen[second]):
                    self._bonds.part(first, second)
            self._bind_all(group, "It carries the same full name as {}.")

    def _in_order(self, addresses: Iterable[str]) -> list[str]:
        return sorted(addresses, key=lambda address: (address in self._odd, address))

    def _bind_all(self, group: Sequence[str], because: str) -> None:
        for place, address in enumerate(group):
            for other in group[:place]:
                if self._bind_inferred(other, address, because):
                    break

    def _bind_inferred(self, first: str, second: str, because: str) -> bool:
        if not first or not second or self._alone & {first, second} or first in self._own or second in self._own:
            return False
        return self._bind(first, second, because)

    def _bind(self, first: str, second: str, because: str) -> bool:
        if not self._bonds.bind(first, second):
            return False
        if first != second:
            self.reasons.setdefault(first, because.format(second))
            self.reasons.setdefault(second, because.format(first))
        return True


# --------------------------------------------------------------------------- what a name says

_SHARE_OF_A_NAME = 0.5
_NO_LETTERS = re.compile(r"[\W\d_]+")


def full_name(sighting: Sighting) -> str:
    """The key of the full name under which an address is known; "" when names cannot tell whose it is.

    Machines, offices and addresses that several people share have none.
    """
    address = sighting.address
    if is_machine_address(address):
        return ""
    keys: Counter[str] = Counter()
    for name, count in sighting.names:
        if is_persons_name(name) and (not is_role_address(address) or is_namesake_domain(name, address)):
            keys[name_key(name)] += count
    if not keys:
        return ""
    best = max(keys, key=lambda key: (keys[key], key))
    return best if keys[best] > _SHARE_OF_A_NAME * keys.total() else ""


def _clash(first: Sighting, second: Sighting) -> bool:
    """Whether both are active in one domain at the same time under different addresses of one pattern."""
    if domain_of(first.address) != domain_of(second.address):
        return False
    if mailbox_key(first.address) == mailbox_key(second.address):
        return False
    if first.last < second.first or second.last < first.first:
        return False
    return _of_one_pattern(first.address, second.address, full_name(first))


def _is_owner(sighting: Sighting, own: OwnAddresses) -> bool:
    """Whether an address that nobody configured carries the owner's full name: then it is theirs too.

    Unless one of the owner's addresses in its domain is made of the name in the same way: then it is a colleague's.
    """
    name, address = name_key(own.name), sighting.address
    return bool(name) and full_name(sighting) == name and not any(
        domain_of(mine) == domain_of(address) and _of_one_pattern(mine, address, name) for mine in own.addresses
    )  # fmt: skip


def _of_one_pattern(first: str, second: str, name: str) -> bool:
    """Whether two addresses differ as companies tell namesakes apart: by a number or a middle initial.

    anna.rossi@ and anna.rossi2@, anna.rossi@ and anna.m.rossi@, anna.rossi@ and arossi2@ of Anna Rossi.
    """
    one, other = _letters(first), _letters(second)
    numbered = any(map(str.isdigit, first.partition("@")[0])) != any(map(str.isdigit, second.partition("@")[0]))
    return one == other or (numbered and _made_of(one, name) and _made_of(other, name))


def _letters(address: str) -> str:
    """The local part without numbers, separators, plus-tag and middle initials."""
    parts = [part for part in _NO_LETTERS.split(address.partition("@")[0].partition("+")[0]) if part]
    return "".join((*parts[:1], *(part for part in parts[1:-1] if len(part) > 1), *parts[1:][-1:]))


def _made_of(letters: str, name: str) -> bool:
    """Whether letters are the words of a name and their initials, in any order."""
    words = [re.escape(word) for word in name.split()]
    return re.fullmatch(f"(?:{'|'.join((*words, *(word[0] for word in words)))})+", letters) is not None


# --------------------------------------------------------------------------- the outcome


def _identities(merge: _Merge, called: dict[str, str]) -> Identities:
    people: list[Person] = []
    aliases: list[Alias] = []
    taken: set[str] = set()
    for addresses in merge.persons():
        person = _identifier(addresses[0], taken)
        taken.add(person)
        name = next((called[one] for one in addresses if one in called), "") or _best_name(
            [merge.seen[one] for one in addresses]
        )
        people.append(Person(person, name, tuple(addresses)))
        alone = len(addresses) == 1
        aliases += (Alias(one, person, _ALONE if alone else merge.reasons.get(one, _ALONE)) for one in addresses)
    return Identities(tuple(people), tuple(aliases))


def _identifier(address: str, taken: set[str]) -> str:
    """`p:` and eight hex digits of a hash; the rare second one of a hash takes the next."""
    digits = int.from_bytes(blake2b(address.encode("utf-8", "replace"), digest_size=4).digest(), "big")
    while (identifier := f"p:{digits:08x}") in taken:
        digits = (digits + 1) % (1 << 32)
    return identifier


def _best_name(sightings: Sequence[Sighting]) -> str:
    """The full name seen most, else one read out of an address, else the name seen most, else the local part."""
    names: Counter[str] = Counter()
    for sighting in sightings:
        for name, count in sighting.names:
            if tidy := display_name(name):
                names[tidy] += count
    full = [name for name in names if is_persons_name(name)]
    if not full:
        read = [name_from_address(one.address) for one in sightings]
        full = [name for name in read if len(name_words(name)) > 1] or list(names) or read
    return max(full, key=lambda name: (names[name], len(name), name))

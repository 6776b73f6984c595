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
from syncd.pipeline.machines import is_machine_address, is_persons_name
from syncd.pipeline.normalize import (
    display_name,
    domain_of,
    mailbox_key,
    name_from_address,
    name_key,
    name_words,
    normal_address,
)
from syncd.pipeline.spelling import agree, in_any_order, is_made_of, runs, shortened
from syncd.pipeline.traces import (
    Trace,
    forge_account,
    full_name,
    is_numbered,
    letters_of,
    may_be_chosen,
    spelled,
    trace_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from syncd.model import Decision, Sighting
    from syncd.pipeline.own_addresses import OwnAddresses
    from syncd.pipeline.policy import PersonPolicy

__all__ = ("full_name", "resolve")

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
    configuration, the same mailbox, the same full name, a full name that an address spells, the same handle (decision
    21). Two addresses are not merged for any of the last three when they stood in one record as two people, or when
    both were active in one domain at the same time under addresses of one pattern.
    """
    seen = {one.address: one for one in sightings if one.address and one.address not in own}
    alone = {normal_address(one.subject) for one in decisions if one.kind is DecisionKind.DIFFERENT and not one.object}
    merge = _Merge({one.address: one for one in seen.values() if one.address in alone or not _is_owner(one, own)}, own)
    merge.by_decisions(decisions)
    merge.by_configuration(people)
    merge.by_mailbox()
    merge.read_traces()
    merge.by_name(namesakes)
    merge.by_spelling()
    merge.by_handle()
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
        self.traces: dict[str, Trace] = {}  # of those with whom anything human was exchanged
        self._initials: set[str] = set()  # every full name as initials and a last name

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
        accounts: dict[tuple[str, str], list[str]] = {}
        for address in self._in_order(self.seen):
            if (account := forge_account(address)) and not is_machine_address(address):
                forge, login, number = account
                for known_by in filter(None, (login, number)):
                    accounts.setdefault((forge, known_by), []).append(address)
        for _, group in sorted(accounts.items()):
            self._bind_all(group, "It is the account of {} at the same forge.")

    def read_traces(self) -> None:
        self.traces = {one: trace_of(self.seen[one]) for one in self._in_order(self.seen) if self.seen[one].human}

    def by_name(self, namesakes: Iterable[tuple[str, str]]) -> None:
        """Bind who carries the same full name: as displayed first, then as less certain signs give it."""
        for first, second in sorted(namesakes):
            self._bonds.part(first, second)
        traces = self.traces
        self._bind_groups({one: trace.names for one, trace in traces.items()}, "It carries the same full name as {}.")
        spelt = {one: spelled(self.seen[one], trace.names) for one, trace in traces.items()}
        self._bind_groups(spelt, "It carries the full name of {} in another spelling.")
        read = {one: trace.full | spelt[one] for one, trace in traces.items()}
        self._bind_groups(read, "What it displays and its local part give the full name of {}.")
        orders = {one: frozenset(map(in_any_order, keys)) for one, keys in read.items()}
        both = _ambiguous_orders({key for keys in read.values() for key in keys})
        orders = {one: keys - both for one, keys in orders.items()}
        self._bind_groups(orders, "It carries the full name of {} in another order.")

    def by_spelling(self) -> None:
        """Bind an address without a full name to the one person whose full name it spells."""
        known: dict[str, list[str]] = {}
        letters: dict[str, list[str]] = {}
        for address, trace in self.traces.items():
            for name in trace.full:
                known.setdefault(name, []).append(address)
        for name in sorted(known):
            for run in runs(name):
                letters.setdefault(run, []).append(name)
        for address, trace in self.traces.items():
            if trace.names:
                continue
            names = {name for handle in trace.handles for name in letters.get(letters_of(handle), ())}
            names |= {name for name in trace.guessed if name in known}
            names = {name for name in names if known[name] != [address] and all(agree(one, name) for one in trace.said)}
            if len({self._bonds.root(known[name][0]) for name in names}) == 1:
                name = min(names)
                if not any(_clash(self.seen[one], self.seen[address], name) for one in known[name]):
                    self._bind_inferred(known[name][0], address, "It spells the full name of {}.")

    def by_handle(self) -> None:
        """Bind who goes by the same handle, where it is nobody's name and the names of both agree."""
        bearers: dict[str, list[str]] = {}
        names: set[str] = set()
        for address, trace in self.traces.items():
            names |= trace.full
            for handle in trace.handles:
                bearers.setdefault(handle, []).append(address)
        words = {word for name in names for word in name.split()}
        self._initials = {letters for name in names for letters in shortened(name)}
        for handle, group in sorted(bearers.items()):
            if letters_of(handle) in words or not 1 < len(group) <= _MOST_OF_ONE_HANDLE:
                continue
            for first, second in combinations(group, 2):
                if self._is_theirs(handle, first, second) and self._names_agree(first, second):
                    self._bind_inferred(first, second, f"It goes by {handle}, as {{}} does.")

    def _is_theirs(self, handle: str, first: str, second: str) -> bool:
        """Whether two addresses with one handle are one person's, as far as the handle tells."""
        one, other = self.traces[first], self.traces[second]
        if _clash(self.seen[first], self.seen[second], min(one.full | other.full, default="")):
            return False
        shown, names = handle in one.shown | other.shown, one.full | other.full
        if one.full and other.full:  # names that agree, not one name: what is made of them is no witness
            alike = all(agree(mine, theirs) for mine in one.full for theirs in other.full)
            return alike and not any(is_made_of(letters_of(handle), name) for name in names)
        return (
            (shown and any(handle not in name.split() for name in one.said & other.said))
            or (is_numbered(handle) and (shown or len(handle) >= _LONG_HANDLE))
            or (shown and any(is_made_of(letters_of(handle), name) for name in names))
            or (handle in one.shown & other.shown and letters_of(handle) in self._initials)
            or (handle in {one.login, other.login} and may_be_chosen(handle))
        )

    def _names_agree(self, first: str, second: str) -> bool:
        """Whether all that is said of two persons can be said of one."""
        said = [
            {
                name
                for address in self._bonds.together(one)
                if address in self.traces
                for name in self.traces[address].said
            }
            for one in (first, second)
        ]
        return all(agree(one, other) for one in said[0] for other in said[1])

    def _bind_groups(self, keys: dict[str, frozenset[str]], because: str) -> None:
        groups: dict[str, list[str]] = {}
        for address, names in keys.items():
            for name in names:
                groups.setdefault(name, []).append(address)
        for name, group in sorted(groups.items()):
            for first, second in combinations(group, 2):
                if _clash(self.seen[first], self.seen[second], name):
                    self._bonds.part(first, second)
            self._bind_all(group, because)

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


# --------------------------------------------------------------------------- what speaks against it

_NO_LETTERS = re.compile(r"[\W\d_]+")
_MOST_OF_ONE_HANDLE = 12
_LONG_HANDLE = 8


def _ambiguous_orders(names: Iterable[str]) -> frozenset[str]:
    """The pairs of words either of which others have for a first name: James Thomas is not Thomas James."""
    orders: dict[str, set[str]] = {}
    firsts: dict[str, set[str]] = {}
    for name in names:
        words = in_any_order(name)
        orders.setdefault(words, set()).add(name)
        firsts.setdefault(name.split()[0], set()).add(words)
    return frozenset(
        words for words, of in orders.items() if len(of) > 1 and all(len(firsts[one.split()[0]]) > 1 for one in of)
    )  # fmt: skip


def _clash(first: Sighting, second: Sighting, name: str) -> bool:
    """Whether both are active in one domain at the same time under different addresses of one pattern."""
    if domain_of(first.address) != domain_of(second.address):
        return False
    if mailbox_key(first.address) == mailbox_key(second.address):
        return False
    if first.last < second.first or second.last < first.first:
        return False
    return _of_one_pattern(first.address, second.address, name)


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
    if letters_of(first.partition("@")[0]) == letters_of(second.partition("@")[0]):
        return False  # only what stands between the words differs
    numbered = any(map(str.isdigit, first.partition("@")[0])) != any(map(str.isdigit, second.partition("@")[0]))
    return one == other or (numbered and _made_of(one, name) and _made_of(other, name))


def _letters(address: str) -> str:
    """The local part without numbers, separators, plus-tag and middle initials."""
    parts = [part for part in _NO_LETTERS.split(address.partition("@")[0].partition("+")[0]) if part]
    return "".join((*parts[:1], *(part for part in parts[1:-1] if len(part) > 1), *parts[1:][-1:]))


def _made_of(letters: str, name: str) -> bool:
    """Whether letters are the words of a name and their initials, in any order."""
    words = [re.escape(word) for word in name.split()]
    return bool(words) and re.fullmatch(f"(?:{'|'.join((*words, *(word[0] for word in words)))})+", letters) is not None


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

"""Which addresses are the owner's: configured ones, and those that Sent folders show to be theirs.

An address wrongly taken for the owner's hides a person for good; assistants send from their bosses' Sent folders. So a
learned address must also look like the owner (sync-rules 9.1.7).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from syncd.pipeline.machines import is_role_address
from syncd.pipeline.normalize import domain_of, mailbox_key, matches, name_words, normal_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SIGHTINGS_TO_LEARN = 3
_REMEMBERED = 1 << 14
_SHORTEST_NAME = 3
_SPLIT = re.compile(r"[._+\-]+")
_DIGITS = re.compile(r"\d+")
_EXCHANGE_INITIAL = re.compile(r"[a-z]\.\.")  # "k..allen@": a middle initial in front of the last name
_NEUTRAL = re.compile("mail|e?mails|me|home|work|private|office|info|contact|post|lists?|mailinglists?")


@dataclass(frozen=True, slots=True)
class _Owner:
    """What is known of the owner's name: last names, given names, handles, local parts; and the domains they are in."""

    last: frozenset[str]
    given: frozenset[str]
    handles: frozenset[str]
    locals: frozenset[str]
    domains: frozenset[str]


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """The owner's addresses; `address in own` answers for a normal address, plus-tags and Gmail dots included."""

    addresses: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    name: str = ""

    _asked: dict[object, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __contains__(self, address: object) -> bool:
        answer = self._asked.get(address)
        if answer is None:
            if len(self._asked) > _REMEMBERED:
                self._asked.clear()
            answer = isinstance(address, str) and self._decide(address)
            self._asked[address] = answer
        return answer

    def _decide(self, address: str) -> bool:
        return bool(address) and (
            mailbox_key(address) in _mailboxes(self.addresses) or any(matches(one, address) for one in self.patterns)
        )

    def resembles(self, address: str) -> bool:
        """Whether an address in one of the owner's domains may be an alias of theirs that nobody configured."""
        return bool(address) and _may_be_own(self.addresses, self.name, address)

    def fingerprint(self) -> str:
        """Changes when, and only when, other addresses are own: then interactions are derived again."""
        text = "\n".join((*sorted(self.addresses), "", *sorted(self.patterns), "", self.name))
        return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def learn_own(configured: Sequence[str], name: str, senders: Mapping[str, int]) -> OwnAddresses:
    """The owner's addresses: the `configured` patterns, and the authors of their Sent folders who look like them.

    `senders` counts the From addresses seen in Sent folders. One is learned after three sightings when it shares the
    owner's last name, handle or local part and no other given name stands in it; in another domain than the owner's, or
    beside a word like "lists", the owner's given name is enough. When nothing at all is configured,
    the sender who, with the addresses that look like theirs, wrote more than half of all is the owner.
    """
    patterns = tuple(sorted({one.strip() for one in configured if one.strip() and _is_pattern(one)}))
    literal = frozenset(filter(None, (normal_address(one) for one in configured if not _is_pattern(one))))
    counted: dict[str, int] = {}
    for sender, count in senders.items():
        if address := normal_address(sender):
            counted[address] = counted.get(address, 0) + count
    learned = _alike(counted, _owner(literal, name))
    if not literal and not patterns and not learned:
        literal = _dominating(counted)
        learned = _alike(counted, _owner(literal, ""))
    return OwnAddresses(literal | learned, patterns, name)


def _alike(counted: Mapping[str, int], owner: _Owner) -> frozenset[str]:
    return frozenset(
        address
        for address, count in counted.items()
        if count >= SIGHTINGS_TO_LEARN and (_looks_like(address, owner) or _goes_by_given_name(address, owner))
    )


def _goes_by_given_name(address: str, owner: _Owner) -> bool:
    """Whether an address out of the Sent folder is the owner's given name, elsewhere or for something: anna.lists@."""
    parts = _parts(address.partition("@")[0].partition("+")[0])
    rest = [part for part in parts if part not in owner.given or len(part) < _SHORTEST_NAME]
    at_home = domain_of(address) in owner.domains
    return len(rest) < len(parts) and bool(rest or not at_home) and all(map(_NEUTRAL.fullmatch, rest))


def _is_pattern(text: str) -> bool:
    return "*" in text or text.startswith("/")


@lru_cache(8)
def _mailboxes(addresses: frozenset[str]) -> frozenset[str]:
    return frozenset(map(mailbox_key, addresses))


@lru_cache(8)
def _domains(addresses: frozenset[str]) -> frozenset[str]:
    return frozenset(map(domain_of, addresses))


@lru_cache(1 << 12)
def _may_be_own(addresses: frozenset[str], name: str, address: str) -> bool:
    return domain_of(address) in _domains(addresses) and _looks_like(address, _owner(addresses, name))


def _dominating(counted: Mapping[str, int]) -> frozenset[str]:
    def support(address: str) -> int:
        owner = _owner(frozenset({address}), "")
        return sum(count for one, count in counted.items() if one == address or _looks_like(one, owner))

    best = max(sorted(counted), key=lambda one: (support(one), counted[one]), default="")
    return frozenset({best}) if best and 2 * support(best) > sum(counted.values()) else frozenset()


@lru_cache(64)
def _owner(addresses: frozenset[str], name: str) -> _Owner:
    words = name_words(name)
    if len(words) == 1:
        words = ()  # a given name alone tells nobody's addresses apart
    last, given = set[str](), set(words[:-1])
    if words:
        last |= {words[-1].replace("-", ""), "".join(words[1:]).replace("-", ""), *words[-1].split("-")}
    handles, local_parts = set[str](), set[str]()
    for address in addresses:
        local = address.rpartition("@")[0].partition("+")[0]
        if is_role_address(address):
            continue
        local_parts.add(local)
        parts = _parts(local)
        if not words and len(parts) > 1 and all(map(_NEUTRAL.fullmatch, parts[1:])):
            handles.add(parts[0])
        elif not words and len(parts) > 1:
            last.add(parts[-1])
            given.update(part for part in parts[:-1] if len(part) > 1)
        elif words and parts and not any(_fits(part, {*last, *given}) for part in parts):
            handles.add(parts[0])
    return _Owner(
        frozenset(one for one in last if len(one) >= _SHORTEST_NAME),
        frozenset(given),
        frozenset(one for one in handles if len(one) >= _SHORTEST_NAME),
        frozenset(one for one in local_parts if len(one) >= _SHORTEST_NAME),
        _domains(addresses),
    )


def _parts(local: str) -> list[str]:
    return [part for part in _SPLIT.split(_DIGITS.sub("", local)) if part]


def _looks_like(address: str, owner: _Owner) -> bool:
    """Whether the words of an address are the owner's: a shared last name and nobody else's given name."""
    local, _, domain = address.partition("@")
    local = local.partition("+")[0]
    parts = _parts(local)
    if local in owner.locals or owner.handles.intersection(parts):
        return True
    if last := owner.last.intersection(parts):
        others = [part for part in parts if part not in last]
        if any(len(part) > 1 and _fits(part, owner.given) for part in others):
            others = [part for part in others if len(part) > 1]  # beside a given name any initial is a middle one
        return bool(_EXCHANGE_INITIAL.match(local)) or all(_given(part, owner) for part in others)
    if len(parts) == 1 and any(_given(rest, owner) for rest in _rests(parts[0], owner.last)):
        return True
    labels = set(_parts(domain.replace(".", "-")))
    at_home = bool(owner.last & labels)
    return at_home and (bool(owner.given & labels) or bool(owner.given.intersection(parts)))


def _given(part: str, owner: _Owner) -> bool:
    """Whether what stands beside the last name is the owner's: a given name, its start, an initial, or no name."""
    return not part or not owner.given or _fits(part, owner.given) or _NEUTRAL.fullmatch(part) is not None


def _fits(part: str, names: Iterable[str]) -> bool:
    if len(part) == 1:
        return any(name.startswith(part) for name in names)
    return any(name == part or (len(part) >= _SHORTEST_NAME and name.startswith(part)) for name in names)


def _rests(word: str, last: Iterable[str]) -> set[str]:
    """What remains of "pallen" or "allenp" when the last name is taken off."""
    found = {word.removesuffix(one) for one in last if word.endswith(one)}
    return found | {word.removeprefix(one) for one in last if word.startswith(one)}

"""Whom nobody is to see any more: those who were forgotten, known by salted hashes when they come again.

A record is kept as if they had not stood in it; one that is about nobody else is not kept at all. What a record looks
like under the veil depends on the record and the marks alone, so that every copy of it looks the same, whenever read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial, reduce
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar
from unicodedata import normalize

from syncd.model import Meeting, Message, Role, Unreadable
from syncd.pipeline.envelope import envelope_of
from syncd.pipeline.machines import is_machine_address, is_persons_name, is_role_address
from syncd.pipeline.meetings import others_in
from syncd.pipeline.normalize import fold_letters, mailbox_key, name_words, normal_address
from syncd.pipeline.own_addresses import OwnAddresses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from syncd.model import Participant, Signal

    Record = TypeVar("Record", Message, Meeting, Unreadable)

SALT_BYTES = 16
_DIGEST_BYTES = 16
_REMEMBERED = 1 << 16
_LONGEST = 4
_WORDS_OF_A_NAME = range(2, _LONGEST + 1)

_ADDRESS = re.compile(r"""([^\s<>()\[\]{},;:"'\\|@]+)@(\w(?:[\w.\-]*\w)?)""")
_IN_A_TEXT = re.compile(r"[=/?&#%]")
"""Behind these an address begins in the address of a page."""
_IN_AN_ID = re.compile(r"[=/?&#%.\-+_]")
"""Behind these in an identifier: programs put the author's address behind numbers of their own."""
_WORD = re.compile(r"[^\W\d_]+(?:['’`´][^\W\d_]+)*")  # noqa: RUF001 - O'Brien is typeset with it
_JOINED = (  # by a language: Anna Rossi's, dell'Anna Rossi
    re.compile(r"[^\W\d_]+(?:['’`´](?!s\b)[^\W\d_]+)*", re.IGNORECASE),  # noqa: RUF001 - likewise
    re.compile(r"[^\W\d_]+"),
)
_APOSTROPHE = re.compile(r"['’`´]")  # noqa: RUF001 - likewise
_BETWEEN_WORDS = re.compile(r"[\s,.\-_]{1,3}")
_SPACE = re.compile(r"\s{2,}")
_VIA = re.compile(r"\bvia\b", re.IGNORECASE)
"""Somebody's name before it, and in the address whoever passes their mail on."""


@dataclass(frozen=True, slots=True)
class Veil:
    """The marks of everybody who was forgotten, and the addresses of the owner, who is nobody else."""

    marks: frozenset[str] = frozenset()
    own: OwnAddresses = field(default_factory=OwnAddresses)
    _salts: tuple[str, ...] = field(init=False, compare=False)
    _known: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_salts", tuple(sorted({salt_of(mark) for mark in self.marks})))

    def covers(self, address: str) -> bool:
        """Whether this is an address of somebody who was forgotten, however it is spelled."""
        normal = normal_address(address)
        return bool(normal) and (self._marked(_mailbox(mailbox_key(normal))) or self._marked(_literal(normal)))

    def text(self, text: str) -> str:
        """The text without their addresses and full names."""
        text = self._without_addresses(text)
        bare = self._without_names(normalize("NFC", text), _WORD)
        if _APOSTROPHE.search(text):
            bare = reduce(self._without_names, _JOINED, bare)
        return text if bare == normalize("NFC", text) else _SPACE.sub(" ", bare).strip()

    def over(self, record: Message | Meeting | Unreadable) -> Message | Meeting | Unreadable | None:
        """The record as it may be kept; None when it is between the owner and those who were forgotten."""
        if isinstance(record, Unreadable):
            return _settled(record, replace(record, reason=self.text(record.reason)))
        return self._over_message(record) if isinstance(record, Message) else self._over_meeting(record)

    def _over_message(self, message: Message) -> Message | None:
        envelope = envelope_of(message)
        if self.covers(envelope.author):
            return None
        rest = self._rest(message)
        alone = len(rest) < len(message.participants) and not any(
            self._is_somebody(one) for one in rest if one.role is not Role.FROM
        )
        if alone and envelope.mine(self.own):
            return None
        return _settled(
            message,
            replace(
                message,
                participants=rest,
                message_id=self._without_addresses(message.message_id, _IN_AN_ID),
                in_reply_to=self._without_addresses(message.in_reply_to, _IN_AN_ID),
                signals=tuple(self._signals(message.signals)),
                subject=self.text(message.subject),
            ),
        )

    def _over_meeting(self, meeting: Meeting) -> Meeting | None:
        rest = self._rest(meeting)
        uid, title = self._without_addresses(meeting.uid, _IN_AN_ID), self.text(meeting.title)
        bare = replace(meeting, participants=rest, uid=uid, title=title)
        if len(rest) < len(meeting.participants) and not others_in(bare, self.own):
            return None
        return _settled(meeting, bare)

    def _rest(self, record: Message | Meeting) -> tuple[Participant, ...]:
        """Who else takes part; a machine, an office or a mailbox without an address does not bear their name either."""
        return tuple(self._unnamed(one) for one in record.participants if not self.covers(one.address))

    def _unnamed(self, one: Participant) -> Participant:
        own = is_somebodys(one.address) and not is_role_address(normal_address(one.address))
        bare = self._without_addresses if own and not _VIA.search(one.name) else self.text
        name = bare(one.name)
        return one if name == one.name else replace(one, name=name.strip())

    def _signals(self, signals: Iterable[Signal]) -> Iterator[Signal]:
        for signal in signals:
            value = self.text(signal.value)
            if value == signal.value:
                yield signal
            elif value.strip("<> "):
                yield replace(signal, value=value)

    def _without_addresses(self, text: str, before: re.Pattern[str] = _IN_A_TEXT) -> str:
        return _ADDRESS.sub(partial(self._unless_covered, before), text) if "@" in text else text

    def _is_somebody(self, one: Participant) -> bool:
        address = normal_address(one.address)
        return bool(address) and address not in self.own

    def _unless_covered(self, before: re.Pattern[str], found: re.Match[str]) -> str:
        """What stays of something with an @ in it, in which an address may also begin behind a mark."""
        local, domain = found.groups()
        starts = (0, *(mark.end() for mark in before.finditer(local)))
        for start in starts:
            if self.covers(f"{local[start:]}@{domain}"):
                return local[:start]
        return found[0]

    def _without_names(self, text: str, word: re.Pattern[str]) -> str:
        """The text without the full names that are marked, where it is made of such words."""
        kept = list(self._between_names(text, list(word.finditer(text))))
        return "".join(kept) if len(kept) > 1 else text

    def _between_names(self, text: str, words: Sequence[re.Match[str]]) -> Iterator[str]:
        letters = [fold_letters(word[0]) for word in words]
        together = [
            _BETWEEN_WORDS.fullmatch(text, one.end(), other.start()) is not None for one, other in pairwise(words)
        ]
        kept_to = place = 0
        while place < len(together):
            length = self._length_of_name(letters[place : place + _LONGEST], together[place : place + _LONGEST])
            if length:
                yield text[kept_to : words[place].start()]
                kept_to = words[place + length - 1].end()
            place += length or 1
        yield text[kept_to:]

    def _length_of_name(self, words: Sequence[str], together: Sequence[bool]) -> int:
        """How many of these words, from the first, are a name that is marked; the longest counts, 0 for none.

        `together` says of each word but the last whether nothing but a space or so stands before the next one.
        """
        found = 0
        for length in _WORDS_OF_A_NAME:
            if length > len(words) or not together[length - 2]:
                break
            if self._marked(_name(words[:length])):
                found = length
        return found

    def _marked(self, what: str) -> bool:
        answer = self._known.get(what)
        if answer is None:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            answer = self._known[what] = any(_mark(salt, what) in self.marks for salt in self._salts)
        return answer


def _settled(before: Record, after: Record) -> Record:
    return before if before == after else after


@lru_cache(4)
def veil_of(marks: frozenset[str], own: OwnAddresses) -> Veil:
    """The veil of these marks; it remembers whom it was asked about."""
    return Veil(marks, own)


def is_somebodys(address: str) -> bool:
    """Whether an address is a person's, so that the name beside it is theirs and nobody else's."""
    normal = normal_address(address)
    return bool(normal) and not is_machine_address(normal)


def marks_of(addresses: Iterable[str], names: Iterable[str], others: Collection[str], salt: str) -> frozenset[str]:
    """The marks of a person of these addresses and display names; `salt` as hex digits.

    An address stands for its mailbox, with every plus-tag, unless one of the addresses of `others` is the same mailbox.
    Names are marked where they are full ones.
    """
    taken = {mailbox_key(other) for other in others}
    normal = filter(None, map(normal_address, addresses))
    known = {
        _literal(one) if mailbox_key(one) in taken or is_machine_address(one) else _mailbox(mailbox_key(one))
        for one in normal
    }
    words = [name_words(name) for name in names if is_persons_name(name)]
    known |= {_name(split) for each in words if len(split := "-".join(each).split("-")) in _WORDS_OF_A_NAME}
    return frozenset(_mark(salt, what) for what in known)


def salt_of(mark: str) -> str:
    """The salt a mark was made with: it stands in it, so that marks of two stores can lie in one."""
    return mark.partition("$")[0]


def _mark(salt: str, what: str) -> str:
    digest = blake2b(what.encode("utf-8", "replace"), key=bytes.fromhex(salt), digest_size=_DIGEST_BYTES)
    return f"{salt}${digest.hexdigest()}"


def _mailbox(key: str) -> str:
    return f"mailbox {key}"


def _literal(address: str) -> str:
    return f"address {address}"


def _name(words: Iterable[str]) -> str:
    """Order does not count: "Rossi, Anna" is Anna Rossi."""
    return f"name {' '.join(sorted(words))}"

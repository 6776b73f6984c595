"""One mail in several folders and accounts: which copies are one, and what they say together (sync-rules 9.1).

One Message-ID, one author and one day are one mail; a Message-ID used again is another. Copies under different
Message-IDs are one when author, recipients, subject and the very second are the same (every folder of an exported
Exchange mailbox has its own Message-IDs). A copy in a Sent folder may lie up to two minutes beside the one delivered.
Dates that differ by whole hours, as some exports make them, stay two mails: hourly reports look exactly so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from syncd.model import Meeting, Message, Participant, Role, Signal, SignalName
from syncd.pipeline.envelope import ROLES, envelope_of
from syncd.pipeline.normalize import display_name, mailbox_key, message_key, normal_address, subject_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from syncd.pipeline.own_addresses import OwnAddresses

ONE_DAY = 86400.0
SENT_COPY_LAG = 120.0
_ME = "me"  # no address

_OF_THE_WAY = frozenset(
    {
        SignalName.LIST_ID, SignalName.LIST_POST, SignalName.LIST_UNSUBSCRIBE, SignalName.PRECEDENCE,
        SignalName.SENDER, SignalName.REPLY_TO, SignalName.ORIGINAL_FROM, SignalName.RETURN_PATH,
    }
)  # fmt: skip
"""Signals that a mailing list adds or changes; the copy that came directly is right about them."""


Record = TypeVar("Record", bound=Message | Meeting)
Key = TypeVar("Key", int, str)


@dataclass(frozen=True, slots=True)
class Copy(Generic[Record]):
    """One fact, with what it is compared by; `at` in seconds since 1970."""

    identity: int
    key: int
    content: int
    at: float
    account: str
    record: Record


class Groups:
    """A partition of indexes that only grows together (union-find): the order of joins does not matter."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def find(self, index: int) -> int:
        """The representative of the group an index is in."""
        while self._above[index] != index:
            self._above[index] = self._above[self._above[index]]
            index = self._above[index]
        return index

    def join(self, indexes: Iterable[int]) -> None:
        """Make one group of the groups of these indexes."""
        first, *rest = (self.find(index) for index in indexes)
        for other in rest:
            self._above[other] = first

    def members(self, indexes: Iterable[int]) -> list[list[int]]:
        """The groups among these indexes."""
        found: dict[int, list[int]] = {}
        for index in indexes:
            found.setdefault(self.find(index), []).append(index)
        return list(found.values())


def sharing(keys: Iterable[Key]) -> list[list[int]]:
    """The places at which the same non-empty key stands more than once, in the order of the key."""
    found: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        if key:
            found.setdefault(key, []).append(place)
    return [found[key] for key in sorted(key for key, places in found.items() if len(places) > 1)]


def group_mails(copies: Sequence[Copy[Message]], own: OwnAddresses) -> list[list[Copy[Message]]]:
    """The copies, grouped into mails. Two copies of one identity are always in one group."""
    groups = Groups(len(copies))
    for shared in sharing(copy.key for copy in copies):
        _join_one_id(shared, copies, groups, own)
    alike = sharing(copy.content for copy in copies)
    for shared in alike:
        for same in sharing(f"{copies[index].at:.0f}" for index in shared):
            _join_one_second([shared[place] for place in same], copies, groups)
    for shared in alike:
        if len(own_groups := groups.members(shared)) > 1 and _rewritable(copies[shared[0]], own):
            _join_sent_copies(own_groups, copies, groups)
    return [[copies[index] for index in group] for group in groups.members(range(len(copies)))]


def _join_one_id(shared: Sequence[int], copies: Sequence[Copy[Message]], groups: Groups, own: OwnAddresses) -> None:
    """Join the copies of one Message-ID by author and day.

    All my addresses are one author (providers rewrite From); a copy whose author a list hides joins whoever is near.
    """
    first_of: list[tuple[str, float, int]] = []
    found = {index: _author(copies[index]) for index in shared}
    authors = {index: _ME if author in own else author for index, author in found.items()}
    for index in sorted(shared, key=lambda index: (not authors[index], copies[index].at, copies[index].identity)):
        author, at = authors[index], copies[index].at
        for known, start, first in first_of:
            if abs(at - start) <= ONE_DAY and (author in ("", known) or not known):
                groups.join((first, index))
                break
        else:
            first_of.append((author, at, index))


def _join_one_second(shared: Sequence[int], copies: Sequence[Copy[Message]], groups: Groups) -> None:
    """Join the copies of one content and second, unless they answer different messages.

    Copies of one identity are joined even then; those without a Message-ID have no other.
    """
    if len({_parent(copies[index]) for index in shared} - {""}) <= 1:
        groups.join(shared)
        return
    alike: dict[tuple[str, int | str], list[int]] = {}
    for index in shared:
        alike.setdefault(("key", copies[index].key), []).append(index)
        if copies[index].key:
            alike.setdefault(("parent", _parent(copies[index])), []).append(index)
    for same in alike.values():
        groups.join(same)


def _author(copy: Copy[Message]) -> str:
    """The mailbox of the author; "" when a list hides it."""
    return mailbox_key(envelope_of(copy.record).author)


def _parent(copy: Copy[Message]) -> str:
    return message_key(copy.record.in_reply_to)


def _sent(copy: Copy[Message]) -> bool:
    return any(signal.name is SignalName.FOLDER for signal in copy.record.signals)


def _rewritable(copy: Copy[Message], own: OwnAddresses) -> bool:
    return bool(subject_key(copy.record.subject)) and _author(copy) in own


def _join_sent_copies(shared: Sequence[Sequence[int]], copies: Sequence[Copy[Message]], groups: Groups) -> None:
    """Join a Sent copy with the delivered one whose Message-ID a server rewrote (sync-rules 9.1.5).

    A folder holds a mail once: two groups with a copy in the Sent folder, or in another folder, of one account are two.
    """
    ordered = sorted((sorted(group, key=lambda index: (copies[index].at, copies[index].identity)) for group in shared),
                     key=lambda group: (copies[group[0]].at, copies[group[0]].identity))  # fmt: skip
    standing: list[list[int]] = []
    for group in ordered:
        at = copies[group[0]].at
        near = [
            other
            for other in standing
            if at - copies[other[0]].at <= SENT_COPY_LAG
            and _can_be_one([copies[index] for index in other], [copies[index] for index in group])
        ]
        if near:
            near[-1].extend(group)
            groups.join(near[-1])
        else:
            standing.append(list(group))


def _can_be_one(first: Sequence[Copy[Message]], second: Sequence[Copy[Message]]) -> bool:
    places, others = ({(copy.account, _sent(copy)) for copy in group} for group in (first, second))
    return (
        not places & others
        and any(sent for _, sent in places | others)
        and len({_parent(copy) for copy in (*first, *second)} - {""}) <= 1
    )


def merge_mails(copies: Sequence[Copy[Message]]) -> Message:
    """What the copies of one mail say together.

    Recipients are united (Bcc stands only in the Sent copy); a copy that came directly outranks one through a list.
    """
    if all(copy.record == copies[0].record for copy in copies):
        return copies[0].record
    direct = [copy for copy in copies if not _through_list(copy)] or list(copies)
    lead = min(direct, key=lambda copy: (copy.at, copy.identity, copy.account, copy.record.remote_id))
    alike = all(copy.record.participants == lead.record.participants for copy in copies)
    known = {id(copy) for copy in direct}
    signals = {
        (signal.name, signal.value)
        for copy in copies
        for signal in copy.record.signals
        if id(copy) in known or signal.name not in _OF_THE_WAY
    }
    return replace(
        lead.record,
        at=min(copy.record.at for copy in copies),
        participants=lead.record.participants if alike else (*_sender(direct, lead), *_recipients(copies)),
        message_id=lead.record.message_id or max(copy.record.message_id for copy in copies),
        in_reply_to=max((copy.record.in_reply_to for copy in direct), key=lambda text: (bool(text), text)),
        signals=tuple(Signal(*pair) for pair in sorted(signals)),
        subject=min((copy.record.subject for copy in copies), key=lambda text: (not text, len(text), text)),
    )


def _through_list(copy: Copy[Message]) -> bool:
    return any(signal.name in (SignalName.LIST_ID, SignalName.LIST_POST) for signal in copy.record.signals)


def _sender(copies: Sequence[Copy[Message]], lead: Copy[Message]) -> tuple[Participant, ...]:
    """Who the leading copy says wrote it, under the name seen most; nobody when it does not say."""
    senders = [
        next((one for one in copy.record.participants if one.role is Role.FROM), None) for copy in (lead, *copies)
    ]
    if not (sender := senders[0]):
        return ()
    names = Counter(display_name(one.name) for one in senders[1:] if one and one.address == sender.address)
    return (replace(sender, name=_most_seen(names)),)


def _recipients(copies: Sequence[Copy[Message]]) -> tuple[Participant, ...]:
    """Everybody any copy names, once each, in their most visible role, under the name seen most."""
    roles: dict[str, Role] = {}
    names: dict[str, Counter[str]] = {}
    for copy in copies:
        for one in copy.record.participants:
            if one.role is Role.FROM:
                continue
            address = normal_address(one.address) or one.address
            roles[address] = min(roles.get(address, one.role), one.role, key=ROLES.index)
            names.setdefault(address, Counter())[display_name(one.name)] += 1
    return tuple(
        Participant(address, _most_seen(names[address]), roles[address])
        for address in sorted(roles, key=lambda address: (ROLES.index(roles[address]), address))
    )


def _most_seen(names: Mapping[str, int]) -> str:
    return max(names, key=lambda name: (bool(name), names[name], len(name), name))

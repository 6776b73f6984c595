"""One exchange, however many copies of it were seen: facts in, a Plan out.

Nothing depends on the order of the facts or on when they were read: ties are broken by content, so deriving in batches
equals deriving everything again (sync-rules 9).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING

from syncd.model import (
    Contact,
    Direction,
    Evidence,
    Interaction,
    InteractionKind,
    Keys,
    Meeting,
    Message,
    Namesakes,
    Plan,
    Response,
    Role,
    SignalName,
)
from syncd.pipeline.classify import classify_envelope, classify_meeting, told_to_ignore
from syncd.pipeline.copies import Copy, Record, group_mails, merge_mails
from syncd.pipeline.envelope import ROLES, envelope_of, list_addresses
from syncd.pipeline.meetings import group_meetings, merge_meetings, others_in
from syncd.pipeline.normalize import (
    display_name,
    event_key,
    mailbox_key,
    message_key,
    name_key,
    normal_address,
    subject_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from syncd.model import Fact, Participant
    from syncd.pipeline.envelope import Envelope
    from syncd.pipeline.own_addresses import OwnAddresses
    from syncd.pipeline.policy import Ignore

_DAY = 86400
_FROM, _BCC = Role.FROM, Role.BCC  # an enum's member is slow to reach, and this is asked for every participant


def keys_of(observation: Message | Meeting) -> Keys:
    """The keys by which copies of this record are found; facts that share either belong to one component."""
    return _keys_of_meeting(observation) if isinstance(observation, Meeting) else _keys_of_message(observation)


def identity_of(keys: Keys, at: datetime) -> int:
    """A 63-bit identity of one fact; facts of one identity are always one interaction."""
    return _hash(f"{keys.key} {keys.content} {at.timestamp():.0f}")


def reconcile(facts: Sequence[Fact], own: OwnAddresses, ignore: Ignore, gone: Iterable[int] = ()) -> Plan:
    """What the facts amount to, once per exchange; `facts` are whole components (see `keys_of`).

    Every identity of these facts, and those in `gone`, is retired; what stands in their place follows. A note to
    oneself, and a record in which nobody else can be named, yields nothing.
    """
    mails, meetings = _copies(facts, Message), _copies(facts, Meeting)
    found: list[Interaction] = []
    namesakes: list[Namesakes] = []
    for of_one_mail in group_mails(mails, own):
        mail = merge_mails(of_one_mail)
        if interaction := _of_mail(mail, of_one_mail, own, ignore):
            found.append(interaction)
            namesakes += _namesakes(interaction.id, mail.participants, own)
    for of_one_meeting in group_meetings(meetings, own):
        meeting = merge_meetings([copy.record for copy in of_one_meeting], own)
        if interaction := _of_meeting(meeting, of_one_meeting, own, ignore):
            found.append(interaction)
            namesakes += _namesakes(interaction.id, meeting.participants, own)
    retired = frozenset(gone).union((mail.identity for mail in mails), (meeting.identity for meeting in meetings))
    found.sort(key=lambda interaction: (interaction.at, interaction.id))
    namesakes.sort(key=lambda pair: (pair.interaction, pair.first, pair.second))
    return Plan(retired, tuple(found), tuple(namesakes))


# --------------------------------------------------------------------------- keys


def _keys_of_message(message: Message) -> Keys:
    author, recipients = "", set[str]()
    for one in message.participants:
        if one.role is _FROM:
            author = author or normal_address(one.address)
        elif one.role is not _BCC:
            recipients.add(normal_address(one.address))
    recipients.discard("")
    subject = subject_key(message.subject)
    # Copies with a subject may be seconds apart (a rewritten Sent copy), those without must be of the very same second.
    day = message.at.timestamp() // (_DAY if subject else 1)
    content = _hash(f"{author}\n{','.join(sorted(recipients))}\n{subject}\n{day:.0f}")
    originals = [one.value for one in message.signals if one.name is SignalName.ORIGINAL_ID] if message.signals else ()
    key = message_key(originals[0] if len(originals) == 1 else message.message_id)
    return Keys(_hash(key) if key else 0, content)


def _keys_of_meeting(meeting: Meeting) -> Keys:
    organizer = next((normal_address(one.address) for one in meeting.participants if one.role is Role.ORGANIZER), "")
    times = f"{meeting.start.timestamp():.0f}\n{meeting.end.timestamp():.0f}"
    uid = event_key(meeting.uid) or f"{times}\n{meeting.title}\n{meeting.participants!r}"
    return Keys(
        _hash(f"event:{uid}\n{meeting.recurrence_id}"), _hash(f"meeting\n{organizer}\n{times}") if organizer else 0
    )


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1


# --------------------------------------------------------------------------- interactions


def _copies(facts: Sequence[Fact], kind: type[Record]) -> list[Copy[Record]]:
    found: list[Copy[Record]] = []
    for fact in facts:
        record = fact.observation
        if isinstance(record, kind):
            keys, at = fact.keys or keys_of(record), record.at if isinstance(record, Message) else record.start
            identity = identity_of(keys, at)
            found.append(Copy(identity, keys.key, keys.content, at.timestamp(), fact.account, record))
    return found


def _of_mail(mail: Message, copies: Sequence[Copy[Message]], own: OwnAddresses, ignore: Ignore) -> Interaction | None:
    envelope = envelope_of(mail)
    mine = envelope.mine(own)
    if mine:
        contacts = _recipients(envelope, copies, own)
    else:
        contacts = (_contact(envelope.author, envelope.name, _FROM),) if envelope.author else ()
    if not contacts:
        return None
    verdict = classify_envelope(envelope, mail, own, ignore)
    return Interaction(
        id=min(copy.identity for copy in copies),
        kind=InteractionKind.MAIL,
        at=mail.at,
        until=mail.at,
        direction=Direction.OUT if mine else Direction.IN,
        contacts=contacts,
        verdict=verdict,
        evidence=_evidence(copies),
        subject=mail.subject,
        message_id=message_key(mail.message_id),
        in_reply_to=message_key(mail.in_reply_to),
    )


def _of_meeting(
    meeting: Meeting, copies: Sequence[Copy[Meeting]], own: OwnAddresses, ignore: Ignore
) -> Interaction | None:
    others = others_in(meeting, own)
    if ignore.declined:
        others = tuple(one for one in others if one.response is not Response.DECLINED) or others
    others = tuple(one for one in others if not told_to_ignore(one.address, ignore)) or others
    if not others:
        return None
    return Interaction(
        id=min(copy.identity for copy in copies),
        kind=InteractionKind.MEETING,
        at=meeting.start,
        until=max(meeting.start, meeting.end),
        direction=Direction.MUTUAL,
        contacts=tuple(_contact(one.address, one.name, one.role) for one in others),
        verdict=classify_meeting(meeting, own, ignore),
        evidence=_evidence(copies),
        subject=meeting.title,
    )


def _recipients(envelope: Envelope, copies: Sequence[Copy[Message]], own: OwnAddresses) -> tuple[Contact, ...]:
    """Whom I wrote to, in the order of their roles; a mailing list is nobody."""
    fields = [envelope.fields] if len(copies) == 1 else [envelope_of(copy.record).fields for copy in copies]
    lists = frozenset[str]().union(*(list_addresses(each) for each in fields if each))
    found = [
        _contact(address, display_name(one.name), one.role)
        for address, one in envelope.recipients.items()
        if address not in own and address not in lists
    ]
    return tuple(sorted(found, key=lambda contact: (ROLES.index(contact.role), contact.address)))


@lru_cache(1 << 13)
def _contact(address: str, name: str, role: Role) -> Contact:
    return Contact(address, name, role)


def _evidence(copies: Sequence[Copy[Record]]) -> tuple[Evidence, ...]:
    if len(copies) == 1:
        return (Evidence(copies[0].account, copies[0].record.remote_id),)
    places = sorted({(copy.account, copy.record.remote_id) for copy in copies})
    return tuple(Evidence(account, remote_id) for account, remote_id in places)


def _namesakes(interaction: int, people: Sequence[Participant], own: OwnAddresses) -> list[Namesakes]:
    """Mailboxes of one full name that stand beside each other in one record: they are two people."""
    keys = [name_key(one.name) for one in people if one.name and one.role is not _FROM]
    if len(keys) == len(set(keys)):
        return []
    named: dict[str, dict[str, str]] = {}
    for one in people:
        address = normal_address(one.address)
        if one.role is not _FROM and address and address not in own and (key := name_key(one.name)):
            mailboxes = named.setdefault(key, {})
            mailboxes[mailbox_key(address)] = min(address, mailboxes.get(mailbox_key(address), address))
    return [
        Namesakes(interaction, *sorted(pair))
        for mailboxes in named.values()
        for pair in combinations(mailboxes.values(), 2)
    ]

"""One exchange, however many copies of it were seen: facts in, a Plan out.

Nothing depends on the order of the facts or on when they were read: ties are broken by content, so deriving in batches
equals deriving everything again (sync-rules 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from syncd.model import Meeting, Message, Role, SignalName
from syncd.pipeline.normalize import event_key, message_key, normal_address, subject_key

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Keys:
    """What a fact may share with other copies of the same exchange; "" shares nothing.

    `key` is the identity its source gave it, `content` a hash of who wrote what to whom on which day (UTC).
    """

    key: str
    content: str


def keys_of(observation: Message | Meeting) -> Keys:
    """The keys by which copies of this record are found; facts that share either belong to one component."""
    if isinstance(observation, Meeting):
        return _keys_of_meeting(observation)
    return _keys_of_message(observation)


def identity_of(keys: Keys, at: datetime) -> int:
    """A 63-bit identity of one fact; facts with one identity are always one interaction."""
    text = f"{keys.key}\n{keys.content}\n{at.timestamp():.0f}"
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1


def _keys_of_message(message: Message) -> Keys:
    author, recipients = "", set[str]()
    for one in message.participants:
        address = normal_address(one.address)
        if one.role is Role.FROM:
            author = author or address
        elif one.role is not Role.BCC:
            recipients.add(address)
    subject = subject_key(message.subject)
    # Copies with a subject may be seconds apart (a rewritten Sent copy), those without must be of the very same second.
    day = message.at.timestamp() // (86400 if subject else 1)
    who = ",".join(sorted(recipients))
    originals = [signal.value for signal in message.signals if signal.name is SignalName.ORIGINAL_ID]
    key = message_key(originals[0] if len(originals) == 1 else message.message_id)
    return Keys(key, _digest(f"mail\n{author}\n{who}\n{subject}\n{day:.0f}") if author else "")


def _keys_of_meeting(meeting: Meeting) -> Keys:
    uid = event_key(meeting.uid)
    organizer = next((normal_address(one.address) for one in meeting.participants if one.role is Role.ORGANIZER), "")
    times = f"{meeting.start.timestamp():.0f}\n{meeting.end.timestamp():.0f}"
    return Keys(
        f"event:{uid}\n{meeting.recurrence_id}" if uid else "",
        _digest(f"meeting\n{organizer}\n{times}") if organizer else "",
    )


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=10).hexdigest()

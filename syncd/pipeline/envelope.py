"""Who really wrote a message, and to whom: its participants and signals, read once.

A mailing list may have rewritten From to survive DMARC: "Anna via Club <club@...>" (sync-rules 10.6). The list itself
is never somebody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from syncd.model import Role, SignalName
from syncd.pipeline.normalize import display_name, normal_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncd.model import Message, Participant
    from syncd.pipeline.own_addresses import OwnAddresses

ROLES: Final = (Role.FROM, Role.ORGANIZER, Role.TO, Role.CC, Role.BCC, Role.ATTENDEE)
"""From the most visible role to the least; of two roles of one address the first counts."""

_FROM: Final = Role.FROM  # an enum's member is slow to reach, and this is asked for every participant
_UNSUBSCRIBE: Final = SignalName.LIST_UNSUBSCRIBE
_LEAVING: Final = re.compile(r"mailto:([^@<>?\s]+?)[-+](?:unsubscribe|leave|request|off)@([^<>?\s]+)", re.IGNORECASE)
_MUNGED: Final = ".invalid"  # Apache's way: anna@rossi.example.INVALID
_NO_FIELDS: Final[Mapping[SignalName, str]] = {}


@dataclass(slots=True)
class Envelope:
    """The author ("" when no person's address can be had), the recipients by normal address, the signals by name."""

    author: str
    name: str
    recipients: Mapping[str, Participant]
    fields: Mapping[SignalName, str]

    def mine(self, own: OwnAddresses) -> bool:
        """Whether I wrote it: From or Sender is mine, whatever folder it lies in."""
        return self.author in own or (
            SignalName.SENDER in self.fields and normal_address(self.fields[SignalName.SENDER]) in own
        )

    @property
    def through_list(self) -> bool:
        """Whether a mailing list carried it: it says so, or went to the address that one may unsubscribe from."""
        fields = self.fields
        return (
            SignalName.LIST_ID in fields
            or SignalName.LIST_POST in fields
            or (_UNSUBSCRIBE in fields and not unsubscribed_from(fields[_UNSUBSCRIBE]).isdisjoint(self.recipients))
        )


def envelope_of(message: Message) -> Envelope:
    """Read the participants and signals of a message; of repeated signals the first counts."""
    fields = {signal.name: signal.value for signal in reversed(message.signals)} if message.signals else _NO_FIELDS
    author, name = "", ""
    recipients: dict[str, Participant] = {}
    for one in message.participants:
        address = normal_address(one.address)
        if one.role is not _FROM:
            known = recipients.get(address)
            if address and (known is None or ROLES.index(one.role) < ROLES.index(known.role)):
                recipients[address] = one
        elif not author:
            author = address
            if fields and (not address or _speaks_through_list(one.name, address, fields)):
                author = _before_the_list(one.address, fields)
            name = display_name(one.name)
    return Envelope(author, name, recipients, fields)


def list_addresses(fields: Mapping[SignalName, str]) -> frozenset[str]:
    """The normal addresses that posts to the list may go to.

    List-Post, what RFC 2919 names the list after, and the address in that of List-Unsubscribe.
    """
    found = _list_addresses(fields.get(SignalName.LIST_POST, ""), fields.get(SignalName.LIST_ID, ""))
    return found | unsubscribed_from(fields[_UNSUBSCRIBE]) if _UNSUBSCRIBE in fields else found


@lru_cache(1 << 12)
def unsubscribed_from(value: str) -> frozenset[str]:
    """The lists that a List-Unsubscribe leads out of by mail: club@ of club-unsubscribe@, club+leave@."""
    return frozenset(normal_address(f"{found[1]}@{found[2]}") for found in _LEAVING.finditer(value)) - {""}


@lru_cache(1 << 12)
def _list_addresses(post: str, identifier: str) -> frozenset[str]:
    labels = identifier.lower().split(".")
    named = (f"{'.'.join(labels[:cut])}@{'.'.join(labels[cut:])}" for cut in range(1, len(labels)))
    return frozenset((normal_address(post), *named)) - {""}


def _speaks_through_list(name: str, address: str, fields: Mapping[SignalName, str]) -> bool:
    if SignalName.LIST_ID not in fields and SignalName.LIST_POST not in fields:
        return False
    return " via " in name or address in list_addresses(fields)


def _before_the_list(written: str, fields: Mapping[SignalName, str]) -> str:
    for field in (SignalName.ORIGINAL_FROM, SignalName.REPLY_TO):
        value = fields.get(field, "")
        address = normal_address(value[value.rfind("<") + 1 :])
        if address and address not in list_addresses(fields):
            return address
    bare = written.lower().strip("<>")
    return normal_address(bare.removesuffix(_MUNGED)) if bare.endswith(_MUNGED) else ""

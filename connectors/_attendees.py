"""Who takes part in an event (RFC 5545 sections 3.8.4.1 and 3.8.4.3): people with an address, not rooms or groups.

iCalendar names them in lines of text, vendors in fields of their own; what counts as a person is one rule for all.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from connectors._calendar_text import content_line
from connectors._mail_words import tidy
from syncd.model import Participant, Response, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME: Final = 200
LONGEST_ADDRESS: Final = 1000
MOST_PARTICIPANTS: Final = 2000

_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_CALENDAR: Final = re.compile(r"@(?:[^@]+\.)?calendar\.google\.com$", re.IGNORECASE)
_NO_ADDRESS: Final = ("invalid:", "urn:", "http:", "https:")
_NOBODY: Final = frozenset({"ROOM", "RESOURCE", "GROUP"})
_RESPONSES: Final = {
    "ACCEPTED": Response.ACCEPTED,
    "TENTATIVE": Response.TENTATIVE,
    "DECLINED": Response.DECLINED,
    "DELEGATED": Response.DECLINED,  # somebody else goes
    "NEEDS-ACTION": Response.NEEDS_ACTION,
}


@lru_cache(1024)
def participants(lines: tuple[str, ...]) -> tuple[Participant, ...]:
    """The people of ORGANIZER and ATTENDEE lines, the organizer first; each address once in each role."""
    return distinct(map(_participant, lines))


def participant(address: str, name: str, role: Role, response: Response | None) -> Participant | None:
    """Somebody in an event, named as the calendar names them; None when nobody has such an address.

    The addresses that Google gives to calendars, groups of them and rooms are nobody's.
    """
    match = _ADDRESS.search(address[:LONGEST_ADDRESS])
    if match is None or _CALENDAR.search(match[0]):
        return None
    known_as = tidy(name, LONGEST_NAME)
    return Participant(match[0], "" if known_as.lower() == match[0].lower() else known_as, role, response)


def distinct(people: Iterable[Participant | None]) -> tuple[Participant, ...]:
    """The organizer first; each address once in each role, and no more than a meeting can have."""
    found: dict[tuple[str, Role], Participant] = {}
    for person in people:
        if person is not None and len(found) < MOST_PARTICIPANTS:
            found.setdefault((person.address.lower(), person.role), person)
    return tuple(sorted(found.values(), key=lambda person: person.role is not Role.ORGANIZER))


@lru_cache(4096)
def _participant(text: str) -> Participant | None:
    line = content_line(text)
    if line is None or line.parameters.get("CUTYPE", "").upper() in _NOBODY:
        return None
    if line.parameters.get("ROLE", "").upper() == "NON-PARTICIPANT":
        return None
    address = _address(line.value) or _address(line.parameters.get("EMAIL", ""))
    role = Role.ORGANIZER if line.name == "ORGANIZER" else Role.ATTENDEE
    response = _RESPONSES.get(line.parameters.get("PARTSTAT", "").upper())
    return participant(address, line.parameters.get("CN", "").replace("\\", ""), role, response)


def _address(value: str) -> str:
    """The mailbox in a calendar address: `mailto:` in any case, percent signs undone, or the bare address."""
    scheme = value.lower().rfind("mailto:")
    if scheme >= 0:
        value = unquote(value[scheme + len("mailto:") :].partition("?")[0])
    elif value.lower().startswith(_NO_ADDRESS):
        return ""
    match = _ADDRESS.search(value[:LONGEST_ADDRESS])
    return match[0] if match else ""

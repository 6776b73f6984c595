"""Who takes part in an event (RFC 5545 sections 3.8.4.1 and 3.8.4.3): people with an address, not rooms or groups."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from connectors._calendar_text import content_line
from connectors._mail_words import tidy
from syncd.model import Participant, Response, Role

LONGEST_NAME: Final = 200
LONGEST_ADDRESS: Final = 1000
MOST_PARTICIPANTS: Final = 2000

_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
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
    found: dict[tuple[str, Role], Participant] = {}
    for line in lines:
        person = _participant(line)
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
    if not address:
        return None
    role = Role.ORGANIZER if line.name == "ORGANIZER" else Role.ATTENDEE
    name = tidy(line.parameters.get("CN", "").replace("\\", ""), LONGEST_NAME)
    response = _RESPONSES.get(line.parameters.get("PARTSTAT", "").upper())
    return Participant(address, "" if name.lower() == address.lower() else name, role, response)


def _address(value: str) -> str:
    """The mailbox in a calendar address: `mailto:` in any case, percent signs undone, or the bare address."""
    scheme = value.lower().rfind("mailto:")
    if scheme >= 0:
        value = unquote(value[scheme + len("mailto:") :].partition("?")[0])
    elif value.lower().startswith(_NO_ADDRESS):
        return ""
    match = _ADDRESS.search(value[:LONGEST_ADDRESS])
    return match[0] if match else ""

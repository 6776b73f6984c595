"""What syncd asks Microsoft for, in plain words: to the owner, and to the administrator who has to approve it.

Source: learn.microsoft.com/graph/permissions-reference; neither needs an administrator unless a tenant says so.
"""

from __future__ import annotations

from typing import Final

CALENDARS: Final = "Calendars.ReadBasic"
"""Events without their texts, attachments and extensions."""

MAIL: Final = "Mail.ReadBasic"
"""Messages without their texts, previews, attachments and extensions."""

_FOR_ADMINISTRATORS: Final = {
    CALENDARS: "when my meetings are, what they are called, who takes part; no descriptions, no attachments",
    MAIL: "who wrote to whom, when, and the subject; no texts, no attachments",
}


def what_it_sees(scopes: tuple[str, ...], *, subjects: bool) -> tuple[str, ...]:
    """What syncd can see with these permissions, and what it cannot do; sentences."""
    told: list[str] = []
    if MAIL in scopes:
        seen = "senders, recipients, times" + (" and subjects" if subjects else ", no subjects")
        told += [
            f"syncd sees of your mail: {seen}. Never the text, never an attachment: Microsoft does not give them out.",
            "It cannot send, change or delete anything.",
        ]
    if CALENDARS in scopes:
        seen = "titles, times and guests" if subjects else "times and guests, no titles"
        told += [
            f"syncd keeps of your calendars: {seen}. Descriptions and attachments: Microsoft does not give them out.",
            "It cannot invite, change or delete anything.",
        ]
    return tuple(told)


def for_administrators(scope: str) -> str:
    """What the owner asks an administrator for; the end of "syncd reads only ..."."""
    return _FOR_ADMINISTRATORS[scope]

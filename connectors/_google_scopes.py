"""What syncd asks Google for, in plain words: what each permission shows, and how to make the client that asks.

The words on the boxes are those of the consent screen (https://developers.google.com/identity/protocols/oauth2/scopes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROOT: Final = "https://www.googleapis.com/auth/"

GMAIL_SCOPES: Final = (f"{_ROOT}gmail.metadata",)
"""Labels and headers of mail; Google refuses texts, attachments and searching with it."""

CALENDAR_SCOPES: Final = (f"{_ROOT}calendar.events.readonly", f"{_ROOT}calendar.calendarlist.readonly")
"""Events, and which calendars there are."""


@dataclass(frozen=True, slots=True)
class _Permission:
    """A scope: the words on its box, and the API that has to be enabled for it."""

    box: str
    api: str
    library: str


_MAIL: Final = ("Gmail API", "gmail.googleapis.com")
_CALENDAR: Final = ("Google Calendar API", "calendar-json.googleapis.com")
_PERMISSIONS: Final = {
    GMAIL_SCOPES[0]: _Permission("View your email message metadata such as labels and headers", *_MAIL),
    CALENDAR_SCOPES[0]: _Permission("View events on all your calendars", *_CALENDAR),
    CALENDAR_SCOPES[1]: _Permission("See the list of Google calendars you're subscribed to", *_CALENDAR),
}


def is_mail(scopes: Iterable[str]) -> bool:
    """Whether these are the permissions for mail, not for calendars."""
    return any(scope.startswith(f"{_ROOT}gmail.") for scope in scopes)


def boxes(scopes: Iterable[str]) -> str:
    """The words on the boxes of these permissions."""
    known = (_PERMISSIONS.get(scope) for scope in sorted(scopes))
    return "; ".join(f'"{each.box}"' for each in known if each) or "a permission"


def what_it_sees(scopes: tuple[str, ...], *, subjects: bool) -> tuple[str, ...]:
    """What syncd can see with these permissions, and what it cannot do; sentences."""
    if is_mail(scopes):
        seen = "senders, recipients, times" + (" and subjects" if subjects else ", no subjects")
        return (
            f"syncd sees of your mail: {seen}. Never the text, never an attachment: Google does not give them out.",
            "It cannot send, change or delete anything.",
        )
    seen = "titles, times and guests" if subjects else "times and guests, no titles"
    return (
        f"syncd keeps of your calendars: {seen}. Descriptions, places and attachments are not asked for.",
        "It cannot invite, change or delete anything.",
    )


def console_steps(account: str, scopes: tuple[str, ...]) -> str:
    """How to make the client that Google asks for; about five minutes, once."""
    console = "https://console.cloud.google.com"
    api, library = _MAIL if is_mail(scopes) else _CALENDAR
    return f"""\
Google lets a program in only through a client of your own. Once, about five minutes:

  1. Make a project:            {console}/projectcreate
  2. Enable the {api}:  {console}/apis/library/{library}
  3. Fill in the consent screen ("External", your own address): {console}/auth/overview
  4. Publish app, or sign-in dies every 7 days: {console}/auth/audience
     (Google need not verify it; it is yours alone.)
  5. Make a client of the type "Desktop app", download its JSON file: {console}/auth/clients
  6. Put the file where only you can read it, and name it in the configuration:

       [accounts.{account}]
       client = {{ file = "~/.config/syncd/google-client.json" }}

All your accounts at Google can share this client. docs/google.md says more.
"""


def console_warning(address: str) -> str:
    """What the owner should know before the browser opens."""
    return (
        f"Sign in as {address}. Google warns that the app is not verified: it is your own, "
        'so choose "Advanced", then "Go to ...". Leave every box ticked.'
    )

"""What google-calendar asks Google for: which calendars there are, and the events of one of them, page by page.

Two methods, both GET: calendarList.list and events.list of the Calendar API, version 3.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from connectors._google_calendar_events import MEETINGS, TITLE, WANTED
from connectors._google_errors import Refused
from syncd.errors import CursorExpired, Misconfigured, Transient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors._google import GoogleAccount
    from connectors._google_calendar_cursor import CalendarPlace
    from syncd.connector import Context

LARGEST_PAGE: Final = 2500
PRIMARY: Final = "primary"

_OWNER: Final = "owner"
_SECONDARY: Final = "@group.calendar.google.com"
_ONLY_BUSY: Final = "freeBusyReader"


class _Google(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, hide_input_in_errors=True)


class Entry(_Google):
    """One calendar of the owner's list, and what the owner may do there."""

    id: str
    summary: str = ""
    summary_override: str = ""
    time_zone: str = ""
    access_role: str = ""
    primary: bool = False

    @property
    def name(self) -> str:
        """What the owner calls it."""
        return self.summary_override or self.summary or self.id

    @property
    def is_own(self) -> bool:
        """Whether it is the account's: the primary one, or one that it owns and that is nobody else's primary one.

        Who may write in a colleague's calendar, or was made its manager, does not go to the meetings in it.
        """
        return self.primary or (self.access_role == _OWNER and self.id.casefold().endswith(_SECONDARY))


class _Entries(_Google):
    items: tuple[Entry, ...] = ()
    next_page_token: str = ""


class EventPage(_Google):
    """One page of a listing; the last one has the token to go on from when something changed."""

    items: tuple[object, ...] = ()
    next_page_token: str = ""
    next_sync_token: str = ""


class Parameters(TypedDict):
    """What every listing of events is asked with; a sync token only holds for the same."""

    eventTypes: Literal["default"]
    fields: str
    maxResults: int
    singleEvents: bool


def parameters(*, titles: bool) -> Parameters:
    """Series and their exceptions, not every occurrence; of them who and when, and `titles` only when wanted."""
    return {
        "eventTypes": MEETINGS,
        "fields": f"items({WANTED}{f',{TITLE}' if titles else ''}),nextPageToken,nextSyncToken",
        "maxResults": LARGEST_PAGE,
        "singleEvents": False,
    }


class Lists:
    """The lists of one Google account."""

    def __init__(self, account: GoogleAccount, context: Context) -> None:
        self._account = account
        self._context = context
        self._service = account.service("calendar", "v3")

    def calendars(self) -> tuple[Entry, ...]:
        """The calendars in the owner's list, the hidden ones too. Raises Transient, AuthRequired, Misconfigured."""
        return tuple(entry for page in self._entries() for entry in page.items)

    def events(self, calendar: str, place: CalendarPlace, since: datetime) -> EventPage:
        """The page of events after `place`: of everything that ends after `since`, or of what changed.

        Raises CursorExpired when Google no longer honours the place, Transient, AuthRequired, Misconfigured.
        """
        request = self._service.events().list(
            **parameters(titles=self._context.subjects),
            calendarId=calendar,
            pageToken=place.page or None,
            syncToken=place.token or None,
            timeMin=None if place.token else f"{since:%Y-%m-%dT%H:%M:%SZ}",
        )
        try:
            return EventPage.model_validate(self._account.call(request))
        except Refused as error:
            lost = error.status == HTTPStatus.GONE or (error.status == HTTPStatus.BAD_REQUEST and error.reason != "")
            if lost and (place.token or place.page):
                raise CursorExpired(
                    "Google no longer knows how far this calendar was read.", "Nothing to do: syncd lists it again."
                ) from error
            raise
        except ValidationError as error:
            raise _strange("list of events") from error

    def _entries(self) -> Iterator[_Entries]:
        token, seen = "", set[str]()
        while token not in seen and not self._context.stopping():
            seen.add(token)
            request = self._service.calendarList().list(maxResults=250, pageToken=token or None, showHidden=True)
            try:
                page = _Entries.model_validate(self._account.call(request))
            except ValidationError as error:
                raise _strange("list of calendars") from error
            yield page
            token = page.next_page_token
            if not token:
                return


def chosen(entries: Sequence[Entry], wanted: Sequence[str], account: str) -> Mapping[str, Entry]:
    """The calendars that `wanted` names, by their ids; a name counts in any case, and an id is never doubted.

    Raises Misconfigured when none or several of the account's own have that name, when only somebody else's has it,
    and when it shows nothing but who is busy.
    """
    found: dict[str, Entry] = {}
    for name in wanted:
        entry = _called(name, entries, account)
        found[entry.id] = entry
    return found


def _called(name: str, entries: Sequence[Entry], account: str) -> Entry:
    explicit = (entry for entry in entries if entry.id == name or (name == PRIMARY and entry.primary))
    entry = next(explicit, None) or _named(name, entries, account)
    if entry.access_role == _ONLY_BUSY:
        raise Misconfigured(
            f'The calendar "{entry.name}" shows when somebody is busy, and not with whom.',
            f"Take it out of `calendars` of accounts.{account}, then type: syncd config check",
        )
    return entry


def _named(name: str, entries: Sequence[Entry], account: str) -> Entry:
    """The only one of the account's own calendars that is called so; of those of others one that is refused anyway."""
    folded = name.strip().casefold()
    by_id = {entry.id: entry for entry in entries}
    alike = [
        entry for entry in by_id.values() if folded in (entry.summary.casefold(), entry.summary_override.casefold())
    ]
    if not alike:
        names = ", ".join(f'"{entry.name}"' for entry in by_id.values() if entry.is_own)
        raise Misconfigured(
            f'The Google account of accounts.{account} has no calendar called "{name}".',
            f"There are: {names or 'none'}. Correct `calendars` of accounts.{account}, then type: syncd config check",
        )
    own = [entry for entry in alike if entry.is_own]
    if len(own) > 1:
        raise Misconfigured(
            f'The Google account of accounts.{account} has {len(own)} calendars called "{name}".',
            f"In `calendars` of accounts.{account} write the id of the one you mean in place of its name: "
            f"{_ids(own)}. Then type: syncd config check",
        )
    readable = [entry for entry in alike if entry.access_role != _ONLY_BUSY]
    if not own and readable:
        raise Misconfigured(
            f'The calendar "{readable[0].name}" is somebody else\'s, and their meetings would count as yours.',
            "By name syncd reads your primary calendar and those that you own. Take this one out of `calendars` of "
            f"accounts.{account}; or, when your own meetings are in it, write its id in place of its name: "
            f"{_ids(readable)}. Then type: syncd config check",
        )
    return (own or alike)[0]


def _ids(entries: Sequence[Entry]) -> str:
    return ", ".join(f'"{entry.id}"' for entry in entries)


def _strange(what: str) -> Transient:
    return Transient(f"Google's {what} cannot be understood.", "Nothing is lost: syncd tries again.")

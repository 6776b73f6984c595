"""Every calendar of the double's mailbox, and the paths below /me that lead to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Final

from tests.servers.graph_calendar import Calendar, Window
from tests.servers.graph_requests import Refused, chosen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.servers.graph_calendar import Person
    from tests.servers.graph_contract import Resource
    from tests.servers.graph_requests import Asked, Links

_UNTRACKED: Final = ("$select", "$filter", "$expand", "$orderby", "$search", "$top")
_LONGEST_VIEW: Final = timedelta(days=1825)


class Calendars:
    """Every calendar of the mailbox, and the paths below /me that lead to them."""

    def __init__(self, owner: Person) -> None:
        self.owner = owner
        self._numbers = count(1)
        self._calendars: dict[str, Calendar] = {}
        self.default = self.add("Calendar")
        self.default.is_default = True

    def add(self, name: str, owner: Person | None = None, *, shared: bool = False) -> Calendar:
        """A further calendar; a shared one lies in somebody else's mailbox."""
        identifier = f"AAkCal{len(self._calendars):05d}="
        calendar = Calendar(identifier, name, owner or self.owner, self._numbers)
        calendar.shared = shared
        self._calendars[identifier] = calendar
        return calendar

    def drop(self, calendar: Calendar) -> None:
        """A calendar is deleted, or shared no longer."""
        del self._calendars[calendar.id]

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return [(each.id, each.name, each.snapshot()) for each in self._calendars.values()]

    def answer(self, asked: Asked, links: Links) -> Resource:
        """The answer to a request below /me/calendar, /me/calendars, /me/calendarView or /me/events."""
        _, word, *rest = asked.path
        if word == "calendars" and not rest:
            written = [calendar.written() for calendar in self._calendars.values()]
            return links.listing(asked, "me/calendars", written, links.place(asked), 10)
        if word == "calendars":
            return self._below(asked, links, self._calendar(rest[0]), rest[1:])
        if word == "events":
            for calendar in self._calendars.values():
                if not calendar.shared and rest[0].partition(".")[0] in calendar.ids():
                    return self._below(asked, links, calendar, ["events", *rest])
            raise Refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return self._below(asked, links, self.default, ["calendarView", *rest] if word == "calendarView" else rest)

    def _calendar(self, identifier: str) -> Calendar:
        try:
            return self._calendars[identifier]
        except KeyError:
            raise Refused(404, "ErrorItemNotFound", "The specified object was not found in the store.") from None

    def _below(self, asked: Asked, links: Links, calendar: Calendar, rest: Sequence[str]) -> Resource:
        match rest:
            case []:
                return calendar.written()
            case ["calendarView", "delta"]:
                return self._delta(asked, links, calendar)
            case ["calendarView"]:
                place = links.place(asked)
                start, end = _window(place.params)
                found = [chosen(each, place.params) for each in calendar.view(start, end)]
                return links.listing(asked, f"me/calendars/{calendar.id}/calendarView", found, place, 10)
            case ["events", identifier]:
                return chosen(calendar.event(identifier), asked.params)
            case ["events", identifier, "instances"]:
                place = links.place(asked)
                calendar.event(identifier)
                found = [chosen(each, place.params) for each in calendar.instances(identifier, *_window(place.params))]
                path = f"me/calendars/{calendar.id}/events/{identifier}/instances"
                return links.listing(asked, path, found, place, 10)
            case _:
                raise Refused(400, "BadRequest", f"Resource not found for the segment '{asked.path[-1]}'.")

    def _delta(self, asked: Asked, links: Links, calendar: Calendar) -> Resource:
        path = f"me/calendars/{calendar.id}/calendarView/delta"
        untracked = [name for name in _UNTRACKED if name in asked.params]
        if untracked:
            names = ", ".join(untracked)
            message = f"The following parameters are not supported with change tracking over the resource: '{names}'."
            raise Refused(400, "ErrorInvalidUrlQuery", message)
        state = links.open(asked) if asked.continues else Window(*_window(asked.params), 0)
        return links.round(asked, path, calendar.round(state) if isinstance(state, Window) else state, 50)


def _window(params: Mapping[str, str]) -> tuple[datetime, datetime]:
    given = {name.lower(): value for name, value in params.items()}
    try:
        start, end = (_moment(given[name]) for name in ("startdatetime", "enddatetime"))
    except KeyError:
        message = "This request requires a time window specified by the query string parameters StartDateTime and End."
        raise Refused(400, "ErrorInvalidParameter", message) from None
    if end < start:
        raise Refused(400, "ErrorCalendarEndDateIsEarlierThanStartDate")
    if end - start > _LONGEST_VIEW:
        raise Refused(400, "ErrorCalendarViewRangeTooBig", "The requested range is too big.")
    return start, end


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, "ErrorInvalidParameter", f"{text!r} is not a date.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

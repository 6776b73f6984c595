"""A calendar of the double: what a view shows, what a round of delta says, and what it leaves out.

The documented traps of change tracking are all here: occurrences come as stubs, a deleted occurrence leaves no word,
whatever changes outside the window comes as removed, and the window never moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from tests.servers.graph_requests import Refused, Rest
from tests.servers.graph_series import Entry, global_object_id, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from tests.servers.graph_contract import Resource
    from tests.servers.graph_series import Pattern

Person = tuple[str, str]
"""An address and a name."""

_NOWHERE: Final = (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
NEVER: Final = "0001-01-01T00:00:00Z"
_STUB: Final = ("id", "type", "seriesMasterId", "start", "end")


@dataclass(frozen=True, slots=True)
class Window:
    """What a deltaLink stands for: the window of its first request, and what was known at its last."""

    start: datetime
    end: datetime
    version: int


class Calendar:
    """One calendar. Every method that changes it is the other side's hand: an organizer, a phone, an assistant.

    `shared` calendars answer 404 to /me/events/{id}; `repeat` sends whatever a round of delta holds so many times over,
    and `order`, when set, shuffles it.
    """

    def __init__(self, identifier: str, name: str, owner: Person, numbers: Iterator[int]) -> None:
        self.id = identifier
        self.name = name
        self.owner = owner
        self.is_default = False
        self.shared = False
        self.free_busy_only = False
        self.repeat = 1
        self.order: Random | None = None
        self._numbers = numbers
        self._version = 0
        self._entries: dict[str, Entry] = {}
        self._gone: dict[str, int] = {}

    # What happens to it.

    def add(  # noqa: PLR0913 - a keyword for each thing an event can be
        self,
        subject: str | None,
        start: datetime,
        end: datetime | None = None,
        *,
        attendees: Sequence[tuple[str, str] | tuple[str, str, str] | tuple[str, str, str, str]] = (),
        organizer: Person | None = None,
        response: str = "organizer",
        pattern: Pattern | None = None,
        all_day: bool = False,
        third_party: str | None = None,
        **fields: object,
    ) -> str:
        """A new event, or a series when it has a `pattern`; its id.

        Times are aware; a series keeps its time of day in their zone. Attendees are (address, name[, response[, type]])
        in Graph's words. `organizer` None means the owner. `third_party` is the UID of another system. Further
        `fields` are Graph's own (`sensitivity="private"`, `isCancelled=True`, `iCalUId=None`).
        """
        number = next(self._numbers)
        if all_day:
            midnight = datetime.combine(start.date(), time(), UTC)
            start, end = midnight, datetime.combine(end.date(), time(), UTC) if end else midnight + timedelta(days=1)
        address, name = organizer or self.owner
        zone = start.tzinfo.key if isinstance(start.tzinfo, ZoneInfo) else "UTC"
        written: Resource = {
            "subject": subject,
            "isAllDay": all_day,
            "isCancelled": False,
            "isDraft": False,
            "isOrganizer": organizer is None,
            "organizer": {"emailAddress": {"name": name, "address": address}},
            "attendees": [_attendee(*each) for each in attendees],
            "responseStatus": {"response": response, "time": NEVER},
            "sensitivity": "normal",
            "showAs": "busy",
            "originalStartTimeZone": zone,
            "originalEndTimeZone": zone,
            "lastModifiedDateTime": "2026-03-01T08:00:00.1234567Z",
            **fields,
        }
        entry = Entry(f"AAkAL{number:07d}=", number, start, end or start + timedelta(hours=1), written, pattern)
        entry.third_party = third_party
        return self._keep(entry)

    def add_resource(self, resource: Resource) -> str:
        """An event as Graph would write it, shown as it is (its start and end must be UTC to be placed); its id."""
        number = next(self._numbers)
        entry = Entry(
            str(resource.get("id", f"AAkAL{number:07d}=")),
            number,
            _placed(resource.get("start"), _NOWHERE[0]),
            _placed(resource.get("end"), _NOWHERE[1]),
            {"@as is": True, **resource},
        )
        return self._keep(entry)

    def update(self, identifier: str, **fields: object) -> None:
        """Set Graph's own fields of an event, a series, or (by its own id) one occurrence, which becomes an exception.

        `start` and `end`, aware, move it.
        """
        entry, original = self._find(identifier)
        start, end = fields.pop("start", None), fields.pop("end", None)
        if original is not None:
            if isinstance(start, datetime) and isinstance(end, datetime):
                entry.move(original, start, end)
            entry.exceptions.setdefault(original, {}).update(fields)
        else:
            entry.start = start if isinstance(start, datetime) else entry.start
            entry.end = end if isinstance(end, datetime) else entry.end
            entry.fields.update(fields)
        self._touch(entry)

    def delete(self, identifier: str) -> None:
        """Take an event, a whole series, or one occurrence away."""
        entry, original = self._find(identifier)
        if original is None:
            del self._entries[entry.id]
            self._version += 1
            self._gone[entry.id] = self._version
        else:
            entry.deleted.add(original)
            self._touch(entry)

    def restore(self) -> None:
        """Every event is written again unchanged, as after a migration: a round of delta sends them all."""
        for entry in self._entries.values():
            self._touch(entry)

    def occurrence(self, identifier: str, number: int) -> str:
        """The id of the occurrence of a series whose original start is the `number`th (from 0)."""
        entry = self._entries[identifier]
        if entry.pattern is None:
            raise ValueError(identifier)
        for index, day in enumerate(entry.pattern.dates(entry.start.date())):
            if index == number:
                return entry.occurrence_id(datetime.combine(day, entry.start.timetz()).astimezone(UTC))
        raise IndexError(number)

    def ids(self) -> list[str]:
        """Every event that stands alone and every series."""
        return list(self._entries)

    def written(self) -> Resource:
        """The calendar itself."""
        return {
            "id": self.id,
            "name": self.name,
            "color": "auto",
            "isDefaultCalendar": self.is_default,
            "canEdit": not self.shared,
            "canShare": not self.shared,
            "canViewPrivateItems": not self.shared,
            "owner": {"name": self.owner[1], "address": self.owner[0]},
        }

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return repr(sorted(self._entries.items()))

    # What it answers.

    def view(self, start: datetime, end: datetime) -> list[Resource]:
        """Every single event, occurrence and exception that touches the window, whole, by start."""
        found = [
            (begin, resource)
            for entry in self._entries.values()
            for begin, _, resource in self._instances(entry, start, end)
        ]
        return [resource for _, resource in sorted(found, key=lambda item: item[0])]

    def event(self, identifier: str) -> Resource:
        """One event by its id: single, master, occurrence or exception. Raises Refused (404)."""
        try:
            entry, original = self._find(identifier)
        except KeyError:
            raise Refused(404, "ErrorItemNotFound", "The specified object was not found in the store.") from None
        if original is None:
            return self._master(entry) if entry.pattern else self._single(entry)
        for known, begin, finish in entry.occurrences(original + timedelta(seconds=1)):
            if known == original:
                return self._instance(entry, original, begin, finish)
        raise Refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")

    def instances(self, identifier: str, start: datetime, end: datetime) -> list[Resource]:
        """The occurrences and exceptions of a series that touch the window."""
        entry, _ = self._find(identifier)
        return [resource for _, _, resource in self._instances(entry, start, end)]

    def round(self, window: Window) -> Rest:
        """What a round of delta says to somebody who knew this much."""
        told: list[Resource] = []
        for entry in self._entries.values():
            if entry.changed > window.version:
                told += self._told(entry, window)
        if window.version:
            told += [
                _removed(identifier, "deleted")
                for identifier, version in self._gone.items()
                if version > window.version
            ]
        told *= self.repeat
        if self.order:
            self.order.shuffle(told)
        return Rest(told, Window(window.start, window.end, self._version))

    def _told(self, entry: Entry, window: Window) -> list[Resource]:
        instances = list(self._instances(entry, window.start, window.end))
        if not instances:
            return [_removed(entry.id, "changed")] if window.version else []
        if entry.pattern is None:
            return [_typed(resource) for _, _, resource in instances]
        rows = [_typed(self._master(entry))]
        for _, original, resource in instances:
            stub = {name: resource[name] for name in _STUB}
            rows.append(_typed(resource if original in entry.exceptions else stub))
        return rows

    def _instances(
        self, entry: Entry, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime | None, Resource]]:
        """(start, original start, resource) of whatever of an entry touches the window."""
        if entry.pattern is None:
            if _touches(entry.start, entry.end, start, end):
                yield entry.start.astimezone(UTC), None, self._single(entry)
            return
        for original, begin, finish in entry.occurrences(end):
            if _touches(begin, finish, start, end):
                yield begin, original, self._instance(entry, original, begin, finish)

    def _single(self, entry: Entry) -> Resource:
        if "@as is" in entry.fields:
            return {"id": entry.id, **{name: value for name, value in entry.fields.items() if name != "@as is"}}
        return self._shown(
            {
                **_times(entry.start, entry.end),
                "type": "singleInstance",
                "seriesMasterId": None,
                "recurrence": None,
                "iCalUId": global_object_id(entry.number, None, entry.third_party),
                **entry.fields,
                "id": entry.id,
            }
        )

    def _master(self, entry: Entry) -> Resource:
        zone = str(entry.fields["originalStartTimeZone"])
        pattern = entry.pattern.written(entry.start.date(), zone) if entry.pattern else None
        single = self._single(entry)
        deleted = [f"OID.{entry.id}.{original.date()}" for original in sorted(entry.deleted)]
        return {**single, "type": "seriesMaster", "recurrence": pattern, "cancelledOccurrences": deleted}

    def _instance(self, entry: Entry, original: datetime, start: datetime, end: datetime) -> Resource:
        day = original.astimezone(entry.start.tzinfo).date()
        changes = entry.exceptions.get(original)
        return self._shown(
            {
                **entry.fields,
                **_times(start, end),
                "type": "occurrence" if changes is None else "exception",
                "seriesMasterId": entry.id,
                "recurrence": None,
                "originalStart": original.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "iCalUId": global_object_id(entry.number, day, entry.third_party),
                **{name: value for name, value in entry.fields.items() if name == "iCalUId"},
                **(changes or {}),
                "id": entry.occurrence_id(original),
            }
        )

    def _shown(self, resource: Resource) -> Resource:
        """What whoever may only see when its owner is busy is shown of an event."""
        if self.free_busy_only:
            resource.update(subject=None, attendees=[], organizer=None, responseStatus=None, sensitivity="normal")
        return resource

    def _find(self, identifier: str) -> tuple[Entry, datetime | None]:
        """The entry an id belongs to, and the original start when it names an occurrence. Raises KeyError."""
        master, _, original = identifier.partition(".")
        if not original:
            return self._entries[identifier], None
        return self._entries[master], datetime.strptime(original, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)

    def _keep(self, entry: Entry) -> str:
        self._entries[entry.id] = entry
        self._touch(entry)
        return entry.id

    def _touch(self, entry: Entry) -> None:
        self._version += 1
        entry.changed = self._version
        entry.fields["changeKey"] = f"CQAAABYAAAA{self._version:06d}"


def _attendee(address: str, name: str, response: str = "none", kind: str = "required") -> Resource:
    return {
        "type": kind,
        "status": {"response": response, "time": NEVER},
        "emailAddress": {"name": name, "address": address},
    }


def _times(start: datetime, end: datetime) -> Resource:
    return {
        "start": {"dateTime": stamp(start.astimezone(UTC)), "timeZone": "UTC"},
        "end": {"dateTime": stamp(end.astimezone(UTC)), "timeZone": "UTC"},
    }


def _placed(value: object, otherwise: datetime) -> datetime:
    """Where an event that is shown as it is lies; one without a readable time lies everywhere."""
    try:
        return datetime.fromisoformat(str(value["dateTime"])).replace(tzinfo=UTC)  # type: ignore[index]  # else TypeError
    except (TypeError, KeyError, ValueError):
        return otherwise


def _touches(begin: datetime, finish: datetime, start: datetime, end: datetime) -> bool:
    """Whether an event lies in the window; one whose time nobody can read lies in every window."""
    if (begin, finish) == _NOWHERE:
        return True
    return begin < end and (finish > start or (begin == finish and begin >= start))


def _removed(identifier: str, reason: str) -> Resource:
    return {"@odata.type": "#microsoft.graph.event", "id": identifier, "@removed": {"reason": reason}}


def _typed(resource: Resource) -> Resource:
    return {"@odata.type": "#microsoft.graph.event", **resource}

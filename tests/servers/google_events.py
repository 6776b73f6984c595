"""Single events as Google Calendar shows them: time spans, instances of a series, what is left of a cancelled one.

Series are expanded with dateutil: a second opinion beside whatever the connectors use.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, cast
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # dateutil ships no types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from googleapiclient._apis.calendar.v3.schemas import Event, EventDateTime

_STAMP: Final = "%Y%m%dT%H%M%S"


def instant(moment: EventDateTime | None, zone: str) -> datetime | None:
    """When this is (UTC); a day begins at midnight of `zone`. None when it says nothing that can be read."""
    try:
        if moment and "dateTime" in moment:
            told = datetime.fromisoformat(moment["dateTime"])
            return (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(moment.get("timeZone", zone)))).astimezone(
                UTC
            )
        if moment and "date" in moment:
            day = date.fromisoformat(moment["date"])
            return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except ValueError:
        return None
    return None


def span(event: Event, zone: str) -> tuple[datetime, datetime] | None:
    """From when to when the event lasts (UTC)."""
    start = instant(event.get("start"), zone)
    end = instant(event.get("end"), zone) or start
    return (start, end) if start and end else None


def instances(
    master: Event, exceptions: Mapping[str, Event], zone: str, latest: datetime, earliest: datetime | None = None
) -> Iterator[Event]:
    """The occurrences of a series that start before `latest` and end after `earliest` as it plans them; an exception
    stands in its place, under the id of the instance.
    """
    when = span(master, zone)
    if when is None:
        return
    all_day = "date" in master["start"]
    local = ZoneInfo(zone if all_day else master["start"].get("timeZone", zone))
    length = when[1] - when[0]
    first = when[0].astimezone(local).replace(tzinfo=None)
    for planned in rrulestr(_rules(master["recurrence"], local), dtstart=first, forceset=True):
        start = planned.replace(tzinfo=local).astimezone(UTC)
        if start >= latest:
            return
        if earliest and start + length <= earliest:
            continue
        stamp = f"{planned:%Y%m%d}" if all_day else f"{start:{_STAMP}Z}"
        instance_id = f"{master['id']}_{stamp}"
        yield exceptions.get(instance_id) or _instance(master, instance_id, start, start + length, local)


def goes_on(master: Event, zone: str, after: datetime) -> bool:
    """Whether any occurrence of the series ends after this."""
    return next(instances(master, {}, zone, datetime(2200, 1, 1, tzinfo=UTC), after), None) is not None


def instance_id(master_id: str, original: EventDateTime, zone: str) -> str:
    """The id of the occurrence that was planned for this time."""
    if "date" in original:
        return f"{master_id}_{original['date'].replace('-', '')}"
    start = instant(original, zone)
    if start is None:
        raise ValueError(f"an original start that is no time: {original}")
    return f"{master_id}_{start:{_STAMP}Z}"


def remains(event: Event, *, sparse: bool = False) -> Event:
    """What the API still says of a cancelled event: of an exception where it belonged, of a single one only its id.

    Some exceptions are told as `sparse` as single events, against the documentation (compass-calendar, pull 2808).
    """
    kept: Event = {"kind": "calendar#event", "etag": event["etag"], "id": event["id"], "status": "cancelled"}
    if "recurringEventId" in event and not sparse:
        kept["recurringEventId"] = event["recurringEventId"]
        kept["originalStartTime"] = event["originalStartTime"]
    return kept


def only_busy(event: Event) -> Event:
    """What somebody sees who may see only when the owner is busy."""
    names = [
        "kind",
        "etag",
        "id",
        "status",
        "start",
        "end",
        "iCalUID",
        "recurringEventId",
        "originalStartTime",
        "recurrence",
        "updated",
    ]
    kept = {name: value for name, value in event.items() if name in names}
    return cast("Event", {**kept, "visibility": "private"})


def with_most_attendees(event: Event, most: int) -> Event:
    """The event; of more attendees than `most` only the owner is left, and it says so."""
    attendees = event.get("attendees", [])
    if len(attendees) <= most:
        return event
    shown = event.copy()
    shown["attendees"] = [each for each in attendees if each.get("self")]
    shown["attendeesOmitted"] = True
    return shown


def in_zone(event: Event, zone: str) -> Event:
    """The event with its times told in another zone."""
    shown = event.copy()
    for name in ("start", "end", "originalStartTime"):
        told = event.get(name)
        if isinstance(told, dict) and "dateTime" in told and (moment := instant(cast("EventDateTime", told), zone)):
            there = moment.astimezone(ZoneInfo(zone)).isoformat()
            cast("dict[str, object]", shown)[name] = {**told, "dateTime": there.replace("+00:00", "Z")}
    return shown


def _instance(master: Event, key: str, start: datetime, end: datetime, zone: ZoneInfo) -> Event:
    made = master.copy()
    del made["recurrence"]
    made["id"], made["recurringEventId"] = key, master["id"]
    if "date" in master["start"]:
        made["start"] = {"date": f"{start.astimezone(zone):%Y-%m-%d}"}
        made["end"] = {"date": f"{end.astimezone(zone):%Y-%m-%d}"}
    else:
        made["start"] = {"dateTime": start.astimezone(zone).isoformat(), "timeZone": zone.key}
        made["end"] = {"dateTime": end.astimezone(zone).isoformat(), "timeZone": zone.key}
    made["originalStartTime"] = made["start"]
    return made


def _rules(lines: list[str], zone: ZoneInfo) -> str:
    """The recurrence lines with every time as the wall clock of the series shows it, as dateutil wants them."""

    def wall_clock(match: re.Match[str]) -> str:
        moment = datetime.strptime(match[0], f"{_STAMP}Z").replace(tzinfo=UTC)
        return f"{moment.astimezone(zone):{_STAMP}}"

    plain = [re.sub(r"^(EXDATE|RDATE)(;[^:]*)?:", r"\1:", line) for line in lines]
    return "\n".join(re.sub(r"\d{8}T\d{6}Z", wall_clock, line) for line in plain)

"""The owner's calendar: single meetings, series with exceptions, what was declined or called off, and what is ahead."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from icalendar import Calendar, Event, vCalAddress

from syncd.demo.cast import AT_WORK, CAST, OWNER, ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable


def make_calendar(now: datetime) -> Calendar:
    """The calendar as it stands at `now` (the owner's local time); two meetings of it are still ahead today."""
    calendar = Calendar()
    calendar.add("prodid", "-//syncd demo//EN")
    calendar.add("version", "2.0")
    today = now.date()
    first, second = _later_today(now)

    def day(ago: int, hour: int = 11) -> datetime:
        then = today - timedelta(days=ago)
        if ago > 0:
            then -= timedelta(days=max(0, then.weekday() - 4))  # nobody meets on a weekend
        return datetime.combine(then, time(hour), ZONE)

    known = {member.name: member.address for member in CAST} | {"Hana Kim": "hana.kim@meridian.example"}

    def meeting(title: str, start: datetime, *names: str, mine: str = "ACCEPTED") -> Event:
        event = Event()
        event.add("uid", f"{len(calendar.events):04d}@brightwater.example")
        event.add("dtstamp", now.astimezone(UTC))
        event.add("summary", title)
        event.add("dtstart", start)
        event.add("dtend", start + timedelta(hours=1))
        if names:
            event.add("organizer", _guest(names[0], known[names[0]], ""))
            event.add("attendee", _guest(OWNER, AT_WORK, mine))
            for name in names:
                event.add("attendee", _guest(name, known[name], "ACCEPTED"))
        calendar.add_component(event)
        return event

    meeting("Coffee with Luca Ferri", first, "Luca Ferri")
    meeting("Meridian quarterly review", second, "Priya Raman", "Owen Price", "Hana Kim")
    meeting("Studio visit", day(-1, 10), "Sara Lindqvist")
    meeting("Supplier day", day(57), "Ingrid Solheim", "Mikkel Dahl", mine="DECLINED")
    meeting("Product demo", day(18), "Ştefan Popescu", mine="DECLINED")
    meeting("Lunch with Nadia", day(30, 13), "Nadia Haddad").add("status", "CANCELLED")
    meeting("Lunch", day(121, 13), "Budi Santoso")
    meeting("Aperitivo", day(222, 18), "Luca Ferri")
    meeting("Call about the catalogue", day(26, 15), "Mikkel Dahl")
    meeting("Year in review", day(150, 10), *(member.name for member in CAST[3:30:2]))
    meeting("Dentist", day(15, 9))
    weekly = datetime.combine(_anchor(today), time(9, 30), ZONE)
    meeting("Giulia and Elena", weekly, "Giulia Romano").add("rrule", {"freq": "weekly"})
    series = calendar.events[-1]
    series.add("exdate", weekly + timedelta(weeks=9))
    moved = meeting("Giulia and Elena", weekly + timedelta(weeks=20, days=1), "Giulia Romano")
    called_off = meeting("Giulia and Elena", weekly + timedelta(weeks=31), "Giulia Romano")
    called_off.add("status", "CANCELLED")
    for event, week in ((moved, 20), (called_off, 31)):
        event["uid"] = series["uid"]
        event.add("recurrence-id", weekly + timedelta(weeks=week))
    monthly = weekly.replace(hour=17)
    meeting("Mentoring hour", monthly, "Grace Mwangi").add("rrule", {"freq": "weekly", "interval": 4})
    calendar.add_missing_timezones()
    return calendar


def _guest(name: str, address: str, answer: str) -> vCalAddress:
    guest = vCalAddress(f"mailto:{address}")
    guest.params["CN"] = name
    if answer:
        guest.params["PARTSTAT"] = answer
    return guest


def _anchor(today: date) -> date:
    """A working day about ten months ago whose weekday is neither today's nor tomorrow's."""
    choices: Iterable[date] = (today - timedelta(weeks=42, days=-ahead) for ahead in (2, 3, 4))
    return next(day for day in choices if day.weekday() < 5)  # noqa: PLR2004 - Saturday


def _later_today(now: datetime) -> tuple[datetime, datetime]:
    """Two moments that are still ahead today, however late it is."""
    hours = (time(10, 30), time(15), time(18, 30), time(20, 30), time(22))
    ahead = [start for hour in hours if (start := datetime.combine(now.date(), hour, ZONE)) > now]
    if len(ahead) >= 2:  # noqa: PLR2004 - the two of the promise
        return ahead[0], ahead[1]
    left = datetime.combine(now.date() + timedelta(days=1), time(), ZONE) - now
    return (now + left / 3).replace(microsecond=0), (now + left * 2 / 3).replace(microsecond=0)

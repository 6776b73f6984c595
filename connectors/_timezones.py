"""Which time zone a calendar means by the name it gives: IANA, Windows, an offset, its own VTIMEZONE, or none we know.

Resolved for each feed on its own; the iCalendar library keeps one table for the whole process, in which the
"Customized Time Zone 1" of one feed would become that of every other.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, cast
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

_OFFSET: Final = re.compile(r"\(?\s*(?:GMT|UTC|UT)?\s*([+-])\s*(\d{1,2})(?:[:.]?(\d{2}))?(?!\d)", re.IGNORECASE)
_LOCATION: Final = re.compile(r"^X-LIC-LOCATION[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
_BEFORE_CITIES: Final = re.compile(r"^\([^)]*\)\s*")
_LONGEST_NAME: Final = 200
_FARTHEST: Final = timedelta(hours=16)
_NOT_A_PLACE: Final = frozenset({"Factory", "localtime"})
_USUAL: Final = {
    "z": "UTC", "ut": "UTC", "utc": "UTC", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
    "mdt": "America/Denver", "cst": "America/Chicago", "cdt": "America/Chicago", "edt": "America/New_York",
    "bst": "Europe/London", "cest": "Europe/Paris", "mez": "Europe/Berlin", "mesz": "Europe/Berlin",
    "eest": "Europe/Athens", "aest": "Australia/Sydney", "jst": "Asia/Tokyo", "wib": "Asia/Jakarta",
    "pacific time (us & canada)": "America/Los_Angeles", "mountain time (us & canada)": "America/Denver",
    "central time (us & canada)": "America/Chicago", "eastern time (us & canada)": "America/New_York",
    "western/central europe": "Europe/Paris", "central european": "Europe/Paris", "beijing": "Asia/Shanghai",
}  # fmt: skip
"""Names that are neither in the IANA database nor among Windows' zones, and that calendars use all the same."""


class Zones:
    """The time zones of one calendar: `definitions` are its VTIMEZONE blocks by TZID, unfolded.

    A name nobody knows means `fallback`, else `home`, the owner's zone; `unknown` gathers those names.
    """

    def __init__(self, definitions: Mapping[str, str], fallback: str, home: tzinfo) -> None:
        self._definitions = definitions
        self._home = home
        self._found: dict[str, tzinfo] = {}
        self._fallback = named_zone(fallback) or home
        self.unknown: set[str] = set()

    def find(self, name: str) -> tzinfo:
        """The zone called `name`; the owner's own when the name is empty (a floating time)."""
        name = name[:_LONGEST_NAME]
        if not name:
            return self._home
        found = self._found.get(name)
        if found is None:
            found = named_zone(name) or self._defined(name) or guessed_zone(name)
            if found is None:
                self.unknown.add(name)
                found = self._fallback
            self._found[name] = found
        return found

    def _defined(self, name: str) -> tzinfo | None:
        """The zone as the calendar itself describes it: by its place, or by its rules."""
        definition = self._definitions.get(name)
        if definition is None:
            return None
        place = _LOCATION.search(definition)
        known = named_zone(place[1]) if place else None
        if known is not None:
            return known
        try:
            described: tzinfo = cast("Timezone", Timezone.from_ical(definition)).to_tz(lookup_tzid=False)
            datetime(2026, 1, 1, tzinfo=described).astimezone(UTC)
        except Exception:  # noqa: BLE001 - a stranger's rules may break the library in any way
            return None
        return described


@lru_cache(1000)
def named_zone(name: str) -> tzinfo | None:
    """The zone that an IANA name, a path that ends in one, or a Windows name stands for, in any case."""
    bare = name.strip(' "\t').removeprefix("TZID=").strip("/ ").lower()
    known = _known_zones()
    if bare in known:
        return _zone(known[bare])
    parts = bare.split("/")
    found = next((known[rest] for rest in map("/".join, _tails(parts)) if rest in known), None)
    return _zone(found) if found else None


@lru_cache(1000)
def guessed_zone(name: str) -> tzinfo | None:
    """The zone that a name probably means: by a usual abbreviation, a city in it, or the offset it begins with."""
    bare = name.strip(' "\t').lower()
    cities = _BEFORE_CITIES.sub("", bare)
    known = _known_zones()
    for place in (bare, cities, *cities.split(",")):
        spelled = place.strip()
        found = _USUAL.get(spelled) or known.get(spelled.replace("_", "/", 1)) or _cities().get(spelled)
        if found:
            return _zone(found)
    match = _OFFSET.match(bare)
    if match is None:
        return None
    ahead = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-ahead if match[1] == "-" else ahead) if ahead < _FARTHEST else None


def _tails(parts: list[str]) -> Iterator[list[str]]:
    return (parts[start:] for start in range(1, len(parts)))


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


@cache
def _known_zones() -> dict[str, str]:
    """The zones of the IANA database and those of Windows, by their names in lower case."""
    iana = {name.lower(): name for name in available_timezones() - _NOT_A_PLACE}
    windows = {name.lower(): place for name, place in WINDOWS_TO_OLSON.items() if place.lower() in iana}
    return {**windows, **iana}


@cache
def _cities() -> dict[str, str]:
    """The zones that are called like a city, by that city."""
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return {name.rpartition("/")[2].replace("_", " ").lower(): name for name in places}

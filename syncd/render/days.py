"""Days in words: "on 11 September", "since Friday", "next Wednesday", as seen from the day of the digest.

Each form is a family of messages of the catalogue; a pattern of a date is Babel's (CLDR). A message may be refined for
one day of the month ("days.on@11"), for languages whose articles depend on the number that follows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from babel.dates import format_date, format_time

if TYPE_CHECKING:
    from datetime import date, tzinfo

    from syncd.render.catalogue import Catalogue

_NEAR = timedelta(days=183)
"""Within half a year of today a day needs no year to be understood."""


class Days:
    """How one language names days and times, seen from `today`; instants are shown in `zone`."""

    def __init__(self, catalogue: Catalogue, today: date, zone: tzinfo) -> None:
        self._catalogue = catalogue
        self._today = today
        self._zone = zone

    def local(self, at: date) -> date:
        """The owner's calendar day of an instant; a day stays the day it is."""
        return at.astimezone(self._zone).date() if isinstance(at, datetime) else at

    def is_today(self, at: date) -> bool:
        """True when `at` lies on the day of the digest."""
        return self.local(at) == self._today

    def time(self, at: date) -> str:
        """The local time of an instant, "10:30"."""
        if not isinstance(at, datetime):
            raise TypeError(f"{at} is a day and has no time")
        return format_time(
            at.astimezone(self._zone), self._catalogue.message("days.time"), locale=self._catalogue.locale
        )

    def month(self, at: date) -> str:
        """The month: "March", or "March 2025" when that is far away."""
        day = self.local(at)
        return self._format("days.month" if self._needs_no_year(day) else "days.month_year", day)

    def plain(self, at: date) -> str:
        """The day by itself: "11 September"."""
        return self._dated("days.plain", at)

    def on(self, at: date) -> str:
        """The day something happened on: "on 11 September"."""
        return self._dated("days.on", at)

    def of(self, at: date) -> str:
        """The day something is of: "of 11 September"."""
        return self._dated("days.of", at)

    def since(self, at: date) -> str:
        """The day something began: "since yesterday", "since Friday", "since 3 May"."""
        day = self.local(at)
        ago = (self._today - day).days
        if ago in (0, 1):
            return self._format("days.since_yesterday" if ago else "days.since_today", day)
        if 0 < ago < 7:  # noqa: PLR2004 - a week: beyond it the weekday means another day
            return self._format("days.since_weekday", day)
        return self._dated("days.since", day)

    def when(self, at: date) -> str:
        """A day to come: "today", "tomorrow", "this Friday", "next Wednesday", "on 16 October"."""
        day = self.local(at)
        ahead = (day - self._today).days
        if ahead in (0, 1):
            return self._format("days.tomorrow" if ahead else "days.today", day)
        weeks = (_monday(day) - _monday(self._today)).days // 7
        if ahead > 0 and weeks in (0, 1):
            return self._format("days.next_week" if weeks else "days.this_week", day)
        return self._dated("days.on", day)

    def heading(self) -> str:
        """The day of the digest, for the top of the page: "Tuesday 6 October"."""
        words = self._format("days.heading", self._today)
        return words[:1].upper() + words[1:]

    def weekday(self, at: date) -> str:
        """The weekday, abbreviated: "Wed"."""
        return self._format("days.weekday", self.local(at))

    def _needs_no_year(self, day: date) -> bool:
        return day.year == self._today.year or abs(day - self._today) < _NEAR

    def _dated(self, family: str, at: date) -> str:
        day = self.local(at)
        pattern = f"{family}@{day.day}"
        words = self._format(pattern if pattern in self._catalogue else family, day)
        return words if self._needs_no_year(day) else f"{words}{self._format('days.year', day)}"

    def _format(self, key: str, day: date) -> str:
        return format_date(day, self._catalogue.message(key), locale=self._catalogue.locale)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())

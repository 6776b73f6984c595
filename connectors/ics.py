"""A calendar that is published as an iCalendar file or feed: read whole, and only when it changed or time moved on.

A feed says what is in it, not what changed, and not what was taken out; the cursor keeps what it takes to tell both.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from connectors._calendar_text import read_text
from connectors._feed import Limits, Validators, read_file
from connectors._fingerprint import fingerprint
from connectors._ics_cursor import Place
from syncd.connector import ConnectorOptions, Page, Progress, SecretRef, Server, Span
from syncd.errors import Misconfigured, Transient
from syncd.model import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors._calendar import CalendarReading
    from connectors._calendar_text import CalendarText
    from connectors._feed import Feed
    from connectors._ics_cursor import Pass
    from syncd.connector import Context
    from syncd.model import Meeting

PAGE: Final = 500
AHEAD: Final = timedelta(days=61)
"""Meetings are reported so far ahead; a day later, those of one more day."""

_SCHEMES: Final = {"http": "http", "https": "https", "webcal": "https", "webcals": "https"}
_WEB_PAGE: Final = (b"<!doctype", b"<html", b"<?xml", b"<head")


class IcsOptions(ConnectorOptions):
    """Where the calendar is published; a secret address is a secret, and stands elsewhere."""

    url: str | SecretRef | None = Field(
        None, description="its http, https or webcal address, or where the secret address can be found"
    )
    path: Path | None = Field(None, description="an .ics file, instead of url")
    addresses: tuple[str, ...] = Field((), description="your addresses in it, when [me] does not name them all")
    allow_private: bool = Field(
        default=False, description="also when the name of its host leads to an address inside this network"
    )
    size_limit: float = Field(20, gt=0, le=1000, description="the largest feed that is read, in megabytes")
    time_limit: Span = Field(timedelta(minutes=1), description="the longest that one download may take")

    def own_addresses(self) -> tuple[str, ...]:
        """The owner's addresses that these options name."""
        return self.addresses

    def servers(self) -> tuple[Server, ...]:
        """Where the calendar is published, unless that is a secret."""
        return (Server.at(web_address(self.url)),) if isinstance(self.url, str) else ()

    @field_validator("url")
    @classmethod
    def _accept_only_the_web(cls, url: str | SecretRef | None) -> str | SecretRef | None:
        if isinstance(url, str) and web_address(url) and urlsplit(url).password:
            raise ValueError(
                "a secret must not stand in this file; put the whole address where it can be found, "
                'like url = { command = ["pass", "show", "calendar/work"] } or url = { credential = "work-ics" }'
            )
        return url

    @model_validator(mode="after")
    def _require_one_place(self) -> IcsOptions:
        if (self.url is None) is (self.path is None):
            raise ValueError("name exactly one of url and path")
        return self


def web_address(url: str) -> str:
    """The http or https address that `url` stands for (webcal is https). Raises ValueError with the sentence."""
    parts = urlsplit(url.strip())
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not parts.hostname:
        raise ValueError("a calendar's address begins with https://, http:// or webcal://; a file goes into path")
    return parts._replace(scheme=scheme).geturl()


class Ics:
    """The connector `ics`."""

    Options: ClassVar[type[ConnectorOptions]] = IcsOptions

    def __init__(self, options: IcsOptions, context: Context) -> None:
        self._options = options
        self._context = context

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """See `Connector.poll`. A feed that changed is reported again as a whole; what is equal changes nothing.

        A future occurrence that two successful reads in a row do not hold is removed; a past one never is.
        """
        url = self._url()
        place = Place.opened(cursor, self._fingerprint(url))
        if self._context.stopping():
            return
        now = self._context.now()
        until = now + AHEAD
        feed = self._get(url, place.validators if place.is_current(until) else Validators(), now)
        text = self._text(url, feed.body) if feed.body is not None else None
        work = place.begin(text.mark(), since, until) if text is not None else None
        if text is None or work is None:
            place.etag, place.modified = feed.validators.etag, feed.validators.modified
            removed = place.confirm(now)
            if place.cursor() != cursor:
                yield Page(removed, place.cursor())
            return
        reading = self._reading(text, datetime.fromtimestamp(work.since, UTC), datetime.fromtimestamp(work.until, UTC))
        if reading is not None:
            yield from self._pages(place, work, reading, feed.validators)

    def check(self) -> tuple[str, ...]:
        """How many events there are, and how many of them say who takes part."""
        url, now = self._url(), self._context.now()
        text = self._text(url, self._get(url, Validators(), now).body or b"")
        reading = self._reading(text, now - self._options.first_sync, now + AHEAD)
        if reading is None:
            return ()
        found = f"{reading.peopled} of {reading.events} events name attendees"
        if reading.events and not reading.peopled:
            found += "; this calendar does not show whom you meet"
        return (found, *(f"{len(reading.unreadable)} cannot be read" for _ in reading.unreadable[:1]))

    def close(self) -> None:
        """Nothing stays open between polls."""

    def _url(self) -> str:
        """The address, fetched from where the secret is kept; empty when the calendar is a file."""
        url = self._options.url
        if isinstance(url, SecretRef):
            try:
                return web_address(self._context.secret(url))
            except ValueError as error:
                raise Misconfigured(
                    f"The secret that `url` of accounts.{self._context.account} names is no address of a calendar.",
                    "It has to begin with https://, http:// or webcal://; correct it, then type: syncd config check",
                ) from error
        return web_address(url) if url else ""

    def _fingerprint(self, url: str) -> str:
        options, context = self._options, self._context
        return fingerprint(url, options.path, options.first_sync, str(context.time_zone), context.subjects)

    def _get(self, url: str, known: Validators, now: datetime) -> Feed:
        options = self._options
        size = round(options.size_limit * 1e6)
        if url:
            from connectors._http import fetch  # noqa: PLC0415 - no other command should wait 0.2 s for requests

            limits = Limits(size, options.time_limit.total_seconds(), options.allow_private)
            return fetch(url, known, limits, now=now, account=self._context.account)
        return read_file((options.path or Path()).expanduser(), known, size, account=self._context.account)

    def _text(self, url: str, body: bytes) -> CalendarText:
        """The calendars in `body`. A server that sends anything else, or half of one, is in trouble: Transient."""
        text = read_text(body, titles=self._context.subjects)
        if url and not text.calendars:
            host = urlsplit(url).hostname
            page = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower().startswith(_WEB_PAGE)
            what = "with a web page" if page else "with something else"
            raise Transient(
                f"{host} answered {what} instead of a calendar.",
                "What was read before is kept. If it stays so, open the address in a browser: it may want a sign-in.",
            )
        if url and text.whole < text.calendars:
            raise Transient(f"The calendar from {urlsplit(url).hostname} breaks off before its end.")
        return text

    def _reading(self, text: CalendarText, since: datetime, until: datetime) -> CalendarReading | None:
        from connectors._calendar import read_calendar  # noqa: PLC0415 - nor for icalendar
        from connectors._occurrences import Window  # noqa: PLC0415 - likewise

        reading = read_calendar(text, Window(since, until), self._context.time_zone, self._context.stopping)
        if reading is None:
            return None
        if reading.unknown_zones:
            self._context.log.warning(
                "account %s: time zones nobody knows, read as the owner's: %s",
                self._context.account,
                ", ".join(sorted(reading.unknown_zones))[:200],
            )
        if text.whole == text.calendars and (text.calendars or text.blocks):
            return reading
        reason = "It breaks off before its end." if text.calendars else "It is not a calendar."
        broken = Unreadable((self._options.path or Path()).name or "calendar", reason)
        return replace(reading, unreadable=(*reading.unreadable, broken), whole=False)

    def _pages(self, place: Place, work: Pass, reading: CalendarReading, validators: Validators) -> Iterator[Page]:
        observations = [(key, seen) for key, seen in _reported(reading, work) if key > work.last]
        done = 0
        while not self._context.stopping():
            page, observations = observations[:PAGE], observations[PAGE:]
            done += len(page)
            seen = tuple(observation for _, observation in page)
            progress = Progress(done, done + len(observations))
            if not observations:
                alarmed = bool(place.shrunk)
                removed = place.finish(work, reading, validators, self._context.now())
                if place.shrunk and not alarmed:
                    self._context.log.warning(
                        "account %s: the calendar suddenly holds only %d events; nothing is removed for now",
                        self._context.account,
                        reading.events,
                    )
                yield Page((*seen, *removed), place.cursor(), progress)
                return
            work.last = page[-1][0]
            yield Page(seen, place.cursor(), progress)


def _reported(reading: CalendarReading, work: Pass) -> list[tuple[str, Meeting | Unreadable]]:
    """What this pass reports, in an order that does not depend on when it runs; the keys are in that order too."""
    entering = work.entering
    meetings = [
        (f"{meeting.start.isoformat()} {meeting.remote_id}", meeting)
        for meeting in reading.meetings
        if entering is None or meeting.start.timestamp() >= entering
    ]
    if entering is not None:
        return sorted(meetings, key=itemgetter(0))
    unreadable = {f"~ {seen.remote_id}": seen for seen in reading.unreadable}
    return sorted([*meetings, *unreadable.items()], key=itemgetter(0))

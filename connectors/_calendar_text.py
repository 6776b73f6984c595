"""iCalendar as text: bytes become content lines, and content lines the events of each calendar in them (RFC 5545, 3.1).

Cut apart here, before anything is understood, so that whatever is wrong with one event stays with that event. Only the
properties that say who met whom and when are kept; descriptions, notes and alarms are never looked at.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TITLE: Final = "SUMMARY"
WANTED: Final = frozenset(
    (
        "UID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "SEQUENCE",
        "DTSTAMP",
        "STATUS",
    )
) | {TITLE}
PEOPLE: Final = frozenset(("ORGANIZER", "ATTENDEE"))
"""The properties of an event that are read."""

_FOLD: Final = re.compile(rb"\n+[ \t]")
_NAME: Final = re.compile(r"[A-Za-z0-9-]+(?=[;:])")
_LINE: Final = re.compile(r'([A-Za-z0-9-]+)((?:;[^;:"]*(?:"[^"]*"[^;:"]*)*)*):(.*)', re.DOTALL)
_LOOSE_LINE: Final = re.compile(r"([A-Za-z0-9-]+)([^:]*):(.*)", re.DOTALL)
_DATE_LINE: Final = re.compile(r"(DTSTART|DTEND|RECURRENCE-ID|RDATE|EXDATE)(;.*):([^:]*)", re.DOTALL | re.IGNORECASE)
_PARAMETER: Final = re.compile(r';([^=;:"]+)=((?:"[^"]*"|[^;"])*)')
_CARETS: Final = re.compile(r"\^([n^'])")


@dataclass(frozen=True, slots=True)
class Line:
    """One content line: the property's name and its parameters in upper case, its value as it was written."""

    name: str
    parameters: Mapping[str, str]
    value: str


@dataclass(slots=True)
class Header:
    """What a VCALENDAR says for all its events."""

    method: str = ""
    zone: str = ""
    zones: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """The wanted lines of one VEVENT, and those that name people; not `whole` when its end is missing."""

    lines: tuple[str, ...]
    people: tuple[str, ...]
    header: Header
    whole: bool

    @cached_property
    def mark(self) -> str:
        """The same for the same event, whatever order its lines come in, and whenever it was written out."""
        return _digest(sorted(line for line in self.lines + self.people if line[:7].upper() != "DTSTAMP"))


@dataclass(frozen=True, slots=True)
class CalendarText:
    """Everything found in one file or feed; `calendars` counts the VCALENDARs, `whole` those that also end."""

    blocks: tuple[Block, ...]
    headers: tuple[Header, ...]
    calendars: int
    whole: int

    def mark(self) -> str:
        """The same for two feeds that say the same."""
        headers = [f"{head.method}\n{head.zone}\n{sorted(head.zones.items())}" for head in self.headers]
        return _digest([*sorted(headers), *sorted(block.mark for block in self.blocks)])


def read_text(body: bytes, *, titles: bool) -> CalendarText:
    """The events of every calendar in `body`; without `titles`, what they are called is not kept. Never raises."""
    wanted = WANTED if titles else WANTED - {TITLE}
    splitter = _Splitter(wanted)
    for line in _decode(body).split("\n"):
        splitter.take(line.rstrip())
    splitter.finish(whole=False)
    return CalendarText(tuple(splitter.blocks), tuple(splitter.headers), splitter.calendars, splitter.whole)


def content_line(text: str) -> Line | None:
    """A content line taken apart (RFC 5545 section 3.1, RFC 6868), also when a quote in it is not closed."""
    match = _LINE.fullmatch(text) or _LOOSE_LINE.fullmatch(text)
    if match is not None and match[3].startswith("//"):  # the colon was part of TZID=tzone://..., without quotes
        match = _DATE_LINE.fullmatch(text) or match
    if match is None:
        return None
    parameters: dict[str, str] = {}
    for name, value in _PARAMETER.findall(match[2]) if match[2] else ():
        parameters.setdefault(name.strip().upper(), _CARETS.sub(_uncaret, value.replace('"', "").strip()))
    return Line(match[1].upper(), parameters, match[3].strip())


class _Splitter:
    """Goes through the lines once, and knows which component it is in."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self.headers = [Header()]
        self.blocks: list[Block] = []
        self.calendars = 0
        self.whole = 0
        self._event: list[str] | None = None
        self._people: list[str] = []
        self._zone: list[str] | None = None
        self._inner = 0

    def take(self, line: str) -> None:
        start = line[:6].upper()
        if start == "BEGIN:":
            self._begin(line[6:].strip().upper(), line)
        elif start.startswith("END:"):
            self._end(line[4:].strip().upper(), line)
        elif self._zone is not None:
            self._zone.append(line)
        elif self._inner == 0:
            match = _NAME.match(line)
            name = match[0].upper() if match else ""
            if self._event is None:
                self._head(name, line)
            elif name in self._wanted:
                self._event.append(line)
            elif name in PEOPLE:
                self._people.append(line)

    def finish(self, *, whole: bool) -> None:
        """The event that is open ends here."""
        if self._event is not None:
            self.blocks.append(Block(tuple(self._event), tuple(self._people), self.headers[-1], whole))
        self._event, self._people, self._inner = None, [], 0

    def _begin(self, component: str, line: str) -> None:
        if component == "VCALENDAR":
            self.finish(whole=False)
            self.headers.append(Header())
            self.calendars += 1
        elif component == "VEVENT":
            self.finish(whole=False)
            self._event, self._zone = [], None
        elif component == "VTIMEZONE" and self._event is None:
            self._zone = [line]
        elif self._zone is not None:
            self._zone.append(line)
        else:
            self._inner += 1

    def _end(self, component: str, line: str) -> None:
        if component == "VEVENT":
            self.finish(whole=True)
        elif component == "VCALENDAR":
            self.finish(whole=False)
            self.whole += 1
        elif self._zone is not None:
            self._zone.append(line)
            if component == "VTIMEZONE":
                self._keep_zone(self._zone)
                self._zone = None
        else:
            self._inner = max(0, self._inner - 1)

    def _head(self, name: str, line: str) -> None:
        if name in {"METHOD", "X-WR-TIMEZONE"}:
            value = line.partition(":")[2].strip()
            if name == "METHOD":
                self.headers[-1].method = value.upper()
            else:
                self.headers[-1].zone = value

    def _keep_zone(self, lines: list[str]) -> None:
        named = next((line for line in lines if line.upper().startswith("TZID")), "")
        if named:
            self.headers[-1].zones.setdefault(named.partition(":")[2].strip(), "\r\n".join(lines))


def _decode(body: bytes) -> str:
    """UTF-8 as the standard asks, UTF-16 when it says so, else the Western encoding that old programs write."""
    if body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        body = body.decode("utf-16", "replace").encode()
    body = body.removeprefix(BOM_UTF8).replace(b"\0", b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    body = _FOLD.sub(b"", body)
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _uncaret(match: re.Match[str]) -> str:
    return {"n": " ", "^": "^", "'": '"'}[match[1]]


def _digest(parts: Iterable[str]) -> str:
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()

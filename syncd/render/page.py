"""What stands on the page: a digest in the owner's words, ready for either template.

The page decides nothing about people; it says what the digest holds, in order, and how to act on it.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from syncd.model import Phrase, SectionKind
from syncd.pipeline.edition import first_name
from syncd.pipeline.phrases import caveats, opening
from syncd.render.bars import Bar, bars, spark
from syncd.render.catalogue import catalogue
from syncd.render.sentence import Sentence, Speaker, legible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.model import Digest, Entry
    from syncd.pipeline.policy import Policy

_NAMED = 3
_LONGEST_LABEL = 30
_REPLY = re.compile(r"(re|r|aw|sv|rif|bls)\s*(\[\d+\])?:", re.IGNORECASE)
_SHOWN = (SectionKind.QUIET, SectionKind.LOST, SectionKind.OWED)


@dataclass(frozen=True, slots=True)
class Card:
    """A person: who, the year, why now, a reason to write, and the one action."""

    name: str
    role: Sentence
    bars: tuple[Bar, ...]
    bars_label: str
    spark: str
    why: Sentence
    reason: Sentence
    address: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list: what stands beside it (a time, a day), its title, its note, and its action if it has one."""

    beside: tuple[str, ...]
    title: str
    note: str
    label: str = ""
    href: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One digest in words."""

    language: str
    direction: str
    subject: str
    preview: str
    date: str
    headline: str
    lead: Sentence
    notice: tuple[Sentence, ...]
    today: tuple[Line, ...]
    quiet: tuple[Card, ...]
    owed: tuple[Line, ...]
    week: tuple[Line, ...]
    lost: tuple[Card, ...]
    footer: tuple[Sentence, ...]


def page_of(digest: Digest, policy: Policy) -> tuple[Page, Speaker]:
    """The page of `digest` in the owner's language, and the speaker that knows the words around it."""
    words = catalogue(policy.me.language)
    speaker = speaker_of(digest, policy)
    headline = str(speaker.say(digest.headline))
    lead = speaker.paragraph(digest.lead)
    page = Page(
        language=words.code,
        direction=words.locale.text_direction,
        subject=_subject(digest, policy, speaker),
        preview=str(lead) if policy.digest.names_in_subject else headline,
        date=speaker.days.heading(),
        headline=headline,
        lead=lead,
        notice=tuple(speaker.paragraph(entry.why) for entry in digest.section(SectionKind.NOTICE)),
        today=tuple(_meeting(entry, speaker) for entry in digest.section(SectionKind.TODAY)),
        quiet=tuple(_card(entry, speaker) for entry in digest.section(SectionKind.QUIET)),
        owed=tuple(_owed(entry, speaker) for entry in digest.section(SectionKind.OWED)),
        week=tuple(_date(entry, speaker) for entry in digest.section(SectionKind.WEEK)),
        lost=tuple(_card(entry, speaker) for entry in digest.section(SectionKind.LOST)),
        footer=tuple(_footer(digest, speaker)),
    )
    return page, speaker


def speaker_of(digest: Digest, policy: Policy) -> Speaker:
    """The owner's language, on the day of `digest`."""
    return Speaker(catalogue(policy.me.language), digest.day, ZoneInfo(policy.me.time_zone))


def _subject(digest: Digest, policy: Policy, speaker: Speaker) -> str:
    """Who is going quiet, unless names are to stay off the lock screen; else the headline, which names nobody."""
    firsts = [_first(entry.name) for entry in digest.section(SectionKind.QUIET)]
    if not firsts or not policy.digest.names_in_subject:
        return str(speaker.say(digest.headline))
    match firsts:
        case [first]:
            phrase = opening.subject_one(first)
        case [first, second]:
            phrase = opening.subject_two(first, second)
        case [first, second, *others]:
            phrase = opening.subject_more(first, second, len(others))
    return str(speaker.say(phrase))


def _card(entry: Entry, speaker: Speaker) -> Card:
    return Card(
        name=legible(entry.name),
        role=speaker.paragraph((entry.role,) if entry.role else ()),
        bars=bars(entry.months),
        bars_label=speaker.text("page.bars_label", counts=", ".join(str(count) for count in entry.months)),
        spark=spark(entry.months),
        why=speaker.paragraph(entry.why),
        reason=speaker.paragraph((entry.reason_to_write,) if entry.reason_to_write else ()),
        address=legible(entry.address),
        label=speaker.text("page.write", first=_first(entry.name)),
        href=write_to(entry.address),
    )


def _meeting(entry: Entry, speaker: Speaker) -> Line:
    time = speaker.days.time(entry.at) if entry.at else ""
    title = legible(entry.title) or speaker.text("page.meeting")
    return Line((time,), title, str(speaker.paragraph(entry.why)))


def _owed(entry: Entry, speaker: Speaker) -> Line:
    subject = speaker.text("page.quoted", subject=entry.subject) if legible(entry.subject) else ""
    note = " · ".join(part for part in (subject, str(speaker.paragraph(entry.why))) if part)
    href = reply_to(entry.address, entry.subject, entry.message_id)
    return Line((), legible(entry.name), note, speaker.text("page.reply"), href, legible(entry.address))


def _date(entry: Entry, speaker: Speaker) -> Line:
    """A date of this week; without a title of its own its first sentence is the title, and the rest the note."""
    beside = (speaker.days.weekday(entry.at), str(speaker.days.local(entry.at).day)) if entry.at else ("", "")
    if entry.title:
        return Line(beside, legible(entry.title), str(speaker.paragraph(entry.why)))
    title, *notes = entry.why
    return Line(beside, str(speaker.say(title)), str(speaker.paragraph(notes)))


def _footer(digest: Digest, speaker: Speaker) -> Iterator[Sentence]:
    shown = [entry for kind in _SHOWN for entry in digest.section(kind) if entry.name]
    waiting = speaker.paragraph((*_who_waits(digest), *_who_stays_away(digest)))
    if waiting:
        yield waiting
    if shown:
        name = shlex.quote(first_name(legible(shown[0].name)).lower())
        yield speaker.say(
            Phrase(
                "page.commands",
                (
                    ("done", f"syncd done {name}"),
                    ("snooze", f"syncd snooze {name} 2w"),
                    ("mute", f"syncd mute {name}"),
                    ("explain", f"syncd explain {name}"),
                ),
            )
        )
    yield speaker.paragraph((*_freshness(digest, speaker), caveats.footer_headers_only()))


def _who_waits(digest: Digest) -> Iterator[Phrase]:
    waiting = [_short(one.name) for one in digest.withheld if one.why.code == caveats.waits_turn.__name__]
    if not waiting:
        return
    say = caveats.footer_waiting if len(waiting) <= _NAMED else caveats.footer_waiting_more
    yield say(len(waiting), ", ".join(waiting[:_NAMED]))


def _who_stays_away(digest: Digest) -> Iterator[Phrase]:
    if digest.back_on:
        yield caveats.footer_back_on(digest.back_on)


def _freshness(digest: Digest, speaker: Speaker) -> Iterator[Phrase]:
    """One sentence when everything was read today, else one for each account."""
    synced = [source.last_sync for source in digest.sources if source.last_sync and not source.error]
    if synced and len(synced) == len(digest.sources) and speaker.days.is_today(min(synced)):
        yield caveats.footer_all_synced(len(synced), min(synced))
        return
    for source in digest.sources:
        if source.last_sync:
            yield caveats.footer_synced(source.account, source.last_sync)
        else:
            yield caveats.footer_never_synced(source.account)


def _first(name: str) -> str:
    return legible(first_name(legible(name)), _LONGEST_LABEL)


def _short(name: str) -> str:
    first, *rest = legible(name).split() or [""]
    return f"{first} {rest[-1][0]}." if rest else first


def write_to(address: str) -> str:
    """A link that opens an empty mail (RFC 6068)."""
    return f"mailto:{quote(legible(address), safe='@!$*+')}"


def reply_to(address: str, subject: str, message_id: str) -> str:
    """A link that opens an answer; In-Reply-To is one of the fields RFC 6068 section 4 calls safe."""
    fields = []
    line = legible(subject, longest=200)
    if line:
        fields.append(("subject", line if _REPLY.match(line) else f"Re: {line}"))
    if message_id:
        fields.append(("In-Reply-To", f"<{legible(message_id, longest=990).strip('<>')}>"))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields)
    return write_to(address) + (f"?{query}" if query else "")

"""The owner's mail: threads with everybody of the cast, and the machines, lists and strangers of any mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.header import Header
from email.utils import format_datetime, formataddr
from random import Random
from typing import TYPE_CHECKING

from syncd.demo.cast import AT_THE_OLD_JOB, AT_WORK, BUSINESS, CAST, OLD_JOB, OWNER, PERSONAL, Member, Tongue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Mailbox = tuple[str, str]
"""A display name and an address."""

_LONGEST = 425
_SEED = 1971


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: its sender, its recipients, its other header fields."""

    at: datetime
    sender: Mailbox
    to: tuple[Mailbox, ...]
    fields: tuple[tuple[str, str], ...]

    @property
    def sent(self) -> bool:
        """True when the owner wrote it."""
        return self.sender[0] == OWNER

    def as_mbox(self) -> bytes:
        """The mail as one entry of an mbox file (RFC 4155)."""
        fields = (
            ("Date", format_datetime(self.at)),
            ("From", formataddr(self.sender)),
            ("To", ",\n ".join(formataddr(one) for one in self.to)),
            *((name, value if value.isascii() else Header(value, "utf-8").encode()) for name, value in self.fields),
        )
        lines = (f"{name}: {value}" for name, value in fields)
        separator = f"From MAILER-DAEMON {self.at.astimezone(UTC):%a %b %e %H:%M:%S %Y}"
        return "\n".join((separator, *lines, "", "syncd never asks for what stands here.", "", "")).encode()


def write_letters(now: datetime, left: date) -> tuple[Letter, ...]:
    """Everything in the owner's mailbox at `now` (her local time), oldest first; she left her former job on `left`."""
    year = _Year(now, left)
    for member in CAST:
        year.keep_in_touch(member)
    year.machines_write()
    year.lists_and_relays_write()
    year.calendars_write()
    year.strangers_write()
    return tuple(sorted(year.letters, key=lambda letter: letter.at))


@dataclass(slots=True)
class _Year:
    """The mail as it piles up until `now`."""

    now: datetime
    left: date
    letters: list[Letter] = field(default_factory=list)
    chance: Random = field(default_factory=lambda: Random(_SEED))  # noqa: S311 - an invented world, nothing to guard

    def keep_in_touch(self, member: Member) -> None:
        end = self._office_hours(self.now - timedelta(days=member.silent, minutes=self.chance.randrange(200)))
        start = self.now - timedelta(days=member.since)
        for _ in range(member.unanswered):
            self._post(end, self._me(member, end), (self._them(member, end),), f"Re: {member.last_topic}")
            end = self._office_hours(end - timedelta(days=8))
        topic, theirs = (
            member.last_topic or self.chance.choice(member.topics),
            member.they_wrote_last or member.unanswered > 0,
        )
        while end > start:
            self._thread(member, end, topic, theirs=theirs)
            gap = member.until_left if member.until_left and end.date() < self.left else member.every
            end = self._office_hours(end - timedelta(days=gap * self.chance.uniform(0.7, 1.3)))
            topic, theirs = self.chance.choice(member.topics), self.chance.random() < 0.5  # noqa: PLR2004 - a coin

    def _thread(self, member: Member, end: datetime, topic: str, *, theirs: bool) -> None:
        """Two to five mails in turn, the last of them at `end`, by them when `theirs`."""
        times = [end]
        for _ in range(self.chance.choice((1, 1, 2, 2, 3, 4))):
            times.append(self._office_hours(times[-1] - timedelta(hours=self.chance.choice((2, 4, 20, 27, 45)))))
        chain: list[str] = []
        for turn, at in zip(range(len(times) - 1, -1, -1), reversed(times), strict=True):
            mine = theirs == bool(turn % 2)
            me, them = self._me(member, at), self._them(member, at)
            prefix = "" if not chain else Tongue.ENGLISH if mine else member.tongue
            answers = (("In-Reply-To", chain[-1]), ("References", " ".join(chain))) if chain else ()
            sender, to = (me, them) if mine else (them, me)
            chain.append(self._post(at, sender, (to,), prefix + topic, *answers))

    def _post(
        self, at: datetime, sender: Mailbox, to: Sequence[Mailbox], subject: str, *fields: tuple[str, str]
    ) -> str:
        message_id = f"<{len(self.letters):05d}.{self.chance.getrandbits(48):012x}@{_domain(sender)}>"
        head = (("Subject", subject), ("Message-ID", message_id))
        self.letters.append(Letter(at, sender, tuple(to), head + fields))
        return message_id

    def _office_hours(self, at: datetime) -> datetime:
        """The latest moment up to `at` at which people are at their desks."""
        if at.hour < 8:  # noqa: PLR2004 - o'clock
            at = (at - timedelta(days=1)).replace(hour=17)
        elif at.hour > 18:  # noqa: PLR2004 - o'clock
            at = at.replace(hour=18)
        return at - timedelta(days=max(0, at.weekday() - 4))

    def _me(self, member: Member, at: datetime) -> Mailbox:
        domain = _domain((member.name, member.address))
        if domain == OLD_JOB and at.date() <= self.left:
            return (OWNER, AT_THE_OLD_JOB)
        if domain in BUSINESS:
            return (OWNER, AT_WORK if at.date() > self.left else AT_THE_OLD_JOB)
        return (OWNER, PERSONAL)

    def _them(self, member: Member, at: datetime) -> Mailbox:
        moved = member.moved_to and at > self.now - timedelta(days=member.moved)
        return (member.name, member.moved_to if moved else member.address)

    def _days(self, every: int) -> Iterator[datetime]:
        for ago in range(every, _LONGEST, every):
            yield self._office_hours(self.now - timedelta(days=ago, minutes=self.chance.randrange(300)))

    def machines_write(self) -> None:
        me = (OWNER, PERSONAL)
        weekly = ("The Broadsheet Weekly", "hello@broadsheet.example")
        for number, at in enumerate(self._days(7)):
            self._post(at, weekly, (me,), f"The Broadsheet, issue {300 - number}",
                       ("List-Unsubscribe", "<mailto:leave@broadsheet.example>"), ("Precedence", "bulk"),
                       ("List-Id", "The Broadsheet <weekly.broadsheet.example>"))  # fmt: skip
        offers = ("Papier & Co", "news@papierundco.example")
        for at in self._days(11):
            self._post(at, offers, (me,), "Only this week: 20 % off", ("Feedback-ID", "7:papier:mail"),
                       ("List-Unsubscribe", "<mailto:out@papierundco.example>"))  # fmt: skip
        shop = ("Market Hall", "no-reply@markethall.example")
        for at in self._days(19):
            self._post(at, shop, (me,), "Your receipt", ("Auto-Submitted", "auto-generated"))
        desk = ("North Host support", "support@northhost.example")
        for at in self._days(30):
            asked = self._post(at, (OWNER, AT_WORK), (desk,), "Disk space")
            self._post(at + timedelta(minutes=20), desk, (me,), "Re: Disk space", ("In-Reply-To", asked))
        bounced = self.now - timedelta(days=72)
        self._post(bounced, ("Mail Delivery System", "mailer-daemon@conti.example"), (me,),
                   "Undelivered Mail Returned to Sender", ("Return-Path", "<>"), ("Auto-Submitted", "auto-replied"),
                   ("X-Failed-Recipients", "chloe@dubois.example"),
                   ("Content-Type", 'multipart/report; report-type=delivery-status; boundary="b"'))  # fmt: skip
        away = self.now - timedelta(days=35)
        self._post(away, ("Clara Weiss", "clara.weiss@kestrelbooks.example"), (me,),
                   "Abwesenheitsnotiz: Korrekturen", ("Auto-Submitted", "auto-replied"),
                   ("X-Auto-Response-Suppress", "All"))  # fmt: skip

    def lists_and_relays_write(self) -> None:
        type_list = ("Type talk", "type@lists.example.org")
        voices = [(name, address) for name, address in (
            ("Aldo Neri", "aldo@neri.example"), ("Beth Crane", "beth@crane.example"),
            ("Ruth Adler", "ruth.adler@example.com"))]  # fmt: skip
        for at in self._days(3):
            subject = self.chance.choice(("[type] Kerning again", "[type] Re: Kerning again", "[type] Old specimens"))
            self._post(at, self.chance.choice(voices), (type_list,), subject, ("Precedence", "list"),
                       ("List-Id", "Type talk <type.lists.example.org>"),
                       ("List-Post", "<mailto:type@lists.example.org>"))  # fmt: skip
        for at in self._days(4):
            token = f"{self.chance.getrandbits(32):08x}"
            self._post(at, ("Mei Chen", "notifications@forge.example"),
                       (("brightwater/site", "site@noreply.forge.example"),),
                       "Re: [brightwater/site] Broken link on the front page (#212)", ("Precedence", "list"),
                       ("Reply-To", f"reply+{token}@reply.forge.example"))  # fmt: skip

    def calendars_write(self) -> None:
        me = (OWNER, AT_WORK)
        for ago, name, address, subject, method in (
            (6, "Priya Raman", "priya.raman@meridian.example", "Invitation: Meridian quarterly review", "REQUEST"),
            (2, "Luca Ferri", "luca.ferri@example.org", "Accepted: Coffee with Luca Ferri", "REPLY"),
            (20, "Ştefan Popescu", "stefan.popescu@northhost.example", "Invitation: Product demo", "REQUEST"),
            (32, "Nadia Haddad", "nadia.haddad@tidewell.example", "Cancelled: Lunch with Nadia", "CANCEL"),
        ):
            at = self._office_hours(self.now - timedelta(days=ago))
            self._post(at, (name, address), (me,), subject,
                       ("Content-Type", f"text/calendar; method={method}"))  # fmt: skip

    def strangers_write(self) -> None:
        me = (OWNER, PERSONAL)
        recruiter = ("Karen Blake", "karen.blake@talentbridge.example")
        for ago in (90, 62, 34, 17):
            at = self._office_hours(self.now - timedelta(days=ago))
            self._post(at, recruiter, (me,), "An exciting opportunity")
        everybody = [(one.name, one.address) for one in CAST[3:18]]
        at = self._office_hours(self.now - timedelta(days=44))
        self._post(at, me, everybody, "My new number")


def _domain(mailbox: Mailbox) -> str:
    return mailbox[1].rpartition("@")[2]

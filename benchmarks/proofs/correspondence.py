"""Mail that goes on arriving in mailboxes of a real Dovecot, and is moved, deleted and renumbered, by seeded chance.

Whoever compares afterwards asks it what was disturbed: a record that syncd may have seen at a place that is no more.
"""

from __future__ import annotations

import imaplib
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from itertools import count
from typing import TYPE_CHECKING

from tests.servers.dovecot import SENT, Dovecot
from tests.servers.mailboxes import import_mboxes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from random import Random

OWNER = "elena@conti.example"
FRIENDS = tuple((f"{name}@{domain}.example", f"{name.title()} {domain.title()}")
                for domain in ("keller", "okri", "rossi") for name in ("anna", "ben", "carla", "dario"))  # fmt: skip
FOLDERS = ("INBOX", SENT, "Archive", "Projects")
_SENT = 0.35
"""So much of all mail is the owner's."""


@dataclass(slots=True)
class Correspondence:
    """What `accounts` of the owner hold; `disturbed` are the Message-IDs whose place changed after they arrived."""

    server: Dovecot
    accounts: tuple[str, ...]
    chance: Random
    disturbed: set[str] = field(default_factory=set)
    done: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    """How many letters `fill` and `add` put there."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _validity: Iterator[int] = field(default_factory=lambda: count(2_000_000_000))

    def fill(self, until: datetime, each: int) -> None:
        """So many old letters in every account, from the two years before `until`."""
        for account in self.accounts:
            self.add(account, each, until - timedelta(days=730), until)

    def add(self, account: str, number: int, first: datetime, last: datetime) -> None:
        """So many letters of that time, all at once."""
        boxes = self.server.folder / f"boxes-{next(self._numbers)}"
        boxes.mkdir()
        for _ in range(number):
            sent = self.chance.random() < _SENT
            at = first + self.chance.random() * (last - first)
            folder = SENT if sent else self.chance.choice(("INBOX", "Archive", "Projects"))
            with (boxes / folder).open("ab") as box:
                entry = self.letter(at, sent=sent).replace(b"\r\n", b"\n")
                box.write(f"From MAILER-DAEMON {at:%a %b %d %H:%M:%S %Y}\n".encode() + entry + b"\n")
        import_mboxes(self.server, account, boxes)
        shutil.rmtree(boxes)
        self.sent += number

    def go_on(self, now: datetime) -> None:
        """One more thing happens."""
        happening = self.chance.choices(
            (self._arrive, self._copy, self._move, self._delete, self._renumber, self._rename),
            (60, 15, 10, 9, 3, 3),
        )[0]
        with suppress(imaplib.IMAP4.error):
            happening(now)
            name = happening.__name__.strip("_")
            self.done[name] = self.done.get(name, 0) + 1

    def _arrive(self, now: datetime) -> None:
        sent = self.chance.random() < _SENT
        folder = SENT if sent else self.chance.choice(("INBOX", "INBOX", "INBOX", "Projects"))
        self.server.deliver(self.chance.choice(self.accounts), folder, self.letter(now, sent=sent), now)

    def _copy(self, now: datetime) -> None:
        """One letter that reaches two mailboxes."""
        letter = self.letter(now, sent=False)
        for account in self.chance.sample(self.accounts, 2):
            self.server.deliver(account, "INBOX", letter, now)

    def _move(self, _: datetime) -> None:
        with self.server.client(self.chance.choice(self.accounts)) as client:
            if uid := self._pick(client, "INBOX"):
                client.uid("MOVE", uid, "Archive")

    def _delete(self, _: datetime) -> None:
        with self.server.client(self.chance.choice(self.accounts)) as client:
            if uid := self._pick(client, self.chance.choice(FOLDERS)):
                client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
                client.expunge()

    def _renumber(self, _: datetime) -> None:
        """A folder gets another UIDVALIDITY, as after a restored backup."""
        account, folder = self.chance.choice(self.accounts), self.chance.choice(FOLDERS)
        with self.server.client(account) as client:
            self._pick(client, folder, everything=True)
        update = ("mailbox", "update", "-u", account, "--uid-validity", str(next(self._validity)), folder)
        subprocess.run(self.server.doveadm(*update), check=True)

    def _rename(self, _: datetime) -> None:
        with self.server.client(self.chance.choice(self.accounts)) as client:
            self._pick(client, "Projects", everything=True)
            client.unselect()
            client.rename("Projects", f'"Old projects {next(self._numbers)}"')
            client.create("Projects")

    def _pick(self, client: imaplib.IMAP4, folder: str, *, everything: bool = False) -> str:
        """The uid of some message there, "" when there is none; it, or everything there, counts as disturbed."""
        if client.select(f'"{folder}"')[0] != "OK":
            return ""
        uids = client.uid("SEARCH", "ALL")[1][0].split()
        if not uids:
            return ""
        chosen = uids if everything else [self.chance.choice(uids)]
        names = client.uid("FETCH", b",".join(chosen).decode(), "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1]
        self.disturbed |= {part[1].partition(b":")[2].strip().decode() for part in names if isinstance(part, tuple)}
        return chosen[0].decode()

    def letter(self, at: datetime, *, sent: bool) -> bytes:
        """A letter like no other."""
        friend = "{1} <{0}>".format(*self.chance.choice(FRIENDS))
        owner = f"Elena Conti <{OWNER}>"
        writer, reader = (owner, friend) if sent else (friend, owner)
        number = next(self._numbers)
        return (
            f"Message-ID: <{number}@soak.example>\r\nDate: {format_datetime(at)}\r\nFrom: {writer}\r\nTo: {reader}\r\n"
            f"Subject: Letter {number}\r\n\r\nText.\r\n"
        ).encode()

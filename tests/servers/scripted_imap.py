"""An IMAP server that misbehaves to order, and that notes every command a reader has no business to send.

It speaks enough of RFC 3501 for a reader, and takes letters where it is `writable`; `faults` says what goes wrong with
a message, `refusals` with a command. A test that uses it ends with `assert_read_only`.
"""

from __future__ import annotations

import re
import socket
import threading
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from tests.servers.imap_rows import FAULTS, MONTHS, Mail, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

USER: Final = "me@example.com"
PASSWORD: Final = "secret"
ALWAYS: Final = 1_000_000
LONGEST_LINE: Final = 8000

_HEADER_FIELDS: Final = r"BODY\.PEEK\[HEADER\.FIELDS \([A-Za-z -]+\)\]"
_ITEMS: Final = rf"\((?:UID|INTERNALDATE|X-GM-LABELS|{_HEADER_FIELDS}| )+\)"
_ALLOWED: Final = re.compile(
    r"(?:CAPABILITY|NOOP|LOGOUT|STARTTLS|NAMESPACE|UNSELECT|LOGIN .+|AUTHENTICATE \S+|ID \(.*\)|LIST \"\" .+|"
    r"STATUS .+ \([A-Z ]+\)|EXAMINE .+|UID SEARCH .+|"
    rf"(?:UID )?FETCH [\d:,*]+ {_ITEMS})"
)
_APPEND: Final = re.compile(r'APPEND ("(?:[^"\\]|\\.)*") "([^"]+)" \{(\d+)\}')


@dataclass(slots=True)
class Box:
    """A folder; `next` None means one more than the highest uid ever."""

    mails: list[Mail] = field(default_factory=list)
    attributes: str = ""
    validity: int | None = 1
    next: int | None = None
    highest: int = 0

    def add(self, header: bytes, **told: str) -> Mail:
        self.highest += 1
        mail = Mail(self.highest, header, **told)
        self.mails.append(mail)
        return mail

    @property
    def uidnext(self) -> int:
        return self.highest + 1 if self.next is None else self.next


class ScriptedImap:
    """The server, as a context."""

    def __init__(self) -> None:
        self.boxes: dict[str, Box] = {"INBOX": Box()}
        self.password = PASSWORD
        self.tokens: set[str] = set()
        self.greeting = "* OK ready"
        self.capabilities = "IMAP4rev1"
        self.capabilities_after = "IMAP4rev1"
        self.delimiter = "/"
        self.refusals: dict[str, str] = {}  # command -> "NO [CODE] text"
        self.faults: dict[int, tuple[str, int]] = {}  # uid -> what goes wrong with it, and how many times
        self.overrides: dict[str, Callable[[Conversation, str, str], None]] = {}
        self.bare_ok = False
        self.writable = False
        self.silent = threading.Event()
        self.commands: list[str] = []
        self.forbidden: list[str] = []
        self.connections = 0
        self.port = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.over = threading.Event()

    def __enter__(self) -> Self:
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        for each in (self._listener, *self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(10)
        for each in (self._listener, *self._open):
            each.close()

    def verbs(self) -> list[str]:
        """The commands that came, by name only."""
        return [re.sub(r"^(UID \w+|\w+).*", r"\1", command, flags=re.DOTALL) for command in self.commands]

    def assert_read_only(self) -> None:
        """Nothing came that could change a mailbox, or that a reader must not send."""
        assert self.forbidden == []

    def take_fault(self, uid: int) -> str:
        """What goes wrong with this message this time; empty when nothing does."""
        what, times = self.faults.get(uid, ("", 0))
        if times:
            self.faults[uid] = (what, times - 1)
        return what if times else ""

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(line)
            self._start(Conversation(self, line).run)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()


class Conversation:
    """One connection."""

    def __init__(self, server: ScriptedImap, line: socket.socket) -> None:
        self.server = server
        self.line = line
        self.file = line.makefile("rb")
        self.selected: str | None = None
        self.signed_in = server.greeting.startswith("* PREAUTH")

    def run(self) -> None:
        try:
            self.say(self.server.greeting)
            while words := self.file.readline():
                if not self.obey(words.decode("utf-8", "surrogateescape").rstrip("\r\n"), len(words)):
                    break
        except OSError:
            pass
        finally:
            self.file.close()
            self.hang_up()

    def hang_up(self) -> None:
        try:
            self.line.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def say(self, *lines: str) -> None:
        self.send(b"".join(line.encode("utf-8", "surrogateescape") + b"\r\n" for line in lines))

    def send(self, data: bytes) -> None:
        self.line.sendall(data)

    def done(self, tag: str, text: str = "OK done") -> None:
        self.say(f"{tag} OK" if self.server.bare_ok and self.signed_in and text == "OK done" else f"{tag} {text}")

    def obey(self, line: str, length: int) -> bool:
        """Answer one command; False when the conversation is over."""
        server = self.server
        if line.startswith("\x16"):  # the hello of TLS, which this server does not speak
            return False
        tag, _, command = line.partition(" ")
        server.commands.append(command)
        allowed = _ALLOWED.fullmatch(command) or (server.writable and _APPEND.fullmatch(command))
        if not allowed or length > LONGEST_LINE or self._asks_the_selected(command):
            server.forbidden.append(command)
            self.done(tag, "BAD not for a reader")
            return True
        if server.silent.is_set():
            server.over.wait(30)
            return False
        verb = re.sub(r"^UID ", "", command).partition(" ")[0]
        rest = command.partition(f"{verb} ")[2]
        if verb in server.refusals:
            self.done(tag, server.refusals[verb])
        elif verb in server.overrides:
            server.overrides[verb](self, tag, rest)
        else:
            getattr(self, f"do_{verb.lower()}")(tag, rest)
        return verb != "LOGOUT"

    def _asks_the_selected(self, command: str) -> bool:
        return self.selected is not None and command.startswith(f'STATUS "{self.selected}"')

    # ------------------------------------------------------------ commands

    def do_capability(self, tag: str, _: str) -> None:
        server = self.server
        self.say(f"* CAPABILITY {server.capabilities_after if self.signed_in else server.capabilities}")
        self.done(tag)

    def do_noop(self, tag: str, _: str) -> None:
        self.done(tag)

    do_id = do_unselect = do_noop

    def do_logout(self, tag: str, _: str) -> None:
        self.say("* BYE see you")
        self.done(tag)

    def do_login(self, tag: str, rest: str) -> None:
        if rest == f'"{USER}" "{self.server.password}"':
            self.signed_in = True
            self.done(tag)
        else:
            self.done(tag, "NO [AUTHENTICATIONFAILED] Invalid credentials")

    def do_authenticate(self, tag: str, mechanism: str) -> None:
        """PLAIN and XOAUTH2; a token that is refused costs one more challenge, which must be answered with nothing."""
        self.say("+ ")
        response = b64decode(self.file.readline()).decode()
        if mechanism == "PLAIN":
            right = response == f"\0{USER}\0{self.server.password}"
        else:
            token = re.fullmatch(rf"user={USER}\x01auth=Bearer (.*)\x01\x01", response)
            right = token is not None and token[1] in self.server.tokens
            if not right:
                self.say("+ eyJzdGF0dXMiOiI0MDAifQ==")
                assert self.file.readline() == b"\r\n"
        self.signed_in = right
        self.done(tag, "OK done" if right else "NO [AUTHENTICATIONFAILED] Invalid credentials")

    def do_namespace(self, tag: str, _: str) -> None:
        self.say('* NAMESPACE (("" "/")) (("Other Users/" "/")) (("Shared/" "/"))')
        self.done(tag)

    def do_list(self, tag: str, rest: str) -> None:
        for name, box in self.server.boxes.items():
            self.say(f'* LIST ({box.attributes}) "{self.server.delimiter}" {_spelled(name)}')
            if "STATUS" in rest:
                self._status(name, box)
        self.done(tag)

    def do_status(self, tag: str, rest: str) -> None:
        name = _unspelled(rest.rpartition(" (")[0])
        if name in self.server.boxes:
            self._status(name, self.server.boxes[name])
            self.done(tag)
        else:
            self.done(tag, "NO [NONEXISTENT] no such folder")

    def _status(self, name: str, box: Box) -> None:
        if "\\noselect" in box.attributes.lower():
            return
        validity = f" UIDVALIDITY {box.validity}" if box.validity is not None else ""
        self.say(f"* STATUS {_spelled(name)} (MESSAGES {len(box.mails)} UIDNEXT {box.uidnext}{validity})")

    def do_examine(self, tag: str, rest: str) -> None:
        name = _unspelled(rest)
        if name not in self.server.boxes:
            self.done(tag, "NO [NONEXISTENT] no such folder")
            return
        box = self.server.boxes[name]
        self.selected = name
        self.say(r"* FLAGS (\Seen)", f"* {len(box.mails)} EXISTS", "* 0 RECENT")
        if box.validity is not None:
            self.say(f"* OK [UIDVALIDITY {box.validity}] valid")
        if box.next != -1:
            self.say(f"* OK [UIDNEXT {box.uidnext}] next")
        self.done(tag, "OK [READ-ONLY] done")

    def do_append(self, tag: str, _: str) -> None:
        """Ask for the letter and keep it, unlooked at, with the date it was given."""
        self.keep(self.take())
        self.done(tag)

    def take(self) -> bytes:
        """Ask for the literal of the last command, and read it."""
        told = _APPEND.fullmatch(self.server.commands[-1])
        self.say("+ go on")
        content = self.file.read(int(told[3]) if told else 0)
        assert self.file.readline() == b"\r\n"
        return content

    def keep(self, content: bytes) -> None:
        """Put what the last APPEND brought where it was meant to go."""
        told = _APPEND.fullmatch(self.server.commands[-1])
        if told:
            self.server.boxes[_unspelled(told[1])].add(content, arrived=told[2])

    def do_search(self, tag: str, rest: str) -> None:
        self.say("* SEARCH" + "".join(f" {mail.uid}" for mail in self.found(rest)))
        self.done(tag)

    def found(self, criteria: str) -> Iterator[Mail]:
        """The messages a SEARCH with these criteria means."""
        within = re.match(r"[\d:,*]+", criteria)
        uids = re.search(r"UID ([\d:,*]+)", criteria)
        since = re.search(r"SINCE (\d+)-(\w+)-(\d+)", criteria)
        named = re.search(r'HEADER Message-ID "([^"]+)"', criteria)
        day = datetime(int(since[3]), MONTHS.index(since[2]) + 1, int(since[1]), tzinfo=UTC) if since else None
        box = self.box
        last_uid = box.mails[-1].uid if box.mails else 0
        for number, mail in enumerate(box.mails, start=1):
            if within and not _in_set(number, within[0], len(box.mails)):
                continue
            if named and named[1].encode() not in mail.header:
                continue
            if (not uids or _in_set(mail.uid, uids[1], last_uid)) and (day is None or mail.day >= day):
                yield mail

    @property
    def box(self) -> Box:
        return self.server.boxes[self.selected or ""]

    def do_fetch(self, tag: str, rest: str) -> None:
        wanted, _, items = rest.partition(" ")
        by_uid = self.server.commands[-1].startswith("UID")
        last = (self.box.mails[-1].uid if by_uid else len(self.box.mails)) if self.box.mails else 0
        refused = False
        for number, mail in enumerate(list(self.box.mails), start=1):
            if not _in_set(mail.uid if by_uid else number, wanted, last):
                continue
            fault = self.server.take_fault(mail.uid) if "BODY" in items else ""
            if fault == "refused":
                refused = True
            elif fault and not self._misbehave(fault, number, mail, items):
                return
            elif not fault:
                self.send(row(number, mail, items))
        self.done(tag, "NO Some messages could not be FETCHed" if refused else "OK done")

    def _misbehave(self, fault: str, number: int, mail: Mail, items: str) -> bool:
        """Do to one message what the script says; False when the connection is over."""
        whole = row(number, mail, items)
        sent, goes_on = FAULTS[fault](whole, number, mail)
        self.send(sent)
        if not goes_on:
            self.hang_up()
        return goes_on


def _in_set(number: int, wanted: str, last: int) -> bool:
    """Whether a number is in a sequence set; `n:*` holds the last one also when it is below n (RFC 3501, 6.4.8)."""
    for part in wanted.split(","):
        first, _, end = part.partition(":")
        low = last if first == "*" else int(first)
        high = last if end == "*" else int(end or low)
        if min(low, high) <= number <= max(low, high):
            return True
    return False


def _spelled(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' if name != "NIL" else "NIL"


def _unspelled(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name.removeprefix('"').removesuffix('"'))

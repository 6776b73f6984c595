"""`imap` looks for a letter in the whole mailbox and puts it into one folder, once, whatever breaks on the way.

Against a real Dovecot, over a line that breaks; what Dovecot never says, the scripted server does.
"""

from __future__ import annotations

import imaplib
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
import stamina

from connectors._imap_options import ImapOptions
from connectors.imap import Imap
from syncd.connector import KeepsLetters
from syncd.errors import ConnectorError, Misconfigured, SyncdError, Transient
from syncd.testing import NOW, context
from tests.contract.imap_account import REFERENCE, connector
from tests.servers.dovecot import PASSWORD, Dovecot, require_program
from tests.servers.fault_proxy import FINE, Fault, FaultProxy
from tests.servers.scripted_imap import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.scripted_imap import Conversation, ScriptedImap

_USERS = count(1)
ID = "<k3h7q2@digest.syncd.invalid>"
LETTER = (
    b"From: syncd <me@example.com>\r\nTo: me@example.com\r\nSubject: Two people\r\n"
    b"Message-ID: " + ID.encode() + b"\r\n\r\nWrite to Marta.\r\n{5}\r\n.\r\n"
)


class Commit:
    """Counts how often the step that cannot be taken back was announced."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.times = 0
        self._error = error

    def __call__(self) -> None:
        self.times += 1
        if self._error:
            raise self._error


@pytest.fixture(autouse=True)
def _no_pause_between_connections() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=2):
        yield


# ------------------------------------------------------------------ Dovecot


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(require_program()) as server:
        yield server


class Mailbox:
    """A mailbox of its own on the server."""

    def __init__(self, server: Dovecot) -> None:
        self.server = server
        self.user = f"placed{next(_USERS)}@example.com"
        self.deliver("INBOX", b"Message-ID: <other@example.org>\r\n\r\nother\r\n")

    def connector(self, port: int | None = None) -> Imap:
        told = {"type": "imap", "address": self.user, "host": "127.0.0.1", "port": port or self.server.port}
        options = ImapOptions.model_validate(told | {"tls": "none", "password": REFERENCE})
        return Imap(options, context(secrets={REFERENCE: PASSWORD}))

    def deliver(self, folder: str, content: bytes) -> None:
        self.server.deliver(self.user, folder, content, NOW)

    def copies(self) -> Counter[str]:
        """How often the letter is in each folder."""
        found: Counter[str] = Counter()
        with self.server.client(self.user) as client:
            for line in client.list()[1]:
                assert isinstance(line, bytes)
                folder = line.decode().partition(' "/" ')[2]
                if client.select(folder, readonly=True)[0] == "OK":
                    found[folder] = len(client.uid("SEARCH", "HEADER", "Message-ID", f'"{ID}"')[1][0].split())
        return +found


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Mailbox:
    return Mailbox(dovecot)


def test_a_letter_lies_in_its_folder_byte_by_byte_unseen_and_dated_now(mailbox: Mailbox) -> None:
    commit = Commit()
    assert mailbox.connector().place(ID, LETTER, "INBOX", commit)
    assert (commit.times, mailbox.copies()) == (1, {"INBOX": 1})
    with mailbox.server.client(mailbox.user) as client:
        client.select("INBOX", readonly=True)
        _, answer = client.fetch("2", "(FLAGS INTERNALDATE BODY.PEEK[])")
    assert isinstance(answer[0], tuple)
    assert answer[0][1] == LETTER
    assert b"\\Seen" not in answer[0][0]
    when = imaplib.Internaldate2tuple(answer[0][0])
    assert when is not None
    assert when[:6] == NOW.timetuple()[:6]


def test_the_connector_of_the_mailbox_keeps_letters(mailbox: Mailbox) -> None:
    assert isinstance(mailbox.connector(), KeepsLetters)


@pytest.mark.parametrize("folder", ["INBOX", "Archive", "Trash", "Clients/Big one"])
def test_a_letter_that_was_moved_is_found_and_not_put_there_again(mailbox: Mailbox, folder: str) -> None:
    mailbox.deliver(f'"{folder}"', LETTER)
    commit = Commit()
    assert mailbox.connector().holds(ID)
    assert not mailbox.connector().place(ID, LETTER, "INBOX", commit)
    assert commit.times == 0
    assert sum(mailbox.copies().values()) == 1


def test_a_letter_that_is_nowhere_is_not_found(mailbox: Mailbox) -> None:
    mailbox.deliver("Archive", LETTER.replace(ID.encode(), b"<another@digest.syncd.invalid>"))
    assert not mailbox.connector().holds(ID)


def test_a_folder_that_is_not_there_is_named_beside_those_that_are_and_never_made(mailbox: Mailbox) -> None:
    commit = Commit()
    with pytest.raises(Misconfigured, match=r"There is no folder 'Digests' in the mailbox of placed.*") as raised:
        mailbox.connector().place(ID, LETTER, "Digests", commit)
    assert "INBOX" in raised.value.hint
    assert commit.times == 0
    with mailbox.server.client(mailbox.user) as client:
        assert not any(b"Digests" in line for line in client.list()[1] if isinstance(line, bytes))


def test_breaking_off_at_the_commit_leaves_nothing(mailbox: Mailbox) -> None:
    with pytest.raises(KeyboardInterrupt):
        mailbox.connector().place(ID, LETTER, "INBOX", Commit(KeyboardInterrupt()))
    assert mailbox.copies() == {}
    assert mailbox.connector().place(ID, LETTER, "INBOX", Commit())


def said(answer: bytes) -> Callable[[], Fault]:
    """The first line is cut right before the server's answer passes; the others are fine."""
    faults = iter([Fault(cut_before=answer)])
    return lambda: next(faults, FINE)


def test_a_line_that_is_cut_before_the_answer_leaves_a_doubt_that_the_mailbox_settles(mailbox: Mailbox) -> None:
    commit = Commit()
    with FaultProxy(mailbox.server.port, said(b"OK [APPENDUID")) as line:
        reader = mailbox.connector(line.port)
        with pytest.raises(Transient, match="broke off"):
            reader.place(ID, LETTER, "INBOX", commit)
        assert commit.times == 1
        assert line.connections == 1, "nobody tries again by themselves"
        assert reader.holds(ID)
        assert not reader.place(ID, LETTER, "INBOX", commit)
    assert mailbox.copies() == {"INBOX": 1}


def test_a_line_that_is_cut_before_the_letter_went_out_is_replaced(mailbox: Mailbox) -> None:
    commit = Commit()
    with FaultProxy(mailbox.server.port, said(b"+ OK")) as line:
        assert mailbox.connector(line.port).place(ID, LETTER, "INBOX", commit)
        assert line.connections == 2
    assert (commit.times, mailbox.copies()) == (1, {"INBOX": 1})


def test_wherever_the_line_is_cut_the_letter_is_there_once_in_the_end(mailbox: Mailbox) -> None:
    cuts = iter(range(0, 4000, 60))
    attempts = 0
    with FaultProxy(mailbox.server.port, lambda: Fault(cut_after=next(cuts, 10**6), reset=True)) as line:
        placed = False
        while not placed:
            attempts += 1
            try:
                mailbox.connector(line.port).place(ID, LETTER, "INBOX", Commit())
                placed = True
            except Transient:
                assert sum(mailbox.copies().values()) <= 1
    assert attempts > 5
    assert mailbox.copies() == {"INBOX": 1}


# ------------------------------------------------------------------ what other servers say


@pytest.fixture
def writable(scripted: ScriptedImap) -> ScriptedImap:
    scripted.writable = True
    return scripted


def test_one_append_is_all_that_is_ever_written(writable: ScriptedImap, inbox: Box) -> None:
    writable.boxes["Trash"] = Box(attributes=r"\Trash")
    assert connector(writable).place(ID, LETTER, "inbox", Commit())
    assert inbox.mails[-1].header == LETTER
    assert inbox.mails[-1].arrived == f"{NOW:%d-%b-%Y %H:%M:%S} +0000"
    written = [verb for verb in writable.verbs() if verb not in {"LOGIN", "CAPABILITY", "LIST", "EXAMINE", "LOGOUT"}]
    assert [verb for verb in written if verb != "UID SEARCH"] == ["APPEND"]


def test_folders_that_are_empty_or_cannot_be_opened_are_not_looked_through(writable: ScriptedImap, inbox: Box) -> None:
    writable.capabilities_after = "IMAP4rev1 LIST-STATUS"
    writable.boxes |= {"Empty": Box(), "Top": Box(attributes=r"\Noselect")}
    assert not connector(writable).holds(ID)
    assert [command for command in writable.commands if command.startswith("EXAMINE")] == ['EXAMINE "INBOX"']
    assert inbox.mails


def test_at_gmail_three_folders_hold_everything(writable: ScriptedImap, inbox: Box) -> None:
    writable.capabilities_after = "IMAP4rev1 X-GM-EXT-1"
    for name, attribute in {"All": r"\All", "Spam": r"\Junk", "Bin": r"\Trash", "Label": ""}.items():
        writable.boxes[name] = Box(attributes=attribute)
    writable.boxes["Spam"].add(LETTER, arrived=f"{NOW:%d-%b-%Y %H:%M:%S} +0000")
    assert connector(writable).holds(ID)
    assert [command for command in writable.commands if command.startswith("EXAMINE")] == [
        'EXAMINE "All"',
        'EXAMINE "Spam"',
    ]
    assert inbox.mails


@pytest.mark.parametrize("answer", ["NO [CANNOT] not by header", "none"])
def test_at_a_server_that_cannot_search_headers_the_latest_ones_are_read(
    writable: ScriptedImap, inbox: Box, answer: str
) -> None:
    def search(talk: Conversation, tag: str, rest: str) -> None:
        if "HEADER" not in rest:
            talk.do_search(tag, rest)
        else:
            talk.done(tag, "OK done" if answer == "none" else answer)

    writable.overrides["SEARCH"] = search
    reader = connector(writable)
    assert not reader.holds(ID)
    inbox.add(LETTER, arrived=f"{NOW - timedelta(days=1):%d-%b-%Y %H:%M:%S} +0000")
    assert reader.holds(ID)
    assert not reader.place(ID, LETTER, "INBOX", Commit())


REFUSALS = [
    ("NO [TRYCREATE] no such mailbox", Misconfigured, "There is no folder 'INBOX'"),
    ("NO [OVERQUOTA] Quota exceeded", ConnectorError, "The mailbox of me@example.com is full: Quota exceeded"),
    ("NO Mailbox full, sorry", ConnectorError, "is full: Mailbox full, sorry"),
    ("NO [NOPERM] Read-only account", ConnectorError, "does not take the digest into INBOX: Read-only account"),
    ("BAD huh", ConnectorError, "does not take the digest into INBOX: huh"),
]


@pytest.mark.parametrize("late", [False, True], ids=["at once", "after the letter"])
@pytest.mark.parametrize(("answer", "kind", "words"), REFUSALS)
def test_a_clear_refusal_says_what_to_do_and_means_that_nothing_was_taken(
    writable: ScriptedImap, inbox: Box, answer: str, kind: type[SyncdError], words: str, *, late: bool
) -> None:
    def refuse(talk: Conversation, tag: str, _: str) -> None:
        if late:
            talk.take()
        talk.done(tag, answer)

    writable.overrides["APPEND"] = refuse
    commit = Commit()
    with pytest.raises(kind) as raised:
        connector(writable).place(ID, LETTER, "INBOX", commit)
    assert type(raised.value) is kind
    assert words in raised.value.title
    assert "syncd digest send" in raised.value.hint
    assert commit.times == int(late)
    assert len(inbox.mails) == 10


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(writable: ScriptedImap, inbox: Box) -> None:
    writable.refusals["APPEND"] = "NO [INUSE] Back-off time: 90 seconds"
    commit = Commit()
    with pytest.raises(Transient) as raised:
        connector(writable).place(ID, LETTER, "INBOX", commit)
    assert raised.value.retry_after == timedelta(seconds=90)
    assert (commit.times, len(inbox.mails)) == (0, 10)


@pytest.mark.parametrize("kept", [True, False])
def test_silence_after_the_letter_is_a_doubt(writable: ScriptedImap, inbox: Box, *, kept: bool) -> None:
    def fall_silent(talk: Conversation, _: str, __: str) -> None:
        content = talk.take()
        if kept:
            talk.keep(content)
        writable.over.wait(2)

    writable.overrides["APPEND"] = fall_silent
    commit = Commit()
    reader = connector(writable)
    with pytest.raises(Transient, match="did not answer in time"):
        reader.place(ID, LETTER, "INBOX", commit)
    assert commit.times == 1
    assert reader.holds(ID) is kept
    assert len(inbox.mails) == 10 + kept


def test_whoever_is_told_to_stop_does_not_look(writable: ScriptedImap, inbox: Box) -> None:
    with pytest.raises(Transient, match="broken off"):
        connector(writable, stopping=lambda: True).place(ID, LETTER, "INBOX", Commit())
    assert len(inbox.mails) == 10

"""What servers do in the wild, and what `imap` makes of it: nothing is lost, and only the bad message is set aside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncd.errors import Transient
from syncd.testing import NOW
from tests.contract.imap_account import letter, numbers, poll, searched
from tests.servers.scripted_imap import ALWAYS, Box, Conversation, ScriptedImap

# ------------------------------------------------------------------ UIDVALIDITY


@pytest.mark.parametrize("validity", [2, 99], ids=["falls", "rises"])
def test_a_folder_with_another_uidvalidity_is_read_again(scripted: ScriptedImap, inbox: Box, validity: int) -> None:
    inbox.validity = 50
    scripted.boxes["Archive"] = Box(validity=7)
    scripted.boxes["Archive"].add(letter(100))
    first = poll(scripted)
    inbox.validity = validity
    again = poll(scripted, first.cursor)
    assert again.ids == numbers(1, 10), "all of that folder, nothing of the other"
    assert {seen.remote_id for seen in again.observations} == {f"INBOX/{validity}/{uid}" for uid in range(1, 11)}
    assert poll(scripted, again.cursor).observations == []


def test_a_folder_that_never_keeps_its_uidvalidity_is_left_alone_and_the_others_go_on(
    scripted: ScriptedImap, inbox: Box, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.boxes["Archive"] = Box()
    cursor = None
    read = []
    for time in range(7):
        inbox.validity = 10 + time
        scripted.boxes["Archive"].add(letter(100 + time))
        seen = poll(scripted, cursor)
        cursor = seen.cursor
        read.append(len([name for name in seen.ids if int(name) <= 10]))
        assert str(100 + time) in seen.ids
    assert read == [10, 10, 10, 10, 10, 0, 0]
    assert "another UIDVALIDITY" in caplog.text
    assert poll(scripted, cursor).ids == numbers(1, 10), "once it keeps one, it is read"


def test_a_folder_without_uidvalidity_is_read_and_not_repeated(scripted: ScriptedImap, inbox: Box) -> None:
    inbox.validity = None
    seen = poll(scripted)
    assert seen.ids == numbers(1, 10)
    assert poll(scripted, seen.cursor).observations == []


def test_a_folder_that_changes_while_it_is_read_is_read_the_next_time(scripted: ScriptedImap, inbox: Box) -> None:
    def goodbye(talk: Conversation, _: str, __: str) -> None:
        inbox.validity = 2
        scripted.overrides.pop("FETCH")
        talk.say("* BYE restarting")
        talk.hang_up()

    scripted.overrides["FETCH"] = goodbye
    first = poll(scripted)
    assert first.observations == []
    assert poll(scripted, first.cursor).ids == numbers(1, 10)


# ------------------------------------------------------------------ uids and searching


def test_the_last_message_is_not_new_though_a_search_from_the_next_uid_names_it(
    scripted: ScriptedImap, inbox: Box
) -> None:
    first = poll(scripted)
    inbox.next = 500  # UIDNEXT jumped: the folder is looked at, and `UID 11:*` finds message 10
    assert poll(scripted, first.cursor).observations == []
    assert any("UID 11:*" in command for command in scripted.commands)


@pytest.mark.parametrize("uidnext", [-1, 0, 3], ids=["absent", "zero", "too small"])
def test_uidnext_is_only_a_hint(scripted: ScriptedImap, inbox: Box, uidnext: int) -> None:
    inbox.next = uidnext
    first = poll(scripted)
    assert first.ids == numbers(1, 10)
    inbox.add(letter(11))
    assert poll(scripted, first.cursor).ids in (["11"], [] if uidnext == 3 else ["11"])


def test_a_uidnext_that_stays_the_same_is_believed(scripted: ScriptedImap, inbox: Box) -> None:
    first = poll(scripted)
    scripted.commands.clear()
    poll(scripted, first.cursor)
    assert not [command for command in scripted.commands if command.startswith("EXAMINE")]
    assert inbox.uidnext == 11


@pytest.mark.parametrize(
    "lines",
    [
        ("* SEARCH 1 2 3 4 5", "* SEARCH 6 7 8 9 10"),
        ("* SEARCH 1 2 3 4 5 6 7 8 9 10 ",),
        ("* SEARCH 10 9 8 7 6 5 4 3 2 1 (MODSEQ 917162500)",),
        ('* ESEARCH (TAG "x") UID ALL 1:5,10:6',),
        ('* ESEARCH (TAG "x") UID COUNT 10 ALL 1,2,3:10',),
        ("* 11 EXISTS", "* search 1 2 3 4 5 6 7 8 9 10"),
        (),
    ],
    ids=[
        "two lines",
        "a blank at the end",
        "modseq",
        "esearch",
        "esearch with a count",
        "lower case",
        "no line at all",
    ],
)
def test_every_way_to_list_uids_is_understood(scripted: ScriptedImap, inbox: Box, lines: tuple[str, ...]) -> None:
    scripted.overrides["SEARCH"] = searched(*lines)
    assert len(inbox.mails) == 10
    assert poll(scripted).ids == numbers(1, 10)


def test_a_server_that_cannot_search_is_asked_for_dates(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.refusals["SEARCH"] = "NO [CANNOT] not here"
    inbox.add(letter(11), arrived="01-Jan-2001 00:00:00 +0000")
    assert poll(scripted).ids == numbers(1, 10)


def test_an_empty_search_that_lies_is_not_believed_for_ever(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.overrides["SEARCH"] = searched("* SEARCH garbage")
    assert len(inbox.mails) == 10
    with pytest.raises(Transient, match="makes no sense"):
        poll(scripted)


def test_a_big_folder_is_searched_window_by_window(
    scripted: ScriptedImap, inbox: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._imap_mailbox.WINDOW", 4)
    seen = poll(scripted)
    assert seen.ids == numbers(1, 10)
    searches = [command for command in scripted.commands if "SEARCH" in command]
    assert [search.split()[2] for search in searches] == ["7:10", "3:6", "1:2"]
    inbox.add(letter(11))
    assert poll(scripted, seen.cursor).ids == ["11"]


def test_a_server_that_finds_everything_is_corrected_by_the_horizon(scripted: ScriptedImap, inbox: Box) -> None:
    inbox.add(letter(11, when=NOW - timedelta(days=700)), arrived="01-Jan-2001 00:00:00 +0000")
    scripted.overrides["SEARCH"] = searched("* SEARCH 1 2 3 4 5 6 7 8 9 10 11")
    assert poll(scripted).ids == numbers(1, 10)


def test_commands_stay_short_however_scattered_the_uids_are(
    scripted: ScriptedImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.imap.PAGE", 500)
    box = scripted.boxes["INBOX"]
    for number in range(1, 601):
        box.highest = 4_000_000_000 + 2 * number
        box.add(letter(number))
    assert len(poll(scripted).ids) == 600  # a line of more than 8000 octets would be noted as forbidden


# ------------------------------------------------------------------ one bad message


@pytest.mark.parametrize("fault", ["refused", "missing", "nil", "flags only", "too short", "too long", "endless"])
def test_only_the_message_that_cannot_be_had_is_set_aside(scripted: ScriptedImap, inbox: Box, fault: str) -> None:
    scripted.faults[8] = (fault, ALWAYS)
    seen = poll(scripted)
    assert seen.ids == [name for name in numbers(1, 10) if name != "8"]
    assert list(seen.unreadable) == ["INBOX/1/8"]
    assert seen.unreadable["INBOX/1/8"].endswith(".")
    assert poll(scripted, seen.cursor).observations == [], "and the cursor has moved past it"
    assert len(inbox.mails) == 10


@pytest.mark.parametrize("fault", ["refused", "missing", "too short", "goodbye", "cut"])
def test_a_message_that_comes_at_the_second_try_is_read(scripted: ScriptedImap, inbox: Box, fault: str) -> None:
    scripted.faults[8] = (fault, 1)
    seen = poll(scripted)
    assert seen.ids == numbers(1, len(inbox.mails))
    assert seen.unreadable == {}


def test_a_header_that_is_an_empty_string_is_unreadable(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.faults[8] = ("empty", ALWAYS)
    assert list(poll(scripted).unreadable) == [f"INBOX/{inbox.validity}/8"]


def test_a_message_that_is_expunged_meanwhile_is_no_trouble(scripted: ScriptedImap, inbox: Box) -> None:
    def expunging(talk: Conversation, tag: str, rest: str) -> None:
        inbox.mails = [mail for mail in inbox.mails if mail.uid != 8]
        scripted.overrides.pop("FETCH")
        talk.do_fetch(tag, rest)

    scripted.overrides["FETCH"] = expunging
    seen = poll(scripted)
    assert seen.ids == [name for name in numbers(1, 10) if name != "8"]
    assert seen.unreadable == {}


@pytest.mark.parametrize("fault", ["flags as well", "uid last", "other spelling"])
def test_rows_are_read_in_every_spelling_and_between_unasked_ones(
    scripted: ScriptedImap, inbox: Box, fault: str
) -> None:
    scripted.faults = {mail.uid: (fault, ALWAYS) for mail in inbox.mails}
    assert poll(scripted).ids == numbers(1, 10)


def test_a_row_nobody_asked_for_is_left_out(scripted: ScriptedImap, inbox: Box) -> None:
    def more(talk: Conversation, tag: str, rest: str) -> None:
        stranger = letter(99)
        talk.send(b"* 3 FETCH (UID 99 BODY[HEADER.FIELDS (FROM)] {%d}\r\n%b)\r\n" % (len(stranger), stranger))
        talk.do_fetch(tag, rest)

    scripted.overrides["FETCH"] = more
    assert poll(scripted).ids == numbers(1, len(inbox.mails))


def test_a_server_that_shows_nothing_at_all_is_not_taken_for_many_bad_messages(
    scripted: ScriptedImap, inbox: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.imap.PAGE", 10)
    scripted.faults = {mail.uid: ("refused", ALWAYS) for mail in inbox.mails}
    with pytest.raises(Transient, match="none of 10 messages"):
        poll(scripted)


def test_a_server_that_is_too_busy_to_fetch_is_left_alone(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.refusals["FETCH"] = "NO [LIMIT] Request is throttled. Suggested Backoff Time: 299961 milliseconds"
    with pytest.raises(Transient) as raised:
        poll(scripted)
    assert raised.value.retry_after == timedelta(milliseconds=299961)
    assert len(inbox.mails) == 10

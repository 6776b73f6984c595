"""Connections that break, servers that speak oddly, and the fewest round trips."""

from __future__ import annotations

import pytest

from syncd.errors import Transient
from tests.contract.imap_account import HORIZON, Seen, connector, letter, numbers, poll
from tests.servers.scripted_imap import ALWAYS, Box, Conversation, ScriptedImap


@pytest.mark.parametrize("fault", ["goodbye", "cut"])
def test_a_server_that_always_hangs_up_costs_two_connections_and_keeps_what_was_read(
    scripted: ScriptedImap, inbox: Box, fault: str
) -> None:
    scripted.faults[3] = (fault, ALWAYS)
    reader = connector(scripted)
    pages = reader.poll(None, HORIZON)
    first = Seen([next(pages)])
    with pytest.raises(Transient, match="broke off"):
        next(pages)
    reader.close()
    assert scripted.connections == 2
    scripted.faults.clear()
    assert [*poll(scripted, first.cursor).ids, *first.ids] == numbers(1, len(inbox.mails))


def test_a_server_that_falls_silent_is_given_up_in_time_and_resumed(scripted: ScriptedImap, inbox: Box) -> None:
    reader = connector(scripted)
    pages = reader.poll(None, HORIZON)
    first = next(pages)
    scripted.silent.set()
    with pytest.raises(Transient, match=r"does not answer|in time"):
        list(pages)
    reader.close()
    scripted.silent.clear()
    assert len(first.observations) + len(poll(scripted, first.cursor).ids) >= len(inbox.mails)


def test_a_server_that_answers_without_words_is_understood(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.bare_ok = True
    assert poll(scripted).ids == numbers(1, len(inbox.mails))


def test_a_greeting_that_has_signed_us_in_needs_no_password(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.greeting = "* PREAUTH welcome back"
    assert poll(scripted, password="wrong").ids == numbers(1, len(inbox.mails))
    assert "LOGIN" not in scripted.verbs()


def test_what_a_server_can_do_counts_as_it_says_after_signing_in(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.capabilities = "IMAP4rev1"
    scripted.capabilities_after = "IMAP4rev1 IMAP4rev2 LIST-STATUS SPECIAL-USE"
    seen = poll(scripted)
    assert seen.ids == numbers(1, len(inbox.mails))
    assert 'LIST "" "*" RETURN (SPECIAL-USE STATUS (UIDNEXT UIDVALIDITY MESSAGES))' in scripted.commands
    assert not any(command.startswith("ENABLE") for command in scripted.commands)


def test_a_server_that_gets_its_own_extension_wrong_is_asked_the_plain_way(scripted: ScriptedImap, inbox: Box) -> None:
    def plain_only(talk: Conversation, tag: str, rest: str) -> None:
        if "RETURN" in rest:
            talk.done(tag, "BAD what is RETURN")
        else:
            talk.do_list(tag, rest)

    scripted.capabilities_after = "IMAP4rev1 LIST-STATUS"
    scripted.overrides["LIST"] = plain_only
    assert poll(scripted).ids == numbers(1, len(inbox.mails))


def test_when_nothing_changed_it_costs_one_round_trip_after_signing_in(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.capabilities_after = "IMAP4rev1 LIST-STATUS NAMESPACE ID"
    scripted.capabilities = "IMAP4rev1 ID"
    for number in range(30):
        scripted.boxes[f"Folder {number}"] = Box()
    first = poll(scripted)
    assert len(inbox.mails) == 10
    scripted.commands.clear()
    again = poll(scripted, first.cursor)
    assert again.pages == []
    assert scripted.verbs() == ["CAPABILITY", "LOGIN", "ID", "CAPABILITY", "LIST", "LOGOUT"]


def test_one_connector_polls_again_and_again(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.boxes["Archive"] = Box()
    reader = connector(scripted)
    first = Seen(list(reader.poll(None, HORIZON)))
    inbox.validity = 2
    again = Seen(list(reader.poll(first.cursor, HORIZON)))
    reader.close()
    assert first.ids == again.ids == numbers(1, 10)


def test_capabilities_that_come_with_the_sign_in_are_not_asked_for(scripted: ScriptedImap, inbox: Box) -> None:
    def login(talk: Conversation, tag: str, _: str) -> None:
        talk.signed_in = True
        talk.done(tag, "OK [CAPABILITY IMAP4rev1 LIST-STATUS] in")

    scripted.overrides["LOGIN"] = login
    assert poll(scripted).ids == numbers(1, len(inbox.mails))
    assert scripted.verbs()[:3] == ["CAPABILITY", "LOGIN", "LIST"]
    assert "RETURN" in scripted.commands[2]


def test_without_list_status_only_the_folders_that_changed_are_opened(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.boxes["Archive"] = Box()
    first = poll(scripted)
    inbox.add(letter(11))
    scripted.commands.clear()
    assert poll(scripted, first.cursor).ids == ["11"]
    assert scripted.verbs().count("STATUS") == 2
    assert [command for command in scripted.commands if command.startswith("EXAMINE")] == ['EXAMINE "INBOX"']


def test_marks_that_come_and_go_do_not_cost_another_look(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.capabilities_after = "IMAP4rev1 NAMESPACE LIST-STATUS"
    inbox.attributes = r"\HasNoChildren \Unmarked"
    first = poll(scripted)
    inbox.attributes = r"\HasChildren \Marked"
    scripted.commands.clear()
    assert poll(scripted, first.cursor).pages == []
    assert "NAMESPACE" not in scripted.verbs()


def test_the_folder_that_is_open_is_never_asked_for_its_status(scripted: ScriptedImap, inbox: Box) -> None:
    for name in ("Kram", "Kunden"):
        scripted.boxes[name] = Box()
        for number in range(1, 5):
            scripted.boxes[name].add(letter(len(inbox.mails) + number))
    first = poll(scripted)
    scripted.boxes = {"New": Box(), **scripted.boxes}  # another listing: folders are sampled again, the last stays open
    scripted.boxes["Kunden"].add(letter(99))
    assert poll(scripted, first.cursor).ids == ["99"]

"""Which folders `imap` reads, and how it recognises the owner's sent mail in any language."""

from __future__ import annotations

import pytest
from imapclient import imap_utf7

from syncd.errors import Misconfigured, Transient
from syncd.model import Message, SignalName
from tests.contract.imap_account import HORIZON, Seen, connector, letter, poll
from tests.servers.scripted_imap import USER, Box, Conversation, ScriptedImap


def filled(*numbers: int, attributes: str = "", sender: str = "") -> Box:
    box = Box(attributes=attributes)
    for number in numbers:
        box.add(letter(number, sender=sender))
    return box


def folders_of(seen: Seen) -> set[str]:
    return {observation.remote_id.rsplit("/", 2)[0] for observation in seen.observations}


def sent_of(seen: Seen) -> set[str]:
    """The folders whose messages are said to be sent mail."""
    return {
        message.remote_id.rsplit("/", 2)[0]
        for message in seen.observations
        if isinstance(message, Message)
        and any(signal.name is SignalName.FOLDER and signal.value == "sent" for signal in message.signals)
    }


# ------------------------------------------------------------------ Sent


@pytest.mark.parametrize("attribute", [r"\Sent", r"\sent", r"\SENT", r"\HasNoChildren \Sent"])
def test_sent_is_found_by_its_attribute_in_any_case(scripted: ScriptedImap, attribute: str) -> None:
    scripted.boxes["Skrzynka"] = filled(1, attributes=attribute)
    scripted.boxes["Sent"] = filled(2)
    assert sent_of(poll(scripted)) == {"Skrzynka"}


@pytest.mark.parametrize(
    "name",
    [
        "Sent", "Sent Items", "Sent Messages", "INBOX/Sent", "Gesendet", "Gesendete Elemente", "Elementos enviados",
        "Enviados", "Objets envoyés", "Messages envoyés", "Éléments envoyés", "Posta inviata", "Inviata",
        "Itens Enviados", "Verzonden items", "Skickat", "Sendt", "Lähetetyt", "Odeslané", "Wysłane", "Elküldött",
        "Отправленные", "Надіслані", "Απεσταλμένα", "Gönderilmiş Öğeler", "Terkirim", "送信済みメール", "已发送",
        "보낸편지함", "Trimise",
    ],
)  # fmt: skip
def test_sent_is_found_by_its_name_in_many_languages(scripted: ScriptedImap, name: str) -> None:
    raw = imap_utf7.encode(name).decode()
    scripted.boxes[raw] = filled(1)
    scripted.boxes["Projects"] = filled(2)
    assert sent_of(poll(scripted)) == {name}


@pytest.mark.parametrize("name", ["INBOX.Sent", "INBOX.INBOX.Sent", "INBOX.Gesendet"])
def test_sent_is_found_below_the_prefix_of_old_servers(scripted: ScriptedImap, name: str) -> None:
    scripted.delimiter = "."
    scripted.boxes[name] = filled(1)
    assert sent_of(poll(scripted)) == {name}


def test_sent_named_in_the_configuration_is_believed(scripted: ScriptedImap) -> None:
    scripted.boxes["Ausgang 2"] = filled(1)
    scripted.boxes["Sent"] = filled(2)
    assert sent_of(poll(scripted, sent=["Ausgang*"])) == {"Ausgang 2"}


def test_a_sent_folder_that_nobody_uses_does_not_hide_the_real_one(scripted: ScriptedImap) -> None:
    scripted.capabilities_after = "IMAP4rev1 LIST-STATUS"
    scripted.boxes["Sent"] = Box(attributes=r"\Sent")
    scripted.boxes["Gesendet"] = filled(1)
    assert sent_of(poll(scripted)) == {"Gesendet"}


def test_sent_mail_of_an_earlier_program_is_recognised_by_its_senders(scripted: ScriptedImap) -> None:
    scripted.boxes["Sent"] = filled(1, attributes=r"\Sent")
    scripted.boxes["Sent Items"] = filled(2, 3, 4, sender=USER)
    scripted.boxes["Sent to the printer"] = filled(5, 6, 7)
    assert sent_of(poll(scripted)) == {"Sent", "Sent Items"}


def test_folders_inside_sent_are_sent_mail_too(scripted: ScriptedImap) -> None:
    scripted.boxes["Sent"] = filled(1)
    scripted.boxes["Sent/2024"] = filled(2)
    assert sent_of(poll(scripted)) == {"Sent", "Sent/2024"}


def test_of_two_candidates_the_senders_decide(scripted: ScriptedImap) -> None:
    scripted.boxes["Sent"] = filled(1, 2, 3, sender=USER)
    scripted.boxes["Gesendet"] = filled(4, 5, 6)
    assert sent_of(poll(scripted)) == {"Sent"}


def test_without_any_name_the_senders_decide(scripted: ScriptedImap) -> None:
    scripted.boxes["INBOX"] = filled(*range(1, 6), sender=USER)
    scripted.boxes["Kram"] = filled(*range(6, 11), sender=USER.upper())
    scripted.boxes["Kunden"] = filled(*range(11, 16))
    seen = poll(scripted)
    assert sent_of(seen) == {"Kram"}
    scripted.commands.clear()
    scripted.boxes["Kram"].add(letter(16, sender=USER))
    assert sent_of(poll(scripted, seen.cursor)) == {"Kram"}, "it is remembered"
    assert len([command for command in scripted.commands if "FETCH" in command]) == 1


def test_no_sent_folder_is_said_aloud_once(scripted: ScriptedImap, caplog: pytest.LogCaptureFixture) -> None:
    scripted.boxes["INBOX"] = filled(1)
    seen = poll(scripted)
    assert "no folder of sent mail" in caplog.text
    caplog.clear()
    poll(scripted, seen.cursor)
    assert caplog.text == ""


def test_a_sent_folder_that_is_not_read_is_said_aloud(scripted: ScriptedImap, caplog: pytest.LogCaptureFixture) -> None:
    scripted.boxes["Sent"] = filled(1, attributes=r"\Sent")
    poll(scripted, folders=["INBOX"])
    assert "'Sent' is not read" in caplog.text


def test_sent_comes_first_and_inbox_second(scripted: ScriptedImap) -> None:
    scripted.boxes["INBOX"] = filled(1)
    scripted.boxes["Archive"] = filled(2)
    scripted.boxes["Zustellungen"] = filled(3, attributes=r"\Sent")
    assert [seen.remote_id for seen in poll(scripted).observations] == ["Zustellungen/1/1", "INBOX/1/1", "Archive/1/1"]


# ------------------------------------------------------------------ which folders


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("Whatever", r"\Drafts"), ("Whatever", r"\JUNK"), ("Whatever", r"\Trash"), ("Whatever", r"\Noselect"),
        ("Whatever", r"\NonExistent"), ("Virtual", r"\All"), ("Starred", r"\Flagged"), ("Drafts", ""), ("Spam", ""),
        ("INBOX/Junk", ""), ("Deleted Items", ""), ("deleted_items", ""), ("Papierkorb", ""), ("Entwürfe", ""),
        ("Cestino", ""), ("Corbeille", ""), ("Brouillons", ""), ("Корзина", ""), ("ごみ箱", ""), ("Sampah", ""),
        ("Outbox", ""), ("Templates", ""), ("Trash/2023", ""), ("Sync Issues/Conflicts", ""), ("NIL", ""),
    ],
)  # fmt: skip
def test_what_is_no_conversation_is_not_read(scripted: ScriptedImap, name: str, attributes: str) -> None:
    if "/" in name:
        scripted.boxes[name.partition("/")[0]] = Box()
    scripted.boxes["INBOX"] = filled(1)
    scripted.boxes[imap_utf7.encode(name).decode()] = filled(2, attributes=attributes)
    assert poll(scripted).ids == ["1"]


@pytest.mark.parametrize(
    "name", ["2024", "Kunden & Freunde", "日本", 'with "quotes"', "back\\slash", "Archive (old)", "a%b", "Binary"]
)
def test_folders_of_every_name_are_read(scripted: ScriptedImap, name: str) -> None:
    scripted.boxes[imap_utf7.encode(name).decode()] = filled(1)
    (seen,) = poll(scripted).observations
    assert seen.remote_id == f"{name}/1/1"


@pytest.mark.parametrize("raw", ["&AOQ-bc&", "&Jjo", "&-&", "caf\xe9"])
def test_a_name_that_is_no_modified_utf7_is_opened_as_it_is_spelled(scripted: ScriptedImap, raw: str) -> None:
    scripted.boxes[raw] = filled(1)
    seen = poll(scripted)
    assert seen.ids == ["1"]
    assert f'EXAMINE "{raw}"' in scripted.commands
    assert poll(scripted, seen.cursor).observations == []


def test_two_names_that_read_alike_are_two_folders(scripted: ScriptedImap) -> None:
    scripted.boxes["&AOk-"] = filled(1)
    scripted.boxes["é"] = filled(2)
    seen = poll(scripted)
    assert seen.ids == ["1", "2"]
    assert len({observation.remote_id for observation in seen.observations}) == 2
    assert poll(scripted, seen.cursor).observations == []


def test_folders_of_other_people_are_not_read(scripted: ScriptedImap) -> None:
    scripted.capabilities_after = "IMAP4rev1 NAMESPACE"
    scripted.boxes["INBOX"] = filled(1)
    scripted.boxes["Other Users/boss"] = filled(2)
    scripted.boxes["Shared/team"] = filled(3)
    assert poll(scripted).ids == ["1"]
    assert poll(scripted, folders=["Shared/*"]).ids == ["3"], "unless they are asked for"


def test_only_the_folders_of_the_configuration_are_read(
    scripted: ScriptedImap, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.delimiter = "."
    for number, name in enumerate(["INBOX", "INBOX.Sent", "INBOX.Work", "INBOX.Work.Old", "INBOX.Trash"], start=1):
        scripted.boxes[name] = filled(number)
    seen = poll(scripted, folders=["inbox", "Sent", "work/*", "Trash", "Nowhere"])
    assert folders_of(seen) == {"INBOX", "INBOX.Sent", "INBOX.Work.Old", "INBOX.Trash"}
    assert "'Nowhere'" in caplog.text


def test_a_configuration_that_names_no_folder_that_is_there_is_refused(scripted: ScriptedImap) -> None:
    with pytest.raises(Misconfigured, match=r"None of the folders .* is there: Posteingang\.") as raised:
        poll(scripted, folders=["Posteingang"])
    assert "INBOX" in raised.value.hint


def test_a_folder_that_vanishes_between_listing_and_opening_is_passed_over(scripted: ScriptedImap) -> None:
    def vanished(talk: Conversation, tag: str, rest: str) -> None:
        if "Old" in rest:
            talk.done(tag, "NO Access denied")
        else:
            talk.do_examine(tag, rest)

    scripted.boxes["INBOX"] = filled(1)
    scripted.boxes["Old"] = filled(2)
    scripted.overrides["EXAMINE"] = vanished
    seen = poll(scripted)
    assert seen.ids == ["1"]
    scripted.overrides.clear()
    assert poll(scripted, seen.cursor).ids == ["2"]


def test_a_mailbox_of_which_no_folder_opens_is_an_error(scripted: ScriptedImap) -> None:
    scripted.refusals["EXAMINE"] = "NO Mailbox is damaged"
    with pytest.raises(Transient, match="Mailbox is damaged"):
        poll(scripted)


def test_an_inbox_that_does_not_open_is_an_error_once_the_others_are_read(scripted: ScriptedImap) -> None:
    def refused(talk: Conversation, tag: str, rest: str) -> None:
        if "INBOX" in rest:
            talk.done(tag, "NO Mailbox is damaged")
        else:
            talk.do_examine(tag, rest)

    scripted.boxes["INBOX"] = filled(1)
    scripted.boxes["Archive"] = filled(2)
    scripted.overrides["EXAMINE"] = refused
    pages = connector(scripted).poll(None, HORIZON)
    assert Seen([next(pages)]).ids == ["2"]
    with pytest.raises(Transient, match="Mailbox is damaged"):
        next(pages)


def test_a_server_that_lists_nothing_is_not_taken_for_an_empty_mailbox(scripted: ScriptedImap) -> None:
    scripted.boxes.clear()
    with pytest.raises(Transient, match="lists no folders"):
        poll(scripted)


def test_a_folder_that_is_new_is_read_and_one_that_is_gone_is_forgiven(scripted: ScriptedImap) -> None:
    scripted.boxes["INBOX"] = filled(1)
    scripted.boxes["Old"] = filled(2)
    first = poll(scripted)
    del scripted.boxes["Old"]
    scripted.boxes["New"] = filled(3)
    assert poll(scripted, first.cursor).ids == ["3"]


# ------------------------------------------------------------------ Gmail


def gmail(scripted: ScriptedImap) -> Box:
    scripted.capabilities_after = "IMAP4rev1 X-GM-EXT-1 SPECIAL-USE"
    scripted.boxes["INBOX"] = filled(1)
    scripted.boxes["[Gmail]"] = Box(attributes=r"\Noselect")
    scripted.boxes["[Gmail]/Gesendet"] = filled(2, attributes=r"\Sent")
    scripted.boxes["[Gmail]/Alle Nachrichten"] = box = filled(attributes=r"\All")
    return box


def test_of_gmail_only_all_mail_is_read_and_its_labels_tell_sent_mail_and_drafts(scripted: ScriptedImap) -> None:
    box = gmail(scripted)
    box.add(letter(1), labels=r'"\\Inbox" "\\Important"')
    box.add(letter(2), labels=r'"\\Sent"')
    box.add(letter(3), labels=r'"\\Draft" "Kunden"')
    seen = poll(scripted)
    assert seen.ids == ["1", "2"]
    assert folders_of(seen) == {"[Gmail]/Alle Nachrichten"}
    sent = [message.message_id for message in seen.observations if isinstance(message, Message) and message.signals]
    assert sent == ["<2@example.org>"]


def test_a_gmail_without_all_mail_is_told_what_to_tick(scripted: ScriptedImap) -> None:
    gmail(scripted)
    del scripted.boxes["[Gmail]/Alle Nachrichten"]
    with pytest.raises(Misconfigured, match="All Mail") as raised:
        poll(scripted)
    assert "Show in IMAP" in raised.value.hint


def test_the_doctor_is_told_what_would_be_read(scripted: ScriptedImap) -> None:
    scripted.boxes["Gesendet"] = filled(1)
    scripted.boxes["Trash"] = filled(2)
    reader = connector(scripted)
    assert reader.check() == (
        f"signed in to 127.0.0.1 as {USER}",
        "folders to read: 2",
        "sent mail: Gesendet",
    )
    reader.close()

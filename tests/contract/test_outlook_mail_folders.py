"""Which folders of an Outlook mailbox are read, and in which order, whatever they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.errors import Misconfigured, Transient
from syncd.model import Message, Signal, SignalName
from tests.contract.outlook import Outlook, outlook_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def outlook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outlook]:
    with outlook_at(tmp_path, monkeypatch) as account:
        yield account


def test_sent_mail_comes_first_then_the_inbox_then_the_archive_then_the_others(outlook: Outlook) -> None:
    nested = outlook.mailbox.add_folder("Projects", "inbox")
    letters = [outlook.letter(folder) for folder in (nested, "archive", "inbox", "sentitems")]
    outlook.poll()
    found = [seen.remote_id for page in outlook.pages for seen in page.observations]
    assert found == letters[::-1]


def test_what_holds_no_conversation_is_passed_over_with_everything_inside(outlook: Outlook) -> None:
    trash = outlook.mailbox.add_folder("Old", "deleteditems")
    trap = outlook.mailbox.add_folder("Everything", is_search=True)
    hidden = outlook.mailbox.add_folder("Quick Step Settings", hidden=True)
    late = outlook.mailbox.add_folder("Scheduled", role="scheduled")
    for folder in ("drafts", "junkemail", "deleteditems", "outbox", "conversationhistory", trash, trap, hidden, late):
        outlook.letter(folder)
    good = outlook.letter("inbox")
    assert set(outlook.poll()) == {good}


def test_names_in_another_language_change_nothing(outlook: Outlook) -> None:
    for name, other in (
        ("sentitems", "Gesendete Elemente"),
        ("deleteditems", "Gelöschte Elemente"),
        ("inbox", "Posteingang"),
    ):
        outlook.mailbox.rename_folder(name, other)
    outlook.letter("deleteditems")
    sent = outlook.letter("sentitems")
    found = outlook.poll()
    assert set(found) == {sent}
    seen = found[sent]
    assert isinstance(seen, Message)
    assert seen.signals == (Signal(SignalName.FOLDER, "sent"),)


def test_folders_inside_sent_and_folders_called_sent_hold_sent_mail(outlook: Outlook) -> None:
    inside = outlook.mailbox.add_folder("2024", "sentitems")
    called = outlook.mailbox.add_folder("Gesendet")
    plain = outlook.mailbox.add_folder("Clients")
    sent = {outlook.letter(inside), outlook.letter(called)}
    outlook.letter(plain)
    found = outlook.poll()
    assert {name for name, seen in found.items() if isinstance(seen, Message) and seen.signals} == sent


def test_many_folders_are_listed_to_the_last(outlook: Outlook) -> None:
    parent = outlook.mailbox.add_folder("Clients")
    letters = {outlook.letter(outlook.mailbox.add_folder(f"Client {number}", parent)) for number in range(120)}
    assert set(outlook.poll()) == letters


@pytest.mark.parametrize(
    ("settings", "read"),
    [
        ({"folders": ["inbox"]}, {"inbox"}),
        ({"folders": ["Inbox", "clients/*"]}, {"inbox", "acme"}),
        ({"skip": ["Archive", "Clients*"]}, {"inbox"}),
        ({"folders": ["archive"], "skip": ["inbox"]}, {"archive"}),
    ],
)
def test_the_owner_chooses_by_name_or_glob(outlook: Outlook, settings: dict[str, object], read: set[str]) -> None:
    acme = outlook.mailbox.add_folder("Acme", outlook.mailbox.add_folder("Clients"))
    letters = {
        name: outlook.letter(folder) for name, folder in (("inbox", "inbox"), ("archive", "archive"), ("acme", acme))
    }
    assert set(outlook.poll(settings=settings)) == {letters[name] for name in read}


def test_a_choice_of_nothing_is_a_mistake(outlook: Outlook) -> None:
    with pytest.raises(Misconfigured, match="No folder"):
        outlook.poll(settings={"folders": ["Nowhere"]})


def test_english_names_of_well_known_folders_mean_them_in_every_language(outlook: Outlook) -> None:
    """What config.example.toml says, in an Italian mailbox."""
    ids = {name: outlook.letter(name) for name in ("inbox", "sentitems", "archive")}
    for name, italian in (("inbox", "Posta in arrivo"), ("sentitems", "Posta inviata"), ("archive", "Archivio")):
        outlook.mailbox.rename_folder(name, italian)
    assert set(outlook.poll(settings={"folders": ["Inbox", "Sent Items"]})) == {ids["inbox"], ids["sentitems"]}


def test_a_name_that_no_folder_has_is_said(outlook: Outlook, caplog: pytest.LogCaptureFixture) -> None:
    chosen = {"folders": ["Inbox", "Clints"]}
    outlook.poll(settings=chosen)
    assert "'Clints'" in caplog.text
    told = " ".join(outlook.connector(settings=chosen).check())
    assert "'Clints'" in told
    assert "wait for an answer" in told
    with pytest.raises(Misconfigured) as caught:
        outlook.poll(settings={"folders": ["Clints"]})
    assert "Sent Items" in caught.value.hint


def test_a_new_folder_is_read_at_the_next_poll(outlook: Outlook) -> None:
    outlook.poll()
    letter = outlook.letter(outlook.mailbox.add_folder("Travel"))
    assert set(outlook.poll()) == {letter}


def test_well_known_names_are_asked_for_only_when_a_folder_comes_or_goes(outlook: Outlook) -> None:
    outlook.poll()
    first = outlook.graph.count("mailFolders/sentitems")
    outlook.poll()
    assert outlook.graph.count("mailFolders/sentitems") == first == 1
    outlook.mailbox.add_folder("Travel")
    outlook.poll()
    assert outlook.graph.count("mailFolders/sentitems") == 2


def test_a_mailbox_without_folders_is_an_answer_nobody_believes(outlook: Outlook) -> None:
    for name in (
        "inbox",
        "sentitems",
        "drafts",
        "deleteditems",
        "junkemail",
        "outbox",
        "archive",
        "conversationhistory",
    ):
        outlook.mailbox.drop_folder(name)
    with pytest.raises(Transient, match="no folder"):
        outlook.poll()


def test_check_says_what_would_be_read_and_reads_no_mail(outlook: Outlook) -> None:
    said = outlook.connector().check()
    assert said == ("signed in to Microsoft as davide@northwind.example", "folders to read: 3", "sent mail: Sent Items")
    assert [asked.params.get("$select") for asked in outlook.graph.requests if "messages" in asked.target] == [
        "internetMessageHeaders"
    ]

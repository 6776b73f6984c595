"""What `outlook-mail` does where Graph refuses a part, or leads it round: all the rest is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.errors import AuthRequired, Transient
from syncd.model import Message
from tests.contract.outlook import Outlook, outlook_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.graph_contract import Resource
    from tests.servers.graph_requests import Asked, Links


@pytest.fixture
def outlook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outlook]:
    with outlook_at(tmp_path, monkeypatch) as account:
        yield account


@pytest.mark.parametrize(("status", "code"), [(403, "ErrorAccessDenied"), (400, "ErrorInvalidRequest")])
def test_a_folder_that_is_refused_holds_no_other_up_and_is_named(outlook: Outlook, status: int, code: str) -> None:
    folder = outlook.mailbox.add_folder("Aardvark")
    outlook.letter(folder)
    letters = {outlook.letter("inbox"), outlook.letter(outlook.mailbox.add_folder("Zebra"))}
    outlook.graph.fail(f"{folder}/messages", status, code, times=1_000)
    with pytest.raises(Transient, match="'Aardvark'") as caught:
        outlook.poll()
    assert "skip" in caught.value.hint
    assert outlook.memory.known(letters) == letters
    new = outlook.letter("inbox")
    with pytest.raises(Transient, match="'Aardvark'"):
        outlook.poll()
    assert outlook.memory.known([new])


def test_a_mailbox_of_which_nothing_is_shown_is_for_the_owner(outlook: Outlook) -> None:
    outlook.letter("inbox")
    outlook.graph.fail("/messages", 403, "ErrorAccessDenied", times=1_000)
    with pytest.raises(AuthRequired, match="does not show"):
        outlook.poll()


def test_a_folder_that_was_read_and_is_refused_now_keeps_its_place(outlook: Outlook) -> None:
    folder = outlook.mailbox.add_folder("Clients")
    outlook.letter(folder)
    outlook.poll()
    here, there = outlook.letter(folder), outlook.letter("inbox")
    outlook.graph.fail(f"{folder}/messages", 403, "ErrorAccessDenied")
    with pytest.raises(Transient, match="'Clients'"):
        outlook.poll()
    assert outlook.memory.known([here, there]) == {there}
    assert set(outlook.poll()) == {here}


def test_a_mailbox_that_takes_no_filter_for_change_tracking_is_swept(outlook: Outlook) -> None:
    """As Graph did to some mailboxes for weeks: docs issue 18636, msgraph-sdk-dotnet issue 1512."""
    outlook.graph.fail("messages/delta", 400, "ErrorInvalidUrlQuery", times=1_000)
    expected = {outlook.letter() for _ in range(9)}
    assert set(outlook.poll()) == expected
    new = outlook.letter()
    assert set(outlook.poll()) == {new}
    before = outlook.graph.count("messages/delta")
    assert outlook.poll() == {}
    assert outlook.graph.count("messages/delta") == before
    outlook.graph.mend()
    outlook.start_over()
    assert outlook.poll() == {}
    assert outlook.graph.count("messages/delta") > before


def test_a_page_that_tells_only_what_changed_replaces_nothing(
    outlook: Outlook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph answers so when a message was only read (docs issue 7776)."""
    folder = outlook.mailbox.add_folder("Clients")
    known = outlook.letter(folder)
    outlook.poll()
    unknown = outlook.letter(folder)
    ask = outlook.mailbox.answer

    def answer(asked: Asked, links: Links) -> Resource:
        told = ask(asked, links)
        if asked.path[-1] == "delta" and folder in asked.path:
            told["value"] = [{"@odata.type": "#microsoft.graph.message", "id": name} for name in (known, unknown)]
        return told

    monkeypatch.setattr(outlook.mailbox, "answer", answer)
    found = outlook.poll()
    assert set(found) == {unknown}
    assert isinstance(found[unknown], Message)


def test_links_that_lead_in_a_circle_are_left(outlook: Outlook, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(9):
        outlook.letter()
    ask = outlook.mailbox.answer
    handed: list[str] = []

    def answer(asked: Asked, links: Links) -> Resource:
        told = ask(asked, links)
        if "@odata.nextLink" in told:
            handed.append(str(told["@odata.nextLink"]))
            told["@odata.nextLink"] = handed[len(handed) % 2]
        return told

    monkeypatch.setattr(outlook.mailbox, "answer", answer)
    with pytest.raises(Transient, match="circles"):
        outlook.poll()

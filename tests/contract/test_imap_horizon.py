"""How far back `imap` reads, in which order, what it asks for, and which dates it believes."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from syncd.model import Message, Unreadable
from syncd.testing import NOW
from tests.contract.imap_account import HORIZON, connector, letter, numbers, poll, searched
from tests.servers.scripted_imap import ALWAYS, Box, ScriptedImap


@pytest.mark.parametrize(
    "arrived", ["", "garbage", "01-Jan-1970 00:00:00 +0000", "19-Jan-2038 03:14:07 +0000", "99-Xyz-0000 aa:bb:cc +9999"]
)
def test_an_internaldate_that_cannot_be_true_is_not_needed(scripted: ScriptedImap, arrived: str) -> None:
    scripted.boxes["INBOX"].add(letter(1), arrived=arrived)
    scripted.overrides["SEARCH"] = searched("* SEARCH 1")
    (seen,) = poll(scripted).observations
    assert isinstance(seen, Message)
    assert seen.at == NOW - timedelta(days=1, minutes=1)


@pytest.mark.parametrize("date", ["gestern", "", "Thu, 01 Jan 1970 00:00:00 +0000", "Tue, 19 Jan 2038 03:14:07 +0000"])
def test_a_date_that_cannot_be_true_gives_way_to_the_internaldate(scripted: ScriptedImap, date: str) -> None:
    header = b"From: a@example.org\r\nDate: " + date.encode() + b"\r\n\r\n"
    scripted.boxes["INBOX"].add(header, arrived="02-Mar-2026 10:00:00 +0100")
    (seen,) = poll(scripted).observations
    assert isinstance(seen, Message)
    assert seen.at.isoformat() == "2026-03-02T09:00:00+00:00"


def test_a_message_without_any_date_is_unreadable(scripted: ScriptedImap) -> None:
    scripted.boxes["INBOX"].add(b"From: a@example.org\r\n\r\n", arrived="")
    (seen,) = poll(scripted).observations
    assert seen == Unreadable("INBOX/1/1", "It carries no date.")


def test_subjects_are_not_even_asked_for_when_they_are_not_wanted(scripted: ScriptedImap, inbox: Box) -> None:
    assert len(poll(scripted, subjects=False).ids) == len(inbox.mails)
    assert not any("Subject" in command for command in scripted.commands)


def test_the_digest_is_no_mail(scripted: ScriptedImap) -> None:
    scripted.boxes["INBOX"].add(letter(1).replace(b"Subject", b"List-Id: <digest.syncd.localhost>\r\nSubject"))
    assert poll(scripted).observations == []


def test_nothing_is_read_beyond_the_horizon(scripted: ScriptedImap, inbox: Box) -> None:
    old = NOW - timedelta(days=800)
    for number in range(11, 14):
        inbox.add(letter(number, when=old), arrived=f"{old:%d-%b-%Y} 00:00:00 +0000")
    first = poll(scripted)
    assert first.ids == numbers(1, 10)
    assert not any("11" in command for command in scripted.commands if "FETCH" in command)
    inbox.add(letter(14))
    assert poll(scripted, first.cursor).ids == ["14"]


# ------------------------------------------------------------------ order and memory


def test_the_newest_come_first_and_what_arrives_meanwhile_is_read_before_older_mail(
    scripted: ScriptedImap, inbox: Box
) -> None:
    reader = connector(scripted)
    first = next(iter(reader.poll(None, HORIZON)))
    reader.close()
    assert sorted(seen.remote_id for seen in first.observations) == [
        "INBOX/1/10",
        "INBOX/1/7",
        "INBOX/1/8",
        "INBOX/1/9",
    ]
    inbox.add(letter(11))
    later = poll(scripted, first.cursor)
    assert [seen.remote_id for seen in later.pages[0].observations] == ["INBOX/1/11"]
    assert later.ids == [*numbers(1, 6), "11"]


def test_a_page_can_be_resumed_after_another_uidvalidity_elsewhere(scripted: ScriptedImap, inbox: Box) -> None:
    scripted.boxes["Archive"] = Box()
    for number in range(101, 111):
        scripted.boxes["Archive"].add(letter(number))
    pages = poll(scripted).pages
    inbox.validity = 2
    rest = poll(scripted, pages[1].cursor)
    assert set(rest.ids) >= {str(number) for number in range(101, 111)}


def test_nothing_is_logged_about_the_people_in_the_mail(
    scripted: ScriptedImap, inbox: Box, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scripted.faults[4] = ("refused", ALWAYS)
    assert len(poll(scripted).observations) == len(inbox.mails)
    assert "ada" not in caplog.text.lower()
    assert "secret" not in caplog.text

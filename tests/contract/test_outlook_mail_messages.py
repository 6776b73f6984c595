"""What is read of a message at Outlook: who took part, when, and what kind it is; and nothing of its text."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors._mail import read_message
from connectors._outlook_mail_message import observe
from syncd.connector import DIGEST_LIST_ID
from syncd.model import Fact, Message, Participant, Role, Signal, SignalName, Unreadable
from syncd.pipeline.own_addresses import learn_own
from syncd.pipeline.policy import Ignore
from syncd.pipeline.reconcile import reconcile
from syncd.testing import NOW, context
from tests.contract.outlook import ANNA, SINCE, Outlook, outlook_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncd.model import Observation

CARLO = ("carlo@harbour.example", "Carlo Verdi")


@pytest.fixture
def outlook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outlook]:
    with outlook_at(tmp_path, monkeypatch) as account:
        yield account


def only(found: dict[str, Observation]) -> Message:
    (seen,) = found.values()
    assert isinstance(seen, Message)
    return seen


def test_everybody_is_named_in_the_role_they_have(outlook: Outlook) -> None:
    me = outlook.graph.owner
    outlook.mailbox.add("inbox", "Lunch", NOW, sender=ANNA, to=[me], cc=[CARLO], bcc=[("dora@harbour.example", "")])
    assert only(outlook.poll()).participants == (
        Participant("anna@harbour.example", "Anna Bianchi", Role.FROM),
        Participant(me[0], me[1], Role.TO),
        Participant("carlo@harbour.example", "Carlo Verdi", Role.CC),
        Participant("dora@harbour.example", "", Role.BCC),
    )


def test_sent_items_have_no_headers_and_say_that_they_were_sent(outlook: Outlook) -> None:
    outlook.mailbox.add("sentitems", "Re: Lunch", NOW, to=[ANNA], headers=[("In-Reply-To", "<1@harbour.example>")])
    seen = only(outlook.poll())
    assert seen.signals == (Signal(SignalName.FOLDER, "sent"),)
    assert seen.in_reply_to == ""
    assert [each.address for each in seen.participants] == ["davide@northwind.example", "anna@harbour.example"]


def test_headers_say_what_kind_it_is_and_what_it_answers_but_not_who_wrote(outlook: Outlook) -> None:
    headers = [
        ("From", "Somebody Else <else@elsewhere.example>"),
        ("To", "list@elsewhere.example"),
        ("List-Id", "The choir <choir.harbour.example>"),
        ("list-unsubscribe", "<https://harbour.example/leave>"),
        ("Precedence", "list"),
        ("References", "<0@harbour.example> <1@harbour.example>"),
        ("X-Secret", "nobody's business"),
    ]
    outlook.mailbox.add("inbox", "Rehearsal", NOW, sender=ANNA, to=[outlook.graph.owner], headers=headers)
    seen = only(outlook.poll())
    assert [each.address for each in seen.participants] == ["anna@harbour.example", "davide@northwind.example"]
    assert seen.in_reply_to == "<1@harbour.example>"
    assert set(seen.signals) == {
        Signal(SignalName.LIST_ID, "choir.harbour.example"),
        Signal(SignalName.LIST_UNSUBSCRIBE, "<https://harbour.example/leave>"),
        Signal(SignalName.PRECEDENCE, "list"),
    }


@pytest.mark.parametrize(
    ("kind", "method"),
    [("eventMessage", ""), ("eventMessageRequest", "request"), ("eventMessageResponse", "reply")],
)
def test_calendar_mail_says_so(outlook: Outlook, kind: str, method: str) -> None:
    headers = [("Content-Type", "multipart/alternative")]
    outlook.mailbox.add("inbox", "Standup", NOW, sender=ANNA, to=[CARLO], headers=headers, kind=kind)
    assert only(outlook.poll()).signals == (Signal(SignalName.CALENDAR, method),)


def test_a_delegate_is_told_from_who_they_write_for(outlook: Outlook) -> None:
    sender = {"emailAddress": {"name": "Carlo Verdi", "address": CARLO[0]}}
    outlook.letter(fields={"sender": sender, "replyTo": [sender]})
    seen = only(outlook.poll())
    assert seen.participants[0].address == "anna@harbour.example"
    assert set(seen.signals) == {Signal(SignalName.SENDER, CARLO[0]), Signal(SignalName.REPLY_TO, CARLO[0])}


def test_addresses_that_are_none_are_dropped_and_the_others_stay(outlook: Outlook) -> None:
    odd = [
        {"emailAddress": {"name": "Old", "address": "/O=EXCH/OU=FIRST/CN=RECIPIENTS/CN=OLD"}},
        {"emailAddress": {"name": "Nobody", "address": ""}},
        {"emailAddress": {"name": None, "address": None}},
        {"emailAddress": None},
        {"emailAddress": {"name": "Two", "address": "a@b.example>, <c@d.example"}},
        {"emailAddress": {"name": "'Erna \"Ernie\" Groß'", "address": " 'erna@harbour.example' "}},
    ]
    outlook.letter(fields={"toRecipients": odd})
    assert only(outlook.poll()).participants[1:] == (Participant("erna@harbour.example", "Erna Ernie Groß", Role.TO),)


def test_without_from_the_sender_wrote_it_and_without_both_nobody(outlook: Outlook) -> None:
    outlook.letter(fields={"from": None})
    outlook.letter(fields={"from": None, "sender": None, "toRecipients": []})
    first, second = outlook.poll().values()
    if isinstance(first, Unreadable):
        first, second = second, first
    assert isinstance(first, Message)
    assert first.participants[0].address == "anna@harbour.example"
    assert isinstance(second, Unreadable)


@pytest.mark.parametrize(
    ("sent", "believed"),
    [
        ("2026-03-01T08:00:00Z", True),
        ("2026-03-01T08:00:00.1234567Z", True),
        ("0001-01-01T00:00:00Z", False),
        ("9999-12-31T23:59:59.9999999Z", False),
        (None, False),
    ],
)
def test_a_date_nobody_can_believe_gives_way_to_the_arrival(
    outlook: Outlook, sent: str | None, *, believed: bool
) -> None:
    arrived = NOW - timedelta(days=1)
    outlook.letter("inbox", arrived, {"sentDateTime": sent})
    at = only(outlook.poll()).at
    assert at.replace(microsecond=0) == (NOW.replace(day=1, hour=8, minute=0) if believed else arrived)


def test_what_was_sent_before_the_horizon_and_came_late_is_left_out(outlook: Outlook) -> None:
    outlook.letter(fields={"sentDateTime": f"{SINCE - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"})
    assert outlook.poll() == {}


def test_drafts_and_our_own_digest_are_no_mail(outlook: Outlook) -> None:
    outlook.letter(fields={"isDraft": True})
    outlook.mailbox.add(
        "inbox", "Your digest", NOW, sender=ANNA, to=[CARLO], headers=[("List-Id", f"<{DIGEST_LIST_ID}>")]
    )
    assert outlook.poll() == {}
    assert outlook.poll() == {}


def test_subjects_are_not_asked_for_when_nobody_wants_them(outlook: Outlook) -> None:
    outlook.letter()
    assert only(outlook.poll(subjects=False)).subject == ""
    assert not any("subject" in asked.params.get("$select", "") for asked in outlook.graph.requests)


def test_a_hostile_item_is_unreadable_and_costs_no_other(outlook: Outlook) -> None:
    good = outlook.letter()
    rows: list[object] = [
        "nonsense", None, 7, {}, {"id": ""}, {"id": "x", "from": "Anna"}, {"id": "y", "toRecipients": {"a": 1}},
        {"id": "z", "internetMessageHeaders": [{"name": "List-Id", "value": 2}]},
    ]  # fmt: skip
    lent = context()
    seen = [observe(row, "folder", lent, sent=False) for row in rows]
    assert all(isinstance(each, Unreadable) and each.remote_id and each.reason for each in seen)
    assert set(outlook.poll()) == {good}


def test_a_line_break_in_a_value_is_no_header(outlook: Outlook) -> None:
    outlook.letter(
        fields={"subject": "Hello\r\nList-Id: <trap.example>", "internetMessageId": "<1@x.example>\nTo: a@b.c"}
    )
    seen = only(outlook.poll())
    assert seen.signals == ()
    assert seen.subject == "Hello List-Id: <trap.example>"
    assert seen.message_id == "<1@x.example>"


json = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)
known = [
    "@odata.type",
    "from",
    "sender",
    "replyTo",
    "toRecipients",
    "sentDateTime",
    "receivedDateTime",
    "subject",
    "isDraft",
]


@given(some.dictionaries(some.sampled_from([*known, "internetMessageHeaders", "internetMessageId"]), json))
def test_whatever_stands_in_an_item_nothing_raises(row: dict[str, object]) -> None:
    seen = observe({**row, "id": "some"}, "folder", context(), sent=True)
    assert seen is None or seen.remote_id == "some"


def test_the_same_mail_over_imap_is_the_same_exchange(outlook: Outlook) -> None:
    me = outlook.graph.owner
    outlook.mailbox.add("inbox", "Lunch", NOW, sender=ANNA, to=[me], message_id="<77@harbour.example>")
    over_graph = only(outlook.poll())
    header = (
        f"From: Anna Bianchi <{ANNA[0]}>\nTo: {me[1]} <{me[0]}>\nSubject: Lunch\n"
        f"Message-ID: <77@harbour.example>\nDate: {NOW:%a, %d %b %Y %H:%M:%S} +0000\n"
    )
    over_imap = read_message("INBOX/1/1", header.encode(), NOW)
    assert isinstance(over_imap, Message)
    own = learn_own([me[0]], me[1], {})
    plan = reconcile([Fact("imap", over_imap), Fact("outlook", over_graph)], own, Ignore())
    assert len(plan.interactions) == 1


def test_a_graph_that_does_not_show_headers_costs_the_headers_and_no_mail(outlook: Outlook) -> None:
    """Nobody documents whether Mail.ReadBasic shows them (sync-rules 13)."""
    letter = outlook.letter(fields={"internetMessageHeaders": [{"name": "List-Id", "value": "<news.example>"}]})
    outlook.graph.fail("internetMessageHeaders", 403, "ErrorAccessDenied", times=1_000)
    found = outlook.poll()[letter]
    assert isinstance(found, Message)
    assert found.signals == ()
    assert outlook.graph.count("internetMessageHeaders") == 1


def test_check_says_whether_headers_are_shown(outlook: Outlook) -> None:
    assert "inbox" not in " ".join(outlook.connector().check())
    outlook.letter(fields={"internetMessageHeaders": [{"name": "Received", "value": "by mx.example"}]})
    outlook.letter()
    assert "headers of 1 of the newest 2 messages in the inbox are shown" in " ".join(outlook.connector().check())
    outlook.graph.fail("internetMessageHeaders", 403, "ErrorAccessDenied", times=1_000)
    assert "headers are not shown" in " ".join(outlook.connector().check())

"""A header block becomes a message: what every mail connector relies on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors._mail import FIELDS, fields, read_message
from syncd.model import Message, Role, Signal, SignalName, Unreadable

ARRIVED = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
USUAL = b"From: a@example.org\nDate: Wed, 4 Mar 2026 08:00:00 +0000\n"


def read(header: bytes | str, *, sent: bool = False, subjects: bool = True) -> Message:
    """The message, which must be one."""
    raw = header.encode() if isinstance(header, str) else header
    message = read_message("INBOX/1/1", raw, ARRIVED, sent=sent, subjects=subjects)
    assert isinstance(message, Message), message
    return message


def signals(header: str) -> set[tuple[SignalName, str]]:
    return {(signal.name, signal.value) for signal in read(USUAL + header.encode()).signals}


def test_an_ordinary_message_is_read_whole() -> None:
    message = read(
        "Message-ID: <one@example.org>\r\n"
        "Date: Wed, 4 Mar 2026 09:30:00 +0100\r\n"
        'From: "Rossi, Anna" <anna@example.org>\r\n'
        "To: me@example.com,\r\n"
        "\t=?utf-8?q?J=C3=B6rg?= <joerg@example.com>\r\n"
        "Cc: Team <team@example.com>\r\n"
        "Subject: Re: =?utf-8?B?TcO8bmNoZW4=?=\r\n"
        "In-Reply-To: <zero@example.com>\r\n"
        "Content-Type: text/plain\r\n"
        "\r\n"
        "A body is never looked at.\r\n"
    )
    assert message.at == datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
    assert [(who.name, who.address, who.role) for who in message.participants] == [
        ("Rossi, Anna", "anna@example.org", Role.FROM),
        ("", "me@example.com", Role.TO),
        ("Jörg", "joerg@example.com", Role.TO),
        ("Team", "team@example.com", Role.CC),
    ]
    assert message.message_id == "<one@example.org>"
    assert message.in_reply_to == "<zero@example.com>"
    assert message.subject == "Re: München"
    assert message.signals == ()


def test_line_ends_and_spelling_of_names_do_not_matter() -> None:
    plain = USUAL.replace(b"From", b"from").replace(b"Date", b"DATE")
    plain += b"sUBJECT : Hi\nTo:\n b@example.org\n\nTo: no@example.org"
    message = read(plain)
    assert message == read(plain.replace(b"\n", b"\r\n")) == read(plain.replace(b"\n", b"\r"))
    assert message == read(b"\xef\xbb\xbf\n " + plain)
    assert [who.address for who in message.participants] == ["a@example.org", "b@example.org"]
    assert message.subject == "Hi"


def test_repeated_fields_add_recipients_and_the_first_of_the_others_counts() -> None:
    twice = b"To: b@example.org\nTo: c@example.org\nSubject: one\nSubject: two\nMessage-ID: <1@x>\nMessage-ID: <2@x>\n"
    message = read(USUAL + twice)
    assert [who.address for who in message.participants] == ["a@example.org", "b@example.org", "c@example.org"]
    assert (message.subject, message.message_id) == ("one", "<1@x>")


def test_the_sender_stands_in_for_a_from_that_names_nobody() -> None:
    message = read(b"From: MAILER-DAEMON\nSender: root@example.org\nTo: b@example.org\n")
    assert [(who.address, who.role) for who in message.participants] == [
        ("root@example.org", Role.FROM),
        ("b@example.org", Role.TO),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@b>", "<a@b>"),
        ("  <A@b>  ", "<A@b>"),
        ("<a\r\n b@c>", "<ab@c>"),
        ("\r\n <folded@example.org>", "<folded@example.org>"),
        ("<>", ""),
        ("", ""),
        ("<[x]@y>", "<[x]@y>"),
        ("<one@x> <two@x>", "<one@x>"),
        ('Your message of "Tue" <one@x>', "<one@x>"),
        ("bare@example.org", "<bare@example.org>"),
        ("two words@example.org", ""),
        ("<" + "x" * 2000 + ">", "<" + "x" * 998 + ">"),
    ],
)
def test_the_message_id_is_its_first_token(value: str, expected: str) -> None:
    assert read(USUAL + f"Message-ID: {value}\r\n".encode()).message_id == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("In-Reply-To: <a@b>\nReferences: <z@b> <y@b>\n", "<a@b>"),
        ("References: <z@b>\n <y@b>\n", "<y@b>"),
        ("In-Reply-To: your mail\nReferences: <z@b>\n", "<z@b>"),
        ("References: nothing\n", ""),
    ],
)
def test_the_message_answered_is_in_reply_to_or_else_the_last_reference(header: str, expected: str) -> None:
    assert read(USUAL + header.encode()).in_reply_to == expected


def test_the_own_digest_is_no_mail() -> None:
    assert read_message("1", USUAL + b"List-Id: syncd <digest.syncd.localhost>\n", ARRIVED) is None


def test_no_subject_is_read_when_none_is_wanted() -> None:
    assert read(USUAL + b"Subject: secret\n", subjects=False).subject == ""
    assert "Subject" in fields(subjects=True)
    assert set(FIELDS) - set(fields(subjects=False)) == {"Subject"}


@pytest.mark.parametrize(
    ("header", "name", "value"),
    [
        ("Auto-Submitted: auto-replied (vacation)", SignalName.AUTO_SUBMITTED, "auto-replied (vacation)"),
        ("X-Auto-Response-Suppress: All", SignalName.AUTO_RESPONSE_SUPPRESS, "All"),
        ("X-Autoreply: yes", SignalName.AUTOREPLY, "yes"),
        ("X-Autorespond: Away", SignalName.AUTOREPLY, "Away"),
        ("Precedence: bulk", SignalName.PRECEDENCE, "bulk"),
        ("List-Id: A list <the.list.example.org>", SignalName.LIST_ID, "the.list.example.org"),
        ("List-Id: the.list.example.org", SignalName.LIST_ID, "the.list.example.org"),
        ("List-Post: <mailto:the-list@example.org?x=y>", SignalName.LIST_POST, "the-list@example.org"),
        ("List-Unsubscribe: <https://example.org/u>", SignalName.LIST_UNSUBSCRIBE, "<https://example.org/u>"),
        ("Feedback-ID: 1:2:3", SignalName.FEEDBACK_ID, "1:2:3"),
        ("X-Failed-Recipients: b@example.org", SignalName.FAILED_RECIPIENTS, "b@example.org"),
        ("X-Original-From: Anna <anna@example.org>", SignalName.ORIGINAL_FROM, "Anna <anna@example.org>"),
        ("X-Original-Sender: anna@example.org", SignalName.ORIGINAL_FROM, "anna@example.org"),
        ("X-Google-Original-Message-ID: <g@x>", SignalName.ORIGINAL_ID, "<g@x>"),
        ("X-Microsoft-Original-Message-ID: <m@x>", SignalName.ORIGINAL_ID, "<m@x>"),
        ("X-Original-Message-ID: <o@x>", SignalName.ORIGINAL_ID, "<o@x>"),
        ("Delivered-To: me@example.com", SignalName.DELIVERED_TO, "me@example.com"),
        ("X-Original-To: me@example.com", SignalName.DELIVERED_TO, "me@example.com"),
        ("Return-Path: <>", SignalName.RETURN_PATH, "<>"),
        ("Return-Path: <Bounce-1@example.org>", SignalName.RETURN_PATH, "bounce-1@example.org"),
        ("Reply-To: Other <other@example.org>", SignalName.REPLY_TO, "other@example.org"),
        ("Sender: list-owner@example.org", SignalName.SENDER, "list-owner@example.org"),
        ('Content-Type: text/calendar; method="REQUEST"', SignalName.CALENDAR, "request"),
        ("Content-Class: urn:content-classes:calendarmessage", SignalName.CALENDAR, ""),
        ("Content-Type: multipart/report;\n report-type=delivery-status", SignalName.CONTENT_TYPE, "delivery-status"),
        ("Content-Type: multipart/report", SignalName.CONTENT_TYPE, ""),
    ],
)
def test_what_says_something_about_the_kind_is_a_signal(header: str, name: SignalName, value: str) -> None:
    assert signals(header + "\n") == {(name, value)}


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: text/plain; charset=utf-8",
        "Return-Path: <A@Example.org>",
        "Return-Path: nobody in particular",
        "Reply-To: A@Example.org",
        "Sender: Anna <a@example.org>",
        "List-Id: ",
        "List-Unsubscribe:",
        "X-Spam: yes",
        "Precedence: \n ",
    ],
)
def test_what_says_nothing_is_no_signal(header: str) -> None:
    assert signals(header + "\n") == set()


def test_what_a_list_does_with_failures_is_not_told() -> None:
    """It differs in every copy, and the list is known without it."""
    told = signals("Return-Path: <club-bounces+7@lists.example>\nList-Id: <club.lists.example>\n")
    assert told == {(SignalName.LIST_ID, "club.lists.example")}


def test_sent_mail_says_so_and_several_addresses_of_delivery_are_said_once_each() -> None:
    assert read(USUAL, sent=True).signals == (Signal(SignalName.FOLDER, "sent"),)
    assert signals("Delivered-To: me@example.com\nDelivered-To: you@example.com\nEnvelope-To: me@example.com\n") == {
        (SignalName.DELIVERED_TO, "me@example.com"),
        (SignalName.DELIVERED_TO, "you@example.com"),
    }


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "There is no header that could be read."),
        (b"\x00\xff\xfe garbage", "There is no header that could be read."),
        (b"Subject: Hi\n", "None of From, To and Cc holds an address."),
        (b"From: nobody\nTo: undisclosed-recipients:;\n", "None of From, To and Cc holds an address."),
    ],
)
def test_what_names_nobody_is_unreadable_and_says_why(header: bytes, reason: str) -> None:
    assert read_message("1", header, ARRIVED) == Unreadable("1", reason)


@pytest.mark.parametrize(
    ("date", "reason"),
    [("", "It carries no date."), ("Date: gestern\n", "Its date 'gestern' cannot be believed.")],
)
def test_what_has_no_date_at_all_is_unreadable_and_says_why(date: str, reason: str) -> None:
    assert read_message("1", b"From: a@example.org\n" + date.encode(), None) == Unreadable("1", reason)


_PIECES = st.sampled_from(
    ["<", ">", '"', "(", ")", ",", ";", ":", "@", "=?", "?=", "?q?", "?b?", "utf-8", "\\", " ", "\r\n ", "a@b.example",
     "é", "\x00", "\u202e", "\ud800", "[", "]", "x", "'", ".", "\t", "=?utf-7?q?+2AA-?="]
)  # fmt: skip
_VALUES = st.lists(_PIECES, max_size=20).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass"))


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.one_of(_VALUES, st.binary(max_size=40))), max_size=8))
def test_whatever_a_stranger_wrote_there_is_an_answer_that_can_be_stored(header: list[tuple[str, bytes]]) -> None:
    raw = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in header)
    seen = read_message("INBOX/1/1", raw, ARRIVED)
    repr(seen).encode()  # a lone surrogate could not be
    if isinstance(seen, Unreadable):
        assert not seen.reason.startswith("Its header could not be read")
    if isinstance(seen, Message):
        assert seen.at.utcoffset() == timedelta(0)
        texts = [seen.subject, seen.message_id, seen.in_reply_to, *(signal.value for signal in seen.signals)]
        for who in seen.participants:
            local, at, domain = who.address.rpartition("@")
            assert local
            assert at
            assert domain
            assert "@" not in domain
            texts += [who.name, who.address]
        assert all(ord(letter) >= 32 and not 0xD800 <= ord(letter) < 0xE000 for text in texts for letter in text)


@pytest.mark.parametrize(
    "piece", ['"', "<", "(", "=?a?q?", '"\\', "a ", "<a@b> ", " @", "\xa0", ",", "[", "=?x?b?QQ==?="]
)
def test_a_header_of_half_a_megabyte_is_read_and_cut(piece: str) -> None:
    for name in ("From", "Subject", "Message-ID", "List-Id", "Date"):
        seen = read_message("1", USUAL.replace(b"From", b"To") + f"{name}: {piece * 40000}\n".encode(), ARRIVED)
        assert isinstance(seen, Message)
        assert len(seen.subject) <= 500

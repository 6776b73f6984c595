"""IMAP responses, octet by octet: lines, literals, rows, lists of uids."""

from __future__ import annotations

from array import array
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._imap_wire import (
    Answer,
    LostError,
    RefusedError,
    Reply,
    Row,
    Wire,
    found_uids,
    quoted,
    sequence_sets,
)


class Tape:
    """What a server says, word for word; what is said to it is kept."""

    def __init__(self, *said: bytes) -> None:
        self._file = BytesIO(b"".join(said))
        self.heard = b""
        self.readline = self._file.readline
        self.read = self._file.read

    def send(self, data: bytes) -> None:
        self.heard += data


def answer(*said: bytes) -> Answer:
    return Wire(Tape(*said)).ask(b"NOOP")


def rows(*said: bytes) -> tuple[list[Row], RefusedError | None]:
    wire = Wire(Tape(*said))
    return wire.rows(wire.send(b"UID FETCH 1:9 ALL"))


def test_an_answer_holds_what_came_before_it() -> None:
    got = answer(b"* 3 EXISTS\r\n", b"* OK [UIDNEXT 4] next\r\n", b"s1 OK [READ-ONLY] done\r\n")
    assert [reply.text for reply in got.replies] == [b"* 3 EXISTS", b"* OK [UIDNEXT 4] next"]
    assert got.code == "READ-ONLY"


@pytest.mark.parametrize("end", [b"s1 OK\r\n", b"s1 ok done\r\n", b"s1 OK \n"])
def test_a_tagged_ok_needs_no_words(end: bytes) -> None:
    assert answer(end).replies == ()


def test_literals_stand_where_they_were_announced() -> None:
    (reply,) = answer(b'* LIST (\\HasNoChildren) "/" {5}\r\na"b\r\n\r\n', b"s1 OK\r\n").replies
    assert list(reply.tokens()) == [b"LIST", b"(", b"\\HasNoChildren", b")", b"/", b'a"b\r\n']


def test_words_are_unquoted_and_nil_is_nothing() -> None:
    assert list(Reply(b'* STATUS "a \\"b\\" \\\\c" (X NIL "NIL")').tokens()) == [
        b"STATUS", b'a "b" \\c', b"(", b"X", None, b"NIL", b")",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        (b"s1 NO [AUTHENTICATIONFAILED] wrong\r\n", "AUTHENTICATIONFAILED", "wrong"),
        (b"s1 BAD what\r\n", "", "what"),
        (b"s1 NO\r\n", "", ""),
        (b"s1 no [limit extra words] slow\r\n", "LIMIT", "slow"),
    ],
)
def test_a_refusal_carries_its_code_and_its_words(line: bytes, code: str, text: str) -> None:
    with pytest.raises(RefusedError) as raised:
        answer(line)
    assert (raised.value.code, raised.value.text) == (code, text)


@pytest.mark.parametrize(
    ("said", "garbled"),
    [
        (b"", False),
        (b"* 3 EXI", False),
        (b"* BYE [UNAVAILABLE] later\r\n", False),
        (b"* LIST () {9}\r\nabc", False),
        (b"x1 OK of somebody else\r\n", True),
        (b"HTTP/1.1 400 Bad Request\r\n", True),
        (b"* LIST () {999999999}\r\n", True),
    ],
)
def test_a_connection_that_ends_or_makes_no_sense_is_lost(said: bytes, garbled: bool) -> None:  # noqa: FBT001 - a parameter
    with pytest.raises(LostError) as raised:
        answer(said)
    assert raised.value.garbled is garbled
    with pytest.raises(LostError):
        rows(said)


def test_a_farewell_is_kept() -> None:
    with pytest.raises(LostError) as raised:
        answer(b"* BYE [UNAVAILABLE] Too many connections\r\n")
    assert raised.value.farewell == "[UNAVAILABLE] Too many connections"


def test_an_answer_nobody_waits_for_is_passed_over() -> None:
    wire = Wire(Tape(b'* ID ("name" "x")\r\n', b"s1 BAD never heard of it\r\n", b"* 1 EXISTS\r\n", b"s2 OK\r\n"))
    wire.mention(b"ID NIL")
    assert [reply.text for reply in wire.ask(b"NOOP").replies] == [b"* 1 EXISTS"]
    assert wire.idle


def test_a_second_challenge_is_answered_with_nothing() -> None:
    tape = Tape(b"+ \r\n", b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n", b"s1 NO [AUTHENTICATIONFAILED] no\r\n")
    with pytest.raises(RefusedError):
        Wire(tape).authenticate("XOAUTH2", [b"hello"])
    assert tape.heard == b"s1 AUTHENTICATE XOAUTH2\r\naGVsbG8=\r\n\r\n"


@pytest.mark.parametrize(
    "said",
    [
        b'* 1 FETCH (UID 7 INTERNALDATE "x" BODY[HEADER.FIELDS (FROM)] {5}\r\nF:a\r\n)\r\n',
        b'* 1 FETCH (INTERNALDATE "x" UID 7 BODY[HEADER.FIELDS (FROM)] {5}\r\nF:a\r\n)\r\n',
        b'* 1 FETCH (BODY[HEADER.FIELDS (FROM)] {5}\r\nF:a\r\n INTERNALDATE "x" UID 7)\r\n',
        b'* 1 FETCH (BODY[HEADER.FIELDS ("FROM" "TO")] {5}\r\nF:a\r\n UID 7 INTERNALDATE "x" FLAGS (\\Seen))\r\n',
        b'* 1 fetch (uid 7 internaldate "x" body[header.fields (from)] ~{5}\r\nF:a\r\n)\r\n',
        b"* 1 FETCH (UID 7 INTERNALDATE {1}\r\nx BODY[HEADER.FIELDS (FROM)] {5}\r\nF:a\r\n)\r\n",
    ],
)  # fmt: skip
def test_a_message_is_read_in_whatever_order_its_parts_come(said: bytes) -> None:
    assert rows(said, b"s1 OK\r\n") == ([Row(7, "x", b"F:a\r\n")], None)


def test_a_message_with_labels_in_literals_is_read() -> None:
    said = b'* 1 FETCH (X-GM-LABELS ("\\\\Sent" {3}\r\na)b Work) UID 7 BODY[HEADER.FIELDS (FROM)] {2}\r\n\r\n)\r\n'
    assert rows(said, b"s1 OK\r\n") == ([Row(7, "", b"\r\n", b"\\Sent a)b Work")], None)


@pytest.mark.parametrize(
    "said",
    [
        b"* 1 FETCH (FLAGS (\\Seen))\r\n",
        b"* 1 FETCH (FLAGS (\\Seen) UID 7)\r\n",
        b"* 1 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] NIL)\r\n",
        b"* 1 FETCH (BODY[HEADER.FIELDS (FROM)] {2}\r\n\r\n)\r\n",
        b"* 1 FETCH (UID seven BODY[HEADER.FIELDS (FROM)] {2}\r\n\r\n)\r\n",
        b"* 1 EXPUNGE\r\n* 5 EXISTS\r\n* OK still here\r\n",
    ],
)
def test_what_is_no_message_is_no_row(said: bytes) -> None:
    assert rows(said, b"s1 OK\r\n") == ([], None)


def test_rows_that_came_before_a_refusal_are_kept() -> None:
    found, refusal = rows(
        b"* 1 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {2}\r\n\r\n)\r\n", b"s1 NO [SERVERBUG] oops\r\n"
    )
    assert [row.uid for row in found] == [7]
    assert refusal is not None
    assert refusal.code == "SERVERBUG"


@pytest.mark.parametrize("announced", [0, 1, 3, 6, 8, 12, 30])
def test_a_literal_of_another_length_than_announced_is_noticed(announced: int) -> None:
    row = b"* 1 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {%d}\r\nFrom: a\r\n)\r\n"
    with pytest.raises(LostError):
        rows(row % announced, b"* 2 FETCH (UID 8 BODY[HEADER.FIELDS (FROM)] {9}\r\nFrom: b\r\n)\r\n", b"s1 OK\r\n")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([b"* SEARCH"], []),
        ([b"* SEARCH 3 1 2"], [3, 1, 2]),
        ([b"* SEARCH 1 2", b"* SEARCH 3"], [1, 2, 3]),
        ([b'* ESEARCH (TAG "a") UID'], []),
        ([b'* ESEARCH (TAG "a") UID ALL 4,2:3,9:7'], [4, 2, 3, 7, 8, 9]),
        ([b"* 3 EXISTS"], None),
        ([], None),
    ],
)
def test_uids_are_found_or_it_is_said_that_none_were_listed(said: list[bytes], expected: list[int] | None) -> None:
    found = found_uids(Answer(tuple(Reply(line) for line in said)))
    assert (None if found is None else list(found)) == expected


@pytest.mark.parametrize(
    "line", [b"* SEARCH x", b"* SEARCH -1", b"* ESEARCH ALL 1:4000000000", b"* SEARCH " + b"9" * 30]
)
def test_a_list_that_cannot_be_one_is_an_error_and_never_empty(line: bytes) -> None:
    with pytest.raises(LostError):
        found_uids(Answer((Reply(line),)))


@given(st.sets(st.integers(1, 2**32 - 1), max_size=300), st.integers(30, 400))
def test_sequence_sets_hold_every_uid_once_and_keep_to_their_length(uids: set[int], longest: int) -> None:
    sets = list(sequence_sets(array("Q", sorted(uids)), longest))
    assert all(len(each) <= longest for each in sets)
    held: list[int] = []
    for part in b",".join(sets).split(b",") if sets else ():
        first, _, last = part.partition(b":")
        held += range(int(first), int(last or first) + 1)
    assert held == sorted(uids)


@given(st.binary(max_size=40))
def test_any_name_without_a_line_break_can_be_quoted(name: bytes) -> None:
    if any(octet in name for octet in b"\r\n\0"):
        with pytest.raises(ValueError, match="line break"):
            quoted(name)
    else:
        assert list(Reply(b"* " + quoted(name)).tokens()) == [name]


@given(st.lists(st.binary(max_size=12), max_size=12))
def test_no_server_can_make_reading_fail_otherwise_than_by_being_lost(pieces: list[bytes]) -> None:
    said = b"* 1 FETCH (UID 7 BODY[HEADER.FIELDS (X)] {3}\r\n" + b"\r\n* ".join(pieces) + b"\r\ns1 OK done\r\n"
    try:
        found, _ = rows(said)
    except LostError:
        return
    assert all(isinstance(row, Row) for row in found)

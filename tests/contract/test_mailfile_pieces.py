"""An mbox is found message by message, however the file falls into the pieces it is read in."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _mbox
from connectors._mbox import Entry, entries

LINES = (
    b"From ada Mon Mar  2 09:00:00 2026\n",
    b"From bob Mon Mar  2 09:00:00 2026\r\n",
    b"From cyd\n",
    b"From here on: nothing\n",
    b"From : dee@example.org\n",
    b"Subject: a letter\n",
    b"Message-ID: <1@example.org>\r\n",
    b"\n",
    b"\r\n",
    b"words and more words\n",
    b"no end of line",
)


def found(text: bytes, piece: int) -> list[Entry]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_mbox, "_PIECE", piece)
        return list(entries(BytesIO(text), 0, lambda: False))


@given(st.lists(st.sampled_from(LINES), max_size=20).map(b"".join), st.integers(9, 60))
def test_the_size_of_the_pieces_does_not_matter(text: bytes, piece: int) -> None:
    assert found(text, piece) == found(text, 1 << 20)


@given(st.lists(st.sampled_from(LINES), max_size=20).map(b"".join))
def test_reading_on_from_any_message_finds_the_same_that_follow(text: bytes) -> None:
    whole = found(text, 1 << 20)
    for number, entry in enumerate(whole):
        assert list(entries(BytesIO(text), entry.start, lambda: False)) == whole[number:]


@given(st.binary(max_size=200), st.integers(9, 60))
def test_bytes_of_any_kind_never_raise(noise: bytes, piece: int) -> None:
    for entry in found(b"From " + noise, piece):
        assert 0 <= entry.start < len(noise) + 5

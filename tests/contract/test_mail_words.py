"""Encoded words and raw bytes become readable text, whatever their charset claims."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._mail_words import decode_bytes, decode_words, tidy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?caf=C3=A9?=", "café"),
        ("=?UTF-8?B?Y2Fmw6k=?=", "café"),
        ("=?iso-8859-1?Q?caf=E9_noir?=", "café noir"),
        ("=?us-ascii?q?a?= =?us-ascii?q?b?=", "ab"),
        ("=?us-ascii?q?a?=\r\n =?us-ascii?q?b?= c", "ab c"),
        ("Re: =?utf-8?q?a?= and =?utf-8?q?b?=", "Re: a and b"),
        ("H=?iso-8859-1?B?9g==?=hn", "Höhn"),
        ("=?utf-8?b?w?= =?utf-8?b?6Q==?=", "é"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("=?utf-8*de?q?gr=C3=BCn?=", "grün"),
        ("=?windows-1252?q?=93quoted=94?=", "\u201cquoted\u201d"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?shift_jis?B?g2WDWINn?=", "テスト"),
        ("=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "テスト"),
        ("=?ks_c_5601-1987?B?vsiz5w==?=", "안녕"),
        ("=?koi8-r?B?8NLJ18XU?=", "Привет"),
    ],
)
def test_encoded_words_are_decoded(text: str, expected: str) -> None:
    assert decode_words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?nonsense?q?caf=C3=A9?=", "café"),
        ("=?nonsense?q?caf=E9?=", "café"),
        ("=?utf-8?q?caf=E9?=", "café"),
        ("=?hex?q?6162?=", "6162"),
        ("=?iso-8859-1?Q?Müller?=", "Müller"),
        ("=?utf-8?b?Y2Fmw6k?=", "café"),
        ("=?utf-8?b?Y2Fm!w6k=?=", "café"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("=?utf-8?q??=", ""),
        ("=??q?abc?=", "=??q?abc?="),
    ],
)
def test_what_is_broken_gives_some_text(text: str, expected: str) -> None:
    assert decode_words(text) == expected


def test_raw_bytes_are_utf8_or_latin1_line_by_line() -> None:
    assert decode_bytes("Subject: é\nFrom: ö".encode()) == "Subject: é\nFrom: ö"
    assert decode_bytes("Subject: é\n".encode() + "From: ö".encode("latin-1")) == "Subject: é\nFrom: ö"


def test_text_is_one_line_without_anything_that_hides_or_turns() -> None:
    assert tidy(" a\t\r\n b\x00\x1b[31m \u202ec\ufeff\u200b ", 100) == "a b[31m c"
    assert tidy("family \U0001f469\u200d\U0001f469", 100) == "family \U0001f469\u200d\U0001f469"
    assert tidy("x" * 100, 7) == "x" * 7


@given(st.text(max_size=80))
def test_no_text_raises_and_none_keeps_what_cannot_be_stored(text: str) -> None:
    tidy(decode_words(text), 50).encode()


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30))
def test_what_the_standard_encodes_is_decoded(text: str) -> None:
    encoded = "".join(f"={octet:02X}" for octet in text.encode())
    assert decode_words(f"=?utf-8?q?{encoded}?=") == text

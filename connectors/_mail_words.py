"""Text as headers carry it: raw eight-bit bytes and RFC 2047 encoded words become clean Unicode.

The standard library gives up on split characters, odd charsets and broken base64, all of which real mail holds; here
every input gives some text, never an exception, a lone surrogate or a control character.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp
from typing import Final

LONGEST_IDENTIFIER: Final = 998
LONGEST_ENCODED: Final = 8192

_WORD: Final = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?(.*?)\?=(\s+(?==\?))?", re.ASCII | re.DOTALL)
_WHITE: Final = re.compile(r"\s+")
_HOSTILE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
_TOKEN: Final = re.compile(r"<([^<>]*)>")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_SUPERSETS: Final = {
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "shift-jis": "cp932", "iso-8859-1": "cp1252", "us-ascii": "utf-8", "iso-8859-8-i": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6", "unknown-8bit": "utf-8", "x-unknown": "utf-8", "unknown": "utf-8",
}  # fmt: skip
"""What a charset's name means in practice (WHATWG Encoding, section 4.2)."""


def decode_bytes(raw: bytes) -> str:
    """Raw header bytes as text: UTF-8 (RFC 6532) line by line, else Latin-1; control characters are left to `tidy`."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "\n".join(_decode(line, "utf-8") for line in raw.split(b"\n"))


def decode_words(text: str) -> str:
    """`text` with its RFC 2047 encoded words decoded; a character split over two words of one charset is joined."""
    if "=?" not in text:
        return text
    text = text[:LONGEST_ENCODED]
    out: list[str] = []
    pending = b""
    pending_charset = ""
    end = 0
    for match in _WORD.finditer(text):
        charset = match[1].lower()
        if pending and (match.start() != end or charset != pending_charset):
            out.append(_decode(pending, pending_charset))
            pending = b""
        out.append(text[end : match.start()])
        pending += _unpack(match[2], match[3], charset)
        pending_charset = charset
        end = match.end()
    if pending:
        out.append(_decode(pending, pending_charset))
    out.append(text[end:])
    return "".join(out)


def tidy(text: str, longest: int) -> str:
    """One line of readable text: white space collapsed, control and direction characters dropped, at most `longest`."""
    if not text.isprintable() or "  " in text:
        text = " ".join(text[: longest * 4].split())
        if not text.isprintable():
            text = _HOSTILE.sub("", text)
    return text.strip()[:longest]


def first_identifier(value: str) -> str:
    """The first <...> of a header with its angles, nothing white inside; empty when it holds nothing."""
    match = _TOKEN.search(value)
    if match is None:
        bare = value.strip()
        return f"<{bare[:LONGEST_IDENTIFIER]}>" if "@" in bare and not _WHITE.search(bare) else ""
    inside = match[1]
    if " " in inside or "\t" in inside:
        inside = _WHITE.sub("", inside)
    return f"<{inside[:LONGEST_IDENTIFIER]}>" if inside else ""


def _unpack(encoding: str, encoded: str, charset: str) -> bytes:
    raw = _encode(encoded, charset)
    if encoding in "qQ":
        return a2b_qp(raw, header=True)
    raw = _NOT_BASE64.sub(b"", raw)
    if len(raw) % 4 == 1:
        raw = raw[:-1]
    return a2b_base64(raw + b"=" * (-len(raw) % 4))


def _encode(text: str, charset: str) -> bytes:
    if not text.isascii():  # raw eight-bit text inside an encoded word
        try:
            return text.encode(charset)
        except (LookupError, ValueError):
            pass
    return text.encode("utf-8", "replace")


def _decode(raw: bytes, charset: str) -> str:
    for candidate in (_SUPERSETS.get(charset, charset), "utf-8"):
        try:
            return raw.decode(candidate)
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")

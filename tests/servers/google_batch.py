"""The multipart of Gmail's batches: parts that are HTTP requests, answered by parts that are HTTP responses.

developers.google.com/workspace/gmail/api/guides/batch. Read by hand: twenty thousand parts must take seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BOUNDARY: Final = "batch_syncd0123456789"


@dataclass(frozen=True, slots=True)
class Part:
    """A request inside a batch; the names of its headers in lower case."""

    content_id: str
    verb: str
    target: str
    headers: Mapping[str, str]


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """The requests in a multipart/mixed body; none when it is no such thing."""
    match = re.search(r'multipart/mixed;.*boundary="?([^";]+)"?', content_type)
    if not match:
        return []
    text = body.decode().replace("\r\n", "\n")
    return [_part(piece) for piece in f"\n{text}".split(f"\n--{match[1]}")[1:] if not piece.startswith("--")]


def write_parts(answered: Sequence[tuple[Part, tuple[int, bytes, Mapping[str, str]]]]) -> tuple[bytes, str]:
    """The responses as a multipart body, and its content type."""
    pieces: list[bytes] = []
    for part, (status, body, headers) in answered:
        content_id = part.content_id.replace("<", "<response-", 1)
        lines = [
            f"--{_BOUNDARY}",
            "Content-Type: application/http",
            f"Content-ID: {content_id}",
            "",
            f"HTTP/1.1 {status} Said",
            *(f"{name}: {value}" for name, value in headers.items()),
            f"Content-Length: {len(body)}",
            "",
            "",
        ]
        pieces += ["\r\n".join(lines).encode(), body, b"\r\n"]
    return b"".join([*pieces, f"--{_BOUNDARY}--".encode()]), f"multipart/mixed; boundary={_BOUNDARY}"


def _part(piece: str) -> Part:
    outer, _, inner = piece.lstrip("\n").partition("\n\n")
    line, _, rest = inner.partition("\n")
    verb, target, *_ = [*line.split(" "), "", ""]
    return Part(_headers(outer).get("content-id", ""), verb, target, _headers(rest.partition("\n\n")[0]))


@lru_cache(maxsize=64)
def _headers(text: str) -> Mapping[str, str]:
    lines = re.sub(r"\n[ \t]+", " ", text).split("\n")
    return {name.lower(): value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}

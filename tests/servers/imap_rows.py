"""How an IMAP server shows one message in a FETCH response, and every way in which that is known to go wrong."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(slots=True)
class Mail:
    """A message: its uid, its header block, the INTERNALDATE as the server spells it ("" for none)."""

    uid: int
    header: bytes
    arrived: str = "03-Mar-2026 09:00:00 +0000"
    labels: str = ""

    @property
    def day(self) -> datetime:
        try:
            number, month, year = self.arrived[:11].strip().split("-")
            return datetime(int(year), MONTHS.index(month) + 1, int(number), tzinfo=UTC)
        except ValueError:
            return datetime(2026, 3, 3, tzinfo=UTC)


def row(number: int, mail: Mail, items: str) -> bytes:
    """A FETCH response of what `items` ask for."""
    parts = [f"UID {mail.uid}".encode()]
    if mail.arrived:
        parts.append(f'INTERNALDATE "{mail.arrived}"'.encode())
    if "X-GM-LABELS" in items:
        parts.append(f"X-GM-LABELS ({mail.labels})".encode())
    asked = re.search(r"BODY\.PEEK\[(HEADER\.FIELDS \(([^)]*)\))\]", items)
    if asked:
        header = _only(mail.header, asked[2].lower().split())
        parts.append(b"BODY[%b] {%d}\r\n%b" % (asked[1].upper().encode(), len(header), header))
    return b"* %d FETCH (" % number + b" ".join(parts) + b")\r\n"


def _only(header: bytes, wanted: list[str]) -> bytes:
    """The fields of a header block a client asked for, with the empty line at its end."""
    fields = re.split(rb"\r\n(?![ \t])", header.partition(b"\r\n\r\n")[0])
    kept = [each for each in fields if each.partition(b":")[0].strip().decode("latin-1").lower() in wanted]
    return b"".join(each + b"\r\n" for each in kept) + b"\r\n"


FAULTS: Final[dict[str, Callable[[bytes, int, Mail], tuple[bytes, bool]]]] = defaultdict(
    lambda: lambda whole, _, __: (whole, True),
    {
        "missing": lambda _, __, ___: (b"", True),
        "nil": lambda whole, _, __: (re.sub(rb"\{\d+\}\r\n.*\)\r\n$", b"NIL)\r\n", whole, flags=re.DOTALL), True),
        "empty": lambda whole, _, __: (re.sub(rb"\{\d+\}\r\n.*\)\r\n$", b'"")\r\n', whole, flags=re.DOTALL), True),
        "flags only": lambda _, number, __: (b"* %d FETCH (FLAGS (\\Seen))\r\n" % number, True),
        "flags as well": lambda whole, number, mail: (
            b"* %d FETCH (FLAGS (\\Seen) UID %d)\r\n" % (number, mail.uid) + whole,
            True,
        ),
        "too short": lambda whole, _, __: (
            re.sub(rb"\{(\d+)\}", lambda size: b"{%d}" % (int(size[1]) + 7), whole, count=1),
            True,
        ),
        "too long": lambda whole, _, __: (
            re.sub(rb"\{(\d+)\}", lambda size: b"{%d}" % (int(size[1]) - 9), whole, count=1),
            True,
        ),
        "endless": lambda whole, _, __: (re.sub(rb"\{(\d+)\}", b"{999999999}", whole, count=1), True),
        "goodbye": lambda _, __, ___: (b"* BYE shutting down\r\n", False),
        "cut": lambda whole, _, __: (whole[: len(whole) // 2], False),
        "uid last": lambda whole, _, mail: (
            re.sub(rb"\)\r\n$", b" UID %d)\r\n" % mail.uid, whole.replace(b"UID %d " % mail.uid, b"", 1)),
            True,
        ),
        "other spelling": lambda whole, _, __: (
            whole.replace(b"* ", b"* ", 1).replace(b"FETCH", b"Fetch").replace(b"] {", b"] ~{"),
            True,
        ),
    },
)
"""What goes wrong with a row: the octets sent in its place, and whether the connection goes on."""

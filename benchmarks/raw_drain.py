"""The limit that no reader of IMAP can beat: the same header fields over one bare socket, and nothing parsed."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from connectors._mail import FIELDS
from connectors.imap import PAGE
from tests.servers.dovecot import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.dovecot import Dovecot

_NEVER_MORE = 1 << 18
_LONGEST_LAST_LINE = 4096


def drain(server: Dovecot, user: str, counts: Mapping[str, int]) -> float:
    """Seconds it takes to be sent the headers of so many messages in each folder, in the connector's own pages.

    The uids of a folder are those of one that was just filled: 1 to its count.
    """
    start = time.perf_counter()
    with socket.create_connection((server.host, server.port)) as line:
        line.recv(_NEVER_MORE)
        _exchange(line, f"LOGIN {user} {PASSWORD}")
        for folder, count in counts.items():
            _exchange(line, f"EXAMINE {folder}")
            for last in range(count, 0, -PAGE):
                uids = f"{max(1, last - PAGE + 1)}:{last}"
                _exchange(line, f"UID FETCH {uids} (UID INTERNALDATE BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS)})])")
    return time.perf_counter() - start


def _exchange(line: socket.socket, command: str) -> None:
    line.sendall(f"x {command}\r\n".encode())
    tail = b""
    while not (tail.endswith(b"\r\n") and b"\r\nx OK" in b"\r\n" + tail):
        tail = (tail + line.recv(_NEVER_MORE))[-_LONGEST_LAST_LINE:]
        if b"\r\nx NO" in tail or b"\r\nx BAD" in tail:
            raise RuntimeError(tail.decode(errors="replace"))

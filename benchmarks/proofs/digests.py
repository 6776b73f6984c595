"""How many digests reached the owner, by day: at a mail server that keeps what it accepts, or in a mailbox."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes
from typing import TYPE_CHECKING

from syncd.connector import DIGEST_LIST_ID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.servers.dovecot import Dovecot
    from tests.servers.smtp_sink import Accepted


def accepted_digests(accepted: Iterable[Accepted]) -> Counter[str]:
    """What a mail server took, by the Message-ID that each day has one of."""
    return Counter(message_from_bytes(one.content)["Message-ID"] for one in accepted)


def digests_in(server: Dovecot, user: str) -> Counter[str]:
    """What lies in any folder of a mailbox, likewise."""
    found: Counter[str] = Counter()
    with server.client(user) as client:
        for line in client.list()[1]:
            client.select(str(line, "ascii").partition(' "/" ')[2], readonly=True)
            uids = client.uid("SEARCH", "HEADER", "List-Id", DIGEST_LIST_ID)[1][0].split()
            for uid in uids:
                parts = client.uid("FETCH", uid.decode(), "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1]
                found.update(message_from_bytes(part[1])["Message-ID"] for part in parts if isinstance(part, tuple))
    return found


def doubled(found: Counter[str]) -> dict[str, int]:
    """The days that have more than one."""
    return {name: times for name, times in sorted(found.items()) if times > 1}

"""Made-up mail in quantity: one mbox per folder, the same for the same numbers, for the benchmarks and the proofs.

    python benchmarks/generate_mail.py 100000 /tmp/mail

Shaped like a working person's mailbox: a few dozen close correspondents, hundreds of others, lists, newsletters and
machines; transport headers of about 1.5 KB that a reader has to skip.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = "Elena Conti <elena@conti.example>"
FOLDERS = ("INBOX", "Sent", "Archive", "Projects", "Lists")
_SPAN = timedelta(days=900)

_FIRST = (
    "Anna", "Ben", "Clara", "David", "Emma", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kim", "Lea", "Marta",
    "Nils", "Olga", "Paul", "Rana", "Sara", "Tom", "Yara",
)  # fmt: skip
_LAST = (
    "Abel", "Berg", "Costa", "Diaz", "Ekman", "Ferri", "Gruber", "Haddad", "Ito", "Jansen", "Keller", "Lund",
    "Moreau", "Novak", "Okafor", "Price", "Weiss",
)  # fmt: skip
_WORDS = (
    "budget", "launch", "draft", "review", "offer", "studio", "paper", "print", "meeting", "lunch", "contract",
    "notes", "travel", "proofs", "site",
)  # fmt: skip
_SIGNATURE = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=sel;\n\tb=" + "\n\t ".join(
    "Q" * 70 for _ in range(5)
)
_RECEIVED = (
    "Received: from mx{hop}.{domain} (mx{hop}.{domain} [192.0.2.{hop}])\n\tby relay{hop}.conti.example (Postfix) with "
    "ESMTPS id {number:012X}\n\tfor <elena@conti.example>; {date}"
)
_BODY = "\n\nDear all, this text is never fetched; it is here so that a reader has something to leave alone.\n" * 8


@dataclass(frozen=True, slots=True)
class _Correspondent:
    mailbox: str
    domain: str


def messages(count: int, until: datetime, seed: int = 7) -> Iterator[tuple[str, bytes]]:
    """`count` messages before `until`, oldest first: the folder each lies in, and the message with its mbox line."""
    chance = Random(seed)  # noqa: S311 - made-up mail, nothing to guard
    people = [_correspondent(number) for number in range(max(60, count // 60))]
    weights = [1 / (rank + 3) for rank in range(len(people))]
    chosen = chance.choices(people, weights, k=count)
    step = _SPAN / count
    for number, (one, draw) in enumerate(zip(chosen, (chance.random() for _ in range(count)), strict=True)):
        at = until - _SPAN + step * number
        folder, fields = _message(number, one, draw, chance)
        date = format_datetime(at)
        message_id = f"<{number}.{seed}@{one.domain}>"
        earlier = number - 7
        answers = f"In-Reply-To: <{earlier}.{seed}@{chosen[earlier].domain}>\n" if number % 3 == 1 <= earlier else ""
        hops = "\n".join(_RECEIVED.format(hop=hop, domain=one.domain, number=number, date=date) for hop in (1, 2, 3))
        signature = _SIGNATURE.format(domain=one.domain)
        yield (
            folder,
            f"From MAILER-DAEMON {at:%a %b %d %H:%M:%S %Y}\n{hops}\n{signature}\n{fields}\nDate: {date}\n"
            f"Message-ID: {message_id}\n{answers}MIME-Version: 1.0\nContent-Type: text/plain{_BODY}\n".encode(),
        )


def _correspondent(number: int) -> _Correspondent:
    rest, place = divmod(number, len(_FIRST))
    married, place_of_birth = divmod(rest, len(_LAST))
    first, last = _FIRST[place], _LAST[place_of_birth] + (f"-{_LAST[married % len(_LAST)]}" if married else "")
    domain = f"firm{number % 97}.example"
    return _Correspondent(f"{first} {last} <{first.lower()}.{last.lower()}{number}@{domain}>", domain)


def _message(number: int, one: _Correspondent, draw: float, chance: Random) -> tuple[str, str]:
    """The folder, and From, To and Subject with whatever says what kind of message it is."""
    subject = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number % 400}"
    if draw < 0.30:  # noqa: PLR2004 - the mix of an ordinary mailbox
        return "Sent", f"From: {OWNER}\nTo: {one.mailbox}\nSubject: Re: {subject}"
    if draw < 0.70:  # noqa: PLR2004
        folder = ("INBOX", "INBOX", "Archive", "Projects")[number % 4]
        copy = f"\nCc: {_correspondent(number % 50).mailbox}" if number % 5 == 0 else ""
        return folder, f"From: {one.mailbox}\nTo: {OWNER}{copy}\nSubject: {subject}"
    if draw < 0.85:  # noqa: PLR2004
        return "Lists", (
            f"From: {one.mailbox}\nTo: talk@lists.example.org\nSubject: [talk] {subject}\n"
            "List-Id: Talk <talk.lists.example.org>\nList-Post: <mailto:talk@lists.example.org>\nPrecedence: list"
        )
    return "INBOX", (
        f"From: News {number % 40} <news@shop{number % 40}.example>\nTo: {OWNER}\nSubject: Offer {number % 9}\n"
        f"List-Unsubscribe: <https://shop{number % 40}.example/out>\nPrecedence: bulk\nFeedback-ID: {number % 40}:shop"
    )


def write(count: int, folder: Path, until: datetime) -> dict[str, int]:
    """Write one mbox per folder into `folder`; how many messages went into each."""
    folder.mkdir(parents=True, exist_ok=True)
    written: Counter[str] = Counter()
    with ExitStack() as open_files:
        files = {name: open_files.enter_context((folder / name).open("wb", 1 << 20)) for name in FOLDERS}
        for name, message in messages(count, until):
            files[name].write(message)
            written[name] += 1
    return dict(written)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    wanted = parser.parse_args()
    started = time.perf_counter()
    print(write(wanted.count, wanted.folder, datetime.now(UTC)), f"{time.perf_counter() - started:.1f} s")

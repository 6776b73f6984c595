"""Who speaks in a mail: verdicts on labelled mail, as a table of classes against verdicts.

Run: python benchmarks/quality_classify.py DATA [--show CLASS VERDICT]   (DATA holds bulk/ and lists/)
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from quality_mail import from_files, from_mbox

from syncd.model import Message, Role, SignalName, VerdictKind
from syncd.pipeline.classify import classify
from syncd.pipeline.own_addresses import OwnAddresses, learn_own
from syncd.pipeline.policy import Ignore

Judged = Iterator[tuple[Message, OwnAddresses]]
MASKED = ("zzzz@*", "yyyy@*", "jm@*", "*@netnoteinc.com", "*@jmason.org", "rod@*")
"""The owners of the SpamAssassin corpus, as it masks them."""


def spamassassin(folder: Path) -> Judged:
    """Mail of several owners; a lone recipient is taken for the owner unless a mailing list posted it there."""
    for message in from_files(folder):
        to = [one.address for one in message.participants if one.role is Role.TO]
        listed = any(signal.name in (SignalName.LIST_ID, SignalName.LIST_POST) for signal in message.signals)
        yield message, learn_own([*MASKED, *(to if len(to) == 1 and not listed else ())], "", {})


def phishing(folder: Path) -> Judged:
    """Modern phishing, its recipient masked."""
    own = learn_own(["phishing@pot"], "", {})
    for message in from_files(folder, "*.eml"):
        yield message, own


def annotated(folder: Path) -> Judged:
    """Enron mail labelled by people, seen by its first recipient."""
    for message in from_files(folder, "*.txt"):
        first = next((one.address for one in message.participants if one.role is Role.TO), "")
        yield message, learn_own([first] if first else [], "", {})


def ego(folder: Path) -> Judged:
    """A mailbox made from public lists."""
    owner = json.loads((folder / "owner.json").read_text())
    own = learn_own(owner["addresses"], owner["owner"].title(), {})
    for box in ("INBOX", "Sent"):
        for message in from_mbox(folder / f"{box}.mbox"):
            yield message, own


def classes(data: Path) -> Iterator[tuple[str, Judged]]:
    """Each class of mail with its messages."""
    for folder in sorted((data / "bulk" / "spamassassin").iterdir()):
        yield folder.name, spamassassin(folder)
    yield "phishing", phishing(data / "bulk" / "phishing_pot")
    yield "enron-annotated", annotated(data / "bulk" / "enron_ucb_annotated")
    for folder in sorted((data / "lists" / "egos").iterdir()):
        yield f"ego {folder.name}", ego(folder)


def main() -> None:
    """Print a row of verdicts for each class; with --show the messages of one class and verdict."""
    shown = sys.argv[3:5] if "--show" in sys.argv else []
    print(f"{'class':28}{'messages':>9}" + "".join(f"{kind:>10}" for kind in VerdictKind) + f"{'us each':>9}")
    for name, messages in classes(Path(sys.argv[1])):
        counts: Counter[VerdictKind] = Counter()
        spent = 0.0
        for message, own in messages:
            start = time.perf_counter()
            verdict = classify(message, own, Ignore())
            spent += time.perf_counter() - start
            counts[verdict.kind] += 1
            if shown == [name, verdict.kind.value]:
                people = " ".join(f"{one.role}:{one.name} <{one.address}>" for one in message.participants[:4])
                print(f"  {message.remote_id[:40]} {people[:150]} | {message.subject[:60]} | {verdict.reason}")
        total = counts.total()
        cells = "".join(f"{counts[kind] / total:>10.1%}" if counts[kind] else f"{'':>10}" for kind in VerdictKind)
        print(f"{name:28}{total:>9}{cells}{spent / total * 1e6:>9.1f}")


if __name__ == "__main__":
    main()

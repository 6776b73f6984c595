"""Which copies are one mail, and whose the addresses are: whole mailboxes against the de-duplication of their source.

Run: python benchmarks/quality_reconcile.py DATA   (DATA holds enron/index.tsv and enron/{full,folders}/<owner>/*.mbox)
"""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter
from pathlib import Path

from _mail_files import mail_files, messages_of

from syncd.model import Fact, Message, Role, SignalName
from syncd.pipeline.own_addresses import OwnAddresses, learn_own
from syncd.pipeline.policy import Ignore
from syncd.pipeline.reconcile import reconcile


def truth(index: Path) -> dict[str, str]:
    """The key of each mail by the Message-ID of its copies."""
    with index.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["message_id"]: row["dedupe_key"] for row in rows}


def pairs(sizes: Counter[str]) -> int:
    """How many pairs of copies lie within groups of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes.values())


def owner(messages: list[Message]) -> OwnAddresses:
    """The owner as a user would configure them (the address most mail comes from or goes to), and what is learned."""
    senders: Counter[str] = Counter()
    recipients: Counter[str] = Counter()
    for message in messages:
        sent = any(signal.name is SignalName.FOLDER for signal in message.signals)
        for one in message.participants:
            if one.role is not Role.FROM:
                recipients[one.address.lower()] += 1
            elif sent:
                senders[one.address.lower()] += 1
    ((configured, _),) = (senders or recipients).most_common(1)
    return learn_own([configured], "", senders)


def main() -> None:
    """Print a line for each mailbox."""
    data = Path(sys.argv[1]) / "enron"
    keys = truth(data / "index.tsv")
    print(f"{'mailbox':24}{'copies':>8}{'mails':>8}{'precision':>11}{'recall':>8}{'us':>7}  verdicts; own addresses")
    for folder in sorted((*(data / "full").iterdir(), *(data / "folders").iterdir())):
        read = (one for found in mail_files(folder) for one in messages_of(found))
        messages = [one for one in read if isinstance(one, Message)]
        facts = [Fact("mailbox", message) for message in messages]
        places = {message.remote_id: keys[message.message_id] for message in messages}
        own = owner(messages)
        start = time.perf_counter()
        plan = reconcile(facts, own, Ignore())
        spent = (time.perf_counter() - start) / max(1, len(facts))
        shown = [places[one.remote_id] for found in plan.interactions for one in found.evidence]
        found_pairs = right = 0
        for found in plan.interactions:
            group = Counter(places[one.remote_id] for one in found.evidence)
            right += pairs(group)
            found_pairs += pairs(Counter({"": group.total()}))
        true_pairs = pairs(Counter(shown))
        precision = right / found_pairs if found_pairs else 1.0
        recall = right / true_pairs if true_pairs else 1.0
        kinds = Counter(found.verdict.kind.value for found in plan.interactions)
        verdicts = " ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        print(
            f"{folder.parent.name}/{folder.name:{23 - len(folder.parent.name)}}{len(facts):>8}{len(set(shown)):>8}"
            f"{precision:>11.4f}{recall:>8.4f}{spent * 1e6:>7.0f}  {verdicts}; {' '.join(sorted(own.addresses))}"
        )


if __name__ == "__main__":
    main()

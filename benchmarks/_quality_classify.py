"""Who speaks in a mail: the verdicts of `classify` on mail that people wrote, or that machines and newsletters sent.

And, with --people, which robots, offices and own addresses one mailbox has among its people: there must be none.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from _mail_files import MailFileFound, mail_files, messages_of
from _mailbox_people import measure_people

from syncd.model import Message, Role, SignalName, VerdictKind
from syncd.pipeline.classify import classify
from syncd.pipeline.envelope import envelope_of, list_addresses
from syncd.pipeline.machines import is_machine_address
from syncd.pipeline.normalize import normal_address
from syncd.pipeline.own_addresses import OwnAddresses, learn_own
from syncd.pipeline.policy import Ignore

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from syncd.model import Verdict

WRONG = {
    "human": frozenset({VerdictKind.BULK, VerdictKind.AUTOMATED, VerdictKind.BOUNCE, VerdictKind.CALENDAR}),
    "bulk": frozenset({VerdictKind.HUMAN}),
}
"""What no mail of a kind may be taken for.

WIDE and LIST say to how many a mail went, and by which way, not who wrote it: a person's mail to thirty is a person's
and yet no conversation, as is what a list carried, so neither is wrong of a person's mail. SELF is a note to oneself.
Of bulk mail only HUMAN is wrong: nothing else makes a contact.
"""

_IGNORE = Ignore()


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command `classify FOLDER (--expect human|bulk | --people) [--me ADDR[,ADDR]] [--errors]`."""
    parser = subparsers.add_parser("classify", help="who speaks: people, or machines and newsletters")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="mboxes and single messages, or one of them")
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--expect", choices=sorted(WRONG), help="what all of this mail is")
    wanted.add_argument("--people", action="store_true", help="who is in touch with the owner of this mailbox")
    parser.add_argument(
        "--me", default="", metavar="ADDR[,ADDR]", help="the owner's addresses, patterns like *@me.example"
    )
    parser.add_argument("--errors", action="store_true", help="print each wrong verdict on stderr")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> dict[str, object]:
    me = tuple(one.strip() for one in chosen.me.split(",") if one.strip())
    if chosen.people and not me:
        raise ValueError("Say whose mailbox it is: --me anna@example.org")
    if chosen.people:
        return measure_people(chosen.folder, me)
    return measure(chosen.folder, chosen.expect, me, errors=chosen.errors)


@dataclass(slots=True)
class _Tally:
    """The verdicts of one point of view, and why the wrong ones were given."""

    wrong: frozenset[VerdictKind]
    verdicts: Counter[VerdictKind] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict, author: str) -> bool:
        """Count a verdict; whether it is wrong."""
        self.verdicts[verdict.kind] += 1
        if verdict.kind not in self.wrong:
            return False
        self.reasons[verdict.reason.replace(author, "...") if author else verdict.reason] += 1
        return True

    @property
    def figures(self) -> dict[str, object]:
        """As they are printed."""
        total, wrong = self.verdicts.total(), sum(self.verdicts[kind] for kind in self.wrong)
        return {
            "messages": total,
            "verdicts": {kind.value: count for kind, count in self.verdicts.most_common()},
            "error_rate": round(wrong / total, 4) if total else 0.0,
        }


def measure(folder: Path, expect: str, me: tuple[str, ...] = (), *, errors: bool = False) -> dict[str, object]:
    """The verdicts on everything in `folder`, as its owner's syncd gives them.

    The owner is `me`. Without it, mail in a folder called sent is seen by whoever wrote it, as `learn_own` tells, and
    all other mail by those it was written to: Delivered-To, To and Cc without its author, its list, and robots.
    `as_recipient` sees all of it so, which is harder: then nothing is right for the sake of who wrote it.

    Raises ValueError when the folder holds no mail.
    """
    views = {name: _Tally(WRONG[expect]) for name in ("owner", "recipient")}
    unreadable = 0
    silent = 0
    for message, mine in _seen(folder, me):
        if message is None:
            unreadable += 1
            continue
        author = envelope_of(message).author
        theirs = _as_recipient(message)
        verdict = classify(message, theirs if mine is None else mine, _IGNORE)
        views["recipient"].add(classify(message, theirs, _IGNORE), author)
        if views["owner"].add(verdict, author):
            silent += not [
                one for one in message.signals if one.name not in (SignalName.DELIVERED_TO, SignalName.FOLDER)
            ]
            if errors:
                people = " ".join(f"{one.role}:{one.name} <{one.address}>" for one in message.participants[:4])
                print(
                    f"{message.remote_id[:60]} {people[:160]} | {message.subject[:60]} | {verdict.reason}",
                    file=sys.stderr,
                )
    if not views["owner"].verdicts:
        raise ValueError(f"{folder} holds no mail that could be read.")
    return {
        **views["owner"].figures,
        "expected": expect,
        "unreadable": unreadable,
        "wrong_without_a_signal": silent,
        "wrong_because": dict(views["owner"].reasons.most_common(12)),
        "as_recipient": views["recipient"].figures,
    }


def _seen(folder: Path, me: tuple[str, ...]) -> Iterator[tuple[Message | None, OwnAddresses | None]]:
    """Each message (None: it could not be read) with the owner's addresses where they are known."""
    files = mail_files(folder)
    if me:
        senders: Counter[str] = Counter()
        for found in files:
            if found.sent:
                senders.update(_authors(found))
        own = learn_own(me, "", senders)
    for found in files:
        theirs = own if me else _writer_of(found) if found.sent else None
        for message in messages_of(found):
            yield message if isinstance(message, Message) else None, theirs


def _writer_of(found: MailFileFound) -> OwnAddresses | None:
    own = learn_own((), "", Counter(_authors(found)))
    return own if own.addresses else None


def _authors(found: MailFileFound) -> Iterator[str]:
    return (envelope_of(message).author for message in messages_of(found) if isinstance(message, Message))


def _as_recipient(message: Message) -> OwnAddresses:
    """The addresses of whoever got a message, as far as it tells."""
    envelope = envelope_of(message)
    delivered = {normal_address(one.value) for one in message.signals if one.name is SignalName.DELIVERED_TO}
    written = {address for address, one in envelope.recipients.items() if one.role in (Role.TO, Role.CC)}
    nobody = {envelope.author, ""} | list_addresses(envelope.fields)
    return _owner(frozenset(one for one in delivered | written if one not in nobody and not is_machine_address(one)))


@lru_cache(1 << 12)
def _owner(addresses: frozenset[str]) -> OwnAddresses:
    return OwnAddresses(addresses)

"""Looking over a mailbox: the folders to read, and the ones of sent mail; remembered while the listing stays the same.

Without a Sent folder every contact seems one-way, so its absence is said aloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connectors._fingerprint import fingerprint
from connectors._imap_cursor import Survey
from connectors._imap_folders import (
    PASSING,
    in_order,
    named,
    read_foreign,
    readable,
    sent_by_name,
    sent_for_certain,
    with_those_inside,
)
from connectors._imap_wire import RefusedError
from syncd.errors import Misconfigured, Transient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors._imap_fetch import Headers
    from connectors._imap_folders import Folder
    from connectors._imap_mailbox import Mailbox
    from connectors._imap_options import ImapOptions
    from syncd.connector import Context

SAMPLE: Final = 30
"""So many messages of a folder are looked at to see whether the owner sent them."""

SMALLEST_SAMPLE: Final = 3
"""From fewer messages than this nothing is concluded."""

_MOST_SAMPLED: Final = 40


@dataclass(frozen=True, slots=True)
class Chosen:
    """The folders to read, in their order, and the raw names of those that hold sent mail."""

    folders: tuple[Folder, ...]
    sent: frozenset[bytes]
    gmail: bool
    survey: Survey


class Surveyor:
    """Looks over one account."""

    def __init__(self, mailbox: Mailbox, headers: Headers, options: ImapOptions, context: Context) -> None:
        self._mailbox = mailbox
        self._headers = headers
        self._options = options
        self._context = context

    def look(self, before: Survey | None) -> Chosen:
        """What to read. Raises Misconfigured when nothing would be, and what `Mailbox` raises."""
        everything = self._mailbox.folders()
        if not everything:
            raise Transient(f"{self._options.host} lists no folders at all.", self._doctor)
        gmail = self._mailbox.has(b"X-GM-EXT-1")
        listing = fingerprint(
            sorted((folder.raw, sorted(folder.attributes - PASSING)) for folder in everything),
            self._options.folders,
            gmail,
        )
        known = before if before and before.listing == listing else None
        foreign = known.foreign if known else self._foreign()
        folders = self._wanted(everything, foreign, gmail=gmail)
        if known:
            names = frozenset(known.sent)
            sent = tuple(folder for folder in everything if folder.name in names)
        else:
            sent = self._sent(everything, folders)
            if not gmail:
                self._report(folders, sent)
        inside = with_those_inside(sent, everything)
        survey = Survey(listing=listing, sent=tuple(folder.name for folder in sent), foreign=tuple(foreign))
        return Chosen(in_order(folders, inside), inside, gmail, survey)

    def _wanted(self, everything: Sequence[Folder], foreign: Sequence[str], *, gmail: bool) -> tuple[Folder, ...]:
        patterns = self._options.folders
        if not patterns:
            folders = readable(everything, gmail=gmail, foreign=foreign)
            if not folders and gmail:
                raise Misconfigured(
                    "Gmail does not show the folder All Mail over IMAP.",
                    'In Gmail\'s settings, under Labels, tick "Show in IMAP" beside All Mail. '
                    f"Then type: syncd sync {self._context.account}",
                )
            return folders
        for pattern in patterns:
            if not named(everything, [pattern]):
                self._context.log.warning("there is no folder %r", pattern)
        folders = named(everything, patterns)
        if not folders:
            there = ", ".join(folder.name for folder in everything[:20])
            raise Misconfigured(
                f"None of the folders of the account {self._context.account} is there: {', '.join(patterns)}.",
                f"There are: {there}. Correct `folders`, then type: syncd config check",
            )
        return folders

    def _foreign(self) -> tuple[str, ...]:
        """The prefixes of folders that belong to other people."""
        if not self._mailbox.has(b"NAMESPACE"):
            return ()
        try:
            return tuple(read_foreign(self._mailbox.answer(b"NAMESPACE").replies))
        except RefusedError:
            return ()

    def _sent(self, everything: Sequence[Folder], folders: Sequence[Folder]) -> tuple[Folder, ...]:
        """The folders of sent mail. One that a server made and nobody uses does not keep others from being found."""
        certain = sent_for_certain(everything, self._options.sent)
        in_use = any(folder.status is None or folder.status.messages != 0 for folder in certain)
        called = tuple(
            folder for folder in sent_by_name(folders) if folder not in certain and not folder.is_below(certain)
        )
        if len(called) == 1 and not in_use:
            return certain + called
        others = () if in_use else tuple(folder for folder in folders if not folder.is_inbox and folder not in certain)
        candidates = (called or others)[:_MOST_SAMPLED]
        return certain + tuple(folder for folder in candidates if self._is_sent_by_the_owner(folder))

    def _is_sent_by_the_owner(self, folder: Folder) -> bool:
        if folder.status and folder.status.messages is not None and folder.status.messages < SMALLEST_SAMPLE:
            return False
        try:
            senders = self._headers.newest_senders(folder.raw, SAMPLE)
        except RefusedError as refusal:
            self._mailbox.require_patience(refusal)
            return False
        own = {address.lower() for address in self._options.own_addresses()}
        ours = sum(sender.lower() in own for sender in senders)
        return len(senders) >= SMALLEST_SAMPLE and 2 * ours > len(senders)

    def _report(self, folders: Sequence[Folder], sent: Sequence[Folder]) -> None:
        if not sent:
            self._context.log.warning(
                "no folder of sent mail was found: set sent to its name, or everybody seems to wait for an answer"
            )
        elif not any(folder in folders for folder in sent):
            self._context.log.warning(
                "the folder of sent mail %r is not read: add it to folders, or everybody seems to wait for an answer",
                sent[0].name,
            )

    @property
    def _doctor(self) -> str:
        return f"Type: syncd doctor {self._context.account}"

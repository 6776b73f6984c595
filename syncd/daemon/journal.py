"""What the log says: a line at the start and one at each change of state, and nothing in between.

What was said is remembered by topic, so that a trouble is told when it begins and when it is over.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from syncd.model import AccountStatus, LetterState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from syncd.errors import SyncdError
    from syncd.model import Account, Letter

log = logging.getLogger("syncd.daemon")

TROUBLED = (AccountStatus.FAILING, AccountStatus.SIGN_IN, AccountStatus.MISCONFIGURED)


def in_words(span: timedelta) -> str:
    """A length of time in its two largest units: "2 h 10 min"."""
    minutes, seconds = divmod(max(0, round(span.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "days" if days > 1 else "day"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    said = [f"{number} {unit}" for number, unit in units if number]
    return " ".join(said[:2]) or "0 s"


def one_line(error: SyncdError) -> str:
    """An error and what to do about it, as one line."""
    return " ".join(f"{error.title} {error.hint}".split())


class Journal:
    """Logs changes of state, each once."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._accounts: dict[str, Account] = {}
        self._bugs: dict[str, tuple[object, ...]] = {}

    def trouble(self, topic: str, sentence: str, kind: str = "") -> None:
        """Warn that something is wrong, unless that was said; `kind` tells troubles of one topic apart."""
        kind = kind or sentence
        if self._said.get(topic) != kind:
            self._said[topic] = kind
            log.warning("%s", sentence)

    def over(self, topic: str, sentence: str) -> bool:
        """Say that a trouble is over; False when none had been told."""
        told = self._said.pop(topic, None) is not None
        if told:
            log.info("%s", sentence)
        return told

    def bug(self, where: str, bug: BaseException) -> None:
        """A traceback, unless the last bug at `where` was the same."""
        line = bug.__traceback__
        while line and line.tb_next:
            line = line.tb_next
        met = (type(bug), line.tb_frame.f_code if line else None, line.tb_lineno if line else 0)
        if self._bugs.get(where) != met:
            self._bugs[where] = met
            log.error("A bug: %s", where, exc_info=bug)

    def meet(self, accounts: Iterable[Account]) -> None:
        """Take these as known: how they stand now was said elsewhere."""
        self._accounts = {account.name: account for account in accounts}

    def compare(self, accounts: Iterable[Account], now: datetime) -> None:
        """Say which accounts broke since they were looked at last, and which recovered; what the store has is said."""
        for account in accounts:
            before = self._accounts.get(account.name)
            was = before.status if before else AccountStatus.NEW
            if account.status is not was and account.status in TROUBLED and account.error != self._said.get("store"):
                log.warning("%s: %s", account.name, " ".join(f"{account.error} {account.hint}".split()))
            elif account.status is AccountStatus.OK and before and was in TROUBLED:
                since = f" after {in_words(now - before.failing_since)}" if before.failing_since else ""
                log.info("%s can be read again%s.", account.name, since)
            if account.last_sync and (before is None or before.last_sync is None):
                log.info("%s was read for the first time: %s records.", account.name, f"{account.observations:,}")
            if account.status is AccountStatus.OK:
                self._bugs.pop(f"reading {account.name}", None)
            self._accounts[account.name] = account

    def letters(self, letters: Iterable[Letter]) -> None:
        """Say what became of letters: sent, given up, or waiting (once, however often it is tried)."""
        for letter in letters:
            topic = f"letter {letter.day}"
            match letter.state:
                case LetterState.SENT if not letter.error:
                    self._said.pop(topic, None)
                    log.info("The digest of %s was sent.", letter.day)
                case LetterState.SENT:
                    self.trouble(topic, f"The digest of {letter.day} may have been sent. {letter.error}")
                case LetterState.SKIPPED:
                    log.info("There is nothing to say on %s; no digest is mailed.", letter.day)
                case LetterState.FAILED:
                    self.trouble(topic, f"The digest of {letter.day} was not sent. {letter.error}", "failed")
                case _ if letter.error:
                    self.trouble(topic, f"The digest of {letter.day} waits in the outbox. {letter.error}", "waits")

"""What a digest says of itself: what could not be read, who is left out and why, and how far it can be trusted."""
# ruff: noqa: D403, D415, RUF002 - a docstring here is the sentence as the digest prints it, not a description

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.pipeline.phrases import phrase

if TYPE_CHECKING:
    from datetime import date, datetime

    from syncd.model import Phrase


# --------------------------------------------------------------------------- notice


def notice_sign_in(account: str, since: date, hint: str) -> Phrase:
    """fastmail has been signed out since Sunday. {hint} (`hint` is a sentence naming the command; may be empty)"""
    return phrase("notice_sign_in", account=account, since=since, hint=hint)


def notice_stale(account: str, since: date, error: str, hint: str) -> Phrase:
    """fastmail has not been read since Sunday. {error} {hint} (either may be empty)"""
    return phrase("notice_stale", account=account, since=since, error=error, hint=hint)


def notice_never(account: str, error: str, hint: str) -> Phrase:
    """fastmail has never been read. {error} {hint} (either may be empty)"""
    return phrase("notice_never", account=account, error=error, hint=hint)


# --------------------------------------------------------------------------- why somebody due is not shown


def waits_turn() -> Phrase:
    """Due, and waits for a free place."""
    return phrase("waits_turn")


def shown_lately(on: date, back_on: date) -> Phrase:
    """Due, was shown on 6 October and comes back on 20 October."""
    return phrase("shown_lately", on=on, back_on=back_on)


def meets_soon(on: date) -> Phrase:
    """Due, but you meet on 8 October."""
    return phrase("meets_soon", on=on)


def may_be_answered(on: date) -> Phrase:
    """Due, but your letter of 26 September may still be answered."""
    return phrase("may_be_answered", on=on)


def source_stale(account: str, since: date, hint: str) -> Phrase:
    """Held back: fastmail has not been read since Sunday, and you may have been in touch there. {hint} (a command)"""
    return phrase("source_stale", account=account, since=since, hint=hint)


def source_never(account: str, hint: str) -> Phrase:
    """Held back: fastmail has never been read, and you may have been in touch there. {hint} (a command)"""
    return phrase("source_never", account=account, hint=hint)


def source_reading(account: str) -> Phrase:
    """Held back: fastmail is being read for the first time, and you may have been in touch there."""
    return phrase("source_reading", account=account)


def source_gone(account: str) -> Phrase:
    """Held back: fastmail is no longer in the configuration, so that nobody sees any more what happens there."""
    return phrase("source_gone", account=account)


def meeting_unsure(account: str, since: date, hint: str) -> Phrase:
    """Held back: fastmail has not been read since Sunday, and today’s meeting may have moved. {hint} (a command)"""
    return phrase("meeting_unsure", account=account, since=since, hint=hint)


# --------------------------------------------------------------------------- footer


def footer_waiting(people: int, names: str) -> Phrase:
    """3 more are due (Hiro M., Chloé D., Anna K.) and wait their turn. (`names` is the list, ready)"""
    return phrase("footer_waiting", people=people, names=names)


def footer_waiting_more(people: int, names: str) -> Phrase:
    """12 more are due (Hiro M., Chloé D., Anna K. and others) and wait their turn."""
    return phrase("footer_waiting_more", people=people, names=names)


def footer_back_on(on: date) -> Phrase:
    """Nobody above comes back before 20 October unless you ask."""
    return phrase("footer_back_on", on=on)


def footer_all_synced(accounts: int, at: datetime) -> Phrase:
    """All 4 accounts synced at 06:52. (1: Your account ...; `at` is the oldest of them)"""
    return phrase("footer_all_synced", accounts=accounts, at=at)


def footer_synced(account: str, at: datetime) -> Phrase:
    """work synced on 3 October at 06:52. (one for each account when some are behind)"""
    return phrase("footer_synced", account=account, at=at)


def footer_never_synced(account: str) -> Phrase:
    """work has not been read yet."""
    return phrase("footer_never_synced", account=account)


def footer_headers_only() -> Phrase:
    """Only headers are read; nothing leaves this machine but this mail."""
    return phrase("footer_headers_only")

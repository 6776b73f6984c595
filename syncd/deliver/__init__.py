"""The outbox: letters leave it one a day, at most once each, by the way the owner chose.

**At most once.** A letter is marked `sending`, on disk, right before the step that cannot be taken back. When the
answer to that step is lost (the connection breaks after the final dot, or syncd dies just then), nobody can know
whether the letter arrived; it is then held to be sent, with a note that says so, and never sent again. The other
choice, sending the same bytes and Message-ID once more, gives two digests wherever the receiver does not drop copies,
and one more at every try where a slow virus scanner makes each answer late (RFC 1047). "One digest a day at most,
whatever crashes" outranks a digest that may be missed once in years, which `syncd digest` still shows. Every failure
before that step leaves nothing at the receiver, so the same bytes are tried again; once the day is over they are
dropped, since missed days are not made up for.
"""

from __future__ import annotations

from dataclasses import replace
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from syncd.config.sending import is_loopback
from syncd.deliver.maildir import Maildir, Stdout
from syncd.deliver.sendmail import Sendmail
from syncd.deliver.smtp import Smtp
from syncd.deliver.transport import AGAIN, InDoubt, Refused, Transport
from syncd.errors import DeliveryError
from syncd.model import LetterState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from syncd.config import SendSettings
    from syncd.connector import SecretRef
    from syncd.model import Letter
    from syncd.store import Store

__all__ = ["InDoubt", "Refused", "Transport", "deliver_pending", "transport_for"]

_INTERRUPTED = (
    "syncd was interrupted while it sent this digest, so it may have arrived or not. "
    "It is not sent twice; to read it here, type: syncd digest"
)
_TOO_LATE = (
    "It could not be sent on its day, and missed days are not made up for; "
    "to read it here, type: syncd digest --date {day}"
)


class _TakenAlready(Exception):
    """The letter is no longer queued."""


def deliver_pending(store: Store, transport: Transport, now: datetime) -> tuple[Letter, ...]:
    """Send what waits in the outbox; the letters that were dealt with, each as it stands now.

    A letter that is still `queued` is worth another try today, one that is `refused` is not; `error` says why, ending
    with the command to type. One that is `sent` with an `error` may not have arrived. Raises StoreError.
    """
    dealt_with = (
        _deal_with(store, transport, letter, now) for letter in store.letters(LetterState.RENDERED, LetterState.SENDING)
    )
    return tuple(letter for letter in dealt_with if letter)


def _deal_with(store: Store, transport: Transport, letter: Letter, now: datetime) -> Letter | None:
    if letter.state is LetterState.SENDING:
        after = replace(letter, state=LetterState.SENT, error=_INTERRUPTED)
    elif _day_is_over(letter, now):
        reason = letter.error.removesuffix(AGAIN).rstrip()
        error = f"{reason} {_TOO_LATE.format(day=letter.day)}".lstrip()
        after = replace(letter, state=LetterState.FAILED, error=error)
    else:
        try:
            after = _attempt(store, transport, letter, now)
        except _TakenAlready:
            return None
    store.mark(after.day, after.state, after.error, now)
    return after


def _attempt(store: Store, transport: Transport, letter: Letter, now: datetime) -> Letter:
    attempts = letter.attempts

    def commit() -> None:
        nonlocal attempts
        if not store.mark(letter.day, LetterState.SENDING, at=now):
            raise _TakenAlready
        attempts += 1

    state, error = LetterState.SENT, ""
    try:
        transport.send(letter, commit)
    except DeliveryError as failure:
        state, error = _verdict(failure), f"{failure.title} {failure.hint}".rstrip()
    return replace(letter, state=state, error=error, attempts=attempts)


def _verdict(failure: DeliveryError) -> LetterState:
    match failure:
        case Refused():
            return LetterState.FAILED
        case InDoubt():
            return LetterState.SENT
    return LetterState.RENDERED


def _day_is_over(letter: Letter, now: datetime) -> bool:
    """Whether it is a later day where the owner is; the letter's own Date says how far that is from UTC."""
    written = parsedate_to_datetime(BytesHeaderParser().parsebytes(letter.content)["Date"])
    return now.astimezone(written.tzinfo).date() > letter.day


def transport_for(send: SendSettings, secret: Callable[[SecretRef], str]) -> Transport:
    """The way of handing over that the owner chose; its secret is resolved now, nothing else is touched.

    Raises DeliveryError when the settings cannot work, AuthRequired when the secret cannot be had.
    """
    match send.via:
        case "smtp":
            if send.tls == "none" and not is_loopback(send.host):
                raise DeliveryError(
                    f"{send.host} would be spoken to in plain text, and it is not this machine.",
                    'Set digest.send.tls to "implicit" or "starttls", then type: syncd config check',
                )
            password = secret(send.password) if send.password else ""
            return Smtp(send.host, send.port, send.tls, send.username, password, send.sender)
        case "sendmail":
            return Sendmail(send.command, send.sender)
        case "maildir" if send.path:
            return Maildir(send.path)
        case "stdout":
            return Stdout()
    raise DeliveryError(
        f'via = "{send.via}" needs digest.send.path.', "Name the Maildir there, then type: syncd config check"
    )

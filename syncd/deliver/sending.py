"""What may be done with a letter, and when: tried again, looked for, sent once more, or let go.

A letter is marked `sending`, on the disk, right before the step that cannot be taken back. Found so later, its sending
was interrupted: it is looked for where it can be, else the same bytes go out once more. Decision 15 says why.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from syncd.clock import wait
from syncd.deliver.transport import READ_HERE, InDoubt, NotNow, Refused, Trace
from syncd.errors import DeliveryError, StoreError, SyncdError
from syncd.model import LetterState
from syncd.pipeline.schedule import back_off

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime, tzinfo

    from syncd.deliver.transport import Transport
    from syncd.model import Letter
    from syncd.store import Store

LONGEST_WAIT = timedelta(hours=1)
"""A letter is worth something on its day only, so nobody waits longer than this between two tries."""

A_MOMENT = timedelta(minutes=1)
"""What a server gets to finish what was begun, before a letter that is not there is held not to have been taken."""

LOOKS = 4
"""So often a letter that is perhaps on its way is looked for, over eight minutes, before it counts as lost."""

_FILING = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Seconds between the tries to write down what a server just took: eight minutes and a half."""

_INTERRUPTED = "syncd was interrupted while it sent this digest, so it may have arrived or not."
_NOT_TWICE = f"It is not sent twice. {READ_HERE}"
_LOOKED_FOR = "It is looked for where it would have arrived; to look now, type: syncd digest send"
_SOUGHT = f"{_INTERRUPTED} {_LOOKED_FOR}"
_TOO_LATE = (
    "It could not be sent on its day, and missed days are not made up for; "
    "to read it here, type: syncd digest --date {day}"
)


class _TakenAlready(Exception):
    """Another process moved the letter first."""


def deliver_pending(
    store: Store,
    way: Callable[[], AbstractContextManager[Transport]],
    now: datetime,
    zone: tzinfo,
    *,
    by_hand: bool = False,
    pause: Callable[[float], None] = wait,
) -> tuple[Letter, ...]:
    """Deal with every letter of the outbox that is due; those that were dealt with, each as it stands now.

    For one process at a time: whatever is found `sending` was left so by one that died. `way` is opened when there is
    something to send; what it raises is noted on the letters. Letters wait for their `retry_at`, unless somebody asks
    `by_hand`, and are let go when their day is over in `zone`. A letter that is still `rendered` or `sending` will be
    tried again today, one that `failed` will not; `error` says why, ending with the command to type. One that is `sent`
    with an `error` may not have arrived. `pause` waits so many seconds. Raises StoreError.
    """
    due = [
        letter
        for letter in store.letters(LetterState.RENDERED, LetterState.SENDING)
        if by_hand or _due_at(letter, now) <= now
    ]
    if not due:
        return ()
    with ExitStack() as closing:
        delivery = _Delivery(store, _opened(way, closing), now, zone, pause)
        dealt_with = [delivery.deal_with(letter) for letter in due]
    return tuple(letter for letter in dealt_with if letter)


def next_attempt(store: Store, now: datetime) -> datetime | None:
    """When `deliver_pending` will have something to do: `now` or earlier when it has. None for an empty outbox."""
    return min((_due_at(one, now) for one in store.letters(LetterState.RENDERED, LetterState.SENDING)), default=None)


def drop(store: Store, letter: Letter, at: datetime) -> Letter | None:
    """Let go of a letter whose day is over and that nobody has; None when another process moved it first."""
    error = f"{_what_happened(letter.error)} {_TOO_LATE.format(day=letter.day)}".lstrip()
    dropped = replace(letter, state=LetterState.FAILED, error=error, retry_at=None, changed=at)
    return dropped if store.move(letter, dropped) else None


def _due_at(letter: Letter, now: datetime) -> datetime:
    """When a letter is tried; one that seems to wait for too long does so because the clock was put back."""
    if letter.retry_at is None or letter.retry_at > now + LONGEST_WAIT:
        return now
    return letter.retry_at


def _opened(way: Callable[[], AbstractContextManager[Transport]], closing: ExitStack) -> Transport:
    try:
        return closing.enter_context(way())
    except StoreError:
        raise
    except SyncdError as error:
        return _Closed(error)


@dataclass(frozen=True, slots=True)
class _Closed:
    """A way that did not open; `reason` says why."""

    reason: SyncdError

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:  # noqa: ARG002 - see Transport
        """Nothing is handed over."""
        raise DeliveryError(self.reason.title, self.reason.hint) from self.reason

    def find(self, letter: Letter) -> Trace:  # noqa: ARG002 - see Transport
        """Nobody can look."""
        raise DeliveryError(self.reason.title, self.reason.hint) from self.reason


@dataclass(frozen=True, slots=True)
class _Delivery:
    """The outbox in the hands of the one process that delivers. Time goes on while a server is waited for."""

    store: Store
    transport: Transport
    began_at: datetime
    zone: tzinfo
    pause: Callable[[float], None]
    began: float = field(default_factory=monotonic)

    @property
    def at(self) -> datetime:
        """The time it has become, in whole seconds since the beginning."""
        return self.began_at + timedelta(seconds=int(monotonic() - self.began))

    def deal_with(self, letter: Letter) -> Letter | None:
        """Do what can be done for one letter now; None when another process did."""
        try:
            if letter.state is LetterState.SENDING:
                return self._take_up(letter)
            return drop(self.store, letter, self.at) if self._is_over(letter) else self._attempt(letter)
        except _TakenAlready:
            return None

    def _is_over(self, letter: Letter) -> bool:
        return self.at.astimezone(self.zone).date() > letter.day

    def _stands(self, letter: Letter, state: LetterState, error: str = "", retry_at: datetime | None = None) -> Letter:
        """The letter as it stands from now on."""
        return replace(letter, state=state, error=error, retry_at=retry_at, changed=self.at)

    def _move(self, seen: Letter, after: Letter) -> Letter:
        if not self.store.move(seen, after):
            raise _TakenAlready
        return after

    def _file(self, seen: Letter, after: Letter) -> Letter:
        """Write down what a server just said, however long the database is busy or full: nobody can ask it again."""
        for seconds in _FILING:
            with suppress(StoreError):
                return self._move(seen, after)
            self.pause(seconds)
        return self._move(seen, after)

    # ------------------------------------------------------------------ sending

    def _attempt(self, letter: Letter) -> Letter:
        begun = letter

        def commit() -> None:
            nonlocal begun
            sending = self._stands(letter, LetterState.SENDING, retry_at=self.at + A_MOMENT)
            begun = self._move(letter, replace(sending, attempts=letter.attempts + 1, failures=0))

        try:
            self.transport.send(letter, commit)
        except Refused as failure:
            after = self._stands(begun, LetterState.FAILED, _said(failure))
        except InDoubt as failure:
            after = self._doubt(begun, failure)
        except DeliveryError as failure:
            failures = letter.failures + 1
            waiting = self._stands(begun, LetterState.RENDERED, _said(failure), self.at + _wait(failures, failure))
            after = replace(waiting, failures=failures)
        else:
            after = self._stands(begun, LetterState.SENT)
        return self._file(begun, after)

    def _doubt(self, letter: Letter, failure: InDoubt) -> Letter:
        """The answer was lost: look at once, and later again; where nobody can look, the letter counts as sent."""
        try:
            trace = self.transport.find(letter)
        except DeliveryError:
            trace = Trace.NOT_SEEN
        match trace:
            case Trace.THERE:
                return self._stands(letter, LetterState.SENT)
            case Trace.UNKNOWN:
                return self._stands(letter, LetterState.SENT, f"{failure.title} {_NOT_TWICE}")
        return self._stands(letter, LetterState.SENDING, f"{failure.title} {_LOOKED_FOR}", self.at + A_MOMENT)

    # ------------------------------------------------------------------ an interrupted sending

    def _take_up(self, letter: Letter) -> Letter:
        try:
            trace = self.transport.find(letter)
        except DeliveryError as failure:
            error = f"{failure.title} {failure.hint or _LOOKED_FOR}"
            return self._move(letter, self._stands(letter, letter.state, error, self.at + _wait(LOOKS, failure)))
        match trace:
            case Trace.THERE:
                return self._move(letter, self._stands(letter, LetterState.SENT))
            case Trace.UNKNOWN:
                return self._hold(letter) if letter.error else self._once_more(letter)
            case _ if self.at < _due_at(letter, self.at):
                return self._move(letter, replace(letter, error=letter.error or _SOUGHT))
            case Trace.NOT_TAKEN:
                return self._again(letter)
        return self._not_seen(letter)

    def _not_seen(self, letter: Letter) -> Letter:
        looks = letter.failures + 1
        if looks >= LOOKS:
            return self._once_more(letter)
        waiting = self._stands(letter, letter.state, letter.error or _SOUGHT, self.at + _wait(looks + 1))
        return self._move(letter, replace(waiting, failures=looks))

    def _once_more(self, letter: Letter) -> Letter:
        """Send the same bytes a second time, and never a third."""
        return self._hold(letter) if letter.resumed or self._is_over(letter) else self._again(letter)

    def _again(self, letter: Letter) -> Letter:
        cleared = self._stands(letter, LetterState.RENDERED)
        waiting = self._move(letter, replace(cleared, resumed=letter.resumed + 1, failures=0))
        if self._is_over(letter):
            return drop(self.store, waiting, self.at) or waiting
        return self._attempt(waiting)

    def _hold(self, letter: Letter) -> Letter:
        reason = letter.error.removesuffix(_LOOKED_FOR).rstrip() or _INTERRUPTED
        return self._move(letter, self._stands(letter, LetterState.SENT, f"{reason} {_NOT_TWICE}"))


def _what_happened(error: str) -> str:
    """What was said of a failure, without its last sentence when that is a command to type: it mends nothing now."""
    *before, last = error.split(". ")
    return ". ".join((*before, "")).rstrip() if "type: " in last else error


def _said(failure: SyncdError) -> str:
    return f"{failure.title} {failure.hint}".rstrip()


def _wait(failures: int, failure: DeliveryError | None = None) -> timedelta:
    """How long until the next try: from 30 seconds to an hour, or what a server asks for."""
    asked = failure.wait if isinstance(failure, NotNow) else None
    return min(back_off(failures, 0, asked), LONGEST_WAIT)

"""One poll of a Gmail mailbox: what is new, then the listing, then the messages that wait, page by page.

Every page carries ids and notes together with the place they belong to, so a kill between any two loses nothing and
asks for nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from connectors._gmail_cursor import Listing, Place
from connectors._gmail_message import Metadata, observe
from connectors._gmail_queue import Queue
from connectors._gmail_verdict import Barred, Failed, Gone, Throttled, judge
from syncd.connector import Note, Page, Progress
from syncd.errors import CursorExpired, Transient
from syncd.model import Message, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors._gmail_mailbox import Listed, Mailbox
    from connectors._gmail_pace import Pace
    from connectors._gmail_verdict import Verdict
    from syncd.connector import Context
    from syncd.model import Observation

NEWS: Final = timedelta(minutes=10)
"""While a long backlog is read, new mail is looked for this often."""

AUDIT: Final = timedelta(days=1)
MOST_AUDITED: Final = 10
"""The audit looks at so many pages of the listing at most."""

MARGIN: Final = timedelta(days=7)
"""A page of the listing lies behind the horizon when it ends so long before it; a Date is at most a day late."""

MOST_FAILURES: Final = 3
"""A message that could not be read so often, while others could, is Unreadable."""

MOST_FRUITLESS: Final = 4
"""After so many batches in a row without one answer the poll ends."""

PATIENCE: Final = 120.0
"""Seconds that a poll waits when Gmail asks it to; when it asks for more, the poll ends."""

LISTING_COST: Final = 0.25
"""A page of the listing costs a quarter of a message."""

FEW: Final = 5
"""So many messages that are all refused are no accident any more: something is wrong with the account, or with us."""

_SUBJECTS: Final = "kept/subjects"
_MIXED: Final = "mixed"
"""Some records may stand with their subjects and some without: a listing that reads them again is under way."""


@dataclass(slots=True)
class _Told:
    """What goes into the next page; and of a batch, how many messages Gmail answered, and how it refused the others."""

    observations: list[Observation] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    answered: int = 0
    failed: dict[str, Failed] = field(default_factory=dict)
    throttled: list[Throttled] = field(default_factory=list)
    barred: str = ""


def begin(context: Context, mailbox: Mailbox, settings: str) -> Place:
    """The start of everything: the history id is taken before the listing, so nothing falls between the two.

    Everything is read again when subjects are wanted now and were not before, or the other way round.
    """
    profile = mailbox.profile()
    if not profile.history.isdecimal():
        raise Transient("Gmail does not say where the history of this mailbox stands.")
    before = context.memory.notes(_SUBJECTS).get(_SUBJECTS)
    return Place.begun(settings, profile.history, again=before not in (None, _subjects_wanted(context)))


def _subjects_wanted(context: Context) -> str:
    """How the note calls records that are read as they are now."""
    return "yes" if context.subjects else "no"


class Reading:
    """One poll from `place` on, which is new (`begin`) or that of the last page. `pages` may be asked for once."""

    def __init__(
        self, context: Context, mailbox: Mailbox, place: Place, since: datetime, *, pace: Pace, is_new: bool
    ) -> None:
        self._context = context
        self._mailbox = mailbox
        self._place = place
        self._since = since
        self._pace = pace
        self._queue = Queue(context.memory)
        self._looked = context.now() if is_new else None
        self._told = False
        self._read_last = False
        self._restarted = False
        self._answered = False
        self._fruitless = 0
        self._over: Transient | None = None

    def pages(self) -> Iterator[Page]:
        """What is new, and then what waits; of a new place the whole mailbox back to the horizon."""
        if not self._queue and not self._place.listing:
            self._place.done = 0
        while not self._context.stopping():
            if self._is_news_due():
                page = self._news()
            elif self._is_listing_due():
                page = self._list()
            elif self._queue:
                page = self._read()
            elif self._is_audit_due():
                page = self._audit()
            else:
                return
            if page is not None:
                self._told = True
                yield page
            if self._over is not None:
                raise self._over

    # What is new

    def _is_news_due(self) -> bool:
        if self._looked is None:
            return True
        return not timedelta() <= self._context.now() - self._looked < NEWS

    def _news(self) -> Page | None:
        """The ids that the history tells, waiting, together with the history id to go on from."""
        self._looked = self._context.now()
        try:
            changes = self._mailbox.changes(self._place.history)
        except CursorExpired:
            if not self._told:
                raise
            return None
        if changes is None:
            return None
        notes = self._queue.admit(self._queue.unknown(changes.messages, self._since.timestamp()))
        if not notes and changes.history == self._place.history:
            return None
        self._place.history = changes.history
        return self._page(_Told(notes=[*notes]))

    # The listing, and the audit

    def _is_listing_due(self) -> bool:
        """The listing comes first, until it has passed the horizon; from there on it takes turns with reading."""
        listing = self._place.listing
        return listing is not None and (not listing.old or self._read_last or not self._queue)

    def _list(self) -> Page | None:
        """One page of the listing: its unknown ids wait, unless it and the page before end behind the horizon.

        Its order is newest first in practice, but promised nowhere. So all of it is listed, and of every page the last
        message is read, which shows where the page lies (and has to be read anyway, before the horizon).
        """
        self._read_last = False
        listing = self._place.listing or Listing()
        listed = self._listed(listing)
        if listed is None:
            return None
        waiting = list(dict.fromkeys(listed.messages)) if listing.again else self._unknown(listed.messages)
        told = _Told(notes=self._subjects_told(mixed=listing.again and bool(listed.token)))
        old = False
        if listed.messages and (listed.token or listing.old):
            last = listed.messages[-1]
            arrived: float | None = self._queue.arrival(last)
            if arrived is None and last in waiting:
                verdict = self._ask([last]).get(last)
                if verdict is None:
                    return None
                if isinstance(verdict, Throttled):
                    self._learn(_Told(throttled=[verdict]))
                if isinstance(verdict, Metadata):
                    self._absorb(last, verdict, told)
                    waiting.remove(last)
                    arrived = verdict.arrived.timestamp() if verdict.arrived else None
            old = arrived is not None and arrived < (self._since - MARGIN).timestamp()
        if not (old and listing.old):
            told.notes += self._queue.admit(waiting)
        self._place.listing = Listing(token=listed.token, old=old, again=listing.again) if listed.token else None
        if not listed.token:
            self._place.audited = int(self._context.now().timestamp())
        return self._page(told)

    def _subjects_told(self, *, mixed: bool) -> list[Note]:
        """The note on what the records hold, when it changes."""
        text = _MIXED if mixed else _subjects_wanted(self._context)
        return [] if self._context.memory.notes(_SUBJECTS).get(_SUBJECTS) == text else [Note(_SUBJECTS, text)]

    def _listed(self, listing: Listing) -> Listed | None:
        """The page that is next; None when it is time to stop, or its token is not honoured: then the first is next."""
        from connectors._google_errors import Refused  # noqa: PLC0415 - googleapiclient loads slowly

        if not self._pace.wait(LISTING_COST):
            return None
        try:
            listed = self._mailbox.list(listing.token)
        except Refused as refused:
            if not listing.token or self._restarted or refused.status != HTTPStatus.BAD_REQUEST:
                raise
            self._restarted = True
            self._place.listing = Listing(again=listing.again)
            return None
        if listed.token and listed.token == listing.token:
            raise Transient("Gmail's listing of this mailbox leads nowhere.")
        return listed

    def _unknown(self, messages: Sequence[str]) -> list[str]:
        return self._queue.unknown(messages, self._since.timestamp())

    def _is_audit_due(self) -> bool:
        age = self._context.now().timestamp() - self._place.audited
        return not 0 <= age < AUDIT.total_seconds()

    def _audit(self) -> Page | None:
        """What the newest part of the listing holds and nobody told, waits; so does what could not be read before."""
        missed: list[str] = []
        token = ""
        for _ in range(MOST_AUDITED):
            if self._context.stopping():
                return None
            listed = self._mailbox.list(token)
            unknown = self._unknown(listed.messages)
            missed += unknown
            token = listed.token
            if not unknown or not token or self._queue.arrival(listed.messages[-1]) is not None:
                break
        self._place.audited = int(self._context.now().timestamp())
        return self._page(_Told(notes=[*self._queue.try_again(), *self._queue.admit(missed)]))

    # The messages

    def _read(self) -> Page | None:
        """One batch of the messages that wait. What is refused for now goes on waiting; None when all of it is."""
        from connectors._google_errors import Busy  # noqa: PLC0415 - googleapiclient loads slowly

        self._read_last = True
        try:
            verdicts = self._ask(self._queue.head(self._pace.batch))
        except Busy as busy:
            self._pace.throttled(None, crowded=False)
            self._over = busy
            return self._page(_Told())
        if not verdicts:
            return None
        told = self._taken_in(verdicts)
        if told.barred:
            self._mailbox.read_alone(told.barred)
        self._answered = self._answered or told.answered > 0
        self._fruitless = 0 if told.answered else self._fruitless + 1
        self._learn(told)
        if told.failed:
            self._give_way(told)
        return self._page(told) if self._is_over() or told.notes else None

    def _taken_in(self, verdicts: Mapping[str, Verdict]) -> _Told:
        """What a batch brought: the messages that were read wait no more."""
        told = _Told()
        for message, verdict in verdicts.items():
            match verdict:
                case Metadata():
                    self._absorb(message, verdict, told)
                case Gone():
                    self._place.done += 1
                    told.answered += 1
                    told.notes += self._queue.settle(message)
                case Throttled():
                    told.throttled.append(verdict)
                case Failed():
                    told.failed[message] = verdict
                case Barred():
                    told.barred = message
        return told

    def _is_over(self) -> bool:
        """Whether this poll ends here, with an error that waits in `_over`."""
        if self._over is None and self._fruitless >= MOST_FRUITLESS and self._queue:
            self._over = Transient("Gmail cannot show the messages that are still to be read.")
        return self._over is not None

    def _ask(self, messages: Sequence[str]) -> Mapping[str, Verdict]:
        """What Gmail says of each; nothing when it is time to stop."""
        if not self._pace.wait(len(messages)):
            return {}
        answers = self._mailbox.read(messages)
        return {message: judge(answers.get(message), self._context) for message in messages}

    def _absorb(self, message: str, shown: Metadata, told: _Told) -> None:
        """A message that was read: what it shows, and that it waits no more."""
        self._place.done += 1
        told.answered += 1
        if shown.is_left_out:
            told.notes += self._queue.settle(message) if shown.is_mail else self._queue.pass_over(message)
            return
        seen = observe(message, shown, self._context)
        if seen is None:
            told.notes += self._queue.pass_over(message)
        elif isinstance(seen, Message) and seen.at < self._since:
            told.notes += self._queue.pass_over(message, shown.times(seen))
        else:
            told.observations.append(seen)
            told.notes += self._queue.settle(message)

    def _learn(self, told: _Told) -> None:
        """Set the pace by what a batch met; the poll is over when Gmail asks for more patience than it has."""
        if told.throttled:
            seconds = [each.seconds for each in told.throttled if each.seconds is not None]
            crowded = all(each.crowded for each in told.throttled)
            self._pace.throttled(max(seconds) if seconds else None, crowded=crowded)
            if self._fruitless >= MOST_FRUITLESS or self._pace.hold > PATIENCE:
                again = timedelta(seconds=self._pace.hold)
                self._over = Transient(told.throttled[0].title, "Nothing to do: syncd goes on where it was.", again)
        elif told.answered:
            self._pace.went_well(told.answered)
        else:
            self._pace.troubled()

    def _give_way(self, told: _Told) -> None:
        """Count against messages that could not be read, where it is theirs and not Gmail's own trouble.

        It is theirs when others were read beside them, or before, when they are all that is left.
        """
        failed, alone = told.failed, not told.answered
        final = all(each.final for each in failed.values())
        if alone and final and len(failed) >= FEW:
            self._mailbox.read_alone(next(iter(failed)))
        tried = self._answered and all(self._queue.failures(message) for message in failed)
        if alone and not (tried or final or self._fruitless >= MOST_FRUITLESS):
            return
        for message, failure in failed.items():
            if failure.final or self._queue.failures(message) + 1 >= MOST_FAILURES:
                self._place.done += 1
                told.observations.append(Unreadable(message, failure.reason))
                told.notes += self._queue.doubt(message)
            else:
                told.notes.append(self._queue.fail(message))

    def _page(self, told: _Told) -> Page:
        place = self._place
        place.tempo = self._pace.tempo
        waiting = len(self._queue)
        total = None if place.listing and not place.listing.old else place.done + waiting
        progress = Progress(place.done, total) if place.listing or place.done or waiting else None
        return Page(tuple(told.observations), place.written(), progress, tuple(told.notes))

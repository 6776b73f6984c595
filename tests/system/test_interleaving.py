"""Whatever order mail, failures, crashes, replays and expired cursors come in, the store ends as after one clean sync.

Fault 64 of the sync rules: a scripted source with the real store and pipeline, beside an oracle that saw it all once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from syncd.connector import ConnectorOptions, Page, Progress
from syncd.errors import CursorExpired, Transient
from syncd.model import (
    Meeting,
    MeetingStatus,
    Message,
    Participant,
    Removal,
    Response,
    Role,
    Signal,
    SignalName,
    Unreadable,
)
from syncd.pipeline.policy import Me, Policy
from syncd.store import Store
from syncd.sync import OpenAccount, derive, poll

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.model import Observation

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
POLICY = Policy(me=Me(name="Elena Conti", addresses=("elena@conti.example",)))
ACCOUNTS = ("home", "work")


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


@dataclass(slots=True)
class Remote:
    """A source that remembers everything that ever happened in it, in order."""

    happened: list[Observation] = field(default_factory=list)
    epoch: int = 0
    fails_after: int | None = None
    """The source breaks down after so many pages; None: it does not."""


class Scripted:
    """Reads a Remote, two observations a page."""

    Options: ClassVar[type[ConnectorOptions]] = ConnectorOptions

    def __init__(self, options: Remote, context: object = None) -> None:
        del context
        self._remote = options

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        del since
        remote = self._remote
        epoch, place = map(int, cursor.split(":")) if cursor else (remote.epoch, 0)
        if epoch != remote.epoch:
            raise CursorExpired("This cursor is from another time.")
        pages = 0
        while place < len(remote.happened) or cursor is None:
            if pages == remote.fails_after:
                remote.fails_after = None
                raise Transient("The source is out of reach.")
            page = tuple(remote.happened[place : place + 2])
            place += len(page)
            cursor = f"{remote.epoch}:{place}"
            yield Page(page, cursor, Progress(place, None))
            pages += 1

    def close(self) -> None:
        pass


# A small world, so that copies, threads and namesakes meet often.
PEOPLE = st.sampled_from(
    [
        ("anna@keller.example", "Anna Keller"),
        ("anna.keller@firm.example", "Anna Keller"),
        ("ben@firm.example", "Ben"),
        ("b.e.n+news@gmail.com", "Ben Okri"),
        ("ben@gmail.com", ""),
        ("no-reply@shop.example", "Shop"),
    ]
)
OWN = st.sampled_from([("elena@conti.example", "Elena Conti"), ("e.conti@former.example", "Elena Conti")])
MOMENTS = st.integers(0, 5).map(lambda step: NOW - timedelta(days=40) + timedelta(minutes=step))
IDS = st.sampled_from(["", "<1@a.example>", "<2@a.example>", "<3@a.example>"])
SIGNALS = st.sampled_from(
    [
        (),
        (Signal(SignalName.LIST_ID, "talk.example"),),
        (Signal(SignalName.AUTO_SUBMITTED, "auto-replied"),),
        (Signal(SignalName.ORIGINAL_ID, "<1@a.example>"),),
    ]
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    mine, theirs = draw(OWN), draw(st.lists(PEOPLE, min_size=1, max_size=3, unique=True))
    outgoing = draw(st.booleans())
    sender, recipients = (mine, theirs) if outgoing else (theirs[0], [mine, *theirs[1:]])
    sent = (Signal(SignalName.FOLDER, "sent"),) if outgoing else ()
    return Message(
        "",
        draw(MOMENTS),
        (Participant(*sender, Role.FROM), *(Participant(*one, Role.TO) for one in recipients)),
        draw(IDS),
        draw(IDS),
        draw(SIGNALS) + sent,
        draw(st.sampled_from(["Lunch", "Re: Lunch"])),
    )


@st.composite
def meetings(draw: st.DrawFn) -> Meeting:
    start = draw(MOMENTS) + draw(st.sampled_from([timedelta(), timedelta(days=60)]))
    mine, theirs = draw(OWN), draw(st.lists(PEOPLE, max_size=2, unique=True))
    return Meeting(
        "",
        start,
        start + timedelta(hours=1),
        (
            Participant(*mine, Role.ATTENDEE, draw(st.sampled_from(Response))),
            *(Participant(*one, Role.ATTENDEE, Response.ACCEPTED) for one in theirs),
        ),
        draw(st.sampled_from(["series@cal.example", "single@cal.example"])),
        draw(st.sampled_from(["", "2026-01-23T09:30:00Z"])),
        draw(st.sampled_from(MeetingStatus)),
        sequence=draw(st.integers(0, 2)),
    )


class Interleaving(RuleBasedStateMachine):
    """The owner's syncd on a bad day."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._count = 0
        self.remotes = {name: Remote() for name in ACCOUNTS}

    def _open(self, name: str) -> Store:
        return Store.open(f"sqlite:///{Path(self._folder.name) / name}.db")

    @initialize()
    def start(self) -> None:
        self.store = self._open("tested")

    def _sync(self, store: Store, name: str, *, dies_after: int | None = None) -> None:
        """One poll, which the process survives for `dies_after` committed pages."""
        committed = 0

        def count(_: Progress) -> None:
            nonlocal committed
            committed += 1
            if committed == dies_after:
                raise Crash

        account = OpenAccount(name, "scripted", Scripted(self.remotes[name]), timedelta(days=365))
        poll(store, account, NOW, count)

    def _reborn(self) -> None:
        self.store.close()
        self.store = self._open("tested")

    @rule(account=st.sampled_from(ACCOUNTS), message=messages())
    def mail_comes(self, account: str, message: Message) -> None:
        self._count += 1
        self.remotes[account].happened.append(replace(message, remote_id=f"m{self._count}"))

    @rule(message=messages())
    def the_same_mail_comes_to_both(self, message: Message) -> None:
        for account in ACCOUNTS:
            self.mail_comes(account, message)

    @rule(account=st.sampled_from(ACCOUNTS), meeting=meetings(), event=st.integers(0, 2))
    def a_meeting_is_made_or_changed(self, account: str, meeting: Meeting, event: int) -> None:
        self.remotes[account].happened.append(replace(meeting, remote_id=f"e{event}"))

    @rule(account=st.sampled_from(ACCOUNTS), data=st.data())
    def a_record_goes(self, account: str, data: st.DataObject) -> None:
        known = sorted({observation.remote_id for observation in self.remotes[account].happened})
        if known:
            self.remotes[account].happened.append(Removal(data.draw(st.sampled_from(known))))

    @rule(account=st.sampled_from(ACCOUNTS))
    def a_record_cannot_be_read(self, account: str) -> None:
        self._count += 1
        self.remotes[account].happened.append(Unreadable(f"u{self._count}", "Its header has no end."))

    @rule(account=st.sampled_from(ACCOUNTS))
    def the_cursor_expires(self, account: str) -> None:
        self.remotes[account].epoch += 1

    @rule(account=st.sampled_from(ACCOUNTS))
    def everything_is_read_again(self, account: str) -> None:
        self.store.enrol(account, "scripted")
        self.store.forget_cursor(account)

    @rule(account=st.sampled_from(ACCOUNTS), pages=st.integers(0, 3))
    def a_sync_that_may_break_down(self, account: str, pages: int) -> None:
        self.remotes[account].fails_after = pages
        self._sync(self.store, account)

    @rule(account=st.sampled_from(ACCOUNTS), pages=st.integers(1, 3))
    def a_sync_that_may_die(self, account: str, pages: int) -> None:
        try:
            self._sync(self.store, account, dies_after=pages)
        except Crash:
            self._reborn()

    @rule()
    def conclusions_are_drawn(self) -> None:
        derive(self.store, POLICY)

    @rule()
    def the_process_dies_between_exchanges_and_people(self) -> None:
        def die(_: Progress) -> None:
            raise Crash

        try:
            derive(self.store, POLICY, die)
        except Crash:
            self._reborn()

    def teardown(self) -> None:
        for remote in self.remotes.values():
            remote.fails_after = None
        with self._folder, self.store, self._open("oracle") as oracle:
            for store in (self.store, oracle):
                for account in ACCOUNTS:
                    self._sync(store, account)
                derive(store, POLICY)
            assert list(self.store.dump()) == list(oracle.dump())
            assert self.store.people() == oracle.people()
            assert list(self.store.histories(None)) == list(oracle.histories(None))


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)

"""One pass over one account: what is kept when a source answers, stumbles, or refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest

from syncd.connector import ConnectorOptions, Note, Page
from syncd.errors import AuthRequired, CursorExpired, CursorMoved, Misconfigured, StoreBusy, StoreError, Transient
from syncd.memory import Remembered
from syncd.model import AccountStatus, Message, Observation, Participant, Role, Unreadable
from syncd.pipeline.policy import Me, Policy
from syncd.pipeline.reconcile import reconcile
from syncd.store import Store, StoredMemory
from syncd.sync import OpenAccount, commit, derive, own_addresses, poll, read_pages, rebuild

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from syncd.connector import Desk, Memory

NOW = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
POLICY = Policy(me=Me(name="Davide Rossi", addresses=("davide@rossi.example",)))


def letter(number: int, *, author: str = "anna@arup.example", to: str = "davide@rossi.example") -> Message:
    return Message(
        remote_id=f"INBOX/1/{number}",
        at=NOW - timedelta(days=30) + timedelta(hours=number),
        participants=(Participant(author, "", Role.FROM), Participant(to, "", Role.TO)),
        message_id=f"<{number}@example.com>",
        subject=f"Letter {number}",
    )


@dataclass
class Scripted:
    """A source that shows pages, numbered by their cursors, and raises where the script says so."""

    script: Sequence[Observation | Exception]
    polled_from: list[str | None] = field(default_factory=list)
    since: datetime | None = None
    Options: ClassVar[type[ConnectorOptions]] = ConnectorOptions

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        self.polled_from.append(cursor)
        self.since = since
        for number, step in enumerate(self.script[int(cursor or 0) :], int(cursor or 0) + 1):
            if isinstance(step, Exception):
                raise step
            yield Page((step,), str(number))

    def close(self) -> None:
        return


def source(*script: Observation | Exception, name: str = "work") -> OpenAccount:
    return OpenAccount(name, "scripted", Scripted(script), timedelta(days=365))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'syncd.db'}") as opened:
        yield opened


def test_a_pass_commits_every_page_and_leaves_the_last_cursor(store: Store) -> None:
    outcome = poll(store, source(letter(1), letter(2)), NOW)

    assert outcome.error is None
    assert outcome.receipt.new == 2
    account = store.account("work")
    assert account
    assert (account.cursor, account.status, account.last_sync) == ("2", AccountStatus.OK, NOW)


def test_a_second_pass_finds_nothing_new(store: Store) -> None:
    work = source(letter(1), letter(2))
    poll(store, work, NOW)

    assert poll(store, work, NOW).receipt.new == 0


def test_the_first_pass_asks_no_further_back_than_the_horizon(store: Store) -> None:
    work = source(letter(1))
    poll(store, work, NOW)

    assert isinstance(work.connector, Scripted)
    assert work.connector.since == NOW - timedelta(days=365)


def test_pages_before_a_failure_stay_and_the_next_pass_goes_on_behind_them(store: Store) -> None:
    failed = poll(store, source(letter(1), Transient("The line is cut.", "Wait.")), NOW)
    again = source(letter(1), letter(2))
    resumed = poll(store, again, NOW)

    assert (failed.receipt.new, resumed.receipt.new) == (1, 1)
    assert isinstance(again.connector, Scripted)
    assert again.connector.polled_from == ["1"]


def test_an_account_that_signs_in_is_sent_to_sign_in_when_nobody_says_how(store: Store) -> None:
    class SigningIn(Scripted):
        def sign_in(self, desk: Desk, *, device: bool = False) -> tuple[str, ...]:
            return (f"{desk} {device}",)

        def sign_in_state(self) -> tuple[str, ...]:
            return ()

        def sign_out(self) -> tuple[str, ...]:
            return ()

    for error, hint in ((AuthRequired("No."), "Type: syncd auth work"), (AuthRequired("No.", "Ask IT."), "Ask IT.")):
        work = OpenAccount("work", "scripted", SigningIn((error,)), timedelta(days=365))
        outcome = poll(store, work, NOW)
        assert outcome.error
        assert outcome.error.hint == hint


def test_a_library_that_is_missing_in_the_middle_of_a_pass_is_a_sentence(store: Store) -> None:
    outcome = poll(store, source(letter(1), ModuleNotFoundError("No module named 'msal'", name="msal")), NOW)

    assert isinstance(outcome.error, Misconfigured)
    assert outcome.error.hint == "Type: pip install msal"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Transient("Out of reach.", "Wait."), AccountStatus.FAILING),
        (AuthRequired("The password is wrong.", "Correct it."), AccountStatus.SIGN_IN),
        (Misconfigured("There is no such host.", "Correct it."), AccountStatus.MISCONFIGURED),
    ],
)
def test_an_error_is_the_outcome_and_is_remembered_with_what_to_do(
    store: Store, error: Exception, status: AccountStatus
) -> None:
    outcome = poll(store, source(error), NOW)

    account = store.account("work")
    assert outcome.error is error
    assert account
    assert (account.status, account.error, account.hint) == (
        status,
        str(error).split("\n")[0],
        str(error).split("\n")[1],
    )


def test_a_pass_that_goes_through_clears_the_error(store: Store) -> None:
    poll(store, source(Transient("Out of reach.")), NOW)
    poll(store, source(letter(1)), NOW)

    account = store.account("work")
    assert account
    assert (account.status, account.error) == (AccountStatus.OK, "")


def test_an_expired_cursor_is_dropped_and_the_account_read_again_without_doubles(store: Store) -> None:
    class Forgetful(Scripted):
        def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
            if cursor:
                raise CursorExpired("The server forgot.")
            yield from super().poll(cursor, since)

    work = OpenAccount("work", "scripted", Forgetful((letter(1), letter(2))), timedelta(days=365))
    poll(store, work, NOW)
    outcome = poll(store, work, NOW)

    assert outcome.error is None
    assert outcome.receipt.new == 0
    assert store.counts().observations == 2


def test_a_source_that_expires_every_cursor_is_a_failure_not_a_loop(store: Store) -> None:
    outcome = poll(store, source(CursorExpired("No.")), NOW)

    assert isinstance(outcome.error, Transient)


def test_another_sync_of_the_same_account_wins_and_nothing_is_called_failing(store: Store) -> None:
    class Overtaken(Scripted):
        def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
            yield from super().poll(cursor, since)
            store.commit_page("work", Page((letter(2),), "elsewhere"), "1")
            yield Page((letter(3),), "2")

    outcome = poll(store, OpenAccount("work", "scripted", Overtaken((letter(1),)), timedelta(days=365)), NOW)

    account = store.account("work")
    assert isinstance(outcome.error, CursorMoved)
    assert account
    assert (account.cursor, account.error) == ("elsewhere", "")


def test_a_broken_store_ends_the_pass(store: Store) -> None:
    class Closing(Scripted):
        def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
            raise StoreError("The disk is full.")
            yield from super().poll(cursor, since)

    with pytest.raises(StoreError):
        poll(store, OpenAccount("work", "scripted", Closing(()), timedelta(days=365)), NOW)


def test_why_a_pass_ended_is_remembered_where_that_can_be_written(store: Store) -> None:
    full = StoreError("The sign-in cannot be kept: No space left on device.", "Make room.")

    with pytest.raises(StoreError, match="No space left"):
        poll(store, source(letter(1), full), NOW)

    (account,) = store.accounts()
    assert (account.status, account.error, account.hint) == (AccountStatus.FAILING, full.title, "Make room.")


def test_another_syncd_that_writes_is_no_failure_of_the_account(store: Store) -> None:
    with pytest.raises(StoreBusy):
        poll(store, source(letter(1), StoreBusy("Another syncd is writing.")), NOW)

    (account,) = store.accounts()
    assert account.error == ""


def test_a_record_that_cannot_be_read_is_counted_and_loses_nothing_else(store: Store) -> None:
    outcome = poll(store, source(letter(1), Unreadable("INBOX/1/9", "no date"), letter(2)), NOW)

    assert (outcome.receipt.new, outcome.receipt.unreadable) == (2, 1)


def test_deriving_page_by_page_equals_a_rebuild(store: Store) -> None:
    for number in range(1, 6):
        poll(store, source(*(letter(one) for one in range(1, number + 1))), NOW)
        derive(store, POLICY)
    page_by_page = list(store.dump())
    rebuild(store, POLICY)

    assert list(store.dump()) == page_by_page
    assert store.counts().interactions == 5


def test_a_death_between_exchanges_and_people_is_made_good(store: Store) -> None:
    poll(store, source(letter(1)), NOW)
    derive(store, POLICY)
    poll(store, source(letter(1), letter(2, author="bob@berg.example")), NOW)
    pending = store.pending()
    assert pending
    own = own_addresses(store, POLICY)
    store.apply(reconcile(pending.facts, own, POLICY.ignore, pending.gone), pending.through)
    derive(store, POLICY)

    assert {person.addresses for person in store.people()} == {("anna@arup.example",), ("bob@berg.example",)}


def test_an_own_address_of_the_configuration_turns_received_into_sent(store: Store) -> None:
    poll(store, source(letter(1, author="d.rossi@northwind.example", to="anna@arup.example")), NOW)
    derive(store, POLICY)
    derive(store, Policy(me=Me(addresses=("davide@rossi.example", "d.rossi@northwind.example"))))

    assert [person.addresses for person in store.people()] == [("anna@arup.example",)]


def test_a_rehearsal_reads_from_the_horizon_when_the_cursor_expired(store: Store) -> None:
    class Forgetful(Scripted):
        def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
            if cursor:
                raise CursorExpired("The settings changed.")
            yield from super().poll(cursor, since)

    work = OpenAccount("work", "scripted", Forgetful((letter(1), letter(2))), timedelta(days=365))
    poll(store, work, NOW)
    with store.rehearse() as trial:
        assert commit(trial, work, read_pages(trial, work, NOW)).new == 0


def test_a_rehearsal_reads_everything_and_writes_nothing(store: Store) -> None:
    work = source(letter(1), letter(2))
    before = list(store.dump())
    with store.rehearse() as trial:
        receipt = commit(trial, work, read_pages(trial, work, NOW))
        derive(trial, POLICY)
        rehearsed = trial.counts().interactions

    assert (receipt.new, rehearsed) == (2, 2)
    assert list(store.dump()) == before
    assert store.account("work") is None


# ------------------------------------------------------------------------------- what is remembered beside the cursor


@dataclass
class Queueing:
    """A source that notes what it has to read, then reads what its memory says."""

    memory: Memory
    Options: ClassVar[type[ConnectorOptions]] = ConnectorOptions

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        del since
        if cursor is None:
            yield Page((), "listed", notes=tuple(Note(f"q/{number}", str(number)) for number in range(1, 4)))
        while waiting := self.memory.notes("q/", 1):
            ((key, number),) = waiting.items()
            yield Page((letter(int(number)),), f"after {number}", notes=(Note(key, None),))

    def close(self) -> None:
        return


def test_a_source_sees_its_own_notes_as_soon_as_their_page_is_written(store: Store) -> None:
    work = OpenAccount("work", "queueing", Queueing(StoredMemory(store, "work")), timedelta(days=365))

    assert poll(store, work, NOW).receipt.new == 3
    assert store.notes("work") == {}


def test_a_rehearsal_sees_its_own_notes_and_writes_none(store: Store) -> None:
    store.enrol("work", "queueing")
    store.commit_page("work", Page((), "listed", notes=(Note("q/7", "7"), Note("q/8", "8"))), None)
    memory = Remembered(beneath=StoredMemory(store, "work"))
    work = OpenAccount("work", "queueing", Queueing(memory), timedelta(days=365), memory)
    pages = read_pages(store, work, NOW)
    with store.rehearse() as trial:
        assert commit(trial, work, pages).new == 2
        assert trial.notes("work") == {}

    assert dict(store.notes("work")) == {"q/7": "7", "q/8": "8"}
    assert store.counts().observations == 0


def test_a_rehearsal_of_an_account_that_changed_hands_starts_at_the_horizon(store: Store) -> None:
    poll(store, source(letter(1)), NOW)
    other = OpenAccount("work", "other", Scripted((letter(1), letter(2))), timedelta(days=365))
    read_pages(store, other, NOW)

    assert isinstance(other.connector, Scripted)
    assert other.connector.polled_from == [None]

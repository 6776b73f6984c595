"""The only door to SQL: what was observed, what was concluded, what the owner decided, what is to be mailed.

A Store is used from any thread and beside other processes: every method is one transaction, and there is one writer at
a time. Deriving (`pending`, `apply`) belongs to one thread of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from syncd.errors import StoreBusy
from syncd.store import accounts, admission, derived, facts, identities, leases, meta, notes, outbox, readings
from syncd.store.derived import Claim, Pending, State
from syncd.store.engine import Database, Rehearsal, Transactions, open_database
from syncd.store.notes import StoredMemory
from syncd.store.readings import Counts
from syncd.store.upgrade import upgrade

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from syncd.connector import Page
    from syncd.model import (
        Account,
        AccountStatus,
        Alias,
        Appointment,
        Decision,
        Identities,
        Interaction,
        Lease,
        Letter,
        LetterState,
        PageReceipt,
        Person,
        Plan,
        Reading,
        Sighting,
        Touch,
        Unreadable,
    )

__all__ = ["Counts", "Pending", "Store", "StoredMemory"]


class Store:
    """Everything syncd remembers.

    Any method may raise StoreBusy (another process writes; nothing was changed) or StoreError (full, refused, damaged
    or unreachable; the transaction was left out as a whole). Instants are aware, and UTC when they come back.
    """

    def __init__(self, transactions: Transactions, database: Database) -> None:
        self._transactions = transactions
        self._database = database
        self._rules: str | None = None
        self._claim: Claim | None = None
        self._sighted: State | None = None

    @classmethod
    def open(cls, url: str, aside: Path | None = None) -> Self:
        """Open the store at an SQLAlchemy URL of SQLite or PostgreSQL, and create or migrate it when needed.

        A new SQLite file is for its owner alone (0600, its folder 0700). Before a migration the database is copied:
        beside a SQLite file, into the folder `aside` where it is PostgreSQL. Raises StoreError for a database that a
        newer syncd or another program wrote, StoreBusy while another process migrates it.
        """
        database = open_database(url)
        try:
            upgrade(database, aside)
        except BaseException:
            database.close()
            raise
        return cls(database, database)

    def close(self) -> None:
        """Let go of the database; safe to call twice."""
        self._database.close()

    @property
    def transactions(self) -> Transactions:
        """Where transactions come from: for the rooms of `syncd.store` that are functions over a store."""
        return self._transactions

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def rehearse(self) -> Iterator[Store]:
        """A store on which everything works, and of which nothing is kept at the end.

        It belongs to one thread, and holds the writer's lock until it is over: other writers wait, then get StoreBusy.
        """
        with self._database.engine.connect().execution_options(writes=True) as connection:
            outer = connection.begin()
            try:
                yield Store(Rehearsal(connection), self._database)
            finally:
                outer.rollback()

    # ----------------------------------------------------------------------- accounts

    def enrol(self, name: str, connector: str) -> Account:
        """The account called `name`, made when it is new.

        One that another connector used to read starts again at the horizon, without its notes; what was observed stays.
        """
        known = self.account(name)
        if known is not None and known.connector == connector:
            return known
        with self._transactions.writing() as connection:
            return accounts.enrol(connection, name, connector)

    def account(self, name: str) -> Account | None:
        """The account called `name`, or None."""
        with self._transactions.reading() as connection:
            return accounts.find(connection, name)

    def accounts(self) -> tuple[Account, ...]:
        """Every account that was ever enrolled, by name."""
        with self._transactions.reading() as connection:
            return accounts.find_all(connection)

    def forget_cursor(self, account: str) -> None:
        """Let the next pass start at the horizon; the notes stay, and reading a record again changes nothing."""
        with self._transactions.writing() as connection:
            accounts.forget_cursor(connection, account)

    def record_outcome(
        self,
        account: str,
        at: datetime,
        status: AccountStatus,
        said: tuple[str, str] = ("", ""),
        retry_at: datetime | None = None,
    ) -> None:
        """How a pass that ended at `at` went: OK sets `last_sync`, the first failure in a row `failing_since`.

        OK also ends the account's `reading`; after a failure it says how far the pass had come. `said` is the error
        and its hint, `retry_at` before when the source does not want to be asked again.
        """
        with self._transactions.writing() as connection:
            accounts.record_outcome(connection, account, at, status, said, retry_at)

    def signed_in(self, account: str) -> None:
        """The owner signed in again: when the account waited for that, its error is over."""
        with self._transactions.writing() as connection:
            accounts.signed_in(connection, account)

    # ----------------------------------------------------------------------- what was observed

    def commit_page(
        self, account: str, page: Page, expected: str | None, reading: Reading | None = None
    ) -> PageReceipt:
        """Write a page's observations, its notes and its cursor in one transaction, or nothing of it.

        `reading` is how far the pass is with this page: an account that was never read to the end is in its first sync.

        An equal repeat changes nothing. A record that changed is derived again, a removed one no longer counts; one
        that was read before is not lost when a later reading of it fails. Text that no database holds (lone
        surrogates, NUL) is replaced. Raises CursorMoved when the account's cursor is not `expected` any more, KeyError
        when the account was never enrolled.
        """
        observed = [facts.encode(observation) for observation in page.observations]
        noted = notes.encode(page.notes)
        with self._transactions.writing() as connection:
            number = accounts.move_cursor(connection, account, expected, page.cursor, reading)
            observed, noted = admission.admit(connection, page.observations, observed, noted)
            notes.write(connection, number, noted)
            return facts.commit(connection, number, observed)

    def notes(self, account: str, prefix: str = "", limit: int | None = None) -> Mapping[str, str]:
        """The notes of an account whose keys begin with `prefix`, in the order of keys (by code point).

        With a `limit`, the first so many of them.
        """
        with self._transactions.reading() as connection:
            return notes.read(connection, account, prefix, limit)

    def known(self, account: str, remote_ids: Collection[str]) -> frozenset[str]:
        """Those of these records of an account that stand, read or Unreadable."""
        with self._transactions.reading() as connection:
            return notes.known(connection, account, remote_ids)

    def sent_senders(self) -> Mapping[str, int]:
        """Who wrote the messages in Sent folders, as normal addresses, with how many each wrote."""
        with self._transactions.reading() as connection:
            return facts.sent_senders(connection)

    def unreadable(self, account: str) -> Iterator[Unreadable]:
        """The records of an account that could not be read, in the order in which they were met."""
        with self._transactions.reading() as connection:
            yield from facts.unreadable(connection, account)

    # ----------------------------------------------------------------------- what is concluded

    def derivation(self) -> str:
        """The fingerprint of the rules that the derived tables follow; "" in a new store."""
        with self._transactions.reading() as connection:
            self._rules = meta.read(connection, "derivation")
        return self._rules

    def restart_derivation(self, fingerprint: str) -> None:
        """Forget every conclusion and derive anew, under the rules of this fingerprint; facts and decisions stay."""
        with self._transactions.writing() as connection:
            derived.restart(connection, fingerprint)
        self._rules = fingerprint

    def pending(self, limit: int = 2000) -> Pending | None:
        """The next `limit` new or changed facts, with every fact that may belong to the same exchanges.

        None when everything is derived. Raises StoreBusy when another process started to derive by other rules since
        this store was asked for its `derivation`.
        """
        with self._transactions.reading() as connection:
            batch = derived.next_batch(connection, limit)
        if batch is None:
            return None
        found, claim = batch
        if self._rules not in {None, claim.before.rules}:
            raise StoreBusy(
                "Another syncd with a different configuration is deriving; nothing was lost.",
                "When it is done, type the same command again.",
            )
        self._claim = claim
        return found

    def apply(self, plan: Plan, through: int) -> bool:
        """Let a plan made of the last `pending` batch stand: void, insert and move the watermark, in one transaction.

        False when another process derived meanwhile: its work stands, this plan is left out, and `pending` says what
        is still to be done. Raises ValueError when `through` is not that of the last batch.
        """
        claim = self._claim
        if claim is None or claim.after.watermark != through:
            raise ValueError("a plan is applied to the batch that was pending last")
        self._claim = None
        with self._transactions.writing() as connection:
            return derived.apply(connection, plan, claim)

    def sightings(self) -> Iterator[Sighting]:
        """What all interactions together say about each address, in the order of addresses; streamed."""
        with self._transactions.reading() as connection:
            self._sighted = derived.state(connection)
            yield from identities.sightings(connection)

    def namesakes(self) -> tuple[tuple[str, str], ...]:
        """The pairs of addresses that stood in one record as two people of one name."""
        with self._transactions.reading() as connection:
            return identities.namesakes(connection)

    def identity_key(self) -> str:
        """What the people were resolved under, as given to `apply_identities`; "" when they are to be resolved."""
        with self._transactions.reading() as connection:
            return meta.read(connection, "identity")

    def apply_identities(self, identities_: Identities, key: str = "") -> None:
        """Let these people and aliases stand, and no others; `key` says what they were resolved under.

        They are left out when another process derived or erased something since the last `sightings`: whoever was
        forgotten meanwhile would be back. Deriving says who is who as long as nobody else did.
        """
        sighted, self._sighted = self._sighted, None
        with self._transactions.writing() as connection:
            if sighted in {None, derived.state(connection)}:
                identities.replace(connection, identities_, key)

    # ----------------------------------------------------------------------- what the owner said

    def decide(self, decision: Decision) -> None:
        """Keep the owner's word; it survives every rebuild."""
        with self._transactions.writing() as connection:
            identities.decide(connection, decision)

    def decisions(self) -> tuple[Decision, ...]:
        """Every word of the owner, oldest first."""
        with self._transactions.reading() as connection:
            return identities.decisions(connection)

    def undo(self) -> Decision | None:
        """Take back the last word and return it; None when there is none."""
        with self._transactions.writing() as connection:
            return identities.undo(connection)

    # ----------------------------------------------------------------------- who there is, and what happened

    def people(self) -> tuple[Person, ...]:
        """Everybody, in the order of ids."""
        with self._transactions.reading() as connection:
            return tuple(identities.people(connection))

    def aliases(self, person: str) -> tuple[Alias, ...]:
        """The addresses of a person, in their order, and why each is theirs."""
        with self._transactions.reading() as connection:
            return identities.aliases(connection, person)

    def person_of(self, address: str) -> str | None:
        """The id of the person that a normal address belongs to."""
        with self._transactions.reading() as connection:
            return identities.person_of(connection, address)

    def histories(self, now: datetime | None) -> Iterator[tuple[Person, tuple[Touch, ...]]]:
        """Every person with their touches, oldest first; people in the order of ids, streamed.

        Mail after `now` is left out, meetings are not (None leaves out nothing). Where two addresses of a person stood
        in one interaction there is one touch, in the role that says most: author before recipient before copy.
        """
        with self._transactions.reading() as connection:
            yield from readings.histories(connection, now)

    def exchanges(self, person: str, limit: int, now: datetime | None = None) -> tuple[Interaction, ...]:
        """The last `limit` interactions with a person, newest first; with `now`, none that starts after it."""
        with self._transactions.reading() as connection:
            return readings.exchanges(connection, person, limit, now)

    def agenda(self, start: datetime, end: datetime) -> tuple[Appointment, ...]:
        """The meetings that start in [start, end), earliest first, whatever their verdict."""
        with self._transactions.reading() as connection:
            return readings.agenda(connection, start, end)

    def counts(self) -> Counts:
        """How much there is."""
        with self._transactions.reading() as connection:
            return readings.counts(connection)

    def dump(self) -> Iterator[str]:
        """Every fact and every interaction as a line of text, in an order of their own.

        Two stores that saw the same records and derived by the same rules give the same lines, however they got there.
        """
        with self._transactions.reading() as connection:
            yield from readings.dump(connection)

    # ----------------------------------------------------------------------- what is mailed

    def digest_key(self) -> bytes:
        """32 random bytes, made once for this store and never changed: the key of the digests' Message-IDs."""
        with self._transactions.reading() as connection:
            known = meta.digest_key(connection)
        if known is not None:
            return known
        with self._transactions.writing() as connection:
            return meta.make_digest_key(connection)

    def plan(self, day: date, at: datetime) -> bool:
        """Claim a day whose digest is about to be composed; False when it has one that was mailed or may yet be."""
        with self._transactions.writing() as connection:
            return outbox.plan(connection, day, at)

    def post(self, letter: Letter, shown: Sequence[str]) -> bool:
        """Put a letter into the outbox and note the ids of the people it shows; the bytes of sent ones are let go.

        False, and nothing written, when that day has one that was mailed or may yet be: there is one a day at most.
        """
        with self._transactions.writing() as connection:
            return outbox.post(connection, letter, shown)

    def letters(self, *states: LetterState) -> tuple[Letter, ...]:
        """The letters in any of these states (all letters when none is named), oldest first."""
        with self._transactions.reading() as connection:
            return outbox.letters(connection, states)

    def move(self, seen: Letter, after: Letter) -> bool:
        """Let a letter that is as it was `seen` stand as it is `after`; False when somebody else moved it first.

        It is on the disk when this returns: not even a power cut takes it back.
        """
        with self._transactions.writing(durable=True) as connection:
            return outbox.move(connection, seen, after)

    def shown(self) -> Mapping[str, tuple[date, ...]]:
        """On which days each person (by id) stood in a digest that was mailed or may yet be, oldest first."""
        with self._transactions.reading() as connection:
            return outbox.days_shown(connection)

    def last_digest(self, until: date | None = None) -> date | None:
        """The last day, none after `until`, that needs no digest any more; None before the first."""
        with self._transactions.reading() as connection:
            return outbox.last_day(connection, outbox.SETTLED, until)

    def last_mailed(self, until: date | None = None) -> Letter | None:
        """The last letter, none of a day after `until`, that was mailed or may yet be; None before the first."""
        with self._transactions.reading() as connection:
            return outbox.newest(connection, outbox.ON_THEIR_WAY, until)

    # ----------------------------------------------------------------------- who is at work

    def lease(self, name: str) -> Lease | None:
        """Who holds the lease of this name; None when nobody does."""
        with self._transactions.reading() as connection:
            return leases.find(connection, name)

    def take_lease(self, name: str, holder: str, at: datetime, seen: Lease | None) -> Lease | None:
        """Take a lease that is as it was last `seen` (None: held by nobody), or renew one's own.

        The lease as it stands now; None when somebody else was first.
        """
        with self._transactions.writing() as connection:
            return leases.take(connection, name, holder, at, seen)

    def release_lease(self, held: Lease) -> None:
        """Let go of a lease, unless somebody else took it meanwhile."""
        with self._transactions.writing() as connection:
            leases.release(connection, held)

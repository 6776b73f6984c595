"""Whatever happens to the line, the store ends as after one sync over a line that never broke."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors._imap_options import ImapOptions
from connectors.imap import Imap
from syncd.connector import SecretRef
from syncd.model import AccountStatus
from syncd.pipeline.policy import Me, Policy
from syncd.store import Store
from syncd.sync import OpenAccount, derive, poll
from syncd.testing import context
from tests.servers.dovecot import PASSWORD, SENT, Dovecot, require_program
from tests.servers.fault_proxy import FINE, Fault, FaultProxy
from tests.servers.mailboxes import import_mboxes

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
OWNER = "elena@conti.example"
POLICY = Policy(me=Me(name="Elena Conti", addresses=(OWNER,)))
REFERENCE = SecretRef(env="THE_PASSWORD")
LETTERS = 120
FIRST_SYNC = timedelta(days=365)


def letter(number: int, *, sent: bool) -> bytes:
    """One mbox entry; a few correspondents, and every letter of its own minute."""
    friend = f"Friend {number % 7} <friend{number % 7}@example.org>"
    owner = f"Elena Conti <{OWNER}>"
    writer, reader = (owner, friend) if sent else (friend, owner)
    at = NOW - timedelta(days=30, minutes=number)
    return (
        f"From MAILER-DAEMON {at:%a %b %d %H:%M:%S %Y}\n"
        f"Message-ID: <{'sent' if sent else 'got'}{number}@example.org>\nDate: {at:%a, %d %b %Y %H:%M:%S +0000}\n"
        f"From: {writer}\nTo: {reader}\nSubject: Letter {number}\n\nText.\n\n"
    ).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with Dovecot(require_program()) as dovecot:
        boxes = dovecot.folder / "boxes"
        boxes.mkdir()
        (boxes / "INBOX").write_bytes(b"".join(letter(number, sent=False) for number in range(LETTERS)))
        (boxes / SENT).write_bytes(b"".join(letter(number, sent=True) for number in range(LETTERS // 2)))
        import_mboxes(dovecot, "elena", boxes)
        yield dovecot


@pytest.fixture(scope="module")
def line(server: Dovecot) -> Iterator[FaultProxy]:
    with FaultProxy(server.tls_port) as proxy:
        yield proxy


@pytest.fixture(scope="module", autouse=True)
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors.imap.PAGE", 20)
        yield


@contextmanager
def impatient() -> Iterator[None]:
    """Whoever says nothing is given up soon: only where nothing has to succeed, since a machine may be busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors._imap_session.CONNECT_WITHIN", 0.5)
        patch.setattr("connectors._imap_session.ANSWER_WITHIN", 0.5)
        yield


def account(server: Dovecot, port: int) -> OpenAccount:
    options = ImapOptions.model_validate(
        {
            "type": "imap",
            "address": OWNER,
            "username": "elena",
            "host": "localhost",
            "port": port,
            "tls": "implicit",
            "ca_file": server.certificate.chain,
            "password": REFERENCE,
        }
    )
    connector = Imap(options, context("mail", secrets={REFERENCE: PASSWORD}, now=lambda: NOW))
    return OpenAccount("mail", "imap", connector, FIRST_SYNC)


@pytest.fixture(scope="module")
def undisturbed(server: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the store holds after one sync that nothing disturbed."""
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('undisturbed')}/syncd.db") as store:
        assert poll(store, account(server, server.tls_port), NOW).error is None
        derive(store, POLICY)
        return list(store.dump())


# A first sync is about 30,000 bytes over the line, 3,000 of them before the first folder is asked for.
PLACES = st.integers(0, 40_000)
FAULTS = st.one_of(
    st.just(Fault(refuse=True)),
    st.builds(Fault, cut_after=PLACES, reset=st.booleans()),
    st.builds(Fault, corrupt_at=PLACES),
    st.builds(Fault, cut_after=PLACES, delay=st.just(0.002)),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(FAULTS, min_size=1, max_size=6))
@example([Fault(silent=True), Fault(stall_after=20_000), Fault(stall_after=5_000)])
def test_whatever_a_line_does_the_store_ends_as_after_one_clean_sync(
    server: Dovecot, line: FaultProxy, undisturbed: list[str], faults: list[Fault]
) -> None:
    coming = iter(faults)
    line.plan = partial(next, coming, FINE)
    with TemporaryDirectory() as folder, Store.open(f"sqlite:///{Path(folder)}/syncd.db") as store:
        source = account(server, line.port)
        for number in range(len(faults)):
            with impatient():
                poll(store, source, NOW + number * timedelta(minutes=10))
            derive(store, POLICY)
        line.plan = lambda: FINE
        outcome = poll(store, source, NOW + timedelta(hours=2))
        derive(store, POLICY)
        known = store.account("mail")
        assert (outcome.error, known and known.status) == (None, AccountStatus.OK)
        assert list(store.dump()) == undisturbed
        assert poll(store, source, NOW + timedelta(days=1)).receipt.new == 0


def test_a_line_that_breaks_is_told_apart_from_a_password_that_is_wrong(
    server: Dovecot, line: FaultProxy, tmp_path: Path
) -> None:
    kinds = (Fault(refuse=True), Fault(silent=True), Fault(cut_after=0), Fault(corrupt_at=900), Fault(stall_after=900))
    with Store.open(f"sqlite:///{tmp_path}/syncd.db") as store:
        for fault in kinds:
            line.plan = partial(replace, fault)
            with impatient():
                assert poll(store, account(server, line.port), NOW).error is not None
            known = store.account("mail")
            assert known
            assert known.status is AccountStatus.FAILING, fault
        assert known is not None
        assert known.failures == len(kinds)

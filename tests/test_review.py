"""Whom a name on the command line means, and what the digest is told of the accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from syncd.connector import Page
from syncd.errors import UsageError
from syncd.model import AccountStatus, Person, Reading, Relationship, Tie, TieState
from syncd.review import find_person, is_contact, sources
from syncd.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def known(name: str, *addresses: str, met: int = 0, sent: int = 0, received: int = 0) -> Relationship:
    person = Person(f"p:{crc32(addresses[0].encode()):08x}", name, addresses)
    tie = Tie(person.id, 0.5, timedelta(weeks=6), None, 0.9, TieState.WARM, "", sent=sent, received=received, met=met)
    return Relationship(person, tie, "", "", followed=False, months=(0,) * 12)


MARTA = known("Marta Bianchi", "marta@arup.example", sent=3, received=4)
MARTIN = known("Martin Berg", "martin@berg.example", met=1)
SHOP = known("Marta Shop", "news@shop.example", received=40)
EVERYBODY = (MARTA, MARTIN, SHOP)


@pytest.mark.parametrize(
    "name", ["Marta Bianchi", "marta bianchi", "bianchi", "bia", "marta@arup.example", "marta", MARTA.person.id]
)
def test_a_person_is_found_by_name_word_beginning_address_or_id(name: str) -> None:
    assert find_person(EVERYBODY, name) is MARTA


def test_somebody_who_is_no_contact_is_found_when_nobody_else_is_meant() -> None:
    assert find_person(EVERYBODY, "shop") is SHOP


def test_accents_need_not_be_typed() -> None:
    zoe = known("Zoë Żółć", "zoe@z.example", met=1)
    assert find_person((*EVERYBODY, zoe), "zoe zołc") is zoe


def test_who_was_let_go_gives_way_to_who_was_not() -> None:
    gone = replace(known("Marta Conti", "marta@conti.example", met=1), muted=True)
    assert find_person((*EVERYBODY, gone), "marta") is MARTA
    assert find_person((*EVERYBODY, gone), "conti") is gone


def test_an_ambiguous_name_lists_the_candidates() -> None:
    with pytest.raises(UsageError, match=r"2 people:\n  p:.*Marta Bianchi.*\n.*Martin Berg"):
        find_person(EVERYBODY, "mart")


@pytest.mark.parametrize("name", ["nobody", "", "  "])
def test_an_unknown_name_says_where_to_look(name: str) -> None:
    with pytest.raises(UsageError, match="syncd people"):
        find_person(EVERYBODY, name)


def test_mail_one_way_makes_no_contact() -> None:
    assert [is_contact(one) for one in EVERYBODY] == [True, True, False]


# ------------------------------------------------------------------------------- sources


def test_a_source_is_what_the_store_knows_of_its_account(tmp_path: Path) -> None:
    heard = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
    with Store.open(f"sqlite:///{tmp_path}/syncd.db") as store:
        for name, connector in (("work", "imap"), ("diary", "ics"), ("odd", "of-somebody-else")):
            store.enrol(name, connector)
        store.commit_page("work", Page((), "1"), None, Reading(1, 2, heard, heard, 0))
        store.record_outcome("diary", heard, AccountStatus.SIGN_IN, ("Signed out.", "Type: x"))

        work, diary, odd, added = sources(store, ("work", "diary", "odd", "added"))

    assert (work.status, work.heard, work.shows) == (AccountStatus.FIRST_SYNC, heard, "mail")
    assert (diary.error, diary.hint, diary.failing_since, diary.shows) == ("Signed out.", "Type: x", heard, "")
    assert odd.shows == "", "whoever does not say may show meetings"
    assert (added.account, added.status, added.last_sync) == ("added", AccountStatus.NEW, None)

"""Whom a name on the command line means."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zlib import crc32

import pytest

from syncd.errors import UsageError
from syncd.model import Person, Relationship, Tie, TieState
from syncd.review import find_person, is_contact


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

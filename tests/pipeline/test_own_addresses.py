"""The owner's addresses are learned from Sent folders, and an assistant's are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.pipeline.own_addresses import SIGHTINGS_TO_LEARN, OwnAddresses, learn_own
from tests.pipeline.strategies import law

MINE = "davide.rossi@northwind.example"


def learned(sender: str, *, name: str = "Davide Rossi", count: int = SIGHTINGS_TO_LEARN) -> bool:
    return sender in learn_own([MINE], name, {MINE: 100, sender: count})


@pytest.mark.parametrize(
    "sender",
    [
        "davide.rossi@old.example",
        "d.rossi@old.example",
        "drossi@old.example",
        "rossid@old.example",
        "rossi@old.example",
        "davide.m.rossi@old.example",
        "m..rossi@northwind.example",
        "dav.rossi@old.example",
        "davide@rossi.example",
    ],
)
def test_an_address_in_the_owners_name_is_learned(sender: str) -> None:
    assert learned(sender)


@pytest.mark.parametrize(
    "sender",
    [
        "kay.chapman@northwind.example",
        "maria.rossi@northwind.example",
        "maria@rossi.example",
        "davide.bianchi@northwind.example",
        "mrossi@old.example",
        "office@northwind.example",
    ],
)
def test_an_assistant_or_a_relative_is_not_the_owner(sender: str) -> None:
    assert not learned(sender)


def test_two_sightings_are_too_few() -> None:
    assert not learned("d.rossi@old.example", count=SIGHTINGS_TO_LEARN - 1)


def test_without_a_name_the_configured_address_tells_it() -> None:
    assert learned("d.rossi@old.example", name="")
    assert not learned("maria.rossi@old.example", name="")


def test_a_handle_is_recognized_wherever_it_stands() -> None:
    own = learn_own(["alx@code.example"], "Alessandro Verdi", {"alx.lists@mail.example": 5, "alexa@mail.example": 5})
    assert "alx.lists@mail.example" in own
    assert "alexa@mail.example" not in own


@pytest.mark.parametrize(
    ("configured", "learned", "others"),
    [
        ("alx.mailinglists@mail.example", {"alx@code.example", "alx.manual@mail.example"}, {"alexa@mail.example"}),
        ("mtk.manual@mail.example", {"mtk@man7.example", "mtk.lists@mail.example"}, {"mtk@mail.example"}),
        ("anna.rossi@acme.example", {"anna@home.example"}, {"anna@acme.example", "anna.verdi@acme.example"}),
    ],
)
def test_a_given_name_is_enough_in_another_domain_or_for_lists(
    configured: str, learned: set[str], others: set[str]
) -> None:
    own = learn_own([configured], "", dict.fromkeys(learned | others, 5))
    assert own.addresses == {configured, *learned}


def test_when_nothing_is_configured_the_dominating_sender_is_the_owner() -> None:
    own = learn_own([], "", {"davide.rossi@old.example": 60, "d.rossi@old.example": 9, "kay.chapman@old.example": 20})
    assert own.addresses == {"davide.rossi@old.example", "d.rossi@old.example"}
    assert not learn_own([], "", {"anna.verdi@old.example": 10, "kay.chapman@old.example": 10}).addresses


def test_when_only_a_name_is_configured_the_senders_of_that_name_are_the_owner() -> None:
    own = learn_own([], "Davide Rossi", {"d.rossi@old.example": 9, "kay.chapman@old.example": 90})
    assert own.addresses == {"d.rossi@old.example"}


def test_plus_tags_gmail_dots_and_patterns_are_own_addresses_too() -> None:
    own = learn_own(["davide.rossi@gmail.com", "*@davide.example"], "", {})
    assert "davide.rossi+shop@gmail.com" in own
    assert "davider.ossi@googlemail.com" in own
    assert "anything@davide.example" in own
    assert "anna@acme.example" not in own
    assert "" not in own


def test_an_alias_in_the_owners_domain_resembles_them() -> None:
    own = learn_own([MINE], "", {})
    assert own.resembles("drossi@northwind.example")
    assert not own.resembles("drossi@acme.example")
    assert not own.resembles("maria.rossi@northwind.example")
    assert not own.resembles("")


def test_the_fingerprint_changes_with_the_addresses_and_with_nothing_else() -> None:
    own = learn_own([MINE, "*@davide.example"], "Davide Rossi", {})
    assert own.fingerprint() == learn_own(["*@davide.example", MINE], "Davide Rossi", {}).fingerprint()
    assert own.fingerprint() != learn_own([MINE], "Davide Rossi", {}).fingerprint()
    assert own.fingerprint() != OwnAddresses().fingerprint()


@law
@given(st.dictionaries(st.sampled_from((MINE, "d.rossi@old.example", "kay@old.example")), st.integers(0, 9)))
def test_what_is_configured_is_own_whatever_the_sent_folders_hold(senders: dict[str, int]) -> None:
    assert MINE in learn_own([MINE.upper()], "", senders)

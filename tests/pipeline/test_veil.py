"""Who was forgotten is known again, however a text spells or joins their name, and whoever passes their mail on."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import normalize

import pytest

from syncd.model import Message, Participant, Role
from syncd.pipeline.veil import marks_of, veil_of
from tests.store.records import ANNA, BOB, ME, OWN, mail

NAME = "Anna Giulia Rossi"
HIDDEN = veil_of(marks_of([ANNA], [NAME, "Zoë Núñez", "Anna O'Brien"], [], "00"), OWN)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"{NAME}'s birthday", "'s birthday"),
        ("ROSSI ANNA GIULIA\N{RIGHT SINGLE QUOTATION MARK}S NOTES", "\N{RIGHT SINGLE QUOTATION MARK}S NOTES"),
        (f"La festa dell'{NAME}", "La festa dell'"),
        ("Anna_Giulia_Rossi.pdf", ".pdf"),
        ("Anna O'Brien's talk", "'s talk"),
        (normalize("NFD", "Lunch with Zoë Núñez"), "Lunch with"),
        ("Anna's, Giulia's and Rossi's", "Anna's, Giulia's and Rossi's"),
        (normalize("NFD", "Café with Zoë"), normalize("NFD", "Café with Zoë")),
    ],
)
def test_a_name_is_known_however_it_is_joined_to_other_words(said: str, kept: str) -> None:
    assert HIDDEN.text(said) == kept


@pytest.mark.parametrize(
    ("address", "name", "kept"),
    [
        (BOB, f"{ANNA} via Bob", "via Bob"),
        ("team@arup.example", NAME, ""),
        ("circle@brunel.example", f"{NAME} via Circle", "via Circle"),
        ("anna@other.example", NAME, NAME),
    ],
)
def test_who_passes_mail_on_does_not_bear_the_name_and_a_namesake_does(address: str, name: str, kept: str) -> None:
    letter = replace(mail(1), participants=(Participant(address, name, Role.FROM), Participant(ME, "", Role.TO)))
    bare = HIDDEN.over(letter)

    assert isinstance(bare, Message)
    assert [one.name for one in bare.participants] == [kept, ""]

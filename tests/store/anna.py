"""Anna, who asks to be forgotten: records that show her, and what of her a store still holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from syncd.model import Meeting, Message, Person
from syncd.pipeline.identity import resolve
from syncd.store.forgetting import forget
from syncd.store.schema import metadata
from tests.store.records import ANNA, BOB, ME, OWN, derive, mail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.model import Observation
    from syncd.store import Store

NAME = "Anna Giulia Rossi"
WORDS = ("anna@arup", "rossi", "giulia")


def of_anna(observation: Observation) -> Observation:
    """The same record, with her name beside her address and in what it is about."""
    if not isinstance(observation, Message | Meeting):
        return observation
    people = tuple(replace(one, name=NAME) if one.address == ANNA else one for one in observation.participants)
    return replace(observation, participants=people)


def three(number: int) -> Observation:
    """A letter of mine to Anna and Bob, which names her in its subject."""
    letter = mail(number, author=ME, to=(ANNA, BOB), sent=True)
    return of_anna(replace(letter, subject=f"Lunch with {NAME}?"))


def resolved(store: Store) -> None:
    """Derive, and say who is who."""
    derive(store)
    store.apply_identities(resolve(store.sightings(), store.namesakes(), store.decisions(), (), OWN))


def anna(store: Store) -> Person:
    found = next((one for one in store.people() if ANNA in one.addresses), None)
    return found or Person("p:0", NAME, (ANNA,))


def forget_her(store: Store) -> None:
    forget(store, anna(store), OWN)
    derive(store)


def everything(store: Store) -> Iterator[str]:
    """Every value of every table, as one line for each row."""
    with store.transactions.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(table.select()):
                yield f"{table.name} {[one.decode() if isinstance(one, bytes) else one for one in row]}".lower()


def traces(store: Store) -> list[str]:
    """The rows in which she stands."""
    return [line for line in everything(store) if any(word in line for word in WORDS)]

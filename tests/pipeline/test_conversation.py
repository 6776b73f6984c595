"""Which exchanges count: two-way or it is not a relationship."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model import Role, Touch, VerdictKind
from syncd.pipeline.conversation import conversation, in_order
from syncd.pipeline.policy import Ignore
from tests.pipeline.diary import heard, met, person, wrote


def counted(
    *touches: Touch,
    addresses: tuple[str, ...] = ("anna@rossi.example",),
    ignore: Ignore | None = None,
    name: str = "Anna Rossi",
) -> int:
    return len(conversation(person(name, *addresses), in_order(touches), ignore or Ignore()))


def answer_to(letter: Touch, verdict: VerdictKind, after: timedelta = timedelta(hours=3)) -> Touch:
    return heard(letter.at + after, verdict=verdict, answers=letter.message_id)


def test_letters_and_meetings_count() -> None:
    assert counted(heard("2026-01-01"), wrote("2026-01-02"), met("2026-01-03")) == 3


@pytest.mark.parametrize("verdict", [kind for kind in VerdictKind if kind is not VerdictKind.HUMAN])
def test_what_nobody_wrote_to_me_does_not_count(verdict: VerdictKind) -> None:
    assert counted(heard("2026-01-01", verdict=verdict)) == 0


def test_mail_through_a_list_counts_once_i_wrote_to_them() -> None:
    through_list = heard("2026-01-01", verdict=VerdictKind.LIST)
    assert counted(through_list, heard("2026-01-02")) == 1
    assert counted(through_list, wrote("2026-01-02")) == 2


def test_bulk_mail_counts_when_it_answers_me() -> None:
    letter = wrote("2026-01-02")
    pitch = heard("2026-01-01", verdict=VerdictKind.BULK)
    assert counted(pitch, letter, answer_to(letter, VerdictKind.BULK)) == 2


def test_bulk_mail_that_answers_somebody_else_does_not_count() -> None:
    newsletter = heard("2026-01-03", verdict=VerdictKind.BULK, answers="another@mine.example")
    assert counted(wrote("2026-01-02"), newsletter) == 1


def test_an_acknowledgement_within_minutes_is_a_machines() -> None:
    letter = wrote("2026-01-02")
    assert counted(letter, answer_to(letter, VerdictKind.BULK, timedelta(minutes=1))) == 1


def test_an_out_of_office_reply_of_a_person_does_not_count() -> None:
    letter = wrote("2026-01-02")
    assert counted(letter, answer_to(letter, VerdictKind.AUTOMATED)) == 1


@pytest.mark.parametrize("verdict", [VerdictKind.WIDE, VerdictKind.BOUNCE, VerdictKind.CALENDAR])
def test_not_even_an_answer_counts_when_it_went_to_many_or_is_no_letter(verdict: VerdictKind) -> None:
    letter = wrote("2026-01-02")
    assert counted(letter, answer_to(letter, verdict)) == 1


def test_an_office_counts_only_after_a_two_way_exchange() -> None:
    letter = wrote("2026-01-02")
    office = ("info@hotel.example",)
    offer = heard("2026-01-01", verdict=VerdictKind.AUTOMATED)
    assert counted(offer, addresses=office) == 0
    assert counted(offer, letter, addresses=office) == 0
    assert counted(offer, letter, answer_to(letter, VerdictKind.AUTOMATED), addresses=office) == 2
    assert counted(heard("2026-01-01"), addresses=office) == 0


@pytest.mark.parametrize("name", ["", "Hotel", "Hotel Support", "info@hotel.example"])
def test_an_office_in_which_nobody_in_particular_answers_is_nobody(name: str) -> None:
    letter = wrote("2026-01-02")
    answer = answer_to(letter, VerdictKind.AUTOMATED)
    assert counted(letter, answer, heard("2026-01-09"), addresses=("info@hotel.example",), name=name) == 0


def test_somebody_with_an_address_of_their_own_is_no_office() -> None:
    assert counted(heard("2026-01-01"), addresses=("info@rossi.example", "anna@rossi.example")) == 1


def test_an_answer_from_an_ignored_or_machine_address_does_not_count() -> None:
    letter = wrote("2026-01-02")
    reply = answer_to(letter, VerdictKind.BULK)
    assert counted(letter, reply, addresses=("noreply@shop.example",)) == 1
    assert counted(letter, reply, ignore=Ignore(addresses=("*@rossi.example",))) == 1


def test_being_another_recipient_of_a_letter_is_no_contact() -> None:
    assert counted(heard("2026-01-01", role=Role.CC), heard("2026-01-02", role=Role.TO)) == 0


def test_a_letter_to_two_addresses_of_one_person_counts_once_as_written_to_them() -> None:
    letter = wrote("2026-01-02", address="anna@rossi.example")
    copy = replace(letter, role=Role.CC, address="a.rossi@work.example")
    for touches in ((letter, copy), (copy, letter)):
        kept = conversation(person(), in_order(touches), Ignore())
        assert [touch.role for touch in kept] == [Role.TO]

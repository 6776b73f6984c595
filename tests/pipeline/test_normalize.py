"""Two spellings of one thing give one key; what is no mailbox of a person gives none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.pipeline.normalize import (
    display_name,
    domain_of,
    event_key,
    mailbox_key,
    matches,
    message_key,
    name_from_address,
    name_key,
    normal_address,
    subject_key,
)
from tests.pipeline.strategies import law

EXCHANGE = "040000008200E00074C5B7101A82E008"


def global_object_id(*, instance: str = "00000000", payload: bytes = b"\xab" * 16) -> str:
    return EXCHANGE + instance + "A0" * 8 + "00" * 8 + len(payload).to_bytes(4, "little").hex() + payload.hex().upper()


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Anna@Acme.EXAMPLE", "anna@acme.example"),
        (" <anna@acme.example> ", "anna@acme.example"),
        ("'anna@acme.example'", "anna@acme.example"),
        ("mailto:anna@acme.example", "anna@acme.example"),
        ("anna@acme.example.", "anna@acme.example"),
        ("an\0na@acme.example", "anna@acme.example"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@STRASSE.example", "anna@strasse.example"),
        ("anna@straße.example", "anna@xn--strae-oqa.example"),
        ("jose\u0301@acme.example", "josé@acme.example"),
        ('"anna.rossi"@acme.example', "anna.rossi@acme.example"),
        ("o'brien@acme.example", "o'brien@acme.example"),
    ],
)
def test_an_address_has_one_form(written: str, address: str) -> None:
    assert normal_address(written) == address


@pytest.mark.parametrize(
    "written",
    [
        "",
        "anna",
        "anna@",
        "@acme.example",
        "anna@rossi@acme.example",
        "anna rossi@acme.example",
        "undisclosed-recipients:;",
        "/O=ACME/OU=ROME/CN=ANNA@acme.example",
        "IMCEANOTES-Anna+20Rossi@acme.example",
        "IMCEAEX-_O=ACME_CN=anna@acme.example",
        "invalid:nomail",
        "anna@acme.example.INVALID",
        "c_1234@resource.calendar.google.com",
        "anna@" + "a" * 400 + ".example",
        "anna@-\udc80.example\u2603 ",
    ],
)
def test_what_is_no_mailbox_of_a_person_has_none(written: str) -> None:
    assert normal_address(written) == ""


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("an.na+list@gmail.com", "anna@gmail.com"),
        ("anna@googlemail.com", "anna@gmail.com"),
        ("an.na+list@acme.example", "an.na@acme.example"),
        ("+@acme.example", "+@acme.example"),
        ("", ""),
    ],
)
def test_a_mailbox_has_one_key_and_only_gmail_ignores_dots(address: str, key: str) -> None:
    assert mailbox_key(address) == key


@pytest.mark.parametrize(
    ("written", "shown", "key"),
    [
        ("Rossi, Anna (Acme)", "Anna Rossi", "anna rossi"),
        ("'Anna Rossi'", "Anna Rossi", "anna rossi"),
        ("ROSSI, ANNA", "Anna Rossi", "anna rossi"),
        ("anna rossi", "Anna Rossi", "anna rossi"),
        ("Anna Rossi, PhD", "Anna Rossi", "anna rossi"),
        ("Dr. Anna Rossi", "Dr. Anna Rossi", "anna rossi"),
        ("Anna Rossi via Club", "Anna Rossi", "anna rossi"),
        ("Anna Rossi/ROM/ACME@ACME", "Anna Rossi", "anna rossi"),
        ("Anna Rossi [mailto:anna@acme.example]", "Anna Rossi", "anna rossi"),
        ("José García-López", "José García-López", "jose garcia lopez"),
        ("Søren O’Brien", "Søren O’Brien", "soren obrien"),  # noqa: RUF001 - the typographic apostrophe is the point
        ("Anna M. Rossi", "Anna M. Rossi", "anna m rossi"),
        ("王 伟", "王 伟", "王 伟"),
        ("A. Rossi", "A. Rossi", ""),
        ("Anna", "Anna", ""),
        ("Anne-Marie", "Anne-Marie", ""),
        ("anna@acme.example", "", ""),
    ],
)
def test_a_name_is_tidied_and_compared_without_its_ornaments(written: str, shown: str, key: str) -> None:
    assert display_name(written) == shown
    assert name_key(written) == key


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("anna.rossi@acme.example", "Anna Rossi"),
        ("anna_rossi82@acme.example", "Anna Rossi"),
        ("anna.m.rossi@acme.example", "Anna M. Rossi"),
        ("m..rossi@acme.example", "M. Rossi"),
        ("budi+shop@acme.example", "budi"),
    ],
)
def test_a_name_is_read_out_of_an_address_only_when_it_stands_there(address: str, name: str) -> None:
    assert name_from_address(address) == name


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("<one@acme.example>", "one@acme.example"),
        (" <One@acme.example> ", "One@acme.example"),
        ("<one@acme\r\n .example>", "one@acme.example"),
        ("<one@acme.example> <two@acme.example>", "one@acme.example"),
        ("one@acme.example", "one@acme.example"),
        ("<[one]@acme.example>", "[one]@acme.example"),
        ("<>", ""),
        ("", ""),
        ("<" + "x" * 2000 + ">", "x" * 998),
    ],
)
def test_a_message_id_is_its_first_token_whatever_surrounds_it(field: str, key: str) -> None:
    assert message_key(field) == key


def test_message_ids_that_differ_only_in_case_are_two() -> None:
    assert message_key("<One@acme.example>") != message_key("<one@acme.example>")


@pytest.mark.parametrize(
    "subject",
    ["Lunch", "Re: Lunch", "AW: Re[2]: lunch", "[club] Re: Lunch", "R: I: Lunch", "Fwd:  LUNCH", "Balas: Lunch"],
)
def test_one_conversation_has_one_subject(subject: str) -> None:
    assert subject_key(subject) == "lunch"


def test_a_numbered_tag_is_part_of_the_subject() -> None:
    assert subject_key("[PATCH 1/3] Lunch") != subject_key("[PATCH 2/3] Lunch")


def test_every_wrapping_of_one_event_gives_one_key() -> None:
    wrapped = global_object_id(payload=b"vCal-Uid\x01\0\0\0lunch@acme.example\0")
    assert event_key(wrapped) == event_key("lunch@acme.example") == "lunch@acme.example"
    assert event_key("lunch_R20240101T090000@acme.example") == "lunch@acme.example"
    assert event_key(global_object_id(instance="07E80304")) == event_key(global_object_id()).lower()
    assert event_key(global_object_id()) != event_key(global_object_id(payload=b"\xcd" * 16))


def test_a_foreign_uid_inside_exchanges_is_read_as_utf_8() -> None:
    wrapped = global_object_id(payload=b"vCal-Uid\x01\0\0\0" + "Mittagessen-für-drei".encode() + b"\0")
    assert event_key(wrapped) == event_key("Mittagessen-für-drei")


@pytest.mark.parametrize(
    ("pattern", "address", "fits"),
    [
        ("Anna@acme.example", "anna@acme.example", True),
        ("*@acme.example", "anna@acme.example", True),
        ("*@acme.example", "anna@sub.acme.example", False),
        ("no-reply@*", "no-reply@shop.example", True),
        ("*@bounces.*", "x@bounces.shop.example", True),
        ("/^anna[0-9]*@/", "anna2@acme.example", True),
        ("/^anna[0-9]*@/", "joanna@acme.example", False),
        ("a.na@acme.example", "anna@acme.example", False),
    ],
)
def test_a_pattern_is_a_literal_a_glob_or_an_expression(pattern: str, address: str, *, fits: bool) -> None:
    assert matches(pattern, address) is fits


def test_the_domain_stands_behind_the_at_sign() -> None:
    assert domain_of("anna@acme.example") == "acme.example"
    assert domain_of("anna") == ""


@law
@given(st.text() | st.builds("{}@{}".format, st.text(), st.text()))
def test_a_key_of_a_key_is_itself(text: str) -> None:
    address = normal_address(text)
    assert normal_address(address) == address
    assert mailbox_key(mailbox_key(address)) == mailbox_key(address)
    assert subject_key(subject_key(text)) == subject_key(text)
    assert message_key(message_key(text)) == message_key(text)


@law
@given(st.text())
def test_no_text_is_too_strange_for_a_key(text: str) -> None:
    assert isinstance(name_key(text) + display_name(text) + name_from_address(text) + event_key(text), str)

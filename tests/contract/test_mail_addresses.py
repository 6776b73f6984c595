"""Address headers: the ordinary forms, and everything else that real mail holds."""

from __future__ import annotations

import pytest

from connectors._mail_addresses import reader
from syncd.model import Participant, Role

READ = reader(Role.TO)
THREE = [("", "a@example.org"), ("Bo", "b@example.org"), ("", "c@example.org")]


def mailboxes(value: str) -> list[tuple[str, str]]:
    return [(who.name, who.address) for who in READ(value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" a@example.org", [("", "a@example.org")]),
        ("<a@example.org>", [("", "a@example.org")]),
        ("Anna Rossi <a@example.org>", [("Anna Rossi", "a@example.org")]),
        ('"Rossi, Anna" <a@example.org>', [("Rossi, Anna", "a@example.org")]),
        ("a@example.org, Bo <b@example.org> ,\t<c@example.org>", THREE),
        ("o'neil.o@example.org", [("", "o'neil.o@example.org")]),
        ("A.B+tag=x@sub.example.co.uk", [("", "A.B+tag=x@sub.example.co.uk")]),
        ("a@example.org (Anna Rossi)", [("Anna Rossi", "a@example.org")]),
        ("Anna (at home) Rossi <a@example.org>", [("Anna Rossi", "a@example.org")]),
        ('"Anna \\"Ann\\" Rossi" <a@example.org>', [('Anna "Ann" Rossi', "a@example.org")]),
        ("=?utf-8?q?J=C3=B6rg_M=C3=BCller?= <j@example.org>", [("Jörg Müller", "j@example.org")]),
        ("=?utf-8?q?Rossi=2C_Anna?= <a@example.org>", [("Rossi, Anna", "a@example.org")]),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@example.org>', [("Jörg", "j@example.org")]),
        ("undisclosed-recipients:;", []),
        ("Friends: a@example.org, Bo <b@example.org>;, c@example.org", THREE),
        ("", []),
    ],
)  # fmt: skip
def test_the_forms_of_the_standard_are_read(value: str, expected: list[tuple[str, str]]) -> None:
    assert mailboxes(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@example.org; b@example.org", [("", "a@example.org"), ("", "b@example.org")]),
        ("a@example.org b@example.org", [("", "a@example.org"), ("", "b@example.org")]),
        ("Rossi, Anna <a@example.org>", [("Rossi, Anna", "a@example.org")]),
        ("Rossi, Anna <a@x.org>, Bo <b@x.org>", [("Rossi, Anna", "a@x.org"), ("Bo", "b@x.org")]),
        ("Everybody in the house, Anna <a@example.org>", [("Anna", "a@example.org")]),
        ("Anna <a@example.org> Bo <b@example.org>", [("Anna", "a@example.org"), ("Bo", "b@example.org")]),
        ("a@example.org via List <list@example.org>", [("a@example.org via List", "list@example.org")]),
        ("<<a@example.org>>", [("", "a@example.org")]),
        ("Anna <Anna <a@example.org>>", [("Anna", "a@example.org")]),
        ("Anna <a@example.org", [("Anna", "a@example.org")]),
        ('"Anna <a@example.org>, b@example.org', [("Anna", "a@example.org"), ("", "b@example.org")]),
        ("a@example.org., a@example.org", [("", "a@example.org")]),
        ("A@example.org, a@Example.org", [("", "A@example.org")]),
        ("'a@example.org'", [("", "a@example.org")]),
        ("\"'a@example.org'\" <a@example.org>", [("", "a@example.org")]),
        ("mailto:a@example.org", [("", "a@example.org")]),
        ("a @ example . org", [("", "a@example.org")]),
        ("<@relay.example,@other.example:a@example.org>", [("", "a@example.org")]),
        ('"john doe"@example.org', [("", '"john doe"@example.org')]),
        ('"john"@example.org', [("", "john@example.org")]),
        ("Anna <a(here)@example.org(there)>", [("Anna", "a@example.org")]),
        ("=?utf-8?Q?Rossi, Anna?= <a@example.org>", [("Rossi, Anna", "a@example.org")]),
        ("anna <=?utf-8?q?a=40example.org?=>", [("anna", "a@example.org")]),
        ("δοκιμή@παράδειγμα.example", [("", "δοκιμή@παράδειγμα.example")]),
        ("a@example.org,,b@example.org,", [("", "a@example.org"), ("", "b@example.org")]),
    ],
)  # fmt: skip
def test_what_is_malformed_is_read_as_a_person_would(value: str, expected: list[tuple[str, str]]) -> None:
    assert mailboxes(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "nobody", "<>", "@example.org", "a@\u202e", "\u200b@example.org", "a@", "a@b@example.org",
        "<a@b@example.org>", "/O=EXAMPLE/OU=ONE/CN=ANNA", "<Undisclosed-Recipient:;@example.org>", ":;", "\xa0", '""',
        "<" + "x" * 400 + "@example.org>",
    ],
)  # fmt: skip
def test_what_is_no_mailbox_is_dropped(value: str) -> None:
    assert mailboxes(value) == []


def test_names_are_decoded_trimmed_and_harmless() -> None:
    assert mailboxes("  Anna\t \u202e\u200bRossi\x07 <a@example.org>") == [("Anna Rossi", "a@example.org")]
    assert mailboxes(f"{'x' * 900} <a@example.org>") == [("x" * 200, "a@example.org")]


def test_five_thousand_recipients_are_read_and_no_more() -> None:
    everybody = ", ".join(f"Person {number} <p{number}@example.org>" for number in range(6000))
    found = READ(everybody)
    assert len(found) == 5000
    assert found[4999] == Participant("p4999@example.org", "Person 4999", Role.TO)
    assert len(READ(everybody.replace(",", ";"))) == 5000

"""The letter: the headers that say what it is, and bytes that every mail server carries unchanged."""
# ruff: noqa: RUF001 - the apostrophe of printed Italian

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING

import pytest

from connectors._mail import read_message
from syncd.errors import DeliveryError
from syncd.model import Section, SectionKind
from syncd.render import compose_letter, render_html, render_text
from tests.golden.digest.world import DAY, FULL, KEY, LANGUAGES, QUIET, policy

if TYPE_CHECKING:
    from syncd.pipeline.policy import Policy


def opened(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def headers(content: bytes) -> list[str]:
    return [name for name, _ in opened(content).items()]


def to(address: str) -> Policy:
    return replace(policy(), digest=replace(policy().digest, to=address))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_headers_say_that_a_machine_wrote_it_to_one_person(language: str) -> None:
    letter = compose_letter(FULL, policy(language), KEY)
    message = opened(letter.content)
    assert dict(message.items()) == {
        "Content-Type": message["Content-Type"],
        "MIME-Version": "1.0",
        "From": "syncd <davide@rossi.example>",
        "To": "davide@rossi.example",
        "Subject": {
            "en": "Tom, Marta and 3 others are going quiet",
            "it": "Da un po’ non senti Tom, Marta e altre 3 persone",
            "id": "Tom, Marta, dan 3 lainnya mulai jarang berkabar",
        }[language],
        "Date": "Tue, 06 Oct 2026 07:00:00 +0200",
        "Message-ID": letter.message_id,
        "List-Id": "syncd digest <digest.syncd.localhost>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": language,
    }
    assert (letter.day, letter.recipient) == (DAY, "davide@rossi.example")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_parts_are_the_text_and_the_page(language: str) -> None:
    message = opened(compose_letter(FULL, policy(language), KEY).content)
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == render_text(FULL, policy(language))
    assert html.get_content().replace("\r\n", "\n") == render_html(FULL, policy(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_server_carries_the_bytes_unchanged(language: str) -> None:
    content = compose_letter(FULL, policy(language), KEY).content
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert max(map(len, content.split(b"\r\n"))) <= 78


def test_the_same_digest_makes_the_same_bytes() -> None:
    assert compose_letter(FULL, policy(), KEY) == compose_letter(FULL, policy(), KEY)


def test_the_message_id_follows_from_the_day_and_the_key_alone() -> None:
    letter = compose_letter(FULL, policy(), KEY)
    other_content = compose_letter(replace(FULL, sections=(), generated=None), policy("it"), KEY)
    assert other_content.message_id == letter.message_id
    assert other_content.content != letter.content
    other_day = compose_letter(replace(FULL, day=date(2026, 10, 7)), policy(), KEY)
    other_key = compose_letter(FULL, policy(), KEY[::-1])
    assert len({letter.message_id, other_day.message_id, other_key.message_id}) == 3
    assert re.fullmatch(r"<[a-z2-7]{32}@digest\.syncd\.localhost>", letter.message_id)


def test_the_date_is_the_hour_of_the_digest_when_nobody_noted_another() -> None:
    message = opened(compose_letter(replace(FULL, generated=None), policy(), KEY).content)
    assert message["Date"] == "Tue, 06 Oct 2026 07:00:00 +0200"
    later = replace(FULL, generated=datetime(2026, 10, 6, 9, 30, 15, 999, tzinfo=UTC))
    assert opened(compose_letter(later, policy(), KEY).content)["Date"] == "Tue, 06 Oct 2026 11:30:15 +0200"


def test_our_own_connectors_do_not_take_the_digest_for_mail() -> None:
    header = compose_letter(FULL, policy(), KEY).content.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"
    assert read_message("1", header, None) is None
    assert read_message("1", re.sub(rb"List-Id: [^\r]*\r\n", b"", header), None) is not None


@pytest.mark.parametrize("name", ["Tom\r\nBcc: victim@example.org", "Tom\nX-Evil:yes", "Tom\x00\u2028\x85Bcc:x"])
def test_a_name_cannot_add_a_header(name: str) -> None:
    evil = replace(FULL, sections=(Section(SectionKind.QUIET, (replace(QUIET[0], name=name.replace(" ", "")),)),))
    content = compose_letter(evil, policy(), KEY).content
    assert headers(content) == headers(compose_letter(FULL, policy(), KEY).content)


def test_a_long_subject_in_any_script_is_folded_and_read_back_whole() -> None:
    names = ("Вячеславидоброслав Длинный", "Святополкрогволод Высокий", "Кто Третий")
    people = tuple(replace(QUIET[0], name=name) for name in names)
    content = compose_letter(replace(FULL, sections=(Section(SectionKind.QUIET, people),)), policy(), KEY).content
    subject = "Вячеславидоброслав, Святополкрогволод and 1 other are going quiet"
    assert opened(content)["Subject"] == subject
    assert max(map(len, content.split(b"\r\n"))) <= 78


def test_a_sender_of_ones_own_stands_in_from() -> None:
    message = opened(compose_letter(FULL, policy(), KEY, "digest@example.org").content)
    assert (message["From"], message["To"]) == ("syncd <digest@example.org>", "davide@rossi.example")


def test_a_domain_in_another_script_is_written_as_servers_know_it() -> None:
    assert compose_letter(FULL, to("davide@münchen.example"), KEY).recipient == "davide@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "davide",
        "davide@",
        "@rossi.example",
        "a@b@c",
        "a@b\r\nBcc: c@d",
        "a b@c.example",
        "dàvide@x.example",
        "-f@x.example",
    ],
)
def test_an_address_that_cannot_be_mailed_to_is_named(address: str) -> None:
    with pytest.raises(DeliveryError, match=r"digest\.to is .*, which is not an address") as raised:
        compose_letter(FULL, to(address), KEY)
    assert raised.value.hint == "Correct digest.to, then type: syncd config check"

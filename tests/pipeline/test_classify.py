"""Who speaks in a mail, told by its headers alone; the golden cases of sync-rules 10 and fault 57."""

from __future__ import annotations

import pytest
from hypothesis import given

from syncd.model import Message, Participant, Role, Signal, SignalName, VerdictKind
from syncd.pipeline.classify import classify, is_machine_address, is_role_address
from syncd.pipeline.own_addresses import learn_own
from syncd.pipeline.policy import Ignore
from tests.pipeline.strategies import ME, NOON, law, messages

OWN = learn_own(ME, "", {})
ANNA = "anna.rossi@acme.example"
CLUB = {SignalName.LIST_ID: "club.lists.example", SignalName.LIST_POST: "club@lists.example"}


def mail(  # noqa: PLR0913 - each is a header field
    sender: str = ANNA,
    to: tuple[str, ...] = (ME[0],),
    fields: dict[SignalName, str] | None = None,
    *,
    name: str = "Anna Rossi",
    subject: str = "Lunch",
    message_id: str = "one@acme.example",
    in_reply_to: str = "",
) -> Message:
    people = (Participant(sender, name, Role.FROM), *(Participant(one, "", Role.TO) for one in to))
    signals = tuple(Signal(field, value) for field, value in (fields or {}).items())
    return Message("1", NOON, people, message_id, in_reply_to, signals, subject)


def kind(message: Message, ignore: Ignore | None = None) -> VerdictKind:
    return classify(message, OWN, ignore or Ignore()).kind


def test_a_person_who_writes_to_me_is_human() -> None:
    assert kind(mail()) is VerdictKind.HUMAN


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (SignalName.AUTO_SUBMITTED, "auto-replied"),
        (SignalName.AUTO_SUBMITTED, "auto-generated; owner-email=anna@acme.example"),
        (SignalName.AUTO_SUBMITTED, "Auto-Notified (rejected)"),
        (SignalName.AUTOREPLY, "yes"),
        (SignalName.RETURN_PATH, "<>"),
        (SignalName.REPLY_TO, "no-reply@acme.example"),
    ],
)
def test_what_a_program_sent_is_automated(field: SignalName, value: str) -> None:
    assert kind(mail(fields={field: value})) is VerdictKind.AUTOMATED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (SignalName.AUTO_SUBMITTED, "no"),
        (SignalName.AUTO_SUBMITTED, " No (by hand)"),
        (SignalName.AUTO_RESPONSE_SUPPRESS, "All"),
        (SignalName.PRECEDENCE, "first-class"),
        (SignalName.REPLY_TO, "anna@rossi-family.example"),
        (SignalName.DELIVERED_TO, ME[0]),
    ],
)
def test_a_hint_alone_makes_no_machine(field: SignalName, value: str) -> None:
    assert kind(mail(fields={field: value})) is VerdictKind.HUMAN


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Lunch",
        "Out of Office: Lunch",
        "Automatische Antwort: Lunch",
        "Risposta automatica: Lunch",
        "Balasan otomatis: Lunch",
    ],
)
def test_an_answer_written_while_away_is_automated(subject: str) -> None:
    assert kind(mail(subject=subject)) is VerdictKind.AUTOMATED


@pytest.mark.parametrize(
    "message",
    [
        mail(fields={SignalName.CONTENT_TYPE: "delivery-status"}),
        mail(fields={SignalName.CONTENT_TYPE: "disposition-notification"}, subject="Read: Lunch"),
        mail(fields={SignalName.FAILED_RECIPIENTS: "budi@harapan.example"}),
        mail("MAILER-DAEMON@acme.example"),
        mail("postmaster@acme.example"),
        mail(subject="Undeliverable: Lunch"),
        mail(subject="Delivery Status Notification (Failure)"),
    ],
)
def test_a_bounce_and_a_read_receipt_are_no_answer(message: Message) -> None:
    assert kind(message) is VerdictKind.BOUNCE


@pytest.mark.parametrize(
    "message",
    [
        mail(fields={SignalName.CALENDAR: "request"}),
        mail(fields={SignalName.SENDER: "calendar-notification@google.com"}),
        mail(message_id="calendar-0f2c@google.com"),
        mail(subject="Accepted: Lunch"),
        mail(subject="Accettato: Pranzo"),
        mail(subject="Diterima: Makan siang"),
        mail(subject="Zugesagt: Mittagessen"),
        mail(subject="Invitation: Lunch @ Mon Mar 4, 2024 12:00 (CET)"),
        mail(subject="Invito: Pranzo @ lun 4 mar 2024 12:00"),
    ],
)
def test_an_invitation_and_its_answer_are_calendar_mail(message: Message) -> None:
    assert kind(message) is VerdictKind.CALENDAR


def test_a_person_may_call_a_mail_an_invitation() -> None:
    assert kind(mail(subject="Invitation: dinner at our place")) is VerdictKind.HUMAN


@pytest.mark.parametrize(
    "fields",
    [
        {SignalName.LIST_UNSUBSCRIBE: "<https://shop.example/leave>"},
        {SignalName.FEEDBACK_ID: "1:2:3:shop"},
        {SignalName.PRECEDENCE: " Bulk "},
        {SignalName.PRECEDENCE: "junk"},
        {SignalName.LIST_ID: "offers.shop.example", SignalName.LIST_UNSUBSCRIBE: "<https://shop.example/leave>"},
        {SignalName.LIST_ID: "offers.shop.example"},
        {SignalName.RETURN_PATH: "offers-errors@shop.example"},
        {SignalName.RETURN_PATH: "bounces+4711-me=home.example@post.shop.example"},
        {SignalName.RETURN_PATH: "10182839.55483860.8@bounced.shop.example"},
        {SignalName.RETURN_PATH: "79107.0.27may2026@post.shop.example"},
    ],
)
def test_a_newsletter_is_bulk(fields: dict[SignalName, str]) -> None:
    assert kind(mail(fields=fields)) is VerdictKind.BULK


@pytest.mark.parametrize(
    "path",
    [
        "anna@home.example",
        "srs0=hx4a=bounces=acme.example=anna@forwarder.example",
        "prvs=0123abcdef=anna@acme.example",
        "anna+caf_=bounces=mine.example@home.example",
        "annabounce@acme.example",
    ],
)
def test_what_forwarders_make_of_a_return_path_makes_no_newsletter(path: str) -> None:
    assert kind(mail(fields={SignalName.RETURN_PATH: path})) is VerdictKind.HUMAN


def test_a_person_on_a_list_is_list_mail_and_human_when_i_am_addressed() -> None:
    assert kind(mail(to=("club@lists.example",), fields=CLUB)) is VerdictKind.LIST
    assert kind(mail(to=("club@lists.example", ME[1]), fields=CLUB)) is VerdictKind.HUMAN


def test_a_list_without_list_post_is_known_by_its_address_among_the_recipients() -> None:
    fields = {SignalName.LIST_ID: "club.lists.example"}
    assert kind(mail(to=("club@lists.example",), fields=fields)) is VerdictKind.LIST
    assert kind(mail(to=(ME[0],), fields=fields, in_reply_to="zero@acme.example")) is VerdictKind.HUMAN


@pytest.mark.parametrize(
    "out",
    ["<mailto:club-unsubscribe@groups.example>", "<https://x.example/u>, <mailto:Club+leave@Groups.example?subject=x>"],
)
def test_a_group_is_known_by_the_way_out_of_it(out: str) -> None:
    fields = {SignalName.LIST_UNSUBSCRIBE: out}
    assert kind(mail(to=("club@groups.example",), fields=fields)) is VerdictKind.LIST
    assert kind(mail(to=("club@groups.example", ME[0]), fields=fields)) is VerdictKind.HUMAN
    assert kind(mail(fields=fields)) is VerdictKind.BULK


def test_what_a_list_carried_to_me_unseen_is_list_mail() -> None:
    fields = {SignalName.LIST_ID: "club.lists.example"}
    assert kind(mail(to=("friends@acme.example",), fields=fields)) is VerdictKind.LIST
    newsletter = {**fields, SignalName.LIST_UNSUBSCRIBE: "<https://shop.example/leave>"}
    assert kind(mail(to=("friends@acme.example",), fields=newsletter)) is VerdictKind.BULK


def test_a_rewritten_from_is_judged_by_its_real_author() -> None:
    fields = {**CLUB, SignalName.REPLY_TO: ANNA}
    message = mail("club@lists.example", ("club@lists.example", ME[0]), fields, name="Anna Rossi via Club")
    assert kind(message) is VerdictKind.HUMAN


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("noreply@shop.example", "Shop"),
        ("do-not-reply@shop.example", "Shop"),
        ("non-rispondere@shop.example", "Negozio"),
        ("jangan-balas@toko.example", "Toko"),
        ("notifications@github.com", "Anna Rossi"),
        ("reply+0123456789abcdef01234@reply.github.com", "Anna Rossi"),
        ("bounce-4711@shop.example", ""),
        ("newsletter@shop.example", "Anna from Shop"),
        ("hello@news.shop.example", "Shop"),
        ("shop#3.19578.34-xyz@shop.example", "Daily Shop"),
        ("bugzilla-daemon@code.example", ""),
        ("info@acme.example", "Acme"),
        ("customer.service@acme.example", "Acme"),
        ("tom@acme.example", "Acme Newsletter"),
        ("tom@acme.example", "The Acme Support Team"),
        ("champion@acme.example", "The Acme Champion"),
        ("mailinglist@michaelmoor.example", "Michael Moor's Mailing List"),
        ("2.20522.db-q-h_lyik6loe.1@post.shop.example", "Strips"),
        ("volunteer-reply@vote.example", "Anna Rossi"),
        ("portfoliomailer@shop.example", ""),
        ("shopnoreply@shop.example", "Shop"),
        ("shop+errors@shop.example", "Shop"),
        ("anna@reply.shop.example", "Anna from Shop"),
        ("shop@email.shop.example", "Shop"),
        ("geen-antwoord@winkel.example", "Winkel"),
        ("atencionalcliente@tienda.example", "Tienda"),
        ("service-client@boutique.example", "Boutique"),
        ("klantenservice@winkel.example", "Winkel"),
        ("buchhaltung@laden.example", "Laden"),
        ("layanan.pelanggan@toko.example", "Toko"),
        ("biuro@sklep.example", "Sklep"),
        ("custserv@shop.example", ""),
        ("tom@acmeweekly.mailings.example", "Acme Weekly"),
        ("shop.com_011916@mailings.example", ""),
        ("hotdeals@shop.example", ""),
        ("stormalert@weather.example", ""),
        ("leave-html-2508405s@lists.shop.example", ""),
    ],
)
def test_robots_relays_and_offices_are_automated(sender: str, name: str) -> None:
    assert kind(mail(sender, name=name)) is VerdictKind.AUTOMATED


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("info@rossi.example", "Anna Rossi"),
        ("newsome@acme.example", "Tom Newsome"),
        ("anna+news@acme.example", "Anna Rossi"),
        ("anna.marketing@acme.example", "Anna Rossi"),
        ("j.talbot@acme.example", "Jane Talbot"),
        ("jane@acme.example", "Jane of Acme Support"),
        ("75342.2112@mail.example", "Tom Smith"),
        ("anna@mail.acme.example", "Anna Rossi"),
        ("anna@news.co.uk", "Anna Rossi"),
        ("anna@email.college.edu", "Anna Rossi"),
        ("lists@rossi-lang.example", "Anna Rossi"),
        ("gretchen.daily@acme.example", "Gretchen Daily"),
        ("anhnguyen@acme.example", "The Anh Nguyen"),
        ("anna@rossi.mail.example", "Rossi"),
        ("tservice@acme.example", "Tom Service"),
        ("nmailer@acme.example", "Nina Mailer"),
        ("nic@acme.example", "Nic Rossi"),
        ("3380520452@qq.example", "Dashuai Wu"),
    ],
)
def test_a_person_is_not_taken_for_a_robot_by_a_likeness(sender: str, name: str) -> None:
    assert kind(mail(sender, name=name)) is VerdictKind.HUMAN


def test_a_wide_mail_is_no_conversation_whoever_sent_it() -> None:
    many = tuple(f"p{number}@acme.example" for number in range(8))
    assert kind(mail(to=(ME[0], *many))) is VerdictKind.WIDE
    assert kind(mail(to=(ME[0], *many[:7]))) is VerdictKind.HUMAN
    assert kind(mail(ME[0], (*many, ANNA))) is VerdictKind.WIDE


def test_mail_that_names_me_nowhere_was_not_written_to_me() -> None:
    assert kind(mail(to=("all@acme.example",))) is VerdictKind.WIDE
    assert kind(mail(to=())) is VerdictKind.WIDE
    assert kind(mail(to=(ANNA,))) is VerdictKind.BULK
    assert kind(mail(to=(ANNA,), subject="Re: Lunch")) is VerdictKind.WIDE
    assert kind(mail(to=(ANNA,), in_reply_to="zero@acme.example")) is VerdictKind.WIDE
    assert kind(mail(to=(ANNA,), fields={SignalName.FOLDER: "sent"})) is VerdictKind.WIDE
    assert kind(mail(to=(ANNA,), subject="[Shop] Offers")) is VerdictKind.BULK
    assert kind(mail(to=("alias@acme.example",), fields={SignalName.DELIVERED_TO: "alias@acme.example"})) is (
        VerdictKind.HUMAN
    )


def test_what_i_wrote_is_human() -> None:
    assert kind(mail(ME[0], (ANNA,))) is VerdictKind.HUMAN
    assert kind(mail("boss@northwind.example", (ANNA,), {SignalName.SENDER: ME[1]})) is VerdictKind.HUMAN


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (mail(ME[0], (ME[1],)), VerdictKind.SELF),
        (mail(ME[0], (ANNA,), {SignalName.AUTO_SUBMITTED: "auto-replied"}), VerdictKind.AUTOMATED),
        (mail(ME[0], (ANNA,), subject="Out of Office: Lunch"), VerdictKind.AUTOMATED),
        (mail(ME[0], (ANNA,), subject="Accepted: Lunch"), VerdictKind.CALENDAR),
        (mail(ME[0], (ANNA,), {SignalName.CALENDAR: "reply"}), VerdictKind.CALENDAR),
        (mail(ME[0], (ANNA,), {SignalName.CONTENT_TYPE: "disposition-notification"}), VerdictKind.BOUNCE),
        (mail(ME[0], ("leave@lists.example",), subject="unsubscribe"), VerdictKind.AUTOMATED),
        (mail(ME[0], ("club+unsubscribe@lists.example",)), VerdictKind.AUTOMATED),
        (mail(ME[0], ("noreply@shop.example",)), VerdictKind.AUTOMATED),
    ],
)
def test_my_programs_are_not_me(message: Message, expected: VerdictKind) -> None:
    assert kind(message) is expected


def test_the_owner_decides_what_is_ignored() -> None:
    pattern = Ignore(addresses=("*@acme.example",))
    assert kind(mail(), pattern) is VerdictKind.AUTOMATED
    assert "*@acme.example" in classify(mail(), OWN, pattern).reason
    assert kind(mail(to=("club@lists.example",), fields=CLUB), Ignore(mailing_lists=False)) is VerdictKind.HUMAN
    assert kind(mail(fields={SignalName.AUTO_SUBMITTED: "auto-replied"}), Ignore(automatic=False)) is VerdictKind.HUMAN
    assert kind(mail(fields={SignalName.PRECEDENCE: "bulk"}), Ignore(automatic=False)) is VerdictKind.HUMAN
    assert kind(mail("alerts@acme.example"), Ignore(automatic=False)) is VerdictKind.HUMAN
    assert kind(mail(to=(ME[0], ANNA)), Ignore(mail_to_more_than=1)) is VerdictKind.WIDE


def test_the_reason_names_the_header_that_decided() -> None:
    fields = {SignalName.LIST_UNSUBSCRIBE: "<https://shop.example/leave>"}
    assert classify(mail(fields=fields), OWN, Ignore()).reason == "List-Unsubscribe is set: newsletters carry it."


def test_an_address_tells_a_machine_or_an_office() -> None:
    assert is_machine_address("no-reply@shop.example")
    assert not is_machine_address(ANNA)
    assert is_role_address("sales.team@acme.example")
    assert not is_role_address("anna.sales@acme.example")


@law
@given(messages)
def test_every_mail_has_one_verdict_and_a_sentence_for_it(message: Message) -> None:
    verdict = classify(message, OWN, Ignore())
    assert verdict == classify(message, OWN, Ignore())
    assert verdict.reason.endswith(".")

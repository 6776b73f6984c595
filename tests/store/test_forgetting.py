"""Whoever is forgotten is gone from tables and files, never comes back, and leaves everybody else as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connector import Note, Page
from syncd.model import (
    Decision,
    DecisionKind,
    Letter,
    LetterState,
    Participant,
    Person,
    Role,
    Signal,
    SignalName,
    Unreadable,
)
from syncd.pipeline.identity import resolve
from syncd.store.forgetting import Erased, forget
from tests.store.anna import NAME, WORDS, anna, forget_her, of_anna, resolved, three, traces
from tests.store.records import ANNA, BOB, LAWS, ME, NOON, OWN, PAGES, Pages, derive, fill, mail, meeting

if TYPE_CHECKING:
    from syncd.store import Store


def test_what_is_only_between_us_goes_and_elsewhere_she_is_taken_out(store: Store) -> None:
    fill(store, "work", *map(of_anna, (mail(1), mail(2, author=ME, to=(ANNA,)), mail(3, author=BOB, to=(ME, ANNA)))))
    fill(store, "work", three(4), of_anna(meeting(5)), of_anna(meeting(6, with_whom=(ANNA, BOB))))
    resolved(store)
    erased = forget(store, anna(store), OWN)
    resolved(store)

    assert (erased.records, erased.changed) == (3, 3)
    assert store.counts().observations == 3
    assert [one.addresses for one in store.people()] == [(BOB,)]
    (bob,) = store.people()
    assert [one.subject for one in store.exchanges(bob.id, 9)] == ["Talk 6", "Lunch with ?", "Matter 3"]
    assert not traces(store)


@LAWS
@given(PAGES, st.integers(0, 8))
def test_it_does_not_matter_when_she_was_forgotten(store: Store, pages: Pages, after: int) -> None:
    # whether a record that cannot be read any more could be read once is the one thing that nobody knows afterwards
    pages = [(account, [one for one in page if not isinstance(one, Unreadable)]) for account, page in pages]
    dumps = []
    for moment in (0, after, len(pages)):
        with store.rehearse() as trial:
            for number, (account, observations) in enumerate(pages):
                if number == moment:
                    forget_her(trial)
                fill(trial, account, *(of_anna(one) for one in observations))
                derive(trial)
            if moment >= len(pages):
                forget_her(trial)
            dumps.append(list(trial.dump()))

    assert dumps[0] == dumps[1] == dumps[2]
    assert not [line for line in dumps[0] if any(word in line.lower() for word in WORDS)]


@LAWS
@given(PAGES)
def test_who_was_never_seen_is_forgotten_without_a_trace(store: Store, pages: Pages) -> None:
    with store.rehearse() as trial:
        for account, observations in pages:
            fill(trial, account, *observations)
        derive(trial)
        before = list(trial.dump())
        erased = forget(trial, Person("p:1", "Carla Neri", ("carla@neri.example",)), OWN)
        derive(trial)

        assert list(trial.dump()) == before
        assert erased == Erased()


def test_she_never_comes_back_whatever_shows_her_again(store: Store) -> None:
    fill(store, "work", of_anna(mail(1)))
    resolved(store)
    forget_her(store)
    fill(store, "work", of_anna(mail(1, "INBOX/2/1")), of_anna(mail(2, author="Anna+news@ARUP.example")))
    fill(store, "home", of_anna(mail(1)), of_anna(meeting(3)), of_anna(mail(4, author=ME, to=(ANNA,), sent=True)))
    store.restart_derivation("other rules")
    resolved(store)

    assert store.counts().observations == 0
    assert store.people() == ()


def test_a_meeting_that_becomes_one_with_her_alone_goes(store: Store) -> None:
    fill(store, "work", of_anna(meeting(1, with_whom=(ANNA, BOB))))
    resolved(store)
    forget_her(store)
    fill(store, "work", of_anna(meeting(1, moved=1)))
    resolved(store)

    assert store.counts().observations == 0


def test_a_letter_to_her_and_to_another_address_of_mine_goes(store: Store) -> None:
    fill(store, "work", of_anna(mail(1)))
    resolved(store)
    forget_her(store)
    fill(store, "work", of_anna(mail(2, author=ME, to=(ANNA, "owner+notes@home.example"))))

    assert store.counts().observations == 0


def test_what_a_list_and_a_machine_say_of_her_is_known_too(store: Store) -> None:
    through_list = replace(
        mail(1, author="club@lists.example"),
        signals=(Signal(SignalName.LIST_ID, "club.lists.example"), Signal(SignalName.REPLY_TO, ANNA)),
    )
    through_list = replace(
        through_list,
        participants=(Participant("club@lists.example", f"{NAME} via Club", Role.FROM), *through_list.participants[1:]),
    )
    by_a_machine = replace(
        mail(2, author="no-reply@docs.example"),
        participants=(Participant("no-reply@docs.example", f"{NAME} (Docs)", Role.FROM), Participant(ME, "", Role.TO)),
        signals=(Signal(SignalName.SENDER, f"<{ANNA}>"), Signal(SignalName.LIST_UNSUBSCRIBE, f"<http://x/?m={ANNA}>")),
        subject="ROSSI, Anna Giulia shared a file",
    )
    fill(store, "work", of_anna(mail(3)), through_list, by_a_machine, Unreadable("INBOX/1/4", f"From {ANNA} is odd."))
    resolved(store)
    forget_her(store)

    assert store.counts().observations == 1
    assert not traces(store)


def test_identifiers_that_end_with_her_address_lose_it(store: Store) -> None:
    answer = replace(mail(1, author=BOB), in_reply_to=f"<20240506.2645-1-{ANNA}>", message_id=f"<71339.git.{ANNA}>")
    answer = replace(answer, subject="For jo-anna@arup.example and lo.anna@arup.example")
    fill(store, "work", of_anna(mail(2)), answer)
    resolved(store)
    forget_her(store)
    (bob,) = store.people()
    (letter,) = store.exchanges(bob.id, 9)

    assert (letter.message_id, letter.in_reply_to) == ("71339.git.", "20240506.2645-1-")
    assert letter.subject == "For jo-anna@arup.example and lo.anna@arup.example"


def test_somebody_else_of_her_name_keeps_it(store: Store) -> None:
    other = replace(
        mail(1), participants=(Participant("anna@other.example", NAME, Role.FROM), *mail(1).participants[1:])
    )
    fill(store, "work", of_anna(mail(2)), other)
    derive(store)
    store.apply_identities(
        resolve(store.sightings(), store.namesakes(), (Decision(DecisionKind.DIFFERENT, ANNA, "", NOON),), (), OWN)
    )
    forget_her(store)
    resolved(store)

    assert [(one.name, one.addresses) for one in store.people()] == [(NAME, ("anna@other.example",))]


def test_a_mailbox_that_she_shares_with_somebody_is_not_closed_to_them(store: Store) -> None:
    fill(store, "work", mail(1, author="team+anna@arup.example"), mail(2, author="team+bob@arup.example"))
    derive(store)
    apart = Decision(DecisionKind.DIFFERENT, "team+anna@arup.example", "", NOON)
    store.apply_identities(resolve(store.sightings(), store.namesakes(), (apart,), (), OWN))
    (her,) = (one for one in store.people() if "team+anna@arup.example" in one.addresses)
    forget(store, her, OWN)
    resolved(store)

    assert [one.addresses for one in store.people()] == [("team+bob@arup.example",)]


def test_decisions_notes_and_the_place_in_digests_go_with_her(store: Store) -> None:
    fill(store, "work", of_anna(mail(1)), mail(2, author=BOB))
    resolved(store)
    store.decide(Decision(DecisionKind.MUTE, ANNA, "", NOON))
    store.decide(Decision(DecisionKind.SAME, BOB, ANNA, NOON))
    store.decide(Decision(DecisionKind.MUTE, BOB, "", NOON))
    series = f'{{"attendees":[{{"email":"{ANNA}","displayName":"{NAME}"}},{{"email":"{BOB}"}}],"summary":"1:1 {NAME}"}}'
    cursor = store.enrol("work", "imap").cursor
    notes = (Note("event/1", series), Note("plain", f"asked {ANNA} once"), Note("other", f'{{"email":"{BOB}"}}'))
    store.commit_page("work", Page((), "9", notes=notes), cursor)
    erased = forget(store, anna(store), OWN)

    assert (erased.decisions, erased.notes) == (2, 2)
    assert [one.subject for one in store.decisions()] == [BOB]
    assert store.notes("work") == {
        "event/1": f'{{"attendees":[{{"email":"{BOB}"}}],"summary":"1:1"}}',
        "other": f'{{"email":"{BOB}"}}',
        "plain": "asked  once",
    }
    store.commit_page("work", Page((), "10", notes=(Note("event/2", series),)), "9")
    assert "anna" not in store.notes("work")["event/2"].lower()


@pytest.mark.parametrize(
    ("state", "then"),
    [
        (LetterState.RENDERED, LetterState.FAILED),
        (LetterState.SENDING, LetterState.SENT),
        (LetterState.SENT, LetterState.SENT),
    ],
)
def test_a_digest_that_names_her_is_blanked_and_goes_nowhere(
    store: Store, state: LetterState, then: LetterState
) -> None:
    fill(store, "work", of_anna(mail(1)), mail(2, author=BOB))
    resolved(store)
    for day, text, shown in ((1, f"Today you meet {NAME}.", ()), (2, "Nobody.", (anna(store).id,)), (3, "Bob", ())):
        message = EmailMessage()
        message["Subject"] = "Caf\N{LATIN SMALL LETTER E WITH ACUTE}"
        message.set_content(text, cte="quoted-printable")
        message.add_alternative(f"<p>{text}</p>", subtype="html")
        store.post(Letter(date(2026, 10, day), f"<{day}@d.example>", ME, message.as_bytes()), shown)
    for posted in store.letters():
        store.move(posted, replace(posted, state=state))
    before = {one.day.day: one.content for one in store.letters()}
    erased = forget(store, anna(store), OWN)
    after = {one.day.day: one for one in store.letters()}

    assert erased.letters == 2
    assert [after[day].content for day in (1, 2)] == [b"", b""]
    assert {after[day].state for day in (1, 2)} == {then}
    assert (after[3].content, after[3].state) == (before[3], state)
    assert store.shown() == {}


def test_a_note_that_only_names_her_loses_her_name(store: Store) -> None:
    fill(store, "work", of_anna(mail(1)))
    account = store.account("work")
    assert account
    store.commit_page("work", Page((), "9", notes=(Note("a", f'{{"summary":"1:1 {NAME}"}}'),)), account.cursor)
    resolved(store)
    forget_her(store)

    assert store.notes("work") == {"a": '{"summary":"1:1"}'}


def test_a_store_with_nobody_forgotten_keeps_every_byte(store: Store) -> None:
    odd = replace(mail(1), subject="  Anna   Rossi  ", message_id="<a@b@c>")
    fill(store, "work", odd, mail(2))

    assert [line for line in store.dump() if "  Anna   Rossi  " in line]

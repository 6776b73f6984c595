"""Observations of an invented mailbox, and hypothesis strategies that make them meet in every way they can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from syncd.connector import Page
from syncd.model import (
    Contact,
    Direction,
    Evidence,
    Interaction,
    InteractionKind,
    Meeting,
    MeetingStatus,
    Message,
    Participant,
    Plan,
    Removal,
    Response,
    Role,
    Signal,
    SignalName,
    Unreadable,
    Verdict,
    VerdictKind,
)
from syncd.pipeline.own_addresses import learn_own
from syncd.pipeline.policy import Ignore
from syncd.pipeline.reconcile import reconcile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.model import Observation
    from syncd.store import Store

ME = "owner@home.example"
ANNA = "anna@arup.example"
BOB = "bob@brunel.example"
NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
OWN = learn_own((ME,), "The Owner", {})
IGNORE = Ignore()
Pages = list[tuple[str, list["Observation"]]]
LAWS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def mail(
    number: int,
    remote_id: str = "",
    *,
    author: str = ANNA,
    to: Sequence[str] = (ME,),
    message_id: str | None = None,
    sent: bool = False,
) -> Message:
    """Letter `number`, an hour after the one before; its place is INBOX/1/number unless `remote_id` says another."""
    return Message(
        remote_id or f"INBOX/1/{number}",
        NOON + timedelta(hours=number),
        (Participant(author, "", Role.FROM), *(Participant(one, "", Role.TO) for one in to)),
        f"<{number}@mail.example>" if message_id is None else message_id,
        signals=(Signal(SignalName.FOLDER, "sent"),) if sent else (),
        subject=f"Matter {number}",
    )


def meeting(number: int, remote_id: str = "", *, moved: int = 0, with_whom: Sequence[str] = (ANNA,)) -> Meeting:
    """Meeting `number`, an hour long, `moved` by so many hours."""
    start = NOON + timedelta(hours=number + moved)
    return Meeting(
        remote_id or f"event/{number}",
        start,
        start + timedelta(hours=1),
        (
            Participant(ME, "The Owner", Role.ORGANIZER),
            *(Participant(one, "", Role.ATTENDEE, Response.ACCEPTED) for one in with_whom),
        ),
        f"{number}@calendar.example",
        title=f"Talk {number}",
        sequence=moved,
    )


def page(cursor: str, *observations: Observation) -> Page:
    return Page(observations, cursor)


def fill(store: Store, account: str, *observations: Observation) -> None:
    """Commit these as the account's next page."""
    cursor = store.enrol(account, "imap").cursor
    store.commit_page(account, Page(observations, str(int(cursor or 0) + 1)), cursor)


def derive(store: Store, limit: int = 2000) -> None:
    """Derive everything that is pending."""
    while derive_once(store, limit):
        pass


def derive_once(store: Store, limit: int = 2000) -> bool:
    """Derive one batch; False when there was none."""
    batch = store.pending(limit)
    if batch is None:
        return False
    store.apply(reconcile(batch.facts, OWN, IGNORE, batch.gone), batch.through)
    return True


def interaction(
    number: int,
    *contacts: tuple[str, str, Role],
    kind: InteractionKind = InteractionKind.MAIL,
    verdict: VerdictKind = VerdictKind.HUMAN,
) -> Interaction:
    """Interaction `number`, an hour after the one before; a meeting lasts an hour."""
    at = NOON + timedelta(hours=number)
    return Interaction(
        id=number,
        kind=kind,
        at=at,
        until=at + timedelta(hours=kind is InteractionKind.MEETING),
        direction=Direction.IN,
        contacts=tuple(Contact(*contact) for contact in contacts),
        verdict=Verdict(verdict, "Because."),
        evidence=(Evidence("work", f"INBOX/1/{number}"), Evidence("home", f"Sent/{number}")),
        subject=f"Matter {number}",
        message_id=f"<{number}@mail.example>",
        in_reply_to="<0@mail.example>",
    )


def conclude(store: Store, *interactions: Interaction) -> None:
    """Let these interactions stand, by way of one fact that is pending."""
    fill(store, "work", mail(store.counts().observations + 1000))
    batch = store.pending()
    assert batch
    store.apply(Plan(frozenset(), interactions), batch.through)


# --------------------------------------------------------------------------- strategies

_SMALL = st.integers(0, 4)

_MAILS = st.builds(
    lambda number, place, author, rewritten: mail(
        number,
        f"INBOX/{place}",
        author=author,
        to=(BOB if author == ME else ME,),
        message_id=f"<{number}.{place}@rewritten.example>" if rewritten else None,
    ),
    _SMALL,
    _SMALL,
    st.sampled_from((ANNA, BOB, ME)),
    st.booleans(),
)
_MEETINGS = st.builds(
    lambda number, place, moved: meeting(number, f"event/{place}", moved=moved), _SMALL, _SMALL, st.integers(0, 2)
)
_PLACES = st.builds("{}/{}".format, st.sampled_from(("INBOX", "event")), _SMALL)

OBSERVATIONS = st.one_of(
    _MAILS, _MAILS, _MEETINGS, st.builds(Removal, _PLACES), st.builds(Unreadable, _PLACES, st.just("It has no date."))
)
"""Few places, few letters: the same place changes, and the same letter lies in several places."""

PAGES = st.lists(st.tuples(st.sampled_from(("work", "home")), st.lists(OBSERVATIONS, max_size=6)), max_size=8)
"""Pages of two accounts."""

_TEXT = st.text(max_size=20)
_ZONES = st.builds(timezone, st.builds(timedelta, minutes=st.integers(-14 * 60, 14 * 60)))
INSTANTS = st.builds(
    lambda since, zone: (NOON + since).astimezone(zone),
    st.timedeltas(timedelta(days=-738_000), timedelta(days=2_900_000)),
    _ZONES,
)
"""Fixed offsets: an instant in the gap or fold of a real zone equals no other instant in Python, not even itself."""

_PEOPLE = st.lists(
    st.builds(Participant, _TEXT, _TEXT, st.sampled_from(Role), st.none() | st.sampled_from(Response)), max_size=4
).map(tuple)
_SIGNALS = st.lists(st.builds(Signal, st.sampled_from(SignalName), _TEXT), max_size=3).map(tuple)

ANY_MESSAGE = st.builds(Message, _TEXT, INSTANTS, _PEOPLE, _TEXT, _TEXT, _SIGNALS, _TEXT)
ANY_MEETING = st.builds(
    Meeting,
    _TEXT,
    INSTANTS,
    INSTANTS,
    _PEOPLE,
    _TEXT,
    _TEXT,
    st.sampled_from(MeetingStatus),
    _TEXT,
    st.booleans(),
    st.integers(0, 1 << 31),
)
ANY_RECORD = st.one_of(ANY_MESSAGE, ANY_MEETING, st.builds(Unreadable, _TEXT, _TEXT))
"""Whatever a connector may legally report: st.text holds no surrogates."""

"""Observations of a small world, so that copies, replies, aliases and namesakes meet often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from syncd.model import (
    Decision,
    DecisionKind,
    Fact,
    Meeting,
    MeetingStatus,
    Message,
    Participant,
    Response,
    Role,
    Sighting,
    Signal,
    SignalName,
)

law = settings(max_examples=100, deadline=None)
"""How hard a law is tried; never against the clock."""

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
ME = ("me@rossi.example", "me@northwind.example")
OTHERS = (
    "anna.rossi@acme.example",
    "anna.rossi2@acme.example",
    "anna@rossi-family.example",
    "a.n.n.a@gmail.com",
    "anna+lists@gmail.com",
    "budi@harapan.example",
    "Budi@Harapan.example",
    "club@lists.example",
    "noreply@shop.example",
    "info@acme.example",
    "x500:/o=acme/cn=anna",
)
NAMES = ("", "Anna Rossi", "Rossi, Anna", "Budi Santoso", "Anna", "Anna Rossi via Club", "Acme Newsletter")

addresses = st.sampled_from((*ME, *OTHERS))
instants = st.builds(
    lambda days, seconds: NOON + timedelta(days=days, seconds=seconds),
    st.sampled_from((0, 0, 0, 1, 3)),
    st.sampled_from((0, 0, 1, 60, 119, 121, 3600)),
)
signals = st.sampled_from(
    (
        Signal(SignalName.FOLDER, "sent"),
        Signal(SignalName.LIST_ID, "club.lists.example"),
        Signal(SignalName.LIST_POST, "club@lists.example"),
        Signal(SignalName.LIST_UNSUBSCRIBE, "<mailto:leave@lists.example>"),
        Signal(SignalName.ORIGINAL_ID, "first@acme.example"),
        Signal(SignalName.ORIGINAL_FROM, "anna.rossi@acme.example"),
        Signal(SignalName.REPLY_TO, "budi@harapan.example"),
        Signal(SignalName.AUTO_SUBMITTED, "auto-replied"),
        Signal(SignalName.PRECEDENCE, "bulk"),
    )
)


def participants(*roles: Role) -> st.SearchStrategy[Participant]:
    """One address in one of these roles."""
    return st.builds(Participant, addresses, st.sampled_from(NAMES), st.sampled_from(roles))


messages = st.builds(
    lambda remote, at, sender, recipients, message_id, parent, marks, subject: Message(
        remote, at, (sender, *recipients), message_id, parent, tuple(marks), subject
    ),
    st.integers(1, 10**6).map(str),
    instants,
    participants(Role.FROM),
    st.lists(participants(Role.TO, Role.CC, Role.BCC), max_size=3),
    st.sampled_from(("", "", "first@acme.example", "<second@acme.example>", "third@acme.example")),
    st.sampled_from(("", "", "", "zero@acme.example", "other@acme.example")),
    st.lists(signals, max_size=3, unique=True),
    st.sampled_from(("", "Lunch", "Re: Lunch", "[club] Lunch", "Accepted: Lunch")),
)

meetings = st.builds(
    lambda remote, start, length, organizer, attendees, uid, occurrence, status, sequence, all_day: Meeting(
        remote,
        start,
        start + timedelta(minutes=length),
        (*organizer, *attendees),
        uid,
        occurrence,
        status,
        "Lunch",
        all_day,
        sequence,
    ),
    st.integers(1, 10**6).map(str),
    instants,
    st.sampled_from((30, 30, 60)),
    st.lists(participants(Role.ORGANIZER), max_size=1),
    st.lists(
        st.builds(
            Participant,
            addresses,
            st.sampled_from(NAMES),
            st.just(Role.ATTENDEE),
            st.sampled_from((None, *Response)),
        ),
        max_size=4,
    ),
    st.sampled_from(("", "lunch@acme.example", "lunch_R20240304T120000@acme.example", "other@acme.example")),
    st.sampled_from(("", "", "2024-03-04T12:00:00Z")),
    st.sampled_from(MeetingStatus),
    st.sampled_from((0, 0, 1)),
    st.booleans(),
)

facts = st.builds(Fact, st.sampled_from(("work", "home")), st.one_of(messages, messages, meetings))

sightings = st.builds(
    lambda address, names, days, length, human: Sighting(
        address,
        tuple(sorted(names.items(), key=lambda item: (-item[1], item[0]))),
        NOON + timedelta(days=days),
        NOON + timedelta(days=days + length),
        human,
    ),
    st.sampled_from([one for one in OTHERS if one == one.lower() and "/" not in one]),
    st.dictionaries(st.sampled_from([name for name in NAMES if name]), st.integers(1, 5), max_size=2),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(0, 3),
)

judgements = st.builds(
    lambda kind, subject, other, minutes: Decision(kind, subject, other, NOON + timedelta(minutes=minutes)),
    st.sampled_from((DecisionKind.SAME, DecisionKind.DIFFERENT)),
    st.sampled_from(("anna.rossi@acme.example", "anna.rossi2@acme.example", "anna@rossi-family.example")),
    st.sampled_from(("budi@harapan.example", "anna+lists@gmail.com", "anna.rossi2@acme.example")),
    st.integers(0, 10),
).filter(lambda decision: decision.subject != decision.object)

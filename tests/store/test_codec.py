"""What goes into a column comes out again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from syncd.model import Evidence, Message, Participant, Role, Unreadable
from syncd.store.codec import (
    clean,
    clean_id,
    decode_evidence,
    decode_observation,
    decode_strings,
    encode_evidence,
    encode_observation,
    encode_strings,
    from_micros,
    kind_of,
    storable,
    to_micros,
)
from tests.store.records import ANY_RECORD, INSTANTS, mail

if TYPE_CHECKING:
    from syncd.model import Meeting

RAW = "Jos\udce9 \ud83d\ude00 \0 end"
"""What a raw 8-bit header and a broken program leave: a lone surrogate, a split pair, NUL."""


@given(ANY_RECORD)
def test_every_record_comes_back_as_it_was(record: Message | Meeting | Unreadable) -> None:
    assert decode_observation(kind_of(record), record.remote_id, encode_observation(record)) == record


@given(ANY_RECORD, ANY_RECORD)
def test_two_records_have_one_payload_only_when_they_say_the_same(
    first: Message | Meeting | Unreadable, second: Message | Meeting | Unreadable
) -> None:
    same = replace(first, remote_id="") == replace(second, remote_id="")
    assert (encode_observation(first) == encode_observation(second) and kind_of(first) == kind_of(second)) == same


@given(INSTANTS)
@example(datetime.min.replace(tzinfo=UTC))
@example(datetime.max.replace(tzinfo=UTC))
def test_an_instant_keeps_its_microsecond(at: datetime) -> None:
    assert from_micros(to_micros(at)) == at


def test_an_instant_comes_back_in_utc() -> None:
    at = datetime(2024, 5, 6, 12, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert from_micros(to_micros(at)).tzinfo is UTC


def test_one_moment_in_two_zones_is_one_payload() -> None:
    elsewhere = replace(mail(1), at=mail(1).at.astimezone(timezone(timedelta(hours=-8))))
    assert encode_observation(elsewhere) == encode_observation(mail(1))


@given(st.lists(st.builds(Evidence, st.text(), st.text())).map(tuple))
def test_evidence_comes_back_as_it_was(evidence: tuple[Evidence, ...]) -> None:
    assert decode_evidence(encode_evidence(evidence)) == evidence


@given(st.lists(st.text()).map(tuple))
def test_strings_come_back_as_they_were(strings: tuple[str, ...]) -> None:
    assert decode_strings(encode_strings(strings)) == strings


def test_a_cleaned_record_can_be_stored_and_says_what_could_be_saved() -> None:
    raw = Message("1", mail(1).at, (Participant(RAW, RAW, Role.FROM),), RAW, RAW, (), RAW)
    cleaned = clean(raw)

    assert not storable(encode_observation(raw))
    assert storable(encode_observation(cleaned))
    assert isinstance(cleaned, Message)
    assert cleaned.subject == "Jos\ufffd \U0001f600  end"


@given(st.text(alphabet=st.characters(codec=None)))
def test_every_record_can_be_stored_once_it_is_clean(text: str) -> None:
    assert storable(encode_observation(clean(Unreadable("1", text))))


@given(st.text(alphabet=st.characters(codec=None)))
def test_a_cleaned_id_can_be_stored(text: str) -> None:
    cleaned = clean_id(text)
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned


def test_file_names_of_undecodable_bytes_stay_different() -> None:
    assert clean_id("cur/\udce9") != clean_id("cur/\udcea")

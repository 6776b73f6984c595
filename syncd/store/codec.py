"""How a value of the vocabulary becomes columns, and back, without loss.

Observations are compact JSON lists, so that two equal ones are equal text; instants are microseconds since 1970 (UTC).
It runs once per message in both directions: what mail repeats is built once and shared.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, cast

from syncd.model import (
    Evidence,
    Meeting,
    MeetingStatus,
    Message,
    Participant,
    Response,
    Role,
    Signal,
    SignalName,
    Unreadable,
)

FactKind = Literal["message", "meeting", "unreadable"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_REMEMBERED = 1 << 14
_ESCAPED_NUL = "\\u0000"
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # an escaped backslash before it makes it six plain characters

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_decode = json.JSONDecoder().raw_decode
_quote = json.encoder.encode_basestring

_ROLES = {role.value: role for role in Role}
_RESPONSES = {response.value: response for response in Response}
_SIGNALS = {name.value: name for name in SignalName}

_People = list[tuple[str, str, str] | tuple[str, str, str, str]]


def to_micros(at: datetime) -> int:
    """An aware instant as microseconds since 1970 UTC; exact."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(number: int) -> datetime:
    """The instant again, in UTC."""
    return _EPOCH + timedelta(microseconds=number)


def kind_of(observation: Message | Meeting | Unreadable) -> FactKind:
    """The word that stands beside a payload."""
    if isinstance(observation, Message):
        return "message"
    return "meeting" if isinstance(observation, Meeting) else "unreadable"


def encode_observation(observation: Message | Meeting | Unreadable) -> str:
    """The payload column; two observations of one record are equal if and only if their payloads are.

    Lone surrogates and NUL pass through; no database holds them: see `storable` and `clean`.
    """
    if isinstance(observation, Message):
        signals = ",".join([_encode((signal.name, signal.value)) for signal in observation.signals])
        return (  # by hand: a third of the encoder's own time, which is spent on every message
            f"[{to_micros(observation.at)},{_encode_people(observation.participants)},"
            f"{_quote(observation.message_id)},{_quote(observation.in_reply_to)},[{signals}],"
            f"{_quote(observation.subject)}]"
        )
    if isinstance(observation, Meeting):
        times = f"{to_micros(observation.start)},{to_micros(observation.end)}"
        rest = (
            observation.uid,
            observation.recurrence_id,
            observation.status,
            observation.title,
            observation.all_day,
            observation.sequence,
        )
        return f"[{times},{_encode_people(observation.participants)},{_encode(rest)[1:]}"
    return _encode((observation.reason,))


def _encode_people(participants: tuple[Participant, ...]) -> str:
    return f"[{','.join([_encode_one(one.address, one.name, one.role, one.response) for one in participants])}]"


@lru_cache(_REMEMBERED)
def _encode_one(address: str, name: str, role: Role, response: Response | None) -> str:
    return _encode((address, name, role, response) if response else (address, name, role))


def decode_observation(kind: FactKind, remote_id: str, payload: str) -> Message | Meeting | Unreadable:
    """What `encode_observation` was given, with instants in UTC."""
    values, _ = _decode(payload)
    if kind == "message":
        at, people, message_id, in_reply_to, signals, subject = cast(
            "tuple[int, _People, str, str, list[tuple[str, str]], str]", values
        )
        return Message(
            remote_id,
            from_micros(at),
            tuple([_participant(*one) for one in people]),
            message_id,
            in_reply_to,
            tuple([_signal(name, value) for name, value in signals]) if signals else (),
            subject,
        )
    if kind == "meeting":
        start, end, people, uid, recurrence_id, status, title, all_day, sequence = cast(
            "tuple[int, int, _People, str, str, str, str, bool, int]", values
        )
        return Meeting(
            remote_id,
            from_micros(start),
            from_micros(end),
            tuple([_participant(*one) for one in people]),
            uid,
            recurrence_id,
            MeetingStatus(status),
            title,
            all_day,
            sequence,
        )
    return Unreadable(remote_id, cast("str", values[0]))


@lru_cache(_REMEMBERED)
def _participant(address: str, name: str, role: str, response: str = "") -> Participant:
    return Participant(address, name, _ROLES[role], _RESPONSES[response] if response else None)


@lru_cache(_REMEMBERED)
def _signal(name: str, value: str) -> Signal:
    return Signal(_SIGNALS[name], value)


def encode_evidence(evidence: tuple[Evidence, ...]) -> str:
    """The evidence of an interaction as one column."""
    return f"[{','.join([f'[{_quote(one.account)},{_quote(one.remote_id)}]' for one in evidence])}]"


def decode_evidence(text: str) -> tuple[Evidence, ...]:
    """The evidence again, in its order."""
    return tuple([Evidence(account, remote_id) for account, remote_id in _decode(text)[0]])


@lru_cache(_REMEMBERED)
def encode_strings(values: tuple[str, ...]) -> str:
    """Several strings as one column."""
    return _encode(values)


@lru_cache(_REMEMBERED)
def decode_strings(text: str) -> tuple[str, ...]:
    """The strings again, in their order."""
    return tuple(_decode(text)[0])


def encode_names(names: tuple[tuple[str, int], ...]) -> str:
    """What an address was called, with how often, as one column."""
    return _encode(names)


def decode_names(text: str) -> tuple[tuple[str, int], ...]:
    """The names again, in their order."""
    return tuple([(name, times) for name, times in _decode(text)[0]])


def encode_line(*values: object) -> str:
    """One line of a dump: equal values, equal text."""
    return _encode(values)


def storable(text: str) -> bool:
    """True when every database can hold `text`, a payload or a remote id: Unicode without lone surrogates or NUL."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return "\0" not in text and (_ESCAPED_NUL not in text or not _NUL_IN_JSON.search(text))


def clean(observation: Message | Meeting | Unreadable) -> Message | Meeting | Unreadable:
    """The observation with texts that a database can hold.

    Raw 8-bit headers give lone surrogates, which become U+FFFD; NUL goes.
    """
    if isinstance(observation, Message):
        return replace(
            observation,
            participants=_clean_people(observation.participants),
            message_id=clean_text(observation.message_id),
            in_reply_to=clean_text(observation.in_reply_to),
            signals=tuple(Signal(signal.name, clean_text(signal.value)) for signal in observation.signals),
            subject=clean_text(observation.subject),
        )
    if isinstance(observation, Meeting):
        return replace(
            observation,
            participants=_clean_people(observation.participants),
            uid=clean_text(observation.uid),
            recurrence_id=clean_text(observation.recurrence_id),
            title=clean_text(observation.title),
        )
    return replace(observation, reason=clean_text(observation.reason))


def clean_id(remote_id: str) -> str:
    r"""The remote id as every database can hold it; a lone surrogate becomes `\udc80`, NUL `\x00`.

    Escaped rather than replaced, so that files whose names differ in undecodable bytes stay different records.
    """
    return remote_id.encode("utf-8", "backslashreplace").decode().replace("\0", r"\x00")


def _clean_people(participants: tuple[Participant, ...]) -> tuple[Participant, ...]:
    return tuple(replace(one, address=clean_text(one.address), name=clean_text(one.name)) for one in participants)


def clean_text(text: str) -> str:
    """A text that a database can hold: a lone surrogate becomes U+FFFD, NUL goes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
